"""One CSV file (RFC 4180, UTF-8), row by row. A row that cannot be read costs only itself."""

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from app.errors import Invalid
from app.exchange.roster.report import Code, Place

LONGEST_LINE = 1_000_000
LONGEST_CELL = 1_000
LINE_ENDS = ("\n", "\r")


class RowError(Exception):
    """What is wrong with one row, and in which column."""

    def __init__(self, code: Code, message: str, column: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.column = column


@dataclass(slots=True)
class Row:
    """The cells of a record; `fault` says why they cannot be used."""

    table: "Table"
    line: int
    cells: list[str]
    fault: RowError | None = None

    def place(self, column: str | None = None) -> Place:
        return Place(self.table.name, self.line, column)

    def text(self, column: str) -> str:
        """The cell with single spaces; "" where the file has no such column."""
        return " ".join(self._short(column).split())

    def required(self, column: str) -> str:
        if text := self.text(column):
            return text
        raise RowError(Code.MISSING, "must not be empty", column)

    def id(self, column: str) -> str:
        """A source id as it stands, without the spaces around it."""
        source_id = self._short(column).strip()
        if not source_id:
            raise RowError(Code.MISSING, "must not be empty", column)
        if not source_id.isprintable():
            raise RowError(Code.NAME, "an id cannot hold hidden characters", column)
        return source_id

    def ids(self, column: str) -> list[str]:
        """A list of source ids within one cell, separated by commas."""
        return [each.strip() for each in self._cell(column).split(",") if each.strip()]

    def readable_id(self, column: str) -> str | None:
        """The id of a row that is otherwise no good, where it can still be told."""
        try:
            source_id = self.id(column)
        except (RowError, IndexError):
            return None
        return source_id if _is_clean(source_id) else None

    def _short(self, column: str) -> str:
        cell = self._cell(column)
        if len(cell) > LONGEST_CELL:
            raise RowError(Code.TOO_LONG, f"longer than {LONGEST_CELL} characters", column)
        return cell

    def _cell(self, column: str) -> str:
        index = self.table.columns.get(column)
        return "" if index is None else self.cells[index]


class Table:
    """A file with its header read; iterate for its rows. Column names in any capitals."""

    def __init__(self, name: str, content: bytes, required: tuple[str, ...] = ()) -> None:
        self.name = name
        self._lines = Lines(content)
        self._records = self._read_records()
        self.columns = Columns(name, [])
        self.columns = self._header()
        for column in required:
            if column not in self.columns:
                raise Invalid(f"{name}: the column {column} is missing", path=(name, column))

    def has(self, *columns: str) -> bool:
        return all(column in self.columns for column in columns)

    def _header(self) -> "Columns":
        header = next(self._records, None)
        if header is None:
            raise Invalid(f"{self.name}: the file is empty", path=(self.name,))
        if header.fault:
            raise Invalid(f"{self.name}: the header {header.fault.message}", path=(self.name,))
        self._width = len(header.cells)
        return Columns(self.name, header.cells)

    def __iter__(self) -> Iterator[Row]:
        for row in self._records:
            if row.fault is None and len(row.cells) != self._width:
                if not any(cell.strip() for cell in row.cells):
                    continue
                row.fault = RowError(
                    Code.COLUMNS, f"{len(row.cells)} cells, the header has {self._width}"
                )
            yield row

    def _read_records(self) -> Iterator[Row]:
        lines = self._lines
        reader = csv.reader(lines, strict=True)
        while True:
            lines.begin_record()
            line = lines.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                reader = csv.reader(lines, strict=True)
                yield Row(self, line, [], self._unreadable(error))
                continue
            yield Row(self, line, cells, self._fault(cells) if lines.unclean else None)

    def _unreadable(self, error: csv.Error) -> RowError:
        if "larger than field limit" in str(error) and len(self._lines.record) == 1:
            return RowError(Code.TOO_LONG, "a cell is too long")
        # A quote that does not close has swallowed the lines after it: read those again.
        self._lines.give_back_all_but_first()
        return RowError(Code.QUOTE, "a quote does not close, or something stands after it")

    def _fault(self, cells: list[str]) -> RowError:
        for cell, name in zip_longest(cells, self.columns.names[: len(cells)]):
            if not _is_utf8(cell):
                return RowError(Code.ENCODING, "is not UTF-8; save the file as UTF-8", name)
            if "\0" in cell:
                return RowError(Code.NUL, "holds a NUL character", name)
        return RowError(Code.TOO_LONG, f"the line is longer than {LONGEST_LINE} characters")


class Columns:
    """Where each column stands; names are compared without regard to capitals."""

    def __init__(self, file: str, header: list[str]) -> None:
        self.names = [name.strip() for name in header]
        self._index: dict[str, int] = {}
        for index, name in enumerate(self.names):
            if name and self._index.setdefault(name.casefold(), index) != index:
                raise Invalid(f"{file}: the column {name} is there twice", path=(file, name))

    def get(self, name: str) -> int | None:
        return self._index.get(name.casefold())

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._index


class Lines:
    """The physical lines; those of the present record can be given back."""

    def __init__(self, content: bytes) -> None:
        self._text = io.TextIOWrapper(
            io.BytesIO(content), encoding="utf-8-sig", errors="surrogateescape", newline=""
        )
        self._again: deque[str] = deque()
        self.number = 0
        self.record: list[str] = []
        self.unclean = False

    def begin_record(self) -> None:
        self.record = []
        self.unclean = False

    def give_back_all_but_first(self) -> None:
        self._again.extendleft(reversed(self.record[1:]))
        self.number -= len(self.record) - 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        cut = len(line) == LONGEST_LINE and not line.endswith(LINE_ENDS)
        if cut:
            self._skip_rest()
        self.number += 1
        self.record.append(line)
        self.unclean |= cut or not _is_clean(line)
        return line

    def _skip_rest(self) -> None:
        while (rest := self._text.readline(LONGEST_LINE)) and not rest.endswith(LINE_ENDS):
            pass


def _is_clean(text: str) -> bool:
    return "\0" not in text and _is_utf8(text)


def _is_utf8(text: str) -> bool:
    """Whether the bytes were; those that were not stand in it as surrogates (PEP 383)."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
