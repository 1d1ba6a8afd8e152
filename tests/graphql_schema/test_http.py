"""What a client sees of the GraphQL door: status, media type, codes."""

import re
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.graphql_schema.asking import (
    DEVELOPMENT,
    GRAPHQL_JSON,
    JSON,
    PRODUCTION,
    ask,
    codes,
    run,
)
from tests.graphql_schema.example import (
    CANARY,
    GOOD_TOKEN,
    ExampleContext,
    example_app,
    open_context,
)


@pytest.fixture
def app() -> Starlette:
    return example_app(DEVELOPMENT)


@pytest.fixture
def production() -> Starlette:
    return example_app(PRODUCTION)


def test_a_query_is_answered_with_its_data_and_nothing_else(app):
    response = run(app, "{ viewer { name } }")
    assert response.status_code == 200
    assert response.json() == {"data": {"viewer": {"name": "Ana"}}}


@pytest.mark.parametrize(
    ("accept", "answered_as"),
    [
        ("*/*", JSON),
        (JSON, JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, {JSON};q=0.9", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.1, {JSON}", JSON),
        ("application/*;q=0.5", JSON),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
    ],
)
def test_a_client_gets_the_media_type_it_prefers(app, accept, answered_as):
    response = run(app, "{ __typename }", headers={"accept": accept})
    assert response.headers["content-type"] == f"{answered_as}; charset=utf-8"


@pytest.mark.parametrize("accept", ["text/plain", "application/xml", f"{JSON};q=0", "nonsense"])
def test_a_client_that_reads_no_json_is_told_so(app, accept):
    assert run(app, "{ __typename }", headers={"accept": accept}).status_code == 406


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
        "application/graphql",
    ],
)
def test_a_body_that_is_not_utf8_json_by_its_type_is_refused(app, content_type):
    headers = {"content-type": content_type} if content_type else {}
    body = b'{"query": "{ __typename }"}'
    response = ask(app, "POST", "/graphql", content=body, headers=headers)
    assert response.status_code == 415
    assert codes(response) == ["INVALID"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"7",
        b'"{ __typename }"',
        b'{"query": ',
        b'{"query": "{ __typename }"} trailing',
        b'[{"query": "{ __typename }"}]',
        b"[]",
        b"{}",
        b'{"query": null}',
        b'{"query": ""}',
        b'{"query": 1}',
        b'{"query": ["{ __typename }"]}',
        b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "variables": "{}"}',
        b'{"query": "{ __typename }", "extensions": 1}',
        b'{"query": "{ __typename }", "operationName": 1}',
        b'{"query": "{ __typename }", "operationName": "Other"}',
        b'{"query": "query A { __typename } query B { __typename }"}',
        b'{"query": "query A { __typename } query B { __typename }", "operationName": "C"}',
        b'{"query": "fragment F on Query { __typename }"}',
        b'{"query": "\xff\xfe"}',
        b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}',
        b'{"query": "{ echo(text: \\"\\\\u0000\\") }"}',
        b'{"query": "query ($t: String!) { echo(text: $t) }", "variables": {"t": "a\\u0000b"}}',
        b'{"query": "{ __typename }", "variables": {"a": NaN}}',
    ],
)
@pytest.mark.parametrize("accept", ["*/*", JSON, GRAPHQL_JSON])
def test_a_malformed_request_is_400_with_one_invalid_error_whatever_the_client_reads(
    app, body, accept
):
    headers = {"content-type": JSON, "accept": accept}
    response = ask(app, "POST", "/graphql", content=body, headers=headers)
    assert response.status_code == 400
    assert codes(response) == ["INVALID"]
    assert "data" not in response.json()


WRONG_DOCUMENTS = {
    "cut off": ("{", {}),
    "an unknown field": ("{ nobody }", {}),
    "an unknown argument": ('{ echo(text: "a", loud: true) }', {}),
    "a wrong type": ("{ echo(text: 1) }", {}),
    "a missing argument": ("{ echo }", {}),
    "a definition of types": ("type Query { a: Int } query { __typename }", {}),
    "a wrong variable": ("query ($t: String!) { echo(text: $t) }", {"t": 7}),
    "a missing variable": ("query ($t: String!) { echo(text: $t) }", {}),
    "a null variable": ("query ($t: String!) { echo(text: $t) }", {"t": None}),
    "a fragment within itself": ("{ viewer { ...F } } fragment F on Person { boss { ...F } }", {}),
}


