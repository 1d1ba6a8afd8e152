"""Each correction a family may ask for, from the request to the data, the feed and the audit."""

import pytest

from app.audit.models import AuditEntry
from app.changes.apply import FEED_KIND
from app.changes.models import ContactEdit
from app.changes.requests import Asked
from app.changes.review import ItemDecision
from app.consent.choices import revoke_consent
from app.consent.models import Consent, ConsentEvent, ConsentGiver, Preference
from app.consent.preferences import Choice, set_preferences
from app.directory.models import Contact, Destination, Guardianship, Link
from app.exchange.models import FeedLine
from app.vocabulary import (
    ChangeRequestStatus,
    Channel,
    ConsentAction,
    ConsentStatus,
    ContactField,
    LineType,
)
from auth.models import Binding
from tests.changes.steps import (
    PER_ITEM,
    all_of,
    ask,
    contact_now,
    decide,
    grant,
    held,
    link_of,
    open_edits,
    request_now,
)
from tests.world import World, a_contact, a_guardianship, a_student, an_account

OLD, NEW = "+12175550143", "+12175550199"
MAIL, NEW_MAIL = "marge@example.org", "bouvier@example.org"


@pytest.fixture
def marge(world: World) -> Contact:
    with world.database.write(world.service) as db:
        return a_contact(db, world.district, with_phone=OLD, with_email=MAIL, address="742 Elm St")


def consents(world: World) -> dict[Channel, ConsentStatus]:
    return {row.channel: row.status for row in all_of(world, Consent)}


# --- what stands on the contact ------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "column", "before", "after"),
    [
        (ContactField.GIVEN_NAME, "given_name", "Marge", "Marjorie"),
        (ContactField.FAMILY_NAME, "family_name", "Simpson", "Bouvier-Simpson"),
        (ContactField.LANGUAGE, "language", "en", "es"),
        (ContactField.ADDRESS, "address", "742 Elm St", "12 Oak St, Apt 5"),
    ],
)
def test_an_approved_value_stands_on_the_contact_and_over_the_sis(
    world: World, marge: Contact, field: ContactField, column: str, before: str, after: str
):
    request = ask(world, marge, Asked(field, after=after))
    assert getattr(contact_now(world, marge), column) == before, "nothing happens before"
    assert decide(world, request).request.status is ChangeRequestStatus.APPROVED
    now = contact_now(world, marge)
    assert (getattr(now, column), now.version) == (after, marge.version + 1)
    [edit] = open_edits(world, marge)
    assert (edit.field, edit.before, edit.after) == (field, before, after)


def test_a_second_approval_of_the_same_field_ends_the_first(world: World, marge: Contact):
    for name in ("Bouvier", "Van Houten"):
        decide(world, ask(world, marge, Asked(ContactField.FAMILY_NAME, after=name)))
    assert [edit.after for edit in open_edits(world, marge)] == ["Van Houten"]


def test_staff_may_put_a_better_value_in_the_place_of_what_was_asked(world: World, marge: Contact):
    request = ask(world, marge, Asked(ContactField.ADDRESS, after="12 oak"))
    decide(world, request, PER_ITEM, ItemDecision(0, accept=True, corrected="12 Oak Street"))
    assert contact_now(world, marge).address == "12 Oak Street"
    [edit] = open_edits(world, marge)
    assert edit.after == "12 Oak Street"


# --- numbers and addresses -----------------------------------------------------------------


def test_an_added_number_is_hers_with_its_label_and_without_consent(world: World, marge: Contact):
    asked = Asked(ContactField.ADD_PHONE, after="(217) 555-0199 ext. 12", label="work")
    decide(world, ask(world, marge, asked))
    link = held(world, marge)[NEW]
    assert (link.label, link.extension, link.brought_by) == ("work", "12", None)
    assert link.verified_at is None
    assert consents(world) == {}
    [edit] = open_edits(world, marge)
    assert (edit.field, edit.destination_id) == (ContactField.ADD_PHONE, link.destination_id)


def test_an_added_number_has_the_line_type_its_plan_tells(world: World, marge: Contact):
    decide(world, ask(world, marge, Asked(ContactField.ADD_PHONE, after="+1 800 356 9377")))
    [free] = all_of(world, Destination, Destination.value == "+18003569377")
    assert free.line_type is LineType.LANDLINE


