"""How staff decide: each item, upon the value that stands there now, once."""

import pytest

from app.audit.models import AuditEntry
from app.changes.models import ContactEdit
from app.changes.requests import Asked, withdraw_change
from app.changes.review import ItemDecision, decide_change
from app.database import Db
from app.directory.links import Key
from app.directory.models import Contact, Link
from app.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from app.outbox.models import OutboxItem
from app.vocabulary import ChangeRequestStatus, ContactField, Feature
from tests.changes.steps import (
    APPROVE,
    PER_ITEM,
    REJECT,
    all_of,
    ask,
    contact_now,
    decide,
    held,
    link_of,
    request_now,
)
from tests.world import World, a_contact, a_link, a_phone, an_account

HERS, NEW = "+12175550143", "+12175550199"
REASON = "Please show your papers."


@pytest.fixture
def marge(world: World) -> Contact:
    with world.database.write(world.service) as db:
        return a_contact(db, world.district, with_phone=HERS, address="742 Elm St")


@pytest.fixture
def request_(world: World, marge: Contact) -> Key:
    """A new name, a new address, a new number in the place of hers."""
    return ask(
        world,
        marge,
        Asked(ContactField.FAMILY_NAME, after="Bouvier"),
        Asked(ContactField.ADDRESS, after="12 Oak St"),
        Asked(ContactField.REPLACE_PHONE, link_key=link_of(world, marge, HERS), after=NEW),
    )


def rename(world: World, marge: Contact, name: str) -> None:
    """As an import does."""
    with world.database.write(world.service) as db:
        row = db.lock(Contact, marge.district_id, marge.id)
        assert row is not None
        row.family_name = name
        row.version += 1


def nothing_done(world: World, marge: Contact) -> bool:
    now = contact_now(world, marge)
    return (
        set(held(world, marge)) == {HERS}
        and now.address == "742 Elm St"
        and all_of(world, ContactEdit) == all_of(world, AuditEntry) == []
        and all_of(world, OutboxItem) == []
    )


def each(*verdicts: bool) -> list[ItemDecision]:
    return [ItemDecision(place, accept) for place, accept in enumerate(verdicts)]


# --- who decides -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decision", "verdicts", "status"),
    [
        (APPROVE, [], ChangeRequestStatus.APPROVED),
        (REJECT, [], ChangeRequestStatus.REJECTED),
        (PER_ITEM, each(True, True, True), ChangeRequestStatus.APPROVED),
        (PER_ITEM, each(False, False, False), ChangeRequestStatus.REJECTED),
        (PER_ITEM, each(False, True, False), ChangeRequestStatus.PARTLY_APPROVED),
    ],
)
def test_the_whole_follows_from_its_items(world: World, request_: Key, decision, verdicts, status):
    decide(world, request_, decision, *verdicts, reason=REASON)
    row, _ = request_now(world, request_)
    assert (row.status, row.reason, row.version) == (status, REASON, 2)
    assert (row.decided_at, row.decider) == (world.database.clock(), "clerk@school.example")


@pytest.mark.parametrize("reason", [None, "", "  \n"])
@pytest.mark.parametrize(
    ("decision", "verdicts"), [(REJECT, []), (PER_ITEM, each(True, False, True))]
)
def test_whoever_refuses_says_why(
    world: World, marge: Contact, request_: Key, decision, verdicts, reason
):
    with pytest.raises(Invalid, match="give a reason") as refused:
        decide(world, request_, decision, *verdicts, reason=reason)
    assert refused.value.path == ("reason",)
    assert nothing_done(world, marge)


def test_a_reason_has_an_end(world: World, marge: Contact, request_: Key):
    with pytest.raises(Invalid, match="at most 1000"):
        decide(world, request_, REJECT, reason="x" * 1001)
    assert nothing_done(world, marge)


@pytest.mark.parametrize(
    "verdicts",
    [
        [],
        each(True, True),
        each(True, True, True, True),
        [*each(True, True), ItemDecision(1, accept=True)],
        [ItemDecision(place, accept=True) for place in (-1, 0, 1)],
    ],
)
def test_item_by_item_means_each_item_once(
    world: World, marge: Contact, request_: Key, verdicts: list[ItemDecision]
):
    with pytest.raises(Invalid, match="every item") as refused:
        decide(world, request_, PER_ITEM, *verdicts)
    assert refused.value.path == ("items",)
    assert nothing_done(world, marge)


def test_verdicts_go_with_item_by_item_only(world: World, marge: Contact, request_: Key):
    with pytest.raises(Invalid, match="PER_ITEM"):
        decide(world, request_, APPROVE, *each(True, True, False))
    assert nothing_done(world, marge)


