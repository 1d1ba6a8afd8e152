"""The server process: granian with the limits that it lacks by default."""

import gc
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.server import Server
from starlette.types import ASGIApp

from app.config import Settings
from app.errors import Invalid
from app.logs import configure_logging

HEADER_MILLISECONDS = 10_000
# Headers and the line of a request; its body has its own limit in the application.
BUFFER_BYTES = 64 * 1024
# A stopping worker finishes what runs; a request has ten seconds.
STOP_SECONDS = 15
# Granian's own handlers would write plain text to stdout.
LOGGERS: dict[str, Any] = {
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"handlers": [], "propagate": True}},
}


def serve(
    settings: Settings,
    host: str,
    port: int,
    workers: int,
    application: Callable[[Settings], ASGIApp],
) -> None:
    """Serve until SIGTERM or SIGINT; each worker process builds the application anew.

    Raises Invalid where the address cannot be had.
    """
    _require_free(host, port)
    configure_logging()
    server = Server(
        target="portal",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_MILLISECONDS, max_buffer_size=BUFFER_BYTES
        ),
        log_dictconfig=LOGGERS,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    )
    server.serve(target_loader=partial(_load, settings, application), wrap_loader=False)


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise Invalid(f"Cannot listen on {host}, port {port}: {error.strerror}.") from error


def _load(settings: Settings, application: Callable[[Settings], ASGIApp]) -> ASGIApp:
    configure_logging()
    app = application(settings)
    keep_what_is_loaded()
    return app


def keep_what_is_loaded() -> None:
    """Take what stays for good out of the garbage collector's rounds.

    A full round through all loaded modules holds up the request it falls into for 0.1 s.
    """
    gc.collect()
    gc.freeze()
