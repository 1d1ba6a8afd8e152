"""The whole application in one process: its doors, and what they say when the database is gone."""

import pytest

from app.database import Database
from app.main import create_app
from tests.graphql_schema.asking import A_TOKEN_TO_LOOK_UP, DEVELOPMENT, PRODUCTION, ask, codes, run

VIEWER = "{ viewer { email contacts { givenName } } }"


@pytest.fixture
def gone(tmp_path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'nowhere' / 'portal.db'}")


def test_a_signed_out_visitor_is_told_to_sign_in(database):
    app = create_app(PRODUCTION, database)
    answer = run(app, VIEWER)
    assert answer.status_code == 200
    assert codes(answer) == ["UNAUTHENTICATED"]
    forged = run(app, VIEWER, headers={"authorization": "Bearer a.b.c"})
    assert forged.status_code == 401
    basic = run(app, VIEWER, headers={"authorization": "Basic YTpi"})
    assert basic.status_code == 401


def test_a_database_that_is_gone_is_503_at_every_door(gone):
    app = create_app(PRODUCTION, gone)
    assert run(app, VIEWER, headers=A_TOKEN_TO_LOOK_UP).status_code == 503
    assert ask(app, "GET", "/readyz").status_code == 503
    assert ask(app, "POST", "/auth/code", json={"email": "a@example.org"}).status_code == 503
    assert ask(app, "GET", "/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/dev/outbox", "/graphql/explorer/explorer.js"])
def test_the_doors_of_development_do_not_exist_in_production(database, path):
    assert ask(create_app(DEVELOPMENT, database), "GET", path).status_code == 200
    assert ask(create_app(PRODUCTION, database), "GET", path).status_code == 404
