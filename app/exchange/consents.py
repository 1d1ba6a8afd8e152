"""Consents on file come in: they raise what nobody has spoken about, and nothing else."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from app.actor import Actor
from app.audit.record import record
from app.database import Database
from app.directory.models import District
from app.directory.settings import find_district
from app.errors import Invalid
from app.exchange.consent_rows import REQUIRED, GivenConsent, read_consent
from app.exchange.giving import Outcome, take_consents
from app.exchange.intake import (
    LinesReport,
    Progress,
    in_one_transaction,
    require_importer,
    silent,
)
from app.exchange.ndjson import LineProblem
from app.exchange.roster.table import RowError, Table

BATCH = 100  # consents a transaction
WHY_NOT = {
    Outcome.REVOKED: "This channel was stopped.",
    Outcome.OPTED_OUT: "This channel was stopped for all but emergencies.",
    Outcome.HELD: "Somebody asked to stop here, and the school has not decided yet.",
    Outcome.LAPSED: "This consent ended when the number changed hands.",
}


def import_consents(
    database: Database,
    actor: Actor,
    district_key: str,
    file: Path,
    evidence_text: str,
    operator: str,
    progress: Progress = silent,
) -> LinesReport:
    """Bring in consents that were given before there was a portal (CSV; docs/exchange.md).

    `evidence_text` says where the proofs are kept and `operator` who vouches for them; both
    stand in the evidence of each ledger line. Only UNKNOWN becomes GRANTED, and only for a
    contact who holds the number or address. It opens its own transactions. Raises Invalid when
    the file cannot be read at all.
    """
    for place, said in (("evidence", evidence_text), ("operator", operator)):
        if not said.strip():
            raise Invalid(f"The {place} must be named.", path=(place,))
    with database.read(actor) as db:
        district = find_district(db, district_key)
    require_importer(actor, district.id)
    report = LinesReport(district.key, tuple(outcome.value for outcome in Outcome))
    vouching = {"operator": operator, "text": evidence_text}
    given = _readable(_table(file), district, report)
    done = 0
    while batch := list(islice(given, BATCH)):
        take = partial(
            take_consents, actor=actor, district_id=district.id, batch=batch, vouching=vouching
        )
        for consent, outcome in in_one_transaction(database, actor, take):
            _report(report, consent, outcome)
        done = batch[-1].line
        progress("consents", done, 0)
    progress("consents", done, done)
    with database.write(actor) as db:
        record(db, actor, district.id, "consents.imported", **report.counts())
    return report


def _table(file: Path) -> Table:
    try:
        return Table(file.name, file.read_bytes(), REQUIRED)
    except OSError as error:
        raise Invalid(f"{file.name}: {error.strerror or 'cannot be read'}") from error


def _readable(table: Table, district: District, report: LinesReport) -> Iterator[GivenConsent]:
    zone = ZoneInfo(district.timezone)
    for row in table:
        try:
            yield read_consent(row, district.region, zone)
        except RowError as error:
            report.problem(_problem(row.line, error))


def _report(report: LinesReport, given: GivenConsent, outcome: Outcome | RowError) -> None:
    if isinstance(outcome, RowError):
        report.problem(_problem(given.line, outcome))
        return
    report.tally[outcome] += 1
    if outcome in WHY_NOT:
        report.skip(LineProblem(given.line, outcome.name, WHY_NOT[outcome]))


def _problem(line: int, error: RowError) -> LineProblem:
    return LineProblem(line, error.code, error.message, (error.column,) if error.column else ())
