"""A line of the opt-outs file: an election somebody made elsewhere. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.clock import rfc3339
from app.directory.addresses import normalised_address
from app.directory.holding import Wanted
from app.directory.numbers import parse_number
from app.errors import Invalid
from app.exchange.ndjson import Fault, Fields
from app.vocabulary import Channel, DestinationKind, OptOutScope, Source

# She said it to the phone or the mailbox itself, wherever it was heard.
DOORS = {Channel.VOICE: Source.VOICE, Channel.SMS: Source.SMS, Channel.EMAIL: Source.EMAIL}
LONGEST_INPUT = 1000


@dataclass(frozen=True, slots=True)
class Election:
    """Somebody said stop; ids are the sender's. `type` or `broadcast` names what it is about
    where the scope is BROADCAST_TYPE.
    """

    line: int
    id: str
    destination: Wanted
    channel: Channel
    scope: OptOutScope
    type: str | None
    broadcast: str | None
    input: str
    at: datetime
    provider: str | None

    @property
    def source(self) -> Source:
        return DOORS[self.channel]

    def evidence(self) -> dict[str, Any]:
        said = {"provider": self.provider, "broadcast": self.broadcast, "input": self.input}
        return {"id": self.id, **{name: value for name, value in said.items() if value}}

    def fingerprint(self, destination_id: UUID, broadcast_type_id: UUID | None) -> str:
        """The same for the same election only; holds no number."""
        what = (destination_id, self.channel, self.scope, broadcast_type_id, rfc3339(self.at))
        return hashlib.sha256(" ".join(str(part) for part in what).encode()).hexdigest()


def read_election(line: int, fields: Fields, region: str) -> Election:
    """`region` is for numbers written without a country. Raises LineError."""
    channel, scope = fields.word("channel", Channel), fields.word("scope", OptOutScope)
    if channel not in DOORS:
        raise fields.error(Fault.UNKNOWN_WORD, "A device is switched off in the app.", "channel")
    by_type = scope is OptOutScope.BROADCAST_TYPE
    if by_type and not (fields.has("type") or fields.has("broadcast")):
        raise fields.error(Fault.MISSING, "This or the broadcast is missing.", "type")
    return Election(
        line=line,
        id=fields.id("id"),
        destination=_destination(fields, channel, region),
        channel=channel,
        scope=scope,
        type=fields.id("type") if by_type and fields.has("type") else None,
        broadcast=fields.id("broadcast") if fields.has("broadcast") else None,
        # A stop is not refused for the words around it.
        input=fields.text("input")[:LONGEST_INPUT] if fields.has("input") else "",
        at=fields.instant("at"),
        provider=fields.id("provider") if fields.has("provider") else None,
    )


def _destination(fields: Fields, channel: Channel, region: str) -> Wanted:
    to = fields.text("to")
    try:
        if channel is Channel.EMAIL:
            return Wanted(DestinationKind.MAILBOX, normalised_address(to), to)
        number = parse_number(to, region)
    except Invalid as error:
        code = Fault.ADDRESS if channel is Channel.EMAIL else Fault.NUMBER
        raise fields.error(code, error.message, "to") from error
    return Wanted(DestinationKind.PHONE, number.value, to, line_type=number.line_type)
