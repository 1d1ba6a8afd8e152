"""Who a bearer token speaks for, read anew with every request."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from app.actor import Guardian, Staff, Visitor
from app.config import Settings
from app.errors import Invalid, Unauthenticated
from app.vocabulary import Feature
from auth.bearer import identify
from auth.models import Account
from auth.sign_in import token_for
from auth.tokens import AccessTokens
from tests.world import (
    SetClock,
    World,
    a_contact,
    a_district,
    a_grant,
    a_link,
    a_mailbox,
    an_account,
    links_of,
)

SETTINGS = Settings(public_url="https://portal.example.org", secret_key="s" * 32)
ADDRESS = "marge@example.org"


def identified(world: World, token: str) -> object:
    return identify(world.database, AccessTokens(world.database, SETTINGS), f"Bearer {token}")


def opened(world: World, address: str = ADDRESS) -> tuple[object, ...]:
    actor = identified(world, token_for(world.database, SETTINGS, address))
    assert isinstance(actor, Guardian)
    return actor.contacts


def test_without_a_token_everybody_is_a_visitor(world: World) -> None:
    tokens = AccessTokens(world.database, SETTINGS)
    assert identify(world.database, tokens, None) == Visitor()


def test_a_parent_opens_her_contacts_in_every_district(world: World) -> None:
    with world.database.write(world.service) as db:
        here = a_contact(db, world.district, with_email=ADDRESS, language="es")
        there = a_contact(db, a_district(db, "shelbyville"), with_email=ADDRESS, language="es")
        a_contact(db, world.district, with_email="other@example.org")
    actor = identified(world, token_for(world.database, SETTINGS, "Marge@Example.org"))
    assert isinstance(actor, Guardian)
    assert set(actor.contacts) == {(c.district_id, c.id) for c in (here, there)}
    assert actor.language == "es"


def test_two_contacts_on_one_mailbox_open_neither(world: World) -> None:
    with world.database.write(world.service) as db:
        a_contact(db, world.district, with_email=ADDRESS)
    assert len(opened(world)) == 1
    with world.database.write(world.service) as db:
        a_contact(db, world.district, with_email=ADDRESS, given_name="Homer")
    assert opened(world) == ()


def test_asking_for_somebodys_address_locks_nobody_out(world: World) -> None:
    """Approved on request and never proven: it opens nothing, and takes nothing away."""
    with world.database.write(world.service) as db:
        marge = a_contact(db, world.district, with_email=ADDRESS)
        selma = a_contact(db, world.district, given_name="Selma")
        mailbox = a_mailbox(db, world.district, ADDRESS)
        asked_for = a_link(db, selma, mailbox, label="email", brought_by=None)
    assert opened(world) == ((marge.district_id, marge.id),)
    with world.database.write(world.service) as db:
        db.session.merge(asked_for).verified_at = db.now
    assert opened(world) == ()


def test_a_retired_contact_does_not_count_as_a_second_holder(world: World) -> None:
    with world.database.write(world.service) as db:
        a_contact(db, world.district, with_email=ADDRESS)
        a_contact(db, world.district, with_email=ADDRESS, retired_at=db.now)
    assert len(opened(world)) == 1


@pytest.mark.parametrize("leaving", ["the mailbox", "the contact"])
def test_access_ends_when_the_mailbox_or_the_contact_leaves(world: World, leaving: str) -> None:
    with world.database.write(world.service) as db:
        contact = a_contact(db, world.district, with_email=ADDRESS)
        an_account(db, ADDRESS, opens=[contact])
    token = token_for(world.database, SETTINGS, ADDRESS)
    with world.database.write(world.service) as db:
        (link,) = links_of(db, contact)
        row = link if leaving == "the mailbox" else db.session.merge(contact)
        row.retired_at = db.now
    actor = identified(world, token)
    assert isinstance(actor, Guardian)
    assert actor.contacts == ()


def test_staff_and_parent_never_mix(world: World) -> None:
    with world.database.write(world.service) as db:
        contact = a_contact(db, world.district, with_email=ADDRESS)
        account = an_account(db, ADDRESS)
        a_grant(db, account, world.district, Feature.REVIEW_CHANGES, world.north)
    parent = identified(world, token_for(world.database, SETTINGS, ADDRESS))
    staff = identified(world, token_for(world.database, SETTINGS, ADDRESS, staff=True))
    assert isinstance(parent, Guardian)
    assert isinstance(staff, Staff)
    assert staff.schools(world.district.id, Feature.REVIEW_CHANGES) == {world.north.id}
    assert staff.own_contacts == ((world.district.id, contact.id),)


def test_a_shared_mailbox_still_counts_as_her_own_at_the_desk(world: World) -> None:
    with world.database.write(world.service) as db:
        both = [a_contact(db, world.district, with_email=ADDRESS) for _ in range(2)]
        a_grant(db, an_account(db, ADDRESS), world.district, Feature.REVIEW_CHANGES)
    staff = identified(world, token_for(world.database, SETTINGS, ADDRESS, staff=True))
    assert isinstance(staff, Staff)
    assert set(staff.own_contacts) == {(c.district_id, c.id) for c in both}


def test_a_grant_taken_back_is_gone_with_the_next_request(world: World) -> None:
    with world.database.write(world.service) as db:
        grant = a_grant(db, an_account(db, ADDRESS), world.district, Feature.VIEW_CONTACTS)
    token = token_for(world.database, SETTINGS, ADDRESS, staff=True)
    with world.database.write(world.service) as db:
        db.session.delete(db.session.merge(grant))
    actor = identified(world, token)
    assert isinstance(actor, Staff)
    assert actor.grants == ()


def test_a_disabled_account_is_out_at_once(world: World) -> None:
    with world.database.write(world.service) as db:
        a_contact(db, world.district, with_email=ADDRESS)
    token = token_for(world.database, SETTINGS, ADDRESS)
    actor = identified(world, token)
    assert isinstance(actor, Guardian)
    with world.database.write(world.service) as db:
        db.session.get_one(Account, actor.account_id).disabled_at = db.now
    with pytest.raises(Unauthenticated):
        identified(world, token)
    with pytest.raises(Invalid):
        token_for(world.database, SETTINGS, ADDRESS)


def test_a_token_runs_out_after_its_minutes(world: World, clock: SetClock) -> None:
    with world.database.write(world.service) as db:
        a_contact(db, world.district, with_email=ADDRESS)
    token = token_for(world.database, SETTINGS, ADDRESS, minutes=30)
    clock.advance(timedelta(minutes=29))
    assert isinstance(identified(world, token), Guardian)
    clock.advance(timedelta(minutes=1))
    with pytest.raises(Unauthenticated):
        identified(world, token)


@pytest.mark.parametrize("staff", [False, True])
def test_nobody_on_file_gets_no_token(world: World, staff: bool) -> None:
    with world.database.write(world.service) as db:
        contact = a_contact(db, world.district, with_email="gone@example.org")
        (link,) = links_of(db, contact)
        link.retired_at = db.now
        a_link(db, contact, a_mailbox(db, world.district, ADDRESS))
        an_account(db, "gone@example.org")
    with pytest.raises(Invalid):
        token_for(world.database, SETTINGS, "gone@example.org", staff=staff)


@pytest.mark.parametrize(("staff", "count"), [(False, 2), (True, 3)])
def test_it_costs_as_many_statements_however_much_she_opens(
    world: World, staff: bool, count: int
) -> None:
    with world.database.write(world.service) as db:
        account = an_account(db, ADDRESS)
        for n in range(20):
            district = a_district(db, f"district-{n}")
            a_contact(db, district, with_email=ADDRESS)
            a_grant(db, account, district, Feature.VIEW_CONTACTS)
    token = token_for(world.database, SETTINGS, ADDRESS, staff=staff)
    tokens = AccessTokens(world.database, SETTINGS)
    identify(world.database, tokens, f"Bearer {token}")
    run: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(("SELECT", "WITH")) and "set_config" not in statement:
            run.append(statement)

    event.listen(world.database.engine, "before_cursor_execute", note)
    identify(world.database, tokens, f"Bearer {token}")
    event.remove(world.database.engine, "before_cursor_execute", note)
    assert len(run) == count


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic bWFyZ2U6", "Bearer a b", "x"])
def test_a_malformed_header_is_refused(world: World, header: str) -> None:
    with pytest.raises(Unauthenticated):
        identify(world.database, AccessTokens(world.database, SETTINGS), header)
