"""The worker goes on, whatever happens to one mail or one job, and stops when told."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from app.actor import Service
from app.config import Settings
from app.database import Database
from app.outbox.models import OutboxItem
from app.outbox.queue import enqueue_mail
from app.outbox.worker import Job, run_due, run_worker, sender_for
from tests.outbox.mail_server import a_mail_server
from tests.world import SetClock

DEVELOPMENT = Settings(environment="development")


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def sent(database: Database) -> int:
    with database.read(Service("test")) as db:
        return db.session.query(OutboxItem).filter(OutboxItem.sent_at.is_not(None)).count()


def a_mail(database: Database) -> None:
    with database.write(Service("test")) as db:
        enqueue_mail(db, kind="test", recipient="a@example.org", subject="s", text="t")


def test_the_worker_sends_and_works_until_it_is_told_to_stop(database: Database) -> None:
    done = threading.Event()
    stop = threading.Event()
    with a_mail_server() as (postmaster, place):
        settings = Settings(smtp_url=f"smtp://{place}")
        jobs = [Job("once", timedelta(days=1), done.set)]
        worker = threading.Thread(target=run_worker, args=(database, settings, jobs, stop))
        worker.start()
        assert done.wait(10)
        a_mail(database)
        until(lambda: sent(database) == 1)
        stop.set()
        worker.join(10)
    assert not worker.is_alive()
    assert len(postmaster.taken) == 1


def test_a_job_that_fails_stops_neither_the_others_nor_its_next_time(clock: SetClock) -> None:
    ran: list[str] = []

    def fail() -> None:
        ran.append("fails")
        raise RuntimeError

    jobs = [
        Job("fails", timedelta(minutes=5), fail),
        Job("works", timedelta(minutes=1), lambda: ran.append("works")),
    ]
    due = {job.name: clock.now for job in jobs}
    for _ in range(6):
        run_due(jobs, due, clock.now)
        clock.advance(timedelta(minutes=1))
    assert ran.count("works") == 6
    assert ran.count("fails") == 2


def test_in_development_a_mail_stays_to_be_read(database: Database) -> None:
    a_mail(database)
    sender = sender_for(DEVELOPMENT)
    assert sender is not None
    assert sender.keeps_text


def test_in_production_without_a_server_mails_wait(database: Database) -> None:
    a_mail(database)
    stop = threading.Event()
    ran = threading.Event()
    jobs = [Job("look", timedelta(days=1), ran.set)]
    worker = threading.Thread(target=run_worker, args=(database, Settings(), jobs, stop))
    worker.start()
    assert ran.wait(10)
    stop.set()
    worker.join(10)
    assert sent(database) == 0


PROGRAM = """
import sys
from app.config import Settings
from app.database import Database
from app.outbox.worker import run_worker, stop_on_signal

stop = stop_on_signal()
print("ready", flush=True)
run_worker(Database(sys.argv[1]), Settings(environment="development"), [], stop)
print("stopped", flush=True)
"""


def test_sigterm_stops_the_worker_cleanly(own_database: Database, tmp_path: Path) -> None:
    a_mail(own_database)
    url = own_database.engine.url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, url],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        until(lambda: sent(own_database) == 1)
        program.send_signal(signal.SIGTERM)
        assert program.stdout.read() == "stopped\n"
        assert program.wait(10) == 0
