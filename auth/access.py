"""Who may do what at the desk: features granted, taken back and listed.

Nobody grants a feature or a school she lacks, and a district keeps at least one person who
manages access for all of it. The command line may make the first.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.actor import Actor, Service, identity, require_staff
from app.audit.record import record
from app.database import Db
from app.directory.addresses import normalised_address
from app.directory.models import District, School
from app.errors import Forbidden, NotFound
from app.vocabulary import Feature
from auth.accounts import account_for
from auth.models import AccessGrant, Account

LOCK_DISTRICT = (
    sa.select(District.id)
    .where(District.id == sa.bindparam("district_id"))
    .with_for_update(key_share=True)
)
SCHOOLS = sa.select(School.id).where(
    School.district_id == sa.bindparam("district_id"),
    School.id.in_(sa.bindparam("school_ids", expanding=True)),
    School.retired_at.is_(None),
)
GRANTS_OF_ACCOUNT = (
    sa.select(AccessGrant)
    .join(Account, Account.id == AccessGrant.account_id)
    .where(
        AccessGrant.district_id == sa.bindparam("district_id"),
        Account.email == sa.bindparam("email"),
    )
)
ACCESS = (
    sa.select(
        Account.email,
        AccessGrant.feature,
        AccessGrant.school_id,
        AccessGrant.granted_by,
        AccessGrant.granted_at,
    )
    .join(Account, Account.id == AccessGrant.account_id)
    .where(AccessGrant.district_id == sa.bindparam("district_id"))
    .order_by(Account.email, AccessGrant.feature, AccessGrant.school_id)
)
MANAGERS = (
    sa.select(sa.func.count())
    .select_from(AccessGrant)
    .join(Account, Account.id == AccessGrant.account_id)
    .where(
        AccessGrant.district_id == sa.bindparam("district_id"),
        AccessGrant.feature == Feature.MANAGE_ACCESS,
        AccessGrant.school_id.is_(None),
        Account.disabled_at.is_(None),
    )
)
MANAGER = (Feature.MANAGE_ACCESS, None)


class Access(NamedTuple):
    """One feature of one person; `school_id` None means the whole district."""

    email: str
    feature: Feature
    school_id: UUID | None
    granted_by: str
    granted_at: datetime


def grant_access(
    db: Db,
    actor: Actor,
    email: str,
    features: Collection[Feature],
    district_id: UUID,
    school_ids: Collection[UUID] = (),
) -> list[Access]:
    """Give a person these features, for the whole district or for these schools only.

    What she has already stays as it is. Gives all she holds in the district afterwards. Raises
    Invalid for what is no address, NotFound for a school, Forbidden beyond the actor's own.
    """
    _require_reach(actor, district_id, {Feature.MANAGE_ACCESS, *features}, school_ids)
    address = normalised_address(email)
    _lock(db, district_id)
    _require_schools(db, district_id, school_ids)
    account = account_for(db, address, actor.language)
    held = {(row.feature, row.school_id) for row in _grants(db, district_id, address)}
    places: Collection[UUID | None] = school_ids or [None]
    wanted = {(feature, place) for feature in features for place in places}
    covered = {pair for pair in wanted if pair in held or (pair[0], None) in held}
    for feature, school_id in sorted(wanted - covered, key=str):
        grant = AccessGrant(
            district_id=district_id,
            account_id=account.id,
            feature=feature,
            school_id=school_id,
            granted_by=identity(actor),
            granted_at=db.now,
        )
        db.add(grant)
        _note(db, actor, "access.granted", grant)
    return _access(db, district_id, address)


def revoke_access(
    db: Db,
    actor: Actor,
    email: str,
    features: Collection[Feature],
    district_id: UUID,
    school_ids: Collection[UUID] = (),
) -> list[Access]:
    """Take these features back: everywhere in the district, or at these schools.

    Gives what the person still holds there. Raises NotFound if she holds none of it, Forbidden
    beyond the actor's own schools or for the last person who manages access.
    """
    _require_reach(actor, district_id, {Feature.MANAGE_ACCESS}, school_ids)
    address = normalised_address(email)
    _lock(db, district_id)
    leaving = [
        row
        for row in _grants(db, district_id, address)
        if row.feature in features and (not school_ids or row.school_id in school_ids)
    ]
    if not leaving:
        raise NotFound(path=("features",))
    for row in leaving:
        db.session.delete(row)
        _note(db, actor, "access.revoked", row)
    manager_leaves = any((row.feature, row.school_id) == MANAGER for row in leaving)
    if manager_leaves and not db.scalar(MANAGERS, district_id=district_id):
        raise Forbidden("Somebody must be left who manages access for the whole district.")
    return _access(db, district_id, address)


def list_access(db: Db, actor: Actor, district_id: UUID) -> list[Access]:
    """Who holds what; somebody who manages a few schools sees what was granted for these."""
    schools = _reach(actor, district_id, Feature.MANAGE_ACCESS)
    every = [Access._make(row) for row in db.all(ACCESS, district_id=district_id)]
    return [access for access in every if schools is None or access.school_id in schools]


def _require_reach(
    actor: Actor, district_id: UUID, features: Collection[Feature], school_ids: Collection[UUID]
) -> None:
    for feature in features:
        schools = _reach(actor, district_id, feature)
        if schools is not None and not (school_ids and schools.issuperset(school_ids)):
            raise Forbidden(f"You have not been granted {feature} for all of that.")


def _reach(actor: Actor, district_id: UUID, feature: Feature) -> frozenset[UUID] | None:
    """The schools for which the actor holds the feature; None = the whole district."""
    if isinstance(actor, Service):
        if district_id not in actor.districts:
            raise Forbidden("This program does not act in that district.")
        return None
    return require_staff(actor, feature, district_id).schools(district_id, feature)


def _lock(db: Db, district_id: UUID) -> None:
    """One change of access at a time in a district: two last managers cannot leave together."""
    if db.one(LOCK_DISTRICT, district_id=district_id) is None:
        raise NotFound(path=("districtId",))


def _require_schools(db: Db, district_id: UUID, school_ids: Collection[UUID]) -> None:
    found = db.all(SCHOOLS, district_id=district_id, school_ids=list(school_ids))
    if len(found) < len(set(school_ids)):
        raise NotFound(path=("schoolIds",))


def _grants(db: Db, district_id: UUID, address: str) -> list[AccessGrant]:
    parameters = {"district_id": district_id, "email": address}
    return list(db.session.scalars(GRANTS_OF_ACCOUNT, parameters))


def _access(db: Db, district_id: UUID, address: str) -> list[Access]:
    every = [Access._make(row) for row in db.all(ACCESS, district_id=district_id)]
    return [access for access in every if access.email == address]


def _note(db: Db, actor: Actor, action: str, grant: AccessGrant) -> None:
    record(
        db,
        actor,
        grant.district_id,
        action,
        grant.account_id,
        feature=grant.feature,
        school=grant.school_id,
    )
