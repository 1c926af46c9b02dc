"""The blind indexes of requests, people and reports, computed again after a new index key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from antibot import doors
from appointments.actions.people import contact_index
from appointments.domain.people import PersonData
from appointments.models import CoolingOff, Person, Request, TrafficReport
from appointments.reports.addresses import report_index
from vault.index import blind_index
from vault.rotation import keep_indexed


def _requests(rows: Sequence[Request]) -> None:
    for row in rows:
        row.contact_index = contact_index(row.contact)
    Request.objects.bulk_update(rows, ["contact_index"])


def _people(rows: Sequence[Person]) -> None:
    """Also of requests that ended: their pauses and what the radar saw are known by the same index alone."""
    for row in rows:
        old = bytes(row.identity_index)
        row.identity_index = identity_index_of(row)
        row.france_visas_index = blind_index("france-visas", row.france_visas) if row.france_visas else None
        if row.identity_index != old:
            CoolingOff.objects.filter(identity_scope=row.identity_scope, identity_index=old).update(
                identity_index=row.identity_index
            )
            doors.identity_renamed(old, row.identity_index)
    Person.objects.bulk_update(rows, ["identity_index", "france_visas_index"])


def identity_index_of(row: Person) -> bytes:
    """The index that a person's row should have under the present key."""
    person = PersonData(
        family_name="",
        given_names="",
        birth_date=date.min,
        nationality="",
        passport_country=row.passport_country,
        passport_number=row.passport_number,
    )
    return blind_index(f"identity:{row.identity_scope}", person.identity)


def _reports(rows: Sequence[TrafficReport]) -> None:
    for row in rows:
        row.contact_index = report_index(row.contact)
    TrafficReport.objects.bulk_update(rows, ["contact_index"])


keep_indexed(Request, _requests, guards=("appointments.Request:request_transitions",))
keep_indexed(Person, _people)
keep_indexed(TrafficReport, _reports)
