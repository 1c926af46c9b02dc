"""References: mistyped ones are told apart, look-alike letters do not matter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments.domain.references import ALPHABET, LENGTH, new_reference, read_reference, spoken

any_reference = st.builds(new_reference)


@given(any_reference)
def test_a_reference_is_read_back_however_it_is_written(reference: str) -> None:
    assert read_reference(f" {spoken(reference).lower()} ") == reference
    assert read_reference(reference.replace("0", "o").replace("1", "l")) == reference


@given(any_reference, st.integers(0, LENGTH - 2), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(reference: str, position: int, character: str) -> None:
    values = (ALPHABET.index(character), ALPHABET.index(reference[position]))
    if (values[0] - values[1]) % 31 == 0:
        return
    assert read_reference(reference[:position] + character + reference[position + 1 :]) is None


@given(any_reference, st.integers(0, LENGTH - 3))
def test_two_neighbours_swapped_are_noticed(reference: str, position: int) -> None:
    first, second = reference[position], reference[position + 1]
    if (ALPHABET.index(first) - ALPHABET.index(second)) % 31 == 0:
        return
    swapped = reference[:position] + second + first + reference[position + 2 :]
    assert read_reference(swapped) is None


@pytest.mark.parametrize("typed", ["", "A", "A" * 13, "\x00" * 12, "é" * 12, "١" * 12])
def test_what_cannot_be_a_reference_is_none(typed: str) -> None:
    assert read_reference(typed) is None
