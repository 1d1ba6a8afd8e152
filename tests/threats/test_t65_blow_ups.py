"""T65: no text takes longer to read than its length deserves."""

import contextlib
import gc
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from app.directory.addresses import lookalikes, normalised_address
from app.directory.names import clean_name, hidden_characters
from app.directory.numbers import parse_number
from app.errors import PortalError
from app.messages.search import containing, searchable
from app.messages.snippet import snippet
from app.paging import position_of
from app.server import keep_what_is_loaded
from graphql_schema.execution import Execution
from graphql_schema.ids import read_id
from graphql_schema.negotiation import Accepted, is_utf8_json
from graphql_schema.parameters import Parameters, read_body, read_query_string
from graphql_schema.scalars import SCALARS
from tests.graphql_schema.asking import PRODUCTION, ask
from tests.graphql_schema.example import example_app, open_context, schema

pytestmark = pytest.mark.threat("T65")

LENGTH = 60_000
SECONDS = 1.0  # of processor time; what is not linear takes minutes
PIECES = [
    "a", "1", " ", "\t\n", "@", ".", "-", "+", "(", ")", ";", ",", "/", "*", '"', "\\", "=", "%",
    "a.", ".a", "a@", "1-", "1 ", "+1", "a,", "q=", ";q=1,", "a/b,", "\\u0000", "\\u{0",
    "\u0301", "\u200d", "\u202e", "\ufeff", "\ufb03", "\ufdfa", "\u0660", "🏃", "👩‍👧", "ß", "İ", "x\u0345",
    "{", "[", "(((", '"""', "#", "...", "${", "@a", "xn--", "10:00", "2026-11-20T", "T", "=" * 4,
]  # fmt: skip


TAILS = ["!", "@"]


def blow_ups() -> Iterator[str]:
    """Repetitions with an end that does not fit: what makes a backtracking match go round."""
    for piece in PIECES:
        for tail in TAILS:
            yield piece * (LENGTH // len(piece)) + tail


EXECUTION = Execution(schema, open_context, introspection=False)


def as_variable(text: str) -> Any:
    query = "query ($t: String!) { echo(text: $t) }"
    read = partial(Parameters, query=query, operation_name=None, variables={"t": text})
    return EXECUTION.answer(read, by_get=False, authorization=None, id="r")


def as_document(text: str) -> Any:
    read = partial(Parameters, query=text, operation_name=None, variables={})
    return EXECUTION.answer(read, by_get=False, authorization=None, id="r")


def as_literal(text: str) -> Any:
    return as_document('{ echo(text: """' + text + '""") }')


READERS: dict[str, Callable[[str], Any]] = {
    "an e-mail address": normalised_address,
    "a lookalike": lookalikes,
    "a telephone number": partial(parse_number, region="US"),
    "a name": clean_name,
    "a name's hidden characters": hidden_characters,
    "a search": searchable,
    "a search pattern": containing,
    "a message's first words": snippet,
    "a cursor": position_of,
    "a global id": read_id,
    "an instant": SCALARS[datetime].parse_value,
    "Accept": lambda text: Accepted(text).graphql_type(),
    "Content-Type": is_utf8_json,
    "a body": lambda text: read_body(text.encode()),
    "a query string": lambda text: read_query_string(text.encode()),
    "a variable": as_variable,
    "a document": as_document,
    "a literal": as_literal,
}


@pytest.fixture(autouse=True)
def _as_in_the_server() -> Iterator[None]:
    keep_what_is_loaded()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("reader", READERS)
def test_sixty_kilobytes_of_anything_are_read_or_refused_at_once(reader):
    slow = []
    for text in blow_ups():
        began = time.thread_time()
        with contextlib.suppress(PortalError, ValueError):
            READERS[reader](text)
        took = time.thread_time() - began
        if took > SECONDS:
            slow.append((text[:10], text[-2:], round(took, 2)))
    assert slow == []


def test_a_megabyte_is_refused_before_anybody_reads_it():
    body = b'{"query": "' + b"a" * 1_000_000 + b'"}'
    began = time.thread_time()
    headers = {"content-type": "application/json"}
    answer = ask(example_app(PRODUCTION), "POST", "/graphql", content=body, headers=headers)
    assert answer.status_code == 413
    assert time.thread_time() - began < SECONDS
