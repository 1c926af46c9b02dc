"""What a fuzzing run has seen; without Django, so that processes can hand it over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Finding:
    """What went wrong first, and how often the same."""

    number: int
    method: str
    path: str
    what: str
    times: int = 1


@dataclass
class Report:
    """The result of a run."""

    inputs: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    routes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    slowest_path: str = ""
    findings: dict[str, Finding] = field(default_factory=dict)

    def add(self, number: int, method: str, path: str, what: str) -> None:
        """Keep a finding once per kind."""
        known = self.findings.get(what)
        if known is None:
            self.findings[what] = Finding(number, method, path[:300], what)
        else:
            known.times += 1

    def merge(self, other: Report) -> None:
        """Add what another process saw."""
        self.inputs += other.inputs
        self.statuses += other.statuses
        self.routes += other.routes
        if other.slowest > self.slowest:
            self.slowest, self.slowest_path = other.slowest, other.slowest_path
        for what, finding in other.findings.items():
            if what in self.findings:
                self.findings[what].times += finding.times
            else:
                self.findings[what] = finding

    def __str__(self) -> str:
        return "\n".join(f"#{f.number} ×{f.times} {f.method} {f.path!r}: {f.what}" for f in self.findings.values())
