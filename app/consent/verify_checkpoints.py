"""Every checkpoint: its place, its signature, its copy outside, and the lines that it signed."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.config import Settings
from app.consent.checkpoints import (
    AFTER,
    HOLDERS,
    checkpoint_hash,
    is_signed,
    line_outside,
    public_key,
    signing_key,
)
from app.consent.faults import UNREADABLE, Fault, VerifyReport
from app.consent.ledger import BEFORE_THE_FIRST
from app.consent.models import ConsentEvent
from app.consent.verify_chains import BATCH, CHAINED_ON
from app.database import Db

CHECKPOINTS = "checkpoints"


def _signed_lines(chained_on: Any) -> sa.Select[Any]:
    return sa.select(
        chained_on.label("holder_id"), ConsentEvent.sequence, ConsentEvent.id, ConsentEvent.hash
    ).where(
        ConsentEvent.district_id == sa.bindparam("district_id"),
        sa.tuple_(chained_on, ConsentEvent.sequence).in_(sa.bindparam("places", expanding=True)),
    )


def _last_line(chained_on: Any) -> sa.Select[Any]:
    return sa.select(sa.func.coalesce(sa.func.max(ConsentEvent.sequence), 0)).where(
        ConsentEvent.district_id == sa.bindparam("district_id"),
        chained_on == sa.bindparam("holder_id"),
    )


SIGNED_LINES = {kind: _signed_lines(chained_on) for kind, chained_on in CHAINED_ON.items()}
LAST_LINE = {kind: _last_line(chained_on) for kind, chained_on in CHAINED_ON.items()}


def check_checkpoints(
    db: Db, settings: Settings, district_id: UUID, outside: Iterator[bytes], report: VerifyReport
) -> None:
    key, previous = public_key(signing_key(settings)), BEFORE_THE_FIRST
    try:
        with db.execute(AFTER, district_id=district_id, number=0) as checkpoints:
            for checkpoint in checkpoints:
                _check_checkpoint(checkpoint, report.checkpoints + 1, previous, key)
                _check_outside(checkpoint, outside, report)
                _check_heads(db, checkpoint)
                previous = checkpoint.hash
                report.checkpoints += 1
    except UNREADABLE:
        raise Fault(CHECKPOINTS, report.checkpoints + 1, None, "cannot be read") from None
    if next(outside, None) is not None:
        raise Fault(CHECKPOINTS, report.checkpoints + 1, None, "stands only outside the database")


def _check_checkpoint(checkpoint: Any, number: int, previous: str, key: str) -> None:
    if checkpoint.number > number:
        raise Fault(CHECKPOINTS, number, None, "is missing")
    problem = None
    if checkpoint.previous_hash != previous:
        problem = "does not follow the checkpoint before"
    elif checkpoint.hash != checkpoint_hash(checkpoint):
        problem = "is not what its hash covers"
    elif checkpoint.public_key != key or not is_signed(checkpoint):
        problem = "is not signed with the portal's key"
    if problem:
        raise Fault(CHECKPOINTS, checkpoint.number, checkpoint.id, problem)


def _check_outside(checkpoint: Any, outside: Iterator[bytes], report: VerifyReport) -> None:
    line = next(outside, None)
    if line is not None and line != line_outside(checkpoint):
        raise Fault(CHECKPOINTS, checkpoint.number, checkpoint.id, "differs from the copy outside")
    report.outside += line is not None


def _check_heads(db: Db, checkpoint: Any) -> None:
    """Every signed line is still there, and is the same."""
    for kind in HOLDERS:
        signed = iter(
            (UUID(name.removeprefix(f"{kind}:")), sequence, line_hash)
            for name, sequence, line_hash in checkpoint.heads
            if name.startswith(f"{kind}:")
        )
        while some := list(islice(signed, BATCH)):
            places = [(holder_id, sequence) for holder_id, sequence, _ in some]
            rows = db.all(SIGNED_LINES[kind], district_id=checkpoint.district_id, places=places)
            found = {(row.holder_id, row.sequence): row for row in rows}
            for holder_id, sequence, line_hash in some:
                line = found.get((holder_id, sequence))
                if line is None or line.hash != line_hash:
                    raise _unlike_signed(db, checkpoint, kind, holder_id, line)


def _unlike_signed(db: Db, checkpoint: Any, kind: str, holder_id: UUID, line: Any | None) -> Fault:
    chain = f"{kind}:{holder_id}"
    if line is not None:
        problem = f"is not the line that checkpoint {checkpoint.number} signed"
        return Fault(chain, line.sequence, line.id, problem)
    last = db.scalar(LAST_LINE[kind], district_id=checkpoint.district_id, holder_id=holder_id)
    problem = f"is missing; checkpoint {checkpoint.number} signed beyond it"
    return Fault(chain, last + 1, None, problem)


def lines_outside(path: Path) -> Iterator[bytes]:
    """The lines of the copy outside as it is now; one that is just being written is left out."""
    size = path.stat().st_size if path.exists() else 0
    return _lines_until(path, size)


def _lines_until(path: Path, size: int) -> Iterator[bytes]:
    if size == 0:
        return
    with path.open("rb") as file:
        for line in file:
            size -= len(line)
            if size < 0 or not line.endswith(b"\n"):
                return
            yield line
