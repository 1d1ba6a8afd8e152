"""What the imports share: who may bring data into a district, and what they answer."""

import contextlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from app.actor import Actor, Service, require_staff
from app.database import Database, Db
from app.errors import Forbidden
from app.exchange.ndjson import LineProblem
from app.vocabulary import Feature

# (stage, done, total or 0 where nobody knows)
Progress = Callable[[str, int, int], None]
MOST_PROBLEMS = 10_000  # told one by one; the others are counted
ATTEMPTS = 3
Done = TypeVar("Done")


def silent(_stage: str, _done: int, _total: int) -> None:
    """The progress nobody watches."""


def require_importer(actor: Actor, district_id: UUID) -> None:
    """A program of this district, or staff who may import for all its schools."""
    if isinstance(actor, Service) and district_id in actor.districts:
        return
    staff = require_staff(actor, Feature.IMPORT_DATA, district_id)
    if staff.schools(district_id, Feature.IMPORT_DATA) is not None:
        raise Forbidden("Data is imported for the whole district.")


def in_one_transaction(database: Database, actor: Actor, act: Callable[[Db], Done]) -> Done:
    """Do it; once more where somebody has just written rows with the same ids: they are there
    then.
    """
    for _ in range(ATTEMPTS - 1):
        with contextlib.suppress(sa.exc.IntegrityError), database.write(actor) as db:
            return act(db)
    with database.write(actor) as db:
        return act(db)


@dataclass(slots=True)
class LinesReport:
    """What became of the lines of a file: how many of each outcome, what could not be used, and
    what was passed over for a reason.
    """

    district: str
    outcomes: tuple[str, ...]
    tally: Counter[str] = field(default_factory=Counter)
    errors: list[LineProblem] = field(default_factory=list)
    error_count: int = 0
    skipped: list[LineProblem] = field(default_factory=list)

    def problem(self, problem: LineProblem) -> None:
        self.error_count += 1
        if len(self.errors) < MOST_PROBLEMS:
            self.errors.append(problem)

    def skip(self, problem: LineProblem) -> None:
        if len(self.skipped) < MOST_PROBLEMS:
            self.skipped.append(problem)

    def as_json(self) -> dict[str, Any]:
        return {
            "district": self.district,
            **self.counts(),
            "errors": _as_json(self.errors),
            "skipped": _as_json(self.skipped),
        }

    def counts(self) -> dict[str, Any]:
        counted = {outcome: self.tally[outcome] for outcome in self.outcomes}
        return {**counted, "error_count": self.error_count}


def _as_json(problems: list[LineProblem]) -> list[dict[str, Any]]:
    return [problem.as_json() for problem in sorted(problems, key=lambda problem: problem.line)]
