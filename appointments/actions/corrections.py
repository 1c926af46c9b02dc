"""Typing mistakes in names and numbers: staff mend them, a little at a time, with a reason that is kept."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from rapidfuzz.distance import OSA

from appointments.actions.database_refusals import refusal_of
from appointments.actions.people import identity_index
from appointments.domain.people import PersonData
from appointments.models import Correction, Person
from appointments.refusals import Reason, RefusedError
from vault.text import name_key

# Optimal string alignment distance: insert, delete, replace, and swap of neighbours count one each.
LARGEST_DISTANCE = {"family_name": 3, "given_names": 3, "birth_date": 2, "passport_number": 2}


def correct(*, person: Person, field: str, text: str, reason: str, by: str, now: datetime) -> Correction:
    """Mend a typing mistake in one field of a person.

    The database lets a person change only in a transaction that has written a Correction, and a Correction only
    over a small distance. Swapping one person for another is no typing mistake: it means cancelling.

    Raises:
        RefusedError: TOO_DIFFERENT, IDENTITY_LIVING.
        ValueError: for an unknown field or a birth date that is no ISO date.
    """
    if field not in LARGEST_DISTANCE:
        raise ValueError(field)
    old = getattr(person, field)
    fresh = _as_entered(person, field, text)
    new = getattr(fresh, field)
    new = new.isoformat() if isinstance(new, date) else new
    distance = OSA.distance(name_key(old), name_key(new)) or int(old != new)
    if not 1 <= distance <= LARGEST_DISTANCE[field]:
        raise RefusedError(Reason.TOO_DIFFERENT, field=field)
    try:
        with transaction.atomic():
            correction = Correction.objects.create(
                person=person, field=field, distance=distance, reason=reason, author=by, created_at=now
            )
            setattr(person, field, new)
            person.identity_index = identity_index(person.request.service, fresh)
            person.save(update_fields=[field, "identity_index"])
    except IntegrityError as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise refusal from error
    return correction


def _as_entered(person: Person, field: str, text: str) -> PersonData:
    values = {
        name: getattr(person, name)
        for name in ("family_name", "given_names", "nationality", "passport_country", "passport_number", "france_visas")
    }
    birth = person.birth_date
    if field == "birth_date":
        birth = text
    else:
        values[field] = text
    return PersonData(**values, birth_date=date.fromisoformat(birth)).normalised()
