"""T66 and T60: whatever is sent, the server's log tells neither who nor what, line by line JSON."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import migrations
from app.database import create_engine
from tests.serving import Server, serving

NUMBER = "+12025550199"
ADDRESS = "ana@canary.example"
TEXT = "canary-text"
CANARIES = ("2025550199", "555-0199", "canary", "\\u001b", "fake-line")
INJECTION = '\x1b[31m"}\n{"event": "fake-line"}'
EXAMPLE = "tests.graphql_schema.example:example_app"
PORTAL = "app.main:create_app"


def portal_database(folder: Path) -> str:
    url = f"sqlite:///{folder / 'portal.db'}"
    engine = create_engine(url)
    migrations.upgrade(engine)
    engine.dispose()
    return url


def talk(server: Server) -> Iterator[httpx.Response]:
    """Canaries at every place where a client can put words."""
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        words = {
            "user-agent": ADDRESS,
            "referer": f"https://{ADDRESS}/{NUMBER}",
            "x-request-id": NUMBER,
            "x-forwarded-for": TEXT,
            "cookie": f"session={TEXT}",
            "authorization": f"Bearer {TEXT}.{TEXT}.{TEXT}",
        }
        for query, variables in (
            ("{ whoami }", {}),
            (f'{{ node(id: "{NUMBER}") {{ id }} }}', {}),
            (f'{{ canary: echo(text: "{ADDRESS}") }}', {}),
            ("query ($t: String!) { echo(text: $t) }", {"t": NUMBER}),
            ("query ($t: Int!) { echo(text: $t) }", {"t": INJECTION}),
            (f'query canary {{ crash(text: "{NUMBER}") }}', {}),
            (f"{{ canary_{NUMBER[1:]} }}", {}),
            (INJECTION, {"canary": ADDRESS}),
        ):
            parameters = {"query": query, "variables": variables, "operationName": None}
            yield client.post("/graphql", json=parameters)
            yield client.post("/graphql", json=parameters, headers=words)
            yield client.get("/graphql", params={"query": query}, headers=words)
        yield client.post("/graphql", content=f"{ADDRESS}{{".encode(), headers=words)
        yield client.get(f"/{ADDRESS}/%0A%1B[31m{NUMBER}?to={NUMBER}")
        yield client.request("CANARY", f"/graphql?{NUMBER}")
        for path in ("/auth/code", "/auth/token"):
            yield client.post(path, json={"email": ADDRESS, "code": "123456"}, headers=words)
            yield client.post(path, json={"email": INJECTION, "code": NUMBER})
        yield client.post("/auth/refresh", json={"refresh_token": TEXT})


def lines_of(server: Server) -> list[dict[str, object]]:
    """Each line is one JSON object; anything else fails here."""
    return [json.loads(line) for line in server.log.read_bytes().splitlines()]


def require_no_canary(server: Server, answers: list[httpx.Response]) -> None:
    """And a line for each request."""
    log = server.log.read_text()
    for canary in CANARIES:
        assert canary not in log.lower()
    assert log.isascii()
    told = {line.get("request_id") for line in lines_of(server) if line["event"] == "request"}
    assert {answer.headers["x-request-id"] for answer in answers} <= told


@pytest.mark.threat("T66", "T60")
@pytest.mark.parametrize("environment", ["production", "development"])
def test_the_portals_log_holds_a_line_for_each_request_and_no_canary(tmp_path, environment):
    settings = {"environment": environment, "database_url": portal_database(tmp_path)}
    with serving(PORTAL, tmp_path, **settings) as server:
        answers = list(talk(server))
    require_no_canary(server, answers)


@pytest.mark.threat("T66", "T60")
def test_a_crash_is_told_by_type_and_place_and_request_and_no_canary(tmp_path):
    with serving(EXAMPLE, tmp_path) as server:
        answers = list(talk(server))
    require_no_canary(server, answers)
    crashed = {line["request_id"]: line for line in lines_of(server) if line["level"] == "error"}
    expected = {answer.headers["x-request-id"] for answer in answers if "INTERNAL" in answer.text}
    assert expected
    assert crashed.keys() == expected
    for crash in crashed.values():
        assert crash["field"] == "crash"
        [error] = crash["exception"]
        assert error["type"] == "builtins.RuntimeError"
        assert error["at"][-1].endswith("Query.crash")
