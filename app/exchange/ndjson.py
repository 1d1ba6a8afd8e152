"""One JSON object a line (NDJSON): read within limits, and each fault with its place.

A fault costs the line it stands in, or the part of it that its reader can do without.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, BinaryIO, TypeVar

import orjson

LONGEST_LINE = 1_000_000  # bytes
LONGEST_ID = 200  # characters
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?(?P<zone>[Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
Word = TypeVar("Word", bound=StrEnum)


class Fault(StrEnum):
    """What can be wrong with a line; docs/exchange.md explains each."""

    JSON = "JSON"
    TOO_LONG = "TOO_LONG"
    MISSING = "MISSING"
    TYPE = "TYPE"
    CHARACTER = "CHARACTER"
    INSTANT = "INSTANT"
    UNKNOWN_WORD = "UNKNOWN_WORD"
    UNKNOWN_REFERENCE = "UNKNOWN_REFERENCE"
    NUMBER = "NUMBER"
    ADDRESS = "ADDRESS"
    LINK = "LINK"
    DUPLICATE = "DUPLICATE"
    CHANGED = "CHANGED"


class LineError(Exception):
    """`path` leads to the place within the line, outermost first; the message never repeats
    what stands there.
    """

    def __init__(self, code: Fault, message: str, *path: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path


@dataclass(frozen=True, slots=True)
class LineProblem:
    """A fault as the sender is told of it; `line` counts from 1."""

    line: int
    code: str
    message: str
    path: tuple[str, ...] = ()

    @classmethod
    def of(cls, line: int, error: LineError) -> "LineProblem":
        return cls(line, error.code, error.message, error.path)

    def as_json(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "code": self.code,
            "message": self.message,
            "path": list(self.path),
        }


def read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream in constant memory: of one that is too long, enough to show it."""
    while line := stream.readline(LONGEST_LINE + 1):
        yield line
        while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            line = stream.readline(LONGEST_LINE + 1)


def numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines with something in them, counted from 1, without the mark some editors begin with."""
    for number, line in enumerate(lines, start=1):
        content = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
        if content.strip():
            yield number, content


def read_object(line: bytes) -> "Fields":
    """Raises LineError on what is not one JSON object of at most a million bytes."""
    if len(line.rstrip(b"\r\n")) > LONGEST_LINE:
        raise LineError(Fault.TOO_LONG, f"The line has more than {LONGEST_LINE:,} bytes.")
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise LineError(Fault.JSON, f"{error.msg}, at byte {error.pos + 1}") from error
    if not isinstance(value, dict):
        raise LineError(Fault.JSON, "A line holds one JSON object.")
    return Fields(value)


class Fields:
    """The members of an object, each read as what it must be; absent and null are one."""

    def __init__(self, members: Any, path: tuple[str, ...] = ()) -> None:
        self._members = members
        self._path = path

    def error(self, code: Fault, message: str, *place: str) -> LineError:
        return LineError(code, message, *self._path, *place)

    def has(self, name: str) -> bool:
        return self._value(name) is not None

    def text(self, name: str) -> str:
        value = self._value(name)
        if value is None:
            raise self.error(Fault.MISSING, "This is missing.", name)
        return self._as_text(value, name)

    def id(self, name: str) -> str:
        """An id of the sender's: 1 to 200 visible characters."""
        return self._as_id(self.text(name), name)

    def ids(self, name: str) -> tuple[str, ...]:
        """A list of ids without repeats; empty when absent."""
        read = (
            self._as_id(self._as_text(value, name, str(place)), name, str(place))
            for place, value in enumerate(self._list(name))
        )
        return tuple(dict.fromkeys(read))

    def word(self, name: str, words: type[Word]) -> Word:
        text = self.text(name)
        try:
            return words(text)
        except ValueError as error:
            known = ", ".join(words)
            raise self.error(Fault.UNKNOWN_WORD, f"This is none of: {known}.", name) from error

    def instant(self, name: str) -> datetime:
        """RFC 3339 with its offset or Z, as UTC."""
        text = self.text(name)
        written = RFC3339.fullmatch(text)
        if written and written["zone"] is None:
            raise self.error(Fault.INSTANT, "This time needs a Z or an offset.", name)
        try:
            if written:
                return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise self.error(Fault.INSTANT, "This is no time such as 2026-11-20T14:05:00Z.", name)

    def objects(self, name: str) -> list["Fields"]:
        """A list of objects, each of which knows its place."""
        if not self.has(name):
            raise self.error(Fault.MISSING, "This is missing.", name)
        return [
            Fields(value, (*self._path, name, str(place)))
            for place, value in enumerate(self._list(name))
        ]

    def _value(self, name: str) -> Any:
        if not isinstance(self._members, dict):
            raise self.error(Fault.TYPE, "This must be an object.")
        return self._members.get(name)

    def _list(self, name: str) -> list[Any]:
        value = self._value(name)
        if value is not None and not isinstance(value, list):
            raise self.error(Fault.TYPE, "This must be a list.", name)
        return value or []

    def _as_text(self, value: Any, *place: str) -> str:
        if not isinstance(value, str):
            raise self.error(Fault.TYPE, "This must be text.", *place)
        if "\0" in value:
            raise self.error(Fault.CHARACTER, "This holds a NUL character.", *place)
        return value

    def _as_id(self, text: str, *place: str) -> str:
        if not text.strip():
            raise self.error(Fault.MISSING, "An id cannot be empty.", *place)
        if len(text) > LONGEST_ID:
            raise self.error(Fault.TOO_LONG, f"An id has at most {LONGEST_ID} characters.", *place)
        if not text.isprintable():
            raise self.error(Fault.CHARACTER, "An id cannot hold hidden characters.", *place)
        return text
