"""What a family may ask for, and what is refused before anybody at school sees it."""

from datetime import UTC, datetime

import pytest

from app.changes.models import ChangeItem, ChangeRequest
from app.changes.requests import MOST_OPEN, Asked, submit_change, withdraw_change
from app.directory.models import Contact
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.vocabulary import ChangeRequestStatus, ContactEditMode, ContactField
from tests.changes.steps import all_of, ask, decide, held, link_of, request_now
from tests.world import World, a_contact, a_district, a_guardianship, a_student

HERS, HERS_TOO, NEW = "+12175550143", "+12175550144", "+12175550199"
MAIL = "marge@example.org"


@pytest.fixture
def marge(world: World) -> Contact:
    with world.database.write(world.service) as db:
        return a_contact(db, world.district, with_phone=[HERS, HERS_TOO], with_email=MAIL)


def test_a_request_keeps_what_stood_there_when_it_was_asked(world: World, marge: Contact):
    request = ask(
        world,
        marge,
        Asked(ContactField.FAMILY_NAME, after="  Bouvier "),
        Asked(ContactField.REPLACE_PHONE, link_key=link_of(world, marge, HERS), after=NEW),
        Asked(ContactField.ADD_EMAIL, after="Marge.B@Example.org", label=" work "),
        note="I am divorced.",
    )
    row, items = request_now(world, request)
    assert (row.status, row.note, row.version) == (
        ChangeRequestStatus.PENDING,
        "I am divorced.",
        1,
    )
    said = [(item.before, item.base, item.after, item.label) for item in items]
    assert said == [
        ("Simpson", "Simpson", "Bouvier", None),
        (HERS, HERS, NEW, None),
        (None, None, "marge.b@example.org", "work"),
    ]


def test_a_request_is_due_at_the_end_of_the_second_school_day(world: World, marge: Contact):
    """Asked on Friday; Thursday is Thanksgiving, but Tuesday is soon enough."""
    row, _ = request_now(world, ask(world, marge, Asked(ContactField.GIVEN_NAME, after="Midge")))
    assert row.due_at == datetime(2026, 11, 25, 6, 0, tzinfo=UTC)


def test_a_number_the_contact_has_already_is_refused_in_any_spelling(world: World, marge: Contact):
    hers = link_of(world, marge, HERS)
    for asked in (
        Asked(ContactField.ADD_PHONE, after="(217) 555-0144"),
        Asked(ContactField.ADD_PHONE, after="217-555-0144 ext. 9"),
        Asked(ContactField.REPLACE_PHONE, link_key=hers, after="217.555.0144"),
        Asked(ContactField.REPLACE_PHONE, link_key=hers, after="217.555.0143"),
        Asked(ContactField.ADD_EMAIL, after="MARGE@example.org"),
    ):
        with pytest.raises(Invalid, match="already") as refused:
            ask(world, marge, asked)
        assert refused.value.path == ("items", "0", "after")
    assert all_of(world, ChangeRequest) == []


def test_a_number_of_somebody_else_is_asked_for_like_any_other(world: World, marge: Contact):
    with world.database.write(world.service) as db:
        a_contact(db, world.district, with_phone=NEW)
    ask(world, marge, Asked(ContactField.ADD_PHONE, after=NEW))


@pytest.mark.parametrize(
    "second",
    [
        Asked(ContactField.ADD_PHONE, after="(217) 555-0199"),
        Asked(ContactField.ADD_PHONE, after="217-555-0199 x4", label="work"),
    ],
)
def test_two_items_about_the_same_are_refused_at_the_second(
    world: World, marge: Contact, second: Asked
):
    with pytest.raises(Invalid, match="about the same") as refused:
        ask(world, marge, Asked(ContactField.ADD_PHONE, after=NEW), second)
    assert refused.value.path == ("items", "1")
    assert all_of(world, ChangeItem) == all_of(world, ChangeRequest) == []


def test_one_number_is_not_removed_twice_nor_one_name_said_twice(world: World, marge: Contact):
    link = link_of(world, marge, HERS)
    removal = Asked(ContactField.REMOVE_PHONE, link_key=link)
    replacement = Asked(ContactField.REPLACE_PHONE, link_key=link, after=NEW)
    names = [Asked(ContactField.GIVEN_NAME, after=name) for name in ("Midge", "Madge")]
    for pair in ((removal, replacement), (replacement, removal), names):
        with pytest.raises(Invalid, match="about the same"):
            ask(world, marge, *pair)


