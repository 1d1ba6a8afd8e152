"""One operation run from beginning to end in one thread: limits, who acts, resolvers, answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeGuard

import strawberry
import structlog
from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
)

from app.errors import Invalid, PortalError, Unauthenticated, Unavailable
from app.failures import NOT_AVAILABLE, RETRY_LATER, SOMETHING_WENT_WRONG, failure_entry
from app.translation import say
from app.vocabulary import ErrorCode
from graphql_schema.documents import Documents, InvalidDocument
from graphql_schema.limits import TooCostly
from graphql_schema.parameters import Parameters

log = structlog.get_logger("graphql")
# The library quotes the input it refuses, however long it is.
MESSAGE_LENGTH = 500


class RequestContext(Protocol):
    """What resolvers find in `info.context`; closed when the request ends."""

    @property
    def language(self) -> str: ...

    def close(self) -> None: ...


# (Authorization header, request id) -> context; raises Unauthenticated for a bad token.
OpenContext = Callable[[str | None, str], RequestContext]


@dataclass(frozen=True, slots=True)
class Answer:
    """`document_refused`: the request was well formed, its document or variables were not."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    document_refused: bool = False


class WrongMethod(PortalError):
    """A mutation by GET."""


STATUS: dict[type[PortalError], tuple[int, Mapping[str, str]]] = {
    # RFC 6750, section 3: a token was sent, and it is no good.
    Unauthenticated: (401, {"www-authenticate": 'Bearer error="invalid_token"'}),
    WrongMethod: (405, {"allow": "POST"}),
}


class Execution:
    """Runs operations of one schema; `introspection` also lets errors suggest names."""

    def __init__(
        self, schema: strawberry.Schema, open_context: OpenContext, *, introspection: bool
    ) -> None:
        self._schema = schema._schema  # noqa: SLF001 (run without Strawberry's own pipeline)
        self._executor = schema.execution_context_class
        self._open_context = open_context
        self._documents = Documents(self._schema, introspection=introspection)
        self._introspection = introspection

    def answer(
        self, read: Callable[[], Parameters], *, by_get: bool, authorization: str | None, id: str
    ) -> Answer:
        """Never raises: whatever happens becomes an answer that carries the request's id."""
        try:
            return self._run(read(), by_get, authorization, id)
        except InvalidDocument as refused:
            entries = [_entry(error, ErrorCode.INVALID, id) for error in refused.errors]
            return Answer(400, {"errors": entries}, document_refused=True)
        except PortalError as refused:
            return _refusal(refused, id)
        except Unavailable:
            return _unavailable(id)
        except Exception:
            log.exception("a request failed unexpectedly")
            entry = failure_entry(SOMETHING_WENT_WRONG, ErrorCode.INTERNAL, id)
            return Answer(500, {"errors": [entry]})

    def _run(
        self, parameters: Parameters, by_get: bool, authorization: str | None, id: str
    ) -> Answer:
        document, operation = self._documents.prepare(
            parameters.query, parameters.operation_name, parameters.variables
        )
        _require_served(operation, by_get)
        context = self._open_context(authorization, id)
        try:
            executor = self._executor.build(
                self._schema,
                document,
                context_value=context,
                raw_variable_values=parameters.variables,
                operation_name=operation.name.value if operation.name else None,
                is_awaitable=_never,
                is_async_iterable=_never,
                hide_suggestions=not self._introspection,
            )
            if isinstance(executor, list):
                raise InvalidDocument(executor)
            result = executor.execute_operation()
            assert isinstance(result, ExecutionResult)
            return _shaped(result, context.language, id)
        finally:
            context.close()


def _never(_value: object) -> TypeGuard[Any]:
    """No resolver here is asynchronous, so nothing need be asked whether it is."""
    return False


def _require_served(operation: OperationDefinitionNode, by_get: bool) -> None:
    if operation.operation is OperationType.SUBSCRIPTION:
        raise Invalid("Subscriptions are not served here.")
    if by_get and operation.operation is not OperationType.QUERY:
        raise WrongMethod("GET is for queries. Send a mutation by POST.")


def _shaped(result: ExecutionResult, language: str, id: str) -> Answer:
    errors = result.errors or []
    if any(isinstance(error.original_error, Unavailable) for error in errors):
        return _unavailable(id)
    body: dict[str, Any] = {"data": result.data}
    if errors:
        body = {"errors": [_field_error(error, language, id) for error in errors], **body}
    return Answer(200, body)


def _field_error(error: GraphQLError, language: str, id: str) -> dict[str, Any]:
    cause = error.original_error
    if isinstance(cause, PortalError):
        entry = _entry(error, cause.code, id) | {"message": say(language, cause.message)}
        if cause.path:
            entry["extensions"]["input"] = cause.path
        return entry
    if cause is None or isinstance(cause, GraphQLError):
        # Raised while the arguments of a field were read: the caller's mistake.
        return _entry(error, ErrorCode.INVALID, id)
    log.error("a resolver failed unexpectedly", field=_field_name(error), exc_info=cause)
    return _entry(error, ErrorCode.INTERNAL, id) | {"message": SOMETHING_WENT_WRONG}


def _field_name(error: GraphQLError) -> str | None:
    """As the schema calls it: an alias is the caller's own text."""
    field = error.nodes[0] if error.nodes else None
    return field.name.value if isinstance(field, FieldNode) else None


def _entry(error: GraphQLError, code: ErrorCode, id: str) -> dict[str, Any]:
    placed = error.formatted
    return failure_entry(error.message[:MESSAGE_LENGTH], code, id) | {
        key: value for key, value in placed.items() if key in ("locations", "path")
    }


def _refusal(error: PortalError, id: str) -> Answer:
    status, headers = STATUS.get(type(error), (400, {}))
    entry = failure_entry(error.message, error.code, id)
    return Answer(status, {"errors": [entry]}, headers, isinstance(error, TooCostly))


def _unavailable(id: str) -> Answer:
    """No data at all, not even what was read before: a retry finds one truth."""
    log.warning("the database cannot be used")
    entry = failure_entry(NOT_AVAILABLE, ErrorCode.INTERNAL, id)
    return Answer(503, {"errors": [entry]}, RETRY_LATER)
