"""A small schema with the conventions of the real one, for tests of the door around it.

People know people, so that a query can go in circles; some fields misbehave on purpose.
"""

import time
from dataclasses import dataclass
from typing import Any

import strawberry
from starlette.applications import Starlette
from starlette.routing import Route

from app.config import Settings
from app.errors import Forbidden, NotFound, Unauthenticated, Unavailable
from app.middleware import application
from graphql_schema.execution import Execution, OpenContext
from graphql_schema.explorer import explorer_files, explorer_page
from graphql_schema.http import GraphQLEndpoint

GOOD_TOKEN = "Bearer good"
CANARY = "+12025550199"
SLOW_SECONDS = 1.5


@dataclass
class ExampleContext:
    """Counts what was read and whether it was closed."""

    request_id: str
    actor: str
    language: str = "en"
    reads: int = 0
    closed: bool = False

    def close(self) -> None:
        self.closed = True


@strawberry.interface
class Named:
    id: strawberry.ID
    name: str


@strawberry.type
class Person(Named):
    @strawberry.field
    def friends(
        self, info: strawberry.Info, first: int | None = None, last: int | None = None
    ) -> "People":
        info.context.reads += 1
        return People()

    @strawberry.field
    def children(self, info: strawberry.Info) -> list["Person"]:
        info.context.reads += 1
        return [person("2")]

    @strawberry.field
    def boss(self) -> "Person | None":
        return person("3")


@strawberry.type
class School(Named):
    grades: list[int]


@strawberry.type
class PageInfo:
    has_next_page: bool


@strawberry.type
class Edge:
    cursor: str
    node: Person


@strawberry.type
class People:
    @strawberry.field
    def edges(self) -> list[Edge]:
        return [Edge(cursor="c", node=person("1"))]

    @strawberry.field
    def nodes(self) -> list[Person]:
        return [person("1")]

    @strawberry.field
    def page_info(self) -> PageInfo:
        return PageInfo(has_next_page=False)


def person(id: str) -> Person:
    return Person(id=strawberry.ID(id), name="Ana")


def _raise(error: Exception) -> Any:
    raise error


@strawberry.type
class Query:
    @strawberry.field
    def viewer(self, info: strawberry.Info) -> Person:
        info.context.reads += 1
        return person("0")

    @strawberry.field
    def whoami(self, info: strawberry.Info) -> str:
        return str(info.context.actor)

    @strawberry.field
    def node(self, id: strawberry.ID) -> Named | None:
        return person(id) if id != "school" else School(id=id, name="Oak", grades=[1])

    @strawberry.field
    def nodes(self, ids: list[strawberry.ID]) -> list[Person | None]:
        return [person(each) for each in ids]

    @strawberry.field
    def echo(self, text: str) -> str:
        return text

    @strawberry.field
    def number(self, required: int = 1) -> int:
        return required

    @strawberry.field
    def crash(self, text: str = CANARY) -> str:
        raise RuntimeError(f"cannot digest {text} of ana@canary.example")

    @strawberry.field
    def nothing_where_something_must_be(self) -> str:
        return None  # type: ignore[return-value]

    @strawberry.field
    def hidden(self) -> str | None:
        return _raise(NotFound(path=("id",)))  # type: ignore[no-any-return]

    @strawberry.field
    def forbidden(self) -> str | None:
        return _raise(Forbidden("You may not."))  # type: ignore[no-any-return]

    @strawberry.field
    def gone(self) -> str | None:
        return _raise(Unavailable("the database is gone"))  # type: ignore[no-any-return]

    @strawberry.field
    def slow(self, seconds: float = SLOW_SECONDS) -> str:
        time.sleep(seconds)
        return "done"


@strawberry.input
class RenameInput:
    client_mutation_id: strawberry.ID
    name: str
    nick: str | None = None


@strawberry.type
class Mutation:
    @strawberry.mutation
    def rename(self, input: RenameInput) -> str:
        return input.name

    @strawberry.mutation
    def confirm_verification(self, code: str) -> str:
        return code


schema = strawberry.Schema(Query, Mutation, types=[School])


def open_context(authorization: str | None, request_id: str) -> ExampleContext:
    if authorization not in (None, GOOD_TOKEN):
        raise Unauthenticated("Please sign in.")
    return ExampleContext(request_id, "Ana" if authorization else "nobody")


def example_app(settings: Settings, *, open_context: OpenContext = open_context) -> Starlette:
    """The example schema behind the real door and middleware."""
    execution = Execution(schema, open_context, introspection=settings.development)
    endpoint = GraphQLEndpoint(execution, explorer_page() if settings.development else None)
    return application(
        [Route("/graphql", endpoint.respond, methods=["GET", "POST"]), explorer_files()],
        https=settings.public_url.startswith("https"),
    )
