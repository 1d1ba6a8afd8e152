"""What people type as a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.directory.names import clean_name
from app.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Marge", "Marge"),
        ("  Marge   Simpson ", "Marge Simpson"),
        ("Jose\u0301", "José"),
        ("O'Brien, Jr.", "O'Brien, Jr."),
        ("=SUM(A1)", "=SUM(A1)"),
        ("ኃይሌ", "ኃይሌ"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("", ""),
    ],
)
def test_a_name_is_kept_as_it_is_spelled(typed: str, stored: str) -> None:
    assert clean_name(typed) == stored


def test_a_name_has_its_length() -> None:
    assert clean_name("x" * 200)
    with pytest.raises(Invalid, match="at most 200"):
        clean_name("x" * 201)


@given(st.text(max_size=50))
def test_a_clean_name_stays_as_it_is(typed: str) -> None:
    try:
        name = clean_name(typed)
    except Invalid:
        return
    assert clean_name(name) == name
    assert "\n" not in name
