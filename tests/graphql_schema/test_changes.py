"""Correcting contact data over the schema: what each side reads, and bad decisions."""

from typing import Any

import pytest

from app.audit.models import AuditEntry
from app.directory.models import Guardianship, Student
from app.vocabulary import Feature
from graphql_schema.ids import Kind, global_id
from tests.asking import mutate
from tests.changes.steps import all_of
from tests.everything import everything
from tests.graphql_schema.corrections import (
    HAS_ALREADY,
    LONG,
    NO_NUMBER,
    NOT_HERE,
    REQUEST,
    Said,
    contact_of,
    item,
    submit,
)
from tests.graphql_schema.home import Home, id_of
from tests.world import a_contact, a_guardianship, a_student, a_world


def asked(home: Home) -> str:
    """A name and a number, waiting."""
    items = [
        {"field": "FAMILY_NAME", "after": "Bouvier"},
        {"field": "ADD_PHONE", "after": "(217) 555-0199"},
    ]
    answer = submit(home, contact_of(home, items=items))
    assert answer["errors"] == []
    return answer["changeRequest"]["id"]


def decision(home: Home, **said: Any) -> Said:
    return {"changeRequestId": asked(home), "version": 1, "decision": "APPROVE"} | said


def verdicts(*said: Said) -> Said:
    return {"decision": "PER_ITEM", "reason": "We called you.", "items": list(said)}


