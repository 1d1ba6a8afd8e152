"""A district and what it has settled: made and changed by its file."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.actor import Actor, Service
from app.audit.record import record
from app.database import Db
from app.directory.district_file import SenderSettings, TypeSettings, read_district
from app.directory.models import BroadcastType, District, Sender
from app.errors import Forbidden, NotFound


def find_district(db: Db, key: str) -> District:
    """The district with this key; raises NotFound."""
    district = db.session.scalar(sa.select(District).where(District.key == key))
    if district is None:
        raise NotFound(path=("district",))
    return district


def apply_district(db: Db, actor: Actor, document: Mapping[str, Any]) -> District:
    """Create the district, or bring it in line with the document (district.toml).

    The document says all: what it does not name goes back to its default, a sender it does not
    name is removed, a type is retired, since messages and choices point to it. Raises Invalid
    that names the key. Operators only.
    """
    if not isinstance(actor, Service):
        raise Forbidden("Only an operator can set up a district.")
    settings = read_district(document)
    district = db.session.scalar(
        sa.select(District).where(District.key == settings.key).with_for_update(key_share=True)
    )
    created = district is None
    if district is None:
        district = District(key=settings.key, version=1, **settings.columns)
        db.add(district)
        db.flush()
    changed = _set(district, settings.columns)
    changed |= _apply_senders(db, district.id, settings.senders)
    changed |= _apply_types(db, district.id, settings.types)
    if created or changed:
        district.version += not created
        action = "district.created" if created else "district.changed"
        record(db, actor, district.id, action, district.id, version=district.version)
    db.flush()
    return district


def _apply_senders(db: Db, district_id: UUID, wanted: list[SenderSettings]) -> bool:
    there = {
        (sender.provider, sender.number): sender
        for sender in db.session.scalars(sa.select(Sender).where(Sender.district_id == district_id))
    }
    changed = False
    for each in wanted:
        sender = there.pop((each.provider, each.number), None)
        if sender is None:
            sender = Sender(district_id=district_id, provider=each.provider, number=each.number)
            db.add(sender)
        changed |= _set(sender, {"provider_confirms": each.provider_confirms})
    for sender in there.values():
        db.session.delete(sender)
    return changed or bool(there)


def _apply_types(db: Db, district_id: UUID, wanted: list[TypeSettings]) -> bool:
    there = {
        kind.code: kind
        for kind in db.session.scalars(
            sa.select(BroadcastType).where(BroadcastType.district_id == district_id)
        )
    }
    changed = False
    for position, each in enumerate(wanted):
        kind = there.pop(each.code, None)
        if kind is None:
            kind = BroadcastType(district_id=district_id, code=each.code, version=0)
            db.add(kind)
        changed |= _revise(kind, {**_columns(each), "position": position, "retired_at": None})
    for kind in there.values():
        if kind.retired_at is None:
            changed |= _revise(kind, {"retired_at": db.now})
    return changed


def _columns(kind: TypeSettings) -> dict[str, Any]:
    return {
        "name": kind.name,
        "description": kind.description,
        "emergency": kind.emergency,
        "default": kind.default,
        "locked": kind.locked,
    }


def _revise(kind: BroadcastType, values: Mapping[str, Any]) -> bool:
    changed = _set(kind, values)
    kind.version += changed
    return changed


def _set(row: District | Sender | BroadcastType, values: Mapping[str, Any]) -> bool:
    """Whether any of the values was another before."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return bool(changed)
