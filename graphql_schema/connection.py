"""Relay connections over keyset pages."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import strawberry

from app.paging import Page

NodeType = TypeVar("NodeType")


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[NodeType]):
    node: NodeType
    cursor: str


@strawberry.type
class Connection(Generic[NodeType]):
    edges: list[Edge[NodeType]]
    page_info: PageInfo

    @strawberry.field(description="The nodes alone, for those who need no cursors in between.")
    def nodes(self) -> list[NodeType]:
        return [edge.node for edge in self.edges]


def connection(
    page: Page[Any],
    *,
    of: type[Connection[Any]],
    edge: type[Edge[Any]],
    node: Callable[[Any], Any],
    cursor: Callable[[Any], str],
    after: str | None,
) -> Any:
    """A page as the connection type `of` with edges of type `edge`."""
    edges = [edge(node=node(row), cursor=cursor(row)) for row in page.rows]
    return of(
        edges=edges,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    )
