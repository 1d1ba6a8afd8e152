"""T67: an error tells its code and its request, nothing of what the server is made of."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.database import Database
from app.main import create_app
from app.vocabulary import ErrorCode
from tests.graphql_schema.asking import A_TOKEN_TO_LOOK_UP, DEVELOPMENT, PRODUCTION, ask, run
from tests.graphql_schema.example import example_app

pytestmark = pytest.mark.threat("T67")

TELLTALES = (
    "traceback", 'file "', ".py", "line 1,", "sqlalchemy", "sqlite", "psycopg", "postgres", "select ",
    "no such table", "strawberry", "graphql-core", "starlette", "granian", "uvloop", "python",
    "exception", "site-packages", "runtimeerror", "stack",
)  # fmt: skip


def failures(app) -> Iterator[httpx.Response]:
    for query in (
        "{",
        "{ nobody }",
        "{ crash }",
        "{ nothingWhereSomethingMustBe }",
        "{ viewer { email } }",
        "{ gone }",
        "{ hidden }",
        "{ " + "__typename " * 99 + "}",
        "subscription { a }",
    ):
        yield run(app, query)
        yield run(app, query, headers={"authorization": "Bearer a.b.c"})
    yield run(app, None)
    yield run(app, "{ __typename }", variables=[])
    yield ask(app, "POST", "/graphql", content=b"{", headers={"content-type": "application/json"})
    yield ask(app, "POST", "/graphql", content=b"x" * 99_999)
    yield ask(app, "GET", "/nowhere/at/all.php")
    yield ask(app, "TRACE", "/graphql")
    yield ask(app, "GET", "/readyz")


def require_silence(answer: httpx.Response) -> None:
    said = f"{answer.text} {answer.headers}".lower()
    assert [telltale for telltale in TELLTALES if telltale in said] == []
    if answer.status_code >= 400 and "json" in answer.headers["content-type"]:
        for error in answer.json().get("errors", []):
            assert error["extensions"]["code"] in set(ErrorCode)
            assert error["extensions"]["requestId"] == answer.headers["x-request-id"]


@pytest.fixture
def tableless(tmp_path: Path) -> Iterator[Database]:
    """A database in which every statement fails."""
    database = Database(f"sqlite:///{tmp_path / 'no-tables.db'}")
    yield database
    database.dispose()


@pytest.mark.parametrize("settings", [PRODUCTION, DEVELOPMENT], ids=["production", "development"])
def test_no_answer_tells_what_the_server_is_made_of(settings, tableless):
    for app in (example_app(settings), create_app(settings, tableless)):
        for answer in failures(app):
            require_silence(answer)


def test_a_database_without_tables_is_an_internal_error_without_its_words(tableless):
    app = create_app(PRODUCTION, tableless)
    code = {"email": "ana@example.org"}
    for answer in (
        ask(app, "POST", "/auth/code", json=code),
        run(app, "{ viewer { email } }", headers=A_TOKEN_TO_LOOK_UP),
    ):
        assert answer.status_code == 500
        [error] = answer.json()["errors"]
        assert error["extensions"]["code"] == "INTERNAL"
        require_silence(answer)
