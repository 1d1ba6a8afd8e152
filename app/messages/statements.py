"""The statements behind the history, each built once.

What a reader may see is decided here, in `_VISIBLE`, `_school_of` and `STUDENTS`, for every way
to a message alike.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from app.directory.models import Contact, Guardianship, Student
from app.messages.models import Broadcast, Delivery, Message, MessageStudent
from app.vocabulary import Rights

Statement = sa.Select[*tuple[Any, ...]]


def _of_message(table: Any, *more: sa.ColumnElement[bool]) -> sa.Exists:
    """There is such a row of a table that hangs on the message."""
    return (
        sa.exists()
        .where(table.district_id == Message.district_id, table.message_id == Message.id, *more)
        .correlate(Message)
    )


def _of_broadcast(*more: sa.ColumnElement[bool]) -> sa.Exists:
    """The message's broadcast is such a one."""
    return (
        sa.exists()
        .where(
            Broadcast.district_id == Message.district_id,
            Broadcast.id == Message.broadcast_id,
            *more,
        )
        .correlate(Message)
    )


# Nothing about a student to whom the contact has no rights. A guardianship that has ended gives
# none back, so it counts here too.
_VISIBLE = ~_of_message(
    MessageStudent,
    Guardianship.district_id == Message.district_id,
    Guardianship.contact_id == Message.contact_id,
    Guardianship.student_id == MessageStudent.student_id,
    Guardianship.rights == Rights.NO_RIGHTS,
)


def _school_of(message: Any) -> sa.ColumnElement[Any]:
    """The broadcast's school; none where only students go of whom the contact may know no more
    than the given name, or nothing.
    """
    guarded = (
        sa.exists()
        .where(
            Guardianship.district_id == message.district_id,
            Guardianship.contact_id == message.contact_id,
            Student.district_id == Guardianship.district_id,
            Student.id == Guardianship.student_id,
            Student.school_id == Broadcast.school_id,
        )
        .correlate_except(Guardianship, Student)
    )
    withheld = guarded.where(Guardianship.rights != Rights.FULL)
    known = guarded.where(Guardianship.rights == Rights.FULL, Guardianship.retired_at.is_(None))
    return sa.case((withheld & ~known, sa.null()), else_=Broadcast.school_id)


_FILTERS: dict[str, sa.ColumnElement[bool]] = {
    "after": sa.tuple_(Message.sent_at, Message.id)
    < sa.tuple_(
        sa.bindparam("after_at", type_=Message.sent_at.type),
        sa.bindparam("after_id", type_=Message.id.type),
    ),
    "types": _of_broadcast(
        sa.tuple_(Broadcast.district_id, Broadcast.broadcast_type_id).in_(
            sa.bindparam("types", expanding=True)
        )
    ),
    "channels": _of_message(
        Delivery, Delivery.channel.in_(sa.bindparam("channels", expanding=True))
    ),
    "student": _of_message(
        MessageStudent,
        MessageStudent.district_id == sa.bindparam("student_district"),
        MessageStudent.student_id == sa.bindparam("student"),
    ),
    "school": _of_broadcast(
        Broadcast.district_id == sa.bindparam("school_district"),
        Broadcast.school_id == sa.bindparam("school"),
        _school_of(Message).is_not(None),
    ),
    "since": Message.sent_at >= sa.bindparam("since"),
    "until": Message.sent_at < sa.bindparam("until"),
    "text": _of_broadcast(
        Broadcast.removed_at.is_(None), Broadcast.searched.like(sa.bindparam("text"), escape="\\")
    ),
    "unread": Message.read_at.is_(None),
    "read": Message.read_at.is_not(None),
}

_RECEIVED = sa.select(
    Message.district_id,
    Message.id,
    Message.contact_id,
    Message.broadcast_id,
    Message.sent_at,
    Message.read_at,
).where(_VISIBLE)


def _shown(received: sa.Subquery) -> Statement:
    """What a reader sees of each message, newest first: the columns of `history.MessageRow`.

    The outer join, where an inner one would do, keeps SQLite from beginning with all broadcasts.
    """
    message = received.c
    kept = Broadcast.removed_at.is_(None)
    return (
        sa.select(
            message.district_id,
            message.id,
            message.contact_id,
            message.broadcast_id,
            Broadcast.broadcast_type_id,
            _school_of(message).label("school_id"),
            sa.case((kept, Broadcast.subject), else_="").label("subject"),
            sa.case((kept, Broadcast.body), else_="").label("body"),
            sa.case((kept, Broadcast.audio_url), else_=None).label("audio_url"),
            Broadcast.language,
            message.sent_at,
            message.read_at,
            Broadcast.removed_at,
        )
        .outerjoin_from(
            received,
            Broadcast,
            (Broadcast.district_id == message.district_id) & (Broadcast.id == message.broadcast_id),
        )
        .order_by(message.sent_at.desc(), message.id.desc())
    )