def test_nobody_decides_about_her_own_contact(world: World, marge: Contact, request_: Key):
    key = (marge.district_id, marge.id)
    with pytest.raises(Forbidden, match="Somebody else"):
        decide(world, request_, clerk=world.clerk(own_contacts=(key,)))
    assert nothing_done(world, marge)


def test_nobody_decides_about_what_she_asked_herself(world: World, marge: Contact):
    with world.database.write(world.service) as db:
        account = an_account(db)
    request = ask(
        world,
        marge,
        Asked(ContactField.GIVEN_NAME, after="Midge"),
        actor=world.guardian(marge, account=account),
    )
    with pytest.raises(Forbidden, match="Somebody else"):
        decide(world, request, clerk=world.clerk(account=account))


def test_whoever_may_not_review_decides_nothing(world: World, marge: Contact, request_: Key):
    with pytest.raises(Forbidden):
        decide(world, request_, clerk=world.clerk([Feature.VIEW_CONTACTS]))
    with pytest.raises(NotFound):
        decide(world, request_, clerk=world.clerk([Feature.REVIEW_CHANGES], world.south))
    assert nothing_done(world, marge)


def test_the_request_of_somebody_who_left_the_district_is_not_there(
    world: World, marge: Contact, request_: Key
):
    with world.database.write(world.service) as db:
        row = db.get(Contact, marge.district_id, marge.id)
        assert row is not None
        row.retired_at = db.now
    with pytest.raises(NotFound):
        decide(world, request_)


# --- corrections -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdicts", "path", "said"),
    [
        (
            [ItemDecision(2, True, "555"), *each(True, True)],
            ("items", "0", "corrected"),
            "not a phone number|does not exist",
        ),
        (
            [*each(True), ItemDecision(1, False, "13 Oak St"), ItemDecision(2, True)],
            ("items", "1", "corrected"),
            "accept",
        ),
        (
            [ItemDecision(0, True, "Simpson"), ItemDecision(1, True), ItemDecision(2, True)],
            ("items", "0", "corrected"),
            "already",
        ),
        (
            [ItemDecision(0, True, " "), ItemDecision(1, True), ItemDecision(2, True)],
            ("items", "0", "corrected"),
            "Say what",
        ),
    ],
)
def test_a_correction_is_as_good_as_a_request(
    world: World, marge: Contact, request_: Key, verdicts, path, said
):
    with pytest.raises(Invalid, match=said) as refused:
        decide(world, request_, PER_ITEM, *verdicts, reason=REASON)
    assert refused.value.path == path
    assert nothing_done(world, marge)


def test_a_corrected_number_is_read_as_the_districts_region_writes_it(
    world: World, marge: Contact, request_: Key
):
    verdicts = [*each(True, True), ItemDecision(2, accept=True, corrected="(217) 555-0188")]
    decide(world, request_, PER_ITEM, *verdicts)
    assert set(held(world, marge)) == {"+12175550188"}
    assert request_now(world, request_)[1][2].corrected == "+12175550188"


# --- what has moved --------------------------------------------------------------------------


def test_a_value_that_moved_is_shown_and_nothing_is_decided(
    world: World, marge: Contact, request_: Key
):
    rename(world, marge, "Simpson-Bouvier")
    outcome = decide(world, request_)
    [stale] = outcome.stale
    assert isinstance(stale, Stale)
    assert (stale.was, stale.current, stale.asked) == ("Simpson", "Simpson-Bouvier", "Bouvier")
    assert (stale.path, stale.current_version) == (("items", "0"), 2)
    row, items = request_now(world, request_)
    assert (row.status, row.version) == (ChangeRequestStatus.PENDING, 2)
    assert [item.accepted for item in items] == [None, None, None]
    assert items[0].before == "Simpson", "what the parent saw stays"
    assert nothing_done(world, marge)


def test_a_second_decision_on_the_new_version_counts(world: World, marge: Contact, request_: Key):
    rename(world, marge, "Simpson-Bouvier")
    decide(world, request_)
    with pytest.raises(Conflict, match="look again") as refused:
        decide(world, request_)
    assert (refused.value.current_version, refused.value.current) == (2, "PENDING")
    assert decide(world, request_, version=2).request.status is ChangeRequestStatus.APPROVED
    assert contact_now(world, marge).family_name == "Bouvier"
    [edit] = all_of(world, ContactEdit, ContactEdit.field == ContactField.FAMILY_NAME)
    assert edit.before == "Simpson-Bouvier", "the SIS's value at the time of the decision"