def test_a_number_that_somebody_else_holds_is_shared_with_what_was_said_on_it(
    world: World, marge: Contact
):
    with world.database.write(world.service) as db:
        homer = a_contact(db, world.district, with_phone=NEW)
    grant(world, homer, link_of(world, homer, NEW))
    decide(world, ask(world, marge, Asked(ContactField.ADD_PHONE, after=NEW)))
    assert held(world, marge)[NEW].destination_id == held(world, homer)[NEW].destination_id
    assert consents(world) == {Channel.SMS: ConsentStatus.GRANTED}


def test_a_removed_number_is_gone_and_an_edit_keeps_it_away(world: World, marge: Contact):
    link = link_of(world, marge, OLD)
    decide(world, ask(world, marge, Asked(ContactField.REMOVE_PHONE, link_key=link)))
    assert set(held(world, marge)) == {MAIL}
    [edit] = open_edits(world, marge)
    assert (edit.field, edit.before, edit.after) == (ContactField.REMOVE_PHONE, OLD, None)


def test_a_replacement_is_a_removal_and_an_addition_of_one_item(world: World, marge: Contact):
    asked = Asked(ContactField.REPLACE_PHONE, link_key=link_of(world, marge, OLD), after=NEW)
    decide(world, ask(world, marge, asked))
    assert set(held(world, marge)) == {MAIL, NEW}
    assert held(world, marge)[NEW].label == "mobile", "the label of what it replaces"
    removal, addition = open_edits(world, marge)
    assert (removal.field, addition.field) == (ContactField.REMOVE_PHONE, ContactField.ADD_PHONE)
    assert removal.item_id == addition.item_id


def test_a_number_may_be_replaced_by_itself_with_an_extension(world: World, marge: Contact):
    asked = Asked(
        ContactField.REPLACE_PHONE, link_key=link_of(world, marge, OLD), after=f"{OLD} ext. 7"
    )
    decide(world, ask(world, marge, asked))
    assert held(world, marge)[OLD].extension == "7"


def test_a_number_that_comes_back_is_hers_with_her_choices_but_without_consent(
    world: World, marge: Contact
):
    link = link_of(world, marge, OLD)
    grant(world, marge, link)
    actor = world.guardian(marge)
    kind = (world.district.id, world.attendance.id)
    with world.database.write(actor) as db:
        set_preferences(db, actor, [Choice(link, Channel.SMS, kind, wanted=False)])
    decide(world, ask(world, marge, Asked(ContactField.REMOVE_PHONE, link_key=link)))
    decide(world, ask(world, marge, Asked(ContactField.ADD_PHONE, after=OLD, label="again")))
    assert held(world, marge)[OLD].id == link[1]
    [edit] = open_edits(world, marge)
    assert edit.field is ContactField.ADD_PHONE
    [preference] = all_of(world, Preference)
    assert preference.wanted is False
    assert consents(world) == {Channel.SMS: ConsentStatus.UNKNOWN}


def test_a_number_that_comes_back_must_be_proven_anew(world: World, marge: Contact):
    key = link_of(world, marge, OLD)
    decide(world, ask(world, marge, Asked(ContactField.REMOVE_PHONE, link_key=key)))
    with world.database.write(world.service) as db:
        link = db.get(Link, *key)
        assert link is not None
        link.verified_at = db.now  # a code that was answered just too late
    decide(world, ask(world, marge, Asked(ContactField.ADD_PHONE, after=OLD)))
    assert held(world, marge)[OLD].verified_at is None


# --- consent and access that rested on what is gone ------------------------------------------


@pytest.mark.parametrize(
    ("field", "after"),
    [
        (ContactField.REMOVE_PHONE, None),
        (ContactField.REPLACE_PHONE, NEW),
        (ContactField.NOT_MY_NUMBER, None),
    ],
)
def test_consent_lapses_when_its_last_giver_leaves_the_number(
    world: World, marge: Contact, field: ContactField, after: str | None
):
    link = link_of(world, marge, OLD)
    for channel in (Channel.SMS, Channel.VOICE):
        grant(world, marge, link, channel)
    decide(world, ask(world, marge, Asked(field, link_key=link, after=after)))
    assert consents(world) == dict.fromkeys((Channel.SMS, Channel.VOICE), ConsentStatus.UNKNOWN)
    assert all_of(world, ConsentGiver) == []
    lapsed = [line.channel for line in all_of(world, ConsentEvent) if line.action == "LAPSED"]
    assert sorted(lapsed) == [Channel.SMS, Channel.VOICE]


