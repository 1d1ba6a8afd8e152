"""T62: a body that is too large, too deep, packed or of another kind is refused, never a 500."""

import gzip
import json

import httpx
import pytest

from tests.serving import Server, serving

pytestmark = pytest.mark.threat("T62")

JSON = {"content-type": "application/json"}
DEEP = 30_000


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    with serving("tests.graphql_schema.example:example_app", folder) as server:
        yield server


def post(server: Server, body: object, headers: dict[str, str] = JSON) -> httpx.Response:
    return httpx.post(f"{server.url}/graphql", content=body, headers=headers, trust_env=False)


def chunks(size: int):
    for _ in range(size // 50_000):
        yield b"x" * 50_000


BODIES = {
    "five megabytes": (b"x" * 5_000_000, JSON, 413),
    "five megabytes without a length": (lambda: chunks(5_000_000), JSON, 413),
    "five megabytes of something else": (b"x" * 5_000_000, {"content-type": "text/plain"}, 413),
    "a gzip bomb": (gzip.compress(b"\0" * 40_000_000), JSON | {"content-encoding": "gzip"}, 415),
    "text": (b"{ __typename }", {"content-type": "text/plain"}, 415),
    "a form": (b"query={__typename}", {"content-type": "application/x-www-form-urlencoded"}, 415),
    "a multipart form": (b"--x--", {"content-type": "multipart/form-data; boundary=x"}, 415),
    "no type": (b'{"query": "{ __typename }"}', {}, 415),
    "lists in lists": (b"[" * DEEP + b"]" * DEEP, JSON, 400),
    "lists that never end": (b"[" * 60_000, JSON, 400),
    "objects in objects": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, JSON, 400),
    "deep variables": (
        b'{"query":"query($t:String!){echo(text:$t)}","variables":{"t":'
        + b"[" * 500
        + b"]" * 500
        + b"}}",
        JSON,
        400,
    ),
    "a cut body": (b'{"query": "{ __type', JSON, 400),
    "no UTF-8": (b'{"query": "\xff"}', JSON, 400),
    "UTF-16": ('{"query": "{ __typename }"}'.encode("utf-16"), JSON, 400),
    "a lone surrogate": (b'{"query": "\\ud800"}', JSON, 400),
    "a number for ever": (b'{"query": ' + b"9" * 60_000 + b"}", JSON, 400),
    "a hundred requests": (json.dumps([{"query": "{ __typename }"}] * 100).encode(), JSON, 400),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_body_gets_its_status_and_the_next_request_an_answer(server, name):
    body, headers, status = BODIES[name]
    try:
        answer = post(server, body() if callable(body) else body, headers)
    except httpx.WriteError:  # refused while still being sent
        assert status == 413
    else:
        assert answer.status_code == status
    assert post(server, b'{"query": "{ __typename }"}').status_code == 200


def test_headers_that_fill_a_megabyte_are_refused(server):
    for headers in ({"x-a": "a" * 1_000_000}, {f"x-{n}": "a" * 100 for n in range(500)}):
        try:
            answer = post(server, b"{}", JSON | headers)
        except httpx.WriteError:
            continue
        assert answer.status_code == 431
