"""What stands in the tables, chain by chain: it must equal the fold of the ledger."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.clock import rfc3339
from app.consent.fold import Standing
from app.consent.models import Block, Consent, OptOut, Preference, QuietHours
from app.database import Db
from app.directory.models import Contact, Link


def _of_destinations(table: Any, *columns: Any) -> sa.Select[Any]:
    return sa.select(table.destination_id, *columns).where(
        table.district_id == sa.bindparam("district_id"),
        table.destination_id.in_(sa.bindparam("holders", expanding=True)),
    )


def _of_contacts(table: Any, *columns: Any) -> sa.Select[Any]:
    held = sa.and_(Link.district_id == table.district_id, Link.id == table.link_id)
    return (
        sa.select(Link.contact_id, table.link_id, *columns)
        .join(Link, held)
        .where(
            Link.district_id == sa.bindparam("district_id"),
            Link.contact_id.in_(sa.bindparam("holders", expanding=True)),
        )
    )


CONSENTS = _of_destinations(Consent, Consent.channel, Consent.status)
OPT_OUTS = _of_destinations(OptOut, OptOut.channel, OptOut.scope, OptOut.broadcast_type_id)
BLOCKS = _of_destinations(Block, Block.channel)
PREFERENCES = _of_contacts(
    Preference, Preference.channel, Preference.broadcast_type_id, Preference.wanted
)
QUIET_HOURS = _of_contacts(
    QuietHours, QuietHours.channel, QuietHours.from_minute, QuietHours.to_minute
)
PAUSES = sa.select(Contact.id, Contact.paused_until).where(
    Contact.district_id == sa.bindparam("district_id"),
    Contact.id.in_(sa.bindparam("holders", expanding=True)),
    Contact.paused_until.is_not(None),
)


def stored_standings(
    db: Db, kind: str, district_id: UUID, holders: Sequence[UUID]
) -> dict[UUID, Standing]:
    """By holder; `kind` is `destination` or `contact`."""
    standings = {holder: Standing() for holder in holders}
    read = _read_destinations if kind == "destination" else _read_contacts
    read(db, standings, {"district_id": district_id, "holders": list(holders)})
    return standings


def _read_destinations(db: Db, standings: dict[UUID, Standing], asked: dict[str, Any]) -> None:
    for row in db.all(CONSENTS, **asked):
        standings[row.destination_id].consents[row.channel] = row.status
    for row in db.all(OPT_OUTS, **asked):
        about = (row.channel, row.scope, row.broadcast_type_id)
        standings[row.destination_id].opt_outs.add(about)
    for row in db.all(BLOCKS, **asked):
        standings[row.destination_id].blocks.add(row.channel)


def _read_contacts(db: Db, standings: dict[UUID, Standing], asked: dict[str, Any]) -> None:
    for row in db.all(PREFERENCES, **asked):
        chosen = (row.link_id, row.channel, row.broadcast_type_id)
        standings[row.contact_id].preferences[chosen] = row.wanted
    for row in db.all(QUIET_HOURS, **asked):
        span = (row.from_minute, row.to_minute)
        standings[row.contact_id].quiet_hours[row.link_id, row.channel] = span
    for row in db.all(PAUSES, **asked):
        standings[row.id].paused_until = rfc3339(row.paused_until)
