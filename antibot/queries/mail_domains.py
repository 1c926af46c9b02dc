"""The list of mail domains for throw-away addresses."""

from django.db import connection

_LISTED = "SELECT EXISTS (SELECT FROM antibot_disposabledomain WHERE domain = %s)"


def is_throw_away(domain: str) -> bool:
    """Whether staff have put the domain on their list."""
    with connection.cursor() as cursor:
        cursor.execute(_LISTED, [domain])
        return bool(cursor.fetchone()[0])
