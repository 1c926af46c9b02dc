"""What a forked process has to do before it asks the database anything."""

from django.db import connections


def own_connections() -> None:
    """Give this forked process connections of its own; to be called first in the child.

    While the browser runs, its event loop makes Django keep a second set of connections for the same thread. A child
    has no running loop and finds the first set again, which the parent's `close_all` never saw: all children would
    speak through one open socket. The driver leaves a dropped connection open where another process made it, so the
    parent does not notice.
    """
    for alias in connections:
        connections[alias] = connections.create_connection(alias)
