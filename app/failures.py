"""What a caller is told when HTTP itself is the trouble: one shape of body for every door."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.vocabulary import ErrorCode

SOMETHING_WENT_WRONG = "Something went wrong on our side. Please try again."
NOT_AVAILABLE = "The service cannot be used right now. Please try again in a moment."
RETRY_LATER = {"retry-after": "5"}
CODES = {
    401: ErrorCode.UNAUTHENTICATED,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    429: ErrorCode.RATE_LIMITED,
}


def failure_entry(message: str, code: ErrorCode, request_id: str) -> dict[str, Any]:
    """One entry of `errors`, as GraphQL writes them."""
    return {"message": message, "extensions": {"code": code, "requestId": request_id}}


def failure(
    status: int, message: str, request_id: str, headers: Mapping[str, str] | None = None
) -> Response:
    """`{"errors": [...]}` with the code that belongs to the status."""
    code = CODES.get(status, ErrorCode.INVALID if status < 500 else ErrorCode.INTERNAL)
    body = {"errors": [failure_entry(message, code, request_id)]}
    return Response(orjson.dumps(body), status, headers, media_type="application/json")


async def http_failure(request: Request, error: Exception) -> Response:
    """Starlette's own refusals (404, 405, 413) in our shape."""
    assert isinstance(error, HTTPException)
    return failure(error.status_code, error.detail, request.state.request_id, error.headers)
