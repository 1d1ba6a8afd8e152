"""Which operations are too much, and that a modest one is not."""

import pytest
from graphql import parse
from hypothesis import given
from hypothesis import strategies as st

from app.paging import DEFAULT_SIZE
from graphql_schema import cost, documents, limits
from graphql_schema.documents import Documents, InvalidDocument
from graphql_schema.limits import TooCostly
from graphql_schema.schema import schema as portal_schema
from tests.graphql_schema.example import schema
from tests.graphql_schema.test_main_job import HOME

EXAMPLE = schema._schema
HISTORY = """
query History($first: Int = 50, $after: String) {
  viewer { messages(first: $first, after: $after) {
    edges { cursor node { id subject snippet body sentAt readAt school { name }
      students { givenName } broadcastType { code name }
      deliveries { channel sentTo status at why { allowed reason explanation event { action } } } } }
    pageInfo { hasNextPage endCursor } } } }
"""


def refusal(query: str, **variables: object) -> str:
    """Why the query is too much; empty where it may run."""
    try:
        Documents(EXAMPLE, introspection=True).prepare(query, None, variables)
    except TooCostly as refused:
        return refused.message
    return ""


def values_of(query: str, **variables: object) -> int:
    document = parse(query)
    [operation, *_] = document.definitions
    weight, _ = cost.weigh(EXAMPLE, operation, limits.fragments_of(document), variables)
    return weight.cost