def test_the_same_correction_of_two_children_is_two_things(world: World, marge: Contact):
    with world.database.write(world.service) as db:
        children = [a_student(db, world.north, name) for name in ("Nelson", "Jimbo")]
        for child in children:
            a_guardianship(db, marge, child)
    keys = [(child.district_id, child.id) for child in children]
    ask(world, marge, *(Asked(ContactField.NOT_MY_CHILD, student_key=key) for key in keys))


def test_a_label_shows_all_that_is_in_it(world: World, marge: Contact):
    for label, said in (("home\u202e", "U\\+202E"), ("x" * 41, "at most 40")):
        with pytest.raises(Invalid, match=said) as refused:
            ask(world, marge, Asked(ContactField.ADD_PHONE, after=NEW, label=label))
        assert refused.value.path == ("items", "0", "label")


def test_a_district_that_changes_data_itself_takes_no_request(world: World):
    with world.database.write(world.service) as db:
        locked = a_district(db, "shelbyville", contact_edit=ContactEditMode.LOCKED)
        marge = a_contact(db, locked)
    with pytest.raises(Forbidden, match="call the school office"):
        ask(world, marge, Asked(ContactField.GIVEN_NAME, after="Midge"))


def test_nobody_floods_the_school(world: World, marge: Contact):
    """A decided request makes room for the next."""
    asked = [Asked(ContactField.ADD_PHONE, after=f"+1217555{n:04}") for n in range(MOST_OPEN + 1)]
    requests = [ask(world, marge, each) for each in asked[:-1]]
    with pytest.raises(Invalid, match="wait"):
        ask(world, marge, asked[-1])
    decide(world, requests[0])
    ask(world, marge, asked[-1])


def test_a_parent_cannot_ask_about_a_number_of_her_other_contact_here(world: World, marge: Contact):
    with world.database.write(world.service) as db:
        selma = a_contact(db, world.district, with_phone=NEW)
    actor = world.guardian(marge, selma)
    removal = Asked(ContactField.REMOVE_PHONE, link_key=link_of(world, selma, NEW))
    with pytest.raises(NotFound) as refused:
        ask(world, marge, removal, actor=actor)
    assert refused.value.path == ("items", "0", "destinationId")


# --- taking it back --------------------------------------------------------------------------


def test_a_request_taken_back_stays_so_and_says_when(world: World, marge: Contact):
    request = ask(world, marge, Asked(ContactField.ADD_PHONE, after=NEW))
    actor = world.guardian(marge)
    for _ in range(2):
        with world.database.write(actor) as db:
            withdraw_change(db, actor, request)
    row, _ = request_now(world, request)
    assert (row.status, row.version) == (ChangeRequestStatus.WITHDRAWN, 2)
    assert (row.decided_at, row.decided_by) == (world.database.clock(), None)
    assert NEW not in held(world, marge)


def test_what_is_decided_cannot_be_taken_back(world: World, marge: Contact):
    request = ask(world, marge, Asked(ContactField.ADD_PHONE, after=NEW))
    decide(world, request)
    actor = world.guardian(marge)
    with pytest.raises(Conflict) as refused, world.database.write(actor) as db:
        withdraw_change(db, actor, request)
    assert refused.value.current is ChangeRequestStatus.APPROVED
    assert refused.value.changed_at == world.database.clock()
    assert refused.value.changed_by is None, "a parent is not told which clerk"


def test_somebody_elses_request_is_not_there_to_be_taken_back(world: World, marge: Contact):
    request = ask(world, marge, Asked(ContactField.ADD_PHONE, after=NEW))
    with world.database.write(world.service) as db:
        stranger = world.guardian(a_contact(db, world.district))
    with pytest.raises(NotFound) as refused, world.database.write(stranger) as db:
        withdraw_change(db, stranger, request)
    assert refused.value.path == ("changeRequestId",)


def test_a_parent_who_left_the_district_asks_for_nothing(world: World, marge: Contact):
    actor = world.guardian(marge)
    with world.database.write(world.service) as db:
        row = db.get(Contact, marge.district_id, marge.id)
        assert row is not None
        row.retired_at = db.now
    with pytest.raises(NotFound) as refused, world.database.write(actor) as db:
        asked = [Asked(ContactField.GIVEN_NAME, after="Midge")]
        submit_change(db, actor, (marge.district_id, marge.id), asked)
    assert refused.value.path == ("contactId",)
