"""After a batch: are the erased people's unique identifiers still anywhere?

Every text column of every table is looked through, except those that hold one of a closed list of words, every stored
file outside the encrypted store, and, by their hashes, the words in other people's sealed files. What is encrypted
elsewhere, and sessions: `archives.erasure.sealed_residue`. A hit is an error of the program: the run stops and says
where, not what.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from psycopg2 import sql

from archives.domain.mentions import SHORTEST, words
from archives.indexing import as_address, as_number, mention_number
from vault.arrays import bigints, byteas, texts

SEALED_STORE = "sealed"
_TEXT_COLUMNS = """
SELECT c.relname, a.attname FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
AND t.typname IN ('text', 'varchar', 'bpchar', 'citext', 'json', 'jsonb', '_text', '_varchar')
ORDER BY 1, 2
"""
# One number at a time, by the index. The condition on the length is that of the partial index, word for word.
_MENTIONED = """
SELECT EXISTS (
    SELECT FROM unnest(%s::bigint[]) AS wanted(number) WHERE EXISTS (
        SELECT FROM archives_visafile f WHERE f.mentions @> ARRAY[wanted.number]
        AND CASE WHEN f.mentions IS NULL THEN NULL ELSE coalesce(array_length(f.mentions, 1), 0) END > 0))
"""
# What names one person alone, and the column by which a file is found that carries it.
INDEXED: Final[Mapping[str, str]] = {
    "file_number": "file_number_index",
    "passport_number": "passport_index",
    "visa_number": "visa_number_index",
    "email": "email_index",
}
# Column → index → the identifier in capitals.
Identifiers = dict[str, dict[bytes, str]]
_CARRIED = "SELECT DISTINCT {column} FROM archives_visafile WHERE {column} = ANY(%s::bytea[])"


class ResidueFoundError(Exception):
    """Identifiers of erased files are still somewhere; `places` are columns or files, never the identifiers."""

    def __init__(self, places: list[str]) -> None:
        """`places` in words for staff."""
        super().__init__(f"Erased identifiers are still in: {', '.join(places)}")
        self.places = places


@lru_cache(maxsize=1)
def _closed_columns() -> frozenset[tuple[str, str]]:
    """Columns whose words come from a list in the program, or that name tables and migrations."""
    closed = {("django_migrations", "app"), ("django_migrations", "name")}
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_concrete_fields:
            if getattr(field, "choices", None) and field.get_internal_type() == "CharField":
                closed.add((model._meta.db_table, str(field.column)))
        if model._meta.app_label in ("contenttypes", "auth"):
            closed |= {(model._meta.db_table, str(field.column)) for field in model._meta.local_concrete_fields}
    for table, names in {
        "archives_visafile": ("post_key", "start_basis", "advance_basis"),
        "archives_fileevent": ("category", "field", "value"),
        "archives_filedocument": ("media_type", "blob"),
        "archives_processingrecord": ("post_key", "kind_of_data"),
        "archives_sealedpart": ("basis",),
    }.items():
        closed |= {(table, name) for name in names}
    return frozenset(closed)


def scanned_columns() -> dict[str, list[str]]:
    """Table → text columns that are looked through."""
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_TEXT_COLUMNS)
        for table, column in cursor.fetchall():
            if (table, column) not in _closed_columns():
                found.setdefault(table, []).append(column)
    return found


def identifiers_of(opened: Iterable[tuple[Mapping[str, str], Sequence[bytes | None]]]) -> Identifiers:
    """What names these holders alone, by the indexes that their rows carried (in the order of `INDEXED`)."""
    found: Identifiers = {column: {} for column in INDEXED.values()}
    for holder, indexes in opened:
        for (name, column), index in zip(INDEXED.items(), indexes, strict=True):
            if index is not None:
                value = as_address(holder[name]) if name == "email" else as_number(holder[name])
                if len(value) >= SHORTEST:
                    found[column][bytes(index)] = value.upper()
    return found


def unique_identifiers(erased: Identifiers) -> set[str]:
    """Those of the identifiers that no living file carries, in capitals."""
    alone: set[str] = set()
    with connection.cursor() as cursor:
        for column, values in erased.items():
            cursor.execute(_CARRIED.format(column=column), [byteas(values)])
            living = {bytes(row[0]) for row in cursor.fetchall()}
            alone |= {value for index, value in values.items() if index not in living}
    return alone


def find_in_tables(identifiers: set[str]) -> list[str]:
    """`table (columns)` for each table in which one of `identifiers` stands as a word of its own.

    One statement for all tables: the identifiers are sent and hashed once.
    """
    tables = scanned_columns()
    written = sql.SQL(" UNION ALL ").join(
        sql.SQL(
            "SELECT {name} AS place, word FROM {table},"
            " regexp_split_to_table(upper(concat_ws(' ', {columns})), '[^A-Z0-9@._+-]+') word"
        ).format(
            name=sql.Literal(table),
            table=sql.Identifier(table),
            columns=sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in columns),
        )
        for table, columns in tables.items()
    )
    query = sql.SQL(
        "WITH wanted AS MATERIALIZED (SELECT DISTINCT unnest(%s::text[]) AS form)"
        " SELECT DISTINCT place FROM ({words}) found"
        " CROSS JOIN LATERAL (VALUES (word), (btrim(word, '.-_+')), (translate(word, '.-_+', ''))) written(form)"
        " JOIN wanted USING (form) WHERE length(word) >= %s"
    ).format(words=written)
    with connection.cursor() as cursor:
        cursor.execute(query, [texts(identifiers), SHORTEST])
        return [f"{row[0]} ({', '.join(tables[row[0]])})" for row in sorted(cursor.fetchall())]


def find_in_files(identifiers: set[str], *, everything: bool = False) -> Iterator[str]:
    """Names of stored files that hold one of `identifiers`; the encrypted store only with `everything`."""
    root = Path(settings.UPLOAD_DIR)
    for folder, folders, names in os.walk(root):
        if folder == str(root) and not everything and SEALED_STORE in folders:
            folders.remove(SEALED_STORE)  # not even listed: it holds as many files as the archive has documents
        for name in names:
            path = Path(folder, name)
            if words(_content(path)) & identifiers:
                yield str(path.relative_to(root))


def _content(path: Path) -> str:
    try:
        return path.read_bytes().decode("latin-1")
    except FileNotFoundError:  # it was erased since the folder was listed
        return ""


def find_mentions(identifiers: set[str]) -> list[str]:
    """The sealed text of living files, by the hashes of what it mentions: each is looked up in the index."""
    numbers = [mention_number(word) for word in identifiers]
    with transaction.atomic(), connection.cursor() as cursor:
        # Without the index, thousands of numbers would be compared with every file in turn; entries that wait to be
        # sorted into it would be read once for each number.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SELECT gin_clean_pending_list('visafile_mentions')")
        cursor.execute(_MENTIONED, [bigints(numbers)])
        return ["archives_visafile (sealed)"] if cursor.fetchone()[0] else []


def look_for(erased: Identifiers) -> set[str]:
    """Look in everything that can be read or is indexed; returns what was looked for.

    Raises ResidueFoundError where anything of these erased holders is left.
    """
    identifiers = unique_identifiers(erased)
    if identifiers:
        places = [*find_in_tables(identifiers), *find_in_files(identifiers), *find_mentions(identifiers)]
        if places:
            raise ResidueFoundError(places)
    return identifiers
