"""T51: a parent withdraws a request while staff approve it."""

import random
from collections.abc import Callable
from functools import partial

import pytest

from app.clock import rfc3339
from app.database import Database
from tests.asking import asker
from tests.changes.steps import contact_now, open_edits
from tests.races.requests import a_waiting_request, decides, takes_back
from tests.races.together import at_once
from tests.world import a_world


@pytest.mark.threat("T51")
@pytest.mark.timeout(1_800)  # in full
def test_one_of_the_two_happens_and_both_learn_which(
    own_database: Database, scale: Callable[[int], int], rng: random.Random
):
    world, ask = a_world(own_database), asker(own_database)
    clerk = world.clerk(email="clerk@school.example")
    seen = set()
    for _ in range(scale(1000)):
        contact, request = a_waiting_request(world)
        acts = {
            "parent": partial(takes_back, ask, world.guardian(contact), request),
            "clerk": partial(decides, ask, clerk, request, "APPROVE"),
        }
        order = rng.sample(list(acts), 2)
        answers = dict(zip(order, at_once(*(acts[who] for who in order)), strict=True))
        parents, clerks = answers["parent"], answers["clerk"]
        approved = not clerks["errors"]
        seen.add(approved)
        winner, loser = (clerks, parents) if approved else (parents, clerks)
        status = "APPROVED" if approved else "WITHDRAWN"
        assert winner["changeRequest"] == {"status": status, "version": 2}
        [told] = loser["errors"]
        assert (told["code"], told["current"], told["currentVersion"]) == ("CONFLICT", status, 2)
        assert told["changedAt"] == rfc3339(own_database.clock())
        assert told["changedBy"] is None, "not the parent's name, and no clerk's for the parent"
        name = "Bouvier" if approved else "Simpson"
        assert contact_now(world, contact).family_name == name
        assert len(open_edits(world, contact)) == approved
    assert seen == {True, False}, "neither was always first"
