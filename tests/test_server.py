"""The server as an operator runs it: a process of its own, on a real socket."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import migrations
from app.database import create_engine
from app.errors import Invalid
from app.server import serve
from tests.graphql_schema.asking import PRODUCTION
from tests.graphql_schema.example import example_app
from tests.serving import Server, serving

EXAMPLE = "tests.graphql_schema.example:example_app"
PORTAL = "app.main:create_app"


def client(server: Server) -> httpx.Client:
    return httpx.Client(base_url=server.url, trust_env=False, timeout=30)


@pytest.fixture
def portal(tmp_path: Path):
    """The whole portal on a new SQLite database."""
    url = f"sqlite:///{tmp_path / 'portal.db'}"
    engine = create_engine(url)
    migrations.upgrade(engine)
    engine.dispose()
    with serving(PORTAL, tmp_path, database_url=url) as server:
        yield server


def test_the_portal_starts_says_it_is_ready_and_answers(portal):
    with client(portal) as caller:
        assert caller.get("/healthz").json() == {"status": "live"}
        assert caller.get("/readyz").json() == {"status": "ready"}
        answer = caller.post("/graphql", json={"query": "{ __typename }"})
        assert answer.json() == {"data": {"__typename": "Query"}}
        signed_out = caller.post("/graphql", json={"query": "{ viewer { email } }"}).json()
        assert signed_out["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_a_stop_finishes_the_request_that_runs_and_takes_no_other(tmp_path):
    with serving(EXAMPLE, tmp_path) as server, client(server) as caller:
        answers: list[httpx.Response] = []

        def ask_slowly() -> None:
            answers.append(caller.post("/graphql", json={"query": "{ slow(seconds: 2) }"}))

        asking = threading.Thread(target=ask_slowly)
        asking.start()
        time.sleep(0.5)
        server.ask_to_stop()
        asking.join()
        assert server.process.wait(10) == 0
        assert answers[0].json() == {"data": {"slow": "done"}}
        with pytest.raises(httpx.ConnectError):
            caller.get("/")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(EXAMPLE, tmp_path_factory.mktemp("example")) as server:
        yield server


def test_requests_of_one_process_run_side_by_side_but_four_at_most(example):
    def ask() -> None:
        with client(example) as caller:
            answer = caller.post("/graphql", json={"query": "{ slow(seconds: 0.5) }"})
            assert answer.status_code == 200

    threads = [threading.Thread(target=ask) for _ in range(8)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    assert 2 * 0.5 <= took < 8 * 0.5


def test_all_that_is_written_is_json_a_line_for_each_request(example):
    with client(example) as caller:
        answer = caller.post("/graphql", json={"query": "{ viewer { name } }"})
    lines = [json.loads(line) for line in example.log.read_text().splitlines()]
    assert any(line["event"].startswith("Listening at") for line in lines)
    [request] = [line for line in lines if line.get("request_id") == answer.headers["x-request-id"]]
    assert (request["method"], request["route"], request["status"]) == ("POST", "/graphql", 200)


@pytest.mark.threat("T67")
def test_no_answer_names_the_software_that_gave_it(example):
    with example.connection() as plain:
        plain.sendall(b"NONSENSE\r\n\r\n")
        said = plain.recv(10_000).decode()
    with client(example) as caller:
        answer = caller.get("/")
    for text in (said, f"{answer.text} {answer.headers}"):
        assert "granian" not in text.lower()
        assert "hyper" not in text.lower()


def test_an_address_that_is_taken_or_is_none_is_named():
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(Invalid, match=f"port {port}: Address already in use"):
            serve(PRODUCTION, "127.0.0.1", port, 1, example_app)
    with pytest.raises(Invalid, match=r"192\.0\.2\.1"):
        serve(PRODUCTION, "192.0.2.1", 8000, 1, example_app)
