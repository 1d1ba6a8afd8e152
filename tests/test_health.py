"""What a load balancer is told."""

from pathlib import Path

import pytest

from app.database import Database
from app.main import create_app
from tests.graphql_schema.asking import PRODUCTION, ask


def test_a_process_with_a_database_at_the_newest_schema_is_live_and_ready(database):
    app = create_app(PRODUCTION, database)
    assert ask(app, "GET", "/healthz").status_code == 200
    ready = ask(app, "GET", "/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


@pytest.fixture
def empty(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'empty.db'}")


def test_before_its_tables_are_there_it_is_live_but_not_ready(empty):
    app = create_app(PRODUCTION, empty)
    assert ask(app, "GET", "/healthz").status_code == 200
    ready = ask(app, "GET", "/readyz")
    assert ready.status_code == 503
    assert "portal migrate" in ready.text


def test_without_its_database_it_is_not_ready_and_says_no_more(tmp_path):
    gone = Database(f"sqlite:///{tmp_path / 'secret-folder' / 'portal.db'}")
    ready = ask(create_app(PRODUCTION, gone), "GET", "/readyz")
    assert ready.status_code == 503
    assert "secret-folder" not in ready.text
