"""Signing in by a mailed code, at the door."""

from datetime import timedelta
from typing import Any

import pytest

from app.actor import Guardian, Staff, Visitor
from app.audit.models import AuditEntry
from app.vocabulary import Feature
from auth.models import Account, LoginCode
from tests.auth.people import Door, another
from tests.world import SetClock, World, a_contact, a_grant, a_link, a_mailbox, an_account, links_of

ADDRESS = "marge@example.org"


@pytest.fixture
def door(world: World) -> Door:
    return Door(world.database)


@pytest.fixture
def marge(world: World) -> Any:
    with world.database.write(world.service) as db:
        return a_contact(db, world.district, with_email=ADDRESS)


def test_a_parent_signs_in_with_the_code_from_her_mail(
    door: Door, world: World, marge: Any
) -> None:
    credentials = door.sign_in("Marge@Example.org")
    assert credentials["token_type"] == "Bearer"
    assert credentials["expires_in"] == 300
    actor = door.actor(credentials)
    assert isinstance(actor, Guardian)
    assert actor.contacts == ((marge.district_id, marge.id),)
    with world.database.read(Visitor()) as db:
        (link,) = links_of(db, marge)
    assert link.verified_at is not None


def test_the_mail_is_in_her_language_and_its_last_line_names_our_host(
    door: Door, world: World
) -> None:
    with world.database.write(world.service) as db:
        a_contact(db, world.district, with_email=ADDRESS, language="es-MX")
    door.ask(ADDRESS)
    (mail,) = door.mails()
    code = door.code_for(ADDRESS)
    assert f"Su código es {code}" in mail.content["text"]
    assert mail.content["text"].splitlines()[-1] == f"@portal.example.org #{code}"


def test_neither_code_nor_address_is_kept_in_clear(door: Door, world: World, marge: Any) -> None:
    door.ask(ADDRESS)
    with world.database.read(Visitor()) as db:
        row = db.session.query(LoginCode).one()
        kept = str({column.key: getattr(row, column.key) for column in LoginCode.__table__.columns})
    assert door.code_for(ADDRESS) not in kept
    assert ADDRESS not in kept


