"""Requests that wait for staff, and what staff and parents do with them over the schema."""

from typing import Any

from app.changes.requests import Asked, submit_change
from app.directory.models import Contact
from app.vocabulary import ContactField
from graphql_schema.ids import Kind, global_id
from tests.asking import Ask, mutate
from tests.world import World, a_contact

Answer = dict[str, Any]
OUTCOME = "changeRequest { status version }"


def a_waiting_request(world: World) -> tuple[Contact, str]:
    """A contact, Simpson, who asked to be Bouvier, and the id of her request."""
    with world.database.write(world.service) as db:
        contact = a_contact(db, world.district)
    asked = Asked(ContactField.FAMILY_NAME, after="Bouvier")
    return contact, a_request_of(world, contact, asked)


def a_request_of(world: World, contact: Contact, asked: Asked) -> str:
    actor = world.guardian(contact)
    with world.database.write(actor) as db:
        request = submit_change(db, actor, (contact.district_id, contact.id), [asked])
    return global_id(Kind.CHANGE_REQUEST, request.district_id, request.id)


def decides(ask: Ask, clerk: Any, request: str, decision: str, version: int = 1) -> Answer:
    return mutate(
        ask,
        clerk,
        "decideContactChange",
        OUTCOME,
        changeRequestId=request,
        version=version,
        decision=decision,
        reason="We know you." if decision == "REJECT" else None,
    )


def takes_back(ask: Ask, parent: Any, request: str) -> Answer:
    return mutate(ask, parent, "withdrawContactChange", OUTCOME, changeRequestId=request)
