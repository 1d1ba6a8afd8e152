"""Which requests a parent and the desk see, and what they see of each."""

import pytest

from app.changes.models import ChangeItem, ChangeRequest
from app.changes.reading import find_request, items_of, requests_of_contact, review_queue
from app.changes.requests import Asked
from app.directory.links import Key
from app.directory.models import Contact
from app.errors import Forbidden, NotFound
from app.vocabulary import ChangeRequestStatus, ContactField, Feature
from tests.changes.steps import ask
from tests.world import World, a_contact, a_guardianship, a_student


@pytest.fixture
def marge(world: World) -> Contact:
    with world.database.write(world.service) as db:
        marge = a_contact(db, world.district)
        a_guardianship(db, marge, a_student(db, world.north))
    return marge


@pytest.fixture
def asked(world: World, marge: Contact) -> Key:
    return ask(world, marge, Asked(ContactField.FAMILY_NAME, after="Bouvier"))


@pytest.fixture
def conflict(world: World, marge: Contact) -> Key:
    """As an import writes it, when the SIS says a third name."""
    with world.database.write(world.service) as db:
        row = db.lock(Contact, marge.district_id, marge.id)
        assert row is not None
        row.sis = {"FAMILY_NAME": "Skinner"}
        request = ChangeRequest(
            district_id=marge.district_id,
            contact_id=marge.id,
            status=ChangeRequestStatus.PENDING,
            submitted_at=db.now,
            due_at=db.now,
        )
        db.add(request)
        db.flush()
        item = ChangeItem(
            district_id=marge.district_id,
            request_id=request.id,
            position=0,
            field=ContactField.FAMILY_NAME,
            before="Skinner",
            base="Skinner",
            after="Bouvier",
        )
        db.add(item)
    return request.district_id, request.id


def of_contact(world: World, actor, contact: Contact) -> list[Key]:
    with world.database.read(actor) as db:
        key = (contact.district_id, contact.id)
        return [row.key for row in requests_of_contact(db, actor, key, None, None, None).rows]


def in_queue(world: World, clerk) -> list[Key]:
    with world.database.read(clerk) as db:
        page = review_queue(
            db, clerk, world.district.id, status=None, school=None, first=None, after=None
        )
    return [row.key for row in page.rows]


def test_a_question_of_the_schools_own_files_is_for_staff_alone(
    world: World, marge: Contact, asked: Key, conflict: Key
):
    parent, clerk = world.guardian(marge), world.clerk()
    assert of_contact(world, parent, marge) == [asked]
    assert set(of_contact(world, clerk, marge)) == set(in_queue(world, clerk)) == {asked, conflict}
    with world.database.read(parent) as db:
        with pytest.raises(NotFound):
            find_request(db, parent, conflict)
        assert find_request(db, clerk, conflict).account_id is None


def test_staff_who_may_see_contacts_but_not_review_see_no_requests(
    world: World, marge: Contact, asked: Key
):
    clerk = world.clerk([Feature.VIEW_CONTACTS])
    with pytest.raises(Forbidden):
        of_contact(world, clerk, marge)
    with pytest.raises(Forbidden):
        in_queue(world, clerk)


def test_a_clerk_of_another_school_sees_no_requests_of_the_contact(
    world: World, marge: Contact, asked: Key
):
    clerk = world.clerk([Feature.VIEW_CONTACTS, Feature.REVIEW_CHANGES], world.south)
    assert of_contact(world, clerk, marge) == in_queue(world, clerk) == []
    assert in_queue(world, world.clerk(school=world.north)) == [asked]


def test_the_requests_of_somebody_who_left_wait_out_of_sight(
    world: World, marge: Contact, asked: Key
):
    for gone in (True, False):
        with world.database.write(world.service) as db:
            row = db.get(Contact, marge.district_id, marge.id)
            assert row is not None
            row.retired_at = db.now if gone else None
        assert in_queue(world, world.clerk()) == ([] if gone else [asked])


def test_a_conflict_shows_what_the_schools_files_say_now(
    world: World, marge: Contact, conflict: Key
):
    def current() -> str | None:
        with world.database.read(world.service) as db:
            return items_of(db, [conflict])[0].current

    assert current() == "Skinner"
    with world.database.write(world.service) as db:
        row = db.lock(Contact, marge.district_id, marge.id)
        assert row is not None
        row.sis = {"FAMILY_NAME": "Spuckler"}
    assert current() == "Spuckler"