@lru_cache(maxsize=256)
def history(contacts: int, filters: frozenset[str]) -> Statement:
    """The newest messages of so many contacts, in one order.

    Each contact is a branch that reads `ix_message_history` backwards and stops after `size`
    rows. Parameters: `district_0`, `contact_0`, ... and `size`, with those of the filters.
    """
    merged = _of_contacts(contacts, filters)
    return _shown(merged if contacts == 1 else _newest(sa.select(merged), merged.c).subquery())


@lru_cache(maxsize=256)
def histories(contacts: int, filters: frozenset[str]) -> Statement:
    """As `history`, the newest `size` of each contact."""
    return _shown(_of_contacts(contacts, filters))


def _of_contacts(contacts: int, filters: Iterable[str]) -> sa.Subquery:
    branches = [_of_contact(place, filters).subquery() for place in range(contacts)]
    if contacts == 1:
        return branches[0]
    return sa.union_all(*(sa.select(branch) for branch in branches)).subquery()


def _of_contact(place: int, filters: Iterable[str]) -> Statement:
    district = sa.bindparam(f"district_{place}", type_=Message.id.type)
    contact = sa.bindparam(f"contact_{place}", type_=Message.id.type)
    on_file = sa.exists().where(
        Contact.district_id == district, Contact.id == contact, Contact.retired_at.is_(None)
    )
    received = _RECEIVED.where(
        Message.district_id == district,
        Message.contact_id == contact,
        on_file,
        *(_FILTERS[name] for name in sorted(filters)),
    )
    return _newest(received, Message)


def _newest(rows: Statement, message: Any) -> Statement:
    return rows.order_by(message.sent_at.desc(), message.id.desc()).limit(sa.bindparam("size"))


def _keys(district_id: Any, id: Any, parameter: str) -> sa.ColumnElement[bool]:
    return sa.tuple_(district_id, id).in_(sa.bindparam(parameter, expanding=True))


# Some messages by their keys, as far as these contacts received them.
FOUND = _shown(
    _RECEIVED.join(
        Contact,
        (Contact.district_id == Message.district_id) & (Contact.id == Message.contact_id),
    )
    .where(
        _keys(Message.district_id, Message.id, "messages"),
        _keys(Contact.district_id, Contact.id, "contacts"),
        Contact.retired_at.is_(None),
    )
    .subquery()
)

# In one order for everybody, so that two devices that read the same queue.
LOCKED = (
    sa.select(Message.id)
    .where(_keys(Message.district_id, Message.id, "messages"))
    .order_by(Message.district_id, Message.id)
    .with_for_update(key_share=True)
)

READ = (
    sa.update(Message)
    .where(
        _keys(Message.district_id, Message.id, "messages"),
        Message.read_at.is_(None),
    )
    .values(read_at=sa.bindparam("now"))
)

DELIVERIES = (
    sa.select(
        Delivery.district_id,
        Delivery.id,
        Delivery.message_id,
        Delivery.channel,
        Delivery.sent_to,
        Delivery.status,
        Delivery.at,
        Delivery.why_allowed,
        Delivery.why_reason,
        Delivery.why_not_before,
        Delivery.why_event_id,
    )
    .where(_keys(Delivery.district_id, Delivery.message_id, "messages"))
    .order_by(Delivery.at, Delivery.id)
)

_FULL = sa.and_(Guardianship.rights == Rights.FULL, Guardianship.retired_at.is_(None))
# Of a student who is not fully hers the contact sees the given name only.
STUDENTS = (
    sa.select(
        MessageStudent.district_id,
        MessageStudent.student_id,
        MessageStudent.message_id,
        Student.given_name,
        sa.case((_FULL, Student.family_name), else_="").label("family_name"),
        sa.case((_FULL, Student.grade), else_=None).label("grade"),
        sa.case((_FULL, Student.school_id), else_=None).label("school_id"),
    )
    .join(
        Message,
        sa.and_(
            Message.district_id == MessageStudent.district_id,
            Message.id == MessageStudent.message_id,
        ),
    )
    .join(
        Student,
        sa.and_(
            Student.district_id == MessageStudent.district_id,
            Student.id == MessageStudent.student_id,
        ),
    )
    .outerjoin(
        Guardianship,
        sa.and_(
            Guardianship.district_id == Message.district_id,
            Guardianship.contact_id == Message.contact_id,
            Guardianship.student_id == MessageStudent.student_id,
        ),
    )
    .where(_keys(MessageStudent.district_id, MessageStudent.message_id, "messages"))
    .order_by(Student.given_name, MessageStudent.id)
)
