"""The schema's own scalars. Input that is none of theirs is refused before anything runs."""

from datetime import UTC, datetime
from typing import NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from app.clock import rfc3339
from app.directory.addresses import normalised_address
from app.errors import Invalid

PhoneNumber = NewType("PhoneNumber", str)
EmailAddress = NewType("EmailAddress", str)


def _instant(value: object) -> datetime:
    """RFC 3339 with its offset."""
    if not isinstance(value, str) or "T" not in value.upper():
        raise ValueError("an instant is written like 2026-11-20T14:05:00Z")
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError("an instant needs its offset, as in 2026-11-20T14:05:00Z")
    return instant.astimezone(UTC)


def _address(value: object) -> EmailAddress:
    if not isinstance(value, str):
        raise ValueError("an e-mail address is text")  # noqa: TRY004 (GraphQL asks for this one)
    try:
        return EmailAddress(normalised_address(value))
    except Invalid as error:
        raise ValueError(error.message) from None


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant in UTC, RFC 3339, ending in Z.",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
        serialize=rfc3339,
        parse_value=_instant,
    ),
    PhoneNumber: strawberry.scalar(
        name="PhoneNumber",
        description="A telephone number in E.164, like +12175550143.",
        serialize=str,
        parse_value=str,
    ),
    EmailAddress: strawberry.scalar(
        name="EmailAddress",
        description="An e-mail address in lower case.",
        serialize=str,
        parse_value=_address,
    ),
}
