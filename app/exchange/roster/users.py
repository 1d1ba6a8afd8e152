"""What OneRoster and School Data Sync, which grew out of it, write in the same way."""

from collections.abc import Callable
from datetime import date

from app.exchange.roster.people import FileSet, Roster, StagedPoint, StagedSchool, read_rows
from app.exchange.roster.reading import mailbox_of, name_of, phone_of
from app.exchange.roster.report import Code, Noun, RosterReport
from app.exchange.roster.table import Row, RowError, Table
from app.vocabulary import LineType

GUARDIAN_ROLES = ("parent", "guardian", "relative")  # who becomes a contact; closest first
STUDENT_ROLE = "student"
OF_USERS = (Noun.STUDENTS, Noun.CONTACTS, Noun.GUARDIANSHIPS, Noun.PHONES, Noun.EMAILS)


def read_schools(files: FileSet, roster: Roster, is_active: Callable[[Row], bool]) -> None:
    """orgs.csv: those of type school; districts, departments and states are no schools."""

    def read(row: Row) -> None:
        source_id = row.id("sourcedId")
        if source_id in roster.schools:
            raise RowError(Code.DUPLICATE, "this id is there twice; the first counts", "sourcedId")
        if row.required("type").lower() == "school" and is_active(row):
            roster.schools[source_id] = StagedSchool(name_of(row, "name") or source_id)

    table = files.table("orgs.csv", ("sourcedId", "name", "type"))
    read_rows(files, table, roster, read, id="sourcedId", speaks_of=[Noun.SCHOOLS])


def points_of(row: Row, files: FileSet) -> list[StagedPoint]:
    """The slots of a user: one number for texts, one for calls, one address."""
    region, report = files.region, files.report
    found = (
        phone_of(row, "sms", region, report, label="mobile", slot="sms", line_type=LineType.MOBILE),
        phone_of(row, "phone", region, report, label="phone", slot="phone", priority=1),
        mailbox_of(row, "email", report, label="email", slot="email"),
    )
    return [point for point in found if point is not None]


def nouns_of(table: Table) -> list[Noun]:
    """A column that is not there says nothing, rather than that nobody has one."""
    columns = {Noun.PHONES: ("sms", "phone"), Noun.EMAILS: ("email",)}
    return [noun for noun in OF_USERS if noun not in columns or any(map(table.has, columns[noun]))]


def is_current(row: Row, begin: str, end: str, files: FileSet) -> bool:
    """Whether today lies within the dates of a role; an empty one is open."""
    today, report = files.today, files.report
    return not (
        (_date(row, begin, report) or today) > today or (_date(row, end, report) or today) < today
    )


def _date(row: Row, column: str, report: RosterReport) -> date | None:
    text = row.text(column)
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        report.problem(row.place(column), Code.UNKNOWN_WORD, "is no date such as 2026-08-01")
        return None
