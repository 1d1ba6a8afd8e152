"""What stands under a subject in the list of messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messages.snippet import LONGEST, snippet


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("", ""),
        ("Snow.\n\nStay  at home.", "Snow. Stay at home."),
        ("a" * 120, "a" * 120),
        ("word " * 30, "word " * 23 + "word…"),
        ("学" * 121, "学" * 119 + "…"),
    ],
)
def test_a_snippet_is_one_line_that_ends_at_a_word(body: str, shown: str) -> None:
    assert snippet(body) == shown


@given(st.text())
def test_a_snippet_is_never_too_long_and_begins_like_the_body(body: str) -> None:
    shown = snippet(body)
    assert len(shown) <= LONGEST
    assert " ".join(body.split()).startswith(shown.removesuffix("…"))