def test_a_value_that_moves_again_is_stale_again(world: World, marge: Contact, request_: Key):
    for version, name in enumerate(("Spuckler", "Skinner"), start=1):
        rename(world, marge, name)
        outcome = decide(world, request_, version=version)
        assert [each.current for each in outcome.stale if isinstance(each, Stale)] == [name]


def test_what_is_refused_need_not_be_looked_at_again(world: World, marge: Contact, request_: Key):
    rename(world, marge, "Simpson-Bouvier")
    verdicts = each(False, True, True)
    outcome = decide(world, request_, PER_ITEM, *verdicts, reason=REASON)
    assert outcome.stale == []
    assert outcome.request.status is ChangeRequestStatus.PARTLY_APPROVED
    assert contact_now(world, marge).family_name == "Simpson-Bouvier"


def test_several_values_that_moved_are_all_shown_at_once(
    world: World, marge: Contact, request_: Key
):
    rename(world, marge, "Skinner")
    decide(
        world,
        ask(
            world,
            marge,
            Asked(ContactField.REMOVE_PHONE, link_key=link_of(world, marge, HERS)),
        ),
    )
    stale = [each for each in decide(world, request_).stale if isinstance(each, Stale)]
    assert [each.path for each in stale] == [("items", "0"), ("items", "2")]
    assert (stale[1].was, stale[1].current, stale[1].asked) == (HERS, None, NEW)
    decide(world, request_, version=2)
    assert set(held(world, marge)) == {NEW}


def test_a_correction_of_a_decision_that_did_not_count_is_forgotten(
    world: World, marge: Contact, request_: Key
):
    """Else the next to approve would put in place what she never saw."""
    rename(world, marge, "Skinner")
    verdicts = [*each(True), ItemDecision(1, True, corrected="13 Oak St"), ItemDecision(2, True)]
    assert decide(world, request_, PER_ITEM, *verdicts).stale
    assert [item.corrected for item in request_now(world, request_)[1]] == [None, None, None]
    decide(world, request_, version=2)
    assert contact_now(world, marge).address == "12 Oak St"


def test_another_request_that_was_approved_first_makes_the_second_stale(
    world: World, marge: Contact
):
    names = ("Bouvier", "Van Houten")
    first, second = (
        ask(world, marge, Asked(ContactField.FAMILY_NAME, after=name)) for name in names
    )
    decide(world, first)
    [stale] = decide(world, second).stale
    assert isinstance(stale, Stale)
    assert (stale.was, stale.current, stale.asked) == ("Simpson", "Bouvier", "Van Houten")
    decide(world, second, version=2)
    assert contact_now(world, marge).family_name == "Van Houten"


def test_a_number_asked_for_that_an_import_has_brought_meanwhile_is_simply_hers(
    world: World, marge: Contact
):
    request = ask(world, marge, Asked(ContactField.ADD_PHONE, after=NEW))
    with world.database.write(world.service) as db:
        bring(db, world, marge)
    assert decide(world, request).request.status is ChangeRequestStatus.APPROVED
    assert held(world, marge)[NEW].brought_by == "sis"


def bring(db: Db, world: World, marge: Contact) -> Link:
    return a_link(db, marge, a_phone(db, world.district, NEW))


# --- somebody was first ----------------------------------------------------------------------


def test_whoever_comes_second_learns_who_was_first_when_and_what(world: World, request_: Key):
    decide(world, request_, REJECT, reason=REASON)
    with pytest.raises(Conflict) as refused:
        decide(world, request_, clerk=world.clerk(email="late@school.example"))
    late = refused.value
    assert late.current is ChangeRequestStatus.REJECTED
    assert (late.changed_by, late.changed_at) == ("clerk@school.example", world.database.clock())
    assert late.current_version == 2


def test_staff_learn_that_the_parent_was_first(world: World, marge: Contact, request_: Key):
    actor = world.guardian(marge)
    with world.database.write(actor) as db:
        withdraw_change(db, actor, request_)
    with pytest.raises(Conflict, match="parent has taken this back") as refused:
        decide(world, request_)
    assert refused.value.current is ChangeRequestStatus.WITHDRAWN
    assert refused.value.changed_at == world.database.clock()
    assert nothing_done(world, marge)


def test_a_version_from_the_future_is_no_way_past_the_check(world: World, request_: Key):
    for version in (0, -1, 7):
        with pytest.raises(Conflict) as refused, world.database.write(world.clerk()) as db:
            decide_change(db, world.clerk(), request_, version, APPROVE)
        assert refused.value.current_version == 1
