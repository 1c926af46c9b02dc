"""What cannot be read by looking at the tables: encrypted columns of living rows, and sessions.

They are opened with their keys and searched for identifiers of erased people. This costs time that grows with what is
alive and not with what is erased, so it is done once for many batches, and at the end of a slice at the latest.

What a person wrote themselves (an application, a request, a letter about their data) is a living record of that person
with a clock of its own: it may carry the number of an erased file, and says so for the other places too.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import models

from accounts.sessions import SessionStore
from archives.domain.mentions import texts_in, words
from archives.erasure.residue import Identifiers, ResidueFoundError, look_for
from archives.inventory.sessions import PERSONAL_KEYS
from vault.cipher import UnreadableError
from vault.fields import EncryptedTextField

CHUNK: Final = 1000
# So many identifiers are kept between two looks: some megabytes.
MOST: Final = 40_000
# Written by the person that they are about, each with its own clock in the inventory.
OWN_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "antibot.OneTimeCode": frozenset({"contact", "sms"}),
    "antibot.Appeal": frozenset({"contact", "text"}),
    "appointments.Draft": frozenset({"payload"}),
    "appointments.Request": frozenset({"contact"}),
    "appointments.Person": frozenset(
        {
            "family_name",
            "given_names",
            "birth_date",
            "nationality",
            "passport_country",
            "passport_number",
            "france_visas",
        }
    ),
    "appointments.TrafficReport": frozenset({"contact", "story"}),
    "archives.CopyRequest": frozenset({"contact", "answers"}),
    "archives.DataRequest": frozenset({"contact", "text"}),
    "archives.ImportRow": frozenset({"content"}),
}


@lru_cache(maxsize=2)
def encrypted_columns(*, own_words: bool) -> tuple[tuple[type[models.Model], tuple[str, ...]], ...]:
    """Models with their encrypted fields: those that people filled in themselves, or all the others."""
    found = []
    for model in apps.get_models():
        own = OWN_WORDS.get(model._meta.label, frozenset())
        fields = [field.name for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]
        wanted = tuple(name for name in fields if (name in own) == own_words)
        if wanted and model._meta.managed:
            found.append((model, wanted))
    return tuple(found)


def _rows(model: type[models.Model], fields: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Every row in chunks, opened. A value that no key opens any more tells nobody anything."""
    filled = models.Q(*((f"{name}__isnull", False) for name in fields), _connector=models.Q.OR)
    rows = model._default_manager.filter(filled).order_by("pk")
    last = None
    while True:
        chunk = list((rows if last is None else rows.filter(pk__gt=last)).values_list("pk", flat=True)[:CHUNK])
        if not chunk:
            return
        try:
            yield from rows.filter(pk__in=chunk).values_list(*fields)
        except UnreadableError:
            for key in chunk:
                try:
                    yield from rows.filter(pk=key).values_list(*fields)
                except UnreadableError:
                    continue
        last = chunk[-1]


def _found(values: Iterable[Any], identifiers: set[str]) -> set[str]:
    return {word for text in texts_in(list(values)) for word in words(text)} & identifiers


def find_in_columns(identifiers: set[str], *, own_words: bool) -> dict[str, set[str]]:
    """`table (columns)` → those of the identifiers that stand there."""
    hits: dict[str, set[str]] = {}
    for model, fields in encrypted_columns(own_words=own_words):
        for row in _rows(model, fields):
            if found := _found(row, identifiers):
                hits.setdefault(f"{model._meta.db_table} ({', '.join(fields)})", set()).update(found)
    return hits


def find_in_sessions(identifiers: set[str]) -> set[str]:
    """Identifiers in the payload of any session, except the address that its own visitor typed in it."""
    store, found = SessionStore(), set[str]()
    rows = Session.objects.order_by("pk").values_list("session_data", flat=True)
    for data in rows.iterator(CHUNK):
        payload = store.decode(data)
        own = _found((value for key, value in payload.items() if key in PERSONAL_KEYS), identifiers)
        found |= _found((value for key, value in payload.items() if key not in PERSONAL_KEYS), identifiers) - own
    return found


class Erased:
    """The identifiers that a slice of a run has erased, until they were looked for everywhere."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._identifiers: set[str] = set()

    def after_batch(self, erased: Identifiers) -> None:
        """Look at once where that is cheap; remember for the rest. Raises ResidueFoundError."""
        self._identifiers |= look_for(erased)
        if len(self._identifiers) >= MOST:
            self.look()

    def look(self) -> None:
        """Look into what is encrypted, and forget. Raises ResidueFoundError."""
        identifiers, self._identifiers = self._identifiers, set()
        if not identifiers:
            return
        hits = find_in_columns(identifiers, own_words=False)
        if in_sessions := find_in_sessions(identifiers):
            hits["django_session (session_data)"] = in_sessions
        if hits:  # rare: only now what people wrote themselves is opened too
            carried = set().union(*find_in_columns(identifiers, own_words=True).values())
            places = [place for place, found in hits.items() if found - carried]
            if places:
                raise ResidueFoundError(sorted(places))
