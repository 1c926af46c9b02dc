"""The blind indexes of networks and of objections, computed again after a new index key.

What has no decrypted value beside it is left to its clock: contacts and patterns of sightings are compared for two
weeks, those of codes for a day, cards for two weeks. Vouchers are found under the earlier key (`voucher_indexes`).
"""

from __future__ import annotations

from collections.abc import Sequence

from antibot.actions.index_appeals import appeal_index
from antibot.limits.origins import network_index
from antibot.models import Appeal, NetworkBlock, Sighting
from vault.rotation import keep_indexed


def _blocks(rows: Sequence[NetworkBlock]) -> None:
    for row in rows:
        row.network_index = network_index(row.network)
    NetworkBlock.objects.bulk_update(rows, ["network_index"])


def _sightings(rows: Sequence[Sighting]) -> None:
    for row in rows:
        row.network_index = network_index(row.network or "unknown")
    Sighting.objects.bulk_update(rows, ["network_index"])


def _appeals(rows: Sequence[Appeal]) -> None:
    for row in rows:
        row.contact_index = appeal_index(row.contact)
    Appeal.objects.bulk_update(rows, ["contact_index"])


keep_indexed(NetworkBlock, _blocks)
keep_indexed(Sighting, _sightings)
keep_indexed(Appeal, _appeals)
