"""What a parent decides for her numbers: consent, opt-outs, types, quiet hours, pauses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.actor import Actor, require_guardian
from app.consent import record, record_choices
from app.consent.disclosures import agreed_disclosure
from app.consent.ledger import Saying
from app.consent.models import Consent, OptOut
from app.consent.rules import Lowered, Raise, may_raise
from app.database import Db
from app.directory.links import Key
from app.directory.models import Contact, Destination, Link
from app.directory.policy import Kind, load_policies, minute_of_day
from app.directory.visible import own_contact, own_link
from app.errors import Conflict, Forbidden, Invalid, NotFound, PortalError
from app.optouts.reports import report_applied
from app.vocabulary import CHANNELS_OF, Channel, ConsentStatus, OptOutScope

LONGEST_PAUSE = timedelta(days=366)
TEXT_YES = "This phone sent STOP. To start again, text YES to us from this phone."
PROVE_FIRST = "First show with a code that this phone or address is yours."


def grant_consent(
    db: Db,
    actor: Actor,
    link_key: Key,
    channel: Channel,
    disclosure_version: str,
    version: int | None = None,
) -> None:
    """Agree to be reached here. What a STOP by text has revoked stays revoked and waits
    seven days for a YES from that phone.
    """
    contact, link, destination = _reach(db, actor, link_key, channel)
    policy = load_policies(db, [link.district_id])[link.district_id]
    disclosure = agreed_disclosure(db, policy, channel, disclosure_version)
    consent = record.consent_of(db, destination, channel)
    _require_version(version, consent.version if consent else 0, consent)
    saying = Saying(actor, db.now, actor.source, contact.id, disclosure=disclosure)
    if consent and consent.status is ConsentStatus.REVOKED:
        match _may_raise(channel, consent, contact, link):
            case Raise.AWAITS_TEXT:
                record.await_opt_in(db, destination, channel, saying)
                return
            case Raise.NEEDS_PROOF:
                raise Forbidden(PROVE_FIRST, path=("destinationId",))
    record.grant(db, destination, channel, saying, link)


def revoke_consent(db: Db, actor: Actor, link_key: Key, channel: Channel) -> None:
    """No more messages here on this channel, emergencies included."""
    contact, _, destination = _reach(db, actor, link_key, channel)
    saying = Saying(actor, db.now, actor.source, contact.id)
    consent = record.consent_of(db, destination, channel)
    if consent and consent.status is ConsentStatus.REVOKED:
        if consent.opt_in_until is not None:
            record.withdraw_opt_in(db, destination, channel, saying)
        return
    event = record.revoke(db, destination, channel, saying)
    _report(db, saying, destination, channel, OptOutScope.ALL, None, event.id)


def opt_out(
    db: Db,
    actor: Actor,
    link_key: Key,
    channel: Channel,
    scope: OptOutScope,
    type_key: Key | None = None,
) -> None:
    """Opt out of one type, of all but emergencies, or of everything on this channel."""
    if scope is OptOutScope.ALL:
        revoke_consent(db, actor, link_key, channel)
        return
    contact, link, destination = _reach(db, actor, link_key, channel)
    kind = _kind_for(db, link, scope, type_key)
    if record.find_opt_out(db, destination, channel, scope, kind):
        return
    saying = Saying(actor, db.now, actor.source, contact.id)
    event = record.add_opt_out(db, destination, channel, scope, kind, saying)
    _report(db, saying, destination, channel, scope, kind, event.id)


def lift_opt_out(
    db: Db,
    actor: Actor,
    link_key: Key,
    channel: Channel,
    scope: OptOutScope,
    type_key: Key | None = None,
) -> None:
    """Take an opt-out back. Lifting what does not stand changes nothing."""
    if scope is OptOutScope.ALL:
        raise Invalid("To be reached again here, use grantConsent.", path=("scope",))
    contact, link, destination = _reach(db, actor, link_key, channel)
    kind = _kind_for(db, link, scope, type_key)
    standing = record.find_opt_out(db, destination, channel, scope, kind)
    if standing is None:
        return
    match _may_raise(channel, standing, contact, link):
        case Raise.AWAITS_TEXT:
            raise Forbidden(TEXT_YES, path=("destinationId",))
        case Raise.NEEDS_PROOF:
            raise Forbidden(PROVE_FIRST, path=("destinationId",))
    saying = Saying(actor, db.now, actor.source, contact.id)
    record.lift_opt_out(db, destination, standing, saying)


@dataclass(frozen=True, slots=True)
class Choice:
    """One asked preference; `wanted` None forgets the choice."""

    link_key: Key
    channel: Channel
    type_key: Key
    wanted: bool | None
    version: int | None = None


def set_preferences(
    db: Db, actor: Actor, choices: Sequence[Choice]
) -> tuple[list[Choice], list[PortalError]]:
    """Each choice stands or falls alone; errors name its place in the list."""
    require_guardian(actor)
    done: list[Choice] = []
    refused: list[PortalError] = []
    for place, choice in enumerate(choices):
        try:
            with db.savepoint():
                _set_preference(db, actor, choice)
            done.append(choice)
        except PortalError as error:
            refused.append(error.under("preferences", str(place)))
    return done, refused


def _set_preference(db: Db, actor: Actor, choice: Choice) -> None:
    contact, link = _reach_link(db, actor, choice.link_key, choice.channel)
    kind = _offered_kind(db, link, choice.type_key)
    standing = record_choices.preference_of(db, link, choice.channel, kind.id)
    if choice.wanted is not False:  # turning down never conflicts
        _require_preference_version(choice, standing.version if standing else 0)
    if choice.wanted is False and choice.channel in kind.locked:
        raise Invalid(
            "You can't turn this off. Questions? Call the school office.", path=("wanted",)
        )
    if choice.wanted:
        _require_not_stopped(db, link, choice.channel, kind)
    if choice.wanted != (standing.wanted if standing else None):
        saying = Saying(actor, db.now, actor.source, contact.id)
        record_choices.choose(db, contact, link, choice.channel, kind.id, choice.wanted, saying)


def _require_not_stopped(db: Db, link: Link, channel: Channel, kind: Kind) -> None:
    """A choice never lifts a stop silently: whoever wants the type back says so."""
    destination = db.get(Destination, link.district_id, link.destination_id)
    assert destination is not None
    consent = record.consent_of(db, destination, channel)
    if consent and consent.status is ConsentStatus.REVOKED:
        raise Invalid(
            "Messages are turned off here. Use grantConsent to be reached again.",
            path=("wanted",),
        )
    scopes: list[tuple[OptOutScope, UUID | None]] = [(OptOutScope.BROADCAST_TYPE, kind.id)]
    if not kind.emergency:
        scopes.append((OptOutScope.NON_EMERGENCY, None))
    if any(record.find_opt_out(db, destination, channel, *scope) for scope in scopes):
        raise Invalid(
            "There is an opt-out here. Use liftOptOut to be reached again.", path=("wanted",)
        )


def set_quiet_hours(
    db: Db,
    actor: Actor,
    link_key: Key,
    channel: Channel,
    span: tuple[str, str] | None,
    version: int | None = None,
) -> None:
    """`span`: local HH:MM, from inclusive, to exclusive; None = the district's own again."""
    contact, link = _reach_link(db, actor, link_key, channel)
    if channel is Channel.EMAIL:
        raise Invalid("Quiet hours are for calls, texts and notices.", path=("channel",))
    minutes = _minutes(span) if span else None
    standing = record_choices.quiet_hours_of(db, link, channel)
    _require_version(version, standing.version if standing else 0)
    saying = Saying(actor, db.now, actor.source, contact.id)
    record_choices.set_quiet_hours(db, contact, link, channel, minutes, saying)


