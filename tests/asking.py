"""Ask the schema as somebody, without a server: what the door does after it knows who asks."""

import itertools
from collections.abc import Callable
from typing import Any

from app.actor import Actor
from app.config import Settings
from app.database import Database
from graphql_schema.context import Context
from graphql_schema.execution import Execution
from graphql_schema.parameters import Parameters
from graphql_schema.schema import schema

SETTINGS = Settings(environment="development", secret_key="x" * 40)
Ask = Callable[..., dict[str, Any]]
_key = itertools.count(1)


def asker(database: Database) -> Ask:
    """`ask(actor, document, **variables)` -> the whole answer."""
    people: dict[str, Actor] = {}

    def open_context(name: str | None, request_id: str) -> Context:
        actor = people[name or ""]
        return Context(database=database, actor=actor, request_id=request_id, settings=SETTINGS)

    execution = Execution(schema, open_context, introspection=True)

    def ask(actor: Actor, document: str, **variables: Any) -> dict[str, Any]:
        name = str(id(actor))
        people[name] = actor
        parameters = Parameters(query=document, variables=variables, operation_name=None)
        answer = execution.answer(
            lambda: parameters, by_get=False, authorization=name, id="request-1"
        )
        return answer.body

    return ask


def new_key() -> str:
    """A clientMutationId nobody has used."""
    return f"key-{next(_key)}"


def mutate(ask: Ask, actor: Actor, name: str, selection: str, **input: Any) -> dict[str, Any]:
    """Run one mutation; gives its payload. The type of its input is the contract's."""
    type_name = f"{name[0].upper()}{name[1:]}Input"
    document = (
        f"mutation ($input: {type_name}!) {{ {name}(input: $input) {{ {selection} "
        "clientMutationId errors { __typename code message path "
        "... on Conflict { was current asked currentVersion changedBy changedAt } } } }"
    )
    input.setdefault("clientMutationId", new_key())
    body = ask(actor, document, input=input)
    assert "errors" not in body, body
    payload: dict[str, Any] = body["data"][name]
    return payload
