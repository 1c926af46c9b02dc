"""Sentences about what the radar saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from antibot.domain.clusters import Signal


def sentence(signal: str, count: int) -> str:
    """One signal in words; `count` is identities, or seconds for the tempo."""
    sentences = {
        Signal.SESSION: _("One browser session was used for %(count)d different people."),
        Signal.CONTACT: _("One e-mail address or telephone was used for %(count)d different people."),
        Signal.CARD: _("One payment card paid for %(count)d different people."),
        Signal.NETWORK: _("One network was used for %(count)d different people within two weeks."),
        Signal.PATTERN: _("%(count)d different people have e-mail addresses that differ in their digits only."),
        Signal.TEMPO: _("Forms for different people followed each other after %(count)d seconds, half of them sooner."),
    }
    return sentences[Signal(signal)] % {"count": count}


def explained(explanation: Iterable[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Each reason of a case as (sentence, points)."""
    return [(sentence(row["signal"], row["count"]), int(row["points"])) for row in explanation]
