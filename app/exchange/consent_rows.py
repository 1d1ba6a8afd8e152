"""A row of the file of consents on file. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.consent.quiet_hours import instant_of
from app.directory.addresses import normalised_address
from app.directory.numbers import parse_number
from app.errors import Invalid
from app.exchange.roster.report import Code
from app.exchange.roster.table import Row, RowError
from app.vocabulary import Channel, DestinationKind

REQUIRED = ("contact", "to", "channel", "method", "date")
CHANNELS = (Channel.VOICE, Channel.SMS, Channel.EMAIL)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class GivenConsent:
    """Somebody agreed, before there was a portal; `contact` is the school's id of her.

    `method` is how (a form, a call), `disclosure` which text she was shown, where known.
    """

    line: int
    contact: str
    kind: DestinationKind
    value: str
    channel: Channel
    method: str
    disclosure: str
    at: datetime


def read_consent(row: Row, region: str, zone: ZoneInfo) -> GivenConsent:
    """Raises RowError."""
    if row.fault:
        raise row.fault
    channel = _channel(row)
    kind, value = _destination(row, channel, region)
    return GivenConsent(
        line=row.line,
        contact=row.id("contact"),
        kind=kind,
        value=value,
        channel=channel,
        method=row.required("method"),
        disclosure=row.text("disclosure"),
        at=_instant(row, zone),
    )


def _channel(row: Row) -> Channel:
    word = row.required("channel").upper()
    if word not in CHANNELS:
        raise RowError(Code.UNKNOWN_WORD, f"is none of {', '.join(CHANNELS)}", "channel")
    return Channel(word)


def _destination(row: Row, channel: Channel, region: str) -> tuple[DestinationKind, str]:
    to = row.required("to")
    try:
        if channel is Channel.EMAIL:
            return DestinationKind.MAILBOX, normalised_address(to)
        return DestinationKind.PHONE, parse_number(to, region).value
    except Invalid as error:
        code = Code.ADDRESS if channel is Channel.EMAIL else Code.NUMBER
        raise RowError(code, error.message, "to") from error


def _instant(row: Row, zone: ZoneInfo) -> datetime:
    """A day counts from its beginning in the district's zone: the cautious reading."""
    text = row.required("date")
    try:
        written = datetime.fromisoformat(text)
        if DAY.fullmatch(text):
            return instant_of(written, zone)
        if written.tzinfo is not None:
            return written.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = "is no day such as 2025-08-20, nor a time with its zone"
    raise RowError(Code.UNKNOWN_WORD, message, "date")
