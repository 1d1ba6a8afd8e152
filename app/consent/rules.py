"""May this go out? And who may turn it up again? Pure: no database, no clock.

`decide` is the table of docs/rules.md, first match wins. The preference page, the staff's view,
the sender's question and the history all ask this one function.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from app.consent.quiet_hours import QuietSpan
from app.vocabulary import Channel, ConsentStatus, DecisionReason, OptOutScope, Source

QUIET_CHANNELS = (Channel.VOICE, Channel.SMS, Channel.PUSH)
BROADEST_FIRST = (OptOutScope.ALL, OptOutScope.NON_EMERGENCY, OptOutScope.BROADCAST_TYPE)


@dataclass(frozen=True, slots=True)
class TypeRule:
    """What a broadcast type says for one channel."""

    id: UUID
    emergency: bool
    default: bool
    locked: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """An opt-out or a hold: its scope, and the ledger line that made it."""

    scope: OptOutScope
    broadcast_type_id: UUID | None
    event: UUID | None

    def covers(self, kind: TypeRule) -> bool:
        if self.scope is OptOutScope.ALL:
            return True
        if self.scope is OptOutScope.NON_EMERGENCY:
            return not kind.emergency
        return self.broadcast_type_id == kind.id


@dataclass(frozen=True, slots=True)
class Said:
    """A yes or no of somebody, and the ledger line in which she said it."""

    wanted: bool
    event: UUID | None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one contact, one destination and one channel.

    `blocked` is the block's ledger line. `wanted` are her choices by broadcast type.
    `quiet` is her own span, or the district's where she set none.
    """

    channel: Channel
    timezone: ZoneInfo
    reachable: bool = True
    blocked: bool = False
    block_event: UUID | None = None
    consent: ConsentStatus = ConsentStatus.UNKNOWN
    consent_event: UUID | None = None
    consent_required: bool = False
    opt_outs: tuple[Stop, ...] = ()
    holds: tuple[Stop, ...] = ()
    wanted: dict[UUID, Said] | None = None
    paused_until: datetime | None = None
    pause_event: UUID | None = None
    quiet: QuietSpan | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """`not_before` is the first instant at which a pause or quiet hours no longer say no."""

    allowed: bool
    reason: DecisionReason
    not_before: datetime | None = None
    event: UUID | None = None


def decide(facts: Facts, kind: TypeRule, at: datetime, *, rights: bool = True) -> Decision:
    """Whether a broadcast of this type may go out at `at`; `rights` False = it is about a
    student to whom the contact has no rights.
    """
    for clause in CLAUSES:
        decision = clause(facts, kind, at, rights)
        if decision is not None:
            return decision
    raise AssertionError("the last clause always answers")


def _no(reason: DecisionReason, event: UUID | None = None) -> Decision:
    return Decision(allowed=False, reason=reason, event=event)


def _covering(stops: tuple[Stop, ...], kind: TypeRule) -> Stop | None:
    """The broadest stop that covers the type, so that two readers name the same one."""
    covering = [stop for stop in stops if stop.covers(kind)]
    return min(
        covering,
        key=lambda stop: (BROADEST_FIRST.index(stop.scope), str(stop.event)),
        default=None,
    )


def _counted_choice(facts: Facts, kind: TypeRule) -> Said | None:
    """Her choice, unless it says no where the type is locked."""
    said = (facts.wanted or {}).get(kind.id)
    return None if said and not said.wanted and kind.locked else said


def unreachable(facts: Facts, kind: TypeRule, at: datetime, rights: bool) -> Decision | None:
    """The channel cannot reach it: a text to a landline, a bounced mailbox, no device."""
    return None if facts.reachable else _no(DecisionReason.UNREACHABLE)


def blocked(facts: Facts, kind: TypeRule, at: datetime, rights: bool) -> Decision | None:
    """The district blocked it, on all channels or on this one."""
    return _no(DecisionReason.BLOCKED, facts.block_event) if facts.blocked else None


def no_rights(facts: Facts, kind: TypeRule, at: datetime, rights: bool) -> Decision | None:
    """It is about a student to whom the contact has no rights."""
    return None if rights else _no(DecisionReason.NO_RIGHTS)