@pytest.mark.parametrize("query", [HOME, HISTORY])
def test_the_home_page_and_a_history_of_fifty_pass_with_room_to_spare(query, monkeypatch):
    monkeypatch.setattr(cost, "MAX_COST", cost.MAX_COST // 2)
    monkeypatch.setattr(documents, "MAX_TOKENS", documents.MAX_TOKENS // 2)
    monkeypatch.setattr(limits, "MAX_ALIASES", limits.MAX_ALIASES // 2)
    Documents(portal_schema._schema, introspection=False).prepare(query, None, {})


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("{ viewer { name } }", 2),
        ("{ viewer { boss { name } } }", 3),
        ("{ viewer { children { id name } } }", 2 + 2 * cost.ASSUMED_LIST),
        ("{ viewer { friends { pageInfo { hasNextPage } } } }", 4),
        ("{ viewer { friends { nodes { id } } } }", 3 + DEFAULT_SIZE),
        ("{ viewer { friends(first: 7) { nodes { id } } } }", 3 + 7),
        ("{ viewer { friends(last: 7) { edges { node { id } cursor } } } }", 3 + 7 * 3),
        ("{ viewer { friends(first: 2, last: 9) { nodes { id } } } }", 3 + 9),
        ("{ viewer { friends(first: null) { nodes { id } } } }", 3 + DEFAULT_SIZE),
        ("{ viewer { friends(first: -7) { nodes { id } } } }", 3 + 7),
        ("{ viewer { ... on Named { id } ... { name } ...F } } fragment F on Person { id }", 4),
        ("{ viewer { friends(first: 7) { ...P } } } fragment P on People { nodes { id } }", 3 + 7),
        ("{ viewer { friends(first: 7) { ... { nodes { id } } } } }", 3 + 7),
        ('{ nodes(ids: ["a", "b", "c"]) { id name } }', 1 + 3 * 2),
        ("{ nodes(ids: []) { id name } }", 1),
    ],
)
def test_each_value_an_answer_may_hold_counts_once(query, values):
    assert values_of(query) == values


@pytest.mark.parametrize(
    ("declared", "variables", "page"),
    [
        ("$n: Int", {"n": 3}, 3),
        ("$n: Int", {}, DEFAULT_SIZE),
        ("$n: Int", {"n": None}, DEFAULT_SIZE),
        ("$n: Int", {"n": "many"}, DEFAULT_SIZE),
        ("$n: Int", {"n": 3.0}, 3),
        ("$n: Int = 5", {}, 5),
        ("$n: Int = 5", {"n": 6}, 6),
    ],
)
def test_a_page_as_long_as_a_variable_or_its_default_says(declared, variables, page):
    query = f"query ({declared}) {{ viewer {{ friends(first: $n) {{ nodes {{ id }} }} }} }}"
    assert values_of(query, **variables) == 3 + page


def test_as_many_objects_as_a_variable_brings_ids():
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert values_of(query, ids=["a", "b"]) == 3
    assert "values" in refusal(query, ids=["a"] * cost.MAX_COST)


def pages(*lengths: object) -> str:
    query = "id"
    for length in reversed(lengths):
        query = f"friends(first: {length}) {{ nodes {{ {query} }} }}"
    return f"{{ viewer {{ {query} }} }}"


def test_pages_of_a_hundred_times_a_hundred_times_a_hundred_are_refused():
    assert refusal(pages(100)) == ""
    assert "25,000 values" in refusal(pages(100, 100, 100))
    assert "25,000 values" in refusal(pages(10**30))
    variable = pages("$n", "$n", "$n").replace("{", "query ($n: Int!) {", 1)
    assert refusal(variable, n=2) == ""
    assert "25,000 values" in refusal(variable, n=100)
    assert refusal(variable, n=2) == ""


def nested(levels: int, step: str = "boss { %s }") -> str:
    query = "id"
    for _ in range(levels):
        query = step % query
    return f"{{ viewer {{ {query} }} }}"


@pytest.mark.parametrize("step", ["boss { %s }", "... { %s }", "... on Person { %s }"])
def test_nesting_ends_at_its_limit(step):
    # The operation itself and viewer are a level each.
    assert refusal(nested(cost.MAX_DEPTH - 2, step)) == ""
    assert "25 levels" in refusal(nested(cost.MAX_DEPTH - 1, step))
    assert "nested too deeply" in refusal(nested(5000, step)) or "tokens" in refusal(
        nested(5000, step)
    )


def test_nesting_counts_through_fragments_in_whatever_order_they_are_met():
    count = cost.MAX_DEPTH
    fragments = " ".join(
        f"fragment F{n} on Person {{ boss {{ ...F{n + 1} }} }}" for n in range(count)
    )
    end = f"fragment F{count} on Person {{ id }}"
    shallow_first = " ".join(f"...F{n}" for n in reversed(range(count)))
    for spreads in ("...F0", shallow_first):
        assert "25 levels" in refusal(f"{{ viewer {{ {spreads} }} }} {fragments} {end}")


def aliases(count: int) -> str:
    return "{ viewer { " + " ".join(f"a{n}: id" for n in range(count)) + " } }"


def roots(count: int) -> str:
    return "{ " + " ".join(f"a{n}: __typename" for n in range(count)) + " }"


def repeats(count: int) -> str:
    return "{ viewer { " + "id " * count + "} }"


def spread_repeats(count: int) -> str:
    return "{ viewer { " + "...F " * count + "} } fragment F on Person { id }"


def inline_repeats(count: int) -> str:
    return "{ viewer { " + "... on Person { id } " * count + "} }"


def directives(count: int) -> str:
    fields = (f"a{n}: id @include(if: true) @skip(if: false)" for n in range(count // 2))
    return "{ viewer { " + " ".join(fields) + " } }"


@pytest.mark.parametrize(
    ("flood", "most", "said"),
    [
        (aliases, limits.MAX_ALIASES, "aliases"),
        (roots, limits.MAX_ROOT_FIELDS, "fields at the top"),
        (repeats, limits.MAX_REPEATS, "repeats"),
        (spread_repeats, limits.MAX_REPEATS, "repeats"),
        (inline_repeats, limits.MAX_REPEATS, "repeats"),
        (directives, limits.MAX_DIRECTIVES, "directives"),
    ],
)
def test_a_flood_is_refused_one_past_its_limit_and_not_before(flood, most, said):
    assert refusal(flood(most)) == ""
    assert said in refusal(flood(most + 2))


def test_directives_may_not_pile_up_at_one_place():
    query = "{ __typename %s }" % ("@include(if: true) " * (limits.MAX_DIRECTIVES_AT_ONE_PLACE + 1))
    assert "at one place" in refusal(query)
    assert "at one place" in refusal(f"query {'@a ' * 6} {{ __typename }}")
    assert "at one place" in refusal(f"query ($a: Int {'@a ' * 6}) {{ __typename }}")


def test_fields_at_the_top_count_through_fragments():
    fields = " ".join(f"a{n}: __typename" for n in range(limits.MAX_ROOT_FIELDS + 1))
    assert "at the top" in refusal(f"{{ ...F }} fragment F on Query {{ {fields} }}")
    assert "at the top" in refusal(f"{{ ... on Query {{ {fields} }} }}")


@pytest.mark.threat("T17")
@pytest.mark.parametrize(
    "query",
    [
        'mutation { a: confirmVerification(code: "1") b: confirmVerification(code: "2") }',
        'mutation { confirmVerification(code: "1") ...F } '
        'fragment F on Mutation { b: confirmVerification(code: "2") }',
        'mutation { confirmVerification(code: "1") '
        '... on Mutation { b: confirmVerification(code: "2") } }',
    ],
)
def test_a_code_is_tried_once_in_an_operation_however_it_is_written(query):
    assert "more than 1 confirmVerification" in refusal(query)


@pytest.mark.threat("T17")
def test_a_code_may_be_tried_once():
    assert refusal('mutation { confirmVerification(code: "1") }') == ""
    assert refusal("mutation { " + 'confirmVerification(code: "1") ' * 2 + "}") == ""


def test_tokens_and_comments_end_at_their_limits():
    assert "2000 tokens" in refusal("{ viewer { id } }" + " fragment F on Person { id }" * 400)
    assert "200 comments" in refusal("#\n" * 201 + "{ viewer { id } }")


def test_a_query_that_would_take_too_long_to_check_is_refused():
    fragments = "".join(f"fragment F{n} on Person {{ boss {{ id }} }} " for n in range(130))
    spreads = " ".join(f"...F{n}" for n in range(130))
    assert "too long to check" in refusal(f"{{ viewer {{ {spreads} }} }} {fragments}")


@pytest.mark.parametrize(
    "circle",
    [
        "{ viewer { ...A } } fragment A on Person { boss { ...A } }",
        "{ viewer { ...A } } fragment A on Person { ...A }",
        "{ viewer { ...A } } fragment A on Person { ...B } fragment B on Person { ...A }",
    ],
)
def test_a_fragment_that_comes_back_to_itself_is_invalid(circle):
    with pytest.raises(InvalidDocument):
        Documents(EXAMPLE, introspection=True).prepare(circle, None, {})


SELECTIONS = st.recursive(
    st.sampled_from(["id", "name", "__typename"]),
    lambda inner: st.tuples(
        st.sampled_from(
            [
                "boss { %s }",
                "children { %s }",
                "friends { nodes { %s } }",
                "friends(first: 3) { edges { node { %s } } }",
                "... on Named { id } ... on Person { %s }",
            ]
        ),
        st.lists(inner, min_size=1, max_size=3),
    ).map(lambda chosen: chosen[0] % " ".join(chosen[1])),
    max_leaves=12,
)


@given(st.lists(SELECTIONS, min_size=1, max_size=4))
def test_a_fragment_weighs_what_its_selections_weigh(selections):
    chosen = " ".join(selections)
    plain = f"{{ viewer {{ {chosen} }} }}"
    spread = f"{{ viewer {{ ...F }} }} fragment F on Person {{ {chosen} }}"
    assert values_of(plain) == values_of(spread)


@given(st.lists(SELECTIONS, min_size=1, max_size=4), SELECTIONS)
def test_asking_for_more_never_costs_less(selections, more):
    asked = " ".join(selections)
    assert values_of(f"{{ viewer {{ {asked} {more} }} }}") > values_of(
        f"{{ viewer {{ {asked} }} }}"
    )
