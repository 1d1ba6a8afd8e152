"""A parent asks the school to correct her contact data, or takes the request back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.actor import Actor, require_guardian
from app.changes.fields import ADDS, REMOVES, read_after, value_now
from app.changes.models import ChangeItem, ChangeRequest
from app.database import Db
from app.directory.links import Key
from app.directory.models import Contact, Destination
from app.directory.policy import Policy, load_policies
from app.directory.visible import own_contact, own_link, own_student
from app.errors import Conflict, Forbidden, Invalid, NotFound, PortalError
from app.optouts.deadline import end_of_business_day
from app.vocabulary import ChangeRequestStatus, ContactEditMode, ContactField

MOST_ITEMS = 20
MOST_OPEN = 10
LONGEST_NOTE = 2000
LONGEST_LABEL = 40
DAYS_TO_ANSWER = 2


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
    for position, asked in enumerate(items):
        try:
            db.add(_item(db, actor, contact, policy, request, position, asked))
        except PortalError as error:
            raise error.under("items", str(position)) from None
    db.flush()
    return request


def _require_modest(db: Db, contact: Contact, items: Sequence[Asked], note: str | None) -> None:
    if not 1 <= len(items) <= MOST_ITEMS:
        raise Invalid(f"Ask for 1 to {MOST_ITEMS} corrections at a time.", path=("items",))
    targets = [(asked.field, asked.link_key, asked.student_key, asked.after) for asked in items]
    if len(set(targets)) < len(targets):
        raise Invalid("The same correction stands here twice.", path=("items",))
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


def _item(
    db: Db,
    actor: Actor,
    contact: Contact,
    policy: Policy,
    request: ChangeRequest,
    position: int,
    asked: Asked,
) -> ChangeItem:
    if asked.label and len(asked.label) > LONGEST_LABEL:
        raise Invalid(f"A label has at most {LONGEST_LABEL} characters.", path=("label",))
    item = ChangeItem(
        district_id=contact.district_id,
        id=uuid7(),
        request_id=request.id,
        position=position,
        field=asked.field,
        link_id=_link_of(db, actor, contact, asked),
        student_id=_student_of(db, actor, contact, asked),
        after=read_after(asked.field, asked.after, policy.region),
        label=asked.label if asked.field in ADDS else None,
    )
    item.before = item.base = value_now(db, contact, item)
    if item.after is not None and item.after == item.before:
        raise Invalid("This is what the school has already.", path=("after",))
    return item


def _link_of(db: Db, actor: Actor, contact: Contact, asked: Asked) -> UUID | None:
    if asked.field not in REMOVES:
        if asked.link_key:
            raise Invalid("This correction names no destination.", path=("destinationId",))
        return None
    if asked.link_key is None:
        raise Invalid("Say which one it is about.", path=("destinationId",))
    try:
        holder, link = own_link(db, actor, asked.link_key)
    except NotFound:
        raise NotFound(path=("destinationId",)) from None
    destination = db.get(Destination, link.district_id, link.destination_id)
    if holder.id != contact.id or destination is None:
        raise NotFound(path=("destinationId",))
    if destination.kind is not REMOVES[asked.field]:
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
    if request is None or (request.district_id, request.contact_id) not in guardian.contacts:
        raise NotFound(path=("changeRequestId",))
    own_contact(db, guardian, (request.district_id, request.contact_id))
    db.session.refresh(request)
    if request.status is ChangeRequestStatus.WITHDRAWN:
        return request
    if request.status is not ChangeRequestStatus.PENDING:
        raise Conflict(
            "The school has already answered this.",
            current_version=request.version,
            current=request.status,
            changed_at=request.decided_at,
        )
    request.status = ChangeRequestStatus.WITHDRAWN
    request.version += 1
    return request
