"""T01: somebody changes an id to that of another family's contact, phone, message or request."""

from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs
from uuid_utils.compat import uuid7

from app.actor import Actor, Visitor
from graphql_schema.ids import Kind, global_id
from tests.asking import Ask
from tests.authz.custody import MARK, Custody, Person
from tests.authz.examples import (
    EXAMPLES,
    INPUTS,
    KIND_NAMED,
    PARENTS,
    STAFF,
    actor_for,
    example,
    replaced,
    strange_ids,
    variables_for,
)
from tests.authz.walk import id_places
from tests.authz.watch import statements

pytestmark = pytest.mark.threat("T01")
PLACES = [(field, path) for field, paths in id_places().items() for path in paths]
NAMED = [place for place in PLACES if not place[0].startswith("Query.")]
MUTATIONS = [place for place in PLACES if place[0].startswith("Mutation.")]


def kind_at(path: str) -> Kind:
    return KIND_NAMED[path.rpartition(".")[2]]


def strange(custody: Custody, person: Person, field: str, path: str) -> list[str]:
    """Ids that must answer as if they did not exist; old messages still name a retired type."""
    kind = kind_at(path)
    shown = custody.hidden[kind] if path == "filter.broadcastTypeIds" else ()
    ids = strange_ids(custody, person, kind, example(field).whose)
    return [one for one in ids if one not in shown]


def only_answer(
    ask: Ask, actor: Actor, field: str, variables: dict[str, Any], path: str, ids: Iterable[str]
) -> dict[str, Any]:
    """The answer that all these ids had, byte for byte."""
    told: dict[bytes, list[str]] = {}
    for one in ids:
        changed, _ = replaced(variables, path, one)
        body = orjson.dumps(ask(actor, example(field).document, **changed))
        told.setdefault(body, []).append(one)
    assert len(told) == 1, (field, path, [(b.decode()[:300], i[:2]) for b, i in told.items()])
    answer: dict[str, Any] = orjson.loads(body)
    return answer


def is_bare(data: Any) -> bool:
    """Nothing but nulls, however deep."""
    return data is None or (isinstance(data, dict) and all(map(is_bare, data.values())))


def refusal(body: dict[str, Any], field: str) -> tuple[str, list[str]]:
    """Code and place of the only error; nothing else stands in the answer."""
    if not field.startswith("Mutation."):
        [error] = body["errors"]
        assert is_bare(body["data"])
        return error["extensions"]["code"], error["extensions"].get("input")
    assert body.keys() == {"data"}
    payload = body["data"][field.partition(".")[2]]
    [error] = payload.pop("errors")
    assert payload.pop("clientMutationId") == "a-key"
    assert not any(payload.values()), payload
    kind = {"NOT_FOUND": "InvalidInput", "FORBIDDEN": "NotAllowed"}[error["code"]]
    assert error["__typename"] == kind
    return error["code"], error["path"]


def test_every_place_for_an_id_stands_in_the_matrix():
    """A new field that takes an id fails here until it has its example."""
    fields = {field for field, _ in PLACES}
    assert fields == EXAMPLES.keys() | {f"Mutation.{name}" for name in INPUTS}
    assert all(kind_at(path) for _, path in PLACES)


@pytest.mark.parametrize("field", [field for field in id_places() if "Query" not in field])
def test_her_own_ids_work(custody: Custody, ask: Ask, field: str):
    """Or else the refusals below would prove nothing."""
    actor = actor_for(custody, custody.anna, example(field).whose)
    body = ask(actor, example(field).document, **variables_for(ask, field, custody.anna))
    assert "errors" not in body, body
    assert '"errors":[{' not in orjson.dumps(body).decode()


def test_what_is_not_hers_answers_like_what_does_not_exist(custody: Custody, ask: Ask):
    """Other families, other districts, retired things, other kinds, nonsense: one NOT_FOUND."""
    for person in (custody.anna, custody.cleo):
        for field, path in NAMED:
            actor = actor_for(custody, person, example(field).whose)
            variables = variables_for(ask, field, person)
            ids = strange(custody, person, field, path)
            body = only_answer(ask, actor, field, variables, path, ids)
            place = replaced(variables, path, "")[1]
            assert refusal(body, field) == ("NOT_FOUND", place), (field, path)


def test_somebody_in_the_wrong_role_is_refused_before_any_id_is_read(custody: Custody, ask: Ask):
    """Good ids, strangers' and nonsense: one answer, FORBIDDEN or nothing at all."""
    parents = [custody.anna.guardian, custody.cleo.guardian]
    staff = [custody.clerk, custody.north_clerk]
    nothing = {"Viewer.features": {"features": []}}
    for field, path in NAMED:
        variables = variables_for(ask, field, custody.anna)
        some = strange(custody, custody.anna, field, path)[::4]  # each leaves a line in the audit
        ids = [custody.anna.ids[kind_at(path)], *some, ""]
        for actor in staff if example(field).whose == PARENTS else parents:
            body = only_answer(ask, actor, field, variables, path, ids)
            if "errors" in body or field.startswith("Mutation."):
                assert refusal(body, field)[0] == "FORBIDDEN", (field, path)
            else:
                assert body == {"data": {"viewer": nothing.get(field, {"desk": None})}}


def test_who_is_signed_out_learns_nothing_by_any_id(custody: Custody, ask: Ask):
    for field, path in PLACES:
        variables = variables_for(ask, field, custody.anna)
        ids = [custody.anna.ids[kind_at(path)], *strange(custody, custody.anna, field, path)]
        body = only_answer(ask, Visitor(), field, variables, path, ids)
        assert is_bare(body["data"])
        assert [error["extensions"]["code"] for error in body["errors"]] == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("way", ["Query.node", "Query.nodes"])
