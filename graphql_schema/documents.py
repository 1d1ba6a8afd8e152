"""Documents made ready to run: parsed, held to the limits, validated, kept for the next request."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)
from graphql.validation.rules import overlapping_fields_can_be_merged
from graphql.validation.validate import ValidationAbortedError

from app.errors import Invalid
from graphql_schema.cost import require_modest_cost
from graphql_schema.limits import TooCostly, fragments_of, require_modest_shape

MAX_TOKENS = 2_000
MAX_COMMENTS = 200
MAX_ERRORS = 10
KEPT_BYTES = 16_000_000
# What a parsed document takes, measured: a token with its node and place, a character thrice.
TOKEN_BYTES = 600
CHARACTER_BYTES = 8
# The one rule that is quadratic by nature. The library's own budget lets it work for 0.6 s.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 20_000


class InvalidDocument(Exception):
    """The text is no document of this schema."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document of modest shape, its operations by name."""

    ast: DocumentNode
    operations: Mapping[str | None, OperationDefinitionNode]
    # Operations whose cost no variable changes, and which have been found modest.
    modest: set[str | None] = field(default_factory=set)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The one to run; raises Invalid where `name` does not settle it."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None or name not in self.operations:
            raise Invalid("operationName names no operation of this document.")
        return self.operations[name]


class Documents:
    """The documents of one schema; those used last are kept ready."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool) -> None:
        self.schema = schema
        self.introspection = introspection
        self._rules = (
            specified_rules
            if introspection
            else (*specified_rules, NoSchemaIntrospectionCustomRule)
        )
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()

    def prepare(
        self, text: str, operation_name: str | None, variables: Mapping[str, Any]
    ) -> tuple[DocumentNode, OperationDefinitionNode]:
        """A document that may run, and which of its operations.

        Raises TooCostly, InvalidDocument, or Invalid where no operation can be chosen.
        """
        kept = self._recall(text)
        document = kept or _read(text)
        operation = document.operation(operation_name)
        self._weigh(document, operation, variables)
        if kept is None:
            self._validate(document.ast)
            self._keep(text, document)
        return document.ast, operation

    def _weigh(
        self, document: Document, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> None:
        name = operation.name.value if operation.name else None
        if name in document.modest:
            return
        fragments = fragments_of(document.ast)
        if not require_modest_cost(self.schema, operation, fragments, variables):
            document.modest.add(name)

    def _validate(self, ast: DocumentNode) -> None:
        errors = validate(
            self.schema,
            ast,
            self._rules,
            max_errors=MAX_ERRORS,
            # What is not published must not be guessed from the server's kindness.
            hide_suggestions=not self.introspection,
        )
        if errors and isinstance(errors[-1], ValidationAbortedError) and len(errors) <= MAX_ERRORS:
            raise TooCostly("This asks for too much in one request: it takes too long to check.")
        if errors:
            raise InvalidDocument(errors)

    def _recall(self, text: str) -> Document | None:
        with self._lock:
            if text in self._kept:
                self._kept.move_to_end(text)
            return self._kept.get(text)

    def _keep(self, text: str, document: Document) -> None:
        with self._lock:
            if text in self._kept:
                return
            self._kept[text] = document
            self._kept_bytes += _bytes_of(text, document)
            while self._kept_bytes > KEPT_BYTES:
                self._kept_bytes -= _bytes_of(*self._kept.popitem(last=False))


def _bytes_of(text: str, document: Document) -> int:
    return CHARACTER_BYTES * len(text) + TOKEN_BYTES * document.ast.token_count


def _read(text: str) -> Document:
    try:
        ast = parse(text, max_lexical_tokens=MAX_TOKENS, max_comments=MAX_COMMENTS)
    except GraphQLSyntaxError as error:
        if error.message.endswith("Parsing aborted."):
            raise TooCostly(error.message.removeprefix("Syntax Error: ")) from None
        raise InvalidDocument([error]) from None
    require_modest_shape(ast)
    operations = {
        definition.name.value if definition.name else None: definition
        for definition in ast.definitions
        if isinstance(definition, OperationDefinitionNode)
    }
    return Document(ast, operations)
