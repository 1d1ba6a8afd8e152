"""Bring in people, messages, and the past."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands.operation import (
    Operation,
    messages,
    operation,
    print_json,
    progress,
    refuse,
    the_district,
)
from app.consent.checkpoints import sign_heads
from app.exchange.broadcasts import import_broadcasts
from app.exchange.consents import import_consents
from app.exchange.ndjson import read_lines
from app.exchange.optouts import import_optouts
from app.exchange.roster import RosterRefused, import_roster

commands = typer.Typer(help="Bring in people, messages and the past.", no_args_is_help=True)
Key = Annotated[str, typer.Option("--district", help="the district's key")]
Json = Annotated[bool, typer.Option("--json", help="print the report as JSON")]
File = Annotated[Path, typer.Argument(help="a file; - for standard input")]
SHOWN = 20


@commands.command()
def roster(
    path: Annotated[Path, typer.Argument(exists=True, help="a folder or a zip")],
    district: Key,
    source: Annotated[
        str, typer.Option(help="whose files these are; only what it brought is retired")
    ] = "sis",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="report, and change nothing")] = False,
    allow_retiring: Annotated[
        int, typer.Option(metavar="PERCENT", min=0, max=100, help="of the contacts at once")
    ] = 20,
    json: Json = False,
) -> None:
    """People, schools and numbers; the format is found by the headers."""
    with operation() as opened, progress() as advance:
        try:
            report = import_roster(
                opened.database,
                opened.operator(district),
                district,
                path,
                source=source,
                dry_run=dry_run,
                allow_retiring=allow_retiring,
                progress=advance,
            )
        except RosterRefused as refused:
            _tell(refused.report.as_json(), json=json)
            raise refuse(refused.message) from None
        if not dry_run:
            _sign(opened, district)
    _tell(report.as_json(), json=json)


@commands.command()
def broadcasts(file: File, district: Key, json: Json = False) -> None:
    """Sent messages, one JSON object a line."""
    with operation() as opened, progress() as advance, _lines(file) as lines:
        actor = opened.operator(district)
        report = import_broadcasts(opened.database, actor, district, lines, advance)
    _tell(report.as_json(), json=json)


@commands.command()
def optouts(file: File, district: Key, json: Json = False) -> None:
    """Stops from the old system, with their dates. Only lowers."""
    with operation() as opened, progress() as advance, _lines(file) as lines:
        actor = opened.operator(district)
        report = import_optouts(opened.database, actor, district, lines, advance)
        _sign(opened, district)
    _tell(report.as_json(), json=json)


@commands.command()
def consents(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="a CSV file")],
    district: Key,
    evidence: Annotated[str, typer.Option(help="where the proof of these consents is kept")],
    operator: Annotated[
        str, typer.Option(help="who vouches for it; your login name", default_factory=getuser)
    ],
    json: Json = False,
) -> None:
    """Consents on file. Raises what nobody spoke about yet, nothing else."""
    with operation() as opened, progress() as advance:
        actor = opened.operator(district)
        report = import_consents(
            opened.database, actor, district, file, evidence, operator, advance
        )
        _sign(opened, district)
    _tell(report.as_json(), json=json)


@contextmanager
def _lines(file: Path) -> Iterator[Iterator[bytes]]:
    if str(file) == "-":
        yield read_lines(sys.stdin.buffer)
        return
    try:
        opened = file.open("rb")
    except OSError as error:
        raise refuse(f"{file.name} cannot be read: {error.strerror}") from None
    with opened:
        yield read_lines(opened)


def _sign(opened: Operation, district_key: str) -> None:
    """An import ends with a checkpoint of the ledger."""
    sign_heads(opened.database, opened.settings, the_district(opened.operator(district_key)))


def _tell(report: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(report)
        return
    for name, value in report.items():
        if name not in ("errors", "skipped"):
            messages.print(f"{name}: {_short(value)}", markup=False)
    for name in ("errors", "skipped"):
        _tell_problems(name, report.get(name, []))


def _tell_problems(name: str, problems: list[dict[str, Any]]) -> None:
    for problem in problems[:SHOWN]:
        place = ", ".join(
            f"{key} {problem[key]}"
            for key in ("file", "line", "column", "path")
            if problem.get(key)
        )
        messages.print(f"{name}: {place}: {problem['code']}: {problem['message']}", markup=False)
    if len(problems) > SHOWN:
        messages.print(f"{name}: {len(problems) - SHOWN} more; --json has them all")


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count} {noun}" for noun, count in value.items() if count) or "none"
    return str(value)