def _minutes(span: tuple[str, str]) -> tuple[int, int]:
    minutes = []
    for name, text in zip(("from", "to"), span, strict=True):
        try:
            minutes.append(minute_of_day(text))
        except ValueError as error:
            raise Invalid(f"Write a time like 21:30: {error}.", path=(name,)) from None
    if minutes[0] == minutes[1]:
        raise Invalid("Quiet hours must end at another time than they begin.", path=("to",))
    return minutes[0], minutes[1]


def pause_messages(db: Db, actor: Actor, contact_key: Key, until: datetime | None) -> None:
    """Nothing but emergencies until then; None ends the pause now."""
    contact = own_contact(db, actor, contact_key)
    if until is not None and not db.now < until <= db.now + LONGEST_PAUSE:
        raise Invalid("A pause ends in the future, within a year.", path=("until",))
    if until is None and contact.paused_until is None:
        return
    record_choices.pause(db, contact, until, Saying(actor, db.now, actor.source, contact.id))


def _reach_link(db: Db, actor: Actor, key: Key, channel: Channel) -> tuple[Contact, Link]:
    try:
        contact, link = own_link(db, actor, key)
    except NotFound:
        raise NotFound(path=("destinationId",)) from None
    destination = db.get(Destination, link.district_id, link.destination_id)
    if destination is None or channel not in CHANNELS_OF[destination.kind]:
        raise Invalid("This destination cannot be reached that way.", path=("channel",))
    return contact, link


