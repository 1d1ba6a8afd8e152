"""Staff decide what families asked for: compare-and-set on each value, one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from app.actor import Actor, Staff, require_staff
from app.audit.record import record
from app.changes.apply import apply_items
from app.changes.fields import read_after, require_change, value_now
from app.changes.models import ChangeItem, ChangeRequest
from app.changes.notices import mailboxes_of, tell_decision, tell_new_address
from app.changes.sis_conflicts import settle_sis_conflict, value_in_sis
from app.database import Db
from app.directory.links import Key
from app.directory.models import Contact
from app.directory.policy import load_policies
from app.directory.scope import is_in_scope
from app.errors import Conflict, Forbidden, Invalid, NotFound, PortalError, Stale
from app.vocabulary import ChangeDecision, ChangeRequestStatus, Feature

LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class ItemDecision:
    """Yes or no to one item; `corrected` replaces what the parent asked for."""

    position: int
    accept: bool
    corrected: str | None = None


@dataclass(slots=True)
class Outcome:
    """`stale`: values that moved. Nothing was decided, and each must be looked at again."""

    request: ChangeRequest
    stale: list[PortalError] = field(default_factory=list)


def decide_change(
    db: Db,
    actor: Actor,
    request_key: Key,
    version: int,
    decision: ChangeDecision,
    item_decisions: Sequence[ItemDecision] = (),
    reason: str | None = None,
) -> Outcome:
    """Approve or reject, whole or by item. Raises Conflict when somebody else was first."""
    staff = require_staff(actor, Feature.REVIEW_CHANGES)
    request, contact = _lock_for_review(db, staff, request_key)
    _require_open(request, version)
    items = items_of(db, request)
    verdicts = _verdicts(items, decision, item_decisions)
    refused = [item for item in items if not verdicts[item.position].accept]
    reason = _reason(reason, required=bool(refused))
    corrected = _corrections(db, request, contact, items, item_decisions)
    if stale := _stale(db, request, contact, items, verdicts):
        return Outcome(request, stale)
    for item in items:
        item.accepted = verdicts[item.position].accept
        item.corrected = corrected.get(item.position)
    _carry_out(db, actor, request, contact, items)
    _close(db, staff, request, refused=len(refused), of=len(items), reason=reason)
    tell_decision(db, request, contact)
    return Outcome(request)


def _carry_out(
    db: Db, actor: Actor, request: ChangeRequest, contact: Contact, items: Sequence[ChangeItem]
) -> None:
    if request.account_id is None:
        for item in items:
            settle_sis_conflict(db, actor, contact, request, item)
        return
    known = mailboxes_of(db, contact)
    apply_items(db, actor, contact, [item for item in items if item.accepted])
    if mailboxes_of(db, contact) - known:
        tell_new_address(db, contact, known)


def items_of(db: Db, request: ChangeRequest) -> Sequence[ChangeItem]:
    return db.session.scalars(
        sa.select(ChangeItem)
        .where(ChangeItem.district_id == request.district_id, ChangeItem.request_id == request.id)
        .order_by(ChangeItem.position)
    ).all()


def _lock_for_review(db: Db, staff: Staff, key: Key) -> tuple[ChangeRequest, Contact]:
    """The contact, then the request, locked: the order of everybody who writes them."""
    missing = NotFound(path=("changeRequestId",))
    request = db.get(ChangeRequest, *key) if key[0] in staff.districts else None
    if request is None or Feature.REVIEW_CHANGES not in staff.features(request.district_id):
        raise missing
    contact = db.lock(Contact, request.district_id, request.contact_id)
    if contact is None or contact.retired_at is not None:
        raise missing
    if not is_in_scope(db, staff, Feature.REVIEW_CHANGES, contact):
        raise missing
    if (contact.district_id, contact.id) in staff.own_contacts or (
        request.account_id == staff.account_id
    ):
        raise Forbidden("Somebody else decides about your own contact data.")
    locked = db.lock(ChangeRequest, *key)
    assert locked is not None
    return locked, contact


def _require_open(request: ChangeRequest, version: int) -> None:
    if request.status is ChangeRequestStatus.PENDING and request.version == version:
        return
    if request.status is ChangeRequestStatus.PENDING:
        said = "This has changed since you looked. Please look again."
    elif request.status is ChangeRequestStatus.WITHDRAWN:
        said = "The parent has taken this back."
    else:
        said = "Somebody else was first."
    raise Conflict(
        said,
        current_version=request.version,
        current=request.status,
        changed_by=request.decider,
        changed_at=request.decided_at,
        path=("version",),
    )


def _verdicts(
    items: Sequence[ChangeItem], decision: ChangeDecision, asked: Sequence[ItemDecision]
) -> Mapping[int, ItemDecision]:
    if decision is not ChangeDecision.PER_ITEM:
        if asked:
            raise Invalid("Items are decided one by one with PER_ITEM only.", path=("items",))
        accept = decision is ChangeDecision.APPROVE
        return {item.position: ItemDecision(item.position, accept) for item in items}
    verdicts = {verdict.position: verdict for verdict in asked}
    if len(verdicts) < len(asked) or set(verdicts) != {item.position for item in items}:
        raise Invalid("Decide every item of the request, each once.", path=("items",))
    return verdicts


def _reason(reason: str | None, *, required: bool) -> str | None:
    reason = (reason or "").strip()
    if required and not reason:
        raise Invalid("The parent will read why. Please give a reason.", path=("reason",))
    if len(reason) > LONGEST_REASON:
        raise Invalid(f"A reason has at most {LONGEST_REASON} characters.", path=("reason",))
    return reason or None


def _corrections(
    db: Db,
    request: ChangeRequest,
    contact: Contact,
    items: Sequence[ChangeItem],
    asked: Sequence[ItemDecision],
) -> Mapping[int, str | None]:
    """What staff put in the place of a parent's words, by position of the item."""
    better = [(i, verdict) for i, verdict in enumerate(asked) if verdict.corrected is not None]
    if not better:
        return {}
    region = load_policies(db, [request.district_id])[request.district_id].region
    by_position = {item.position: item for item in items}
    corrected: dict[int, str | None] = {}
    for place, verdict in better:
        item = by_position[verdict.position]
        try:
            if not verdict.accept or request.account_id is None:
                raise Invalid("Only what a parent asked and you accept can be corrected.")
            corrected[item.position] = read_after(item.field, verdict.corrected, region)
            require_change(db, contact, item, corrected[item.position])
        except PortalError as error:
            raise error.under("items", str(place), "corrected") from None
    return corrected


