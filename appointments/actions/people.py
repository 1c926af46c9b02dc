"""Writing down who comes. Persons never change after this."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from appointments.actions.database_refusals import refusal_of
from appointments.domain.people import PersonData
from appointments.models import Person, Request, Service
from appointments.refusals import Reason, RefusedError
from mailroom.post import enqueue
from vault.index import blind_index
from vault.rows import insert
from vault.text import canonical

log = logging.getLogger(__name__)


def contact_index(contact: str) -> bytes:
    """The blind index of an e-mail address; case and look-alike forms do not matter."""
    return blind_index("contact", canonical(contact).lower())


def identity_index(service: Service, person: PersonData) -> bytes:
    """The blind index of a passport within the service's identity scope."""
    return blind_index(f"identity:{service.identity_scope}", person.identity)


def check_group(service: Service, people: Sequence[PersonData]) -> list[PersonData]:
    """The people in canonical form.

    Raises:
        RefusedError: GROUP_TOO_LARGE, SAME_PERSON_TWICE, FRANCE_VISAS_MISSING.
    """
    if not 1 <= len(people) <= service.largest_group:
        raise RefusedError(Reason.GROUP_TOO_LARGE)
    clean = [person.normalised() for person in people]
    seen: set[str] = set()
    for position, person in enumerate(clean):
        if person.identity in seen:
            raise RefusedError(Reason.SAME_PERSON_TWICE, field="passport_number", position=position)
        seen.add(person.identity)
        if service.asks_france_visas and not person.france_visas:
            raise RefusedError(Reason.FRANCE_VISAS_MISSING, field="france_visas", position=position)
    return clean


def people_rows(request: Request, service: Service, people: Sequence[PersonData]) -> list[Person]:
    """The people of a request, not written yet."""
    return [
        Person(
            request=request,
            position=position,
            family_name=person.family_name,
            given_names=person.given_names,
            birth_date=person.birth_date.isoformat(),
            nationality=person.nationality,
            passport_country=person.passport_country,
            passport_number=person.passport_number,
            france_visas=person.france_visas,
            france_visas_index=blind_index("france-visas", person.france_visas) if person.france_visas else None,
            identity_scope=service.identity_scope,
            identity_index=identity_index(service, person),
        )
        for position, person in enumerate(people)
    ]


def write_people(request: Request, service: Service, people: Sequence[PersonData]) -> list[Person]:
    """Insert the people of a request; the database refuses a second living entry."""
    rows = people_rows(request, service, people)
    # One order for everybody: two families that name the same two passports must not wait for each other in a circle.
    for row in sorted(rows, key=lambda row: bytes(row.identity_index)):
        insert(row)
    return rows


@contextmanager
def entering(
    service: Service, people: Sequence[PersonData], contact: str, now: datetime, *, alone: bool = False
) -> Iterator[None]:
    """One transaction in which people enter; what the database refuses becomes a refusal.

    `alone`: there will be one statement, which needs no BEGIN and COMMIT around it (a savepoint inside another's).

    Where a passport has a living request already, whoever entered it first is told by mail: a stranger who took
    somebody's passport number must not stay unnoticed. The answer on the screen is the same for everybody.
    """
    try:
        with nullcontext() if alone and not connection.in_atomic_block else transaction.atomic():
            yield
    except IntegrityError as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        log.info("entry_refused", extra={"reason": refusal.reason.value, "scope": service.scope_key})
        if refusal.reason == Reason.IDENTITY_LIVING:
            _tell_earlier(service, people, contact, now)
        raise refusal from error


def _tell_earlier(service: Service, people: Sequence[PersonData], contact: str, now: datetime) -> None:
    indexes = [identity_index(service, person) for person in people]
    earlier = (
        Request.objects.filter(
            people__identity_scope=service.identity_scope, people__identity_index__in=indexes, people__living=True
        )
        .exclude(contact_index=contact_index(contact))
        .distinct()
    )
    for request in earlier:
        # One letter a day: the notice must not become a way to flood somebody's mailbox.
        enqueue(
            "earlier_request_notice",
            request.reference,
            dedupe=f"earlier_request_notice:{request.reference}:{now:%Y-%m-%d}",
        )
