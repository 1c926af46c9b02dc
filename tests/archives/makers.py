"""Visa files of the cast, with the fewest words."""

from datetime import UTC, date, datetime, timedelta

from archives.actions.add_files import NewFile, add_files
from archives.domain.holder import Holder
from archives.domain.retention import read_events
from archives.models import VisaFile

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # 00:30 on 23 November in Paris
TODAY = date(2026, 11, 23)


def holder(number: int = 1, **fields) -> Holder:
    values = {
        "file_number": f"DZALG2024{number:06d}",
        "family_name": "BENALI",
        "given_names": "Alice Nour",
        "birth_date": "1990-04-12",
        "passport_number": f"AB{number:07d}",
        "email": f"alice{number}@example.org",
        "visa_number": f"FRA{number:09d}",
    }
    return Holder(**(values | fields))


def refused(day: date) -> list[dict]:
    return [
        {"type": "FILE_CREATED", "date": (day - timedelta(days=10)).isoformat()},
        {"type": "REFUSED", "date": day.isoformat()},
    ]


def issued(day: date, until: date, category: str = "C") -> list[dict]:
    return [
        {"type": "FILE_CREATED", "date": (day - timedelta(days=10)).isoformat()},
        {"type": "ISSUED", "date": day.isoformat(), "valid_until": until.isoformat(), "category": category},
    ]


def new_file(
    number: int = 1, events=None, *, post="dz-alg", profile="VIS", category="C", parts=None, **fields
) -> NewFile:
    events = events if events is not None else refused(TODAY - timedelta(days=100))
    return NewFile(post, category, profile, holder(number, **fields), read_events(events), parts or {})


def file_of(number: int = 1, events=None, **options) -> VisaFile:
    return VisaFile.objects.get(pk=add_files([new_file(number, events, **options)], NOW)[0])


# Five years and a day before today, and five years to the day: gone today, and still there today.
DUE = date(2021, 11, 22)
LAST_DAY = date(2021, 11, 23)
