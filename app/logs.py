"""Logs: one JSON object a line on stderr, of our own events and of every library's.

A line never holds what somebody typed. Of an exception it keeps the type and the places it
passed, not its words: those of a database error quote the values of the statement. All but
plain ASCII is escaped, so that no text can pretend to be a second line or command a terminal.
"""

import json
import logging
import sys
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog

Event = MutableMapping[str, Any]


def configure_logging() -> None:
    """Send all logs of this process to stderr; calling it again changes nothing."""
    if structlog.is_configured():
        return
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        exception_without_words,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_line),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it announces each look at a database


def exception_without_words(_logger: object, _method: str, event: Event) -> Event:
    """Replace an exception by its type, the types behind it, and where each was raised."""
    error = event.pop("exc_info", None)
    if isinstance(error, tuple):
        error = error[1]
    elif error and not isinstance(error, BaseException):
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        # asyncio and others put the exception's own words on the lines after the first.
        event["event"] = str(event["event"]).partition("\n")[0]
        event["exception"] = list(_causes(error))
    return event


def _causes(error: BaseException | None) -> Any:
    while error is not None:
        kind = type(error)
        yield {"type": f"{kind.__module__}.{kind.__qualname__}", "at": _places(error.__traceback__)}
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _places(traceback: TracebackType | None) -> list[str]:
    places = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append(f"{code.co_filename}:{traceback.tb_lineno} {code.co_qualname}")
        traceback = traceback.tb_next
    return places


def _line(event: Event, **_options: Any) -> str:
    return json.dumps(event, default=str).replace("\x7f", "\\u007f")
