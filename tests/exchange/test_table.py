"""CSV files, good and bad, row by row."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.exchange.roster.report import Code
from app.exchange.roster.table import LONGEST_LINE, RowError, Table

CELL = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


def table(text: str | bytes, *required: str) -> Table:
    return Table("f.csv", text.encode() if isinstance(text, str) else text, required)


def read(text: str | bytes) -> list[tuple[int, list[str] | Code]]:
    """Line and cells of each row, or the code of what is wrong with it."""
    return [(row.line, row.fault.code if row.fault else row.cells) for row in table(text)]


@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=8))
def test_what_a_csv_writer_writes_is_read_back(rows: list[tuple[str, str, str]]) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerows([("a", "b", "c"), *rows])
    expected = [list(row) for row in rows if any(cell.strip() for cell in row)]
    found = [row for row in table(stream.getvalue()) if any(cell.strip() for cell in row.cells)]
    assert [row.cells for row in found] == expected
    assert all(row.fault is None for row in found)


@given(st.binary(max_size=400))
def test_whatever_bytes_come_each_row_is_good_or_named(content: bytes) -> None:
    try:
        rows = list(table(b"a,b\n" + content))
    except Invalid:
        return
    for row in rows:
        assert row.fault is not None or len(row.cells) == 2


def test_a_byte_order_mark_and_any_line_end_are_welcome() -> None:
    for end in ("\n", "\r\n", "\r"):
        assert read(f"\ufeffa,b{end}1,2{end}3,4") == [(2, ["1", "2"]), (3, ["3", "4"])]


def test_a_quoted_cell_may_hold_commas_quotes_and_lines() -> None:
    assert read('a,b\n"1,\n""x""",2\n3,4\n') == [(2, ['1,\n"x"', "2"]), (4, ["3", "4"])]


def test_a_lone_quote_costs_its_own_line_only() -> None:
    text = 'a,b\n1,"2\n3,4\n5,6\n'
    assert read(text) == [(2, Code.QUOTE), (3, ["3", "4"]), (4, ["5", "6"])]


def test_something_after_a_closing_quote_is_named() -> None:
    assert read('a,b\n"1"x,2\n3,4\n') == [(2, Code.QUOTE), (3, ["3", "4"])]


def test_a_quote_within_a_cell_is_a_character_like_others() -> None:
    assert read('a,b\n5" pipe,O"Brien\n') == [(2, ['5" pipe', 'O"Brien'])]


def test_too_few_or_too_many_cells_are_named() -> None:
    wide = ",".join("x" * 10_000)
    assert read(f"a,b\n1\n1,2,3\n{wide}\n3,4\n") == [
        (2, Code.COLUMNS),
        (3, Code.COLUMNS),
        (4, Code.COLUMNS),
        (5, ["3", "4"]),
    ]


def test_empty_lines_are_no_rows() -> None:
    assert read("a,b\n\n1,2\n,\n  \n") == [(3, ["1", "2"]), (4, ["", ""])]


def test_a_nul_is_named_with_its_column() -> None:
    (row, good) = table("a,b\n1,2\0\n3,4\n")
    assert row.fault
    assert (row.fault.code, row.fault.column) == (Code.NUL, "b")
    assert good.cells == ["3", "4"]


def test_a_row_in_latin_1_is_named_with_its_column_and_the_others_go_in() -> None:
    (bad, good) = table("a,b\nx,Peña\n".encode("latin-1") + "y,Peña\n".encode())
    assert bad.fault
    assert (bad.fault.code, bad.fault.column) == (Code.ENCODING, "b")
    assert "UTF-8" in bad.fault.message
    assert good.cells == ["y", "Peña"]


@pytest.mark.parametrize("length", [200_000, LONGEST_LINE + 5, 3 * LONGEST_LINE])
def test_an_endless_cell_costs_its_own_line_only(length: int) -> None:
    text = f"a,b\n{'x' * length},2\n3,4\n"
    assert read(text) == [(2, Code.TOO_LONG), (3, ["3", "4"])]


def test_a_cell_that_is_used_has_its_length() -> None:
    (row,) = table(f"a\n{'x' * 1001}\n")
    with pytest.raises(RowError) as wrong:
        row.text("a")
    assert (wrong.value.code, wrong.value.column) == (Code.TOO_LONG, "a")


def test_an_id_stands_as_it_is_and_a_text_gets_single_spaces() -> None:
    (row,) = table("a\n A  1 \n")
    assert (row.id("a"), row.text("a")) == ("A  1", "A 1")


def test_columns_are_found_whatever_their_order_and_capitals() -> None:
    (row,) = table("Number, CONTACT ,,\n1,2,3,4\n", "contact", "number")
    assert (row.text("contact"), row.text("number"), row.text("other")) == ("2", "1", "")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "f.csv: the file is empty"),
        (b"a,c\n1,2\n", "f.csv: the column b is missing"),
        (b"a,b,A\n1,2,3\n", "f.csv: the column A is there twice"),
        ("a,b\n1,2\n".encode("utf-16"), "f.csv: the header is not UTF-8"),
        (b'a,"b\n1,2\n', "f.csv: the header a quote does not close"),
        (b"PK\x03\x04\x00\x00", "f.csv: the header holds a NUL"),
    ],
)
def test_a_file_without_a_good_header_is_refused_by_its_name(content: bytes, says: str) -> None:
    with pytest.raises(Invalid) as refusal:
        table(content, "a", "b")
    assert says in refusal.value.message
