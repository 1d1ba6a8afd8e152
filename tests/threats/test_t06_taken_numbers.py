"""T06: somebody learns from an answer, its time or a limit that a number is on file elsewhere."""

import random
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from graphql_schema.ids import Kind
from tests.asking import Ask, mutate, new_key
from tests.authz.custody import BENS_MAILBOX, BENS_PHONE, Custody, id_of
from tests.authz.mann_whitney import p_value
from tests.authz.watch import statements
from tests.world import a_link, a_phone

pytestmark = pytest.mark.threat("T06")
SUBMIT = """mutation ($input: SubmitContactChangeInput!) { submitContactChange(input: $input) {
  changeRequest { status version dueAt note reason
    contact { version destinations { label } }
    items { field before after current conflict verified accepted corrected destination { label } }
  }
  errors { __typename code message path }
} }"""
WITHDRAW = """mutation ($input: WithdrawContactChangeInput!) {
  withdrawContactChange(input: $input) { errors { code } } }"""
OUTCOME = """query ($id: ID!) { node(id: $id) { ... on ChangeRequest {
  status reason version items { accepted current conflict corrected destination { label } }
} } }"""
# On file with Ben, with Cleo in another district, or nowhere.
NUMBERS = {"taken": BENS_PHONE, "elsewhere": "+12175550124", "free": "+12175550199"}
ADDRESSES = {
    "taken": BENS_MAILBOX,
    "elsewhere": "cleo@example.org",
    "free": "nobody.at.all.x@example.org",
}
LEAST_P, MOST_TRIES = 0.01, 3


def asked_for(custody: Custody, field: str, value: str) -> dict[str, Any]:
    phone, mailbox = id_of(custody.anna.links[0]), id_of(custody.anna.links[3])
    item = {"field": field, "after": value, "label": "new"}
    if field.startswith("REPLACE"):
        item["destinationId"] = phone if field.endswith("PHONE") else mailbox
    return {"contactId": custody.anna.ids[Kind.CONTACT], "items": [item]}


def submit(ask: Ask, custody: Custody, field: str, value: str) -> dict[str, Any]:
    asked = asked_for(custody, field, value) | {"clientMutationId": new_key()}
    return ask(custody.anna.guardian, SUBMIT, input=asked)


def withdraw_all(custody: Custody, ask: Ask) -> None:
    open_ones = "{ viewer { contacts { changeRequests(status: PENDING) { nodes { id } } } } }"
    for contact in ask(custody.anna.guardian, open_ones)["data"]["viewer"]["contacts"]:
        for request in contact["changeRequests"]["nodes"]:
            this = {"clientMutationId": new_key(), "changeRequestId": request["id"]}
            ask(custody.anna.guardian, WITHDRAW, input=this)


@pytest.mark.parametrize("field", ["ADD_PHONE", "REPLACE_PHONE", "ADD_EMAIL", "REPLACE_EMAIL"])
def test_asking_for_a_taken_number_answers_like_asking_for_a_free_one(
    custody: Custody, ask: Ask, field: str
):
    """Byte for byte but for the value itself, and by the same statements."""
    values = NUMBERS if field.endswith("PHONE") else ADDRESSES
    answers, run = {}, {}
    for name, value in values.items():
        with statements(custody.world.database) as seen:
            body = submit(ask, custody, field, value)
        assert body["data"]["submitContactChange"]["errors"] == []
        answers[name] = orjson.dumps(body).replace(value.encode(), b"value")
        run[name] = tuple(seen)
    assert answers["taken"] == answers["elsewhere"] == answers["free"]
    assert run["taken"] == run["elsewhere"] == run["free"]


def test_no_watch_tells_a_taken_number_from_a_free_one(
    custody: Custody, ask: Ask, rng: random.Random, scale: Callable[[int], int]
):
    """Pairs in random order; what is by chance does not come three times over."""
    pairs = [(f"+1217555{2000 + n}", f"+1217555{3000 + n}") for n in range(scale(500))]
    with custody.world.database.write(custody.world.service) as db:
        for taken, _ in pairs:
            a_link(db, custody.nora.contact, a_phone(db, custody.world.district, taken))
    found = [p_value(*timed(custody, ask, rng, pairs))]
    while found[-1] <= LEAST_P and len(found) < MOST_TRIES:
        found.append(p_value(*timed(custody, ask, rng, pairs)))
    assert found[-1] > LEAST_P, found


def timed(
    custody: Custody, ask: Ask, rng: random.Random, pairs: list[tuple[str, str]]
) -> tuple[list[float], list[float]]:
    """Seconds for each first number, and for each second."""
    took: tuple[list[float], list[float]] = ([], [])
    for pair in pairs:
        withdraw_all(custody, ask)
        for side in rng.sample((0, 1), 2):
            began = time.perf_counter()
            body = submit(ask, custody, "ADD_PHONE", pair[side])
            took[side].append(time.perf_counter() - began)
            assert body["data"]["submitContactChange"]["errors"] == []
    return took


def test_the_school_s_answer_does_not_tell_either(custody: Custody, ask: Ask):
    """Approved, her request looks the same, whoever else holds the number."""
    outcomes = []
    for value in (NUMBERS["taken"], NUMBERS["free"]):
        asked = mutate(
            ask,
            custody.anna.guardian,
            "submitContactChange",
            "changeRequest { id }",
            **asked_for(custody, "ADD_PHONE", value),
        )["changeRequest"]
        decided = mutate(
            ask,
            custody.clerk,
            "decideContactChange",
            "",
            changeRequestId=asked["id"],
            version=1,
            decision="APPROVE",
        )
        assert decided["errors"] == []
        outcomes.append(ask(custody.anna.guardian, OUTCOME, id=asked["id"])["data"]["node"])
    assert outcomes[0] == outcomes[1]


def test_his_limits_are_not_hers(custody: Custody, ask: Ask):
    """Ben has asked as often as he may; Anna asks on, for the same number too."""
    ben = custody.ben
    while True:
        asked = mutate(
            ask,
            ben.guardian,
            "submitContactChange",
            "",
            contactId=ben.ids[Kind.CONTACT],
            items=[{"field": "ADD_PHONE", "after": "+12175550166"}],
        )
        if asked["errors"]:
            break
    assert [error["code"] for error in asked["errors"]] == ["INVALID"]
    body = submit(ask, custody, "ADD_PHONE", "+12175550166")
    assert body["data"]["submitContactChange"]["errors"] == []
