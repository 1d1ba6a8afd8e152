"""The opt-out report: one line for every election that reached the district."""

from datetime import datetime
from uuid import UUID

from app.actor import Actor, identity
from app.database import Db
from app.directory.models import Destination
from app.optouts.models import OptOutReport
from app.vocabulary import Channel, OptOutReportStatus, OptOutScope, Source


def report_applied(
    db: Db,
    actor: Actor,
    destination: Destination,
    channel: Channel,
    scope: OptOutScope,
    broadcast_type_id: UUID | None,
    *,
    input: str,
    source: Source,
    received_at: datetime,
    event_id: UUID,
) -> OptOutReport:
    """What needed no interpreting is reported as APPLIED; `event_id` is its ledger line."""
    report = OptOutReport(
        district_id=destination.district_id,
        destination_id=destination.id,
        channel=channel,
        scope=scope,
        broadcast_type_id=broadcast_type_id,
        input=input,
        source=source,
        received_at=received_at,
        due_at=received_at,
        status=OptOutReportStatus.APPLIED,
        settled_by=identity(actor),
        settled_at=db.now,
        event_id=event_id,
    )
    db.add(report)
    return report
