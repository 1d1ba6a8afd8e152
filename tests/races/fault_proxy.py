"""A network that loses answers: a TCP proxy that cuts some of them anywhere before their end."""

import contextlib
import random
import socket
import threading
from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
CHUNK = 65_536
SECONDS = 30


class FaultProxy:
    """One request a connection. `cut` counts the answers of which something was missing."""

    def __init__(self, server_port: int, share: float, chance: random.Random) -> None:
        self.cut = 0
        self._server = (LOOPBACK, server_port)
        self._share = share
        self._chance = chance
        self._lock = threading.Lock()
        self._listening = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listening.getsockname()[1]

    def run(self) -> None:
        with contextlib.suppress(OSError):  # stopped
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def stop(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server, SECONDS) as server:
            client.settimeout(SECONDS)
            with contextlib.suppress(OSError):
                server.sendall(read_request(client))
                client.sendall(self._some_of(read_all(server)))

    def _some_of(self, answer: bytes) -> bytes:
        with self._lock:
            if self._chance.random() >= self._share:
                return answer
            self.cut += 1
            return answer[: self._chance.randrange(len(answer))]


def read_request(client: socket.socket) -> bytes:
    """Headers, then as many bytes as they say."""
    request = b""
    while b"\r\n\r\n" not in request:
        if not (some := client.recv(CHUNK)):
            raise ConnectionError
        request += some
    headers, _, body = request.partition(b"\r\n\r\n")
    [length] = [
        int(line.split(b":")[1])
        for line in headers.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    ]
    while len(body) < length:
        body += client.recv(CHUNK)
    return headers + b"\r\n\r\n" + body


def read_all(server: socket.socket) -> bytes:
    """Until the server closes, as it was asked to."""
    answer = b""
    while some := server.recv(CHUNK):
        answer += some
    return answer


@contextlib.contextmanager
def bad_network(server_port: int, share: float, chance: random.Random) -> Iterator[FaultProxy]:
    proxy = FaultProxy(server_port, share, chance)
    thread = threading.Thread(target=proxy.run, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join(SECONDS)
