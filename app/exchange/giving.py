"""A consent on file counts where nobody has spoken, and nowhere else."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.actor import Actor
from app.consent import record
from app.consent.ledger import Saying
from app.database import Db
from app.directory.models import Contact, Destination, Link
from app.exchange.consent_rows import GivenConsent
from app.exchange.roster.report import Code
from app.exchange.roster.table import RowError
from app.optouts.models import OptOutReport
from app.vocabulary import ConsentStatus, OptOutReportStatus, OptOutScope, Source


class Outcome(StrEnum):
    """What became of a consent on file."""

    GRANTED = "granted"
    STANDING = "standing"  # granted already
    REVOKED = "revoked"
    OPTED_OUT = "opted_out"
    HELD = "held"
    LAPSED = "lapsed"


NOT_HERS = "the contact does not hold this"
Result = tuple[GivenConsent, Outcome | RowError]


def take_consents(
    db: Db,
    *,
    actor: Actor,
    district_id: UUID,
    batch: Sequence[GivenConsent],
    vouching: dict[str, str],
) -> list[Result]:
    """Grant what can be granted. Destinations are locked in one order, then what stands there is
    read. `vouching` goes into the evidence of each line.
    """
    contacts = _contacts(db, district_id, batch)
    destinations = _destinations(db, district_id, batch)
    results: list[Result] = []
    clear: list[tuple[UUID, UUID, GivenConsent]] = []
    for given in batch:
        contact = contacts.get(given.contact)
        at = destinations.get((given.kind, given.value))
        if contact is None:
            results.append((given, _unknown("the district has no such contact", "contact")))
        elif at is None:
            results.append((given, _unknown(NOT_HERS, "to")))
        else:
            clear.append((at, contact, given))
    for at, contact, given in sorted(clear, key=lambda each: each[0]):
        destination = db.lock(Destination, district_id, at)
        assert destination is not None
        said = {"method": given.method, "disclosure": given.disclosure, **vouching}
        evidence = {name: value for name, value in said.items() if value}
        saying = Saying(actor, given.at, Source.IMPORT, contact, evidence=evidence)
        results.append((given, _grant(db, destination, given, saying)))
    return results


def _contacts(db: Db, district_id: UUID, batch: Sequence[GivenConsent]) -> dict[str, UUID]:
    statement = sa.select(Contact.source_id, Contact.id).where(
        Contact.district_id == district_id,
        Contact.source_id.in_({given.contact for given in batch}),
        Contact.retired_at.is_(None),
    )
    return {row.source_id: row.id for row in db.all(statement)}


def _destinations(
    db: Db, district_id: UUID, batch: Sequence[GivenConsent]
) -> dict[tuple[Any, str], UUID]:
    statement = sa.select(Destination.kind, Destination.value, Destination.id).where(
        Destination.district_id == district_id,
        Destination.value.in_({given.value for given in batch}),
    )
    return {(row.kind, row.value): row.id for row in db.all(statement)}


def _grant(
    db: Db, destination: Destination, given: GivenConsent, saying: Saying
) -> Outcome | RowError:
    """The destination is locked."""
    if given.at > db.now:
        return RowError(Code.UNKNOWN_WORD, "this day has not come yet", "date")
    link = db.session.scalar(
        sa.select(Link).where(
            Link.district_id == destination.district_id,
            Link.destination_id == destination.id,
            Link.contact_id == saying.contact_id,
            Link.retired_at.is_(None),
        )
    )
    if link is None:
        return _unknown(NOT_HERS, "to")
    standing = _standing(db, destination, given)
    if standing is not None:
        return standing
    record.grant(db, destination, given.channel, saying, link)
    return Outcome.GRANTED


def _standing(db: Db, destination: Destination, given: GivenConsent) -> Outcome | None:
    """What keeps this consent from counting, or None."""
    channel = given.channel
    consent = record.consent_of(db, destination, channel)
    match consent and consent.status:
        case ConsentStatus.GRANTED:
            return Outcome.STANDING
        case ConsentStatus.REVOKED:
            return Outcome.REVOKED
    if consent and consent.since > given.at:
        return Outcome.LAPSED
    if record.find_opt_out(db, destination, channel, OptOutScope.NON_EMERGENCY, None):
        return Outcome.OPTED_OUT
    return Outcome.HELD if _is_held(db, destination, given) else None


def _is_held(db: Db, destination: Destination, given: GivenConsent) -> bool:
    pending = sa.exists().where(
        OptOutReport.district_id == destination.district_id,
        OptOutReport.destination_id == destination.id,
        OptOutReport.channel == given.channel,
        OptOutReport.status == OptOutReportStatus.PENDING,
    )
    return bool(db.scalar(sa.select(pending)))


def _unknown(message: str, column: str) -> RowError:
    return RowError(Code.UNKNOWN_REFERENCE, message, column)
