"""What was said becomes a row and a ledger line, in one step. Nobody else writes these tables.

Each function takes rows that the caller has locked (`db.lock`): a destination before the rows
that hang on it, so that two writers queue instead of overtaking. They check no permission and
know no policy; that is the use cases' part.
"""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from app.actor import Actor
from app.clock import rfc3339
from app.consent.ledger import Saying, append
from app.consent.models import (
    Block,
    Consent,
    ConsentEvent,
    ConsentGiver,
    OptOut,
)
from app.database import Db
from app.directory.models import Destination, Link
from app.vocabulary import Channel, ConsentAction, ConsentStatus, OptOutScope

OPT_IN_WAITS = timedelta(days=7)


def grant(db: Db, destination: Destination, channel: Channel, saying: Saying, link: Link) -> None:
    """She who holds `link` agrees to be reached on this channel."""
    event = append(db, destination, ConsentAction.GRANTED, saying, channel=channel, link_id=link.id)
    _set_consent(db, destination, channel, ConsentStatus.GRANTED, saying, event)
    giver = db.session.scalar(
        sa.select(ConsentGiver).where(
            ConsentGiver.district_id == link.district_id,
            ConsentGiver.link_id == link.id,
            ConsentGiver.channel == channel,
        )
    )
    if giver:
        giver.confirmed_at = saying.at
    else:
        db.add(
            ConsentGiver(
                district_id=link.district_id,
                link_id=link.id,
                channel=channel,
                given_at=saying.at,
                confirmed_at=saying.at,
            )
        )


def revoke(db: Db, destination: Destination, channel: Channel, saying: Saying) -> ConsentEvent:
    """No more messages on this channel, emergencies included."""
    event = append(db, destination, ConsentAction.REVOKED, saying, channel=channel)
    _set_consent(db, destination, channel, ConsentStatus.REVOKED, saying, event)
    _forget_givers(db, destination, channel)
    return event


def lapse(db: Db, destination: Destination, channel: Channel, saying: Saying) -> None:
    """A grant nobody stands behind any more: back to UNKNOWN. Only a grant can lapse."""
    event = append(db, destination, ConsentAction.LAPSED, saying, channel=channel)
    _set_consent(db, destination, channel, ConsentStatus.UNKNOWN, saying, event)
    _forget_givers(db, destination, channel)


def await_opt_in(db: Db, destination: Destination, channel: Channel, saying: Saying) -> None:
    """A YES from the number itself is awaited; until it comes, nothing changes."""
    consent = consent_of(db, destination, channel)
    assert consent is not None, "only what was revoked waits for a YES"
    until = saying.at + OPT_IN_WAITS
    event = append(
        db,
        destination,
        ConsentAction.OPT_IN_PENDING,
        saying,
        channel=channel,
        detail={"until": rfc3339(until)},
    )
    consent.opt_in_until, consent.version = until, event.sequence


def withdraw_opt_in(db: Db, destination: Destination, channel: Channel, saying: Saying) -> None:
    """She no longer waits for a YES: the revocation stands as it was, with its own source."""
    consent = consent_of(db, destination, channel)
    assert consent is not None, "only what was revoked waits for a YES"
    event = append(db, destination, ConsentAction.REVOKED, saying, channel=channel)
    consent.opt_in_until, consent.version = None, event.sequence


def consent_of(db: Db, destination: Destination, channel: Channel) -> Consent | None:
    return db.session.scalar(
        sa.select(Consent).where(
            Consent.district_id == destination.district_id,
            Consent.destination_id == destination.id,
            Consent.channel == channel,
        )
    )


def _set_consent(
    db: Db,
    destination: Destination,
    channel: Channel,
    status: ConsentStatus,
    saying: Saying,
    event: ConsentEvent,
) -> None:
    consent = consent_of(db, destination, channel)
    if consent is None:
        consent = Consent(
            district_id=destination.district_id, destination_id=destination.id, channel=channel
        )
        db.add(consent)
    consent.status, consent.since, consent.source = status, saying.at, saying.source
    consent.contact_id, consent.opt_in_until = saying.contact_id, None
    consent.event_id, consent.version = event.id, event.sequence


def _forget_givers(db: Db, destination: Destination, channel: Channel) -> None:
    links = sa.select(Link.id).where(
        Link.district_id == destination.district_id, Link.destination_id == destination.id
    )
    db.execute(
        sa.delete(ConsentGiver).where(
            ConsentGiver.district_id == destination.district_id,
            ConsentGiver.channel == channel,
            ConsentGiver.link_id.in_(links),
        )
    )


