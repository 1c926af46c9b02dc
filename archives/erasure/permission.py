"""The door through which rows leave append-only tables."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from archives.models.protection import ERASING


@contextmanager
def erasing() -> Iterator[None]:
    """A transaction in which append-only tables let rows go; the permission ends with it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, 'on', true)", [ERASING])
        yield
        # Where the erasure is part of a longer transaction, what follows in it has no such permission.
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, '', true)", [ERASING])
