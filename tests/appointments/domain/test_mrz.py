"""Passport lines: the specimen of ICAO Doc 9303 part 4, and every single-character mistake noticed or harmless."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments.domain.mrz import MrzError, check_digit, read_td3

TODAY = date(2026, 11, 23)
LINE1 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
LINE2 = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"


def test_the_specimen_of_the_standard() -> None:
    lines = read_td3(LINE1, LINE2, today=TODAY)
    assert (lines.family_name, lines.given_names) == ("ERIKSSON", "ANNA MARIA")
    assert (lines.number, lines.nationality, lines.issuing_country) == ("L898902C3", "UTO", "UTO")
    assert (lines.birth_date, lines.expires) == (date(1974, 8, 12), date(2012, 4, 15))


def test_small_letters_spaces_and_arabic_digits_are_read() -> None:
    typed = " ".join(LINE2.lower()[i : i + 11] for i in range(0, 44, 11)).translate(
        {ord(str(i)): "٠١٢٣٤٥٦٧٨٩"[i] for i in range(10)}
    )
    assert read_td3(LINE1.lower(), typed, today=TODAY).number == "L898902C3"


@given(
    position=st.sampled_from([*range(10), *range(13, 20), *range(21, 28), 43]), character=st.sampled_from("0123456789")
)
def test_a_wrong_digit_in_a_checked_field_is_noticed(position: int, character: str) -> None:
    mistyped = LINE2[:position] + character + LINE2[position + 1 :]
    before = read_td3(LINE1, LINE2, today=TODAY)
    if check_digit(character) == check_digit(LINE2[position]):
        return  # the standard's sum cannot tell these two apart
    with pytest.raises(MrzError):
        assert read_td3(LINE1, mistyped, today=TODAY) != before


@pytest.mark.parametrize("broken", ["", "P<UTO", LINE1 + "<", "X" + LINE1[1:], "P<UTO" + "é" * 39, "\x00" * 44])
def test_lines_that_cannot_be_right_are_named(broken: str) -> None:
    with pytest.raises(MrzError) as caught:
        read_td3(broken, LINE2, today=TODAY)
    assert caught.value.field == "line"


@given(st.text(max_size=60), st.text(max_size=60))
def test_nothing_typed_breaks_it(first: str, second: str) -> None:
    with pytest.raises(MrzError):
        read_td3(first, second, today=TODAY)
