"""Files that are only there to be many: copied inside the database, every table, in minutes for millions.

Copies have the shape of real files, new ids and numbers, and are not due; they cannot be opened. They are written
without triggers into tables without indexes and keys, which are built and checked afterwards.
"""

# ruff: noqa: S608 - the statements are put together from the catalogue and the constants of this module alone

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

_COPIED_COLUMNS = (
    "post_key, category, profile, created_on, status, state, start_date, start_basis, ordinary_last_day, gone_from,"
    " advance_basis, floor_until, birth_index, name_keys, mentions, sealed, entered_at"
)
_FRESH = "substr(uuid_send(gen_random_uuid()), 1, 16)"
_COPIES = (
    """CREATE TEMPORARY TABLE copied ON COMMIT DROP AS
       SELECT id AS old, gen_random_uuid() AS new FROM generate_series(1, %(times)s),
            (SELECT id FROM archives_visafile WHERE import_digest IS NULL AND gone_from > current_date + 30) real
       LIMIT %(count)s""",
    "ANALYZE copied",
    f"""INSERT INTO archives_visafile (id, import_digest, file_number_index, passport_index, visa_number_index,
            email_index, {_COPIED_COLUMNS})
        SELECT new, 'copy', {_FRESH}, {_FRESH}, {_FRESH}, {_FRESH}, {_COPIED_COLUMNS}
        FROM copied JOIN archives_visafile ON id = old""",
    """INSERT INTO archives_fileevent (file_id, type, date, valid_from, valid_until, category, field, value,
            recorded_at)
       SELECT new, type, date, valid_from, valid_until, category, field, value, recorded_at
       FROM copied JOIN archives_fileevent ON file_id = old""",
    """INSERT INTO archives_sealedpart (file_id, kind, sealed, gone_from, basis)
       SELECT new, kind, sealed, gone_from, basis FROM copied JOIN archives_sealedpart ON file_id = old
       WHERE gone_from IS NULL OR gone_from > current_date + 30""",
    """INSERT INTO archives_processingrecord (file_ref, post_key, purpose, kind_of_data, at)
       SELECT new, post_key, purpose, kind_of_data, at FROM copied JOIN archives_processingrecord ON file_ref = old""",
)
_COPIED_KEYS = """INSERT INTO archives_filekey (ref, part, wrapped, made_at)
    SELECT gen_random_uuid(), 0, wrapped, made_at FROM archives_filekey, generate_series(1, %(times)s)
    LIMIT %(count)s"""
_FILES = ("archives_visafile", "archives_fileevent", "archives_sealedpart", "archives_processingrecord")
_KEYS = ("archives_filekey",)
_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype IN ('f', 'p', 'u') AND (conrelid = ANY(%s::regclass[]) OR confrelid = ANY(%s::regclass[]))
    ORDER BY contype <> 'f'
"""
_INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = ANY(%s)"


def copy_inside(count: int, real: int) -> None:
    """`count` copies of the files that stand; at least `real` / 2 of them do."""
    values = {"count": count, "times": count * 2 // real + 1}
    with ThreadPoolExecutor(2) as pool:
        files = pool.submit(_write, "default", _FILES, _COPIES, values)
        keys = pool.submit(_write, "vault_keys", _KEYS, (_COPIED_KEYS,), values)
        files.result()
        keys.result()


def _write(alias: str, tables: Sequence[str], statements: Sequence[str], values: dict[str, int]) -> None:
    from django.db import connections, transaction

    try:
        with connections[alias].cursor() as cursor, _bare(cursor, tables):
            cursor.execute("SET session_replication_role = replica")
            with transaction.atomic(using=alias):
                for sql in statements:
                    cursor.execute(sql, values)
            cursor.execute("SET session_replication_role = origin")
    finally:
        connections[alias].close()  # this thread's own


@contextmanager
def _bare(cursor: Any, tables: Sequence[str]) -> Iterator[None]:
    """The tables without indexes, keys and references to them; all are there again, and true, afterwards."""
    cursor.execute("ALTER SYSTEM SET max_wal_size = '16GB'")  # no checkpoint in the middle
    cursor.execute("SELECT pg_reload_conf()")
    cursor.execute("SET maintenance_work_mem = '512MB'")
    cursor.execute("SET work_mem = '256MB'")
    cursor.execute(_CONSTRAINTS, [list(tables), list(tables)])
    constraints = cursor.fetchall()
    for table, name, _definition in constraints:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    cursor.execute(_INDEXES, [list(tables)])
    indexes = cursor.fetchall()
    for name, _definition in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    for _name, definition in indexes:
        cursor.execute(definition)
    for table, name, definition in reversed(constraints):
        cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
    cursor.execute("ALTER SYSTEM RESET max_wal_size")
    cursor.execute("SELECT pg_reload_conf()")
