"""New keys for old rows: field keys while the application runs, the index key behind a closed door.

Whatever happens in between (a kill, a lost connection), the same command goes on where it stopped: a ciphertext says
under which key it stands, and blind indexes keep their position in the transaction that wrote them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pgtrigger
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections, models, router, transaction

from vault.cipher import decrypt, encrypt
from vault.fields import EncryptedTextField
from vault.keys import current_key_id, index_key
from vault.models import KeyMark

INDEX: Final = "index"


@dataclass(frozen=True)
class SealedTable:
    """A table with columns under field keys; `columns` are pairs of column and place."""

    model: type[models.Model]
    columns: tuple[tuple[str, str], ...]

    @property
    def alias(self) -> str:
        """The database it is in."""
        return router.db_for_write(self.model)

    @property
    def table(self) -> str:
        """Its name, quoted."""
        return connections[self.alias].ops.quote_name(self.model._meta.db_table)

    @property
    def key(self) -> str:
        """The column of its primary key, quoted."""
        return connections[self.alias].ops.quote_name(str(self.model._meta.pk.column))


@dataclass(frozen=True)
class IndexTable:
    """A table with blind indexes: `recompute` writes them anew for rows that the caller has locked.

    `guards` names the triggers that refuse such a change to everybody else (`app.Model:trigger`).
    """

    model: type[models.Model]
    recompute: Callable[[Sequence[Any]], None]
    guards: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Of its mark."""
        return f"{INDEX}:{self.model._meta.label}"


_wrapped: dict[type[models.Model], tuple[tuple[str, str], ...]] = {}
_indexed: list[IndexTable] = []
_resigned: list[Callable[[bool], int]] = []


def keep_sealed(model: type[models.Model], column: str, place: str) -> None:
    """Say that a plain bytea column holds `vault.cipher.encrypt(…, place)`; encrypted fields are found without it."""
    _wrapped[model] = ((column, place),)


def keep_indexed(
    model: type[models.Model], recompute: Callable[[Sequence[Any]], None], guards: tuple[str, ...] = ()
) -> None:
    """Say how the blind indexes of a table are computed again from its own decrypted values."""
    _indexed.append(IndexTable(model, recompute, guards))


def keep_signed(resign: Callable[[bool], int]) -> None:
    """Say how what is kept under an earlier secret key is signed again; called with `dry_run`, returns how many."""
    _resigned.append(resign)


def sealed_tables() -> list[SealedTable]:
    """Every table with a column under a field key, found in the models themselves."""
    found = []
    for model in apps.get_models():
        fields = [field for field in model._meta.local_concrete_fields if isinstance(field, EncryptedTextField)]
        columns = tuple((str(field.column), field.place) for field in fields) + _wrapped.get(model, ())
        if columns and not model._meta.proxy and model._meta.managed:
            found.append(SealedTable(model, columns))
    return sorted(found, key=lambda one: one.model._meta.label)


def keys_in_use(table: SealedTable) -> dict[int, int]:
    """How many values stand under each key id."""
    counts: dict[int, int] = {}
    with connections[table.alias].cursor() as cursor:
        for column, _place in table.columns:
            name = connections[table.alias].ops.quote_name(column)
            cursor.execute(f"SELECT get_byte({name}, 0), count(*) FROM {table.table} WHERE {name} <> '' GROUP BY 1")  # noqa: S608 - names of our own models, quoted
            for key_id, count in cursor.fetchall():
                counts[key_id] = counts.get(key_id, 0) + count
    return counts


def reencrypt(table: SealedTable, batch: int) -> Iterator[int]:
    """Encrypt what stands under an older key again, `batch` rows in a transaction; yields how many after each.

    Rows that the application holds at the moment are passed over, so that neither waits for the other; call it again.
    """
    position: Any = None
    while True:
        with transaction.atomic(using=table.alias):
            position, done = _one_batch(table, batch, position)
        if not done:
            return
        yield done


