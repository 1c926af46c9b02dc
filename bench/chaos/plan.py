"""Which fault when. Each is begun, lasts a while and is ended; what it does is said in one sentence."""

import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psycopg2
import redis

from bench.chaos.site import Site

Act = Callable[[Site], None]


@dataclass(frozen=True)
class Fault:
    """`weight` is its share of the time, of which it stands for the first `share`; the rest is for recovering."""

    name: str
    says: str
    begin: Act
    end: Act
    weight: float = 1.0
    share: float = 0.5


def _nothing(_: Site) -> None:
    return


def _mood(mood: str) -> Act:
    return lambda site: _write(site, "mail/mood", mood)


def _clock(seconds: int) -> Act:
    return lambda site: _write(site, "clock-web-b", str(seconds))


def _write(site: Site, name: str, text: str) -> None:
    half = site.folder / f"{name}.half"
    half.write_text(text)
    half.replace(site.folder / name)


def _flush(site: Site) -> None:
    link = redis.Redis.from_url(site.valkey.url())
    link.flushall()
    link.close()


def _fill(site: Site) -> None:
    site.volume.fill()
    # A server in full work wants its next file of WAL about now; ours has little to do, so it is asked to want it.
    with suppress(psycopg2.Error):
        link = psycopg2.connect(site.postgres.url("visa_booking"))
        link.autocommit = True
        with link.cursor() as cursor:
            for _ in range(12):
                cursor.execute("SELECT pg_switch_wal()")
                cursor.execute("SELECT txid_current()")
        link.close()


def _start(name: str) -> Act:
    return lambda site: site.start(name) if name in site.resting else None


QUIET = Fault("nothing", "no fault: what it looks like otherwise", _nothing, _nothing)
KILL_WEB = Fault("web killed", "kill -9 of one web node", lambda s: s.kill("web-a"), _nothing)
KILL_WORKER = Fault("worker killed", "kill -9 of one worker with its processes", lambda s: s.kill("worker-a"), _nothing)
KILL_CHILD = Fault(
    "task killed", "kill -9 of the process of a worker that runs a task", lambda s: s.kill_a_child("worker-b"), _nothing
)
KILL_BEAT = Fault("beat killed", "kill -9 of one beat", lambda s: s.kill("beat-a"), _nothing)
AHEAD = Fault("clock ahead", "the clock of one web node steps 25 min ahead, then back", _clock(1500), _clock(0))
BEHIND = Fault("clock behind", "the clock of one web node steps 25 min back, then right", _clock(-1500), _clock(0))
FLUSHED = Fault("Valkey flushed", "FLUSHALL: counters, marks and the queue are gone", _flush, _nothing)
STOPPED = Fault("Valkey stopped", "kill -9, started again later", lambda s: s.rest("valkey"), _start("valkey"))
HUNG = Fault(
    "Valkey hangs", "SIGSTOP, SIGCONT later", lambda s: s.signal("valkey", signal.SIGSTOP),
    lambda s: s.signal("valkey", signal.SIGCONT),
)  # fmt: skip
MAIL_HANGS = Fault("mail hangs", "takes connections and says nothing", _mood("hang"), _mood("ok"))
MAIL_DROPS = Fault("mail drops", "hangs up at the data", _mood("drop"), _mood("ok"))
MAIL_SWALLOWS = Fault("mail swallows", "keeps the letter, hangs up before it says so", _mood("swallow"), _mood("ok"))
RESTART = Fault(
    "PostgreSQL restarts", "immediate stop (no checkpoint), crash recovery",
    lambda s: s.signal("postgres", signal.SIGQUIT), _nothing,
)  # fmt: skip
FULL = Fault(
    "disk full", "PostgreSQL's disk has no byte left, later it has", _fill, lambda s: s.volume.free(), weight=1.4
)

FULL_PLAN = [
    QUIET, KILL_WEB, KILL_WORKER, KILL_BEAT, AHEAD, BEHIND, FLUSHED, STOPPED, HUNG, MAIL_HANGS, KILL_CHILD, MAIL_DROPS,
    MAIL_SWALLOWS, RESTART, FULL, QUIET,
]  # fmt: skip
SHORT_PLAN = [QUIET, KILL_WEB, KILL_WORKER, RESTART, FLUSHED]
