"""A real server process for a test: `python -m tests.serving MODULE:APPLICATION PORT`."""

import contextlib
import importlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.config import Settings
from app.server import serve

START_SECONDS = 60
STOP_SECONDS = 20


@dataclass
class Server:
    """A server with one worker; `log` grows while it runs."""

    port: int
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask_to_stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def connection(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)


@contextlib.contextmanager
def serving(application: str, folder: Path, **settings: str) -> Iterator[Server]:
    """Serve `module:function` with these settings (production unless they say otherwise)."""
    port = _free_port()
    log = folder / f"server-{port}.log"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PORTAL_")}
    settings = {"secret_key": "k" * 40} | settings
    environment |= {f"PORTAL_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "tests.serving", application, str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    server = Server(port, log, process)
    try:
        _wait_until_it_answers(server)
        yield server
    finally:
        server.ask_to_stop()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(server: Server) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        if server.process.poll() is not None:
            break
        with contextlib.suppress(httpx.TransportError):
            httpx.get(server.url, trust_env=False)
            return
        time.sleep(0.05)
    raise AssertionError(server.log.read_text())


if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    application = getattr(importlib.import_module(module), name)
    serve(Settings.from_environment(), "127.0.0.1", int(sys.argv[2]), 1, application)
