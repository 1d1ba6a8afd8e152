"""Cursors go out and come back; nonsense is refused with its place."""

import contextlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.paging import Page, Position, page_size, position_of

instants = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)).map(
    lambda naive: naive.replace(tzinfo=UTC)
)


@given(at=instants, id=st.uuids())
def test_a_cursor_comes_back_as_the_place_it_was_made_from(at: datetime, id: UUID) -> None:
    cursor = Position(at, id).cursor
    assert position_of(cursor) == Position(at, id)
    assert len(cursor) == 32
    assert not set(cursor) & set("+/=")


@given(st.text())
def test_no_text_whatever_breaks_the_reading_of_a_cursor(text: str) -> None:
    with contextlib.suppress(Invalid):
        assert position_of(text).cursor == text


@pytest.mark.parametrize(
    "nonsense",
    ["", "1", "MjA=", "A" * 31, "A" * 33, "A" * 31 + "\n", "é" * 32, "9" * 32, "f" * 32],
)
def test_nonsense_is_no_cursor(nonsense: str) -> None:
    with pytest.raises(Invalid) as refused:
        position_of(nonsense)
    assert refused.value.path == ("after",)


@pytest.mark.parametrize(("first", "size"), [(None, 20), (0, 0), (1, 1), (100, 100)])
def test_a_page_has_twenty_rows_unless_asked_otherwise(first: int | None, size: int) -> None:
    assert page_size(first) == page_size(None, first) == size


@pytest.mark.parametrize(
    ("first", "last", "place"),
    [(101, None, "first"), (-1, None, "first"), (None, 101, "last"), (1, 1, "last")],
)
def test_a_page_size_out_of_bounds_names_its_argument(
    first: int | None, last: int | None, place: str
) -> None:
    with pytest.raises(Invalid) as refused:
        page_size(first, last)
    assert refused.value.path == (place,)


def test_one_row_too_many_says_that_others_follow() -> None:
    assert Page.cut([1, 2, 3], 2) == Page([1, 2], has_next=True)
    assert Page.cut([1, 2], 2) == Page([1, 2], has_next=False)
    assert Page.cut([1, 2], 2).map(str) == Page(["1", "2"], has_next=False)


def test_two_instants_a_microsecond_apart_are_two_places() -> None:
    at, row = datetime(2026, 11, 20, tzinfo=UTC), UUID(int=1)
    assert Position(at, row).cursor != Position(at + timedelta(microseconds=1), row).cursor
