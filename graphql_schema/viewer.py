"""The person who asks, and every object she may find by its id."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import strawberry
import structlog

from app.actor import Guardian, Staff, identity
from app.changes.reading import find_request
from app.consent.history import find_event
from app.directory import reading
from app.directory.links import Key, links_of
from app.directory.policy import Kind as BroadcastKind
from app.errors import Forbidden, Invalid, NotFound, Unauthenticated
from app.messages.history import find_message
from app.vocabulary import Feature
from graphql_schema.batches import Contacts, Districts, Links, Messages, Requests
from graphql_schema.change import ChangeRequest
from graphql_schema.contact import Contact
from graphql_schema.context import Context, Info
from graphql_schema.desk import StaffDesk
from graphql_schema.destination import Destination, Device, destination_of
from graphql_schema.district import BroadcastType, District, School, Student
from graphql_schema.ids import Kind, asked_key, read_id
from graphql_schema.ledger import ConsentEvent
from graphql_schema.message import Message, MessageConnection, MessageFilter, message_connection
from graphql_schema.node import Node
from graphql_schema.scalars import EmailAddress

MOST_NODES = 100
log = structlog.get_logger()


def signed_in(context: Context) -> Guardian | Staff:
    """The person who asks. Raises Unauthenticated."""
    if not isinstance(context.actor, Guardian | Staff):
        raise Unauthenticated("Please sign in.")
    return context.actor


@strawberry.type
class Viewer:
    @strawberry.field
    def email(self, info: Info) -> EmailAddress:
        return EmailAddress(signed_in(info.context).email)

    @strawberry.field
    def language(self, info: Info) -> str:
        return info.context.language

    @strawberry.field(description="What this person has been granted; a page shows only these.")
    def features(self, info: Info, district: strawberry.ID | None = None) -> list[Feature]:
        actor = info.context.actor
        if not isinstance(actor, Staff):
            return []
        asked = _asked_districts(info.context, actor, district)
        return sorted(set().union(*(actor.features(one) for one in asked)))

    @strawberry.field(description="Every contact this account opens, in any district.")
    def contacts(self, info: Info) -> list[Contact]:
        batch = Contacts(info.context, reading.own_contacts(info.context.db, info.context.actor))
        return [Contact.of(row, batch) for row in batch.rows]

    @strawberry.field(description="Push destinations.")
    def devices(self, info: Info) -> list[Device]:
        rows = reading.own_contacts(info.context.db, info.context.actor)
        links = Links(info.context, links_of(info.context.db, [row.key for row in rows]))
        found = (destination_of(held, links) for held in links.rows)
        return [device for device in found if isinstance(device, Device)]

    @strawberry.field(description="The messages of all contacts together, newest first.")
    def messages(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        filter: MessageFilter | None = None,
    ) -> MessageConnection:
        return message_connection(info.context, None, first, after, filter)

    @strawberry.field(description="Null without a staff grant.")
    def desk(self, info: Info, district: strawberry.ID | None = None) -> StaffDesk | None:
        actor = info.context.actor
        if not isinstance(actor, Staff) or not actor.districts:
            return None
        return StaffDesk(district_id=min(_asked_districts(info.context, actor, district)))


def _asked_districts(
    context: Context, actor: Staff, district: strawberry.ID | None
) -> frozenset[UUID]:
    """The one that was named, else all of hers. Raises NotFound."""
    if district is None:
        return actor.districts
    try:
        key = asked_key(district, Kind.DISTRICT)
        return frozenset({reading.find_district(context.db, actor, key)})
    except NotFound as error:
        raise error.under("district") from None


def _district(context: Context, key: Key) -> District:
    batch = Districts(context, [reading.find_district(context.db, context.actor, key)])
    return District.of(batch.policies[key[0]], batch)


def _school(context: Context, key: Key) -> School:
    return School.of(reading.find_school(context.db, context.actor, key))


def _student(context: Context, key: Key) -> Student:
    return Student.of(reading.find_student(context.db, context.actor, key))


def _broadcast_type(context: Context, key: Key) -> BroadcastType:
    reading.find_district(context.db, context.actor, (key[0], key[0]))
    kinds: dict[Any, BroadcastKind] = Districts(context, [key[0]]).policies[key[0]].kinds
    if key[1] not in kinds:
        raise NotFound
    return BroadcastType.of(kinds[key[1]])


def _contact(context: Context, key: Key) -> Contact:
    row = reading.find_contact(context.db, context.actor, key)
    return Contact.of(row, Contacts(context, [row]))


def _link(context: Context, key: Key) -> Destination:
    held = reading.find_link(context.db, context.actor, key)
    return destination_of(held, Links(context, [held]))


def _event(context: Context, key: Key) -> ConsentEvent:
    contacts = [row.key for row in reading.own_contacts(context.db, context.actor)]
    row = find_event(context.db, context.actor, key, links_of(context.db, contacts))
    return ConsentEvent.of(row, Districts(context, [key[0]]).policies[key[0]])


def _message(context: Context, key: Key) -> Message:
    row = find_message(context.db, context.actor, key)
    return Message.of(row, Messages(context, [row]))


def _request(context: Context, key: Key) -> ChangeRequest:
    row = find_request(context.db, context.actor, key)
    return ChangeRequest.of(row, Requests(context, [row]))


FINDERS: dict[Kind, Callable[[Context, Key], Node]] = {
    Kind.DISTRICT: _district,
    Kind.SCHOOL: _school,
    Kind.STUDENT: _student,
    Kind.BROADCAST_TYPE: _broadcast_type,
    Kind.CONTACT: _contact,
    Kind.LINK: _link,
    Kind.CONSENT_EVENT: _event,
    Kind.MESSAGE: _message,
    Kind.CHANGE_REQUEST: _request,
}


def find(context: Context, id: str) -> Node:
    """The object behind a global id, as this actor may see it. Raises NotFound.

    What her role has no part in is not there for her either.
    """
    actor = signed_in(context)
    try:
        kind, key = read_id(id)
        return FINDERS[kind](context, key)
    except (NotFound, Forbidden):
        log.info("node.refused", actor=identity(actor))
        raise NotFound from None


@strawberry.type
class Query:
    @strawberry.field
    def node(self, info: Info, id: strawberry.ID) -> Node | None:
        return find(info.context, id)

    @strawberry.field
    def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        if len(ids) > MOST_NODES:
            raise Invalid(f"At most {MOST_NODES} at once.", path=("ids",))
        return [_found_or_refused(info.context, one) for one in ids]

    @strawberry.field(description="UNAUTHENTICATED when signed out.")
    def viewer(self, info: Info) -> Viewer:
        signed_in(info.context)
        return Viewer()


def _found_or_refused(context: Context, id: str) -> Node | None:
    """One absent object takes nothing from the others: its place holds null and its error."""
    try:
        return find(context, id)
    except NotFound as error:
        return error  # type: ignore[return-value]  # the executor makes it the item's own error
