"""Pages by keyset: a cursor says after which row a page begins, never how many rows to skip.

A cursor is opaque: the instant and the id of a row, as 32 characters that stand in a URL.
"""

import base64
import binascii
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from app.errors import Invalid

DEFAULT_SIZE = 20
LARGEST_SIZE = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORM = struct.Struct(">q16s")  # microseconds since 1970, id

Row = TypeVar("Row")
Shaped = TypeVar("Shaped")


class Position(NamedTuple):
    """The place of a row in its order."""

    at: datetime
    id: UUID

    @property
    def cursor(self) -> str:
        microseconds = (self.at - _EPOCH) // timedelta(microseconds=1)
        return base64.urlsafe_b64encode(_FORM.pack(microseconds, self.id.bytes)).decode()


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A stretch of rows, and whether others follow."""

    rows: Sequence[Row]
    has_next: bool

    @classmethod
    def cut(cls, rows: Sequence[Row], size: int) -> "Page[Row]":
        """From `size + 1` rows asked for: the one too many only says that others follow."""
        return cls(rows[:size], len(rows) > size)

    def map(self, shape: Callable[[Row], Shaped]) -> "Page[Shaped]":
        return Page([shape(row) for row in self.rows], self.has_next)


def page_size(first: int | None, last: int | None = None) -> int:
    """How many rows to give for `first` or `last`: 20 when unsaid, at most 100."""
    if first is not None and last is not None:
        raise Invalid("Give `first` or `last`, not both.", path=("last",))
    name, asked = ("last", last) if last is not None else ("first", first)
    if asked is None:
        return DEFAULT_SIZE
    if not 0 <= asked <= LARGEST_SIZE:
        raise Invalid(f"A page has 0 to {LARGEST_SIZE} rows.", path=(name,))
    return asked


def position_of(cursor: str, *, path: tuple[str, ...] = ("after",)) -> Position:
    """The place a cursor stands for. Raises Invalid on what is no cursor of ours."""
    try:
        packed = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
        microseconds, identity = _FORM.unpack(packed)
        return Position(_EPOCH + timedelta(microseconds=microseconds), UUID(bytes=identity))
    except (ValueError, binascii.Error, struct.error, OverflowError) as error:
        raise Invalid("This is not a cursor of this list.", path=path) from error
