"""The one setting a parent wants to change: on a number of hers, and as she last saw it."""

from app.actor import Actor
from app.consent.models import ConsentEvent
from app.database import Db
from app.directory.links import Key
from app.directory.models import Contact, Destination, Link
from app.directory.policy import Kind, Policy
from app.directory.visible import own_link
from app.errors import Conflict, Invalid, NotFound
from app.vocabulary import CHANNELS_OF, Channel, DestinationKind


def own_channel(
    db: Db, actor: Actor, key: Key, channel: Channel
) -> tuple[Contact, Link, Destination]:
    """A channel of one of the parent's own destinations, its contact locked. Raises NotFound."""
    try:
        contact, link = own_link(db, actor, key)
    except NotFound:
        raise NotFound(path=("destinationId",)) from None
    destination = db.get(Destination, link.district_id, link.destination_id)
    assert destination is not None
    require_channel(destination.kind, channel)
    return contact, link, destination


def require_channel(kind: DestinationKind, channel: Channel) -> None:
    if channel not in CHANNELS_OF[kind]:
        raise Invalid("This destination cannot be reached that way.", path=("channel",))


def offered_kind(policy: Policy, key: Key) -> Kind:
    """A type that the district still sends. Raises NotFound."""
    kind = policy.kinds.get(key[1]) if key[0] == policy.id else None
    if kind is None or kind.retired_at is not None:
        raise NotFound(path=("broadcastTypeId",))
    return kind


def require_version(
    db: Db,
    seen: int | None,
    standing: int,
    *,
    current: str | None,
    asked: str | None,
    event: Key | None,
) -> None:
    """Nobody has changed it since the writer saw it; `seen` None = whoever writes last wins.

    Raises Conflict with the value that stands now, and when `event` made it stand. It never says
    who: a number may be shared.
    """
    if seen is None or seen == standing:
        return
    line = db.get(ConsentEvent, *event) if event else None
    raise Conflict(
        "This has changed since you looked.",
        current_version=standing,
        current=current,
        asked=asked,
        changed_at=line.at if line else None,
        path=("version",),
    )
