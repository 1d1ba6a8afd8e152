"""The ledger as its readers may see it: lines of a number, and a contact's own choices."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.actor import Actor, Guardian
from app.consent.models import ConsentEvent, Disclosure
from app.database import Db
from app.directory.links import Held, Key
from app.directory.models import Link
from app.errors import NotFound
from app.paging import Page, page_size, position_of
from app.translation import say
from app.vocabulary import Channel, ConsentAction, OptOutScope, Source

FROM_THE_PHONE = (Source.VOICE, Source.SMS, Source.EMAIL)
FROM_THE_SCHOOL = (Source.STAFF, Source.IMPORT, Source.API)


class EventRow(NamedTuple):
    """One line; `disclosure_text` where somebody agreed to one."""

    district_id: UUID
    id: UUID
    destination_id: UUID | None
    contact_id: UUID | None
    sequence: int
    at: datetime
    action: ConsentAction
    channel: Channel | None
    source: Source
    actor_contact_id: UUID | None
    scope: OptOutScope | None
    broadcast_type_id: UUID | None
    link_id: UUID | None
    disclosure_version: str | None
    disclosure_language: str | None
    disclosure_text: str | None
    hash: str
    previous_hash: str


_LINES = sa.select(
    ConsentEvent.district_id,
    ConsentEvent.id,
    ConsentEvent.destination_id,
    ConsentEvent.contact_id,
    ConsentEvent.sequence,
    ConsentEvent.at,
    ConsentEvent.action,
    ConsentEvent.channel,
    ConsentEvent.source,
    ConsentEvent.actor_contact_id,
    ConsentEvent.scope,
    ConsentEvent.broadcast_type_id,
    ConsentEvent.link_id,
    ConsentEvent.disclosure_version,
    ConsentEvent.disclosure_language,
    Disclosure.text,
    ConsentEvent.hash,
    ConsentEvent.previous_hash,
).outerjoin(
    Disclosure,
    sa.and_(
        Disclosure.district_id == ConsentEvent.district_id,
        Disclosure.version == ConsentEvent.disclosure_version,
        Disclosure.language == ConsentEvent.disclosure_language,
    ),
)
BY_ID = _LINES.where(
    sa.tuple_(ConsentEvent.district_id, ConsentEvent.id).in_(sa.bindparam("events", expanding=True))
)
_OF_LINK = _LINES.where(
    ConsentEvent.district_id == sa.bindparam("district_id"),
    sa.or_(
        ConsentEvent.destination_id == sa.bindparam("destination_id"),
        sa.and_(
            ConsentEvent.contact_id == sa.bindparam("contact_id"),
            sa.or_(ConsentEvent.link_id == sa.bindparam("link_id"), ConsentEvent.link_id.is_(None)),
        ),
    ),
)
_NEWEST_FIRST = (ConsentEvent.at.desc(), ConsentEvent.id.desc())
FIRST_PAGE = _OF_LINK.order_by(*_NEWEST_FIRST).limit(sa.bindparam("size"))
NEXT_PAGE = (
    _OF_LINK.where(
        sa.tuple_(ConsentEvent.at, ConsentEvent.id)
        < sa.tuple_(
            sa.bindparam("at", type_=ConsentEvent.at.type),
            sa.bindparam("id", type_=sa.Uuid()),
        )
    )
    .order_by(*_NEWEST_FIRST)
    .limit(sa.bindparam("size"))
)


def _lines_of_links(chain: sa.ColumnElement[bool]) -> sa.Select[UUID, UUID, UUID, datetime]:
    return (
        sa.select(
            Link.district_id,
            Link.id.label("link_id"),
            ConsentEvent.id.label("event_id"),
            ConsentEvent.at,
        )
        .join(ConsentEvent, sa.and_(ConsentEvent.district_id == Link.district_id, chain))
        .where(
            sa.tuple_(Link.district_id, Link.id).in_(sa.bindparam("links", expanding=True)),
        )
    )


_NUMBERED = sa.union_all(
    _lines_of_links(ConsentEvent.destination_id == Link.destination_id),
    _lines_of_links(
        sa.and_(
            ConsentEvent.contact_id == Link.contact_id,
            sa.or_(ConsentEvent.link_id == Link.id, ConsentEvent.link_id.is_(None)),
        )
    ),
).subquery()
_PLACED = sa.select(
    _NUMBERED,
    sa.func.row_number()
    .over(
        partition_by=(_NUMBERED.c.district_id, _NUMBERED.c.link_id),
        order_by=(_NUMBERED.c.at.desc(), _NUMBERED.c.event_id.desc()),
    )
    .label("place"),
).subquery()
FIRST_PAGES = (
    _LINES.join(
        _PLACED,
        sa.and_(
            _PLACED.c.district_id == ConsentEvent.district_id,
            _PLACED.c.event_id == ConsentEvent.id,
        ),
    )
    .add_columns(_PLACED.c.link_id.label("of_link"))
    .where(_PLACED.c.place <= sa.bindparam("size"))
    .order_by(_PLACED.c.place)
)


def first_pages(db: Db, held: Sequence[Held], first: int | None) -> dict[UUID, Page[EventRow]]:
    """As `history_of`, the newest lines of many links by link, in one statement."""
    size = page_size(first)
    rows: dict[UUID, list[EventRow]] = {link.id: [] for link in held}
    for row in db.all(FIRST_PAGES, links=[link.key for link in held], size=size + 1):
        rows[row.of_link].append(EventRow._make(row[:-1]))
    return {link_id: Page.cut(lines, size) for link_id, lines in rows.items()}


def history_of(db: Db, held: Held, first: int | None, after: str | None) -> Page[EventRow]:
    """What was said about this number, and what its holder chose for it, newest first.

    The caller has made sure that the actor may see the link.
    """
    size = page_size(first)
    about: dict[str, Any] = {
        "district_id": held.district_id,
        "destination_id": held.destination_id,
        "contact_id": held.contact_id,
        "link_id": held.id,
        "size": size + 1,
    }
    if after is None:
        rows = db.all(FIRST_PAGE, **about)
    else:
        position = position_of(after)
        rows = db.all(NEXT_PAGE, **about, at=position.at, id=position.id)
    return Page.cut([EventRow._make(row) for row in rows], size)


def events_by_id(db: Db, events: Iterable[Key]) -> Sequence[EventRow]:
    """Lines by key; the caller names only those that explain what the actor may see."""
    keys = list(events)
    return [EventRow._make(row) for row in db.all(BY_ID, events=keys)] if keys else []


def find_event(db: Db, actor: Actor, key: Key, held: Iterable[Held]) -> EventRow:
    """A line about one of these links. Raises NotFound."""
    for event in events_by_id(db, [key] if key[0] in actor.districts else []):
        for link in held:
            own_choice = event.contact_id == link.contact_id and event.link_id in (None, link.id)
            if event.destination_id == link.destination_id or own_choice:
                return event
    raise NotFound


def actor_name(event: EventRow, actor: Actor, language: str) -> str:
    """Who did it, as far as this reader may know: never who else uses the phone."""
    if event.source in FROM_THE_PHONE:
        return say(language, "this phone or address")
    if event.source in FROM_THE_SCHOOL:
        return say(language, "the school")
    if not isinstance(actor, Guardian):
        return say(language, "a parent")
    if _said_by(actor, event):
        return say(language, "you")
    return say(language, "someone who uses this phone")


def may_read_disclosure(event: EventRow, actor: Actor) -> bool:
    """Which words somebody agreed to tells her language: not to who shares the phone with her."""
    return not isinstance(actor, Guardian) or _said_by(actor, event)


def _said_by(guardian: Guardian, event: EventRow) -> bool:
    return (event.district_id, event.actor_contact_id) in guardian.contacts
