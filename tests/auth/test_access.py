"""Staff features: given and taken back, never beyond what the giver holds."""

import threading
from collections.abc import Collection
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from app.actor import Actor, Service, Visitor
from app.audit.models import AuditEntry
from app.errors import Forbidden, Invalid, NotFound, PortalError, Unauthenticated
from app.vocabulary import Feature
from auth.access import Access, grant_access, list_access, revoke_access
from auth.models import Account
from tests.world import World, a_contact, a_district, a_school

MANAGE, VIEW, EXPORT = Feature.MANAGE_ACCESS, Feature.VIEW_CONTACTS, Feature.EXPORT
EDNA, SEYMOUR = "edna@example.org", "seymour@example.org"


def granted(
    world: World, actor: Actor, email: str, *features: Feature, at: Collection[UUID] = ()
) -> set[tuple[Feature, UUID | None]]:
    with world.database.write(actor) as db:
        return held(grant_access(db, actor, email, features, world.district.id, at))


def revoked(
    world: World, actor: Actor, email: str, *features: Feature, at: Collection[UUID] = ()
) -> set[tuple[Feature, UUID | None]]:
    with world.database.write(actor) as db:
        return held(revoke_access(db, actor, email, features, world.district.id, at))


def held(access: list[Access]) -> set[tuple[Feature, UUID | None]]:
    return {(one.feature, one.school_id) for one in access}


def test_the_command_line_makes_the_first_administrator(world: World) -> None:
    assert granted(world, world.service, "Edna@Example.org", MANAGE) == {(MANAGE, None)}
    with world.database.read(Visitor()) as db:
        (account,) = db.session.query(Account).all()
        (entry,) = db.session.query(AuditEntry).all()
    assert account.email == EDNA
    assert (entry.action, entry.actor, entry.subject_id) == (
        "access.granted", "service:test", account.id,
    )  # fmt: skip
    assert entry.detail == {"feature": "MANAGE_ACCESS", "school": None}


def test_granting_twice_changes_nothing(world: World) -> None:
    for _ in range(2):
        assert granted(world, world.service, EDNA, VIEW, at=[world.north.id]) == {
            (VIEW, world.north.id)
        }
    with world.database.read(Visitor()) as db:
        assert db.session.query(AuditEntry).count() == 1


def test_a_school_adds_nothing_to_the_whole_district(world: World) -> None:
    granted(world, world.service, EDNA, VIEW)
    assert granted(world, world.service, EDNA, VIEW, at=[world.north.id]) == {(VIEW, None)}


# who gives: features and school; what she gives: features and schools; what comes of it
GIVING = [
    ([MANAGE, VIEW], None, [VIEW], [], None),
    ([MANAGE, VIEW], None, [VIEW], ["north"], None),
    ([MANAGE, VIEW], None, [MANAGE], [], None),
    ([MANAGE, VIEW], None, [EXPORT], [], Forbidden),
    ([MANAGE, VIEW], None, [VIEW, EXPORT], [], Forbidden),
    ([MANAGE, VIEW], "north", [VIEW], ["north"], None),
    ([MANAGE, VIEW], "north", [VIEW], [], Forbidden),
    ([MANAGE, VIEW], "north", [VIEW], ["south"], Forbidden),
    ([MANAGE, VIEW], "north", [VIEW], ["north", "south"], Forbidden),
    ([VIEW, EXPORT], None, [VIEW], [], Forbidden),
]


@pytest.mark.parametrize(("holds", "of", "features", "schools", "refusal"), GIVING)
def test_nobody_grants_a_feature_or_a_school_she_lacks(
    world: World,
    holds: list[Feature],
    of: str | None,
    features: list[Feature],
    schools: list[str],
    refusal: type[PortalError] | None,
) -> None:
    clerk = world.clerk(holds, getattr(world, of) if of else None)
    at = [getattr(world, name).id for name in schools]
    if refusal is None:
        assert granted(world, clerk, EDNA, *features, at=at)
        return
    with pytest.raises(refusal):
        granted(world, clerk, EDNA, *features, at=at)
    with world.database.read(world.service) as db:
        assert list_access(db, world.service, world.district.id) == []


