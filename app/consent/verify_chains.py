"""Every chain from its first line to its head, and the tables that it adds up to."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.consent.checkpoints import HOLDERS
from app.consent.faults import UNREADABLE, Fault, VerifyReport
from app.consent.fold import Standing, fold
from app.consent.ledger import BEFORE_THE_FIRST, evidence_hash, line_hash
from app.consent.models import ConsentEvent, Evidence
from app.consent.standing import stored_standings
from app.database import Db

BATCH = 500
CHAINED_ON = {"destination": ConsentEvent.destination_id, "contact": ConsentEvent.contact_id}


def _holders(holder: Any) -> sa.Select[Any]:
    return (
        sa.select(holder.c.id, holder.c.chain_sequence, holder.c.chain_hash, holder.c.chain_signed)
        .where(
            holder.c.district_id == sa.bindparam("district_id"),
            holder.c.id > sa.bindparam("after"),
        )
        .order_by(holder.c.id)
        .limit(BATCH)
    )


def _lines(chained_on: Any) -> sa.Select[Any]:
    return (
        sa.select(
            ConsentEvent.__table__,
            Evidence.id.label("evidence_id"),
            Evidence.salt,
            Evidence.content,
        )
        .outerjoin(
            Evidence,
            sa.and_(
                Evidence.district_id == ConsentEvent.district_id, Evidence.id == ConsentEvent.id
            ),
        )
        .where(
            ConsentEvent.district_id == sa.bindparam("district_id"),
            chained_on == sa.bindparam("holder_id"),
        )
        .order_by(ConsentEvent.sequence)
    )


def _strays(holder: Any, chained_on: Any) -> sa.Select[Any]:
    """Lines that no chain leads to: their holder is gone, or was never spoken about."""
    return (
        sa.select(chained_on.label("holder_id"), ConsentEvent.sequence, ConsentEvent.id)
        .outerjoin(
            holder,
            sa.and_(holder.c.district_id == ConsentEvent.district_id, holder.c.id == chained_on),
        )
        .where(
            ConsentEvent.district_id == sa.bindparam("district_id"),
            chained_on.is_not(None),
            sa.func.coalesce(holder.c.chain_sequence, 0) == 0,
        )
        .order_by(chained_on, ConsentEvent.sequence)
        .limit(1)
    )


HOLDERS_AFTER = {kind: _holders(holder) for kind, holder in HOLDERS.items()}
LINES = {kind: _lines(chained_on) for kind, chained_on in CHAINED_ON.items()}
STRAYS = {kind: _strays(HOLDERS[kind], chained_on) for kind, chained_on in CHAINED_ON.items()}


def check_chains(db: Db, district_id: UUID, report: VerifyReport) -> Fault | None:
    """Raises the first fault of a line; returns the first table that differs from sound lines."""
    differing = None
    for kind in HOLDERS:
        for holders in _batches(db, kind, district_id):
            stored = stored_standings(db, kind, district_id, [holder.id for holder in holders])
            for holder in holders:
                standing = _standing(db, kind, district_id, holder, report)
                if standing != stored[holder.id] and differing is None:
                    chain = f"{kind}:{holder.id}"
                    differing = Fault(chain, None, None, "the tables differ from the ledger")
        stray = db.one(STRAYS[kind], district_id=district_id)
        if stray:
            raise Fault(f"{kind}:{stray.holder_id}", stray.sequence, stray.id, "is on no chain")
    return differing


def _batches(db: Db, kind: str, district_id: UUID) -> Iterator[Sequence[Any]]:
    after = UUID(int=0)
    while rows := db.all(HOLDERS_AFTER[kind], district_id=district_id, after=after):
        yield rows
        after = rows[-1].id


def _standing(db: Db, kind: str, district_id: UUID, holder: Any, report: VerifyReport) -> Standing:
    """What the lines of one chain add up to, each checked on the way."""
    if holder.chain_sequence == 0:
        return Standing()
    walk = _Walk(f"{kind}:{holder.id}", holder)
    try:
        with db.execute(LINES[kind], district_id=district_id, holder_id=holder.id) as lines:
            standing = fold(walk.checked(lines))
    except UNREADABLE:
        raise Fault(walk.chain, walk.reached + 1, None, "cannot be read") from None
    report.chains += 1
    report.lines += walk.reached
    return standing


class _Walk:
    """One chain from its first line to its head."""

    def __init__(self, chain: str, head: Any) -> None:
        self.chain = chain
        self.head = head
        self.reached = 0
        self.hash = BEFORE_THE_FIRST

    def checked(self, lines: Iterable[Any]) -> Iterator[Any]:
        for line in lines:
            self._check_place(line)
            self._check_content(line)
            yield line
            self.reached, self.hash = line.sequence, line.hash
        if self.reached < max(self.head.chain_sequence, self.head.chain_signed):
            raise Fault(self.chain, self.reached + 1, None, "is missing")
        if self.hash != self.head.chain_hash:
            raise Fault(self.chain, self.reached, None, "is not what the head of its chain names")

    def _check_place(self, line: Any) -> None:
        if line.sequence > self.reached + 1:
            raise Fault(self.chain, self.reached + 1, None, "is missing")
        if line.sequence > self.head.chain_sequence:
            self._refuse(line, "is beyond the head of its chain")

    def _check_content(self, line: Any) -> None:
        if line.previous_hash != self.hash:
            self._refuse(line, "does not follow the line before")
        if line.hash != line_hash(line):
            self._refuse(line, "is not what its hash covers")
        if (line.evidence_hash is None) != (line.evidence_id is None):
            self._refuse(line, "has lost its evidence, or has one that it does not cover")
        if line.content is not None and line.evidence_hash != evidence_hash(
            line.salt, line.content
        ):
            self._refuse(line, "has other evidence than it covers")

    def _refuse(self, line: Any, problem: str) -> None:
        raise Fault(self.chain, line.sequence, line.id, problem)
