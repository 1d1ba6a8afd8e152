"""Which format a set of files is in: told by its headers, not by its name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.errors import Invalid
from app.exchange.roster import oneroster, school_data_sync, tidy
from app.exchange.roster.people import FileSet, Roster
from app.exchange.roster.report import Progress, RosterReport
from app.exchange.roster.source import load_files
from app.exchange.roster.table import Table


@dataclass(frozen=True, slots=True)
class Format:
    name: str
    files: tuple[str, ...]
    recognises: Callable[[dict[str, Table]], bool]
    read: Callable[[FileSet], Roster]


FORMATS = (
    Format("oneroster-1.1", oneroster.FILES_1_1, oneroster.is_1_1, oneroster.read_1_1),
    Format("oneroster-1.2", oneroster.FILES_1_2, oneroster.is_1_2, oneroster.read_1_2),
    Format(
        "school-data-sync-2.1",
        school_data_sync.FILES,
        school_data_sync.recognises,
        school_data_sync.read,
    ),
    Format("tidy", tuple(tidy.COLUMNS), tidy.recognises, tidy.read),
)
KNOWN_FILES = frozenset(name for each in FORMATS for name in each.files)


def read_roster(
    path: Path, region: str, today: date, report: RosterReport, progress: Progress
) -> Roster:
    """Read a folder or a zip; raises Invalid when it is no roster or cannot be read as a whole."""
    files = load_files(path, KNOWN_FILES)
    headers = {name: Table(name, content) for name, content in files.items()}
    for each in FORMATS:
        if each.recognises(headers):
            report.format = each.name
            read = FileSet(files, region, today, report, progress)
            roster = each.read(read)
            progress("reading", read.rows_read, read.rows_read)
            return roster
    found = ", ".join(sorted(files)) or "none of the files of a roster"
    raise Invalid(f"{path.name}: not a roster in a known format; found {found}")
