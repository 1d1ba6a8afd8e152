"""What people type as an e-mail address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.directory.addresses import lookalikes, normalised_address
from app.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("marge@example.org", "marge@example.org"),
        ("  Marge.Simpson@Example.ORG ", "marge.simpson@example.org"),
        ("o'brien+school@example.org", "o'brien+school@example.org"),
        ("x@münchen.de", "x@xn--mnchen-3ya.de"),
    ],
)
def test_one_mailbox_has_one_form(typed: str, stored: str) -> None:
    assert normalised_address(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "marge",
        "marge@",
        "@example.org",
        "marge@localhost",
        "marge@@example.org",
        "marge @example.org",
        "Marge <marge@example.org>",
        "marge@example.org\nBcc: all@example.org",
        "marge@example.org, homer@example.org",
        "märge@example.org",
        "marge\u200b@example.org",
        "a" * 65 + "@example.org",
        "marge@" + "a" * 100_000 + ".org",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(typed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        normalised_address(typed)
    assert not typed or typed not in refusal.value.message


@given(st.emails())
def test_the_stored_form_is_ascii_and_reads_back_as_itself(typed: str) -> None:
    try:
        stored = normalised_address(typed)
    except Invalid:
        return
    assert stored.isascii()
    assert normalised_address(stored) == stored


def test_an_ordinary_address_holds_no_lookalike() -> None:
    assert lookalikes("marge@example.org") == []
    assert lookalikes("x@münchen.de") == []
