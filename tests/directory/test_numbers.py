"""What people type as a phone number."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.directory.numbers import parse_number
from app.errors import Invalid
from app.vocabulary import LineType

MOBILE_OR_NOT = LineType.UNKNOWN

TYPED = [
    ("217-555-0143", "+12175550143", "217-555-0143", None, MOBILE_OR_NOT),
    ("(217) 555-0143", "+12175550143", "(217) 555-0143", None, MOBILE_OR_NOT),
    ("  217 555  0143 ", "+12175550143", "217 555 0143", None, MOBILE_OR_NOT),
    ("+1 217.555.0143", "+12175550143", "+1 217.555.0143", None, MOBILE_OR_NOT),
    ("1/217/555/0143", "+12175550143", "1/217/555/0143", None, MOBILE_OR_NOT),
    ("２１７５５５０１４３", "+12175550143", "2175550143", None, MOBILE_OR_NOT),
    ("217\u2011555\u20110143", "+12175550143", "(217) 555-0143", None, MOBILE_OR_NOT),
    ("217-555-0143 x12", "+12175550143", "(217) 555-0143", "12", MOBILE_OR_NOT),
    ("(217) 555-0143 ext. 7", "+12175550143", "(217) 555-0143", "7", MOBILE_OR_NOT),
    ("217-555-HELP", "+12175554357", "(217) 555-4357", None, MOBILE_OR_NOT),
    ("1-800-FLOWERS", "+18003569377", "(800) 356-9377", None, LineType.LANDLINE),
    ("+44 20 7946 0958", "+442079460958", "+44 20 7946 0958", None, LineType.LANDLINE),
    ("+44 7400 123456", "+447400123456", "+44 7400 123456", None, LineType.MOBILE),
    ("+39 06 698 12345", "+390669812345", "+39 06 698 12345", None, LineType.LANDLINE),
]


@pytest.mark.parametrize(
    ("typed", "value", "display", "extension", "line_type"), TYPED, ids=[row[0] for row in TYPED]
)
def test_a_number_is_read_as_it_is_typed(
    typed: str, value: str, display: str, extension: str | None, line_type: LineType
) -> None:
    number = parse_number(typed, "US")
    assert (number.value, number.display) == (value, display)
    assert (number.extension, number.line_type) == (extension, line_type)


NO_NUMBER = [
    "",
    "none",
    "call mom 217 555 0143",
    "217-555-0143 (Grandma, after 5)",
    "parent@example.org",
    "555-0143",
    "000-000-0000",
    "111 111 1111",
    "123-456-7890",
    "911",
    "+1 217 555 0143 0143 0143 0143",
    "tel:+12175550143",
    "+12175550143;phone-context=evil.example",
    "217-555-0143\u202e",
    "2" * 10_000,
]


@pytest.mark.parametrize("typed", NO_NUMBER, ids=[typed[:30] or "nothing" for typed in NO_NUMBER])
def test_what_is_no_number_is_refused_without_being_repeated(typed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_number(typed, "US")
    assert not typed or typed not in refusal.value.message


@given(st.from_regex(r"\A\+?[1-9][0-9]{6,14}\Z"))
def test_a_stored_number_is_valid_and_reads_back_as_itself(typed: str) -> None:
    try:
        number = parse_number(typed, "US")
    except Invalid:
        return
    assert phonenumbers.is_valid_number(phonenumbers.parse(number.value))
    assert parse_number(number.value, "ZZ").value == number.value