def test_a_school_of_another_district_does_not_exist(world: World) -> None:
    with world.database.write(world.service) as db:
        theirs = a_school(db, a_district(db, "shelbyville"))
        retired = a_school(db, world.district, retired_at=db.now)
    for school_id in (theirs.id, retired.id, uuid7()):
        with pytest.raises(NotFound):
            granted(world, world.service, EDNA, VIEW, at=[school_id])


def test_a_grant_of_another_district_gives_nothing_here(world: World) -> None:
    stranger = world.clerk(Feature)
    other = uuid7()
    for act in (grant_access, revoke_access):
        with world.database.write(stranger) as db, pytest.raises(Forbidden):
            act(db, stranger, EDNA, [VIEW], other)
    elsewhere = Service("cli", frozenset({other}))
    with world.database.write(elsewhere) as db, pytest.raises(Forbidden):
        grant_access(db, elsewhere, EDNA, [VIEW], world.district.id)
    with world.database.write(elsewhere) as db, pytest.raises(NotFound):
        grant_access(db, elsewhere, EDNA, [VIEW], other)


def test_parents_and_visitors_decide_nothing(world: World) -> None:
    with world.database.write(world.service) as db:
        parent = world.guardian(a_contact(db, world.district))
    for actor, refusal in ((parent, Forbidden), (Visitor(), Unauthenticated)):
        for act in (granted, revoked):
            with pytest.raises(refusal):
                act(world, actor, EDNA, VIEW)


def test_the_last_person_who_manages_access_stays(world: World) -> None:
    granted(world, world.service, EDNA, MANAGE, VIEW)
    granted(world, world.service, SEYMOUR, MANAGE, at=[world.north.id])
    with pytest.raises(Forbidden):
        revoked(world, world.service, EDNA, MANAGE, VIEW)
    with world.database.read(world.service) as db:
        assert len(list_access(db, world.service, world.district.id)) == 3
    granted(world, world.service, SEYMOUR, MANAGE)
    assert revoked(world, world.service, EDNA, MANAGE, VIEW) == set()


def test_a_disabled_administrator_does_not_count_as_left(world: World) -> None:
    for email in (EDNA, SEYMOUR):
        granted(world, world.service, email, MANAGE)
    with world.database.write(world.service) as db:
        db.session.query(Account).filter_by(email=SEYMOUR).one().disabled_at = db.now
    with pytest.raises(Forbidden):
        revoked(world, world.service, EDNA, MANAGE)


def test_two_administrators_who_remove_each_other_at_once_leave_one(world: World) -> None:
    for email in (EDNA, SEYMOUR):
        granted(world, world.service, email, MANAGE)
    start = threading.Barrier(2)
    outcomes: list[Any] = []

    def one(email: str) -> None:
        start.wait()
        try:
            outcomes.append(revoked(world, world.service, email, MANAGE))
        except Forbidden:
            outcomes.append(Forbidden)

    threads = [threading.Thread(target=one, args=(email,)) for email in (EDNA, SEYMOUR)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == sorted([str(set()), str(Forbidden)])


def test_revoking_at_a_school_leaves_the_others(world: World) -> None:
    granted(world, world.service, EDNA, VIEW, at=[world.north.id, world.south.id])
    manager = world.clerk([MANAGE], world.north)
    assert revoked(world, manager, EDNA, VIEW, at=[world.north.id]) == {(VIEW, world.south.id)}
    with pytest.raises(Forbidden):
        revoked(world, manager, EDNA, VIEW, at=[world.south.id])
    with pytest.raises(Forbidden):
        revoked(world, manager, EDNA, VIEW)
    with pytest.raises(NotFound):
        revoked(world, manager, EDNA, VIEW, at=[world.north.id])


def test_a_manager_of_one_school_sees_the_grants_of_that_school(world: World) -> None:
    granted(world, world.service, EDNA, VIEW, at=[world.north.id])
    granted(world, world.service, SEYMOUR, VIEW, at=[world.south.id])
    manager = world.clerk([MANAGE], world.north)
    with world.database.read(manager) as db:
        assert [one.email for one in list_access(db, manager, world.district.id)] == [EDNA]


def test_an_address_that_is_none_is_refused(world: World) -> None:
    with pytest.raises(Invalid):
        granted(world, world.service, "edna", VIEW)
