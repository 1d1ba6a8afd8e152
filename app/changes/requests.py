"""A parent asks the school to correct her contact data, or takes the request back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.actor import Actor, require_guardian
from app.changes.fields import (
    ADDS,
    OF_CONTACT,
    REMOVES,
    destination_value,
    read_after,
    require_change,
    value_now,
    visible,
)
from app.changes.models import ChangeItem, ChangeRequest
from app.database import Db
from app.directory.links import Key
from app.directory.models import Contact, Destination, Link
from app.directory.policy import Policy, load_policies
from app.directory.visible import own_contact, own_student
from app.errors import Conflict, Forbidden, Invalid, NotFound, PortalError
from app.optouts.deadline import end_of_business_day
from app.vocabulary import ChangeRequestStatus, ContactEditMode, ContactField

MOST_ITEMS = 20
MOST_OPEN = 10
LONGEST_NOTE = 2000
LONGEST_LABEL = 40
DAYS_TO_ANSWER = 2
Target = ContactField | UUID | str


@dataclass(frozen=True, slots=True)
class Asked:
    """One correction as the parent typed it."""

    field: ContactField
    link_key: Key | None = None
    student_key: Key | None = None
    after: str | None = None
    label: str | None = None


def submit_change(
    db: Db, actor: Actor, contact_key: Key, items: Sequence[Asked], note: str | None = None
) -> ChangeRequest:
    """Put one request before the school. All items are good, or nothing is asked."""
    guardian = require_guardian(actor)
    try:
        contact = own_contact(db, actor, contact_key)
    except NotFound:
        raise NotFound(path=("contactId",)) from None
    policy = load_policies(db, [contact.district_id])[contact.district_id]
    if policy.contact_edit is ContactEditMode.LOCKED:
        raise Forbidden("Your school changes contact data itself. Please call the school office.")
    _require_modest(db, contact, items, note)
    request = ChangeRequest(
        district_id=contact.district_id,
        id=uuid7(),
        contact_id=contact.id,
        account_id=guardian.account_id,
        status=ChangeRequestStatus.PENDING,
        note=note or None,
        submitted_at=db.now,
        due_at=end_of_business_day(db.now, DAYS_TO_ANSWER, policy.timezone),
    )
    db.add(request)
    db.flush()
    db.add(*_items(db, actor, contact, policy, request, items))
    db.flush()
    return request


def _require_modest(db: Db, contact: Contact, items: Sequence[Asked], note: str | None) -> None:
    if not 1 <= len(items) <= MOST_ITEMS:
        raise Invalid(f"Ask for 1 to {MOST_ITEMS} corrections at a time.", path=("items",))
    if note and len(note) > LONGEST_NOTE:
        raise Invalid(f"A note has at most {LONGEST_NOTE} characters.", path=("note",))
    waiting = db.scalar(
        sa.select(sa.func.count())
        .select_from(ChangeRequest)
        .where(
            ChangeRequest.district_id == contact.district_id,
            ChangeRequest.contact_id == contact.id,
            ChangeRequest.status == ChangeRequestStatus.PENDING,
        )
    )
    if waiting >= MOST_OPEN:
        raise Invalid("Please wait until the school has answered your earlier requests.")


def _items(
    db: Db,
    actor: Actor,
    contact: Contact,
    policy: Policy,
    request: ChangeRequest,
    items: Sequence[Asked],
) -> list[ChangeItem]:
    """One item for each thing: two about the same number would undo each other."""
    read: list[ChangeItem] = []
    targets: set[Target] = set()
    for position, asked in enumerate(items):
        try:
            item = _item(db, actor, contact, policy, request, position, asked)
            if not targets.isdisjoint(_targets(item)):
                raise Invalid("Another correction here is about the same.")
        except PortalError as error:
            raise error.under("items", str(position)) from None
        targets |= _targets(item)
        read.append(item)
    return read


def _targets(item: ChangeItem) -> set[Target]:
    """What an item changes: a field, a destination it removes, a number or address it adds."""
    if item.field in OF_CONTACT:
        return {item.field}
    targets: set[Target] = {target for target in (item.link_id, item.student_id) if target}
    if item.after is not None:
        kind = ADDS.get(item.field)
        targets.add(destination_value(kind, item.after) if kind else item.after)
    return targets


def _item(
    db: Db,
    actor: Actor,
    contact: Contact,
    policy: Policy,
    request: ChangeRequest,
    position: int,
    asked: Asked,
) -> ChangeItem:
    item = ChangeItem(
        district_id=contact.district_id,
        id=uuid7(),
        request_id=request.id,
        position=position,
        field=asked.field,
        link_id=_link_of(db, contact, asked),
        student_id=_student_of(db, actor, contact, asked),
        label=_label(asked),
    )
    item.before = item.base = value_now(db, contact, item)
    try:
        item.after = read_after(asked.field, asked.after, policy.region)
        require_change(db, contact, item, item.after)
    except Invalid as error:
        raise error.under("after") from None
    return item


def _label(asked: Asked) -> str | None:
    if asked.field not in ADDS or not asked.label:
        return None
    try:
        return visible(asked.label.strip(), LONGEST_LABEL) or None
    except Invalid as error:
        raise error.under("label") from None


def _link_of(db: Db, contact: Contact, asked: Asked) -> UUID | None:
    if asked.field not in REMOVES:
        if asked.link_key:
            raise Invalid("This correction names no destination.", path=("destinationId",))
        return None
    if asked.link_key is None:
        raise Invalid("Say which one it is about.", path=("destinationId",))
    link = db.get(Link, *asked.link_key) if asked.link_key[0] == contact.district_id else None
    if link is None or link.contact_id != contact.id or link.retired_at is not None:
        raise NotFound(path=("destinationId",))
    destination = db.get(Destination, link.district_id, link.destination_id)
    if destination is None or destination.kind is not REMOVES[asked.field]:
        raise Invalid("This correction is about another kind of destination.", path=("field",))
    return link.id


def _student_of(db: Db, actor: Actor, contact: Contact, asked: Asked) -> UUID | None:
    if asked.field is not ContactField.NOT_MY_CHILD:
        if asked.student_key:
            raise Invalid("This correction names no student.", path=("studentId",))
        return None
    if asked.student_key is None:
        raise Invalid("Say which student it is about.", path=("studentId",))
    try:
        return own_student(db, require_guardian(actor), contact, asked.student_key).id
    except NotFound:
        raise NotFound(path=("studentId",)) from None


def withdraw_change(db: Db, actor: Actor, request_key: Key) -> ChangeRequest:
    """Take a request back before it is decided. Raises Conflict when the school was first."""
    guardian = require_guardian(actor)
    request = db.get(ChangeRequest, *request_key)
    if request is None or request.account_id is None:  # a conflict is the school's own question
        raise NotFound(path=("changeRequestId",))
    try:
        own_contact(db, guardian, (request.district_id, request.contact_id))
    except NotFound:
        raise NotFound(path=("changeRequestId",)) from None
    db.session.refresh(request)
    if request.status is ChangeRequestStatus.WITHDRAWN:
        return request
    if request.status is not ChangeRequestStatus.PENDING:
        raise Conflict(
            "The school has already answered this.",
            current_version=request.version,
            current=request.status,
            changed_at=request.decided_at,
            path=("changeRequestId",),
        )
    request.status = ChangeRequestStatus.WITHDRAWN
    request.decided_at = db.now  # by nobody: staff who come too late are told when
    request.version += 1
    return request
