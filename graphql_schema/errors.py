"""Expected refusals as data: the domain's errors become the contract's UserError."""

from datetime import datetime
from typing import Any

import orjson
import strawberry

from app import errors
from app.clock import rfc3339
from app.translation import say
from app.vocabulary import ErrorCode

strawberry.enum(ErrorCode)


@strawberry.interface(description="An expected refusal; `path` names the place in the input.")
class UserError:
    message: str
    code: ErrorCode
    path: list[str] | None


@strawberry.type
class InvalidInput(UserError):
    pass


@strawberry.type
class NotAllowed(UserError):
    pass


@strawberry.type
class Conflict(UserError):
    was: str | None
    current: str | None
    asked: str | None
    current_version: int
    changed_by: str | None
    changed_at: datetime | None


def as_data(error: errors.PortalError) -> dict[str, Any]:
    """An error as plain JSON, so that a repeated mutation can answer with it again."""
    data: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "path": list(error.path) or None,
    }
    if isinstance(error, errors.Conflict):
        data |= {
            "was": error.was,
            "current": error.current,
            "asked": error.asked,
            "current_version": error.current_version,
            "changed_by": error.changed_by,
            "changed_at": rfc3339(error.changed_at) if error.changed_at else None,
        }
    return orjson.loads(orjson.dumps(data))  # type: ignore[no-any-return]


def user_error(data: dict[str, Any], language: str) -> UserError:
    """The UserError of `as_data`, in the reader's language."""
    code = ErrorCode(data["code"])
    common = {"message": say(language, data["message"]), "code": code, "path": data["path"]}
    if code in (ErrorCode.CONFLICT, ErrorCode.STALE):
        at = data["changed_at"]
        return Conflict(
            **common,
            was=data["was"],
            current=data["current"],
            asked=data["asked"],
            current_version=data["current_version"],
            changed_by=data["changed_by"],
            changed_at=datetime.fromisoformat(at) if at else None,
        )
    if code is ErrorCode.FORBIDDEN:
        return NotAllowed(**common)
    return InvalidInput(**common)
