"""Dividing half days among services."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments.domain.calendar.sharing import divide


def test_shares_are_kept() -> None:
    assert Counter(divide(100, [50, 30, 20])) == {0: 50, 1: 30, 2: 20}


def test_a_large_service_is_spread_over_the_week() -> None:
    owners = divide(10, [50, 10, 10, 10, 10, 10])
    assert all(0 in owners[start : start + 3] for start in range(8))


@pytest.mark.parametrize("shares", [[], [1, 0], [1, -1]])
def test_weights_must_be_positive(shares: list[float]) -> None:
    with pytest.raises(ValueError, match=r"\["):
        divide(5, shares)


@given(st.integers(0, 200), st.lists(st.floats(0.01, 100), min_size=1, max_size=14))
def test_everybody_gets_a_unit_if_there_are_enough(units: int, shares: list[float]) -> None:
    owners = divide(units, shares)
    assert len(owners) == units
    assert len(set(owners)) == min(units, len(shares))
