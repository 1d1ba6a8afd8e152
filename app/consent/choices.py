"""What a parent says for a number or an address of hers: consent and opt-outs."""

from uuid import UUID

from app.actor import Actor
from app.consent import record
from app.consent.disclosures import agreed_disclosure
from app.consent.ledger import Saying
from app.consent.models import Consent, OptOut
from app.consent.rules import Lowered, Raise, may_raise
from app.consent.setting import offered_kind, own_channel, require_version
from app.database import Db
from app.directory.links import Key
from app.directory.models import Contact, Destination, Link
from app.directory.policy import load_policies
from app.errors import Forbidden, Invalid
from app.optouts.reports import report_applied
from app.vocabulary import Channel, ConsentStatus, OptOutScope

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
    require_version(
        db,
        version,
        consent.version if consent else 0,
        current=consent.status if consent else ConsentStatus.UNKNOWN,
        asked=ConsentStatus.GRANTED,
        event=(consent.district_id, consent.event_id) if consent else None,
    )
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
    contact, link, destination = _reach(db, actor, link_key, channel)
    kind = _kind_for(db, link, scope, type_key)
    if scope is OptOutScope.ALL:
        revoke_consent(db, actor, link_key, channel)
        return
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


def _reach(db: Db, actor: Actor, key: Key, channel: Channel) -> tuple[Contact, Link, Destination]:
    """Locked too, since what is said here speaks for the number, whoever holds it."""
    contact, link, _ = own_channel(db, actor, key, channel)
    destination = db.lock(Destination, link.district_id, link.destination_id)
    assert destination is not None
    return contact, link, destination


def _may_raise(channel: Channel, lowered: Consent | OptOut, contact: Contact, link: Link) -> Raise:
    return may_raise(
        Lowered(channel, lowered.source, by_herself=lowered.contact_id == contact.id),
        link_proven=link.verified_at is not None,
    )


def _kind_for(db: Db, link: Link, scope: OptOutScope, type_key: Key | None) -> UUID | None:
    if scope is not OptOutScope.BROADCAST_TYPE:
        if type_key is not None:
            raise Invalid("Only an opt-out from one type names a type.", path=("broadcastTypeId",))
        return None
    if type_key is None:
        raise Invalid("Say which type of message.", path=("broadcastTypeId",))
    policy = load_policies(db, [link.district_id])[link.district_id]
    return offered_kind(policy, type_key).id


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
