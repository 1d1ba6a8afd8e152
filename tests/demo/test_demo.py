"""The demo: what it makes, what it prints, and that it keeps what was done."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from app.actor import Visitor
from app.consent.verify import verify_district
from app.database import Database
from app.demo.run import demo_settings, prepare
from app.directory.models import Contact, Destination, District, Guardianship, Link, School
from app.messages.models import Broadcast, Message
from app.vocabulary import Rights
from tests.postgresql import free_port


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A demo folder, made once."""
    folder = tmp_path_factory.mktemp("demo")
    prepare(demo_settings(folder, 8000), folder)
    return folder


@pytest.fixture
def db(made):
    database = Database(demo_settings(made, 8000).database_url)
    with database.read(Visitor()) as opened:
        yield opened
    database.dispose()


def test_there_are_families_of_several_shapes(db):
    """Schools, people, custody, a shared phone, and six types over ninety days."""
    assert db.scalar(sa.select(sa.func.count()).select_from(School)) >= 3
    assert db.scalar(sa.select(sa.func.count()).select_from(Contact)) > 180
    rights = set(db.session.scalars(sa.select(Guardianship.rights)))
    assert rights == set(Rights)
    sharing = sa.select(Link.destination_id).group_by(Link.destination_id)
    shared = sa.select(Destination.id).where(
        Destination.id.in_(sharing.having(sa.func.count() > 1))
    )
    assert len(db.all(shared)) > 20
    first, last = db.one(sa.select(sa.func.min(Broadcast.sent_at), sa.func.max(Broadcast.sent_at)))
    assert (last - first).days > 80
    kinds = sa.select(sa.func.count(sa.distinct(Broadcast.broadcast_type_id)))
    assert db.scalar(kinds) == 6
    assert db.scalar(sa.select(sa.func.count()).select_from(Message)) > 3000


def test_its_ledger_is_whole(made, db):
    settings = demo_settings(made, 8000)
    for district in db.session.scalars(sa.select(District)):
        report = verify_district(Database(settings.database_url), settings, district)
        assert report.fault is None


def post(url: str, token: str, query: str) -> dict[str, object]:
    request = urllib.request.Request(
        url,
        orjson.dumps({"query": query}),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return orjson.loads(answer.read())


def start(folder: Path, port: int) -> subprocess.Popen[str]:
    options = ["--port", str(port), "--data", str(folder)]
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "demo", "--no-open", *options],
        stderr=subprocess.PIPE,
        text=True,
        env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
    )


def ready(running: subprocess.Popen[str]) -> dict[str, str]:
    """What it prints until it serves: the lines to export."""
    exported = {}
    assert running.stderr is not None
    for line in running.stderr:
        if found := re.match(r"\s*export (\w+)=(\S+)", line):
            exported[found[1]] = found[2]
        if "Started worker" in line:
            _wait_for(f"{exported['PORTAL_PUBLIC_URL']}/healthz")
            return exported
    raise AssertionError("it ended before it served")


def _wait_for(url: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=10).close()
        except urllib.error.URLError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("it does not answer")


def stop(running: subprocess.Popen[str]) -> None:
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=30)


def test_starting_it_again_keeps_what_was_done(made):
    """A pause that Maria ends is ended after a restart; the printed tokens work."""
    port = free_port()
    url = f"http://localhost:{port}/graphql"
    query = "{ viewer { email contacts { id pausedUntil district { name } } } }"
    first = start(made, port)
    try:
        exported = ready(first)
        viewer = post(url, exported["PARENT"], query)["data"]["viewer"]
        assert viewer["email"] == "maria.lopez@example.org"
        names = {contact["district"]["name"] for contact in viewer["contacts"]}
        assert names == {"Springfield Public Schools", "Shelbyville Schools"}
        contact = viewer["contacts"][0]["id"]
        post(
            url,
            exported["PARENT"],
            f'mutation {{ pauseMessages(input: {{clientMutationId: "p", contactId: "{contact}", '
            'until: "2027-01-01T00:00:00Z"}) { errors { message } } }',
        )
    finally:
        stop(first)
    second = start(made, port)
    try:
        exported = ready(second)
        viewer = post(url, exported["PARENT"], query)["data"]["viewer"]
        [paused] = [c["pausedUntil"] for c in viewer["contacts"] if c["id"] == contact]
        assert paused is not None
        queue = "{ viewer { desk { changeRequests { nodes { status } } } } }"
        nodes = post(url, exported["STAFF"], queue)["data"]["viewer"]["desk"]["changeRequests"]
        assert len(nodes["nodes"]) == 2
    finally:
        stop(second)
