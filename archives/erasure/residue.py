"""After a batch: are the erased people's unique identifiers still anywhere in clear?

Every text column of every table is looked through, except those that hold one of a closed list of words, and every
stored file outside the encrypted store. A hit is an error of the program: the run stops and says where, not what.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection
from psycopg2 import sql

from archives.domain.holder import Holder
from archives.indexing import as_address, as_number, index_of

SEALED_STORE = "sealed"
# Shorter numbers occur by chance in dates, prices and references.
SHORTEST = 6
_TEXT_COLUMNS = """
SELECT c.relname, a.attname FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
AND t.typname IN ('text', 'varchar', 'bpchar', 'citext', 'json', 'jsonb', '_text', '_varchar')
ORDER BY 1, 2
"""
_CARRIED = "SELECT DISTINCT {column} FROM archives_visafile WHERE {column} = ANY(%s)"
_WORDS = re.compile(r"[^A-Z0-9@._+-]+")


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
        for field in model._meta.concrete_fields:
            if getattr(field, "choices", None) and field.get_internal_type() == "CharField":
                closed.add((model._meta.db_table, str(field.column)))
        if model._meta.app_label in ("contenttypes", "auth"):
            closed |= {(model._meta.db_table, str(field.column)) for field in model._meta.concrete_fields}
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


def unique_identifiers(holders: Iterable[Holder]) -> set[str]:
    """The identifiers of erased holders that no living file carries, in capitals."""
    by_column: dict[str, dict[bytes, str]] = {
        "file_number_index": {}, "passport_index": {}, "visa_number_index": {}, "email_index": {},
    }  # fmt: skip
    for holder in holders:
        for column, label, value in (
            ("file_number_index", "file_number", as_number(holder.file_number)),
            ("passport_index", "passport", as_number(holder.passport_number)),
            ("visa_number_index", "visa_number", as_number(holder.visa_number)),
            ("email_index", "email", as_address(holder.email)),
        ):
            index = index_of(label, value)
            if index is not None and len(value) >= SHORTEST:
                by_column[column][index] = value.upper()
    alone: set[str] = set()
    with connection.cursor() as cursor:
        for column, values in by_column.items():
            cursor.execute(_CARRIED.format(column=column), [list(values)])
            living = {bytes(row[0]) for row in cursor.fetchall()}
            alone |= {value for index, value in values.items() if index not in living}
    return alone


def find_in_tables(identifiers: set[str]) -> list[str]:
    """`table (columns)` for each table in which one of `identifiers` stands as a word of its own.

    One statement for all tables: the identifiers are sent and hashed once.
    """
    tables = scanned_columns()
    words = sql.SQL(" UNION ALL ").join(
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
        " CROSS JOIN LATERAL (VALUES (word), (translate(word, '.-_+', ''))) written(form)"
        " JOIN wanted USING (form) WHERE length(word) >= %s"
    ).format(words=words)
    with connection.cursor() as cursor:
        cursor.execute(query, [sorted(identifiers), SHORTEST])
        return [f"{row[0]} ({', '.join(tables[row[0]])})" for row in sorted(cursor.fetchall())]


def find_in_files(identifiers: set[str], *, everything: bool = False) -> Iterator[str]:
    """Names of stored files that hold one of `identifiers`; the encrypted store only with `everything`."""
    root = Path(settings.UPLOAD_DIR)
    for path in root.rglob("*"):
        inside = path.relative_to(root).parts
        if not path.is_file() or (inside[0] == SEALED_STORE and not everything):
            continue
        text = path.read_bytes().decode("latin-1").upper()
        found = set(_WORDS.split(text))
        if found & identifiers or {re.sub(r"[._+-]", "", word) for word in found} & identifiers:
            yield str(path.relative_to(root))


def look_for(holders: Iterable[Holder]) -> None:
    """Raises ResidueFoundError where anything of these erased holders is left in clear."""
    identifiers = unique_identifiers(holders)
    if not identifiers:
        return
    places = [*find_in_tables(identifiers), *find_in_files(identifiers)]
    if places:
        raise ResidueFoundError(places)
