"""The errors the domain expects. Each door translates them once; everything else is INTERNAL."""

from datetime import datetime

from app.vocabulary import ErrorCode


class PortalError(Exception):
    """An expected refusal: `message` is for people, `code` for programs.

    `path` names the place in the input, outermost first, e.g. ("items", "2", "after").
    """

    code: ErrorCode = ErrorCode.INVALID

    def __init__(self, message: str, *, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path

    def under(self, *outer: str) -> "PortalError":
        """The same error, seen from further out in the input."""
        self.path = (*outer, *self.path)
        return self


class Unauthenticated(PortalError):
    code = ErrorCode.UNAUTHENTICATED


class Forbidden(PortalError):
    code = ErrorCode.FORBIDDEN


class NotFound(PortalError):
    """Absent, somebody else's, retired or nonsense: one answer for all four."""

    code = ErrorCode.NOT_FOUND

    def __init__(self, *, path: tuple[str, ...] = ()) -> None:
        super().__init__("There is nothing here under this id.", path=path)


class Invalid(PortalError):
    code = ErrorCode.INVALID


class RateLimited(PortalError):
    """Too often; `retry_after` says in how many seconds it may go again."""

    code = ErrorCode.RATE_LIMITED

    def __init__(self, message: str, *, retry_after: int, path: tuple[str, ...] = ()) -> None:
        super().__init__(message, path=path)
        self.retry_after = retry_after


class IdempotencyMismatch(PortalError):
    code = ErrorCode.IDEMPOTENCY_MISMATCH


class Conflict(PortalError):
    """Somebody else was first. Carries the three values and the version to go on from."""

    code = ErrorCode.CONFLICT

    def __init__(
        self,
        message: str,
        *,
        current_version: int,
        was: str | None = None,
        current: str | None = None,
        asked: str | None = None,
        changed_by: str | None = None,
        changed_at: datetime | None = None,
        path: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, path=path)
        self.current_version = current_version
        self.was = was
        self.current = current
        self.asked = asked
        self.changed_by = changed_by
        self.changed_at = changed_at


class Stale(Conflict):
    """The value a request was based on has moved since."""

    code = ErrorCode.STALE


class Unavailable(Exception):
    """The database is gone, full or read-only: nothing was kept, try again later (503)."""
