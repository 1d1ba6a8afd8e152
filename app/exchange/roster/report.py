"""What an import did, or would do: the report of `portal import roster --json`."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.errors import Invalid


class Noun(StrEnum):
    """What a roster speaks of; phones and e-mails are the links of contacts."""

    SCHOOLS = "schools"
    STUDENTS = "students"
    CONTACTS = "contacts"
    GUARDIANSHIPS = "guardianships"
    PHONES = "phones"
    EMAILS = "emails"


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    RETIRED = "retired"
    UNCHANGED = "unchanged"


class Code(StrEnum):
    """What was wrong with a row; docs/exchange.md explains each."""

    ENCODING = "ENCODING"
    NUL = "NUL"
    QUOTE = "QUOTE"
    COLUMNS = "COLUMNS"
    TOO_LONG = "TOO_LONG"
    EMPTY = "EMPTY"
    MISSING = "MISSING"
    DUPLICATE = "DUPLICATE"
    UNKNOWN_REFERENCE = "UNKNOWN_REFERENCE"
    UNKNOWN_WORD = "UNKNOWN_WORD"
    NAME = "NAME"
    NUMBER = "NUMBER"
    ADDRESS = "ADDRESS"


# Called with a stage, what is done and the total: every thousandth time, and at the end.
Progress = Callable[[str, int, int], None]
EVERY = 1_000
Tally = Counter[tuple[Outcome, Noun]]


@dataclass(frozen=True, slots=True)
class Place:
    """A cell of a file: `line` counts from 1, the header's; `column` is the header's name."""

    file: str
    line: int
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """`message` says what is wrong without repeating what stands there."""

    place: Place
    code: Code
    message: str


@dataclass(slots=True)
class RosterReport:
    """`conflicts` counts values that staff must decide, because the file overlays an edit."""

    district: str
    format: str = ""
    dry_run: bool = False
    tally: Tally = field(default_factory=Counter)
    conflicts: int = 0
    errors: list[Problem] = field(default_factory=list)

    def problem(self, place: Place, code: Code, message: str) -> None:
        self.errors.append(Problem(place, code, message))

    def count(self, outcome: Outcome, noun: Noun) -> int:
        return self.tally[outcome, noun]

    def as_json(self) -> dict[str, Any]:
        return {
            "district": self.district,
            "format": self.format,
            **{
                outcome.value: {noun.value: self.count(outcome, noun) for noun in Noun}
                for outcome in Outcome
            },
            "conflicts": self.conflicts,
            "errors": [
                {
                    "file": problem.place.file,
                    "line": problem.place.line,
                    "column": problem.place.column,
                    "code": problem.code.value,
                    "message": problem.message,
                }
                for problem in sorted(self.errors, key=_in_reading_order)
            ],
            "dry_run": self.dry_run,
        }


def _in_reading_order(problem: Problem) -> tuple[str, int]:
    return (problem.place.file, problem.place.line)


class RosterRefused(Invalid):
    """The whole import was refused and nothing changed; `report` says what was found."""

    def __init__(self, message: str, report: RosterReport) -> None:
        super().__init__(message)
        self.report = report
