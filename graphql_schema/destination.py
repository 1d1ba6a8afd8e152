"""A contact's phones, mailboxes and devices, with all that was said about them."""

from datetime import datetime
from typing import Any, Self

import strawberry

from app.consent.disclosures import disclosure_for
from app.consent.facts import Chosen, Spoken, status_of
from app.consent.history import EventRow, history_of
from app.consent.wording import explain, summary
from app.directory.links import Held
from app.directory.policy import Kind, Policy, time_of_day
from app.directory.reading import find_link
from app.errors import NotFound
from app.paging import Position
from app.vocabulary import Channel, ConsentStatus, DestinationKind, LineType, OptOutScope, Source
from graphql_schema.batches import Links
from graphql_schema.connection import connection
from graphql_schema.context import Context, Info
from graphql_schema.district import BroadcastType
from graphql_schema.ids import Kind as IdKind
from graphql_schema.ids import global_id, key_of
from graphql_schema.ledger import (
    ConsentEvent,
    ConsentEventConnection,
    ConsentEventEdge,
    Decision,
    Disclosure,
)
from graphql_schema.mutation import Done
from graphql_schema.node import Node
from graphql_schema.scalars import EmailAddress, PhoneNumber


@strawberry.type(description="What was said about this number or address, whoever asks.")
class Consent:
    status: ConsentStatus
    since: datetime | None
    source: Source | None
    pending_opt_in: bool = strawberry.field(description="A YES from this phone is awaited.")
    version: int

    @classmethod
    def of(cls, row: Spoken | None, now: datetime) -> Self:
        return cls(
            status=status_of(row),
            since=row.since if row else None,
            source=Source(row.source) if row and row.source else None,
            pending_opt_in=bool(row and row.until and row.until > now),
            version=row.version if row else 0,
        )


@strawberry.type(description="A type, all but emergencies, or a held ALL.")
class OptOut:
    scope: OptOutScope
    broadcast_type: BroadcastType | None
    since: datetime
    source: Source
    held: bool

    @classmethod
    def of(cls, row: Spoken, policy: Policy, *, held: bool) -> Self:
        kind = policy.kinds.get(row.broadcast_type_id) if row.broadcast_type_id else None
        return cls(
            scope=OptOutScope(row.word or ""),
            broadcast_type=BroadcastType.of(kind) if kind else None,
            since=row.since,
            source=Source(row.source or ""),
            held=held,
        )


@strawberry.type(description="This contact's own choice for one broadcast type.")
class Preference:
    setting: strawberry.Private["ChannelSetting"]
    kind: strawberry.Private[Kind]
    wanted: bool | None = strawberry.field(description="Null = never chosen, version 0.")
    locked: bool = strawberry.field(description="A parent cannot turn this type off here.")
    version: int

    @classmethod
    def of(cls, setting: "ChannelSetting", kind: Kind, row: Chosen | None) -> Self:
        return cls(
            setting=setting,
            kind=kind,
            wanted=bool(row.first) if row else None,
            locked=setting.channel in kind.locked,
            version=row.version if row else 0,
        )

    @strawberry.field
    def broadcast_type(self) -> BroadcastType:
        return BroadcastType.of(self.kind)

    @strawberry.field
    def decision(self, info: Info) -> Decision:
        """What would happen to such a message now."""
        held, channel, batch = self.setting.held, self.setting.channel, self.setting.batch
        policy = batch.districts.policies[held.district_id]
        decided = batch.book.decision(held, channel, self.kind, info.context.db.now)
        said = explain(decided, self.kind, channel, policy.timezone, info.context.language)
        return Decision.of(decided, said, policy, lambda: batch.events)


@strawberry.type(description='Local times "HH:MM" of the district, from inclusive, to exclusive.')
class QuietHours:
    begins: strawberry.Private[str]
    to: str
    version: int

    @classmethod
    def of(cls, row: Chosen) -> Self:
        return cls(begins=time_of_day(row.first), to=time_of_day(row.second), version=row.version)

    @strawberry.field(name="from")
    def from_(self) -> str:
        return self.begins


