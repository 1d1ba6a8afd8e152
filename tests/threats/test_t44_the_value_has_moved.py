"""T44: staff approve a change after the value has moved."""

from collections.abc import Callable

import pytest

from app.changes.models import ChangeRequest
from app.changes.requests import Asked
from app.database import Database
from app.directory.models import Contact
from app.vocabulary import ContactField
from tests.asking import asker
from tests.changes.steps import all_of, contact_now
from tests.races.requests import a_request_of, a_waiting_request, decides
from tests.races.together import at_once
from tests.world import a_contact, a_world

pytestmark = pytest.mark.threat("T44")


def test_a_stale_item_shows_was_is_and_asked_and_is_decided_again(own_database: Database):
    world, ask = a_world(own_database), asker(own_database)
    contact, request = a_waiting_request(world)
    clerk = world.clerk()
    with own_database.write(world.service) as db:
        row = db.lock(Contact, contact.district_id, contact.id)
        assert row is not None
        row.family_name = "Skinner"
    answer = decides(ask, clerk, request, "APPROVE")
    assert answer["changeRequest"] == {"status": "PENDING", "version": 2}
    [error] = answer["errors"]
    assert (error["__typename"], error["code"]) == ("Conflict", "STALE")
    assert (error["was"], error["current"], error["asked"]) == ("Simpson", "Skinner", "Bouvier")
    assert (error["path"], error["currentVersion"]) == (["items", "0"], 2)
    assert contact_now(world, contact).family_name == "Skinner", "nothing is done"
    assert decides(ask, clerk, request, "APPROVE", version=2)["errors"] == []
    assert contact_now(world, contact).family_name == "Bouvier"


@pytest.mark.timeout(1_800)  # in full
def test_of_two_requests_about_one_value_the_second_to_be_approved_is_stale(
    own_database: Database, scale: Callable[[int], int]
):
    world, ask = a_world(own_database), asker(own_database)
    names = ("Bouvier", "Skinner")
    for _ in range(scale(400)):
        with own_database.write(world.service) as db:
            contact = a_contact(db, world.district)
        requests = [
            a_request_of(world, contact, Asked(ContactField.FAMILY_NAME, after=name))
            for name in names
        ]
        answers = at_once(
            *(lambda one=one: decides(ask, world.clerk(), one, "APPROVE") for one in requests)
        )
        outcomes = [answer["changeRequest"]["status"] for answer in answers]
        assert sorted(outcomes) == ["APPROVED", "PENDING"]
        first = outcomes.index("APPROVED")
        [stale] = answers[1 - first]["errors"]
        assert (stale["was"], stale["current"], stale["asked"]) == (
            "Simpson",
            names[first],
            names[1 - first],
        )
        assert contact_now(world, contact).family_name == names[first]
    assert {request.version for request in all_of(world, ChangeRequest)} == {2}
