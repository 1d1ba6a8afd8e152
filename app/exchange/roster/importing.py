"""A roster comes in: read and compared without a lock, then written in one short transaction."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.actor import Actor, Service, require_staff
from app.audit.models import AuditEntry
from app.audit.record import record
from app.database import Database
from app.directory.models import District
from app.directory.settings import find_district
from app.errors import Forbidden, Invalid
from app.exchange.roster.apply import apply_plan
from app.exchange.roster.diff import Plan, compare
from app.exchange.roster.formats import read_roster
from app.exchange.roster.held import Held
from app.exchange.roster.report import Outcome, Progress, RosterRefused, RosterReport
from app.exchange.roster.statements import load_held
from app.vocabulary import Feature

ALLOWED_RETIRING = 20  # percent
ATTEMPTS = 3
IMPORTED = "roster.imported"
THIS_DISTRICT = (
    sa.select(District.id)
    .where(District.id == sa.bindparam("district"))
    .with_for_update(key_share=True)
)
NEWEST_IMPORT = (
    sa.select(AuditEntry.id)
    .where(AuditEntry.district_id == sa.bindparam("district"), AuditEntry.action == IMPORTED)
    .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    .limit(1)
)


def import_roster(
    database: Database,
    actor: Actor,
    district_key: str,
    path: Path,
    *,
    source: str = "sis",
    dry_run: bool = False,
    allow_retiring: int = ALLOWED_RETIRING,
    progress: Progress | None = None,
) -> RosterReport:
    """Bring a district's people in line with a folder or zip of files.

    Unlike other use cases it opens its own transactions: reading and comparing 50,000 people
    takes many seconds, in which a STOP must not wait. Only what `source` itself once brought
    can be retired, never more than `allow_retiring` percent of its contacts at once. Raises
    Invalid when the files cannot be read as a roster, RosterRefused (with the report) when too
    much would be retired; either way nothing has changed.
    """
    with database.read(actor) as db:
        district = find_district(db, district_key)
    _require_importer(actor, district.id)
    job = Import(
        database=database,
        actor=actor,
        district=district,
        source=source,
        allow_retiring=allow_retiring,
        progress=progress or _silent,
        report=RosterReport(district.key, dry_run=dry_run),
    )
    with _no_search_for_cycles():
        job.run(path)
    return job.report


def _require_importer(actor: Actor, district_id: UUID) -> None:
    """A program of this district, or staff who may import for all its schools."""
    if isinstance(actor, Service) and district_id in actor.districts:
        return
    staff = require_staff(actor, Feature.IMPORT_DATA, district_id)
    if staff.schools(district_id, Feature.IMPORT_DATA) is not None:
        raise Forbidden("A roster is imported for the whole district.")


@dataclass(frozen=True, slots=True)
class Import:
    """One roster on its way in."""

    database: Database
    actor: Actor
    district: District
    source: str
    allow_retiring: int
    progress: Progress
    report: RosterReport

    def run(self, path: Path) -> None:
        today = self.database.clock().astimezone(ZoneInfo(self.district.timezone)).date()
        roster = read_roster(path, self.district.region, today, self.report, self.progress)
        of_the_files = list(self.report.errors)
        for _ in range(ATTEMPTS):
            held, now, seen = self._held()
            plan = compare(roster, held, self.source, now, self.progress)
            self.report.errors = of_the_files + plan.problems
            self._sum_up(plan)
            self._require_few_retiring(plan, held)
            if self.report.dry_run or self._written(plan, seen):
                return
        raise Invalid("Other imports keep changing this district. Please try again.")

    def _held(self) -> tuple[Held, datetime, UUID | None]:
        """What is there, when, and after which import."""
        with self.database.read(self.actor) as db:
            seen = db.scalar(NEWEST_IMPORT, district=self.district.id)
            return load_held(db, self.district.id), db.now, seen

    def _sum_up(self, plan: Plan) -> None:
        self.report.tally = plan.tally
        self.report.conflicts = sum(len(change.conflicts) for change in plan.contacts)

    def _require_few_retiring(self, plan: Plan, held: Held) -> None:
        retiring = sum(change.retires for change in plan.contacts)
        of = sum(
            contact.retired_at is None and contact.brought_by == self.source
            for contact in held.contacts.values()
        )
        if retiring * 100 > self.allow_retiring * of:
            raise RosterRefused(
                f"{retiring} of {of} contacts are missing from these files, more than "
                f"{self.allow_retiring} %. Nothing was changed.",
                self.report,
            )

    def _written(self, plan: Plan, seen: UUID | None) -> bool:
        """False when another import was quicker; then everything must be compared anew."""
        self.progress("writing", 0, plan.new_rows)
        with self.database.write(self.actor) as db:
            db.scalar(THIS_DISTRICT, district=self.district.id)
            if db.scalar(NEWEST_IMPORT, district=self.district.id) != seen:
                return False
            apply_plan(db, self.actor, self.district, plan, self.progress)
            self._sum_up(plan)
            report = self.report.as_json()
            record(
                db,
                self.actor,
                self.district.id,
                IMPORTED,
                source=self.source,
                format=self.report.format,
                errors=len(self.report.errors),
                **{outcome.value: report[outcome] for outcome in Outcome},
            )
        self.progress("writing", plan.new_rows, plan.new_rows)
        return True


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Two thirds of the time would go into looking for cycles among a million plain values."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _silent(_stage: str, _done: int, _total: int) -> None:
    pass
