"""Who gets a mail about a decision, once, and what it does not say."""

import re

import pytest

from app.changes.models import ChangeRequest
from app.changes.requests import Asked
from app.changes.review import ItemDecision
from app.directory.models import Contact
from app.outbox.models import OutboxItem
from app.vocabulary import ContactField
from auth.models import Account
from tests.changes.steps import (
    PER_ITEM,
    REJECT,
    all_of,
    ask,
    decide,
    link_of,
)
from tests.world import World, a_contact, an_account

HERS, NEW = "+12175550143", "+12175550199"
MAIL, WORK, NEW_MAIL = "marge@example.org", "marge@work.example", "bouvier@example.org"


@pytest.fixture
def marge(world: World) -> Contact:
    with world.database.write(world.service) as db:
        return a_contact(db, world.district, with_phone=HERS, with_email=[MAIL, WORK])


@pytest.fixture
def account(world: World, marge: Contact) -> Account:
    with world.database.write(world.service) as db:
        return an_account(db, MAIL, opens=[marge])


def mails(world: World, kind: str = "change-decided") -> list[OutboxItem]:
    return all_of(world, OutboxItem, OutboxItem.kind == kind)


def asked_by(world: World, marge: Contact, account: Account, *items: Asked):
    return ask(world, marge, *items, actor=world.guardian(marge, account=account))


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([True, True], "Your school has made the change you asked for."),
        ([True, False], "Your school has made a part of the change you asked for."),
        ([False, False], "Your school has not made the change you asked for."),
    ],
)
def test_whoever_asked_gets_one_mail_with_the_outcome_and_its_reason(
    world: World, marge: Contact, account: Account, verdicts: list[bool], said: str
):
    asked = (Asked(ContactField.ADD_PHONE, after=NEW), Asked(ContactField.ADDRESS, after="Elm St"))
    request = asked_by(world, marge, account, *asked)
    decisions = [ItemDecision(place, accept) for place, accept in enumerate(verdicts)]
    decide(world, request, PER_ITEM, *decisions, reason="We called you.")
    [mail] = mails(world)
    assert mail.recipient == MAIL
    assert mail.content["subject"] == "Your request to Springfield Public Schools"
    assert mail.content["text"] == f"{said}\n\nTheir reason: We called you."


def test_the_mail_names_no_number_no_address_and_no_name(
    world: World, marge: Contact, account: Account
):
    request = asked_by(
        world,
        marge,
        account,
        Asked(ContactField.REPLACE_PHONE, link_key=link_of(world, marge, HERS), after=NEW),
        Asked(ContactField.ADD_EMAIL, after=NEW_MAIL),
        Asked(ContactField.FAMILY_NAME, after="Bouvier"),
    )
    decide(world, request)
    every = all_of(world, OutboxItem)
    assert len(every) == 3
    for mail in every:
        said = mail.content["subject"] + mail.content["text"]
        assert not re.search(r"\d|@|Marge|Bouvier|Simpson", said), said


def test_a_mail_is_in_the_contacts_language_the_new_one_if_it_was_asked_for(
    world: World, marge: Contact, account: Account
):
    decide(world, asked_by(world, marge, account, Asked(ContactField.LANGUAGE, after="es-MX")))
    [mail] = mails(world)
    assert mail.content["text"] == "Su escuela hizo el cambio que usted pidió."
    assert mail.content["subject"].endswith("Springfield Public Schools")


def test_a_decision_that_did_not_count_sends_nothing(
    world: World, marge: Contact, account: Account
):
    request = asked_by(world, marge, account, Asked(ContactField.FAMILY_NAME, after="Bouvier"))
    with world.database.write(world.service) as db:
        row = db.lock(Contact, marge.district_id, marge.id)
        assert row is not None
        row.family_name = "Skinner"
    assert decide(world, request).stale
    assert all_of(world, OutboxItem) == []
    decide(world, request, version=2)
    assert len(mails(world)) == 1


def test_nobody_writes_to_an_account_that_is_closed(world: World, marge: Contact, account: Account):
    request = asked_by(world, marge, account, Asked(ContactField.ADDRESS, after="Elm St"))
    with world.database.write(world.service) as db:
        db.session.get_one(Account, account.id).disabled_at = db.now
    decide(world, request)
    assert all_of(world, OutboxItem) == []
    assert all_of(world, ChangeRequest)[0].status == "APPROVED"


# --- a new address ---------------------------------------------------------------------------


def test_her_other_mailboxes_are_told_of_a_new_address(
    world: World, marge: Contact, account: Account
):
    """Whoever slipped in an address of her own cannot do so unseen."""
    decide(world, asked_by(world, marge, account, Asked(ContactField.ADD_EMAIL, after=NEW_MAIL)))
    told = mails(world, "address-added")
    assert [mail.recipient for mail in told] == [MAIL, WORK]
    for mail in told:
        assert "call the school office" in mail.content["text"]


def test_a_mailbox_that_is_replaced_is_told_too(world: World, marge: Contact, account: Account):
    asked = Asked(ContactField.REPLACE_EMAIL, link_key=link_of(world, marge, MAIL), after=NEW_MAIL)
    decide(world, asked_by(world, marge, account, asked))
    assert [mail.recipient for mail in mails(world, "address-added")] == [MAIL, WORK]


@pytest.mark.parametrize("way", ["rejected", "a phone", "a removal", "already hers"])
def test_no_new_address_no_such_mail(world: World, marge: Contact, account: Account, way: str):
    mailbox = link_of(world, marge, WORK)
    asked = {
        "rejected": Asked(ContactField.ADD_EMAIL, after=NEW_MAIL),
        "a phone": Asked(ContactField.ADD_PHONE, after=NEW),
        "a removal": Asked(ContactField.REMOVE_EMAIL, link_key=mailbox),
        "already hers": Asked(ContactField.ADD_EMAIL, after=NEW_MAIL),
    }[way]
    requests = [asked_by(world, marge, account, asked)]
    if way == "already hers":
        requests.append(asked_by(world, marge, account, asked))
    if way == "rejected":
        decide(world, requests[0], REJECT, reason="We do not know you.")
    else:
        for request in requests:
            decide(world, request)
    expected = 2 if way == "already hers" else 0
    assert len(mails(world, "address-added")) == expected
