"""What a parent sends to have her contact data corrected."""

from collections.abc import Callable
from typing import Any

from graphql_schema.ids import Kind, global_id
from tests.asking import mutate
from tests.graphql_schema.home import Home

REQUEST = "changeRequest { id status version items { field before after accepted } }"
NOT_HERE = "There is nothing here under this id."
NO_NUMBER = "This is not a phone number."
HAS_ALREADY = "This is what the school has already."
LONG = "x" * 100_000
Said = dict[str, Any]


def contact_of(home: Home, **said: Any) -> Said:
    marge = home.marge
    return {"contactId": global_id(Kind.CONTACT, marge.district_id, marge.id)} | said


def item(field: str, **said: Any) -> Callable[[Home], Said]:
    """One correction, about the phone where it is about one she has."""
    return lambda home: contact_of(home, items=[{"field": field, **said}])


def submit(home: Home, said: Said, actor: Any = None) -> dict[str, Any]:
    return mutate(home.ask, actor or home.parent, "submitContactChange", REQUEST, **said)