def _reach(db: Db, actor: Actor, key: Key, channel: Channel) -> tuple[Contact, Link, Destination]:
    """As `_reach_link`, with the destination locked: for what speaks for the number itself."""
    contact, link = _reach_link(db, actor, key, channel)
    destination = db.lock(Destination, link.district_id, link.destination_id)
    assert destination is not None
    return contact, link, destination


def _may_raise(channel: Channel, lowered: Consent | OptOut, contact: Contact, link: Link) -> Raise:
    return may_raise(
        Lowered(channel, lowered.source, by_herself=lowered.contact_id == contact.id),
        link_proven=link.verified_at is not None,
    )


def _kind_for(db: Db, link: Link, scope: OptOutScope, type_key: Key | None) -> UUID | None:
    if (scope is OptOutScope.BROADCAST_TYPE) != (type_key is not None):
        raise Invalid(
            "A broadcast type goes with the scope BROADCAST_TYPE only.", path=("broadcastTypeId",)
        )
    return _offered_kind(db, link, type_key).id if type_key else None


def _offered_kind(db: Db, link: Link, type_key: Key) -> Kind:
    policy = load_policies(db, [link.district_id])[link.district_id]
    kind = policy.kinds.get(type_key[1]) if type_key[0] == link.district_id else None
    if kind is None or kind.retired_at is not None:
        raise NotFound(path=("broadcastTypeId",))
    return kind


def _require_version(asked: int | None, standing: int, consent: Consent | None = None) -> None:
    if asked is not None and asked != standing:
        raise Conflict(
            "This has changed since you looked.",
            current_version=standing,
            current=consent.status if consent else None,
            path=("version",),
        )


def _require_preference_version(choice: Choice, standing: int) -> None:
    if choice.version is not None and choice.version != standing:
        raise Conflict(
            "This has changed since you looked.", current_version=standing, path=("version",)
        )


def _report(
    db: Db,
    saying: Saying,
    destination: Destination,
    channel: Channel,
    scope: OptOutScope,
    kind: UUID | None,
    event_id: UUID,
) -> None:
    """A person's own switch needs no interpreting: reported as applied."""
    report_applied(
        db,
        saying.actor,
        destination,
        channel,
        scope,
        kind,
        input=str(saying.source),
        source=saying.source,
        received_at=saying.at,
        event_id=event_id,
    )
