"""Intervals of 95 %, each named with its source."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta, t

CONFIDENCE = 0.95
Z = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; `method` says which."""

    value: float
    low: float
    high: float
    method: str

    def as_dict(self) -> dict[str, float | str]:
        """For JSON: what is not finite becomes a text."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {k: v if math.isfinite(v) else str(v) for k, v in numbers.items()} | {"method": self.method}


def share(hits: int, tries: int) -> Estimate:
    """A share by Wilson's score interval (Wilson 1927). Without tries everything is possible."""
    if tries == 0:
        return Estimate(float("nan"), 0.0, 1.0, "Wilson")
    part, square = hits / tries, Z * Z
    middle = (part + square / (2 * tries)) / (1 + square / tries)
    half = Z * math.sqrt(part * (1 - part) / tries + square / (4 * tries * tries)) / (1 + square / tries)
    return Estimate(part, max(0.0, middle - half), min(1.0, middle + half), "Wilson")


def rare_share(hits: int, tries: int) -> Estimate:
    """A share near 0 or 1 by the exact interval (Clopper and Pearson 1934), which never promises too much."""
    if tries == 0:
        return Estimate(float("nan"), 0.0, 1.0, "Clopper-Pearson")
    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if hits == 0 else float(beta.ppf(tail, hits, tries - hits + 1))
    high = 1.0 if hits == tries else float(beta.ppf(1 - tail, hits + 1, tries - hits))
    return Estimate(hits / tries, low, high, "Clopper-Pearson")


def mean(values: Sequence[float]) -> Estimate:
    """A mean with Student's interval (Student 1908)."""
    if len(values) < 2:
        value = values[0] if values else float("nan")
        return Estimate(value, float("-inf"), float("inf"), "Student")
    numbers = np.asarray(values, dtype=float)
    half = float(t.ppf(0.5 + CONFIDENCE / 2, len(values) - 1)) * float(numbers.std(ddof=1)) / math.sqrt(len(values))
    value = float(numbers.mean())
    return Estimate(value, value - half, value + half, "Student")


def resampled_mean(values: Sequence[float], times: int = 4000) -> Estimate:
    """A mean of figures that are far from normal, by the percentile bootstrap (Efron 1979), always the same draws."""
    numbers = np.asarray(values, dtype=float)
    if len(numbers) < 2:
        return mean(values)
    means = np.random.default_rng(1).choice(numbers, (times, len(numbers))).mean(axis=1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(float(numbers.mean()), float(low), float(high), "bootstrap")


def risk_ratio(hits: int, tries: int, other_hits: int, other_tries: int) -> Estimate:
    """The ratio of two shares by the logarithm's normal interval (Katz and others 1978), a half added to each count."""
    a, n, b, m = hits + 0.5, tries + 0.5, other_hits + 0.5, other_tries + 0.5
    ratio = (a / n) / (b / m)
    spread = Z * math.sqrt(max(0.0, 1 / a - 1 / n + 1 / b - 1 / m))
    return Estimate(ratio, ratio * math.exp(-spread), ratio * math.exp(spread), "Katz")


def ratio_of_means(above: Sequence[float], below: Sequence[float]) -> Estimate:
    """The ratio of two means of paired observations by the delta method (Cochran, Sampling Techniques, 1977, ch. 6)."""
    x, y = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    if len(x) < 2 or y.mean() == 0:
        return Estimate(float("nan"), 0.0, float("inf"), "delta")
    ratio = float(x.mean() / y.mean())
    error = float(np.std(x - ratio * y, ddof=1) / math.sqrt(len(x)) / y.mean())
    half = float(t.ppf(0.5 + CONFIDENCE / 2, len(x) - 1)) * error
    return Estimate(ratio, ratio - half, ratio + half, "delta")