def consent_revoked(facts: Facts, kind: TypeRule, at: datetime, rights: bool) -> Decision | None:
    """Consent for this channel was revoked: that stops emergencies too."""
    revoked = facts.consent is ConsentStatus.REVOKED
    return _no(DecisionReason.CONSENT_REVOKED, facts.consent_event) if revoked else None


def opted_out(facts: Facts, kind: TypeRule, at: datetime, rights: bool) -> Decision | None:
    """An opt-out covers it: all but emergencies, or this type."""
    stop = _covering(facts.opt_outs, kind)
    return _no(DecisionReason.OPTED_OUT, stop.event) if stop else None


def held(facts: Facts, kind: TypeRule, at: datetime, rights: bool) -> Decision | None:
    """The hold of an open report covers it."""
    stop = _covering(facts.holds, kind)
    return _no(DecisionReason.HELD, stop.event) if stop else None


def emergency(facts: Facts, kind: TypeRule, at: datetime, rights: bool) -> Decision | None:
    """An emergency type goes out."""
    return Decision(allowed=True, reason=DecisionReason.EMERGENCY) if kind.emergency else None


def consent_missing(facts: Facts, kind: TypeRule, at: datetime, rights: bool) -> Decision | None:
    """The district wants consent on this channel, and there is none."""
    missing = facts.consent_required and facts.consent is not ConsentStatus.GRANTED
    return _no(DecisionReason.CONSENT_MISSING, facts.consent_event) if missing else None


def chosen_no(facts: Facts, kind: TypeRule, at: datetime, rights: bool) -> Decision | None:
    """The contact chose no, and the type is not locked here."""
    said = _counted_choice(facts, kind)
    return _no(DecisionReason.CHOSEN, said.event) if said and not said.wanted else None


def default_no(facts: Facts, kind: TypeRule, at: datetime, rights: bool) -> Decision | None:
    """No choice counts, and the district's default for type and channel is no."""
    counted = _counted_choice(facts, kind)
    return None if counted or kind.default else _no(DecisionReason.DEFAULT)


def not_yet(facts: Facts, kind: TypeRule, at: datetime, rights: bool) -> Decision | None:
    """Paused, or quiet hours there: no, until the first instant at which neither holds."""
    reason, until, event = None, at, None
    if facts.paused_until is not None and at < facts.paused_until:
        reason, until, event = DecisionReason.PAUSED, facts.paused_until, facts.pause_event
    quiet = facts.quiet if facts.channel in QUIET_CHANNELS else None
    if quiet and (end := quiet.end(until, facts.timezone)) is not None:
        reason, until, event = DecisionReason.QUIET_HOURS, end, quiet.event
    if reason is None:
        return None
    return Decision(allowed=False, reason=reason, not_before=until, event=event)


def otherwise(facts: Facts, kind: TypeRule, at: datetime, rights: bool) -> Decision | None:
    """Nothing speaks against it."""
    said = _counted_choice(facts, kind)
    if said:
        return Decision(allowed=True, reason=DecisionReason.CHOSEN, event=said.event)
    return Decision(allowed=True, reason=DecisionReason.DEFAULT)


Clause = Callable[[Facts, TypeRule, datetime, bool], Decision | None]
CLAUSES: tuple[Clause, ...] = (
    unreachable,
    blocked,
    no_rights,
    consent_revoked,
    opted_out,
    held,
    emergency,
    consent_missing,
    chosen_no,
    default_no,
    not_yet,
    otherwise,
)


class Raise(StrEnum):
    """What comes of somebody's wish to be reached again."""

    YES = "YES"
    AWAITS_TEXT = "AWAITS_TEXT"
    NEEDS_PROOF = "NEEDS_PROOF"


@dataclass(frozen=True, slots=True)
class Lowered:
    """How a destination was turned down, seen by the contact who wants it back."""

    channel: Channel
    source: Source
    by_herself: bool


def may_raise(lowered: Lowered, *, link_proven: bool) -> Raise:
    """Turning up the volume is harder than turning it down.

    A STOP by text is taken back only by a text from that number. What she switched off
    herself she may switch on. Else her own link must have been proven by a code.
    """
    if lowered.channel is Channel.SMS and lowered.source is Source.SMS:
        return Raise.AWAITS_TEXT
    if lowered.by_herself or link_proven:
        return Raise.YES
    return Raise.NEEDS_PROOF
