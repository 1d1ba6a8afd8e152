"""The worker: sends what the outbox holds and does what falls due, until it is told to stop."""

import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from app.config import Settings
from app.database import Database
from app.errors import Unavailable
from app.outbox.delivery import Sender, deliver_next
from app.outbox.mail import SmtpServer

log = structlog.get_logger("worker")
POLL_SECONDS = 1.0
UNAVAILABLE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do again and again; one that fails is logged and tried at its next time."""

    name: str
    every: timedelta
    run: Callable[[], object]


def run_worker(
    database: Database, settings: Settings, jobs: Sequence[Job], stop: threading.Event
) -> None:
    """Work until `stop` is set; what is being sent then is finished first."""
    sender = sender_for(settings)
    due = {job.name: database.clock() for job in jobs}
    while not stop.is_set():
        try:
            run_due(jobs, due, database.clock())
            worked = sender is not None and deliver_next(database, sender)
        except Unavailable:
            log.warning("the database cannot be used now")
            stop.wait(UNAVAILABLE_SECONDS)
            continue
        if not worked:
            stop.wait(POLL_SECONDS)


def run_due(jobs: Sequence[Job], due: dict[str, datetime], now: datetime) -> None:
    for job in jobs:
        if due[job.name] <= now:
            due[job.name] = now + job.every
            try:
                job.run()
            except Exception:
                log.exception("a job failed", job=job.name)


def sender_for(settings: Settings) -> Sender | None:
    """SMTP; in development without a server the page /dev/outbox; else mails wait."""
    if settings.smtp_url:
        return Sender(SmtpServer.from_settings(settings).send, keeps_text=False)
    if settings.development:
        return Sender(lambda _mail: None, keeps_text=True)
    log.warning("PORTAL_SMTP_URL is not set: mails wait in the outbox")
    return None


def stop_on_signal() -> threading.Event:
    """An event that SIGTERM or SIGINT sets; call it in the main thread."""
    stop = threading.Event()

    def handle(_signal: int, _frame: object) -> None:
        # Not set here: the main thread may be inside the event's own lock at this moment.
        threading.Thread(target=stop.set).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
    return stop
