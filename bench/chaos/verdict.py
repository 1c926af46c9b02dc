"""After the run: is anything lost, doubled or out of place? And what did people see of each fault?"""

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.chaos.client import HOLD_SECONDS
from bench.chaos.linear import Operation, refutations


def lines(folder: Path, ending: str) -> Iterator[dict[str, Any]]:
    """Every line of every book with that ending; a line that a killed process left half is left out."""
    for path in sorted(folder.glob(f"*{ending}")):
        for line in path.read_text().splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue


@dataclass(frozen=True)
class Window:
    """One fault and when it began and stopped being watched (monotonic seconds)."""

    name: str
    says: str
    begin: float
    end: float


@dataclass(frozen=True)
class Seen:
    """What clients saw in a window."""

    requests: int
    failed: int
    outage: float
    outage_began: float
    slowest: float
    bad: dict[str, int]

    @property
    def share(self) -> float:
        """Of requests without a good answer."""
        return self.failed / self.requests if self.requests else 0.0


def seen_in(answers: list[dict[str, Any]], window: Window) -> Seen:
    """Requests that ended in the window; failed is no answer, or 5xx. Outage: the longest time with no good answer."""
    inside = [one for one in answers if window.begin <= one["end"] < window.end]
    good = [one for one in inside if one["status"][:1] in {"2", "3", "4"}]
    marks = [window.begin, *sorted(one["end"] for one in good), window.end]
    outage, began = max((later - sooner, sooner) for sooner, later in pairwise(marks))
    slowest = max((one["end"] - one["at"] for one in inside), default=0.0)
    bad = Counter(one["status"] for one in inside if one not in good)
    return Seen(len(inside), len(inside) - len(good), outage, began, slowest, dict(bad))


def history_of(
    folder: Path, holders: dict[str, str], slots: list[str], ended: float, wrong: list[Window]
) -> list[Operation]:
    """Every client's acts, the server's right to end a hold, and at the end what the tables say.

    A hold may be ended after its five minutes; at once where a node with a wrong clock may have set its end.
    """
    history = [Operation(**entry) for entry in lines(folder, ".history")]
    for take in [one for one in history if one.kind == "take" and one.outcome != "refused"]:
        under_wrong_clock = any(window.begin <= take.begin < window.end for window in wrong)
        since = take.begin + (0 if under_wrong_clock else HOLD_SECONDS)
        history.append(Operation("lapse", take.slot, take.who, since, math.inf, "unknown"))
    for slot in slots:
        who = holders.get(slot)
        if who:
            history.append(Operation("see_own", slot, who, ended, ended + 1))
        else:
            takers = {one.who for one in history if one.slot == slot and one.kind == "take" and one.outcome == "ok"}
            history += [Operation("see_over", slot, taker, ended, ended + 1) for taker in takers]
    return history


def claims(history: list[Operation]) -> list[str]:
    """Slots whose history nothing explains."""
    return [str(one) for one in refutations(history)]


@dataclass(frozen=True)
class Letters:
    """What became of the letters."""

    sent: int
    surplus: int  # copies beyond the first, all of them with the first one's Message-ID
    violations: list[str]


def letters(folder: Path) -> Letters:
    """The outbox against the mail server's book.

    The rule: a letter is delivered at least once, and a copy is excused only by an acknowledgement that was lost: the
    worker was killed, or the connection broke, between the server's keeping it and our commit. Then the row has had
    more than one attempt, and the copies carry one Message-ID, by which mail programs and this check know them.
    """
    from mailroom.models import Letter

    accepted = Counter(entry["id"] for entry in lines(folder / "mail", "accepted.jsonl"))
    rows = {row.message_id: row for row in Letter.objects.all()}
    found = [
        f"letter {row.pk} ({row.kind}) is {row.state}" for row in rows.values() if row.state in {"waiting", "sending"}
    ]
    found += [f"letter {row.pk} ({row.kind}) was given up" for row in rows.values() if row.state == Letter.State.FAILED]
    found += [f"letter {row.pk} is sent, and the mail server has none" for row in rows.values()
              if row.state == Letter.State.SENT and not accepted[row.message_id]]  # fmt: skip
    found += [f"the mail server has {one}, which no row wrote" for one in accepted if one not in rows]
    for message_id, count in accepted.items():
        row = rows.get(message_id)
        if row is not None and count > max(1, row.attempts):
            found.append(f"letter {row.pk} came {count} times after {row.attempts} attempts")
    once = Counter((row.kind, row.subject_key) for row in rows.values() if row.kind in ONE_EACH)
    found += [f"{kind} was written {count} times for one booking" for (kind, _), count in once.items() if count > 1]
    return Letters(sum(1 for one in accepted if one in rows), sum(accepted.values()) - len(accepted), found)


def ticks(seconds: float) -> tuple[int, list[str]]:
    """Two beats send every tick twice: each is decided once, so there are no more decisions than ticks went by.

    Returns how many were decided, and violations.
    """
    from django.db.models import Sum

    from appointments.models import ReleasePolicy, TickTally

    found, decided = [], 0
    rows = TickTally.objects.values("policy", "stream").annotate(decided=Sum("ticks"))
    for row in rows:
        decided += row["decided"]
        policy = ReleasePolicy.objects.get(pk=row["policy"])
        most = int(seconds // policy.tick_seconds) + 2
        if row["decided"] > most:
            found.append(f"policy {policy.pk} decided {row['decided']} ticks where {most} went by")
    return decided, found


ONE_EACH = {"hold_placed", "booking_confirmed", "booking_cancelled", "hold_expired"}


def money(folder: Path) -> list[str]:
    """The bank's books against ours: everything it took is with a living booking, or on its way back."""
    from django.utils import timezone

    from antibot.models import Charge, OutboxEvent, SandboxNotice
    from antibot.queries.reconciliation import disagreements
    from appointments.models import Booking

    found = [f"money: {line}" for line in disagreements(timezone.now())]
    charges = {row.reference: row for row in Charge.objects.select_related("payment")}
    books = list(lines(folder, "bank.book"))
    taken = {entry["charge"]: entry["undone"] for entry in books if entry["what"] == "money"}
    for notice in SandboxNotice.objects.all():
        if notice.delivered_at is None:
            found.append(f"notice {notice.pk} of the bank was never taken")
        message = json.loads(notice.body)
        if message["kind"] == "paid":
            taken.setdefault(message["charge"], False)
    states = dict(Booking.objects.values_list("reference", "state"))
    for reference, undone in taken.items():
        row = charges.get(reference)
        if row is None:
            found.append(f"the bank took {reference[:8]}…, which we do not know")
        elif undone and row.state != "refunded":
            found.append(f"charge {row.pk} went back at the bank and is {row.state} here")
        elif row.state == "kept" and row.payment is not None:
            state = states.get(row.payment.subject.removeprefix("booking:"))
            if state not in {"confirmed", "attended", "cancelled"}:
                found.append(f"charge {row.pk} is kept for a booking that is {state}")
        elif row.state == "refund_due":
            found.append(f"charge {row.pk} still has to go back")
    found += [f"forgery ({entry['kind']}) was answered {entry['answered']}" for entry in books
              if entry["what"] == "forgery" and 200 <= entry["answered"] < 300]  # fmt: skip
    if OutboxEvent.objects.filter(consumed_at__isnull=True).exists():
        found.append("events of payments were never taken")
    return found
