"""One way to write down what staff and operators did."""

from typing import Any
from uuid import UUID

from app.actor import Actor, identity
from app.audit.models import AuditEntry
from app.database import Db


def record(
    db: Db,
    actor: Actor,
    district_id: UUID,
    action: str,
    subject_id: UUID | None = None,
    **detail: Any,
) -> None:
    """Append an entry in the transaction of the act.

    `action` is noun.past_participle ("access.granted"); `detail` holds ids and words of the
    contract, never a number, an address, a name or a text.
    """
    db.add(
        AuditEntry(
            district_id=district_id,
            at=db.now,
            actor=identity(actor),
            action=action,
            subject_id=subject_id,
            detail=detail,
        )
    )
