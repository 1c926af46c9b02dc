"""Synthetic visa files: realistic in shape, nobody's in content, the same for the same seed.

Names are drawn from short lists of common names, numbers from a stream; no real file was looked at.
"""

# ruff: noqa: SIM905, E501 - lists of names are read and mended as words

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import count
from struct import unpack
from typing import Any, TypeVar

from archives.actions.add_files import NewFile
from archives.domain.holder import Holder
from archives.domain.retention import Event, EventType
from archives.domain.retention.profiles import PROFILES, default_profile

T = TypeVar("T")
BLOCK = 4096

FAMILY = """Benali Bensalem Meziane Haddad Boudiaf Khelifi Cherif Mansouri Belkacem Saidi Hamidi Brahimi Ouali Ziani Amrani
Bouzid Lahlou Berrada Tazi Alaoui Trabelsi Gharbi Jaziri Diallo Traoré Ndiaye Sow Koné Camara Keïta Haidara Slimani Rahmani
Zerrouki Bouchareb Abdelkrim Benyoucef Aït-Ahmed Ould-Kaddour Djebbar Ferhat Guerroudj Larbi Mokrani Nacer Toumi""".split()
GIVEN = """Mohamed Yacine Karim Amine Sofiane Rachid Samir Nabil Djamel Khaled Youcef Abderrahmane Noureddine Walid Bilal Idriss
Fatima Amina Leïla Samia Nadia Yasmine Khadija Aïcha Meriem Zohra Houda Imane Salima Nawel Awa Mariam Aminata Fatoumata""".split()
TOWNS = (
    "Alger Oran Constantine Annaba Blida Sétif Tunis Sfax Casablanca Rabat Fès Dakar Bamako Abidjan Nouakchott".split()
)
COUNTRIES = ("DZ", "DZ", "DZ", "MA", "TN", "SN", "ML", "CI")
PURPOSES = ("tourism", "family visit", "business", "studies", "medical care", "culture")
ENDINGS = (
    ("ISSUED",) * 68
    + ("REFUSED",) * 20
    + ("WITHDRAWN",) * 3
    + ("CLOSED",) * 2
    + ("ANNULLED", "REVOKED")
    + ("EXTENDED",) * 2
    + ("QUASHED",)
    + ("OPEN",) * 2
)


def _numbers(seed: int) -> Iterator[int]:
    """32 bits at a time; hashed in large pieces, because a large archive takes a hundred numbers a file."""
    for block in count(0):
        yield from unpack(f">{BLOCK}I", hashlib.shake_256(f"{seed}:{block}".encode()).digest(4 * BLOCK))


class Stream:
    """A reproducible stream of numbers for made-up data; nothing that has to be unpredictable comes from here."""

    def __init__(self, seed: int) -> None:
        """The same seed gives the same stream."""
        self._numbers = _numbers(seed)

    def below(self, bound: int) -> int:
        """A number from 0 to bound - 1."""
        return next(self._numbers) % bound

    def pick(self, values: Sequence[T]) -> T:
        """One of the values."""
        return values[next(self._numbers) % len(values)]

    def digits(self, count: int) -> str:
        """So many digits."""
        value = 0
        for _ in range(0, count, 9):
            value = value * 1_000_000_000 + self.below(1_000_000_000)
        return f"{value:0{count}d}"[-count:]


def make_files(
    how_many: int, seed: int, post_keys: Sequence[str], today: date, *, years: int = 5, start: int = 0
) -> Iterator[NewFile]:
    """`how_many` files created in the last `years` years before `today`; `start` numbers the first, so that runs add up.

    With more than five years some of the files are already due.
    """
    stream = Stream(seed)
    for number in range(start, start + how_many):
        yield _file(stream, number, seed, post_keys, today, years)


