"""Spoken digits mixed with noise: the alternative to the picture, for people who listen.

Pauses, loudness, pace and the noise differ each time and follow from the secret alone, so that the same challenge
always sounds the same: asking again gives no second sample from which the noise could be averaged away.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from antibot.domain.stream import Stream

RATE: Final = 8000  # samples a second
LENGTH: Final = 5  # digits
LANGUAGES: Final = ("fr", "ar", "en")
_NOISE_EVERY = 6  # noise is drawn at RATE / 6 and held, which puts it where speech is


def _expand(byte: int) -> int:
    """ITU-T G.711 μ-law to linear 16 bits."""
    byte = ~byte & 0xFF
    magnitude = ((((byte & 0x0F) << 3) + 0x84) << ((byte & 0x70) >> 4)) - 0x84
    return -magnitude if byte & 0x80 else magnitude


_LINEAR: Final = tuple(_expand(byte) for byte in range(256))


@lru_cache(maxsize=4)
def voices(folder: Path) -> Mapping[tuple[str, str], tuple[int, ...]]:
    """All digits of all languages as linear samples (about 1 MB in memory)."""
    return {
        (language, str(digit)): tuple(_LINEAR[byte] for byte in (folder / f"{language}-{digit}.ul").read_bytes())
        for language in LANGUAGES
        for digit in range(10)
    }


def speak(digits: str, language: str, stream: Stream, folder: Path) -> bytes:
    """A WAV file (8 bits, 8 kHz) that says `digits` in `language`, with noise underneath."""
    spoken = voices(folder)
    samples: list[int] = [0] * stream.whole(RATE // 3, RATE // 2)
    for digit in digits:
        samples += _paced(spoken[language, digit], stream.between(0.88, 1.12), stream.between(0.75, 1.0))
        samples += [0] * stream.whole(int(RATE * 0.35), int(RATE * 0.7))
    noise = stream.take(len(samples) // _NOISE_EVERY + 2)
    level = stream.whole(13, 19)
    mixed = bytearray(len(samples))
    for index, sample in enumerate(samples):
        place, part = divmod(index, _NOISE_EVERY)
        hum = noise[place] * (_NOISE_EVERY - part) + noise[place + 1] * part - 128 * _NOISE_EVERY
        value = (sample >> 8) + (hum * level) // (128 * _NOISE_EVERY) + 128
        mixed[index] = 0 if value < 0 else min(value, 255)
    return _wav(bytes(mixed))


def _paced(samples: tuple[int, ...], pace: float, loudness: float) -> list[int]:
    length = int(len(samples) / pace)
    gain = int(loudness * 256)
    return [(samples[int(index * pace)] * gain) >> 8 for index in range(length) if int(index * pace) < len(samples)]


def _wav(data: bytes) -> bytes:
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, RATE, RATE, 1, 8, b"data", len(data)
    )
    return head + data