def _stale(
    db: Db,
    request: ChangeRequest,
    contact: Contact,
    items: Sequence[ChangeItem],
    verdicts: Mapping[int, ItemDecision],
) -> list[PortalError]:
    """Items whose value has moved: taken as the new base, to be decided again.

    What is refused stays as it is, whatever that is; a conflict with the SIS is decided upon what
    it says, either way.
    """
    in_conflict = request.account_id is None
    read_now = value_in_sis if in_conflict else value_now
    moved: list[tuple[ChangeItem, str | None, str | None]] = []
    for item in items:
        now = read_now(db, contact, item)
        if now != item.base and (in_conflict or verdicts[item.position].accept):
            moved.append((item, item.base, now))
            item.base = now
    if moved:
        request.version += 1
    return [
        Stale(
            "The value has changed since this was asked. Please look again.",
            current_version=request.version,
            was=was,
            current=now,
            asked=item.after,
            path=("items", str(item.position)),
        )
        for item, was, now in moved
    ]


def _close(
    db: Db, staff: Staff, request: ChangeRequest, *, refused: int, of: int, reason: str | None
) -> None:
    if refused == of:
        request.status = ChangeRequestStatus.REJECTED
    elif refused:
        request.status = ChangeRequestStatus.PARTLY_APPROVED
    else:
        request.status = ChangeRequestStatus.APPROVED
    request.reason = reason
    request.decided_at, request.decided_by = db.now, staff.account_id
    request.decider = staff.email
    request.version += 1
    record(
        db,
        staff,
        request.district_id,
        "change_request.decided",
        request.id,
        status=request.status,
    )
