"""The doors of the sign-in: JSON in, JSON out; the work itself runs in a thread."""

from collections.abc import Callable
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.actor import Visitor
from app.config import Settings
from app.database import Database
from app.directory.addresses import normalised_address
from app.errors import Invalid, PortalError, RateLimited, Unauthenticated, Unavailable
from app.vocabulary import ErrorCode
from auth.budgets import Budgets
from auth.keys import TOKEN_LIFETIME
from auth.sessions import SignedIn, refresh, sign_out
from auth.sign_in import request_code, sign_in
from auth.tokens import AccessTokens

STATUS = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.RATE_LIMITED: 429,
}
NOT_STORED = {"Cache-Control": "no-store"}
Body = dict[str, Any]


class SignInDoor:
    """What the routes share: one portal's database, tokens and budgets."""

    def __init__(self, database: Database, settings: Settings, tokens: AccessTokens) -> None:
        self._database = database
        self._settings = settings
        self._tokens = tokens
        self._budgets = Budgets()

    def code(self, body: Body, host: str) -> Response:
        """The same answer, in the same time, whether or not the address is known."""
        address = _address(body)
        staff = body.get("staff", False)
        if not isinstance(staff, bool):
            raise Invalid("This must be true or false.", path=("staff",))
        self._budgets.spend_code(address, host)
        with self._database.write(Visitor()) as db:
            request_code(db, self._settings, address, staff=staff)
        return _json(202, {"message": "If the address is on file, a code is on its way."})

    def token(self, body: Body, host: str) -> Response:
        address = _address(body)
        code = _text(body, "code")
        self._budgets.spend_guess(address, host)
        signed_in = sign_in(self._database, self._settings, address, code)
        if signed_in is None:
            raise Unauthenticated("This code is not right, or no longer good. Ask for a new one.")
        return self._credentials(signed_in)

    def refresh(self, body: Body, host: str) -> Response:
        token = _text(body, "refresh_token")
        with self._database.write(Visitor()) as db:
            signed_in = refresh(db, token)
        if signed_in is None:
            raise Unauthenticated("Please sign in again.")
        return self._credentials(signed_in)

    def sign_out(self, body: Body, host: str) -> Response:
        token = _text(body, "refresh_token")
        with self._database.write(Visitor()) as db:
            sign_out(db, token)
        return Response(status_code=204)

    def _credentials(self, signed_in: SignedIn) -> Response:
        """RFC 6749, section 5.1."""
        now = self._database.clock()
        answer = {
            "access_token": self._tokens.mint(signed_in.account_id, signed_in.session_id, now),
            "token_type": "Bearer",
            "expires_in": int(TOKEN_LIFETIME.total_seconds()),
            "refresh_token": signed_in.refresh_token,
        }
        return _json(200, answer)


def auth_routes(database: Database, settings: Settings, tokens: AccessTokens) -> list[Route]:
    door = SignInDoor(database, settings, tokens)
    acts = {
        "/auth/code": door.code,
        "/auth/token": door.token,
        "/auth/refresh": door.refresh,
        "/auth/sign-out": door.sign_out,
    }
    return [Route(path, _endpoint(act), methods=["POST"]) for path, act in acts.items()]


def _endpoint(act: Callable[[Body, str], Response]) -> Callable[..., Any]:
    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        return await run_in_threadpool(_answer, act, request, raw)

    return endpoint


def _answer(act: Callable[[Body, str], Response], request: Request, raw: bytes) -> Response:
    host = request.client.host if request.client else ""
    try:
        return act(_body(request, raw), host)
    except RateLimited as error:
        return _refusal(error, {"Retry-After": str(error.retry_after)})
    except PortalError as error:
        return _refusal(error, {})
    except Unavailable:
        answer = {"error": "UNAVAILABLE", "message": "Please try again in a minute."}
        return _json(503, answer)


def _body(request: Request, raw: bytes) -> Body:
    """Only JSON, so that no form of another site can speak for a browser here."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Invalid("Send the body as application/json.")
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid("The body is no JSON.") from error
    if not isinstance(body, dict):
        raise Invalid("The body must be a JSON object.")
    return body


def _text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise Invalid("This must be a text.", path=(name,))
    return value


def _address(body: Body) -> str:
    try:
        return normalised_address(_text(body, "email"))
    except Invalid as error:
        raise Invalid(error.message, path=("email",)) from None


def _refusal(error: PortalError, headers: dict[str, str]) -> Response:
    answer = {"error": error.code, "message": error.message, "path": error.path}
    return _json(STATUS.get(error.code, 400), answer, headers)


def _json(status: int, answer: Body, headers: dict[str, str] | None = None) -> Response:
    return Response(
        orjson.dumps(answer),
        status,
        headers=NOT_STORED | (headers or {}),
        media_type="application/json",
    )