@pytest.mark.parametrize("wrong", WRONG_DOCUMENTS)
@pytest.mark.parametrize(("accept", "status"), [("*/*", 400), (GRAPHQL_JSON, 400), (JSON, 200)])
def test_a_wrong_document_is_400_but_200_for_a_client_that_names_plain_json(
    app, wrong, accept, status
):
    query, variables = WRONG_DOCUMENTS[wrong]
    response = run(app, query, variables=variables, headers={"accept": accept})
    assert response.status_code == status
    assert set(codes(response)) == {"INVALID"}
    assert "data" not in response.json()


def test_the_place_of_a_mistake_is_named(app):
    error = run(app, "{\n  viewer { nme }\n}").json()["errors"][0]
    assert error["locations"] == [{"line": 2, "column": 12}]
    assert "'name'" in error["message"]


def test_in_production_no_error_teaches_names_of_the_schema(production):
    response = run(production, "{ viewer { nme } }", variables={})
    assert "Did you mean" not in response.text
    response = run(
        production, "query ($i: RenameInput!) { echo(text: $i) }", variables={"i": {"nme": 1}}
    )
    assert "Did you mean" not in response.text


def test_the_schema_tells_about_itself_in_development_only(app, production):
    query = "{ __schema { types { name } } }"
    assert "Person" in run(app, query).text
    refused = run(production, query)
    assert refused.status_code == 400
    assert set(codes(refused)) == {"INVALID"}


# Methods


def test_a_query_may_come_by_get(app):
    params = {"query": "query ($t: String!) { echo(text: $t) }", "variables": '{"t": "ñ"}'}
    response = ask(app, "GET", "/graphql", params=params)
    assert response.json() == {"data": {"echo": "ñ"}}


def test_a_mutation_by_get_is_405_and_does_nothing(app):
    mutation = 'mutation { rename(input: {clientMutationId: "1", name: "Eva"}) }'
    response = ask(app, "GET", "/graphql", params={"query": mutation})
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert codes(response) == ["INVALID"]
    both = f"query Q {{ __typename }} {mutation.replace('mutation', 'mutation M')}"
    params = {"query": both, "operationName": "M"}
    assert ask(app, "GET", "/graphql", params=params).status_code == 405
    assert ask(app, "GET", "/graphql", params=params | {"operationName": "Q"}).status_code == 200


@pytest.mark.parametrize(
    "query_string",
    [
        "",
        "query=",
        "query=%FF",
        "query={__typename}&variables={",
        "query={__typename}&variables=[]",
        "query={__typename}&query={viewer{name}}",
        "query={__typename}&extensions=7",
        "&".join(f"a{n}=1" for n in range(100)),
        "query={echo(text:%22a%00%22)}",
    ],
)
def test_a_malformed_query_string_is_400(app, query_string):
    response = ask(app, "GET", f"/graphql?{query_string}")
    assert response.status_code == 400
    assert codes(response) == ["INVALID"]


def test_in_production_a_get_must_name_its_media_type_so_that_no_page_can_make_one(production):
    params = {"query": "{ __typename }"}
    for accept in ("*/*", "text/html, */*;q=0.8", "image/avif,image/webp,*/*"):
        response = ask(production, "GET", "/graphql", params=params, headers={"accept": accept})
        assert response.status_code == 406
    for accept in (JSON, GRAPHQL_JSON):
        response = ask(production, "GET", "/graphql", params=params, headers={"accept": accept})
        assert response.status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_405(app, method):
    response = ask(app, method, "/graphql")
    assert response.status_code == 405
    assert {"GET", "POST"} <= set(response.headers["allow"].split(", "))


# Who asks


def test_no_token_is_a_visitor_and_a_good_one_speaks_for_its_owner(app):
    assert run(app, "{ whoami }").json()["data"]["whoami"] == "nobody"
    response = run(app, "{ whoami }", headers={"authorization": GOOD_TOKEN})
    assert response.json()["data"]["whoami"] == "Ana"