def release_link(db: Db, actor: Actor, link: Link) -> None:
    """The contact no longer holds the destination: her grants no longer count.

    Where she was the last to stand behind a grant it lapses, so that a number never carries a
    consent to whoever holds it next. Revocations, opt-outs and blocks stay. The caller retires
    the link.
    """
    destination = db.lock(Destination, link.district_id, link.destination_id)
    assert destination is not None
    given = db.session.scalars(
        sa.select(ConsentGiver).where(
            ConsentGiver.district_id == link.district_id, ConsentGiver.link_id == link.id
        )
    ).all()
    saying = Saying(actor, db.now, actor.source)
    for giver in given:
        db.session.delete(giver)
        db.flush()
        if not _has_giver(db, destination, giver.channel):
            lapse(db, destination, giver.channel, saying)


def _has_giver(db: Db, destination: Destination, channel: Channel) -> bool:
    return bool(
        db.scalar(
            sa.select(sa.func.count())
            .select_from(ConsentGiver)
            .join(
                Link,
                sa.and_(
                    Link.district_id == ConsentGiver.district_id, Link.id == ConsentGiver.link_id
                ),
            )
            .where(
                Link.district_id == destination.district_id,
                Link.destination_id == destination.id,
                ConsentGiver.channel == channel,
            )
        )
    )


def add_opt_out(
    db: Db,
    destination: Destination,
    channel: Channel,
    scope: OptOutScope,
    broadcast_type_id: UUID | None,
    saying: Saying,
) -> ConsentEvent:
    """Opt out of a type or of all but emergencies. Said again, the first saying stands."""
    event = append(
        db,
        destination,
        ConsentAction.OPTED_OUT,
        saying,
        channel=channel,
        scope=scope,
        broadcast_type_id=broadcast_type_id,
    )
    if find_opt_out(db, destination, channel, scope, broadcast_type_id) is None:
        db.add(
            OptOut(
                district_id=destination.district_id,
                destination_id=destination.id,
                channel=channel,
                scope=scope,
                broadcast_type_id=broadcast_type_id,
                since=saying.at,
                source=saying.source,
                contact_id=saying.contact_id,
                event_id=event.id,
            )
        )
    return event


def find_opt_out(
    db: Db,
    destination: Destination,
    channel: Channel,
    scope: OptOutScope,
    broadcast_type_id: UUID | None,
) -> OptOut | None:
    return db.session.scalar(
        sa.select(OptOut).where(
            OptOut.district_id == destination.district_id,
            OptOut.destination_id == destination.id,
            OptOut.channel == channel,
            OptOut.scope == scope,
            OptOut.broadcast_type_id.is_not_distinct_from(broadcast_type_id),
        )
    )


def lift_opt_out(db: Db, destination: Destination, opt_out: OptOut, saying: Saying) -> None:
    append(
        db,
        destination,
        ConsentAction.OPT_OUT_LIFTED,
        saying,
        channel=opt_out.channel,
        scope=opt_out.scope,
        broadcast_type_id=opt_out.broadcast_type_id,
    )
    db.session.delete(opt_out)


def block(
    db: Db, destination: Destination, channel: Channel | None, note: str, saying: Saying
) -> None:
    """The district stops using it; the note is evidence, since it may name people."""
    noted = replace(saying, evidence={**(saying.evidence or {}), "note": note})
    event = append(db, destination, ConsentAction.BLOCKED, noted, channel=channel)
    if find_block(db, destination, channel) is None:
        db.add(
            Block(
                district_id=destination.district_id,
                destination_id=destination.id,
                channel=channel,
                note=note,
                since=saying.at,
                event_id=event.id,
            )
        )


def find_block(db: Db, destination: Destination, channel: Channel | None) -> Block | None:
    return db.session.scalar(
        sa.select(Block).where(
            Block.district_id == destination.district_id,
            Block.destination_id == destination.id,
            Block.channel.is_not_distinct_from(channel),
        )
    )


def unblock(db: Db, destination: Destination, standing: Block, saying: Saying) -> None:
    append(db, destination, ConsentAction.UNBLOCKED, saying, channel=standing.channel)
    db.session.delete(standing)
