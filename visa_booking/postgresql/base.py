"""The database backend of `settings.DATABASES`."""

from __future__ import annotations

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's wrapper; only the health check of kept connections is different."""

    def is_usable(self) -> bool:
        """Whether the connection can be used.

        Django asks `SELECT 1` at the start of every request. A server that closed a connection, or told of its end, has
        sent something that nobody asked for, which the socket says without a round trip; only then the question is put.
        """
        if self.connection is None or self.connection.closed:
            return False
        waiting = select.poll()
        waiting.register(self.connection.fileno(), select.POLLIN | select.POLLERR | select.POLLHUP)
        return bool(super().is_usable()) if waiting.poll(0) else True