YES, NO = {"index": 0, "accept": True}, {"index": 1, "accept": False}
BAD_DECISIONS: dict[str, tuple[Said, str, list[str], str]] = {
    "a request that is none": (
        {"changeRequestId": "nonsense"}, "NOT_FOUND", ["changeRequestId"], NOT_HERE,
    ),
    "a version that has passed": (
        {"version": 0}, "CONFLICT", ["version"],
        "This has changed since you looked. Please look again.",
    ),
    "no reason": (
        {"decision": "REJECT"}, "INVALID", ["reason"],
        "The parent will read why. Please give a reason.",
    ),
    "a reason of 100 KB": (
        {"decision": "REJECT", "reason": LONG}, "INVALID", ["reason"],
        "A reason has at most 1000 characters.",
    ),
    "verdicts without PER_ITEM": (
        {"items": [YES]}, "INVALID", ["items"],
        "Items are decided one by one with PER_ITEM only.",
    ),
    "one verdict too few": (
        verdicts(YES), "INVALID", ["items"], "Decide every item of the request, each once.",
    ),
    "an item that is not there": (
        verdicts(YES, NO, {"index": 7, "accept": True}), "INVALID", ["items"],
        "Decide every item of the request, each once.",
    ),
    "an item twice": (
        verdicts(YES, YES), "INVALID", ["items"], "Decide every item of the request, each once.",
    ),
    "200 verdicts": (
        verdicts(*({"index": n, "accept": True} for n in range(200))), "INVALID", ["items"],
        "Decide every item of the request, each once.",
    ),
    "a correction that is no number": (
        verdicts(YES, {"index": 1, "accept": True, "corrected": "hello"}),
        "INVALID", ["items", "1", "corrected"], NO_NUMBER,
    ),
    "a correction of what is refused": (
        verdicts(YES, {"index": 1, "accept": False, "corrected": "+12175550188"}),
        "INVALID", ["items", "1", "corrected"],
        "Only what a parent asked and you accept can be corrected.",
    ),
    "a correction to what she has": (
        verdicts(YES, {"index": 1, "accept": True, "corrected": "+12175550143"}),
        "INVALID", ["items", "1", "corrected"], HAS_ALREADY,
    ),
    "an empty key": (
        {"clientMutationId": ""}, "INVALID", ["clientMutationId"],
        "A key has 1 to 200 characters.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_DECISIONS.values(), ids=BAD_DECISIONS.keys())
def test_a_decision_that_cannot_be_is_told_where_and_why_and_decides_nothing(home: Home, case: Any):
    said, code, path, sentence = case
    given = decision(home, **said)
    before = everything(home.world.database)
    answer = mutate(home.ask, home.world.clerk(), "decideContactChange", REQUEST, **given)
    told = [(error["code"], error["path"], error["message"]) for error in answer["errors"]]
    assert told == [(code, path, sentence)]
    assert everything(home.world.database) == before


def test_what_is_nobodys_request_cannot_be_taken_back(home: Home):
    request = asked(home)
    before = everything(home.world.database)
    other = home.world.guardian(home.homer)
    for actor, key in (
        (home.parent, "nonsense"),
        (home.parent, id_of(home.phone)),
        (other, request),
    ):
        answer = mutate(home.ask, actor, "withdrawContactChange", REQUEST, changeRequestId=key)
        [error] = answer["errors"]
        assert (error["code"], error["path"], error["message"]) == (
            "NOT_FOUND",
            ["changeRequestId"],
            NOT_HERE,
        )
    assert everything(home.world.database) == before


def test_each_keeps_to_her_own_part_whatever_the_id(home: Home):
    """Who may not is told so before any id is looked at; only the auditor hears of it."""
    request = asked(home)
    before = everything(home.world.database, but=("audit_entry",))
    viewer_only = home.world.clerk([Feature.VIEW_CONTACTS])
    for key in (request, "nonsense"):
        decide = {"changeRequestId": key, "version": 1, "decision": "APPROVE"}
        for actor, name, said in (
            (home.parent, "decideContactChange", decide),
            (viewer_only, "decideContactChange", decide),
            (home.world.clerk(), "withdrawContactChange", {"changeRequestId": key}),
            (home.world.clerk(), "submitContactChange", item("ADDRESS", after="Elm")(home)),
        ):
            [error] = mutate(home.ask, actor, name, REQUEST, **said)["errors"]
            assert (error["__typename"], error["code"]) == ("NotAllowed", "FORBIDDEN"), name
    assert everything(home.world.database, but=("audit_entry",)) == before
    assert {each.action for each in all_of(home.world, AuditEntry)} == {"mutation.refused"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("submitContactChange", {"items": [{"field": "HAIR_COLOUR", "after": "blue"}]}),
        ("submitContactChange", {"items": [{"after": "blue"}]}),
        ("submitContactChange", {"items": [{"field": "ADDRESS", "after": 7}]}),
        ("submitContactChange", {"items": [{"field": "ADDRESS", "after": "x", "accepted": True}]}),
        ("decideContactChange", {"version": "1", "decision": "APPROVE", "changeRequestId": "x"}),
        ("decideContactChange", {"version": 1, "decision": "MAYBE", "changeRequestId": "x"}),
        ("decideContactChange", {"decision": "APPROVE", "changeRequestId": "x"}),
        ("withdrawContactChange", {"changeRequestId": None}),
    ],
)
def test_input_of_another_shape_is_refused_before_anything_runs(home: Home, name: str, said: Said):
    if name == "submitContactChange":
        said = contact_of(home, **said)
    document = (
        f"mutation ($input: {name[0].upper()}{name[1:]}Input!) "
        f"{{ {name}(input: $input) {{ clientMutationId }} }}"
    )
    before = everything(home.world.database)
    body = home.ask(home.parent, document, input={"clientMutationId": "k"} | said)
    assert "data" not in body
    assert {error["extensions"]["code"] for error in body["errors"]} == {"INVALID"}
    assert everything(home.world.database) == before


# --- what each side reads ------------------------------------------------------------------------

ITEMS = """query ($id: ID!) { node(id: $id) { ... on ChangeRequest {
    status reason decidedAt sisConflict note contact { givenName }
    items { field before after current conflict verified accepted corrected
      student { givenName } destination { id } } } } }"""


def test_both_sides_read_the_same_request(home: Home):
    with home.world.database.write(home.world.service) as db:
        lisa = a_student(db, home.world.north, "Lisa")
        a_guardianship(db, home.marge, lisa)
    child = global_id(Kind.STUDENT, lisa.district_id, lisa.id)
    given = contact_of(
        home,
        note="We moved.",
        items=[
            {"field": "REPLACE_PHONE", "destinationId": id_of(home.phone), "after": "217 555 0199"},
            {"field": "NOT_MY_CHILD", "studentId": child},
        ],
    )
    request = submit(home, given)["changeRequest"]["id"]
    seen = [
        home.ask(actor, ITEMS, id=request)["data"]["node"]
        for actor in (home.parent, home.world.clerk())
    ]
    assert seen[0] == seen[1]
    assert seen[0]["items"] == [
        {
            "field": "REPLACE_PHONE",
            "before": "+12175550143",
            "after": "+12175550199",
            "current": "+12175550143",
            "conflict": False,
            "verified": False,
            "accepted": None,
            "corrected": None,
            "student": None,
            "destination": {"id": id_of(home.phone)},
        },
        {
            "field": "NOT_MY_CHILD",
            "before": None,
            "after": None,
            "current": None,
            "conflict": False,
            "verified": False,
            "accepted": None,
            "corrected": None,
            "student": {"givenName": "Lisa"},
            "destination": None,
        },
    ]


def test_a_child_is_out_of_sight_in_old_requests_too_once_the_rights_are_gone(home: Home):
    with home.world.database.write(home.world.service) as db:
        lisa = a_student(db, home.world.north, "Lisa")
        a_guardianship(db, home.marge, lisa)
    child = global_id(Kind.STUDENT, lisa.district_id, lisa.id)
    request = submit(home, item("NOT_MY_CHILD", studentId=child)(home))["changeRequest"]["id"]
    with home.world.database.write(home.world.service) as db:
        [guardianship] = db.session.query(Guardianship).all()
        guardianship.rights = "NO_RIGHTS"
    for actor in (home.parent, home.world.clerk()):
        [one] = home.ask(actor, ITEMS, id=request)["data"]["node"]["items"]
        assert one["student"] is None
    assert len(all_of(home.world, Student)) == 1


def test_the_queue_of_one_district_holds_nothing_of_another(home: Home):
    asked(home)
    other = a_world(home.world.database, "shelbyville")
    with home.world.database.write(other.service) as db:
        a_contact(db, other.district)
    queue = "{ viewer { desk { changeRequests { nodes { id } } } } }"
    assert home.ask(other.clerk(), queue)["data"]["viewer"]["desk"]["changeRequests"]["nodes"] == []
