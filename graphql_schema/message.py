"""Messages as a contact received them, and their deliveries."""

from datetime import datetime
from typing import Self

import strawberry

from app.actor import Actor
from app.consent.wording import explain
from app.database import Db
from app.directory.links import Key
from app.directory.reading import SchoolRow, StudentRow
from app.messages import history
from app.messages.reading import mark_read
from app.paging import Page
from app.vocabulary import Channel, DeliveryStatus
from graphql_schema.batches import Messages
from graphql_schema.connection import Connection, Edge, connection
from graphql_schema.context import Context, Info
from graphql_schema.district import BroadcastType, School, Student
from graphql_schema.errors import UserError
from graphql_schema.ids import Kind, asked_key, global_id, key_of, optional_asked_key
from graphql_schema.ledger import Decision
from graphql_schema.mutation import Effect, run
from graphql_schema.node import Node


@strawberry.type
class Delivery:
    row: strawberry.Private[history.DeliveryRow]
    message: strawberry.Private["Message"]
    channel: Channel
    sent_to: str
    status: DeliveryStatus
    at: datetime

    @classmethod
    def of(cls, row: history.DeliveryRow, message: "Message") -> Self:
        return cls(
            row=row,
            message=message,
            channel=row.channel,
            sent_to=row.sent_to,
            status=row.status,
            at=row.at,
        )

    @strawberry.field(description="Why it was, or was not, sent; null = nobody knows any more.")
    def why(self, info: Info) -> Decision | None:
        decided, batch = self.row.why, self.message.batch
        if decided is None:
            return None
        policy = batch.districts.policies[self.row.district_id]
        kind = policy.kinds[self.message.row.broadcast_type_id]
        said = explain(decided, kind, self.channel, policy.timezone, info.context.language)
        return Decision.of(decided, said, policy, lambda: batch.events)


@strawberry.type(description="One broadcast as this contact received it.")
class Message(Node):
    row: strawberry.Private[history.MessageRow]
    batch: strawberry.Private[Messages]
    subject: str
    body: str
    snippet: str
    audio_url: str | None
    sent_at: datetime
    read_at: datetime | None
    removed_at: datetime | None

    @classmethod
    def of(cls, row: history.MessageRow, batch: Messages) -> Self:
        return cls(
            id=global_id(Kind.MESSAGE, row.district_id, row.id),
            row=row,
            batch=batch,
            subject=row.subject,
            body=row.body,
            snippet=row.snippet,
            audio_url=row.audio_url,
            sent_at=row.sent_at,
            read_at=row.read_at,
            removed_at=row.removed_at,
        )

    @strawberry.field
    def broadcast_type(self) -> BroadcastType:
        policy = self.batch.districts.policies[self.row.district_id]
        return BroadcastType.of(policy.kinds[self.row.broadcast_type_id])

    @strawberry.field
    def school(self) -> School | None:
        schools = self.batch.districts.schools.get(self.row.district_id, [])
        return next((School.of(s) for s in schools if s.id == self.row.school_id), None)

    @strawberry.field
    def students(self) -> list[Student]:
        return [self._student(row) for row in self.batch.students[self.row.key]]

    def _student(self, row: history.StudentRow) -> Student:
        schools: list[SchoolRow] = []
        if row.school_id:
            schools = self.batch.districts.schools.get(row.district_id, [])
        return Student.of(
            StudentRow(
                self.row.contact_id,
                row.district_id,
                row.id,
                row.given_name,
                row.family_name,
                row.grade,
                next((school for school in schools if school.id == row.school_id), None),
            )
        )

    @strawberry.field
    def deliveries(self) -> list[Delivery]:
        return [Delivery.of(row, self) for row in self.batch.deliveries[self.row.key]]


@strawberry.type
class MessageEdge(Edge[Message]):
    pass


@strawberry.type
class MessageConnection(Connection[Message]):
    pass


@strawberry.input
class MessageFilter:
    broadcast_type_ids: list[strawberry.ID] | None = None
    channels: list[Channel] | None = None
    student_id: strawberry.ID | None = None
    school_id: strawberry.ID | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    unread: bool | None = None

    def read(self) -> history.MessageFilter:
        return history.MessageFilter(
            types=tuple(
                asked_key(wanted, Kind.BROADCAST_TYPE) for wanted in self.broadcast_type_ids or ()
            ),
            channels=tuple(self.channels or ()),
            student=optional_asked_key(self.student_id, Kind.STUDENT),
            school=optional_asked_key(self.school_id, Kind.SCHOOL),
            since=self.since,
            until=self.until,
            text=self.text,
            unread=self.unread,
        )


def message_connection(
    context: Context,
    contacts: list[Key] | None,
    first: int | None,
    after: str | None,
    filter: MessageFilter | None,
) -> MessageConnection:
    wanted = known_filter(context, filter)
    page = history.messages_of(
        context.db, context.actor, contacts, first=first, after=after, filter=wanted
    )
    return shown_messages(page, Messages(context, page.rows), after)


def known_filter(context: Context, filter: MessageFilter | None) -> history.MessageFilter:
    """What is asked for, all of it visible to the reader. Raises NotFound."""
    wanted = filter.read() if filter else history.MessageFilter()
    history.require_known(context.db, context.actor, wanted)
    return wanted


def shown_messages(
    page: Page[history.MessageRow], batch: Messages, after: str | None
) -> MessageConnection:
    return connection(  # type: ignore[no-any-return]
        page,
        of=MessageConnection,
        edge=MessageEdge,
        node=lambda row: Message.of(row, batch),
        cursor=lambda row: row.cursor,
        after=after,
    )


@strawberry.input
class MarkMessagesReadInput:
    client_mutation_id: strawberry.ID
    message_ids: list[strawberry.ID]


@strawberry.type
class MarkMessagesReadPayload:
    messages: list[Message]
    errors: list[UserError]
    client_mutation_id: strawberry.ID


@strawberry.type
class MessageMutation:
    @strawberry.mutation
    def mark_messages_read(
        self, info: Info, input: MarkMessagesReadInput
    ) -> MarkMessagesReadPayload:
        def act(db: Db, actor: Actor) -> Effect:
            mark_read(db, actor, [asked_key(read, Kind.MESSAGE) for read in input.message_ids])
            return Effect({"messages": input.message_ids})

        done = run(info.context, "markMessagesRead", input, act)
        keys = [key_of(read, Kind.MESSAGE) for read in (done.ids or {}).get("messages", ())]
        found = history.messages_by_key(info.context.db, info.context.actor, keys) if keys else {}
        batch = Messages(info.context, found.values())
        return MarkMessagesReadPayload(
            messages=[Message.of(found[key], batch) for key in keys if key in found],
            errors=done.errors,
            client_mutation_id=input.client_mutation_id,
        )
