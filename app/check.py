"""What is missing or unsafe in the settings and the database, said before a family finds out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import sqlalchemy as sa

import migrations
from app.actor import Service
from app.config import Settings
from app.consent.models import Consent
from app.database import Database, Db
from app.directory.models import Contact, Destination, District, Link
from app.errors import Unavailable
from app.vocabulary import CHANNELS_OF, Channel, ConsentStatus

ALMOST_NOBODY = 0.1


@dataclass(frozen=True, slots=True)
class Finding:
    """An error keeps the portal from being used; a warning is for the operator to weigh."""

    level: Literal["error", "warning"]
    message: str


def findings(database: Database, settings: Settings, *, deploy: bool) -> list[Finding]:
    """`deploy` adds what only matters in front of families."""
    found = list(_of_database(database))
    if deploy:
        found += _of_settings(settings)
        if not found:
            found += _of_districts(database)
    return found


def _of_database(database: Database) -> Iterator[Finding]:
    try:
        if not migrations.is_current(database.engine):
            yield Finding("error", "the database is not at the newest schema: portal migrate")
    except (Unavailable, sa.exc.OperationalError):
        yield Finding("error", "the database cannot be reached: PORTAL_DATABASE_URL")


def _of_settings(settings: Settings) -> Iterator[Finding]:
    if settings.development:
        yield Finding("error", "PORTAL_ENVIRONMENT is development")
    if urlsplit(settings.public_url).scheme != "https":
        yield Finding("error", "PORTAL_PUBLIC_URL is not https")
    if not settings.smtp_url:
        yield Finding("error", "PORTAL_SMTP_URL is not set: nobody could sign in")
    if settings.mail_from.endswith("@localhost"):
        yield Finding("error", "PORTAL_MAIL_FROM is not an address families can answer to")


def _of_districts(database: Database) -> Iterator[Finding]:
    """Where consent is required and almost nobody has given it, almost nobody is reached."""
    with database.read(Service("check")) as db:
        districts = db.session.scalars(sa.select(District).order_by(District.key)).all()
    for district in districts:
        with database.read(Service("check", frozenset({district.id}))) as db:
            for channel in map(Channel, district.consent_required):
                held, granted = _consents(db, district, channel)
                if held and granted < held * ALMOST_NOBODY:
                    yield Finding(
                        "warning",
                        f"{district.key} requires consent for {channel}, and {granted} of {held} "
                        "destinations have it: portal import consents",
                    )


def _consents(db: Db, district: District, channel: Channel) -> tuple[int, int]:
    """(destinations somebody holds, those of them with consent)."""
    kinds = [kind for kind, channels in CHANNELS_OF.items() if channel in channels]
    held = (
        sa.select(sa.func.count(sa.distinct(Destination.id)))
        .join(
            Link,
            sa.and_(
                Link.district_id == Destination.district_id, Link.destination_id == Destination.id
            ),
        )
        .join(
            Contact,
            sa.and_(Contact.district_id == Link.district_id, Contact.id == Link.contact_id),
        )
        .where(
            Destination.district_id == district.id,
            Destination.kind.in_(kinds),
            Link.retired_at.is_(None),
            Contact.retired_at.is_(None),
        )
    )
    granted = held.join(
        Consent,
        sa.and_(
            Consent.district_id == Destination.district_id,
            Consent.destination_id == Destination.id,
        ),
    ).where(Consent.channel == channel, Consent.status == ConsentStatus.GRANTED)
    return db.scalar(held) or 0, db.scalar(granted) or 0
