"""Checkpoints: the heads of the chains that have moved, signed, and written outside as well.

A line cut from the end of a chain leaves no gap; only a signed head shows that it was there.
docs/ledger.md describes the bytes.
"""

import contextlib
import fcntl
import hashlib
import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from uuid import UUID

import orjson
import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.actor import Service
from app.clock import rfc3339
from app.config import Settings
from app.consent.ledger import BEFORE_THE_FIRST, canonical
from app.consent.models import Checkpoint
from app.database import Database, Db
from app.directory.models import Contact, Destination, District
from app.sealing import derived_key

PURPOSE = "ledger-checkpoint"
SIGNER = "ledger"
HOLDERS: dict[str, Any] = {"destination": Destination.__table__, "contact": Contact.__table__}

DISTRICTS = sa.select(District.id).order_by(District.key)
# Nobody's foreign key waits for this lock; only another signer does.
THIS_DISTRICT = (
    sa.select(District.key)
    .where(District.id == sa.bindparam("district_id"))
    .with_for_update(key_share=True)
)
LAST = (
    sa.select(Checkpoint.number, Checkpoint.hash)
    .where(Checkpoint.district_id == sa.bindparam("district_id"))
    .order_by(Checkpoint.number.desc())
    .limit(1)
)
AFTER = (
    sa.select(Checkpoint.__table__)
    .where(
        Checkpoint.district_id == sa.bindparam("district_id"),
        Checkpoint.number > sa.bindparam("number"),
    )
    .order_by(Checkpoint.number)
    .execution_options(yield_per=100)
)


class Head(NamedTuple):
    id: UUID
    sequence: int
    hash: str


def _moved(holder: Any) -> sa.Select[Any]:
    return (
        sa.select(holder.c.id, holder.c.chain_sequence, holder.c.chain_hash)
        .where(
            holder.c.district_id == sa.bindparam("district_id"),
            holder.c.chain_sequence > holder.c.chain_signed,
        )
        .order_by(holder.c.id)
    )


def _marked(holder: Any) -> sa.Update:
    """A chain that somebody is writing to is passed over: it is signed again next time, and a
    signer that never waits is in nobody's way.
    """
    row = holder.alias()
    free = (
        sa.select(row.c.id)
        .where(
            row.c.district_id == sa.bindparam("in_district"), row.c.id == sa.bindparam("holder_id")
        )
        .with_for_update(key_share=True, skip_locked=True)
    )
    return (
        sa.update(holder)
        .where(holder.c.district_id == sa.bindparam("in_district"), holder.c.id.in_(free))
        .values(chain_signed=sa.bindparam("signed"))
    )


MOVED = {kind: _moved(holder) for kind, holder in HOLDERS.items()}
MARK = {kind: _marked(holder) for kind, holder in HOLDERS.items()}


def sign_all(database: Database, settings: Settings) -> None:
    """Sign what has moved, in every district."""
    with database.read(Service(SIGNER)) as db:
        districts = [row.id for row in db.all(DISTRICTS)]
    for district_id in districts:
        sign_heads(database, settings, district_id)


def sign_heads(database: Database, settings: Settings, district_id: UUID) -> Checkpoint | None:
    """A checkpoint of the chains that have moved since the last one; None where none has.

    Also adds what is missing to the copy outside, so that a crash in between heals. Raises
    OSError when that cannot be written; the checkpoint itself stands then.
    """
    signer = Service(SIGNER, frozenset({district_id}))
    with database.write(signer) as db:
        district_key = db.scalar(THIS_DISTRICT, district_id=district_id)
        checkpoint = _sign(db, signing_key(settings), district_id)
    with _opened_for_adding(copy_outside(settings, district_key)) as copy:
        number = _last_number(copy)
        with (
            database.read(signer) as db,
            db.execute(AFTER, district_id=district_id, number=number) as missing,
        ):
            for checkpoint_row in missing:
                copy.write(line_outside(checkpoint_row))
    return checkpoint


def _sign(db: Db, key: Ed25519PrivateKey, district_id: UUID) -> Checkpoint | None:
    moved = {
        kind: [Head._make(row) for row in db.all(statement, district_id=district_id)]
        for kind, statement in MOVED.items()
    }
    if not any(moved.values()):
        return None
    last = db.one(LAST, district_id=district_id)
    checkpoint = Checkpoint(
        district_id=district_id,
        number=last.number + 1 if last else 1,
        at=db.now,
        heads=[[f"{kind}:{h.id}", h.sequence, h.hash] for kind in moved for h in moved[kind]],
        previous_hash=last.hash if last else BEFORE_THE_FIRST,
        public_key=public_key(key),
    )
    checkpoint.hash = checkpoint_hash(checkpoint)
    checkpoint.signature = key.sign(checkpoint.hash.encode()).hex()
    db.add(checkpoint)
    for kind, heads in moved.items():
        _mark(db, kind, district_id, heads)
    return checkpoint


def _mark(db: Db, kind: str, district_id: UUID, heads: list[Head]) -> None:
    db.flush()
    rows = [
        {"in_district": district_id, "holder_id": head.id, "signed": head.sequence}
        for head in heads
    ]
    if rows:
        db.connection.execute(MARK[kind], rows)


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(derived_key(settings.secret_key, PURPOSE))


def public_key(key: Ed25519PrivateKey) -> str:
    """Of the signing key, hex."""
    return key.public_key().public_bytes_raw().hex()


def checkpoint_hash(checkpoint: Any) -> str:
    """SHA-256 over the hash of the checkpoint before and the canonical checkpoint, hex."""
    covered = f"{checkpoint.previous_hash}\n".encode() + canonical(_content(checkpoint))
    return hashlib.sha256(covered).hexdigest()


def is_signed(checkpoint: Any) -> bool:
    """Whether the signature is that of its public key over its hash."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(checkpoint.public_key))
        key.verify(bytes.fromhex(checkpoint.signature), checkpoint.hash.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _content(checkpoint: Any) -> dict[str, Any]:
    return {
        "at": rfc3339(checkpoint.at),
        "district": str(checkpoint.district_id),
        "heads": checkpoint.heads,
        "number": checkpoint.number,
    }


def line_outside(checkpoint: Any) -> bytes:
    """The checkpoint as its line in the copy outside the database."""
    proof = {
        name: getattr(checkpoint, name)
        for name in ("hash", "previous_hash", "public_key", "signature")
    }
    return canonical(_content(checkpoint) | proof) + b"\n"


def copy_outside(settings: Settings, district_key: str) -> Path:
    return settings.ledger_dir / f"{district_key}.ndjson"


@contextlib.contextmanager
def _opened_for_adding(path: Path) -> Iterator[BinaryIO]:
    """One process at a time; what was added is on the disk afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
        file.flush()
        os.fsync(file.fileno())


def _last_number(file: BinaryIO) -> int:
    """The number of the last whole line, 0 where there is none. A torn line is cut off."""
    size = os.fstat(file.fileno()).st_size
    if size == 0:
        return 0
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        end = text.rfind(b"\n") + 1
        last = text[text.rfind(b"\n", 0, max(end - 1, 0)) + 1 : end]
    if end < size:
        file.truncate(end)
    return int(orjson.loads(last)["number"]) if last else 0
