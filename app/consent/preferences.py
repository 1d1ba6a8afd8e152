"""What a parent chooses for herself: types, quiet hours, pauses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from app.actor import Actor, Guardian, require_guardian
from app.consent import record_choices
from app.consent.facts import FactBook, load_facts, status_of
from app.consent.ledger import Saying
from app.consent.setting import offered_kind, own_channel, require_channel, require_version
from app.database import Db
from app.directory.links import Held, Key, links_by_id
from app.directory.models import Contact, Link
from app.directory.policy import Kind, load_policies, minute_of_day, time_of_day
from app.directory.visible import own_contact
from app.errors import Invalid, NotFound, PortalError
from app.vocabulary import Channel, ConsentStatus

MOST_CHOICES = 200
LONGEST_PAUSE = timedelta(days=366)
Span = tuple[int, int]
CONTACTS_OF = sa.select(Link.district_id, Link.contact_id).where(
    sa.tuple_(Link.district_id, Link.id).in_(sa.bindparam("links", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One asked preference; `wanted` None forgets the choice."""

    link_key: Key
    channel: Channel
    type_key: Key
    wanted: bool | None
    version: int | None = None

    @property
    def setting(self) -> tuple[Key, Channel, Key]:
        return (self.link_key, self.channel, self.type_key)


def set_preferences(
    db: Db, actor: Actor, choices: Sequence[Choice]
) -> tuple[list[Choice], list[PortalError]]:
    """Each choice stands or falls alone; errors name its place in the list."""
    guardian = require_guardian(actor)
    if not 1 <= len(choices) <= MOST_CHOICES:
        raise Invalid(f"Choose 1 to {MOST_CHOICES} at once.", path=("preferences",))
    page = _load_page(db, guardian, choices)
    done: list[Choice] = []
    refused: list[PortalError] = []
    for place, choice in enumerate(choices):
        try:
            if choice.setting in {earlier.setting for earlier in done}:
                raise Invalid("The same setting stands here twice.")
            _set_preference(db, actor, page, choice)
            done.append(choice)
        except PortalError as error:
            refused.append(error.under("preferences", str(place)))
    return done, refused


@dataclass(frozen=True, slots=True)
class _Page:
    """What the choices are about, read at once: her contacts (locked) and what stands there."""

    contacts: Mapping[Key, Contact]
    links: Mapping[Key, Held]
    book: FactBook


def _load_page(db: Db, guardian: Guardian, choices: Sequence[Choice]) -> _Page:
    asked = sorted({choice.link_key for choice in choices})
    contacts = _lock_contacts(db, guardian, asked)
    held = [one for one in links_by_id(db, asked) if (one.district_id, one.contact_id) in contacts]
    policies = load_policies(db, guardian.districts)
    return _Page(contacts, {one.key: one for one in held}, load_facts(db, policies, held))


def _lock_contacts(db: Db, guardian: Guardian, links: Sequence[Key]) -> dict[Key, Contact]:
    """In one order for everybody, whatever the order of the choices."""
    holders = {(row.district_id, row.contact_id) for row in db.all(CONTACTS_OF, links=links)}
    locked = {key: db.lock(Contact, *key) for key in sorted(holders & set(guardian.contacts))}
    return {key: contact for key, contact in locked.items() if contact is not None}


def _set_preference(db: Db, actor: Actor, page: _Page, choice: Choice) -> None:
    """Everything is asked before anything is written, so that a refusal leaves nothing."""
    link = page.links.get(choice.link_key)
    if link is None:
        raise NotFound(path=("destinationId",))
    require_channel(link.kind, choice.channel)
    kind = offered_kind(page.book.policies[link.district_id], choice.type_key)
    standing = page.book.preferences(link, choice.channel).get(kind.id)
    wanted = bool(standing.first) if standing else None
    if choice.wanted is not False:  # turning down never conflicts
        require_version(
            db,
            choice.version,
            standing.version if standing else 0,
            current=_yes_or_no(wanted),
            asked=_yes_or_no(choice.wanted),
            event=(link.district_id, standing.event_id) if standing else None,
        )
    if choice.wanted is False and choice.channel in kind.locked:
        raise Invalid(
            "You can't turn this off. Questions? Call the school office.", path=("wanted",)
        )
    if choice.wanted:
        _require_not_stopped(page.book, link, choice.channel, kind)
    if choice.wanted != wanted:
        contact = page.contacts[link.district_id, link.contact_id]
        saying = Saying(actor, db.now, actor.source, contact.id)
        record_choices.choose(db, contact, link, choice.channel, kind.id, choice.wanted, saying)


def _yes_or_no(wanted: bool | None) -> str | None:
    return None if wanted is None else str(wanted).lower()


def _require_not_stopped(book: FactBook, link: Held, channel: Channel, kind: Kind) -> None:
    """A choice never lifts a stop silently: whoever wants the type back says so."""
    if status_of(book.consent(link, channel)) is ConsentStatus.REVOKED:
        raise Invalid(
            "Messages are turned off here. Use grantConsent to be reached again.",
            path=("wanted",),
        )
    if any(row.stop.covers(kind.rule(channel)) for row in book.opt_outs(link, channel)):
        raise Invalid(
            "There is an opt-out here. Use liftOptOut to be reached again.", path=("wanted",)
        )


def set_quiet_hours(
    db: Db,
    actor: Actor,
    link_key: Key,
    channel: Channel,
    span: tuple[str | None, str | None],
    version: int | None = None,
) -> None:
    """`span`: local HH:MM, from inclusive, to exclusive; both None = the district's own again."""
    contact, link, _ = own_channel(db, actor, link_key, channel)
    if channel is Channel.EMAIL:
        raise Invalid("Quiet hours are for calls, texts and notices.", path=("channel",))
    asked = _read_span(*span)
    standing = record_choices.quiet_hours_of(db, link, channel)
    current = (standing.from_minute, standing.to_minute) if standing else None
    require_version(
        db,
        version,
        standing.version if standing else 0,
        current=_written(current),
        asked=_written(asked),
        event=(link.district_id, standing.event_id) if standing else None,
    )
    if asked != current:
        saying = Saying(actor, db.now, actor.source, contact.id)
        record_choices.set_quiet_hours(db, contact, link, channel, asked, saying)


def _written(span: Span | None) -> str | None:
    """`21:00-07:00`."""
    return f"{time_of_day(span[0])}-{time_of_day(span[1])}" if span else None


def _read_span(begins: str | None, ends: str | None) -> Span | None:
    if begins is None and ends is None:
        return None
    if begins is None or ends is None:
        raise Invalid("Say both when it begins and when it ends, or neither.", path=("from",))
    span = _minute(begins, "from"), _minute(ends, "to")
    if span[0] == span[1]:
        raise Invalid("Quiet hours must end at another time than they begin.", path=("to",))
    return span


def _minute(text: str, place: str) -> int:
    try:
        return minute_of_day(text)
    except ValueError:
        raise Invalid("Write a time of day like 21:30.", path=(place,)) from None


def pause_messages(db: Db, actor: Actor, contact_key: Key, until: datetime | None) -> None:
    """Nothing but emergencies until then; None ends the pause now."""
    try:
        contact = own_contact(db, actor, contact_key)
    except NotFound:
        raise NotFound(path=("contactId",)) from None
    if until is not None and not db.now < until <= db.now + LONGEST_PAUSE:
        raise Invalid("A pause ends in the future, within a year.", path=("until",))
    if until != contact.paused_until:
        saying = Saying(actor, db.now, actor.source, contact.id)
        record_choices.pause(db, contact, until, saying)
