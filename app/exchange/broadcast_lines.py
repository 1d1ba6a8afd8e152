"""A line of the broadcasts file, as the sender wrote it. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from app.directory.addresses import normalised_address
from app.directory.numbers import parse_number
from app.errors import Invalid
from app.exchange.ndjson import Fault, Fields, LineError
from app.vocabulary import Channel, DecisionReason, DeliveryStatus, DestinationKind

LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
LONGEST_LANGUAGE = 35  # RFC 5646


@dataclass(frozen=True, slots=True)
class SentDelivery:
    """One delivery; ids are the sender's. `place` is its index in the line's list.

    `to` is as the sender wrote it, `kind` and `value` name the destination; None for PUSH, which
    goes to whatever devices the contact has.
    """

    place: int
    id: str
    contact: str
    students: tuple[str, ...]
    channel: Channel
    to: str
    kind: DestinationKind | None
    value: str | None
    status: DeliveryStatus
    at: datetime
    reason: DecisionReason | None

    def error(self, code: Fault, message: str, *path: str) -> LineError:
        return LineError(code, message, "deliveries", str(self.place), *path)


@dataclass(frozen=True, slots=True)
class SentBroadcast:
    """One line: a broadcast and those of its deliveries that could be read."""

    line: int
    id: str
    type: str
    school: str | None
    subject: str
    body: str
    audio_url: str | None
    language: str
    sent_at: datetime
    deliveries: tuple[SentDelivery, ...]


def read_broadcast(line: int, fields: Fields, region: str) -> tuple[SentBroadcast, list[LineError]]:
    """The broadcast, and what was wrong with deliveries of it; `region` is for numbers written
    without a country. Raises LineError.
    """
    deliveries, errors = _read_deliveries(fields, region)
    broadcast = SentBroadcast(
        line=line,
        id=fields.id("id"),
        type=fields.id("type"),
        school=fields.id("school") if fields.has("school") else None,
        subject=fields.text("subject"),
        body=fields.text("body"),
        audio_url=_audio_url(fields),
        language=_language(fields),
        sent_at=fields.instant("sent_at"),
        deliveries=tuple(deliveries),
    )
    return broadcast, errors


def _read_deliveries(fields: Fields, region: str) -> tuple[list[SentDelivery], list[LineError]]:
    read: dict[str, SentDelivery] = {}
    errors = []
    for place, item in enumerate(fields.objects("deliveries")):
        try:
            delivery = _read_delivery(place, item, region)
            if delivery.id in read:
                raise delivery.error(Fault.DUPLICATE, "This id stands in the line twice.", "id")
            read[delivery.id] = delivery
        except LineError as error:
            errors.append(error)
    return list(read.values()), errors


def _read_delivery(place: int, item: Fields, region: str) -> SentDelivery:
    contact, channel = item.id("contact"), item.word("channel", Channel)
    kind, value = _destination(item, channel, contact, region)
    return SentDelivery(
        place=place,
        id=item.id("id"),
        contact=contact,
        students=item.ids("students"),
        channel=channel,
        to=item.text("to"),
        kind=kind,
        value=value,
        status=item.word("status", DeliveryStatus),
        at=item.instant("at"),
        reason=item.word("reason", DecisionReason) if item.has("reason") else None,
    )


def _destination(
    item: Fields, channel: Channel, contact: str, region: str
) -> tuple[DestinationKind | None, str | None]:
    to = item.text("to")
    if channel is Channel.PUSH:
        if to != contact:
            raise item.error(Fault.UNKNOWN_REFERENCE, "A push goes to the contact's id.", "to")
        return None, None
    try:
        if channel is Channel.EMAIL:
            return DestinationKind.MAILBOX, normalised_address(to)
        return DestinationKind.PHONE, parse_number(to, region).value
    except Invalid as error:
        code = Fault.ADDRESS if channel is Channel.EMAIL else Fault.NUMBER
        raise item.error(code, error.message, "to") from error


def _audio_url(fields: Fields) -> str | None:
    """A page will play it, so it must be a web address and no other kind of link."""
    if not fields.has("audio_url"):
        return None
    text = fields.text("audio_url")
    try:
        if urlsplit(text).scheme in ("http", "https") and urlsplit(text).hostname:
            return text
    except ValueError:
        pass
    raise fields.error(Fault.LINK, "This is no web address (https://).", "audio_url")


def _language(fields: Fields) -> str:
    text = fields.text("language") if fields.has("language") else "en"
    if len(text) > LONGEST_LANGUAGE or not LANGUAGE.fullmatch(text):
        raise fields.error(Fault.UNKNOWN_WORD, "This is no language code such as es.", "language")
    return text
