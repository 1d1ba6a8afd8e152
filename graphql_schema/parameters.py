"""The parameters of a GraphQL-over-HTTP request, read from a JSON body or a query string."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

from app.errors import Invalid

MOST_PARAMETERS = 10
# PostgreSQL keeps no U+0000 in a text, so none comes in: neither as JSON nor as a literal.
NUL_ESCAPE = re.compile(r"\\u(0000|\{0+\})")


@dataclass(frozen=True, slots=True)
class Parameters:
    query: str
    operation_name: str | None
    variables: dict[str, Any]


def read_body(body: bytes) -> Parameters:
    """Raises Invalid where the body is not one JSON object with fitting parameters."""
    try:
        parameters = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Invalid("The body is not valid JSON.") from None
    if isinstance(parameters, list):
        raise Invalid("Send one request at a time: batches are not served.")
    if not isinstance(parameters, dict):
        raise Invalid("The body must be a JSON object.")
    return _checked(parameters)


def read_query_string(query_string: bytes) -> Parameters:
    """The same from `?query=…&variables=…`, where variables and extensions are JSON."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )
        parameters: dict[str, Any] = dict(pairs)
        for name in ("variables", "extensions"):
            if parameters.get(name):
                parameters[name] = orjson.loads(parameters[name])
    except ValueError:
        raise Invalid("The query string is not valid.") from None
    if len(parameters) < len(pairs):
        raise Invalid("A parameter stands twice in the query string.")
    return _checked({name: value for name, value in parameters.items() if value != ""})


def _checked(parameters: Mapping[str, Any]) -> Parameters:
    query = parameters.get("query")
    if not isinstance(query, str) or not query:
        raise Invalid("query must be the text of a GraphQL document.")
    operation_name = parameters.get("operationName")
    if not isinstance(operation_name, str | None):
        raise Invalid("operationName must be a string.")
    for name in ("variables", "extensions"):
        if not isinstance(parameters.get(name), dict | None):
            raise Invalid(f"{name} must be a JSON object.")
    variables = parameters.get("variables") or {}
    if NUL_ESCAPE.search(query) or _holds_nul([query, variables]):
        raise Invalid("The character U+0000 is not allowed.")
    return Parameters(query, operation_name or None, variables)


def _holds_nul(value: Any) -> bool:
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and "\0" in value:
            return True
        if isinstance(value, dict):
            waiting += value.keys()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return False
