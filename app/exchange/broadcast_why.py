"""Why a delivery went out or did not, decided once, when it comes in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.consent.facts import load_facts
from app.consent.models import ConsentEvent
from app.consent.rules import Decision, decide
from app.database import Db
from app.directory.links import Held, links_of
from app.directory.policy import Policy
from app.vocabulary import Channel, DecisionReason, DeliveryStatus

KNOWN_FOR = timedelta(hours=24)  # so long present facts still speak for what was sent
AT_ONCE = 1000  # links whose facts are read together; SQLite takes 32,766 parameters
EVENTS = sa.select(ConsentEvent.id, ConsentEvent.at).where(
    ConsentEvent.district_id == sa.bindparam("district"),
    ConsentEvent.id.in_(sa.bindparam("events", expanding=True)),
)
NOBODY_KNOWS: dict[str, Any] = {
    "why_allowed": None,
    "why_reason": None,
    "why_not_before": None,
    "why_event_id": None,
}


@dataclass(frozen=True, slots=True)
class Sending:
    """One delivery whose reason is to be found, and its row that will say it."""

    row: dict[str, Any]
    contact_id: UUID
    destination_id: UUID
    channel: Channel
    broadcast_type_id: UUID
    sent_at: datetime
    status: DeliveryStatus
    rights: bool


def own_reason(reason: DecisionReason, status: DeliveryStatus) -> dict[str, Any]:
    """The sender's own word for it."""
    allowed = status is not DeliveryStatus.NOT_ALLOWED
    return {**NOBODY_KNOWS, "why_allowed": allowed, "why_reason": reason}


def is_recent(sent_at: datetime, now: datetime) -> bool:
    return now - sent_at <= KNOWN_FOR


def explain(db: Db, policy: Policy, sendings: Sequence[Sending]) -> None:
    """Write into each row what the rules say to the present facts."""
    for start in range(0, len(sendings), AT_ONCE):
        _explain(db, policy, sendings[start : start + AT_ONCE])


def _explain(db: Db, policy: Policy, sendings: Sequence[Sending]) -> None:
    held = _held(db, policy, sendings)
    facts = load_facts(db, {policy.id: policy}, list(held.values()))
    decided = []
    for sending in sendings:
        link = held.get((sending.contact_id, sending.destination_id))
        if link is not None:
            kind = policy.kinds[sending.broadcast_type_id].rule(sending.channel)
            known = facts.facts(link, sending.channel)
            decided.append((sending, decide(known, kind, sending.sent_at, rights=sending.rights)))
    events = [decision.event for _, decision in decided if decision.event]
    since = {row.id: row.at for row in db.all(EVENTS, district=policy.id, events=events)}
    for sending, decision in decided:
        if _speaks_for(decision, since.get(decision.event), sending):
            sending.row.update(_why(decision))


def _held(db: Db, policy: Policy, sendings: Sequence[Sending]) -> dict[tuple[UUID, UUID], Held]:
    """The links these went to, by (contact, destination)."""
    wanted = {(sending.contact_id, sending.destination_id) for sending in sendings}
    links = links_of(db, {(policy.id, contact) for contact, _ in wanted})
    by_pair = {(link.contact_id, link.destination_id): link for link in links}
    return {pair: link for pair, link in by_pair.items() if pair in wanted}


def _speaks_for(decision: Decision, since: datetime | None, sending: Sending) -> bool:
    """Whether present facts can be why: not where they contradict what happened, unless they
    held already when it did.
    """
    went_out = sending.status is not DeliveryStatus.NOT_ALLOWED
    if decision.allowed or not went_out:
        return decision.allowed is went_out
    return since is None or since <= sending.sent_at


def _why(decision: Decision) -> dict[str, Any]:
    return {
        "why_allowed": decision.allowed,
        "why_reason": decision.reason,
        "why_not_before": decision.not_before,
        "why_event_id": decision.event,
    }
