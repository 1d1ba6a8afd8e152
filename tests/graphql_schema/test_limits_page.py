"""The page for those who write clients says what the code does."""

from pathlib import Path

import pytest

from app import middleware, paging
from graphql_schema import cost, documents, limits

PAGE = (Path(__file__).parents[2] / "docs" / "graphql-http.md").read_text()


@pytest.mark.parametrize(
    "row",
    [
        f"| body | {middleware.BODY_BYTES // 1024} KiB |",
        f"| time for a request, its arrival included | {middleware.REQUEST_SECONDS:.0f} s |",
        f"| tokens of a document | {documents.MAX_TOKENS:,} |",
        f"| levels of nesting, fragments counted | {cost.MAX_DEPTH} |",
        f"| aliases | {limits.MAX_ALIASES} |",
        f"| fields at the top | {limits.MAX_ROOT_FIELDS} |",
        f"| the same field or fragment at one level | {limits.MAX_REPEATS} times |",
        "| directives, and at one place | "
        f"{limits.MAX_DIRECTIVES}, {limits.MAX_DIRECTIVES_AT_ONE_PLACE} |",
        f"| cost | {cost.MAX_COST:,} |",
        f"({paging.DEFAULT_SIZE} when unsaid)",
        f"({cost.ASSUMED_LIST} where nothing better is known)",
    ],
)
def test_the_page_tells_the_limit_that_holds(row):
    assert row in PAGE
