"""All that the rules need to know of many destinations, read in two statements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.consent.models import Block, Consent, OptOut, Preference, QuietHours
from app.consent.quiet_hours import QuietSpan
from app.consent.rules import Decision, Facts, Said, Stop, decide
from app.database import Db
from app.directory.links import Held
from app.directory.policy import Kind, Policy
from app.optouts.models import OptOutReport
from app.vocabulary import (
    Channel,
    ConsentStatus,
    OptOutReportStatus,
    OptOutScope,
)


class Spoken(NamedTuple):
    """One thing said about a destination: a consent, an opt-out, a hold or a block."""

    what: str
    destination_id: UUID
    channel: str | None
    word: str | None
    broadcast_type_id: UUID | None
    since: datetime
    source: str | None
    contact_id: UUID | None
    event_id: UUID | None
    version: int
    until: datetime | None

    @property
    def stop(self) -> Stop:
        return Stop(OptOutScope(self.word or ""), self.broadcast_type_id, self.event_id)


class Chosen(NamedTuple):
    """One thing a contact chose for a destination of hers: a type, or quiet hours."""

    what: str
    link_id: UUID
    channel: str
    broadcast_type_id: UUID | None
    event_id: UUID
    version: int
    first: int
    second: int


def _about(what: str, table: Any, **columns: Any) -> sa.Select[Any]:
    """One branch of SPOKEN: the columns every branch has, in one order."""
    nothing: dict[str, Any] = {
        "word": sa.null(),
        "broadcast_type_id": sa.cast(sa.null(), sa.Uuid()),
        "source": sa.null(),
        "contact_id": sa.cast(sa.null(), sa.Uuid()),
        "version": sa.literal(0),
        "until": sa.cast(sa.null(), Consent.opt_in_until.type),
    }
    cells = {**nothing, **columns}
    return sa.select(
        sa.literal(what).label("what"),
        table.destination_id,
        sa.type_coerce(table.channel, sa.Text).label("channel"),
        sa.type_coerce(cells["word"], sa.Text).label("word"),
        cells["broadcast_type_id"].label("broadcast_type_id"),
        cells["since"].label("since"),
        sa.type_coerce(cells["source"], sa.Text).label("source"),
        cells["contact_id"].label("contact_id"),
        table.event_id,
        cells["version"].label("version"),
        cells["until"].label("until"),
    ).where(
        sa.tuple_(table.district_id, table.destination_id).in_(
            sa.bindparam("destinations", expanding=True)
        )
    )


SPOKEN = sa.union_all(
    _about(
        "consent",
        Consent,
        word=Consent.status,
        since=Consent.since,
        source=Consent.source,
        contact_id=Consent.contact_id,
        version=Consent.version,
        until=Consent.opt_in_until,
    ),
    _about(
        "opt_out",
        OptOut,
        word=OptOut.scope,
        broadcast_type_id=OptOut.broadcast_type_id,
        since=OptOut.since,
        source=OptOut.source,
        contact_id=OptOut.contact_id,
    ),
    _about(
        "hold",
        OptOutReport,
        word=OptOutReport.scope,
        broadcast_type_id=OptOutReport.broadcast_type_id,
        since=OptOutReport.received_at,
        source=OptOutReport.source,
    ).where(OptOutReport.status == OptOutReportStatus.PENDING),
    _about("block", Block, since=Block.since),
)


def _by(table: Any) -> sa.ColumnElement[bool]:
    return sa.tuple_(table.district_id, table.link_id).in_(sa.bindparam("links", expanding=True))


CHOSEN = sa.union_all(
    sa.select(
        sa.literal("preference"),
        Preference.link_id,
        sa.type_coerce(Preference.channel, sa.Text),
        Preference.broadcast_type_id,
        Preference.event_id,
        Preference.version,
        sa.cast(Preference.wanted, sa.Integer),
        sa.literal(0),
    ).where(_by(Preference)),
    sa.select(
        sa.literal("quiet_hours"),
        QuietHours.link_id,
        sa.type_coerce(QuietHours.channel, sa.Text),
        sa.cast(sa.null(), sa.Uuid()),
        QuietHours.event_id,
        QuietHours.version,
        QuietHours.from_minute,
        QuietHours.to_minute,
    ).where(_by(QuietHours)),
)


class FactBook:
    """What is known of many links; answers for one link and channel at a time."""

    def __init__(
        self, policies: Mapping[UUID, Policy], spoken: Iterable[Spoken], chosen: Iterable[Chosen]
    ) -> None:
        self.policies = policies
        self._spoken: dict[tuple[str, UUID, str | None], list[Spoken]] = defaultdict(list)
        self._chosen: dict[tuple[str, UUID, str], list[Chosen]] = defaultdict(list)
        self._facts: dict[tuple[UUID, Channel], Facts] = {}
        self._decisions: dict[tuple[UUID, Channel, UUID, datetime], Decision] = {}
        for row in spoken:
            self._spoken[row.what, row.destination_id, row.channel].append(row)
        for choice in chosen:
            self._chosen[choice.what, choice.link_id, choice.channel].append(choice)

    def consent(self, held: Held, channel: Channel) -> Spoken | None:
        return next(iter(self._of("consent", held, channel)), None)

    def opt_outs(self, held: Held, channel: Channel) -> Sequence[Spoken]:
        return self._of("opt_out", held, channel)

    def holds(self, held: Held, channel: Channel) -> Sequence[Spoken]:
        return self._of("hold", held, channel)

    def blocks(self, held: Held, channel: Channel) -> Sequence[Spoken]:
        return [*self._of("block", held, None), *self._of("block", held, channel)]

    def preferences(self, held: Held, channel: Channel) -> dict[UUID, Chosen]:
        rows = self._chosen.get(("preference", held.id, channel), ())
        return {row.broadcast_type_id: row for row in rows if row.broadcast_type_id}

    def quiet_hours(self, held: Held, channel: Channel) -> Chosen | None:
        return next(iter(self._chosen.get(("quiet_hours", held.id, channel), ())), None)

    def _of(self, what: str, held: Held, channel: Channel | None) -> Sequence[Spoken]:
        return self._spoken.get((what, held.destination_id, channel), ())

    def event_keys(self, links: Iterable[Held]) -> Iterable[tuple[UUID, UUID]]:
        """The ledger lines that any decision about these links could name."""
        for held in links:
            if held.pause_event_id:
                yield held.district_id, held.pause_event_id
            for channel in held.channels:
                said = [
                    *self._of("consent", held, channel),
                    *self.opt_outs(held, channel),
                    *self.holds(held, channel),
                    *self.blocks(held, channel),
                ]
                chosen = self.preferences(held, channel).values()
                quiet = self.quiet_hours(held, channel)
                events = [row.event_id for row in said]
                events += [row.event_id for row in (*chosen, *([quiet] if quiet else []))]
                yield from ((held.district_id, event) for event in events if event)

    def decision(self, held: Held, channel: Channel, kind: Kind, at: datetime) -> Decision:
        """What would happen to such a message at that moment."""
        asked = (held.id, channel, kind.id, at)
        known = self._decisions.get(asked)
        if known is None:
            known = decide(self.facts(held, channel), kind.rule(channel), at)
            self._decisions[asked] = known
        return known

    def facts(self, held: Held, channel: Channel) -> Facts:
        """The argument of `decide` for this link and channel."""
        known = self._facts.get((held.id, channel))
        if known is None:
            known = self._facts[held.id, channel] = self._gathered(held, channel)
        return known

    def _gathered(self, held: Held, channel: Channel) -> Facts:
        policy = self.policies[held.district_id]
        consent, blocks = self.consent(held, channel), self.blocks(held, channel)
        return Facts(
            channel=channel,
            timezone=policy.timezone,
            reachable=held.reaches(channel),
            blocked=bool(blocks),
            block_event=blocks[0].event_id if blocks else None,
            consent=status_of(consent),
            consent_event=consent.event_id if consent else None,
            consent_required=channel in policy.consent_required,
            opt_outs=tuple(row.stop for row in self.opt_outs(held, channel)),
            holds=tuple(row.stop for row in self.holds(held, channel)),
            wanted={
                kind: Said(bool(row.first), row.event_id)
                for kind, row in self.preferences(held, channel).items()
            },
            paused_until=held.paused_until,
            pause_event=held.pause_event_id,
            quiet=self._quiet(held, channel, policy),
        )

    def _quiet(self, held: Held, channel: Channel, policy: Policy) -> QuietSpan | None:
        own = self.quiet_hours(held, channel)
        if own:
            return QuietSpan(own.first, own.second, own.event_id)
        return policy.quiet.get(channel)


def load_facts(db: Db, policies: Mapping[UUID, Policy], held: Sequence[Held]) -> FactBook:
    """What was said about these destinations and chosen for these links."""
    destinations = list({(link.district_id, link.destination_id) for link in held})
    spoken = db.all(SPOKEN, destinations=destinations)
    chosen = db.all(CHOSEN, links=[link.key for link in held])
    return FactBook(policies, map(Spoken._make, spoken), map(Chosen._make, chosen))


def status_of(consent: Spoken | None) -> ConsentStatus:
    """Nobody spoke = UNKNOWN."""
    return ConsentStatus((consent and consent.word) or "UNKNOWN")
