"""A contact: who she is, her students, her numbers and addresses, what was sent to her."""

from datetime import datetime
from typing import Self

import strawberry

from app.changes import reading as changes
from app.directory.reading import ContactRow
from app.vocabulary import ChangeRequestStatus
from graphql_schema.batches import Contacts
from graphql_schema.change import ChangeRequestConnection, request_connection, shown_requests
from graphql_schema.context import Info
from graphql_schema.destination import Destination, destination_of
from graphql_schema.district import District, Student
from graphql_schema.ids import Kind, global_id
from graphql_schema.message import (
    MessageConnection,
    MessageFilter,
    known_filter,
    message_connection,
    shown_messages,
)
from graphql_schema.node import Node


@strawberry.type
class Contact(Node):
    row: strawberry.Private[ContactRow]
    batch: strawberry.Private[Contacts]
    given_name: str
    family_name: str
    language: str
    address: str | None
    version: int
    paused_until: datetime | None

    @classmethod
    def of(cls, row: ContactRow, batch: Contacts) -> Self:
        return cls(
            id=global_id(Kind.CONTACT, row.district_id, row.id),
            row=row,
            batch=batch,
            given_name=row.given_name,
            family_name=row.family_name,
            language=row.language,
            address=row.address,
            version=row.version,
            paused_until=row.paused_until,
        )

    @strawberry.field
    def district(self) -> District:
        districts = self.batch.districts
        return District.of(districts.policies[self.row.district_id], districts)

    @strawberry.field
    def students(self) -> list[Student]:
        return [Student.of(row) for row in self.batch.students.get(self.row.id, [])]

    @strawberry.field
    def destinations(self) -> list[Destination]:
        links = self.batch.links
        return [destination_of(held, links) for held in links.by_contact.get(self.row.id, [])]

    @strawberry.field
    def messages(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        filter: MessageFilter | None = None,
    ) -> MessageConnection:
        if after is not None:
            return message_connection(info.context, [self.row.key], first, after, filter)
        pages, batch = self.batch.messages(first, known_filter(info.context, filter))
        return shown_messages(pages[self.row.key], batch, after)

    @strawberry.field
    def change_requests(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        status: ChangeRequestStatus | None = None,
    ) -> ChangeRequestConnection:
        if after is None:
            pages, batch = self.batch.requests(first, status)
            return shown_requests(pages[self.row.key], batch, after)
        page = changes.requests_of_contact(
            info.context.db, info.context.actor, self.row.key, status, first, after
        )
        return request_connection(info.context, page, after)
