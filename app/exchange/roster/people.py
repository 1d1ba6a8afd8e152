"""What a roster says, whatever its format: staged here before anything is compared."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from app.errors import Invalid
from app.exchange.roster.report import EVERY, Code, Noun, Place, Progress, RosterReport
from app.exchange.roster.source import Files
from app.exchange.roster.table import Row, RowError, Table
from app.vocabulary import ContactField, DestinationKind, LineType, Rights

NOUN_OF = {DestinationKind.PHONE: Noun.PHONES, DestinationKind.MAILBOX: Noun.EMAILS}


@dataclass(slots=True)
class StagedSchool:
    name: str


@dataclass(slots=True)
class StagedStudent:
    given_name: str
    family_name: str
    grade: str | None
    school: str
    place: Place


@dataclass(slots=True)
class StagedContact:
    """`said` holds the fields the file speaks of; what it leaves out stays as it is."""

    said: dict[ContactField, str | None]


@dataclass(slots=True)
class StagedGuardianship:
    """`rights` None: the format cannot say."""

    relation: str
    rights: Rights | None
    place: Place


@dataclass(slots=True)
class StagedPoint:
    """A number or an address of a contact; `value` None = not usable, only `text` is kept.

    `slot` is the place in the source that holds it; `line_type` is None where only the
    numbering plan could tell, which is `planned_type`.
    """

    kind: DestinationKind
    value: str | None
    text: str
    label: str
    slot: str
    place: Place
    extension: str | None = None
    line_type: LineType | None = None
    planned_type: LineType = LineType.UNKNOWN
    priority: int = 0


@dataclass(slots=True)
class Roster:
    """All of one set of files, by source id.

    `named` are the nouns that the set speaks of, `doubtful` those of which a line could not
    even be told apart. `kept` are the ids of rows that could not be read: what they stood for
    is neither changed nor retired. Guardianships are keyed (student, contact) and kept by
    either; phones and e-mails are kept by contact.
    """

    schools: dict[str, StagedSchool] = field(default_factory=dict)
    students: dict[str, StagedStudent] = field(default_factory=dict)
    contacts: dict[str, StagedContact] = field(default_factory=dict)
    guardianships: dict[tuple[str, str], StagedGuardianship] = field(default_factory=dict)
    points: defaultdict[str, list[StagedPoint]] = field(default_factory=lambda: defaultdict(list))
    named: set[Noun] = field(default_factory=set)
    doubtful: set[Noun] = field(default_factory=set)
    kept: defaultdict[Noun, set[str]] = field(default_factory=lambda: defaultdict(set))

    def is_whole(self, noun: Noun) -> bool:
        """Whether all of the noun is listed: only what is missing then can be retired."""
        return noun in self.named and noun not in self.doubtful

    def keep(self, nouns: Iterable[Noun], id: str | None) -> None:
        """A row was no good. Where not even its id can be told, nothing of it is retired."""
        for noun in nouns:
            if id is None:
                self.doubtful.add(noun)
            else:
                self.kept[noun].add(id)


@dataclass(slots=True)
class FileSet:
    """The files of one roster, and what their reader needs to know.

    `region` is for numbers without a country, `today` the day in the district.
    """

    files: Files
    region: str
    today: date
    report: RosterReport
    progress: Progress
    rows_read: int = 0
    rows: int = field(init=False)

    def __post_init__(self) -> None:
        self.rows = sum(content.count(b"\n") for content in self.files.values())  # or fewer

    def table(self, name: str, columns: tuple[str, ...]) -> Table:
        """A file with these columns; raises Invalid that names what is missing."""
        if name not in self.files:
            raise Invalid(f"{name}: the file is missing", path=(name,))
        return Table(name, self.files[name], columns)

    def count_row(self) -> None:
        self.rows_read += 1
        if self.rows_read % EVERY == 0:
            self.progress("reading", min(self.rows_read, self.rows), self.rows)


def read_rows(
    files: FileSet,
    table: Table,
    roster: Roster,
    read: Callable[[Row], None],
    *,
    id: str,
    speaks_of: Iterable[Noun],
) -> None:
    """Call `read` for each row; report those that are no good and keep what they stood for."""
    report, speaks_of = files.report, tuple(speaks_of)
    roster.named.update(speaks_of)
    empty = True
    for row in table:
        empty = False
        files.count_row()
        try:
            if row.fault:
                raise row.fault
            read(row)
        except RowError as error:
            report.problem(row.place(error.column), error.code, error.message)
            if error.code is not Code.DUPLICATE:
                roster.keep(speaks_of, row.readable_id(id))
    if empty:
        # A list that suddenly has no line is a failed export far more often than the truth.
        report.problem(Place(table.name, 1), Code.EMPTY, "the file has no rows; it says nothing")
        roster.keep(speaks_of, None)
