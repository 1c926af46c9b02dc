"""Sessions in the database, loaded by one plain statement.

Every request of an applicant begins with this look-up; put together by the query builder it costs as much as all of a
small page.
"""

from typing import Any

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

_LOAD = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"


class SessionStore(DatabaseStore):
    """Django's own store; loading is quicker, and saving tells a database that is away from a session that is gone.

    The name is part of the signature of what is stored.
    """

    def load(self) -> dict[str, Any]:
        """The data of the session; an unknown or outlived key gives an empty session without a key."""
        with connection.cursor() as cursor:
            cursor.execute(_LOAD, [self.session_key, timezone.now()])
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row[0])

    def save(self, must_create: bool = False) -> None:
        """Save the session. Raises what the database raised where it is away.

        Django takes that for a session that somebody else deleted, and answers 400: a page that says that nothing was
        changed, after the view has committed what it was asked for.
        """
        try:
            super().save(must_create)
        except UpdateError as error:
            if isinstance(error.__context__, OperationalError | InterfaceError):
                raise error.__context__ from None
            raise
