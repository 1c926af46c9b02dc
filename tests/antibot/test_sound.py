"""Spoken digits: each one is there, in its order, in three languages, and noise runs under and between them."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from antibot.domain import sound
from antibot.domain.stream import Stream

FOLDER = Path(sound.__file__).resolve().parents[1] / "sounds"
FRAME = sound.RATE // 50  # 20 ms


def _samples(wav: bytes) -> NDArray[np.float64]:
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (sound.RATE, 1, 1)
        return np.frombuffer(file.readframes(file.getnframes()), dtype=np.uint8).astype(float) - 128


def _loudness(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    return np.sqrt((frames**2).mean(axis=1))


def _spectra(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twelve bands of each frame, with the mean taken off: what a digit sounds like."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME) * np.hanning(FRAME)
    power = np.abs(np.fft.rfft(frames, axis=1))[:, 1:73].reshape(len(frames), 12, 6).sum(axis=2)
    found = np.log(power + 30.0)
    return found - found.mean()


def _spoken(wav: bytes) -> list[NDArray[np.float64]]:
    """The stretches that are clearly louder than the noise, joined across the stops inside a word."""
    samples = _samples(wav)
    level = _loudness(samples)
    loud = np.flatnonzero(level > np.quantile(level, 0.25) * 2.0)
    groups = np.split(loud, np.flatnonzero(np.diff(loud) > 13) + 1)
    return [samples[group[0] * FRAME : (group[-1] + 1) * FRAME] for group in groups if len(group) >= 4]


def _distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Dynamic time warping (Sakoe and Chiba 1978) between two sequences of spectra, for each step of the way."""
    cost = np.linalg.norm(one[:, None, :] - other[None, :, :], axis=2)
    total = np.full((len(one) + 1, len(other) + 1), np.inf)
    total[0, 0] = 0.0
    for i in range(len(one)):
        for j in range(len(other)):
            total[i + 1, j + 1] = cost[i, j] + min(total[i, j], total[i, j + 1], total[i + 1, j])
    return float(total[-1, -1]) / (len(one) + len(other))


SAID = ("01234", "56789", "98765", "43210", "13579", "86420")


@pytest.mark.parametrize("language", sound.LANGUAGES)
def test_five_digits_are_heard_in_their_order_with_noise_between_them(language: str) -> None:
    """A crude ear (warped spectra against the plain recordings) is right far more often than the one time in ten."""
    plain = {
        digit: _spectra(np.array(samples, dtype=float) / 256)
        for (spoken, digit), samples in sound.voices(FOLDER).items()
        if spoken == language
    }
    tried = right = 0
    for number, digits in enumerate(SAID):
        wav = sound.speak(digits, language, Stream(bytes([number]) * 32, language), FOLDER)
        samples = _samples(wav)
        assert 3 < len(samples) / sound.RATE < 12
        assert _loudness(samples).min() > 2, "noise is everywhere, so that nothing can be cut out"
        stretches = _spoken(wav)
        if len(stretches) != sound.LENGTH:
            continue  # the crude ear cut a word in two
        tried += sound.LENGTH
        for digit, stretch in zip(digits, stretches, strict=True):
            spectra = _spectra(stretch)
            right += min(plain, key=lambda one: _distance(spectra, plain[one])) == digit
    assert tried >= 3 * sound.LENGTH, "five words, one after the other"
    assert right >= 0.3 * tried, (right, tried)
