"""A parent marks what she has read."""

from collections.abc import Sequence

from app.actor import Actor, require_guardian
from app.database import Db
from app.directory.links import Key
from app.errors import Invalid, NotFound
from app.messages.history import messages_by_key
from app.messages.statements import LOCKED, READ
from app.paging import LARGEST_SIZE


def mark_read(db: Db, actor: Actor, messages: Sequence[Key]) -> None:
    """Mark her own messages as read; those already read keep the instant they have.

    All or none: raises NotFound with the place of the first that is not hers to read.
    """
    require_guardian(actor)
    if len(messages) > LARGEST_SIZE:
        raise Invalid(f"At most {LARGEST_SIZE} messages at once.", path=("messageIds",))
    found = messages_by_key(db, actor, messages)
    for place, key in enumerate(messages):
        if key not in found:
            raise NotFound(path=("messageIds", str(place)))
    if messages:
        db.all(LOCKED, messages=list(messages))
        db.execute(READ, messages=list(messages), now=db.now)