def test_consent_stands_while_somebody_else_stands_behind_it(world: World, marge: Contact):
    with world.database.write(world.service) as db:
        homer = a_contact(db, world.district, with_phone=OLD)
    for contact in (marge, homer):
        grant(world, contact, link_of(world, contact, OLD))
    for contact, status in ((marge, ConsentStatus.GRANTED), (homer, ConsentStatus.UNKNOWN)):
        link = link_of(world, contact, OLD)
        decide(world, ask(world, contact, Asked(ContactField.REMOVE_PHONE, link_key=link)))
        assert consents(world) == {Channel.SMS: status}


def test_a_stop_stays_on_a_number_that_everybody_has_left(world: World, marge: Contact):
    link = link_of(world, marge, OLD)
    actor = world.guardian(marge)
    with world.database.write(actor) as db:
        revoke_consent(db, actor, link, Channel.SMS)
    decide(world, ask(world, marge, Asked(ContactField.NOT_MY_NUMBER, link_key=link)))
    assert consents(world) == {Channel.SMS: ConsentStatus.REVOKED}
    assert ConsentAction.LAPSED not in [line.action for line in all_of(world, ConsentEvent)]


@pytest.mark.parametrize(
    ("field", "after"),
    [(ContactField.REPLACE_EMAIL, NEW_MAIL), (ContactField.REMOVE_EMAIL, None)],
)
def test_access_ends_with_the_mailbox_it_rested_on(
    world: World, marge: Contact, field: ContactField, after: str | None
):
    with world.database.write(world.service) as db:
        an_account(db, MAIL, opens=[marge])
    link = link_of(world, marge, MAIL)
    decide(world, ask(world, marge, Asked(field, link_key=link, after=after)))
    assert all_of(world, Binding) == [], "a new address opens nothing before its own code"
    assert set(held(world, marge)) == {OLD, *([after] if after else [])}


# --- children --------------------------------------------------------------------------------


def test_each_child_that_is_not_hers_leaves_on_its_own(world: World, marge: Contact):
    with world.database.write(world.service) as db:
        children = [a_student(db, world.north, name) for name in ("Lisa", "Bart", "Maggie")]
        for child in children:
            a_guardianship(db, marge, child)
    for child in children[:2]:
        key = (child.district_id, child.id)
        decide(world, ask(world, marge, Asked(ContactField.NOT_MY_CHILD, student_key=key)))
    standing = all_of(world, Guardianship, Guardianship.retired_at.is_(None))
    assert [row.student_id for row in standing] == [children[2].id]
    assert [edit.field for edit in open_edits(world, marge)] == [ContactField.NOT_MY_CHILD] * 2


def test_a_child_to_be_linked_is_a_text_for_the_school_and_changes_nothing_here(
    world: World, marge: Contact
):
    request = ask(world, marge, Asked(ContactField.LINK_STUDENT, after="Maggie, first grade"))
    decide(world, request)
    assert all_of(world, Guardianship) == all_of(world, ContactEdit) == []
    [line] = all_of(world, FeedLine)
    assert line.kind == FEED_KIND


# --- who learns of it ------------------------------------------------------------------------


def test_every_accepted_item_leaves_by_the_feed_and_no_other(world: World, marge: Contact):
    request = ask(
        world,
        marge,
        Asked(ContactField.ADD_PHONE, after=NEW),
        Asked(ContactField.GIVEN_NAME, after="Marjorie"),
        Asked(ContactField.ADDRESS, after="12 Oak St"),
    )
    verdicts = [ItemDecision(0, accept=True), ItemDecision(1, accept=False), ItemDecision(2, True)]
    outcome = decide(world, request, PER_ITEM, *verdicts, reason="Please show your papers.")
    assert outcome.request.status is ChangeRequestStatus.PARTLY_APPROVED
    told = {line.subject_id for line in all_of(world, FeedLine)}
    number, name, address = request_now(world, request)[1]
    assert (number.accepted, name.accepted, address.accepted) == (True, False, True)
    assert told == {number.id, address.id}
    assert contact_now(world, marge).given_name == "Marge"


def test_a_decision_is_in_the_audit_with_who_and_what_but_no_value(world: World, marge: Contact):
    clerk = world.clerk(email="clerk@school.example")
    request = ask(world, marge, Asked(ContactField.ADD_PHONE, after=NEW))
    decide(world, request, clerk=clerk)
    [entry] = all_of(world, AuditEntry)
    assert (entry.action, entry.subject_id) == ("change_request.decided", request[1])
    assert (entry.actor, entry.detail) == (f"staff:{clerk.account_id}", {"status": "APPROVED"})
