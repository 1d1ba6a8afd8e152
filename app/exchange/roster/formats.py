"""Which format a set of files is in: told by its headers, not by its name."""

from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from app.errors import Invalid
from app.exchange.roster import tidy
from app.exchange.roster.people import Roster
from app.exchange.roster.report import RosterReport
from app.exchange.roster.source import Files, load_files
from app.exchange.roster.table import Table


class Format(Protocol):
    """What a reader's module offers."""

    FORMAT: str
    FILES: tuple[str, ...]

    def recognises(self, headers: dict[str, Table]) -> bool: ...

    def read(self, files: Files, region: str, report: RosterReport, today: date) -> Roster: ...


MODULES: tuple[ModuleType, ...] = (tidy,)
FORMATS = cast("tuple[Format, ...]", MODULES)
KNOWN_FILES = frozenset(name for each in FORMATS for name in each.FILES)


def read_roster(path: Path, region: str, report: RosterReport, today: date) -> Roster:
    """Read a folder or a zip; raises Invalid when it is no roster or cannot be read as a whole."""
    files = load_files(path, KNOWN_FILES)
    headers = {name: Table(name, content) for name, content in files.items()}
    for each in FORMATS:
        if each.recognises(headers):
            report.format = each.FORMAT
            return each.read(files, region, report, today)
    found = ", ".join(sorted(files)) or "none of the files of a roster"
    raise Invalid(f"{path.name}: not a roster in a known format; found {found}")
