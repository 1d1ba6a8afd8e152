"""T63: slow clients are closed within thirty seconds and slow nobody else down."""

import json
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.serving import Server, serving

pytestmark = pytest.mark.threat("T63")

SLOW_CLIENTS = 1000
CLOSED_WITHIN_SECONDS = 30
LEGAL_P99_SECONDS = 0.5
ESTABLISHED = "01"
HEAD = b"POST /graphql HTTP/1.1\r\nHost: portal\r\nContent-Type: application/json\r\n"
QUERY = json.dumps(
    {
        "query": "query ($t: String!) {"
        + "".join(f" a{n}: echo(text: $t)" for n in range(20))
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
        self.closed = False

    def go_on(self) -> None:
        """One step; notices when the server has closed."""
        if self.closed or self.drip is None:
            return
        try:
            if self.drip:
                self.socket.send(self.drip)
            while received := self.socket.recv(65_536):
                assert received
            self.closed = True
        except BlockingIOError:
            pass
        except OSError:
            self.closed = True


@pytest.fixture
def server(tmp_path):
    with serving("tests.graphql_schema.example:example_app", tmp_path) as server:
        yield server


def established(server: Server) -> int:
    """Connections the server still holds, as the kernel counts them."""
    local = f"{server.port:04X}"
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines())
    return sum(row[1].endswith(f":{local}") and row[3] == ESTABLISHED for row in rows)


def test_slow_clients_are_closed_and_a_legal_one_is_answered_all_the_while(
    server: Server, scale: Callable[[int], int]
):
    each = max(1, scale(SLOW_CLIENTS) // len(MANNERS))
    slow = [
        SlowClient(server, at_once, drip) for at_once, drip in MANNERS.values() for _ in range(each)
    ]
    began = time.monotonic()
    took: list[float] = []
    stop = threading.Event()

    def live_legally() -> None:
        with httpx.Client(base_url=server.url, trust_env=False) as legal:
            while not stop.wait(0.05):
                asked = time.monotonic()
                answer = legal.post("/graphql", json={"query": "{ viewer { name } }"})
                assert answer.status_code == 200
                took.append(time.monotonic() - asked)

    legal = threading.Thread(target=live_legally)
    legal.start()
    try:
        while established(server) > 1 and time.monotonic() - began < CLOSED_WITHIN_SECONDS:
            for client in slow:
                client.go_on()
            time.sleep(1)
        # The legal client's own connection may remain.
        assert established(server) <= 1
    finally:
        stop.set()
        legal.join()
        for client in slow:
            client.socket.close()
    assert len(took) > 20
    assert statistics.quantiles(took, n=100)[98] < LEGAL_P99_SECONDS
