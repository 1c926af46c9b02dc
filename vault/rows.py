"""Writing one row without the query builder.

Django puts an INSERT together anew for every object, which costs more than PostgreSQL takes to carry it out. On the
paths that a whole crowd walks at once the statement is built once per model and process.
"""

from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)


@lru_cache(maxsize=64)
def _plan(model: type[models.Model]) -> tuple[str, tuple["models.Field[Any, Any]", ...], str]:
    options = model._meta
    key = options.pk
    fields = tuple(field for field in options.concrete_fields if field is not key)
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    # Names of our own models, quoted by the database's rules; every value is a parameter.
    sql = f"INSERT INTO {quote(options.db_table)} ({names}) VALUES ({marks}) RETURNING {quote(str(key.column))}"  # noqa: S608
    return sql, fields, str(key.attname)


def insert(row: Row) -> Row:
    """Insert a new row whose key the database makes, and give the key to the object.

    Fields are encrypted and defaults apply as with `save`; signals are not sent, so it is for models without listeners.
    """
    sql, fields, key = _plan(type(row))
    with connection.cursor() as cursor:
        cursor.execute(sql, [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields])
        setattr(row, key, cursor.fetchone()[0])
    row._state.adding = False
    row._state.db = connection.alias
    return row
