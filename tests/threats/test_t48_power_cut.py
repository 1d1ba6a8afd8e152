"""T48: the power fails after the portal has said yes."""

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from uuid_utils.compat import uuid7

from app.actor import Guardian, Service
from app.config import Settings
from app.consent.models import ConsentEvent
from app.consent.preferences import pause_messages
from app.consent.verify import verify_district
from app.database import Database
from app.directory.links import Key
from app.directory.models import Contact, District
from tests.conftest import on_sqlite
from tests.races.lossy_disk import Recording, recorded
from tests.sqlite import Files
from tests.world import a_contact, a_world

pytestmark = pytest.mark.threat("T48")

COMMITS = 60
SETTINGS = Settings(secret_key="p" * 40, ledger_dir=Path("nowhere"))
LINES = sa.select(sa.func.count()).select_from(ConsentEvent)


def changes(database: Database, contact: Key) -> Iterator[None]:
    """A parent pauses her messages, ever longer: each turn is one transaction and one line."""
    actor = Guardian(uuid7(), (contact,))
    for seconds in itertools.count(1):
        with database.write(actor) as db:
            pause_messages(db, actor, contact, db.now + timedelta(seconds=seconds))
        yield


@pytest.fixture
def recording(tmp_path: Path, database_server: Files, request: pytest.FixtureRequest) -> Recording:
    """What happened on the disk while sixty changes were acknowledged."""
    folder = tmp_path / "disk"
    folder.mkdir()
    (folder / "portal.db").write_bytes(database_server.template.read_bytes())
    synchronous = getattr(request, "param", None)
    with recorded(folder) as made:
        database = Database(f"sqlite:///file:{folder}/portal.db?vfs=lossy&uri=true")
        pragmas = ["wal_autocheckpoint=20"]  # often, so that cuts fall into the middle of it
        pragmas += [f"synchronous={synchronous}"] if synchronous else []
        for pragma in pragmas:
            event.listen(
                database.engine, "connect", lambda c, _, p=pragma: c.execute(f"PRAGMA {p}")
            )
        world = a_world(database)
        with database.write(world.service) as db:
            contact = a_contact(db, world.district)
        made.began = len(made.steps)
        for _ in itertools.islice(changes(database, (contact.district_id, contact.id)), COMMITS):
            made.acknowledge()
        database.dispose()
    return made


def restarted(files: dict[str, bytes], folder: Path) -> Database:
    for path in folder.iterdir():
        path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return Database(f"sqlite:///{folder}/portal.db")


def lines_after(cut: dict[str, bytes], folder: Path) -> int:
    """How many lines there are after a restart, all of them good."""
    database = restarted(cut, folder)
    try:
        with database.read(Service("test")) as db:
            district = db.session.scalar(sa.select(District))
            lines = int(db.scalar(LINES))
        assert district is not None
        report = verify_district(database, SETTINGS, district)
        assert (report.fault, report.lines) == (None, lines)
        return lines
    finally:
        database.dispose()


def cuts(recording: Recording, count: int, chance: random.Random) -> Iterator[tuple[int, dict]]:
    """Some cuts: how many changes had been acknowledged, and what the disk has kept."""
    for _ in range(count):
        at = chance.randint(recording.began, len(recording.steps))
        yield recording.acknowledged(at), recording.cut(at, chance)


@on_sqlite
def test_a_cut_at_any_instant_loses_nothing_acknowledged_and_leaves_a_good_ledger(
    recording: Recording, tmp_path: Path, scale: Callable[[int], int], rng: random.Random
):
    after = tmp_path / "after"
    after.mkdir()
    kept = [(yes, lines_after(cut, after)) for yes, cut in cuts(recording, scale(1000), rng)]
    assert [(yes, lines) for yes, lines in kept if lines not in (yes, yes + 1)] == []
    assert {lines - yes for yes, lines in kept} == {0, 1}, "some fell into a commit"


@on_sqlite
@pytest.mark.parametrize("recording", ["NORMAL"], indirect=True)
def test_the_same_disk_would_lose_what_was_acknowledged_with_less_care(
    recording: Recording, tmp_path: Path, rng: random.Random
):
    after = tmp_path / "after"
    after.mkdir()
    assert any(lines_after(cut, after) < yes for yes, cut in cuts(recording, 20, rng))


@pytest.mark.timeout(1_800)  # in full
def test_a_process_killed_at_any_moment_loses_nothing_it_has_acknowledged(
    own_database: Database, scale: Callable[[int], int], rng: random.Random
):
    world = a_world(own_database)
    with own_database.write(world.service) as db:
        contact = a_contact(db, world.district)
    acknowledged = 0
    for _ in range(scale(60)):
        acknowledged += killed_while_writing(own_database, contact, rng.uniform(0, 0.5))
        with own_database.read(world.service) as db:
            lines = int(db.scalar(LINES))
        assert lines in (acknowledged, acknowledged + 1)
        acknowledged = lines
        with own_database.read(world.service) as db:
            district = db.session.get_one(District, world.district.id)
        assert verify_district(own_database, SETTINGS, district).fault is None


def killed_while_writing(database: Database, contact: Contact, seconds: float) -> int:
    """How many changes a process has acknowledged when it dies."""
    url = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.threats.test_t48_power_cut", url]
    command += [str(contact.district_id), str(contact.id)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdout is not None
        said = process.stdout.read(1)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        said += process.stdout.read()
    assert process.returncode == -signal.SIGKILL
    return len(said)


if __name__ == "__main__":
    url, district_id, contact_id = sys.argv[1:]
    for _ in changes(Database(url), (UUID(district_id), UUID(contact_id))):
        os.write(sys.stdout.fileno(), b".")