def _one_batch(table: SealedTable, batch: int, position: Any) -> tuple[Any, int]:
    connection = connections[table.alias]
    quote = connection.ops.quote_name
    names = [quote(column) for column, _place in table.columns]
    current = bytes([current_key_id()])
    older = " OR ".join(f"substring({name} from 1 for 1) <> %s" for name in names)
    after = f"{table.key} > %s AND" if position is not None else ""
    with connection.cursor() as cursor:
        # The trigger on people asks for it: the plain text does not change.
        cursor.execute("SELECT set_config('visa.rotating', 'on', true)")
        cursor.execute(
            f"SELECT {table.key}, {', '.join(names)} FROM {table.table} WHERE {after} ({older})"  # noqa: S608 - as above
            f" ORDER BY {table.key} LIMIT {int(batch)} FOR UPDATE SKIP LOCKED",
            [*([position] if position is not None else []), *[current] * len(names)],
        )
        rows = cursor.fetchall()
        for row in rows:
            fresh = [
                value
                if value is None or bytes(value[:1]) in {current, b""}
                else encrypt(decrypt(bytes(value), place), place)
                for value, (_column, place) in zip(row[1:], table.columns, strict=True)
            ]
            sets = ", ".join(f"{name} = %s" for name in names)
            cursor.execute(f"UPDATE {table.table} SET {sets} WHERE {table.key} = %s", [*fresh, row[0]])  # noqa: S608 - as above
    return (rows[-1][0] if rows else position), len(rows)


def fingerprint() -> str:
    """Tells the index key from any other, and tells nothing about it."""
    return hmac.digest(index_key(), b"vault.fingerprint", hashlib.sha256).hex()[:16]


def index_key_in_force() -> str:
    """The fingerprint that rows are written under; that of the present key where none was noted yet."""
    return KeyMark.objects.get_or_create(name=INDEX, defaults={"fingerprint": fingerprint()})[0].fingerprint


def refuse_another_index_key() -> None:
    """Raises ImproperlyConfigured where rows are written under another index key than this process has.

    It would find nobody and let everybody enter a second time. A database that is away says so by itself later.
    """
    try:
        in_force = index_key_in_force()
    except DatabaseError:
        return
    if in_force != fingerprint():
        raise ImproperlyConfigured(
            "VISA_INDEX_KEY is not the key that the rows are written under: "
            "run `manage.py rotate_keys index` while the site is closed, or set the earlier key again."
        )


def check_at_start() -> None:
    """The same for a process that begins: it is not left with a connection that no thread of its work will use."""
    try:
        refuse_another_index_key()
    finally:
        connections.close_all()


def index_tables() -> list[IndexTable]:
    """What has blind indexes that can be computed again, in the order of registration."""
    return list(_indexed)


def recompute(table: IndexTable, batch: int, now: datetime) -> Iterator[int]:
    """Compute the blind indexes of a table again, `batch` rows in a transaction; yields the rows done so far."""
    while True:
        with transaction.atomic():
            mark, _created = KeyMark.objects.select_for_update().get_or_create(
                name=table.name, defaults={"fingerprint": fingerprint()}
            )
            if mark.fingerprint != fingerprint():  # left by an earlier rotation
                mark.fingerprint, mark.position, mark.rows, mark.done_at = fingerprint(), "", 0, None
            if mark.done_at is not None:
                return
            rows = table.model._default_manager.select_for_update(of=("self",)).order_by("pk")
            found = list((rows.filter(pk__gt=mark.position) if mark.position else rows)[:batch])
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT set_config('visa.rotating', 'on', true)")
            # Without a name it would pass over every trigger there is.
            with pgtrigger.ignore(*table.guards) if table.guards else nullcontext():
                table.recompute(found)
            mark.rows += len(found)
            if found:
                mark.position = str(found[-1].pk)
            else:
                mark.done_at = now
            mark.save()
        yield mark.rows


def finish_index(now: datetime) -> bool:
    """Put the present index key in force if every table is done under it; returns whether it is."""
    with transaction.atomic():
        done = KeyMark.objects.filter(name__startswith=f"{INDEX}:", fingerprint=fingerprint(), done_at__isnull=False)
        if not {table.name for table in _indexed} <= set(done.values_list("name", flat=True)):
            return False
        KeyMark.objects.update_or_create(name=INDEX, defaults={"fingerprint": fingerprint(), "done_at": now})
    return True


def resign(*, dry_run: bool) -> int:
    """Sign again what stands under an earlier secret key; returns how many there are."""
    return sum(one(dry_run) for one in _resigned)
