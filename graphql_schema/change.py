"""Change requests: what a family asked the school to correct, and what came of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from app.actor import Actor
from app.changes import models, reading
from app.changes.requests import Asked, submit_change, withdraw_change
from app.changes.review import ItemDecision, decide_change
from app.database import Db
from app.directory.links import Key
from app.errors import NotFound, PortalError
from app.paging import Page, Position
from app.vocabulary import ChangeDecision, ChangeRequestStatus, ContactField
from graphql_schema.batches import Requests
from graphql_schema.connection import Connection, Edge, connection
from graphql_schema.context import Context, Info
from graphql_schema.destination import Destination, destination_of
from graphql_schema.district import Student
from graphql_schema.errors import UserError
from graphql_schema.ids import Kind, asked_key, global_id, key_of, optional_asked_key
from graphql_schema.mutation import Done, Effect, run
from graphql_schema.node import Node

if TYPE_CHECKING:
    from graphql_schema.contact import Contact


@strawberry.type
class ChangeItem:
    row: strawberry.Private[reading.ItemRow]
    batch: strawberry.Private[Requests]
    request: strawberry.Private[reading.RequestRow]
    field: ContactField
    before: str | None
    after: str | None
    current: str | None
    conflict: bool = strawberry.field(description="The value has moved since this was asked.")
    verified: bool
    accepted: bool | None
    corrected: str | None = strawberry.field(description="What the school put in its place.")

    @classmethod
    def of(cls, row: reading.ItemRow, request: reading.RequestRow, batch: Requests) -> Self:
        open_ = request.status is ChangeRequestStatus.PENDING
        return cls(
            row=row,
            batch=batch,
            request=request,
            field=row.field,
            before=row.before,
            after=row.after,
            current=row.current,
            conflict=open_ and row.current != row.before,
            verified=row.verified_at is not None,
            accepted=row.accepted,
            corrected=row.corrected,
        )

    @strawberry.field(description="The child it is about, while she is the contact's.")
    def student(self) -> Student | None:
        rows = self.batch.contacts.students.get(self.request.contact_id, [])
        return next((Student.of(row) for row in rows if row.id == self.row.student_id), None)

    @strawberry.field
    def destination(self) -> Destination | None:
        links = self.batch.contacts.links
        held = links.by_id.get(self.row.link_id) if self.row.link_id else None
        return destination_of(held, links) if held else None


@strawberry.type(description="Contact information the school should correct.")
class ChangeRequest(Node):
    row: strawberry.Private[reading.RequestRow]
    batch: strawberry.Private[Requests]
    status: ChangeRequestStatus
    note: str | None
    reason: str | None
    submitted_at: datetime
    due_at: datetime
    decided_at: datetime | None = strawberry.field(description="Or when it was taken back.")
    version: int
    sis_conflict: bool = strawberry.field(
        description="The school's own files say something else than what was approved before; "
        "approving keeps the approved value, `after`."
    )

    @classmethod
    def of(cls, row: reading.RequestRow, batch: Requests) -> Self:
        return cls(
            id=global_id(Kind.CHANGE_REQUEST, row.district_id, row.id),
            row=row,
            batch=batch,
            status=row.status,
            note=row.note,
            reason=row.reason,
            submitted_at=row.submitted_at,
            due_at=row.due_at,
            decided_at=row.decided_at,
            version=row.version,
            sis_conflict=row.account_id is None,
        )

    @strawberry.field
    def contact(self) -> Annotated["Contact", strawberry.lazy("graphql_schema.contact")]:
        from graphql_schema.contact import Contact  # noqa: PLC0415 (the two show each other)

        contacts = self.batch.contacts
        row = next(row for row in contacts.rows if row.id == self.row.contact_id)
        return Contact.of(row, contacts)

    @strawberry.field
    def items(self) -> list[ChangeItem]:
        rows = self.batch.items.get(self.row.id, [])
        return [ChangeItem.of(row, self.row, self.batch) for row in rows]


@strawberry.type
class ChangeRequestEdge(Edge[ChangeRequest]):
    pass


@strawberry.type
class ChangeRequestConnection(Connection[ChangeRequest]):
    pass


def request_connection(
    context: Context, page: Page[reading.RequestRow], after: str | None
) -> ChangeRequestConnection:
    return shown_requests(page, Requests(context, page.rows), after)


def shown_requests(
    page: Page[reading.RequestRow], batch: Requests, after: str | None
) -> ChangeRequestConnection:
    return connection(  # type: ignore[no-any-return]
        page,
        of=ChangeRequestConnection,
        edge=ChangeRequestEdge,
        node=lambda row: ChangeRequest.of(row, batch),
        cursor=lambda row: Position(row.submitted_at, row.id).cursor,
        after=after,
    )


@strawberry.input
class ChangeItemInput:
    field: ContactField
    destination_id: strawberry.ID | None = None
    student_id: strawberry.ID | None = None
    after: str | None = None
    label: str | None = None

    def read(self) -> Asked:
        return Asked(
            self.field,
            optional_asked_key(self.destination_id, Kind.LINK),
            optional_asked_key(self.student_id, Kind.STUDENT),
            self.after,
            self.label,
        )


@strawberry.input
class SubmitContactChangeInput:
    client_mutation_id: strawberry.ID
    contact_id: strawberry.ID
    items: list[ChangeItemInput]
    note: str | None = None


@strawberry.input
class WithdrawContactChangeInput:
    client_mutation_id: strawberry.ID
    change_request_id: strawberry.ID


@strawberry.input
class ItemDecisionInput:
    index: int
    accept: bool
    corrected: str | None = None


@strawberry.input
class DecideContactChangeInput:
    client_mutation_id: strawberry.ID
    change_request_id: strawberry.ID
    version: int
    decision: ChangeDecision
    items: list[ItemDecisionInput] | None = None
    reason: str | None = None


@strawberry.type
class ContactChangePayload:
    change_request: ChangeRequest | None
    errors: list[UserError]
    client_mutation_id: strawberry.ID


def _payload(context: Context, key: str, done: Done) -> ContactChangePayload:
    request = _request(context, done)
    out_of_sight = done.ids is not None and request is None  # with the values in its errors
    return ContactChangePayload(
        change_request=request,
        errors=[] if out_of_sight else done.errors,
        client_mutation_id=strawberry.ID(key),
    )


def _request(context: Context, done: Done) -> ChangeRequest | None:
    """The request that was changed, as it is now; None once it is out of sight."""
    if done.ids is None:
        return None
    key = key_of(done.ids["changeRequest"], Kind.CHANGE_REQUEST)
    try:
        row = reading.find_request(context.db, context.actor, key)
    except NotFound:
        return None
    return ChangeRequest.of(row, Requests(context, [row]))


def _request_key(id: str) -> Key:
    return asked_key(id, Kind.CHANGE_REQUEST)


def _changed(request: models.ChangeRequest, errors: Sequence[PortalError] = ()) -> Effect:
    return Effect(
        {"changeRequest": global_id(Kind.CHANGE_REQUEST, request.district_id, request.id)}, errors
    )


@strawberry.type
class ChangeMutation:
    @strawberry.mutation
    def submit_contact_change(
        self, info: Info, input: SubmitContactChangeInput
    ) -> ContactChangePayload:
        def act(db: Db, actor: Actor) -> Effect:
            contact = asked_key(input.contact_id, Kind.CONTACT)
            asked = [item.read() for item in input.items]
            return _changed(submit_change(db, actor, contact, asked, input.note))

        done = run(info.context, "submitContactChange", input, act)
        return _payload(info.context, input.client_mutation_id, done)

    @strawberry.mutation
    def withdraw_contact_change(
        self, info: Info, input: WithdrawContactChangeInput
    ) -> ContactChangePayload:
        def act(db: Db, actor: Actor) -> Effect:
            request = withdraw_change(db, actor, _request_key(input.change_request_id))
            return _changed(request)

        done = run(info.context, "withdrawContactChange", input, act)
        return _payload(info.context, input.client_mutation_id, done)

    @strawberry.mutation
    def decide_contact_change(
        self, info: Info, input: DecideContactChangeInput
    ) -> ContactChangePayload:
        def act(db: Db, actor: Actor) -> Effect:
            outcome = decide_change(
                db,
                actor,
                _request_key(input.change_request_id),
                input.version,
                input.decision,
                [ItemDecision(i.index, i.accept, i.corrected) for i in input.items or ()],
                input.reason,
            )
            return _changed(outcome.request, outcome.stale)

        done = run(info.context, "decideContactChange", input, act)
        return _payload(info.context, input.client_mutation_id, done)
