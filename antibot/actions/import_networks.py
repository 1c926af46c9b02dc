"""Take over a list of networks."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from antibot.domain.networks import parse_networks
from antibot.models import NetworkRange


@dataclass(frozen=True)
class Imported:
    """What became of a list."""

    added: int
    known: int
    bad_lines: list[str]


@transaction.atomic
def import_networks(text: str, kind: str, note: str, *, replace: bool = False) -> Imported:
    """Add the networks of `text` (CIDR, one a line) to a list; `replace` drops those of the same note first.

    Nothing is dropped for a list without a single network: that is another file, or a page that says an error.
    """
    networks, bad = parse_networks(text)
    if replace and note and networks:
        NetworkRange.objects.filter(kind=kind, note=note).delete()
    wanted = sorted({str(network) for network in networks})
    known = set(NetworkRange.objects.filter(kind=kind, network__in=wanted).values_list("network", flat=True))
    fresh = [NetworkRange(network=network, kind=kind, note=note) for network in wanted if network not in known]
    NetworkRange.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=2000)
    return Imported(len(fresh), len(wanted) - len(fresh), bad)
