"""Ask over and over, on kept connections, in a process of its own.

`python -m tests.bench.load PORT SECONDS` reads a Plan on standard input and prints a Measured.
Written by hand: a client for general use would be slower than the server it measures.
"""

import asyncio
import itertools
import sys
import time
from dataclasses import asdict, dataclass
from typing import cast

import orjson
import uvloop

CONNECTIONS = 32
WARM_UP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Requests as they stand on the wire; each connection takes the next one in turn."""

    requests: list[str]
    expected: str
    counter: str


@dataclass(frozen=True, slots=True)
class Measured:
    """Answers in `seconds`, and how long one took, in milliseconds."""

    answers: int
    seconds: float
    p50: float
    p95: float

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds


class Client(asyncio.Protocol):
    """One connection that sends its next request as soon as it has its answer."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.received = b""
        self.length = 0
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        self.received, self.length = b"", 0
        self.sent_at = time.perf_counter()
        self.transport.write(self.load.next_request())

    def data_received(self, data: bytes) -> None:
        self.received += data
        if not self.length and b"\r\n\r\n" in self.received:
            self.length = whole_length(self.received)
        if self.length and len(self.received) >= self.length:
            self.load.answered(self.received, self.sent_at)
            self._send()

    def connection_lost(self, _error: Exception | None) -> None:
        self.load.fail("the server closed a connection")


class Load:
    def __init__(self, plan: Plan, begins: float, ends: asyncio.Future[None]) -> None:
        self.requests = itertools.cycle([request.encode() for request in plan.requests])
        self.count = itertools.count(time.time_ns() // 1000)  # no number of an earlier run
        self.expected = plan.expected.encode()
        self.counter = plan.counter.encode()
        self.begins = begins
        self.ends = ends
        self.durations: list[float] = []

    def next_request(self) -> bytes:
        number = b"%012d" % (next(self.count) % 10**12)
        return next(self.requests).replace(self.counter, number)

    def answered(self, answer: bytes, sent_at: float) -> None:
        if not answer.startswith(b"HTTP/1.1 200") or self.expected not in answer:
            self.fail(answer.decode(errors="replace")[:2000])
        if sent_at >= self.begins:
            self.durations.append(time.perf_counter() - sent_at)

    def end(self) -> None:
        if not self.ends.done():
            self.ends.set_result(None)

    def fail(self, why: str) -> None:
        if not self.ends.done():
            self.ends.set_exception(RuntimeError(why))


def whole_length(answer: bytes) -> int:
    """Of an answer whose head is complete: head and body, in bytes."""
    head, separator, _ = answer.partition(b"\r\n\r\n")
    lengths = [
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    return len(head) + len(separator) + lengths[0]


async def measure(plan: Plan, port: int, seconds: float) -> Measured:
    """Ask for a second to warm up, then for so many seconds. Raises RuntimeError on an answer
    that is not the expected one.
    """
    loop = asyncio.get_running_loop()
    ends = loop.create_future()
    begins = time.perf_counter() + WARM_UP_SECONDS
    load = Load(plan, begins, ends)
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: Client(load), "127.0.0.1", port)
    loop.call_later(WARM_UP_SECONDS + seconds, load.end)
    await ends
    took = time.perf_counter() - begins
    ordered = sorted(1000 * duration for duration in load.durations)
    return Measured(
        len(ordered), took, ordered[len(ordered) // 2], ordered[len(ordered) * 95 // 100]
    )


if __name__ == "__main__":
    asked = Plan(**orjson.loads(sys.stdin.buffer.read()))
    found = uvloop.run(measure(asked, int(sys.argv[1]), float(sys.argv[2])))
    sys.stdout.buffer.write(orjson.dumps(asdict(found)))
