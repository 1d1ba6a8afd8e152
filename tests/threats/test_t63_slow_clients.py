"""T63: slow clients are closed within thirty seconds and slow nobody else down."""

import contextlib
import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.serving import Server, serving

pytestmark = pytest.mark.threat("T63")

SLOW_CLIENTS = 1000
CLOSED_WITHIN_SECONDS = 30
LEGAL_P99_SECONDS = 0.5
HEAD = b"POST /graphql HTTP/1.1\r\nHost: portal\r\nContent-Type: application/json\r\n"
QUERY = json.dumps(
    {
        "query": "query ($t: String!) {"
        + "".join(f" a{n}: echo(text: $t)" for n in range(5))
        + "}",
        "variables": {"t": "x" * 60_000},
    }
).encode()
# What is sent at once, and what then drips every second.
MANNERS = {
    "sends nothing": (b"", b""),
    "drips headers": (HEAD, b"X-A: b\r\n"),
    "drips its body": (HEAD + b"Content-Length: 1000\r\n\r\n{", b" "),
    "drips chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", b"1\r\n \r\n"),
    "stops in its body": (HEAD + b"Content-Length: 1000\r\n\r\n{", b""),
    "does not read": (HEAD + b"Content-Length: %d\r\n\r\n" % len(QUERY) + QUERY, None),
    "stays when all is said": (HEAD + b'Content-Length: 26\r\n\r\n{"query":"{ __typename }"}', b""),
}


class SlowClient:
    """Holds a connection as long as the server lets it."""

    def __init__(self, server: Server, at_once: bytes, drip: bytes | None) -> None:
        self.socket = server.connection()
        self.socket.sendall(at_once)
        self.socket.setblocking(False)
        self.drip = drip

    def is_closed(self) -> bool:
        """Drip once, read what is there: has the server hung up?"""
        try:
            if self.drip:
                self.socket.send(self.drip)
            while self.socket.recv(65_536):
                pass
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True


@pytest.fixture
def server(tmp_path):
    with serving("tests.graphql_schema.example:example_app", tmp_path) as server:
        yield server


def test_slow_clients_are_closed_and_a_legal_one_is_answered_all_the_while(
    server: Server, scale: Callable[[int], int]
):
    each = max(1, scale(SLOW_CLIENTS) // len(MANNERS))
    slow = [
        SlowClient(server, at_once, drip) for at_once, drip in MANNERS.values() for _ in range(each)
    ]
    give_up = time.monotonic() + CLOSED_WITHIN_SECONDS
    with a_legal_client(server) as took:
        assert still_open([client for client in slow if client.drip is not None], give_up) == []
        # Who did not read finds the answer that waited for her, and after it the end.
        assert still_open([client for client in slow if client.drip is None], give_up) == []
    for client in slow:
        client.socket.close()
    assert len(took) > 20
    assert statistics.quantiles(took, n=100)[98] < LEGAL_P99_SECONDS


def still_open(clients: list[SlowClient], give_up: float) -> list[SlowClient]:
    while clients and time.monotonic() < give_up:
        time.sleep(1)
        clients = [client for client in clients if not client.is_closed()]
    return clients


@contextlib.contextmanager
def a_legal_client(server: Server) -> Iterator[list[float]]:
    """Asks twenty times a second; gives the seconds each answer took."""
    took: list[float] = []
    stop = threading.Event()

    def live() -> None:
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            while not stop.wait(0.05):
                asked = time.monotonic()
                answer = client.post("/graphql", json={"query": "{ viewer { name } }"})
                assert answer.status_code == 200
                took.append(time.monotonic() - asked)

    living = threading.Thread(target=live)
    living.start()
    try:
        yield took
    finally:
        stop.set()
        living.join()