def test_a_code_works_once(door: Door, marge: Any) -> None:
    door.sign_in(ADDRESS)
    again = door.post("/auth/token", {"email": ADDRESS, "code": door.code_for(ADDRESS)})
    assert again.status_code == 401
    assert again.json()["error"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(("minutes", "status"), [(9, 200), (10, 401)])
def test_a_code_lives_ten_minutes(
    door: Door, marge: Any, clock: SetClock, minutes: int, status: int
) -> None:
    door.ask(ADDRESS)
    clock.advance(timedelta(minutes=minutes))
    answer = door.post("/auth/token", {"email": ADDRESS, "code": door.code_for(ADDRESS)})
    assert answer.status_code == status


def test_a_code_allows_five_tries(door: Door, marge: Any) -> None:
    door.ask(ADDRESS)
    code = door.code_for(ADDRESS)
    for _ in range(5):
        assert (
            door.post("/auth/token", {"email": ADDRESS, "code": another(code)}).status_code == 401
        )
    assert door.post("/auth/token", {"email": ADDRESS, "code": code}).status_code == 401


def test_the_newest_two_codes_work_and_the_third_does_not(door: Door, marge: Any) -> None:
    codes = []
    for _ in range(3):
        door.ask(ADDRESS)
        codes.append(door.code_for(ADDRESS))
    assert door.post("/auth/token", {"email": ADDRESS, "code": codes[0]}).status_code == 401
    assert door.post("/auth/token", {"email": ADDRESS, "code": codes[1]}).status_code == 200
    assert door.post("/auth/token", {"email": ADDRESS, "code": codes[2]}).status_code == 401


def test_a_code_may_be_typed_with_spaces(door: Door, marge: Any) -> None:
    door.ask(ADDRESS)
    code = door.code_for(ADDRESS)
    spaced = f" {code[:3]} {code[3:]} "
    assert door.post("/auth/token", {"email": ADDRESS, "code": spaced}).status_code == 200


def test_a_code_of_one_address_opens_no_other(door: Door, world: World, marge: Any) -> None:
    with world.database.write(world.service) as db:
        a_contact(db, world.district, with_email="ned@example.org")
    door.ask(ADDRESS)
    door.ask("ned@example.org")
    theirs = door.code_for("ned@example.org")
    assert door.post("/auth/token", {"email": ADDRESS, "code": theirs}).status_code == 401


def test_an_address_that_left_the_file_opens_nothing(door: Door, world: World, marge: Any) -> None:
    door.ask(ADDRESS)
    with world.database.write(world.service) as db:
        (link,) = links_of(db, marge)
        link.retired_at = db.now
    answer = door.post("/auth/token", {"email": ADDRESS, "code": door.code_for(ADDRESS)})
    assert answer.status_code == 401


def test_two_contacts_on_one_mailbox_sign_in_and_see_neither(door: Door, world: World) -> None:
    with world.database.write(world.service) as db:
        both = [a_contact(db, world.district, with_email=ADDRESS) for _ in range(2)]
    actor = door.actor(door.sign_in(ADDRESS))
    assert isinstance(actor, Guardian)
    assert actor.contacts == ()
    with world.database.read(Visitor()) as db:
        assert [links_of(db, one)[0].verified_at for one in both] == [None, None]


def test_a_second_sign_in_uses_the_same_account(door: Door, world: World, marge: Any) -> None:
    first, second = (door.actor(door.sign_in(ADDRESS)) for _ in range(2))
    assert isinstance(first, Guardian)
    assert isinstance(second, Guardian)
    assert first.account_id == second.account_id
    assert first.session_id != second.session_id
    with world.database.read(Visitor()) as db:
        (entry,) = db.session.query(AuditEntry).all()
    assert (entry.action, entry.subject_id) == ("contact.opened", marge.id)


def test_a_contact_that_comes_back_on_another_mailbox_opens_again(
    door: Door, world: World, marge: Any
) -> None:
    door.sign_in(ADDRESS)
    with world.database.write(world.service) as db:
        account = db.session.query(Account).one()
        (link,) = links_of(db, marge)
        link.retired_at = db.now
        account.email = "new@example.org"
        a_link(db, marge, a_mailbox(db, world.district, "new@example.org"))
    actor = door.actor(door.sign_in("new@example.org"))
    assert isinstance(actor, Guardian)
    assert actor.contacts == ((marge.district_id, marge.id),)


def test_staff_with_a_grant_sign_in_to_the_desk(door: Door, world: World, marge: Any) -> None:
    with world.database.write(world.service) as db:
        a_grant(db, an_account(db, "edna@example.org"), world.district, Feature.REVIEW_CHANGES)
    actor = door.actor(door.sign_in("edna@example.org", staff=True))
    assert isinstance(actor, Staff)
    assert actor.features(world.district.id) == {Feature.REVIEW_CHANGES}


@pytest.mark.parametrize(("address", "staff"), [(ADDRESS, True), ("edna@example.org", False)])
def test_a_parent_gets_no_code_for_the_desk_nor_staff_for_a_parents_view(
    door: Door, world: World, marge: Any, address: str, staff: bool
) -> None:
    with world.database.write(world.service) as db:
        a_grant(db, an_account(db, "edna@example.org"), world.district, Feature.REVIEW_CHANGES)
    assert door.ask(address, staff=staff).status_code == 202
    assert door.mails() == []


def test_a_grant_taken_back_before_the_answer_opens_no_desk(door: Door, world: World) -> None:
    with world.database.write(world.service) as db:
        grant = a_grant(db, an_account(db, ADDRESS), world.district, Feature.REVIEW_CHANGES)
    door.ask(ADDRESS, staff=True)
    with world.database.write(world.service) as db:
        db.session.delete(db.session.merge(grant))
    answer = door.post("/auth/token", {"email": ADDRESS, "code": door.code_for(ADDRESS)})
    assert answer.status_code == 401


def test_a_sixth_mail_in_an_hour_waits(door: Door, marge: Any) -> None:
    answers = [door.ask(ADDRESS) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 3600
    assert answers[-1].json()["error"] == "RATE_LIMITED"
    assert len(door.mails()) == 5


@pytest.mark.parametrize("path", ["/auth/code", "/auth/token", "/auth/refresh", "/auth/sign-out"])
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"{}", b'{"email": 5}', b"\xff", b"[" * 10_000]
)
def test_a_body_that_is_no_such_json_is_400_and_says_so(door: Door, path: str, body: bytes) -> None:
    answer = door.send(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"] == "INVALID"
    assert answer.json()["message"]


def test_a_form_of_another_site_is_not_read(door: Door, marge: Any) -> None:
    answer = door.send("/auth/code", data={"email": ADDRESS})
    assert answer.status_code == 400
    assert door.mails() == []


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"email": "marge"}, ["email"]),
        ({"email": ""}, ["email"]),
        ({"email": None}, ["email"]),
        ({"email": "a@example.org\r\nBcc: b@example.org"}, ["email"]),
        ({"email": "a" * 10_000 + "@example.org"}, ["email"]),
        ({"email": ADDRESS, "staff": "yes"}, ["staff"]),
    ],
)
def test_a_wrong_field_is_named(door: Door, body: dict[str, Any], place: list[str]) -> None:
    answer = door.post("/auth/code", body)
    assert answer.status_code == 400
    assert answer.json()["path"] == place


def test_credentials_are_not_kept_by_any_cache(door: Door, marge: Any) -> None:
    door.ask(ADDRESS)
    answer = door.post("/auth/token", {"email": ADDRESS, "code": door.code_for(ADDRESS)})
    assert answer.headers["cache-control"] == "no-store"
