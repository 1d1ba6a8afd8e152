"""Cells that every format has: names, numbers, addresses, languages."""

import re

from app.directory.addresses import normalised_address
from app.directory.names import clean_name, hidden_characters, shown
from app.directory.numbers import parse_number
from app.errors import Invalid
from app.exchange.roster.people import StagedPoint
from app.exchange.roster.report import Code, RosterReport
from app.exchange.roster.table import Row, RowError
from app.vocabulary import ContactField, DestinationKind, LineType

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
LONGEST_LABEL = 100
NO_DIGITS = re.compile(r"\D+")


def name_of(row: Row, column: str) -> str:
    try:
        return clean_name(row.text(column))
    except Invalid as error:
        raise RowError(Code.NAME, error.message, column) from error


def names_of(row: Row, given: str, family: str) -> dict[ContactField, str | None]:
    """Both names; one of them may be empty, since not everybody has two."""
    names: dict[ContactField, str | None] = {
        ContactField.GIVEN_NAME: name_of(row, given),
        ContactField.FAMILY_NAME: name_of(row, family),
    }
    if not any(names.values()):
        raise RowError(Code.MISSING, "a person needs a name", given)
    return names


def language_of(row: Row, column: str, report: RosterReport) -> str | None:
    """A BCP 47 tag, or None where the row says none that could be read."""
    text = row.text(column)
    if text and not LANGUAGE.fullmatch(text):
        report.problem(row.place(column), Code.UNKNOWN_WORD, "is no language code such as es")
        return None
    return text or None


def plain(row: Row, column: str) -> str:
    """A short text without hidden characters: a label, a relation, a grade."""
    text = row.text(column)
    if len(text) > LONGEST_LABEL:
        raise RowError(Code.TOO_LONG, f"longer than {LONGEST_LABEL} characters", column)
    if hidden := hidden_characters(text):
        raise RowError(Code.NAME, f"holds the hidden character {hidden[0]}", column)
    return text


def phone_of(
    row: Row,
    column: str,
    region: str,
    report: RosterReport,
    *,
    label: str,
    slot: str,
    extension: str = "",
    line_type: LineType | None = None,
    priority: int = 0,
) -> StagedPoint | None:
    """The number in a cell; None for an empty one. What is no number is kept as text."""
    text = row.text(column)
    if not text:
        return None
    point = StagedPoint(
        kind=DestinationKind.PHONE,
        value=None,
        text=shown(text),
        label=label,
        slot=slot,
        place=row.place(column),
        line_type=line_type,
        priority=priority,
    )
    try:
        number = parse_number(text, region)
    except Invalid as error:
        report.problem(point.place, Code.NUMBER, f"{error.message} It is kept as text only.")
        return point
    point.value, point.text = number.value, number.display
    point.extension = NO_DIGITS.sub("", extension) or number.extension
    point.planned_type = number.line_type
    return point


def mailbox_of(
    row: Row, column: str, report: RosterReport, *, label: str, slot: str, priority: int = 0
) -> StagedPoint | None:
    """The address in a cell, in the same way."""
    text = row.text(column)
    if not text:
        return None
    point = StagedPoint(
        kind=DestinationKind.MAILBOX,
        value=None,
        text=shown(text),
        label=label,
        slot=slot,
        place=row.place(column),
        priority=priority,
    )
    try:
        point.value = normalised_address(text)
    except Invalid as error:
        report.problem(point.place, Code.ADDRESS, f"{error.message} It is kept as text only.")
    return point
