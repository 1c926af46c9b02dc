"""Sessions in the database, loaded by one plain statement.

Every request of an applicant begins with this look-up; put together by the query builder it costs as much as all of a
small page.
"""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import connection
from django.utils import timezone

_LOAD = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"


class SessionStore(DatabaseStore):
    """Django's own store; only loading is different. The name is part of the signature of what is stored."""

    def load(self) -> dict[str, Any]:
        """The data of the session; an unknown or outlived key gives an empty session without a key."""
        with connection.cursor() as cursor:
            cursor.execute(_LOAD, [self.session_key, timezone.now()])
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row[0])
