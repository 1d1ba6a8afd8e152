"""What every command needs: the settings, the database, the operator who acts, a way to answer."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.actor import Service, Visitor
from app.config import Settings
from app.database import Database
from app.directory.models import District
from app.errors import Invalid

# (stage, done, total or 0 where nobody knows)
Advance = Callable[[str, int, int], None]
OPERATOR = "operator"
messages = Console(stderr=True, highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Operation:
    """One run of a command."""

    settings: Settings
    database: Database

    def operator(self, district_key: str | None = None) -> Service:
        """Who acts: the operator, in one district or (None) in all. Raises Invalid."""
        with self.database.read(Visitor()) as db:
            rows = db.all(sa.select(District.id, District.key))
        found = {row.id for row in rows if district_key in (None, row.key)}
        if district_key is not None and not found:
            raise Invalid(f"there is no district with the key {district_key}")
        return Service(OPERATOR, frozenset(found))


@contextmanager
def operation() -> Iterator[Operation]:
    """The settings of the environment and their database, closed afterwards."""
    settings = Settings.from_environment()
    database = Database(settings.database_url)
    try:
        yield Operation(settings, database)
    finally:
        database.dispose()


def the_district(operator: Service) -> UUID:
    """The one district of an operator who was asked for one."""
    (only,) = operator.districts
    return only


def print_json(result: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(result, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def refuse(message: str) -> typer.Exit:
    """Say why nothing was changed; raise what this returns."""
    messages.print(message, style="red", markup=False)
    return typer.Exit(1)


@contextmanager
def progress() -> Iterator[Advance]:
    """A bar for each stage on a terminal, a plain line at its end elsewhere."""
    if not messages.is_terminal:
        yield _plain_lines()
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=messages,
    ) as bars:
        tasks: dict[str, Any] = {}

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage)
            bars.update(tasks[stage], completed=done, total=total or None)

        yield advance


def _plain_lines() -> Advance:
    def advance(stage: str, done: int, total: int) -> None:
        if total and done >= total:
            messages.print(f"{stage}: {done}")

    return advance