def test_an_object_that_is_not_hers_is_not_found_by_its_id(custody: Custody, ask: Ask, way: str):
    """For every kind of object; an id of another kind of hers is of course found."""
    path = "id" if way == "Query.node" else "ids"
    for person in (custody.anna, custody.cleo):
        variables = EXAMPLES[way].variables(person)
        for kind, own in person.ids.items():
            shown = custody.hidden[kind] if kind is Kind.BROADCAST_TYPE else ()
            ids = set(strange_ids(custody, person, kind, PARENTS)) - {*person.ids.values(), *shown}
            body = only_answer(ask, person.guardian, way, variables, path, ids)
            assert body["data"] in ({"node": None}, {"nodes": [None]})
            assert [error["extensions"]["code"] for error in body["errors"]] == ["NOT_FOUND"]
            found, _ = replaced(variables, path, own)
            body = ask(person.guardian, EXAMPLES[way].document, **found)
            assert body["data"] in ({"node": {"id": own}}, {"nodes": [{"id": own}]})


def test_one_strange_id_takes_nothing_from_the_others(custody: Custody, ask: Ask):
    """Each place holds its object or null with its own error, whoever asks."""
    for actor in (custody.anna.guardian, custody.clerk):
        ids = [custody.anna.ids[Kind.CONTACT], *custody.cleo.ids.values(), "nonsense"]
        body = ask(actor, EXAMPLES["Query.nodes"].document, ids=ids)
        first, *others = body["data"]["nodes"]
        assert first == {"id": ids[0]}
        assert others == [None] * len(others)
        assert [error["path"] for error in body["errors"]] == [
            ["nodes", place + 1] for place in range(len(others))
        ]
        assert {error["extensions"]["code"] for error in body["errors"]} == {"NOT_FOUND"}


def test_more_ids_than_can_be_answered_are_refused_not_forgotten(custody: Custody, ask: Ask):
    document = EXAMPLES["Query.nodes"].document
    body = ask(custody.anna.guardian, document, ids=[custody.anna.ids[Kind.CONTACT]] * 101)
    assert body["data"] is None
    [error] = body["errors"]
    assert error["extensions"]["code"] == "INVALID"
    assert list(error["extensions"]["input"]) == ["ids"]


def test_a_strangers_id_costs_as_many_statements_as_one_that_never_was(custody: Custody, ask: Ask):
    """The time cannot tell what the answer does not."""
    anna, everybodys = custody.anna, (Kind.DISTRICT, Kind.SCHOOL, Kind.BROADCAST_TYPE)
    for field, path in PLACES:
        kind = kind_at(path)
        if example(field).whose == STAFF or kind in everybodys:
            continue
        never = global_id(kind, anna.contact.district_id, uuid7())
        told = []
        for one in {custody.ben.ids[kind], custody.nora.ids[kind], never} - {anna.ids[kind]}:
            changed, _ = replaced(variables_for(ask, field, anna), path, one)
            with statements(custody.world.database) as seen:
                ask(anna.guardian, example(field).document, **changed)
            told.append(tuple(seen))
        assert told == [told[0]] * len(told), (field, path)


def test_each_refusal_is_logged_without_a_personal_value(custody: Custody, ask: Ask):
    for field, path in MUTATIONS:
        actor = actor_for(custody, custody.anna, example(field).whose)
        strangers = custody.cleo.ids[kind_at(path)]
        changed, _ = replaced(variables_for(ask, field, custody.anna), path, strangers)
        with capture_logs() as logs:
            ask(actor, example(field).document, **changed)
        [line] = [line for line in logs if line["event"] == "mutation.refused"]
        assert (line["mutation"], line["code"]) == (field.partition(".")[2], "NOT_FOUND")
        assert line["actor"].endswith(str(actor.account_id))
        for personal in (strangers, MARK, "Anna", "Cleo", "@", "+1217", "street"):
            assert personal not in str(logs)


def test_a_refused_part_of_a_change_is_logged_too(custody: Custody, ask: Ask):
    """One preference of two is not hers: the other is set, and the attempt does not vanish."""
    variables = variables_for(ask, "Mutation.setPreferences", custody.anna)
    [hers] = variables["input"]["preferences"]
    strangers = hers | {"destinationId": custody.ben.ids[Kind.LINK]}
    variables["input"]["preferences"] = [hers, strangers]
    with capture_logs() as logs:
        body = ask(custody.anna.guardian, example("Mutation.setPreferences").document, **variables)
    payload = body["data"]["setPreferences"]
    assert len(payload["preferences"]) == 1
    assert [error["path"] for error in payload["errors"]] == [["preferences", "1", "destinationId"]]
    assert [line["code"] for line in logs if line["event"] == "mutation.refused"] == ["NOT_FOUND"]


def test_looking_for_what_is_not_hers_is_logged(custody: Custody, ask: Ask):
    strangers = custody.ben.ids[Kind.LINK]
    for way in ({"id": strangers}, {"ids": [strangers]}):
        field = "Query.node" if "id" in way else "Query.nodes"
        with capture_logs() as logs:
            ask(custody.anna.guardian, EXAMPLES[field].document, **way)
        [line] = [line for line in logs if line["event"] == "node.refused"]
        assert line["actor"] == f"account:{custody.anna.guardian.account_id}"
        assert strangers not in str(line)
