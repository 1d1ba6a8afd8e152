"""T43: two staff members decide the same request at once."""

import random
from collections.abc import Callable
from functools import partial

import pytest

from app.clock import rfc3339
from app.database import Database
from app.directory.models import Contact
from tests.asking import asker
from tests.changes.steps import contact_now, open_edits
from tests.races.requests import Answer, a_waiting_request, decides
from tests.races.together import at_once
from tests.world import World, a_world

STATUS = {"APPROVE": "APPROVED", "REJECT": "REJECTED"}


@pytest.mark.threat("T43")
@pytest.mark.timeout(1_800)  # in full
def test_one_decision_counts_and_the_others_learn_whose_when_and_what(
    own_database: Database, scale: Callable[[int], int], rng: random.Random
):
    world, ask = a_world(own_database), asker(own_database)
    clerks = [world.clerk(email=f"clerk{n}@school.example") for n in range(8)]
    for _ in range(scale(1000)):
        contact, request = a_waiting_request(world)
        decisions = {
            clerk.email: (clerk, rng.choice(list(STATUS)))
            for clerk in rng.sample(clerks, rng.randint(2, 8))
        }
        answers = at_once(
            *(partial(decides, ask, clerk, request, said) for clerk, said in decisions.values())
        )
        winner, status = the_one_who_won(dict(zip(decisions, answers, strict=True)))
        assert status == STATUS[decisions[winner][1]]
        assert_told(world, dict(zip(decisions, answers, strict=True)), winner, status)
        assert_done_once(world, contact, approved=status == "APPROVED")


def the_one_who_won(answers: dict[str, Answer | Exception]) -> tuple[str, str]:
    won = {who: answer for who, answer in answers.items() if not errors_of(answer)}
    assert len(won) == 1, "one decision counts"
    [(who, answer)] = won.items()
    assert not isinstance(answer, Exception)
    return who, answer["changeRequest"]["status"]


def assert_told(
    world: World, answers: dict[str, Answer | Exception], winner: str, status: str
) -> None:
    for who, answer in answers.items():
        if who == winner:
            continue
        [error] = errors_of(answer)
        assert (error["__typename"], error["code"]) == ("Conflict", "CONFLICT")
        assert error["changedBy"] == winner
        assert error["changedAt"] == rfc3339(world.database.clock())
        assert (error["current"], error["currentVersion"]) == (status, 2)


def errors_of(answer: Answer | Exception) -> list[Answer]:
    if isinstance(answer, Exception):
        raise answer
    return answer["errors"]


def assert_done_once(world: World, contact: Contact, *, approved: bool) -> None:
    now = contact_now(world, contact)
    assert now.family_name == ("Bouvier" if approved else "Simpson")
    assert now.version == contact.version + approved
    assert len(open_edits(world, contact)) == approved
