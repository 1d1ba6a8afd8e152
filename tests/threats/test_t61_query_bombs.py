"""T61: a query bomb is refused before a row is read, in less than a tenth of a second."""

import gc
import itertools
import random
import resource
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import strawberry
from graphql import build_schema

from app.server import keep_what_is_loaded
from graphql_schema.documents import Documents
from graphql_schema.execution import Answer, Execution
from graphql_schema.limits import TooCostly
from graphql_schema.parameters import Parameters
from graphql_schema.schema import schema as portal_schema
from tests.graphql_schema.asking import PRODUCTION, ask, run
from tests.graphql_schema.example import example_app
from tests.graphql_schema.example import schema as example_schema
from tests.threats.bombs import KINDS, Bomb, Ground

pytestmark = pytest.mark.threat("T61")

CORPUS = 520
PER_BOMB_SECONDS = 0.1
GROWTH_BYTES = 20_000_000
STATM = Path("/proc/self/statm")
EXAMPLE = Ground(
    start="viewer { … }",
    on="Person",
    leaf="id",
    page="friends(first: {first}) { nodes { … } }",
    step="boss { … }",
)
PORTAL = Ground(
    start="viewer { contacts { … } }",
    on="Contact",
    leaf="id",
    page="changeRequests(first: {first}) { nodes { contact { … } } }",
    step="changeRequests(first: 1) { nodes { contact { … } } }",
)


def nobody(*_who: object) -> Any:
    raise AssertionError("a bomb came through to where rows are read")


def answer(execution: Execution, bomb: Bomb) -> Answer:
    query, variables = bomb
    read = partial(Parameters, query=query, operation_name=None, variables=variables)
    return execution.answer(read, by_get=False, authorization=None, id="bomb")


def resident_bytes() -> int:
    """What this process holds now; where the system does not tell, the most it ever held."""
    gc.collect()
    if STATM.exists():
        return int(STATM.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.fixture
def as_in_the_server() -> Iterator[None]:
    """No full garbage collection through everything the tests have loaded."""
    keep_what_is_loaded()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("as_in_the_server")
@pytest.mark.parametrize("introspection", [True, False], ids=["development", "production"])
@pytest.mark.parametrize(
    ("ground", "schema"),
    [(EXAMPLE, example_schema), (PORTAL, portal_schema)],
    ids=["example", "portal"],
)
def test_every_bomb_is_refused_at_once_and_leaves_nothing_behind(
    ground: Ground,
    schema: strawberry.Schema,
    introspection: bool,
    scale: Callable[[int], int],
    rng: random.Random,
):
    execution = Execution(schema, nobody, introspection=introspection)
    answer(execution, ("{ viewer { id } }", {}))
    before = resident_bytes()
    for number in range(max(scale(CORPUS), len(KINDS))):
        kind = KINDS[number % len(KINDS)]
        bomb = kind(ground, rng)
        began = time.thread_time()
        refused = answer(execution, bomb)
        took = time.thread_time() - began
        [error, *_] = refused.body["errors"]
        said = (kind.__name__, bomb[0][:200], error["message"])
        assert refused.status == 400, said
        assert error["extensions"]["code"] in ("COST_LIMIT", "INVALID"), said
        assert "data" not in refused.body, said
        assert took < PER_BOMB_SECONDS, said
    assert resident_bytes() - before < GROWTH_BYTES


TREE = build_schema("type Query { a(first: Int): [Query] id: ID }")


def require_refused(query: str) -> None:
    began = time.thread_time()
    with pytest.raises(TooCostly):
        Documents(TREE, introspection=True).prepare(query, None, {})
    assert time.thread_time() - began < PER_BOMB_SECONDS


def test_sixty_one_characters_that_ask_for_a_hundred_million_values_are_refused():
    query = "{b:a(first:100){a(first:100){a(first:100){a(first:99){id}}}}}"
    assert len(query) == 61
    require_refused(query)


def test_nine_hundred_and_five_bytes_of_doubling_fragments_are_refused():
    names = "abcdefghijklmnopqrstuvw"
    doubled = (
        f"fragment {name} on Query{{x:a{{...{inner}}}y:a{{...{inner}}}}}"
        for name, inner in itertools.pairwise(names)
    )
    query = f"{{...a}}{''.join(doubled)}fragment w on Query{{id}}"
    query = query.ljust(905)
    assert len(query) == 905
    require_refused(query)


def test_a_public_prober_finds_nothing_in_production():
    """The probes of graphql-cop 1.14, written anew."""
    app = example_app(PRODUCTION)

    def post(query: str) -> httpx.Response:
        return run(app, query, operationName="cop")

    aliases = " ".join(f"a{number}: __typename" for number in range(101))
    circle = "fields { type { " * 4 + "name" + " } }" * 4
    for flood in (
        f"query cop {{ {aliases} }}",
        "query cop {" + "__typename " * 500 + "}",
        f"query cop {{ __schema {{ types {{ {circle} }} }} }}",
        "query cop { __schema { types { name fields { name } } } }",
    ):
        assert "data" not in post(flood).json()
    assert len(post("query cop { __typename " + "@aa" * 10 + " }").json()["errors"]) == 1
    assert "Did you mean" not in post("query cop { __schema { directive } }").text
    for query in ("query cop { __typename }", "qwerty cop { abc }"):
        assert "tracing" not in post(query).text
        assert "exception" not in post(query).text
    batch = ask(app, "POST", "/graphql", json=[{"query": "{ __typename }"}] * 10)
    assert batch.status_code == 400
    form = ask(app, "POST", "/graphql", data={"query": "{ __typename }"})
    assert form.status_code == 415
    for query in ("query cop {__typename}", "mutation cop {__typename}"):
        assert "data" not in ask(app, "GET", "/graphql", params={"query": query}).json()
    page = ask(app, "GET", "/graphql", headers={"accept": "text/html"})
    assert "graphiql" not in page.text.lower()
