"""Sending after commit, and a sweep for what was missed."""

from celery import shared_task

from mailroom import kicks
from mailroom.post import send_due

# name: (task, seconds between runs)
BEAT = {"mailroom-sweep": ("mailroom.tasks.send_letters", 15)}
# A crowd writes hundreds of letters a second; one task sends them all. The mark stands from the kick until the worker
# begins, and the worker takes it away before it looks: whoever commits after that look kicks again.
_KICKED = "mailroom:kicked"
_KICK_EXPIRES = 30


@shared_task(name="mailroom.tasks.send_letters", ignore_result=True, soft_time_limit=240, time_limit=270)
def send_letters() -> int:
    """Send what is due. Safe to run in parallel: each letter is claimed by one worker."""
    kicks.forget(_KICKED)
    return send_due()


def kick() -> None:
    """Ask a worker to send now, unless one is asked already. A broker that is away only means waiting for the sweep."""
    kicks.kick(send_letters, expires=_KICK_EXPIRES, mark=_KICKED)
