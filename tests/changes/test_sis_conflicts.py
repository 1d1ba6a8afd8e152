"""An approved correction meets the nights' imports: the SIS brings it, forgets it, or disagrees."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from app.changes.models import ChangeRequest
from app.changes.requests import Asked
from app.changes.review import ItemDecision
from app.directory.links import Key
from app.directory.models import Contact
from app.errors import Invalid, Stale
from app.exchange.roster.importing import import_roster
from app.vocabulary import ChangeRequestStatus, ContactField
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
    open_edits,
    request_now,
)
from tests.world import World

OLD, NEW, THIRD, FOURTH = (f"+121755501{n}" for n in (10, 20, 30, 40))
MAIL, NEW_MAIL, THIRD_MAIL = (f"{name}@example.org" for name in ("marge", "bouvier", "third"))
Night = Callable[..., None]


@pytest.fixture
def night(world: World, tmp_path: Path) -> Night:
    """The import of a night in which the SIS says so about Marge."""

    def run(family_name: str = "Simpson", mobile: str = OLD, email: str = MAIL) -> None:
        files = {
            "contacts.csv": {
                "source_id": "c-1",
                "given_name": "Marge",
                "family_name": family_name,
                "language": "en",
            },
            "phones.csv": {"contact": "c-1", "number": mobile, "label": "mobile"},
            "emails.csv": {"contact": "c-1", "address": email, "label": "home"},
        }
        for name, row in files.items():
            with (tmp_path / name).open("w", newline="") as file:
                writer = csv.DictWriter(file, row.keys())
                writer.writeheader()
                writer.writerow(row)
        report = import_roster(world.database, world.service, world.district.key, tmp_path)
        assert report.errors == []

    return run


@pytest.fixture
def marge(world: World, night: Night) -> Contact:
    night()
    [contact] = all_of(world, Contact)
    return contact


def approved(world: World, marge: Contact, *items: Asked) -> None:
    decide(world, ask(world, marge, *items))


def rename(name: str) -> Asked:
    return Asked(ContactField.FAMILY_NAME, after=name)


def replace_phone(world: World, marge: Contact, after: str) -> Asked:
    return Asked(ContactField.REPLACE_PHONE, link_key=link_of(world, marge, OLD), after=after)


def conflict(world: World) -> Key | None:
    """The one question of the SIS that waits for staff."""
    waiting = all_of(
        world,
        ChangeRequest,
        ChangeRequest.account_id.is_(None),
        ChangeRequest.status == ChangeRequestStatus.PENDING,
    )
    assert len(waiting) <= 1
    return (waiting[0].district_id, waiting[0].id) if waiting else None


def settle(world: World, decision, **more) -> list:
    request = conflict(world)
    assert request is not None
    return decide(world, request, decision, reason="We called her.", **more).stale


def numbers(world: World, marge: Contact) -> set[str]:
    return {value for value in held(world, marge) if value.startswith("+")}


# --- a field ---------------------------------------------------------------------------------


def test_the_old_value_of_the_sis_does_not_undo_an_approved_one(
    world: World, marge: Contact, night: Night
):
    approved(world, marge, rename("Bouvier"))
    night()
    assert contact_now(world, marge).family_name == "Bouvier"
    assert conflict(world) is None
    night(family_name="Bouvier")
    assert open_edits(world, marge) == [], "the SIS agrees"


def test_staff_may_let_the_approved_value_stand_over_a_third_one(
    world: World, marge: Contact, night: Night
):
    approved(world, marge, rename("Bouvier"))
    night(family_name="Skinner")
    assert contact_now(world, marge).family_name == "Bouvier", "until staff have looked"
    assert settle(world, APPROVE) == []
    for _ in range(2):
        night(family_name="Skinner")
        assert contact_now(world, marge).family_name == "Bouvier"
        assert conflict(world) is None, "asked once"


def test_staff_may_give_way_to_the_third_value(world: World, marge: Contact, night: Night):
    approved(world, marge, rename("Bouvier"))
    night(family_name="Skinner")
    settle(world, REJECT)
    assert contact_now(world, marge).family_name == "Skinner"
    assert open_edits(world, marge) == []
    night(family_name="Skinner")
    assert contact_now(world, marge).family_name == "Skinner"
    assert conflict(world) is None


@pytest.mark.parametrize(
    ("decision", "stands"), [(APPROVE, "Bouvier"), (REJECT, "Spuckler")], ids=["ours", "theirs"]
)
def test_a_fourth_value_meanwhile_is_looked_at_again(
    world: World, marge: Contact, night: Night, decision, stands: str
):
    approved(world, marge, rename("Bouvier"))
    night(family_name="Skinner")
    night(family_name="Spuckler")
    [stale] = settle(world, decision)
    assert isinstance(stale, Stale)
    assert (stale.was, stale.current, stale.asked) == ("Skinner", "Spuckler", "Bouvier")
    assert contact_now(world, marge).family_name == "Bouvier"
    assert settle(world, decision, version=2) == []
    assert contact_now(world, marge).family_name == stands
    night(family_name="Spuckler")
    assert contact_now(world, marge).family_name == stands
    assert conflict(world) is None


def test_a_conflict_that_the_sis_has_settled_itself_changes_nothing(
    world: World, marge: Contact, night: Night
):
    approved(world, marge, rename("Bouvier"))
    night(family_name="Skinner")
    night(family_name="Bouvier")
    assert settle(world, REJECT), "it says something else than when it was asked"
    assert settle(world, REJECT, version=2) == []
    assert contact_now(world, marge).family_name == "Bouvier"


def test_a_new_third_value_after_the_first_was_settled_is_asked_anew(
    world: World, marge: Contact, night: Night
):
    approved(world, marge, rename("Bouvier"))
    night(family_name="Skinner")
    settle(world, APPROVE)
    night(family_name="Spuckler")
    request = conflict(world)
    assert request is not None
    assert request_now(world, request)[1][0].before == "Spuckler"


def test_what_is_asked_of_a_conflict_cannot_be_reworded(world: World, marge: Contact, night: Night):
    approved(world, marge, rename("Bouvier"))
    night(family_name="Skinner")
    request = conflict(world)
    assert request is not None
    verdict = ItemDecision(0, accept=True, corrected="Somebody")
    with pytest.raises(Invalid, match="corrected"):
        decide(world, request, PER_ITEM, verdict)


# --- a number --------------------------------------------------------------------------------


def test_a_replaced_number_stays_away_and_the_new_one_stays(
    world: World, marge: Contact, night: Night
):
    approved(world, marge, replace_phone(world, marge, NEW))
    night()
    assert numbers(world, marge) == {NEW}
    assert conflict(world) is None
    night(mobile=NEW)
    assert numbers(world, marge) == {NEW}
    assert open_edits(world, marge) == []


def test_ours_over_a_third_number_takes_it_away_for_good(
    world: World, marge: Contact, night: Night
):
    approved(world, marge, replace_phone(world, marge, NEW))
    night(mobile=THIRD)
    assert numbers(world, marge) == {NEW, THIRD}, "both, until staff have looked"
    assert settle(world, APPROVE) == []
    assert numbers(world, marge) == {NEW}
    for _ in range(2):
        night(mobile=THIRD)
        assert numbers(world, marge) == {NEW}
        assert conflict(world) is None


def test_after_ours_a_fourth_number_in_the_same_place_is_asked_anew(
    world: World, marge: Contact, night: Night
):
    approved(world, marge, replace_phone(world, marge, NEW))
    night(mobile=THIRD)
    settle(world, APPROVE)
    night(mobile=FOURTH)
    assert conflict(world) is not None
    settle(world, REJECT)
    assert numbers(world, marge) == {FOURTH}
    night(mobile=FOURTH)
    assert numbers(world, marge) == {FOURTH}
    assert open_edits(world, marge) == []


def test_theirs_takes_the_approved_number_away(world: World, marge: Contact, night: Night):
    approved(world, marge, replace_phone(world, marge, NEW))
    night(mobile=THIRD)
    settle(world, REJECT)
    assert numbers(world, marge) == {THIRD}
    night(mobile=THIRD)
    assert numbers(world, marge) == {THIRD}
    assert conflict(world) is None
    assert open_edits(world, marge) == []


def test_a_third_number_that_is_gone_again_leaves_nothing_to_take_away(
    world: World, marge: Contact, night: Night
):
    approved(world, marge, replace_phone(world, marge, NEW))
    night(mobile=THIRD)
    night(mobile=NEW)
    [stale] = settle(world, APPROVE)
    assert (stale.was, stale.current, stale.asked) == (THIRD, None, NEW)
    assert settle(world, APPROVE, version=2) == []
    assert numbers(world, marge) == {NEW}


def test_an_address_is_settled_like_a_number(world: World, marge: Contact, night: Night):
    asked = Asked(ContactField.REPLACE_EMAIL, link_key=link_of(world, marge, MAIL), after=NEW_MAIL)
    approved(world, marge, asked)
    night(email=THIRD_MAIL)
    settle(world, APPROVE)
    night(email=THIRD_MAIL)
    assert set(held(world, marge)) == {OLD, NEW_MAIL}