@pytest.mark.parametrize("accept", ["*/*", JSON, GRAPHQL_JSON])
def test_a_bad_token_is_401_and_says_what_is_wrong_with_it(app, accept):
    headers = {"authorization": "Bearer stolen", "accept": accept}
    response = run(app, "{ whoami }", headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert codes(response) == ["UNAUTHENTICATED"]
    assert "data" not in response.json()


# Errors of resolvers


def test_a_refusal_keeps_its_code_and_names_the_input(app):
    response = run(app, "{ hidden a: forbidden viewer { name } }")
    assert response.status_code == 200
    assert codes(response) == ["NOT_FOUND", "FORBIDDEN"]
    hidden, forbidden = response.json()["errors"]
    assert hidden["path"] == ["hidden"]
    assert hidden["extensions"]["input"] == ["id"]
    assert forbidden["path"] == ["a"]
    assert response.json()["data"]["viewer"] == {"name": "Ana"}


def test_the_callers_own_mistake_in_an_argument_is_invalid(app):
    query = "query ($n: Int) { number(required: $n) }"
    response = run(app, query, variables={"n": None})
    assert response.status_code == 200
    assert codes(response) == ["INVALID"]


@pytest.mark.parametrize("query", ["{ crash }", "{ nothingWhereSomethingMustBe }"])
def test_the_unexpected_says_nothing_but_its_request_id(app, query):
    response = run(app, query)
    assert codes(response) == ["INTERNAL"]
    assert response.json()["data"] is None
    for secret in (CANARY, "canary", "RuntimeError", "digest", "Traceback", "non-nullable", ".py"):
        assert secret not in response.text


@pytest.mark.parametrize("accept", ["*/*", JSON, GRAPHQL_JSON])
def test_a_database_that_is_gone_is_503_with_no_half_answer(app, accept):
    response = run(app, "{ viewer { name } gone }", headers={"accept": accept})
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert codes(response) == ["INTERNAL"]
    assert "data" not in response.json()


def test_a_failure_before_any_resolver_is_500_and_says_nothing():
    def broken(_authorization: str | None, _request_id: str) -> ExampleContext:
        raise RuntimeError(CANARY)

    response = run(example_app(DEVELOPMENT, open_context=broken), "{ whoami }")
    assert response.status_code == 500
    assert codes(response) == ["INTERNAL"]
    assert CANARY not in response.text


# One request, one context


@pytest.mark.parametrize(
    "query", ["{ whoami }", "{ crash }", "{ gone }", "query ($t: String!) { echo(text: $t) }"]
)
def test_the_context_of_a_request_is_closed_whatever_came_of_it(query):
    opened: list[ExampleContext] = []

    def remember(authorization: str | None, request_id: str) -> ExampleContext:
        opened.append(open_context(authorization, request_id))
        return opened[-1]

    response = run(example_app(DEVELOPMENT, open_context=remember), query)
    assert [context.closed for context in opened] == [True]
    assert opened[0].request_id == response.headers["x-request-id"]


def never(*_arguments: object) -> Any:
    raise AssertionError("nobody should have asked who acts")


@pytest.mark.parametrize("query", ["{", "{ nobody }", "{ " + "a:viewer{id} " * 99 + "}"])
def test_nobody_is_identified_for_a_document_that_cannot_run(query):
    app = example_app(DEVELOPMENT, open_context=never)
    assert run(app, query).status_code == 400


def test_a_subscription_is_refused(app):
    response = run(app, "subscription { anything }")
    assert response.status_code == 400
    assert codes(response) == ["INVALID"]


def test_the_same_document_again_is_neither_parsed_nor_validated(app, monkeypatch):
    query = "query ($n: Int) { viewer { friends(first: $n) { nodes { id } } } }"
    assert run(app, query, variables={"n": 5}).status_code == 200
    for step in ("parse", "validate"):
        monkeypatch.setattr(f"graphql_schema.documents.{step}", never)
    assert run(app, query, variables={"n": 6}).status_code == 200
    assert run(app, query, variables={"n": "x"}).status_code == 400


@pytest.mark.threat("T10")
@pytest.mark.parametrize("extra", ["status", "version", "approvedBy", "districtId", "__typename"])
@pytest.mark.parametrize("sent", ["as a literal", "as a variable"])
def test_an_input_field_that_does_not_exist_is_refused_never_ignored(app, extra, sent):
    if sent == "as a literal":
        literal = f'{{clientMutationId: "1", name: "Eva", {extra}: "x"}}'
        response = run(app, f"mutation {{ rename(input: {literal}) }}")
    else:
        sent_input = {"clientMutationId": "1", "name": "Eva", extra: "x"}
        mutation = "mutation ($input: RenameInput!) { rename(input: $input) }"
        response = run(app, mutation, variables={"input": sent_input})
    assert response.status_code == 400
    assert codes(response) == ["INVALID"]
    assert extra in response.json()["errors"][0]["message"]


# The explorer

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_a_browser_finds_graphiql_in_development_with_all_its_files_from_here(app):
    page = ask(app, "GET", "/graphql", headers=BROWSER)
    assert page.headers["content-type"].startswith("text/html")
    assert "<script>" not in page.text
    assert (
        "'unsafe-inline'" not in page.headers["content-security-policy"].partition("style-src")[0]
    )
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(sources) == 6
    assert {ask(app, "GET", source).status_code for source in sources} == {200}


def test_a_browser_finds_no_graphiql_in_production(production):
    response = ask(production, "GET", "/graphql", headers=BROWSER)
    assert response.status_code == 406
    assert "GraphiQL" not in response.text
