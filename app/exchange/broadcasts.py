"""Sent broadcasts come in: as a stream, in batches, and again as often as somebody likes."""

from collections.abc import Iterable, Iterator
from functools import partial

from app.actor import Actor
from app.audit.record import record
from app.database import Database
from app.directory.models import District
from app.directory.settings import find_district
from app.exchange.broadcast_intake import OUTCOMES, take_broadcasts
from app.exchange.broadcast_lines import SentBroadcast, read_broadcast
from app.exchange.intake import LinesReport, Progress, in_one_transaction, require_importer, silent
from app.exchange.ndjson import LineError, LineProblem, numbered, read_object

BATCH = 2000  # deliveries a transaction; a fraction of a second, so that nobody waits for long


def import_broadcasts(
    database: Database,
    actor: Actor,
    district_key: str,
    lines: Iterable[bytes],
    progress: Progress = silent,
) -> LinesReport:
    """Bring in what was sent (docs/exchange.md has the form of a line), in constant memory.

    It opens its own transactions, one a batch. What was cut off in the middle is brought in
    again from the start: an id that is there changes nothing, or only moves a delivery's status
    forward. A fault costs its line or its delivery, and is reported with its place.
    """
    with database.read(actor) as db:
        district = find_district(db, district_key)
    require_importer(actor, district.id)
    report = LinesReport(district.key, OUTCOMES)
    done = 0
    for batch in _batches(_readable(lines, district, report)):
        take = partial(take_broadcasts, district_id=district.id, batch=batch)
        tally, problems = in_one_transaction(database, actor, take)
        report.tally += tally
        for problem in problems:
            report.problem(problem)
        done = batch[-1].line
        progress("broadcasts", done, 0)
    progress("broadcasts", done, done)
    with database.write(actor) as db:
        record(db, actor, district.id, "broadcasts.imported", **report.counts())
    return report


def _readable(
    lines: Iterable[bytes], district: District, report: LinesReport
) -> Iterator[SentBroadcast]:
    for number, line in numbered(lines):
        try:
            sent, errors = read_broadcast(number, read_object(line), district.region)
        except LineError as error:
            report.problem(LineProblem.of(number, error))
            continue
        for fault in errors:
            report.problem(LineProblem.of(number, fault))
        yield sent


def _batches(broadcasts: Iterable[SentBroadcast]) -> Iterator[list[SentBroadcast]]:
    """Stretches of about BATCH deliveries in which no id stands twice."""
    batch: list[SentBroadcast] = []
    seen: set[tuple[str, str]] = set()
    for sent in broadcasts:
        ids = {("broadcast", sent.id), *(("delivery", delivery.id) for delivery in sent.deliveries)}
        if batch and (len(seen) >= BATCH or seen & ids):
            yield batch
            batch, seen = [], set()
        batch.append(sent)
        seen |= ids
    if batch:
        yield batch
