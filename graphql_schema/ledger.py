"""Lines of the ledger, and the decisions they explain."""

from collections.abc import Callable
from datetime import datetime
from typing import Self

import strawberry

from app.consent.history import EventRow, actor_name, may_read_disclosure
from app.consent.rules import Decision as Decided
from app.directory.policy import Policy
from app.vocabulary import Channel, ConsentAction, DecisionReason, OptOutScope, Source
from graphql_schema.batches import Events
from graphql_schema.connection import Connection, Edge
from graphql_schema.context import Info
from graphql_schema.district import BroadcastType
from graphql_schema.ids import Kind, global_id
from graphql_schema.node import Node


@strawberry.type
class Disclosure:
    version: str
    language: str
    text: str


@strawberry.type(description="One line of the ledger.")
class ConsentEvent(Node):
    row: strawberry.Private[EventRow]
    policy: strawberry.Private[Policy]
    sequence: int
    at: datetime
    action: ConsentAction
    channel: Channel | None
    source: Source
    scope: OptOutScope | None
    hash: str
    previous_hash: str

    @classmethod
    def of(cls, row: EventRow, policy: Policy) -> Self:
        return cls(
            id=global_id(Kind.CONSENT_EVENT, row.district_id, row.id),
            row=row,
            policy=policy,
            sequence=row.sequence,
            at=row.at,
            action=row.action,
            channel=row.channel,
            source=row.source,
            scope=row.scope,
            hash=row.hash,
            previous_hash=row.previous_hash,
        )

    @strawberry.field(description='Who, as far as this reader may know: "you", "the school", …')
    def actor(self, info: Info) -> str:
        return actor_name(self.row, info.context.actor, info.context.language)

    @strawberry.field
    def broadcast_type(self) -> BroadcastType | None:
        kind = self.row.broadcast_type_id and self.policy.kinds.get(self.row.broadcast_type_id)
        return BroadcastType.of(kind) if kind else None

    @strawberry.field(description="What was agreed to; of her own lines only.")
    def disclosure(self, info: Info) -> Disclosure | None:
        row = self.row
        version, language = row.disclosure_version, row.disclosure_language
        if not (version and language and may_read_disclosure(row, info.context.actor)):
            return None
        return Disclosure(version=version, language=language, text=row.disclosure_text or "")


@strawberry.type
class ConsentEventEdge(Edge[ConsentEvent]):
    pass


@strawberry.type
class ConsentEventConnection(Connection[ConsentEvent]):
    pass


@strawberry.type(description="The answer of the rules the sender obeys.")
class Decision:
    decided: strawberry.Private[Decided]
    policy: strawberry.Private[Policy]
    events: strawberry.Private[Callable[[], Events]]
    allowed: bool
    reason: DecisionReason
    explanation: str
    not_before: datetime | None

    @classmethod
    def of(
        cls, decided: Decided, explanation: str, policy: Policy, events: Callable[[], Events]
    ) -> Self:
        """`events` is asked for only when somebody selects the event."""
        return cls(
            decided=decided,
            policy=policy,
            events=events,
            allowed=decided.allowed,
            reason=decided.reason,
            explanation=explanation,
            not_before=decided.not_before,
        )

    @strawberry.field(description="The line of the ledger that caused it.")
    def event(self) -> ConsentEvent | None:
        if self.decided.event is None:
            return None
        row = self.events().by_id.get(self.decided.event)
        return ConsentEvent.of(row, self.policy) if row else None
