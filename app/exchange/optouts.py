"""Stops heard elsewhere come in: they only lower, keep their dates, and act once."""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice

from app.actor import Actor
from app.audit.record import record
from app.database import Database
from app.directory.models import District
from app.directory.settings import find_district
from app.exchange.election_lines import Election, read_election
from app.exchange.elections import Outcome, take_elections
from app.exchange.intake import (
    LinesReport,
    Progress,
    in_one_transaction,
    require_importer,
    silent,
)
from app.exchange.ndjson import LineError, LineProblem, numbered, read_object

BATCH = 100  # elections a transaction
SUPERSEDED = "Somebody agreed to be reached here again after this."


def import_optouts(
    database: Database,
    actor: Actor,
    district_key: str,
    lines: Iterable[bytes],
    progress: Progress = silent,
) -> LinesReport:
    """Bring in elections (docs/exchange.md has the form of a line).

    It opens its own transactions, one for a hundred lines. An election that was heard before
    changes nothing. A fault costs its line and is reported with its place.
    """
    with database.read(actor) as db:
        district = find_district(db, district_key)
    require_importer(actor, district.id)
    report = LinesReport(district.key, tuple(outcome.value for outcome in Outcome))
    elections = _readable(lines, district, report)
    done = 0
    while batch := list(islice(elections, BATCH)):
        take = partial(take_elections, actor=actor, district_id=district.id, batch=batch)
        for election, outcome in in_one_transaction(database, actor, take):
            _report(report, election, outcome)
        done = batch[-1].line
        progress("opt-outs", done, 0)
    progress("opt-outs", done, done)
    with database.write(actor) as db:
        record(db, actor, district.id, "opt-outs.imported", **report.counts())
    return report


def _readable(
    lines: Iterable[bytes], district: District, report: LinesReport
) -> Iterator[Election]:
    for number, line in numbered(lines):
        try:
            yield read_election(number, read_object(line), district.region)
        except LineError as error:
            report.problem(LineProblem.of(number, error))


def _report(report: LinesReport, election: Election, outcome: Outcome | LineError) -> None:
    if isinstance(outcome, LineError):
        report.problem(LineProblem.of(election.line, outcome))
        return
    report.tally[outcome] += 1
    if outcome is Outcome.SUPERSEDED:
        report.skip(LineProblem(election.line, outcome.name, SUPERSEDED))
