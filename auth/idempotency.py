"""A mutation acts once: its key is stored with its effect, and a repeat answers from there."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from app.database import Db
from app.errors import IdempotencyMismatch, Invalid
from auth.models import IdempotencyKey

KEPT = timedelta(days=30)
LONGEST_KEY = 200


def remembered(
    db: Db, caller: str, key: str, mutation: str, input_hash: str
) -> Mapping[str, Any] | None:
    """What this key did before, or None: then it is now taken by this transaction.

    A concurrent repeat waits here until the first has ended. Raises IdempotencyMismatch when
    the key was used for something else.
    """
    if not 0 < len(key) <= LONGEST_KEY:
        raise Invalid(f"A key has 1 to {LONGEST_KEY} characters.", path=("clientMutationId",))
    insert = sqlite.insert if db.connection.dialect.name == "sqlite" else postgresql.insert
    taken = db.execute(
        insert(IdempotencyKey)
        .values(
            caller=caller,
            key=key,
            mutation=mutation,
            input_hash=input_hash,
            outcome={},
            created_at=db.now,
        )
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    )
    if taken.first() is not None:
        return None
    row = db.one(
        sa.select(IdempotencyKey.mutation, IdempotencyKey.input_hash, IdempotencyKey.outcome).where(
            IdempotencyKey.caller == caller, IdempotencyKey.key == key
        )
    )
    assert row is not None
    if (row.mutation, row.input_hash) != (mutation, input_hash):
        raise IdempotencyMismatch(
            "This key was used for something else.", path=("clientMutationId",)
        )
    return row.outcome  # type: ignore[no-any-return]


def remember(db: Db, caller: str, key: str, outcome: Mapping[str, Any]) -> None:
    """Store what was done, in the transaction that did it."""
    db.execute(
        sa.update(IdempotencyKey)
        .where(IdempotencyKey.caller == caller, IdempotencyKey.key == key)
        .values(outcome=dict(outcome))
    )


def forget_old_keys(db: Db) -> None:
    """For the worker: keys older than 30 days."""
    db.execute(sa.delete(IdempotencyKey).where(IdempotencyKey.created_at < db.now - KEPT))
