"""One mail of the outbox at a time: leased, handed over at least once, retried or given up."""

import random
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from app.actor import Service
from app.database import Database
from app.outbox.mail import Mail
from app.outbox.models import OutboxItem
from app.vocabulary import Channel

log = structlog.get_logger("outbox")
WORKER = Service("worker")
LEASE = timedelta(minutes=3)  # longer than a mail takes; a dead worker's mail waits as long
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)
ATTEMPTS = 30  # about a day
PERMANENT = 500  # RFC 5321, section 4.2.1: 5yz, do not try again

NEXT = (
    sa.select(OutboxItem.id)
    .where(
        OutboxItem.sent_at.is_(None),
        OutboxItem.failed_at.is_(None),
        OutboxItem.channel == Channel.EMAIL,
        OutboxItem.not_before <= sa.bindparam("now"),
        OutboxItem.leased_until.is_(None) | (OutboxItem.leased_until <= sa.bindparam("now")),
    )
    .order_by(OutboxItem.not_before, OutboxItem.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
TAKE = (
    sa.update(OutboxItem)
    .where(OutboxItem.id == NEXT.scalar_subquery())
    .values(leased_until=sa.bindparam("lease"), attempts=OutboxItem.attempts + 1)
    .returning(
        OutboxItem.id,
        OutboxItem.kind,
        OutboxItem.recipient,
        OutboxItem.content,
        OutboxItem.created_at,
        OutboxItem.attempts,
    )
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Hands a mail over, or raises. `keeps_text`: the row is where people read it."""

    send: Callable[[Mail], None]
    keeps_text: bool


class GivenUp(Exception):
    """No further attempt."""


def deliver_next(database: Database, sender: Sender) -> bool:
    """Send the mail that has waited longest; False if none is due. Raises Unavailable only."""
    with database.write(WORKER) as db:
        lease = db.now + LEASE
        row = db.one(TAKE, now=db.now, lease=lease)
    if row is None:
        return False
    try:
        _hand_over(row, sender)
    except Exception as error:  # noqa: BLE001 (a poison row never stops the queue)
        changes = _after_failure(row, error, database.clock())
    else:
        changes = {"sent_at": database.clock()} | ({} if sender.keeps_text else {"content": {}})
    _settle(database, row, lease, changes)
    return True


def _hand_over(row: Any, sender: Sender) -> None:
    if row.attempts > ATTEMPTS:
        raise GivenUp
    content = row.content
    sender.send(Mail(row.id, row.recipient, content["subject"], content["text"], row.created_at))


def _after_failure(row: Any, error: Exception, now: datetime) -> dict[str, Any]:
    """What becomes of the row. Of the error only its kind and code: its words name people."""
    name = " ".join([type(error).__name__, *map(str, _codes(error))])
    if _is_permanent(error):
        log.error("a mail was given up", item=str(row.id), kind=row.kind, error=name)
        return {"failed_at": now, "last_error": name}
    log.warning("a mail will be tried again", item=str(row.id), kind=row.kind, error=name)
    return {"not_before": now + retry_after(row.attempts), "last_error": name}


def retry_after(attempts: int) -> timedelta:
    """Twice as long each time, an hour at most; by chance half to one and a half of it."""
    doubled: int = 2 ** (attempts - 1)
    pause = min(FIRST_RETRY * doubled, LONGEST_RETRY)
    return pause * random.uniform(0.5, 1.5)  # noqa: S311 (spreads the load, hides nothing)


def _codes(error: Exception) -> list[int]:
    """The server's reply codes."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return [code for code, _ in error.recipients.values()]
        case smtplib.SMTPResponseException():
            return [error.smtp_code]
    return []


def _is_permanent(error: Exception) -> bool:
    """Whether this very mail can never go; trouble with the server or our account passes."""
    match error:
        case smtplib.SMTPRecipientsRefused() | smtplib.SMTPDataError():
            return min(_codes(error)) >= PERMANENT
        case OSError():  # some of these are a ValueError too: a certificate that is not trusted
            return False
    # What the mail itself is made of: no content, a line break in a header, no address.
    return isinstance(error, ValueError | LookupError | GivenUp)


def _settle(database: Database, row: Any, lease: datetime, changes: dict[str, Any]) -> None:
    """Write the outcome, unless the lease ran out and another worker has taken the mail."""
    held = (OutboxItem.id == row.id) & (OutboxItem.leased_until == lease)
    with database.write(WORKER) as db:
        db.execute(sa.update(OutboxItem).where(held).values(leased_until=None, **changes))
