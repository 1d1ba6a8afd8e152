"""What a contact chose for herself becomes a row and a line on her own chain, in one step.

The caller has locked the contact. Whoever shares her phone sees none of these lines.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.clock import rfc3339
from app.consent.ledger import Saying, append
from app.consent.models import Preference, QuietHours
from app.database import Db
from app.directory.links import Held
from app.directory.models import Contact, Link
from app.vocabulary import Channel, ConsentAction


def choose(
    db: Db,
    contact: Contact,
    link: Link | Held,
    channel: Channel,
    broadcast_type_id: UUID,
    wanted: bool | None,
    saying: Saying,
) -> None:
    """Her choice for one type on one of her destinations; None forgets it."""
    cleared = wanted is None
    event = append(
        db,
        contact,
        ConsentAction.PREFERENCE_CLEARED if cleared else ConsentAction.PREFERENCE_SET,
        saying,
        channel=channel,
        broadcast_type_id=broadcast_type_id,
        link_id=link.id,
        detail=None if cleared else {"wanted": wanted},
    )
    standing = preference_of(db, link, channel, broadcast_type_id)
    if wanted is None:
        if standing:
            db.session.delete(standing)
        return
    if standing is None:
        standing = Preference(
            district_id=link.district_id,
            link_id=link.id,
            channel=channel,
            broadcast_type_id=broadcast_type_id,
        )
        db.add(standing)
    standing.wanted, standing.event_id, standing.version = wanted, event.id, event.sequence


def preference_of(
    db: Db, link: Link | Held, channel: Channel, broadcast_type_id: UUID
) -> Preference | None:
    return db.session.scalar(
        sa.select(Preference).where(
            Preference.district_id == link.district_id,
            Preference.link_id == link.id,
            Preference.channel == channel,
            Preference.broadcast_type_id == broadcast_type_id,
        )
    )


def set_quiet_hours(
    db: Db,
    contact: Contact,
    link: Link,
    channel: Channel,
    span: tuple[int, int] | None,
    saying: Saying,
) -> None:
    """Minutes of the local day, from inclusive, to exclusive; None = the district's again."""
    event = append(
        db,
        contact,
        ConsentAction.QUIET_HOURS_SET,
        saying,
        channel=channel,
        link_id=link.id,
        detail={"from": span[0] if span else None, "to": span[1] if span else None},
    )
    standing = quiet_hours_of(db, link, channel)
    if span is None:
        if standing:
            db.session.delete(standing)
        return
    if standing is None:
        standing = QuietHours(district_id=link.district_id, link_id=link.id, channel=channel)
        db.add(standing)
    standing.from_minute, standing.to_minute = span
    standing.event_id, standing.version = event.id, event.sequence


def quiet_hours_of(db: Db, link: Link, channel: Channel) -> QuietHours | None:
    return db.session.scalar(
        sa.select(QuietHours).where(
            QuietHours.district_id == link.district_id,
            QuietHours.link_id == link.id,
            QuietHours.channel == channel,
        )
    )


def pause(db: Db, contact: Contact, until: datetime | None, saying: Saying) -> None:
    """Nothing but emergencies until then; None ends it now."""
    event = append(
        db,
        contact,
        ConsentAction.PAUSED if until else ConsentAction.PAUSE_ENDED,
        saying,
        detail={"until": rfc3339(until)} if until else None,
    )
    contact.paused_until = until
    contact.pause_event_id = event.id if until else None
