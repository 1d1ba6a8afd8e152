"""What the ledger's lines add up to. Pure: the tables must equal this fold."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.vocabulary import Channel, ConsentAction, ConsentStatus, OptOutScope

_STATUS = {
    ConsentAction.GRANTED: ConsentStatus.GRANTED,
    ConsentAction.REVOKED: ConsentStatus.REVOKED,
    ConsentAction.LAPSED: ConsentStatus.UNKNOWN,
}


@dataclass(slots=True)
class Standing:
    """What stands after all lines of one chain, by what it is about."""

    consents: dict[Channel, ConsentStatus] = field(default_factory=dict)
    opt_outs: set[tuple[Channel, OptOutScope, UUID | None]] = field(default_factory=set)
    blocks: set[Channel | None] = field(default_factory=set)
    preferences: dict[tuple[UUID, Channel, UUID], bool] = field(default_factory=dict)
    quiet_hours: dict[tuple[UUID, Channel], tuple[int, int]] = field(default_factory=dict)
    paused_until: str | None = None


def fold(events: Iterable[Any]) -> Standing:
    """`events`: lines of one chain in order of their sequence (rows of ConsentEvent)."""
    standing = Standing()
    for event in events:
        _take(standing, event)
    return standing


def _take(standing: Standing, event: Any) -> None:
    action = ConsentAction(event.action)
    about = (event.channel, event.scope, event.broadcast_type_id)
    match action:
        case ConsentAction.GRANTED | ConsentAction.REVOKED | ConsentAction.LAPSED:
            standing.consents[event.channel] = _STATUS[action]
        case ConsentAction.OPTED_OUT:
            standing.opt_outs.add(about)
        case ConsentAction.OPT_OUT_LIFTED:
            standing.opt_outs.discard(about)
        case ConsentAction.BLOCKED:
            standing.blocks.add(event.channel)
        case ConsentAction.UNBLOCKED:
            standing.blocks.discard(event.channel)
        case _:
            _take_choice(standing, action, event)


def _take_choice(standing: Standing, action: ConsentAction, event: Any) -> None:
    """A contact's own lines; what waits, holds, imports and erasures change nothing here."""
    chosen = (event.link_id, event.channel, event.broadcast_type_id)
    match action:
        case ConsentAction.PREFERENCE_SET:
            standing.preferences[chosen] = event.detail["wanted"]
        case ConsentAction.PREFERENCE_CLEARED:
            standing.preferences.pop(chosen, None)
        case ConsentAction.QUIET_HOURS_SET if event.detail["from"] is None:
            standing.quiet_hours.pop(chosen[:2], None)
        case ConsentAction.QUIET_HOURS_SET:
            standing.quiet_hours[chosen[:2]] = (event.detail["from"], event.detail["to"])
        case ConsentAction.PAUSED:
            standing.paused_until = event.detail["until"]
        case ConsentAction.PAUSE_ENDED:
            standing.paused_until = None
        case _:
            pass