def _file(stream: Stream, number: int, seed: int, posts: Sequence[str], today: date, years: int) -> NewFile:
    created = today - timedelta(days=40 + stream.below(365 * years - 40))
    post = stream.pick(posts)
    category = stream.pick("CCCCCCCADD")
    decided = min(created + timedelta(days=3 + stream.below(30)), today - timedelta(days=1))
    events, visa = _history(stream, created, decided, category, today)
    covered = date(2024, 7, 17) <= created and stream.below(3) == 0
    profile = PROFILES["CESEDA_R142_64"] if covered else default_profile(category)
    holder = Holder(
        file_number=f"{post.upper().replace('-', '')}{seed % 1000:03d}{number:08d}",
        family_name=stream.pick(FAMILY).upper(),
        given_names=" ".join({stream.pick(GIVEN) for _ in range(1 + stream.below(2))}),
        birth_date=date(1945 + stream.below(65), 1 + stream.below(12), 1 + stream.below(28)).isoformat(),
        birth_place=stream.pick(TOWNS),
        birth_country=stream.pick(COUNTRIES),
        sex=stream.pick("FM"),
        nationality=stream.pick(COUNTRIES),
        passport_number=f"{stream.pick('ABCDEFGHJK')}{stream.pick('ABCDEFGHJK')}{number:08d}",
        passport_country=stream.pick(COUNTRIES),
        passport_valid_until=(created + timedelta(days=900 + stream.below(2000))).isoformat(),
        address=f"{1 + stream.below(150)} rue {stream.pick(FAMILY)}, {stream.pick(TOWNS)}",
        email=f"person{number}.{seed}@example.org",
        phone=f"+2135{stream.digits(8)}",
        purpose=stream.pick(PURPOSES),
        **visa,
    )
    parts: dict[str, dict[str, Any]] = {}
    if profile.fingerprints:
        parts["fingerprints"] = {"template": stream.digits(60)}
    if any(event.type is EventType.REFUSED for event in events):
        parts["refusal_data_art12"] = {"grounds": [stream.pick(("2", "3", "8", "10", "13"))]}
    return NewFile(post, category, profile.key, holder, tuple(events), parts)


def _history(
    stream: Stream, created: date, decided: date, category: str, today: date
) -> tuple[list[Event], dict[str, str]]:
    """Events that could have happened, and the sticker that came of them."""
    ending = stream.pick(ENDINGS)
    events = [Event(EventType.FILE_CREATED, created)]
    if ending == "OPEN":
        return events, {}
    if ending in ("REFUSED", "WITHDRAWN", "CLOSED"):
        return [*events, Event(EventType[ending], decided)], {}
    if ending == "QUASHED":
        ruled = min(decided + timedelta(days=60 + stream.below(300)), today)
        events += [
            Event(EventType.REFUSED, decided),
            Event(EventType.APPEAL_LODGED, min(decided + timedelta(days=10), ruled)),
            Event(EventType.REFUSAL_ANNULLED_FINAL, ruled),
        ]
        decided = ruled
    first = decided + timedelta(days=stream.below(20))
    length = stream.pick((15, 30, 90, 180, 365, 730)) if category != "D" else 365
    until = first + timedelta(days=length)
    events.append(Event(EventType.ISSUED, decided, first, until, category))
    later = min(decided + timedelta(days=1 + stream.below(60)), today)
    if ending in ("ANNULLED", "REVOKED"):
        events.append(Event(EventType[ending], later))
    elif ending == "EXTENDED":
        until += timedelta(days=30)
        events.append(Event(EventType.EXTENDED, later, None, until))
    return events, {
        "visa_number": f"FRA{stream.digits(9)}",
        "territory": "SCHENGEN STATES" if category != "D" else "FRANCE",
        "valid_from": first.isoformat(),
        "valid_until": until.isoformat(),
        "entries": stream.pick(("01", "02", "MULT")),
        "duration_days": str(min(length, 90)),
        "issued_at": stream.pick(TOWNS).upper(),
        "issued_on": decided.isoformat(),
    }
