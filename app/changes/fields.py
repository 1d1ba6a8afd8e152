"""Each field a family may ask to correct: what is asked, how it is read, what it says now."""

from uuid import UUID

import sqlalchemy as sa

from app.changes.models import ChangeItem
from app.database import Db
from app.directory.addresses import normalised_address
from app.directory.models import Contact, Destination, Link
from app.directory.names import clean_name, hidden_characters
from app.directory.numbers import parse_number
from app.errors import Invalid
from app.vocabulary import ContactField, DestinationKind

OF_CONTACT = {
    ContactField.GIVEN_NAME: "given_name",
    ContactField.FAMILY_NAME: "family_name",
    ContactField.LANGUAGE: "language",
    ContactField.ADDRESS: "address",
}
ADDS = {
    ContactField.ADD_PHONE: DestinationKind.PHONE,
    ContactField.REPLACE_PHONE: DestinationKind.PHONE,
    ContactField.ADD_EMAIL: DestinationKind.MAILBOX,
    ContactField.REPLACE_EMAIL: DestinationKind.MAILBOX,
}
REMOVES = {
    ContactField.REPLACE_PHONE: DestinationKind.PHONE,
    ContactField.REMOVE_PHONE: DestinationKind.PHONE,
    ContactField.REPLACE_EMAIL: DestinationKind.MAILBOX,
    ContactField.REMOVE_EMAIL: DestinationKind.MAILBOX,
    ContactField.NOT_MY_NUMBER: DestinationKind.PHONE,
}
LONGEST = 400
NO_REGION = "ZZ"  # what is stored is E.164


def read_after(field: ContactField, text: str | None, region: str) -> str | None:
    """What shall stand there, in its normal form. Raises Invalid."""
    if field not in OF_CONTACT and field not in ADDS and field is not ContactField.LINK_STUDENT:
        if text:
            raise Invalid("This correction takes no new value.")
        return None
    text = (text or "").strip()
    if not text:
        raise Invalid("Say what it should be.")
    match ADDS.get(field):
        case DestinationKind.PHONE:
            number = parse_number(text, region)
            return f"{number.value} ext. {number.extension}" if number.extension else number.value
        case DestinationKind.MAILBOX:
            return normalised_address(text)
        case _:
            return _plain_text(field, text)


def _plain_text(field: ContactField, text: str) -> str:
    """Nothing in it may hide, or turn round what a reviewer reads."""
    if field in (ContactField.GIVEN_NAME, ContactField.FAMILY_NAME):
        return clean_name(text)
    if field is ContactField.LANGUAGE and not _is_language(text):
        raise Invalid("Write the language as a short code, like en or es.")
    return visible(text, LONGEST)


def visible(text: str, longest: int) -> str:
    """One line that shows all that is in it. Raises Invalid."""
    if hidden := hidden_characters(text):
        raise Invalid(f"There is a hidden character in it, {hidden[0]}. Please type it anew.")
    if len(text) > longest:
        raise Invalid(f"This has at most {longest} characters.")
    return text


def require_change(db: Db, contact: Contact, item: ChangeItem, after: str | None) -> None:
    """It says something else than what stands there, and no number or address she has already.

    Raises Invalid.
    """
    if after is None:
        return
    if after == item.base or _holds_already(db, contact, item, after):
        raise Invalid("This is what the school has already.")


def _holds_already(db: Db, contact: Contact, item: ChangeItem, after: str) -> bool:
    """Another link than the one to be replaced, whose extension may be what is wrong."""
    kind = ADDS.get(item.field)
    if kind is None:
        return False
    held = db.scalar(
        sa.select(Link.id)
        .join(
            Destination,
            sa.and_(
                Destination.district_id == Link.district_id,
                Destination.id == Link.destination_id,
            ),
        )
        .where(
            Link.district_id == contact.district_id,
            Link.contact_id == contact.id,
            Link.retired_at.is_(None),
            Destination.kind == kind,
            Destination.value == destination_value(kind, after),
        )
    )
    return held is not None and held != item.link_id


def destination_value(kind: DestinationKind, after: str) -> str:
    """A number without its extension; an address as it is."""
    return parse_number(after, NO_REGION).value if kind is DestinationKind.PHONE else after


def _is_language(tag: str) -> bool:
    """The shape of a BCP 47 tag, like `es` or `zh-Hant`."""
    parts = tag.split("-")
    return (
        2 <= len(parts[0]) <= 3
        and all(part.isascii() and part.isalnum() and len(part) <= 8 for part in parts)
        and parts[0].isalpha()
    )


def value_now(db: Db, contact: Contact, item: ChangeItem) -> str | None:
    """What the item would overwrite as it stands now; None where nothing stands."""
    if item.field in OF_CONTACT:
        value: str | None = getattr(contact, OF_CONTACT[item.field])
        return value
    if item.link_id is None:
        return None
    return value_held(db, contact.district_id, item.link_id)


def value_held(db: Db, district_id: UUID, link_id: UUID) -> str | None:
    """The number or address of a link, or None when the contact holds it no more."""
    return db.scalar(  # type: ignore[no-any-return]
        sa.select(Destination.value)
        .join(
            Link,
            sa.and_(
                Link.district_id == Destination.district_id,
                Link.destination_id == Destination.id,
            ),
        )
        .where(Link.district_id == district_id, Link.id == link_id, Link.retired_at.is_(None))
    )
