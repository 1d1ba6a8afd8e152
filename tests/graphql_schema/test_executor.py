"""The short way answers what the library's own executor answers, flaws and their places included."""

from enum import StrEnum
from typing import Any

import pytest
import strawberry
from graphql import parse
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graphql_schema.executor import Executor, call_directly


@strawberry.enum
class Colour(StrEnum):
    RED = "RED"
    BLUE = "BLUE"


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Leaf(Named):
    colour: Colour | None
    weight: int | None
    own: Colour

    @strawberry.field
    def shouted(self) -> str:
        return self.name.upper()

    @strawberry.field
    def asked(self, info: strawberry.Info[str, None]) -> str:
        return f"{info.context} asks for {info.field_name}"

    @strawberry.field
    def broken(self) -> str:
        raise ValueError("broken")

    @strawberry.field
    def twice(self, times: int = 2) -> str:
        return self.name * times


class Nameless(Leaf):
    """Reading its name goes wrong."""

    @property
    def name(self) -> str:
        raise ValueError("nameless")

    @name.setter
    def name(self, _value: str) -> None:
        pass


@strawberry.type
class Query:
    @strawberry.field
    def leaves(self) -> list[Leaf | None]:
        wrong: Any = "GREEN"
        heavy: Any = "heavy"
        nothing: Any = None
        return [
            Leaf(name="oak", colour=Colour.RED, weight=3, own=Colour.BLUE),
            Leaf(name="elm", colour=None, weight=None, own=Colour.RED),
            Leaf(name="a wrong word", colour=wrong, weight=1, own=Colour.RED),
            Leaf(name="no number", colour=None, weight=heavy, own=Colour.RED),
            Leaf(name=nothing, colour=None, weight=1, own=Colour.RED),
            Leaf(name="an own word", colour=None, weight=1, own=wrong),
            Nameless(name="", colour=None, weight=1, own=Colour.RED),
        ]

    @strawberry.field
    def named(self) -> list[Named]:
        return [Leaf(name="ash", colour=None, weight=None, own=Colour.RED)]


def answer(document: str, executor: type[StrawberryGraphQLCoreExecutionContext]) -> Any:
    schema = strawberry.Schema(Query, types=[Leaf])._schema
    if executor is Executor:
        call_directly(schema)
    running = executor.build(schema, parse(document), context_value="somebody")
    assert not isinstance(running, list)
    result = running.execute_operation()
    return result.data, [error.formatted for error in result.errors or []]


@pytest.mark.parametrize(
    "selection",
    [
        "leaves { name colour weight own }",
        "leaves { __typename first: name second: name ... on Leaf { name } }",
        "leaves { colour @skip(if: true) own @include(if: true) }",
        "leaves { shouted asked twice more: twice(times: 3) }",
        "leaves { weight broken }",
        "named { __typename name ... on Leaf { weight asked } }",
    ],
)
def test_the_short_way_answers_as_the_long_one(selection: str) -> None:
    document = f"{{ {selection} }}"

    assert answer(document, Executor) == answer(document, StrawberryGraphQLCoreExecutionContext)


def test_a_flaw_is_told_with_its_place() -> None:
    _data, errors = answer("{ leaves { own name } }", Executor)

    assert [error["path"] for error in errors] == [
        ["leaves", 4, "name"],
        ["leaves", 5, "own"],
        ["leaves", 6, "name"],
    ]
