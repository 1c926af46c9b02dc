"""Sessions in the database, read and written by plain statements.

Every request of an applicant begins with this look-up; put together by the query builder it costs as much as all of a
small page.
"""

from typing import Any

from django.contrib.sessions.backends.base import VALID_KEY_CHARS, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import connection
from django.utils import timezone
from django.utils.crypto import get_random_string

# A key has 165 random bits: that it is there already means that two processes draw the same lots, and nobody may go on.
_CREATE = "INSERT INTO django_session (session_key, session_data, expire_date) VALUES (%s, %s, %s)"
_SAVE = "UPDATE django_session SET session_data = %s, expire_date = %s WHERE session_key = %s"
_RENAME = "UPDATE django_session SET session_key = %s WHERE session_key = %s"
_LOAD = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"


class SessionStore(DatabaseStore):
    """Django's own store with statements of ours. The name is part of the signature of what is stored."""

    def load(self) -> dict[str, Any]:
        """The data of the session; an unknown or outlived key gives an empty session without a key."""
        with connection.cursor() as cursor:
            cursor.execute(_LOAD, [self.session_key, timezone.now()])
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row[0])

    def create(self) -> None:
        """A new session under a new key."""
        self._session_key = get_random_string(32, VALID_KEY_CHARS)
        self.save(must_create=True)
        self.modified = True

    def cycle_key(self) -> None:
        """A new key for the same session, so that nobody who knew the old one is inside; what it holds is saved later.

        Django writes a new row, looks the old one up, deletes it, and saves the new one once more.
        """
        self._get_session()  # type: ignore[attr-defined]  # read under the old key
        old, new = self.session_key, get_random_string(32, VALID_KEY_CHARS)
        with connection.cursor() as cursor:
            cursor.execute(_RENAME, [new, old])
            if not cursor.rowcount:  # there is none yet, or it ended meanwhile: as Django does, one is made
                return super().cycle_key()
        self._session_key = new
        self.modified = True
        return None

    def save(self, must_create: bool = False) -> None:
        """Write the session. Raises UpdateError where it ended meanwhile: another tab signed out."""
        if self.session_key is None:
            return self.create()
        data = self.encode(self._get_session(no_load=must_create))  # type: ignore[attr-defined]
        with connection.cursor() as cursor:
            if must_create:
                cursor.execute(_CREATE, [self.session_key, data, self.get_expiry_date()])
                return None
            cursor.execute(_SAVE, [data, self.get_expiry_date(), self.session_key])
            if not cursor.rowcount:
                raise UpdateError
        return None
