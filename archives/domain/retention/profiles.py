"""Retention profiles: one row per text, dated, with its source. A new text is a new row, not a new branch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from archives.domain.retention.events import EventType as T
from archives.domain.retention.events import HistoryRefusedError, Reason
from archives.domain.retention.periods import Period

FIVE_YEARS = Period(years=5)


class Anchor(Enum):
    """From which date a period runs."""

    EXPIRY = "expiry of the visa"
    DECISION = "date of the decision"
    CREATION = "creation of the file"
    LAST_CHANGE = "last change"


@dataclass(frozen=True)
class Rule:
    """One starting point: from which date, under which paragraph, and how long where it is not the profile's period."""

    anchor: Anchor
    basis: str
    period: Period = FIVE_YEARS


@dataclass(frozen=True)
class Profile:
    """A text that fixes how long a file is kept."""

    key: str
    title: str
    source: str
    covers: frozenset[str]
    rules: Mapping[T, Rule]
    in_force_from: date | None = None
    in_force_until: date | None = None
    fingerprints: Mapping[T, Rule] = field(default_factory=dict)
    draft: Rule | None = None
    # Records of processing operations outlive the file by this much (VIS art. 34(2)); None: the text says nothing.
    records: Period | None = None
    # A national maximum gives way to the Union's minimum; the VIS maximum does not.
    yields_to_floor: bool = False

    def in_force_on(self, day: date) -> bool:
        """Whether the text applied on `day`."""
        return (self.in_force_from or date.min) <= day <= (self.in_force_until or date.max)


def _vis(basis: str, *, shortened: Rule) -> dict[T, Rule]:
    """The four letters of paragraph 1 of art. 23; `basis` holds one `%s` for the letter."""
    creation, decision = Rule(Anchor.CREATION, basis % "c"), Rule(Anchor.DECISION, basis % "d")
    return {
        T.ISSUED: Rule(Anchor.EXPIRY, basis % "a"),
        T.EXTENDED: Rule(Anchor.EXPIRY, basis % "b"),
        T.WITHDRAWN: creation,
        T.CLOSED: creation,
        T.DISCONTINUED: creation,
        T.REFUSED: decision,
        T.ANNULLED: decision,
        T.REVOKED: decision,
        T.SHORTENED: shortened,
    }


_CESEDA_DECISION = Rule(Anchor.DECISION, "R142-64 I 1°")
_CESEDA_CLOSED = Rule(Anchor.CREATION, "R142-64 I 2°")
_ONE_MONTH_FROM_DECISION = Rule(Anchor.DECISION, "R142-64 II 1°", Period(months=1))
_ONE_MONTH_FROM_COLLECTION = Rule(Anchor.CREATION, "R142-64 II 2°", Period(months=1))

PROFILES: Mapping[str, Profile] = {
    profile.key: profile
    for profile in (
        Profile(
            "VIS",
            "Short-stay and transit visas",
            "Regulation (EC) 767/2008 art. 23 and 34(2); arrêté of 22 August 2001 art. 4-1",
            frozenset("AC"),
            # "Shortened" left art. 23 by Regulation 810/2009 art. 54(12); the arrêté keeps it ("réduction").
            _vis("23(1)(%s)", shortened=Rule(Anchor.DECISION, "23(1)(d)")),
            in_force_from=date(2008, 9, 2),
            records=Period(years=1),
        ),
        Profile(
            "SEED_2012",
            "Long-stay visas, which VIS does not cover",
            "Page of the consulate-general in Algiers of 24 June 2012, no. 3; arrêté of 22 August 2001 art. 4-1",
            frozenset("ACD"),
            _vis("arrêté 22-08-2001 4-1(%s)", shortened=Rule(Anchor.DECISION, "arrêté 22-08-2001 4-1(d)")),
            in_force_from=date(2009, 11, 24),
            records=Period(years=1),
        ),
        Profile(
            "VIS_2021_1134",
            "All visas and residence permits, once the Commission has fixed the date",
            "Regulation (EC) 767/2008 art. 23 as amended by Regulation (EU) 2021/1134",
            frozenset("ACD"),
            # No letter for a shortened visa any more: it is an issued visa that expires earlier.
            _vis("23(1)(%s)", shortened=Rule(Anchor.EXPIRY, "23(1)(a)")),
            records=Period(years=1),
        ),
        Profile(
            "CESEDA_R142_64",
            "France-Visas since 17 July 2024",
            "Code de l'entrée et du séjour des étrangers et du droit d'asile, art. R. 142-64 (décret 2024-810)",
            frozenset("ACD"),
            {
                T.ISSUED: _CESEDA_DECISION,
                T.REFUSED: _CESEDA_DECISION,
                T.SHORTENED: _CESEDA_DECISION,
                T.EXTENDED: _CESEDA_DECISION,
                T.REVOKED: _CESEDA_DECISION,
                T.ANNULLED: _CESEDA_DECISION,
                T.WITHDRAWN: _CESEDA_CLOSED,
                T.CLOSED: _CESEDA_CLOSED,
                T.DISCONTINUED: _CESEDA_CLOSED,
            },
            in_force_from=date(2024, 7, 17),
            fingerprints={
                T.ISSUED: _ONE_MONTH_FROM_DECISION,
                T.REFUSED: _ONE_MONTH_FROM_DECISION,
                T.WITHDRAWN: _ONE_MONTH_FROM_COLLECTION,
                T.CLOSED: _ONE_MONTH_FROM_COLLECTION,
                T.DISCONTINUED: _ONE_MONTH_FROM_COLLECTION,
            },
            draft=Rule(Anchor.LAST_CHANGE, "R142-64 VII", Period(months=3)),
            yields_to_floor=True,
        ),
    )
}

# Visa Code (Regulation (EC) 810/2009) art. 37(3), by day of the decision: two years, one since Regulation 2019/1155.
FLOORS: tuple[tuple[date, Period], ...] = (
    (date(2020, 2, 2), Period(years=1)),
    (date.min, Period(years=2)),
)
FLOOR_COVERS = frozenset("AC")
FLOOR_BASIS = "Visa Code 37(3) floor"


def default_profile(category: str) -> Profile:
    """The profile of a visa category (A, C, D) where nobody chose another one."""
    return PROFILES["SEED_2012" if category == "D" else "VIS"]


def profile_named(key: str) -> Profile:
    """Raises HistoryRefusedError(UNKNOWN_PROFILE)."""
    if key not in PROFILES:
        raise HistoryRefusedError(Reason.UNKNOWN_PROFILE, {"profile": str(key)[:40]})
    return PROFILES[key]
