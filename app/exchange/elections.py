"""An election heard elsewhere is acted on: once, and only downwards."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from app.actor import Actor, identity
from app.consent import record
from app.consent.ledger import Saying
from app.consent.models import Consent, ConsentEvent
from app.database import Db
from app.directory.holding import claim
from app.directory.models import BroadcastType, Destination
from app.exchange.election_lines import Election
from app.exchange.models import HeardEvent
from app.exchange.ndjson import Fault, LineError
from app.messages.models import Broadcast
from app.optouts.reports import report_applied
from app.vocabulary import ConsentAction, ConsentStatus, OptOutScope

CLOCKS_DIFFER = timedelta(hours=24)


class Outcome(StrEnum):
    """What became of an election."""

    APPLIED = "applied"
    STANDING = "standing"  # what it asks for stands already
    SUPERSEDED = "superseded"  # it was taken back later than it was said
    REPEATED = "repeated"  # heard before


def take_elections(
    db: Db, *, actor: Actor, district_id: UUID, batch: Sequence[Election]
) -> list[tuple[Election, Outcome | LineError]]:
    """Act on each; a number nobody has on file is made, so that no later import can reach it."""
    outcomes: list[tuple[Election, Outcome | LineError]] = []
    clear: list[tuple[Election, UUID | None]] = []
    types = _types(db, district_id, batch)
    for election in batch:
        try:
            clear.append((election, _type_of(db, election, types)))
        except LineError as error:
            outcomes.append((election, error))
    points = claim(db, district_id, (election.destination for election, _ in clear), ())
    locked = _locked(db, district_id, points.values())
    heard = _heard(db, actor, district_id, batch)
    for election, kind in clear:
        destination = locked[points[election.destination.point]]
        outcomes.append((election, _hear(db, actor, heard, destination, election, kind)))
    return outcomes


def _locked(db: Db, district_id: UUID, ids: Iterable[UUID]) -> dict[UUID, Destination]:
    """In one order, as everybody locks them."""
    statement = (
        sa.select(Destination)
        .where(Destination.district_id == district_id, Destination.id.in_(set(ids)))
        .order_by(Destination.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in db.session.scalars(statement)}


def _heard(
    db: Db, actor: Actor, district_id: UUID, batch: Sequence[Election]
) -> dict[tuple[str, str], str]:
    """The fingerprints of what was heard before, by sender and id."""
    statement = sa.select(HeardEvent).where(
        HeardEvent.district_id == district_id,
        HeardEvent.heard_from.in_({_sender(actor, election) for election in batch}),
        HeardEvent.source_id.in_({election.id for election in batch}),
    )
    return {
        (row.heard_from, row.source_id): row.fingerprint for row in db.session.scalars(statement)
    }


def _sender(actor: Actor, election: Election) -> str:
    """Whose id it is: the provider's, or the client's own."""
    return election.provider or identity(actor)


def _types(db: Db, district_id: UUID, batch: Sequence[Election]) -> dict[tuple[str, str], UUID]:
    """Broadcast types by ("type", code) and by ("broadcast", the sender's id)."""
    codes = sa.select(BroadcastType.code, BroadcastType.id).where(
        BroadcastType.district_id == district_id
    )
    sent = sa.select(Broadcast.source_id, Broadcast.broadcast_type_id).where(
        Broadcast.district_id == district_id,
        Broadcast.source_id.in_({each.broadcast for each in batch if each.broadcast}),
    )
    found = {("type", row.code): row.id for row in db.all(codes)}
    by_broadcast = {("broadcast", row.source_id): row.broadcast_type_id for row in db.all(sent)}
    return found | by_broadcast


def _type_of(db: Db, election: Election, types: dict[tuple[str, str], UUID]) -> UUID | None:
    if election.at > db.now + CLOCKS_DIFFER:
        raise LineError(Fault.INSTANT, "This time has not come yet.", "at")
    if election.scope is not OptOutScope.BROADCAST_TYPE:
        return None
    named = "type" if election.type else "broadcast"
    kind = types.get((named, election.type or election.broadcast or ""))
    if kind is None:
        raise LineError(Fault.UNKNOWN_REFERENCE, f"The district has no such {named}.", named)
    return kind


def _hear(
    db: Db,
    actor: Actor,
    heard: dict[tuple[str, str], str],
    destination: Destination,
    election: Election,
    kind: UUID | None,
) -> Outcome | LineError:
    """Acts once for an id, whatever comes under it later. The destination is locked."""
    sender, fingerprint = _sender(actor, election), election.fingerprint(destination.id, kind)
    before = heard.get((sender, election.id))
    if before == fingerprint:
        return Outcome.REPEATED
    if before is not None:
        return LineError(Fault.CHANGED, "This id was used for another election already.", "id")
    heard[sender, election.id] = fingerprint
    outcome, event = _act(db, actor, destination, election, kind)
    db.add(
        HeardEvent(
            district_id=destination.district_id,
            heard_from=sender,
            source_id=election.id,
            heard_at=db.now,
            fingerprint=fingerprint,
            event_id=event.id if event else None,
        )
    )
    return outcome


def _act(
    db: Db, actor: Actor, destination: Destination, election: Election, kind: UUID | None
) -> tuple[Outcome, ConsentEvent | None]:
    channel, scope = election.channel, election.scope
    consent = record.consent_of(db, destination, channel)
    if scope is OptOutScope.ALL:
        stands = consent is not None and consent.status is ConsentStatus.REVOKED
    else:
        stands = record.find_opt_out(db, destination, channel, scope, kind) is not None
    if stands:
        return Outcome.STANDING, None
    if _agreed_since(consent, election) or _lifted_since(db, destination, election, kind):
        return Outcome.SUPERSEDED, None
    saying = Saying(actor, election.at, election.source, evidence=election.evidence())
    if scope is OptOutScope.ALL:
        event = record.revoke(db, destination, channel, saying)
    else:
        event = record.add_opt_out(db, destination, channel, scope, kind, saying)
    report_applied(
        db,
        actor,
        destination,
        channel,
        scope,
        kind,
        input=election.input,
        source=election.source,
        received_at=election.at,
        event_id=event.id,
    )
    return Outcome.APPLIED, event


def _agreed_since(consent: Consent | None, election: Election) -> bool:
    """A yes of a later date stands; on the same instant the stop does."""
    if consent is None or consent.status is not ConsentStatus.GRANTED:
        return False
    return consent.since > election.at


def _lifted_since(db: Db, destination: Destination, election: Election, kind: UUID | None) -> bool:
    """This very opt-out was said and lifted, later than the election was made."""
    if election.scope is OptOutScope.ALL:
        return False
    lifted = sa.exists().where(
        ConsentEvent.district_id == destination.district_id,
        ConsentEvent.destination_id == destination.id,
        ConsentEvent.action == ConsentAction.OPT_OUT_LIFTED,
        ConsentEvent.channel == election.channel,
        ConsentEvent.scope == election.scope,
        ConsentEvent.broadcast_type_id.is_not_distinct_from(kind),
        ConsentEvent.at > election.at,
    )
    return bool(db.scalar(sa.select(lifted)))