@strawberry.type
class ChannelSetting:
    held: strawberry.Private[Held]
    batch: strawberry.Private[Links]
    channel: Channel

    @property
    def _policy(self) -> Policy:
        return self.batch.districts.policies[self.held.district_id]

    @strawberry.field
    def consent(self, info: Info) -> Consent:
        return Consent.of(self.batch.book.consent(self.held, self.channel), info.context.db.now)

    @strawberry.field
    def opt_outs(self) -> list[OptOut]:
        book, policy = self.batch.book, self._policy
        return [
            *(OptOut.of(r, policy, held=False) for r in book.opt_outs(self.held, self.channel)),
            *(OptOut.of(r, policy, held=True) for r in book.holds(self.held, self.channel)),
        ]

    @strawberry.field
    def preferences(self) -> list[Preference]:
        chosen = self.batch.book.preferences(self.held, self.channel)
        return [Preference.of(self, kind, chosen.get(kind.id)) for kind in self._policy.offered]

    @strawberry.field(description="Her own; null = the district's, where it has any.")
    def quiet_hours(self) -> QuietHours | None:
        row = self.batch.book.quiet_hours(self.held, self.channel)
        return QuietHours.of(row) if row else None

    @strawberry.field(description="The text to show before grantConsent, with its version.")
    def disclosure(self, info: Info) -> Disclosure:
        present = disclosure_for(self._policy, self.channel, info.context.language)
        return Disclosure(version=present.version, language=present.language, text=present.text)


@strawberry.interface(description="The link of one contact with one number or address.")
class Destination(Node):
    held: strawberry.Private[Held]
    batch: strawberry.Private[Links]
    label: str
    version: int
    verified_at: datetime | None

    @strawberry.field(description="What reaches it and what does not, by the sender's own rules.")
    def summary(self, info: Info) -> str:
        return summary(self.batch.book, self.held, info.context.db.now, info.context.language)

    @strawberry.field
    def channels(self) -> list[ChannelSetting]:
        return [
            ChannelSetting(held=self.held, batch=self.batch, channel=channel)
            for channel in self.held.channels
        ]

    @strawberry.field
    def history(
        self, info: Info, first: int | None = None, after: str | None = None
    ) -> ConsentEventConnection:
        policy = self.batch.districts.policies[self.held.district_id]

        def node(row: EventRow) -> ConsentEvent:
            return ConsentEvent.of(row, policy)

        page = (
            self.batch.histories(first)[self.held.id]
            if after is None
            else history_of(info.context.db, self.held, first, after)
        )
        return connection(  # type: ignore[no-any-return]
            page,
            of=ConsentEventConnection,
            edge=ConsentEventEdge,
            node=node,
            cursor=lambda row: Position(row.at, row.id).cursor,
            after=after,
        )


@strawberry.type
class Phone(Destination):
    number: PhoneNumber
    display: str
    extension: str | None
    line_type: LineType


@strawberry.type
class Mailbox(Destination):
    address: EmailAddress


@strawberry.type
class Device(Destination):
    name: str


def destination_of(held: Held, batch: Links) -> Phone | Mailbox | Device:
    """The concrete type of a link."""
    common: dict[str, Any] = {
        "id": global_id(IdKind.LINK, held.district_id, held.id),
        "held": held,
        "batch": batch,
        "label": held.label,
        "version": held.version,
        "verified_at": held.verified_at,
    }
    match held.kind:
        case DestinationKind.PHONE:
            return Phone(
                **common,
                number=PhoneNumber(held.value),
                display=held.display,
                extension=held.extension,
                line_type=held.line_type,
            )
        case DestinationKind.MAILBOX:
            return Mailbox(**common, address=EmailAddress(held.value))
        case DestinationKind.DEVICE:
            return Device(**common, name=held.display)


def changed_destination(context: Context, done: Done, id: str) -> Destination | None:
    """The destination the mutation changed, as it is now; None once it is gone."""
    if done.ids is None:
        return None
    try:
        held = find_link(context.db, context.actor, key_of(id, IdKind.LINK))
    except NotFound:
        return None
    return destination_of(held, Links(context, [held]))
