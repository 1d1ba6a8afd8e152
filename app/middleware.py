"""What every request passes on its way in and out, whichever door it wants (pure ASGI)."""

import asyncio
import re
import time
from collections.abc import Sequence

import structlog
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from app.failures import NOT_AVAILABLE, RETRY_LATER, SOMETHING_WENT_WRONG, failure, http_failure

log = structlog.get_logger("access")
BODY_BYTES = 64 * 1024
REQUEST_SECONDS = 10.0
# Only the shape of a UUID comes in from outside: a line of the log cannot be smuggled through it.
REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DEADLINE = "portal.deadline"
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "same-origin",
    "server": "portal",
    "x-content-type-options": "nosniff",
}
CLOSE = {"connection": "close"}
STRICT_TRANSPORT = {"strict-transport-security": "max-age=31536000"}


class RequestId:
    """Names the request: in `request.state.request_id`, in each log line, in X-Request-ID."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else str(uuid7())
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self.app(scope, receive, send_named)


class SecurityHeaders:
    """Cautious headers on every answer that does not set its own."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        headers = HEADERS | (STRICT_TRANSPORT if https else {})
        self.headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                missing = [header for header in self.headers if header[0] not in own]
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        await self.app(scope, receive, send_guarded)


class AccessLog:
    """One line a request: method, route, status, milliseconds; no path, query, body or address.

    What no door has caught ends here, as a 500 that says nothing.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        except Exception:
            log.exception("a request failed unexpectedly")
            if status:
                raise  # half an answer must not look like a whole one
            answer = failure(500, SOMETHING_WENT_WRONG, scope["state"]["request_id"])
            await answer(scope, receive, send_noting)
        finally:
            milliseconds = round((time.perf_counter() - began) * 1000, 1)
            log.info(
                "request",
                method=_known_method(scope["method"]),
                route=_route(scope),
                status=status or None,
                ms=milliseconds,
            )


class PlainBodies:
    """Refuses compressed requests: sixty kilobytes must not unpack into gigabytes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: ASGIApp = self.app
        if scope["type"] == "http":
            encoding = Headers(scope=scope).get("content-encoding", "identity")
            if encoding.strip().lower() != "identity":
                request_id = scope["state"]["request_id"]
                answer = failure(415, "Send the body as it is, not compressed.", request_id)
        await answer(scope, receive, send)


class RequestTime:
    """The time a request has from its first byte to the last of its answer.

    A route may set its own in its `middleware`; None lets a stream go on. What a thread still
    finds out after the end is dropped.
    """

    def __init__(self, app: ASGIApp, seconds: float | None) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif (outer := scope.get(DEADLINE)) is not None:
            now = asyncio.get_running_loop().time()
            outer.reschedule(None if self.seconds is None else now + self.seconds)
            await self.app(scope, receive, send)
        else:
            await self._limited(scope, receive, send)

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        awaiting_client = started = False

        async def receive_noting() -> Message:
            nonlocal awaiting_client
            awaiting_client = True
            message = await receive()
            awaiting_client = False
            return message

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            async with asyncio.timeout(self.seconds) as deadline:
                scope[DEADLINE] = deadline
                await self.app(scope, receive_noting, send_noting)
        except TimeoutError:
            if started or not deadline.expired():
                raise
            request_id = scope["state"]["request_id"]
            answer = (
                failure(408, "The request took too long to arrive.", request_id, CLOSE)
                if awaiting_client
                else failure(503, NOT_AVAILABLE, request_id, RETRY_LATER)
            )
            await answer(scope, receive, send)


def application(
    routes: Sequence[BaseRoute], *, https: bool, lifespan: Lifespan[Starlette] | None = None
) -> Starlette:
    """The routes behind everything above, outermost first."""
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(RequestId),
            Middleware(SecurityHeaders, https=https),
            Middleware(AccessLog),
            Middleware(PlainBodies),
            Middleware(RequestTime, seconds=REQUEST_SECONDS),
            Middleware(RequestBodyLimitMiddleware, max_body_size=BODY_BYTES),
        ],
        exception_handlers={HTTPException: http_failure},
        lifespan=lifespan,
    )


def _route(scope: Scope) -> str:
    """The route's template, like `/mail/unsubscribe/{token}`: the path itself tells too much."""
    route = scope.get("route")
    below = "" if isinstance(route, Mount) else getattr(route, "path_format", "")
    return scope.get("root_path", "") + below or "unknown"


def _known_method(method: str) -> str:
    known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return method if method in known else "other"
