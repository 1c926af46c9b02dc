"""Reading and writing rows without the query builder.

Django puts a statement together anew each time, which costs more than PostgreSQL takes to carry it out. On the paths
that a whole crowd walks at once the statement is built once per model and process.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)


@lru_cache(maxsize=64)
def _insertion(model: type[models.Model]) -> tuple[str, tuple["models.Field[Any, Any]", ...], str]:
    options = model._meta
    key = options.pk
    fields = tuple(field for field in options.concrete_fields if field is not key)
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    # Names of our own models, quoted by the database's rules; every value is a parameter.
    sql = f"INSERT INTO {quote(options.db_table)} ({names}) VALUES ({marks})"  # noqa: S608
    return sql, fields, str(key.column)


def values_of(row: models.Model) -> list[Any]:
    """What a row holds, all fields but its key, as the database takes it: encrypted, with defaults."""
    _, fields, _ = _insertion(type(row))
    return [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]


def insert(row: Row) -> Row:
    """Insert a new row whose key the database makes, and give the key to the object.

    Fields are encrypted and defaults apply as with `save`; signals are not sent, so it is for models without listeners.
    """
    sql, _, key = _insertion(type(row))
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} RETURNING {connection.ops.quote_name(key)}", values_of(row))
        written(row, cursor.fetchone()[0])
    return row


Statement = tuple[str, list[Any]]


def insertion(row: models.Model) -> Statement:
    """The statement that inserts a new row, for `together`."""
    return _insertion(type(row))[0], values_of(row)


def changing(row: models.Model, *names: str) -> Statement:
    """The statement that writes the named fields of a row, for `together`."""
    sql, fields = _change(type(row), names)
    return sql, [*(field.get_db_prep_save(field.pre_save(row, add=False), connection) for field in fields), row.pk]


def together(*statements: Statement) -> list[Any]:
    """Carry out several statements as one, and return the key that each wrote last (None for none).

    For rows that do not build on one another: PostgreSQL promises no order, and each sees what was there before.
    Every table has to call its key `id`.
    """
    parts = ", ".join([f"w{at} AS ({sql} RETURNING id)" for at, (sql, _) in enumerate(statements)])
    keys = ", ".join([f"(SELECT max(id) FROM w{at})" for at in range(len(statements))])  # noqa: S608 - numbers
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {parts} SELECT {keys}", [value for _, values in statements for value in values])
        return list(cursor.fetchone())


def insert_unless_there(row: models.Model) -> bool:
    """Insert a new row; False, and nothing written, where a unique constraint has one like it already."""
    sql, _, key = _insertion(type(row))
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} ON CONFLICT DO NOTHING RETURNING {connection.ops.quote_name(key)}", values_of(row))
        found = cursor.fetchone()
    if found is not None:
        written(row, found[0])
    return found is not None


def written(row: models.Model, key: Any) -> None:
    """Note on the object that it stands in the database under `key`."""
    row.pk = key
    row._state.adding = False
    row._state.db = connection.alias


@lru_cache(maxsize=256)
def _change(model: type[models.Model], names: tuple[str, ...]) -> tuple[str, tuple["models.Field[Any, Any]", ...]]:
    options, quote = model._meta, connection.ops.quote_name
    fields = tuple(options.get_field(name) for name in names)
    sets = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)  # type: ignore[union-attr]
    sql = f"UPDATE {quote(options.db_table)} SET {sets} WHERE {quote(str(options.pk.column))} = %s"  # noqa: S608
    return sql, fields  # type: ignore[return-value]


def change(row: models.Model, *names: str) -> bool:
    """Write the named fields of a row; False where the row is gone. Signals are not sent."""
    sql, fields = _change(type(row), names)
    values = [field.get_db_prep_save(field.pre_save(row, add=False), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, row.pk])
        return bool(cursor.rowcount)


@lru_cache(maxsize=64)
def _reading(
    model: type[models.Model],
) -> tuple[str, str, list[str], list[tuple[int, list[Callable[[Any, Any, Any], Any]]]]]:
    options, quote = model._meta, connection.ops.quote_name
    fields = options.concrete_fields
    columns = ", ".join(quote(str(field.column)) for field in fields)
    readers = [(at, field.get_db_converters(connection)) for at, field in enumerate(fields)]
    return columns, quote(options.db_table), [str(field.attname) for field in fields], [r for r in readers if r[1]]


def columns(model: type[models.Model], alias: str = "") -> str:
    """The columns of a model in the order in which `read` takes them, for a statement of one's own."""
    names = _reading(model)[0]
    return f"{alias}.{names.replace(', ', f', {alias}.')}" if alias else names


def read(model: type[Row], values: Sequence[Any]) -> Row:
    """The object of a row that was fetched by a statement over `columns(model)`."""
    _, _, names, readers = _reading(model)
    plain = list(values)
    for at, converters in readers:
        for convert in converters:
            plain[at] = convert(plain[at], None, connection)
    return model.from_db(connection.alias, names, plain)


def find(model: type[Row], rest: str, params: Sequence[Any]) -> list[Row]:
    """Rows of a model; `rest` is what follows FROM: `WHERE … ORDER BY … LIMIT …`, a constant of ours with marks."""
    names, table, _, _ = _reading(model)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {names} FROM {table} {rest}", params)  # noqa: S608 - names of our own models
        return [read(model, values) for values in cursor.fetchall()]


def first(model: type[Row], rest: str, params: Sequence[Any]) -> Row | None:
    """The first of `find`, or None."""
    rows = find(model, rest, params)
    return rows[0] if rows else None
