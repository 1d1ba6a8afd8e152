"""The text somebody agrees to. Its version is made from it, so that it never changes unseen."""

import hashlib

import sqlalchemy as sa

from app.consent.models import Disclosure
from app.database import Db
from app.directory.policy import Policy
from app.errors import Invalid
from app.translation import LANGUAGES, say
from app.vocabulary import Channel

TEXTS = {
    Channel.VOICE: (
        "I agree that {district} may call this phone with recorded messages about my child and "
        "school. To stop, press 5 on any call."
    ),
    Channel.SMS: (
        "I agree that {district} may text this phone about my child and school. Message and data "
        "rates may apply. To stop, text STOP. For help, text HELP."
    ),
    Channel.EMAIL: (
        "I agree that {district} may e-mail this address about my child and school. To stop, "
        "use the link in any e-mail."
    ),
    Channel.PUSH: "I agree that {district} may send notices about my child and school to this app.",
}


def disclosure_for(policy: Policy, channel: Channel, language: str) -> Disclosure:
    """The present text, not yet stored."""
    text = say(language, TEXTS[channel], district=policy.name)
    version = hashlib.sha256(f"{channel}\n{text}".encode()).hexdigest()[:16]
    spoken = language if text != TEXTS[channel].format(district=policy.name) else "en"
    return Disclosure(
        district_id=policy.id, version=version, language=spoken, channel=channel, text=text
    )


def agreed_disclosure(db: Db, policy: Policy, channel: Channel, version: str) -> Disclosure:
    """The stored text of this version, stored now if it is a present one. Raises Invalid."""
    for language in LANGUAGES:
        present = disclosure_for(policy, channel, language)
        if present.version == version:
            _keep(db, present)
            return present
    stored = db.session.scalar(
        sa.select(Disclosure).where(
            Disclosure.district_id == policy.id,
            Disclosure.channel == channel,
            Disclosure.version == version,
        )
    )
    if stored is None:
        raise Invalid("This is not a text we have shown.", path=("disclosureVersion",))
    return stored


def _keep(db: Db, text: Disclosure) -> None:
    """Two people may be the first to agree to it."""
    columns = ("district_id", "version", "language", "channel", "text")
    db.insert_missing(Disclosure, [{name: getattr(text, name) for name in columns}])
