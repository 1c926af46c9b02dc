"""The markup of a challenge: the same for everybody who comes to a page, but for the key, so it is made once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

REFRESH = "captcha_refresh"
_PLACE = "0" * 40  # stands where a key belongs


@dataclass(frozen=True)
class Shown:
    """What the markup depends on, but for the key itself."""

    language: str
    captcha: bool
    proof: bool
    minutes: int
    purpose: str
    scope_key: str
    key: bool  # whether there is one: above the cap there is none
    errors: tuple[str, ...]


def markup(shown: Shown, key: str, label: Any) -> SafeString:
    """The whole challenge. `label` is that of the box for the answer, in whatever language is read."""
    made = _rendered(shown, label) if shown.errors else _remembered(shown, label)
    return SafeString(made.replace(_PLACE, key))


@lru_cache(maxsize=256)
def _remembered(shown: Shown, label: Any) -> str:
    return _rendered(shown, label)


def _rendered(shown: Shown, label: Any) -> str:
    context = {
        "captcha": shown.captcha,
        "label": label,
        "key": _PLACE if shown.key else "",
        "image_url": reverse("antibot:captcha-image", args=[_PLACE]),
        "audio_url": reverse("antibot:captcha-audio", args=[_PLACE, shown.language[:2]]),
        "proof_url": reverse("antibot:proof") if shown.proof else "",
        "refresh_url": reverse("antibot:captcha-refresh"),
        "refresh_name": REFRESH,
        "purpose": shown.purpose,
        "scope_key": shown.scope_key,
        "minutes": shown.minutes,
        "shown_errors": shown.errors,
    }
    return render_to_string("antibot/challenge.html", context)
