"""Who else holds something about a visa file: each says what it deleted, in the same transaction."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from archives.sealing import Ref


@dataclass
class Taken:
    """Rows deleted (by table, for the journal), stored files and keys to destroy after the commit."""

    counts: dict[str, int] = field(default_factory=dict)
    blobs: list[str] = field(default_factory=list)
    keys: list[Ref] = field(default_factory=list)

    def add(self, other: "Taken") -> None:
        """Sum up."""
        for name, count in other.counts.items():
            self.counts[name] = self.counts.get(name, 0) + count
        self.blobs += other.blobs
        self.keys += other.keys


Owner = Callable[[Sequence[uuid.UUID], datetime], Taken]
_OWNERS: dict[str, Owner] = {}


def owner(name: str) -> Callable[[Owner], Owner]:
    """Decorator: the function gets the files of each batch before their rows go, and deletes what it holds."""

    def keep(function: Owner) -> Owner:
        _OWNERS[name] = function
        return function

    return keep


def take_everywhere(files: Sequence[uuid.UUID], now: datetime) -> Taken:
    """Ask every owner."""
    taken = Taken()
    for function in _OWNERS.values():
        taken.add(function(files, now))
    return taken
