"""The one setting a parent wants to change: on a number of hers, and as she last saw it."""

from datetime import datetime

from app.actor import Actor
from app.database import Db
from app.directory.links import Key
from app.directory.models import Contact, Destination, Link
from app.directory.policy import Kind, Policy
from app.directory.visible import own_link
from app.errors import Conflict, Invalid, NotFound
from app.vocabulary import CHANNELS_OF, Channel


def own_channel(
    db: Db, actor: Actor, key: Key, channel: Channel
) -> tuple[Contact, Link, Destination]:
    """A channel of one of the parent's own destinations, its contact locked. Raises NotFound."""
    try:
        contact, link = own_link(db, actor, key)
    except NotFound:
        raise NotFound(path=("destinationId",)) from None
    destination = db.get(Destination, link.district_id, link.destination_id)
    if destination is None or channel not in CHANNELS_OF[destination.kind]:
        raise Invalid("This destination cannot be reached that way.", path=("channel",))
    return contact, link, destination


def offered_kind(policy: Policy, key: Key) -> Kind:
    """A type that the district still sends. Raises NotFound."""
    kind = policy.kinds.get(key[1]) if key[0] == policy.id else None
    if kind is None or kind.retired_at is not None:
        raise NotFound(path=("broadcastTypeId",))
    return kind


def require_version(
    seen: int | None,
    standing: int,
    *,
    current: str | None,
    asked: str | None,
    changed_at: datetime | None,
) -> None:
    """Nobody has changed it since the writer saw it; `seen` None = whoever writes last wins.

    Raises Conflict with the value that stands now. It never says who: a number may be shared.
    """
    if seen is not None and seen != standing:
        raise Conflict(
            "This has changed since you looked.",
            current_version=standing,
            current=current,
            asked=asked,
            changed_at=changed_at,
            path=("version",),
        )
