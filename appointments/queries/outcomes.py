"""What became of subjects that antibot knows by an opaque name."""

from collections.abc import Iterable, Iterator
from itertools import islice

from appointments.models import Booking

_REAL = (Booking.State.CONFIRMED, Booking.State.ATTENDED)


def _chunks(values: Iterable[str], size: int = 5000) -> Iterator[list[str]]:
    left = iter(values)
    while chunk := list(islice(left, size)):
        yield chunk


def confirmed_among(subjects: Iterable[str]) -> set[str]:
    """Of `request:…` and `booking:…` subjects, those whose booking stands or was used."""
    names = set(subjects)
    real: set[str] = set()
    for kind, path in (("request", "request__reference"), ("booking", "reference")):
        references = (name.partition(":")[2] for name in names if name.startswith(f"{kind}:"))
        for chunk in _chunks(references):
            rows = Booking.objects.filter(**{f"{path}__in": chunk}, state__in=_REAL)
            real |= {f"{kind}:{reference}" for reference in rows.values_list(path, flat=True)}
    return real
