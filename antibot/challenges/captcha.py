"""Challenges in django-simple-captcha's table, with its openings closed.

The package re-seeds the process's generator from the public key of a picture, so anybody can draw the picture again; it
checks an answer and deletes it afterwards, so two posts at once are both accepted; a solution fits any session. Here
the letters come from `secrets`, the picture from a secret and the key, the key itself says for whom it was made, and
an answer counts only for whoever deletes the row.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from captcha.models import CaptchaStore
from django.db import connection

from antibot.derived import derived_secret, derived_secrets
from antibot.domain import picture, sound
from antibot.domain.stream import Stream
from antibot.limits.tallies import Outcome, tally
from antibot.models import GuardTally
from vault.rows import first, insert
from vault.text import canonical, latin_digits

_KEY: Final = re.compile(r"[01][0-9a-f]{39}")
# One statement looks and takes away, so of two answers at once one finds nothing.
_SPEND: Final = "DELETE FROM captcha_captchastore WHERE hashkey = %s AND expiration > %s RETURNING challenge"
_SOUNDS: Final = Path(__file__).resolve().parents[1] / "sounds"


class Solved(StrEnum):
    """What became of an answer."""

    RIGHT = "right"
    WRONG = "wrong"
    GONE = "gone"  # used, or too old
    FOREIGN = "foreign"  # made for another session or purpose, or by nobody


@dataclass(frozen=True)
class Binding:
    """For whom and what a challenge is."""

    session: bytes
    purpose: str
    scope_key: str


def _macs(nonce: str, binding: Binding) -> list[str]:
    """Under the present secret key first: a picture that was shown before a rotation still counts after it."""
    message = b"\x00".join([nonce.encode(), binding.session, binding.purpose.encode(), binding.scope_key.encode()])
    secrets_ = derived_secrets("captcha-key")
    return [hmac.new(secret, message, hashlib.sha256).hexdigest()[:24] for secret in secrets_]


def issue(binding: Binding, *, hard: bool, life: timedelta, now: datetime) -> str:
    """A new challenge; returns its public key: form and nonce, and 96 bits that bind them to `binding`."""
    nonce = f"{int(hard)}{secrets.token_hex(8)[1:]}"
    key = nonce + _macs(nonce, binding)[0]
    letters = "".join(secrets.choice(picture.LETTERS) for _ in range(picture.LENGTH))
    digits = "".join(secrets.choice("0123456789") for _ in range(sound.LENGTH))
    # Not `CaptchaStore.save`, which re-seeds a generator and hashes to make the key that we have already.
    insert(CaptchaStore(challenge=f"{letters}:{digits}", response=letters.lower(), hashkey=key, expiration=now + life))
    tally(binding.scope_key, kind_of(key), Outcome.ISSUED, now)
    return key


def is_bound(key: str, binding: Binding) -> bool:
    """Whether this server made `key` for this session and purpose."""
    if _KEY.fullmatch(key) is None:
        return False
    return any(hmac.compare_digest(key[16:], mac) for mac in _macs(key[:16], binding))


def kind_of(key: str, answer: str = "") -> str:
    """Which kind of challenge a key stands for, in the words of the tallies; digits typed were heard."""
    if _typed(answer).isdigit():
        return GuardTally.Kind.SOUND
    return GuardTally.Kind.HARDER if key[:1] == "1" else GuardTally.Kind.PICTURE


def _typed(answer: str) -> str:
    return re.sub(r"[\s.,\-–_]", "", latin_digits(canonical(answer[:100]))).upper()


def _open_row(key: str, now: datetime) -> CaptchaStore | None:
    if _KEY.fullmatch(key) is None:
        return None
    return first(CaptchaStore, "WHERE hashkey = %s AND expiration > %s", [key, now])


def picture_of(key: str, now: datetime) -> bytes | None:
    """The PNG of an open challenge; the same bytes at every call, so that asking again teaches nothing."""
    row = _open_row(key, now)
    if row is None:
        return None
    stream = Stream(derived_secret("captcha-picture"), key)
    return picture.draw(row.challenge.partition(":")[0], stream, font_path(), hard=key[0] == "1")


def sound_of(key: str, language: str, now: datetime) -> bytes | None:
    """The WAV of an open challenge in `language` (fr, ar, en)."""
    row = _open_row(key, now)
    if row is None or language not in sound.LANGUAGES:
        return None
    stream = Stream(derived_secret("captcha-sound"), f"{language}:{key}")
    return sound.speak(row.challenge.partition(":")[2], language, stream, _SOUNDS)


def made_at(key: str, minutes: int) -> datetime | None:
    """When an open or lately expired challenge was made, given how long the policy lets one live."""
    row = first(CaptchaStore, "WHERE hashkey = %s", [key]) if _KEY.fullmatch(key) else None
    return None if row is None else row.expiration - timedelta(minutes=minutes)


@lru_cache(maxsize=1)
def font_path() -> str:
    """The typeface that comes with django-simple-captcha (Bitstream Vera, free licence)."""
    return str(files("captcha") / "fonts" / "Vera.ttf")


def solve(key: str, answer: str, binding: Binding, now: datetime) -> Solved:
    """Try an answer: letters in any case, or the spoken digits of any keyboard; spaces do not count.

    Right or wrong, the challenge is used up. Only the one request that deletes the row may be right.
    """
    if not is_bound(key, binding):
        return Solved.FOREIGN
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, [key, now])
        row = cursor.fetchone()
    if row is None:
        return Solved.GONE
    typed = _typed(answer)
    letters, _, digits = row[0].partition(":")
    wanted = digits if typed.isdigit() else letters
    return Solved.RIGHT if hmac.compare_digest(typed.encode(), wanted.encode()) else Solved.WRONG
