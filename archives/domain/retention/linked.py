"""Several files of one history: links between them, and the files of one person."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from archives.domain.retention.dates import Verdict, judge
from archives.domain.retention.events import LINKINGS, Event, EventType, HistoryRefusedError, Reason
from archives.domain.retention.policy import Policy
from archives.domain.retention.profiles import Profile

T = EventType


@dataclass(frozen=True)
class Link:
    """Two files that know each other: a group that travels together (art. 8(4)) or an earlier file (art. 8(3))."""

    kind: EventType
    files: tuple[str, str]
    # Art. 23(2): the link goes with the first of the two; None while neither has a date.
    gone_from: date | None = None


@dataclass(frozen=True)
class Histories:
    """The verdict on each file of a history, and when each link goes."""

    subject: str
    verdicts: Mapping[str, Verdict]
    links: tuple[Link, ...]

    @property
    def verdict(self) -> Verdict:
        """That of the file the history is about."""
        return self.verdicts[self.subject]

    @property
    def links_gone_from(self) -> date | None:
        """When the first of the subject's links goes."""
        days = [link.gone_from for link in self.links if self.subject in link.files and link.gone_from]
        return min(days, default=None)


def judge_together(
    events: Iterable[Event],
    profile: Profile,
    policy: Policy | None = None,
    today: date | None = None,
    subject: str | None = None,
) -> Histories:
    """Judge a history that may speak of several files; events without a label belong to `subject`.

    `subject` defaults to the first file that is named, `""` where none is. Raises HistoryRefusedError.
    """
    given = list(events)
    labels = list(dict.fromkeys(e.file for e in given if e.type is T.FILE_CREATED and e.file is not None))
    chosen = subject if subject is not None else (labels[0] if labels else "")
    if labels and chosen not in labels:
        raise HistoryRefusedError(Reason.UNKNOWN_FILE, {"file": chosen[:40]})
    known = set(labels) or {chosen}
    pairs = _pairs(given, known)
    by_file: dict[str, list[Event]] = defaultdict(list)
    for event in given:
        owner = chosen if event.file is None else event.file
        if owner not in known:
            raise HistoryRefusedError(Reason.UNKNOWN_FILE, event.named() | {"file": owner[:40]})
        if event.type is T.NATIONALITY_ACQUIRED_NOTIFIED:
            for label in _files_of_person(owner, known, pairs):
                by_file[label].append(event)
        elif event.type not in LINKINGS:
            by_file[owner].append(event)
    verdicts = {label: judge(by_file[label], profile, policy, today) for label in (labels or [chosen])}
    links = tuple(Link(kind, files, _first_gone(verdicts, files)) for kind, files in pairs)
    return Histories(chosen, verdicts, links)


def _first_gone(verdicts: Mapping[str, Verdict], files: tuple[str, str]) -> date | None:
    days = [day for label in files if (day := verdicts[label].must_be_gone_from)]
    return min(days, default=None)


def _pairs(events: Iterable[Event], known: set[str]) -> list[tuple[EventType, tuple[str, str]]]:
    """Every linking event as pairs: each with each in a group, each with the next where one file follows another."""
    pairs: list[tuple[EventType, tuple[str, str]]] = []
    for event in events:
        if event.type not in LINKINGS:
            continue
        for label in event.files:
            if label not in known:
                raise HistoryRefusedError(Reason.UNKNOWN_FILE, event.named() | {"file": label[:40]})
        if len(set(event.files)) != len(event.files) or len(event.files) < 2:
            raise HistoryRefusedError(Reason.LINKED_TO_ITSELF, event.named())
        for i, first in enumerate(event.files):
            later = event.files[i + 1 :] if event.type is T.LINKED_GROUP else event.files[i + 1 : i + 2]
            pairs.extend((event.type, (first, other)) for other in later)
    return pairs


def _files_of_person(owner: str, known: set[str], pairs: list[tuple[EventType, tuple[str, str]]]) -> set[str]:
    """All files of the owner's person: those that follow each other, and those that no group sets apart.

    A group joins different people; files of one history that nothing sets apart are one person's.
    """
    same: dict[str, set[str]] = {label: {label} for label in known}
    for kind, (one, other) in pairs:
        if kind is T.LINKED_PREVIOUS:
            joined = same[one] | same[other]
            for label in joined:
                same[label] = joined
    others: set[str] = set()
    for kind, (one, other) in pairs:
        if kind is T.LINKED_GROUP:
            others |= same[other] if one in same[owner] else set()
            others |= same[one] if other in same[owner] else set()
    return (known - others) | same[owner]
