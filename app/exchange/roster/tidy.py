"""The tidy CSV set: one file for each noun, the one format that can say everything."""

from collections.abc import Container

from app.exchange.roster.people import (
    FileSet,
    Roster,
    StagedContact,
    StagedGuardianship,
    StagedPoint,
    StagedSchool,
    StagedStudent,
    read_rows,
)
from app.exchange.roster.reading import (
    language_of,
    mailbox_of,
    name_of,
    names_of,
    phone_of,
    plain,
)
from app.exchange.roster.report import Code, Noun
from app.exchange.roster.table import Row, RowError, Table
from app.vocabulary import ContactField, LineType, Rights

COLUMNS = {
    "schools.csv": ("source_id", "name"),
    "students.csv": ("source_id", "given_name", "family_name", "school"),
    "contacts.csv": ("source_id", "given_name", "family_name"),
    "guardianships.csv": ("student", "contact", "relation", "rights"),
    "phones.csv": ("contact", "number"),
    "emails.csv": ("contact", "address"),
}
LAST = 1_000  # the priority of what has none
STRICTEST_FIRST = (Rights.NO_RIGHTS, Rights.RESTRICTED, Rights.FULL)


def recognises(headers: dict[str, Table]) -> bool:
    return any(name in headers and headers[name].has(*COLUMNS[name][:2]) for name in COLUMNS)


def read(files: FileSet) -> Roster:
    """A file that is not there says nothing about its noun."""
    return Reader(files).read()


class Reader:
    def __init__(self, files: FileSet) -> None:
        self.files = files
        self.report = files.report
        self.roster = Roster()

    def read(self) -> Roster:
        for name, read, key, noun in (
            ("schools.csv", self._school, "source_id", Noun.SCHOOLS),
            ("students.csv", self._student, "source_id", Noun.STUDENTS),
            ("contacts.csv", self._contact, "source_id", Noun.CONTACTS),
            ("guardianships.csv", self._guardianship, "contact", Noun.GUARDIANSHIPS),
            ("phones.csv", self._phone, "contact", Noun.PHONES),
            ("emails.csv", self._email, "contact", Noun.EMAILS),
        ):
            if name in self.files.files:
                table = self.files.table(name, COLUMNS[name])
                read_rows(self.files, table, self.roster, read, id=key, speaks_of=[noun])
        return self.roster

    def _school(self, row: Row) -> None:
        source_id = _new(row, self.roster.schools)
        self.roster.schools[source_id] = StagedSchool(name_of(row, "name") or source_id)

    def _student(self, row: Row) -> None:
        source_id = _new(row, self.roster.students)
        names = names_of(row, "given_name", "family_name")
        self.roster.students[source_id] = StagedStudent(
            given_name=names[ContactField.GIVEN_NAME] or "",
            family_name=names[ContactField.FAMILY_NAME] or "",
            grade=plain(row, "grade") or None,
            school=row.id("school"),
            place=row.place("school"),
        )

    def _contact(self, row: Row) -> None:
        source_id = _new(row, self.roster.contacts)
        said = names_of(row, "given_name", "family_name")
        if language := language_of(row, "language", self.report):
            said[ContactField.LANGUAGE] = language
        if row.table.has("address"):
            said[ContactField.ADDRESS] = name_of(row, "address") or None
        self.roster.contacts[source_id] = StagedContact(said)

    def _guardianship(self, row: Row) -> None:
        pair = (row.id("student"), row.id("contact"))
        rights = self._rights(row)
        staged = StagedGuardianship(plain(row, "relation"), rights, row.place("student"))
        before = self.roster.guardianships.setdefault(pair, staged)
        if before is not staged:
            before.rights = min(before.rights or Rights.FULL, rights, key=STRICTEST_FIRST.index)
            raise RowError(Code.DUPLICATE, "this pair is there twice; the stricter rights count")

    def _rights(self, row: Row) -> Rights:
        """What nobody can read counts as the careful one."""
        word = row.text("rights").upper().replace(" ", "_").replace("-", "_")
        if not word:
            return Rights.FULL
        if word in tuple(Rights):
            return Rights(word)
        self.report.problem(
            row.place("rights"), Code.UNKNOWN_WORD, "no known rights; taken as RESTRICTED"
        )
        return Rights.RESTRICTED

    def _phone(self, row: Row) -> None:
        label = plain(row, "label")
        self._add_point(
            row,
            phone_of(
                row,
                "number",
                self.files.region,
                self.report,
                label=label,
                slot=label,
                extension=plain(row, "extension"),
                line_type=self._line_type(row),
                priority=self._priority(row),
            ),
            "number",
        )

    def _email(self, row: Row) -> None:
        label = plain(row, "label")
        self._add_point(
            row,
            mailbox_of(
                row,
                "address",
                self.report,
                label=label,
                slot=label,
                priority=self._priority(row),
            ),
            "address",
        )

    def _add_point(self, row: Row, point: StagedPoint | None, column: str) -> None:
        points = self.roster.points[row.id("contact")]
        if point is None:
            self.report.problem(row.place(column), Code.MISSING, "must not be empty")
            return
        if point.value and any(
            (other.kind, other.value) == (point.kind, point.value) for other in points
        ):
            raise RowError(Code.DUPLICATE, "the contact has it already", column)
        points.append(point)

    def _line_type(self, row: Row) -> LineType | None:
        word = row.text("line_type").upper()
        if not word or word == LineType.UNKNOWN:
            return None
        if word in tuple(LineType):
            return LineType(word)
        self.report.problem(row.place("line_type"), Code.UNKNOWN_WORD, "no known line type")
        return None

    def _priority(self, row: Row) -> int:
        text = row.text("priority")
        if not text:
            return LAST
        if text.isascii() and text.isdigit() and int(text) <= LAST:
            return int(text)
        self.report.problem(row.place("priority"), Code.UNKNOWN_WORD, "no whole number up to 1000")
        return LAST


def _new(row: Row, there: Container[str]) -> str:
    source_id = row.id("source_id")
    if source_id in there:
        raise RowError(Code.DUPLICATE, "this id is there twice; the first row counts", "source_id")
    return source_id
