"""T10: somebody sets by an input what no input is for: a status, a version, a district."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNamedType,
    get_named_type,
)

from graphql_schema.ids import Kind
from tests.asking import Ask
from tests.authz.custody import Custody
from tests.authz.examples import INPUTS, actor_for, example, mutation_document, variables_for
from tests.authz.walk import MUTATION, input_fields
from tests.authz.watch import all_rows

pytestmark = pytest.mark.threat("T10")
# What a caller may say, input by input. Whoever adds a word here has thought of who may say it.
ALLOWED = {
    "ChangeItemInput": "field destinationId studentId after label",
    "DecideContactChangeInput": "clientMutationId changeRequestId version decision items reason",
    "GrantConsentInput": "clientMutationId destinationId channel disclosureVersion version",
    "ItemDecisionInput": "index accept corrected",
    "LiftOptOutInput": "clientMutationId destinationId channel scope broadcastTypeId",
    "MarkMessagesReadInput": "clientMutationId messageIds",
    "MessageFilter": "broadcastTypeIds channels studentId schoolId since until text unread",
    "OptOutInput": "clientMutationId destinationId channel scope broadcastTypeId",
    "PauseMessagesInput": "clientMutationId contactId until",
    "PreferenceInput": "destinationId channel broadcastTypeId wanted version",
    "ReviewFilter": "status schoolId",
    "RevokeConsentInput": "clientMutationId destinationId channel",
    "SetPreferencesInput": "clientMutationId preferences",
    "SetQuietHoursInput": "clientMutationId destinationId channel from to version",
    "SubmitContactChangeInput": "clientMutationId contactId items note",
    "WithdrawContactChangeInput": "clientMutationId changeRequestId",
}
# What an attacker would like to say besides.
WANTED = ("id", "status", "version", "approvedBy", "decidedBy", "decidedAt", "accepted", "verifiedAt",
          "before", "dueAt", "source", "actor", "at", "since", "sequence", "held", "features", "role",
          "rights", "district", "districtId", "contactId", "accountId", "district_id", "__typename",
          "__proto__")  # fmt: skip
FILTERS = {"Viewer.messages": "MessageFilter", "StaffDesk.changeRequests": "ReviewFilter"}


@pytest.mark.parametrize("name", sorted(input_fields()))
def test_an_input_has_the_fields_somebody_agreed_to_and_no_other(name: str):
    assert set(input_fields()[name]) == set(ALLOWED[name].split())


def test_every_mutation_takes_one_input():
    assert {tuple(field.args) for field in MUTATION.fields.values()} == {("input",)}


@pytest.mark.parametrize("mutation", sorted(INPUTS))
def test_a_field_that_an_input_does_not_have_is_refused_never_ignored(
    custody: Custody, ask: Ask, mutation: str
):
    """At every level of the input, as a variable and in the document: nothing is done."""
    world, actor = custody.world, actor_for(custody, custody.anna, INPUTS[mutation][0])
    good = variables_for(ask, f"Mutation.{mutation}", custody.anna)["input"]
    if mutation == "decideContactChange":
        good |= {"decision": "PER_ITEM", "items": [{"index": 0, "accept": True}]}
    whole = get_named_type(MUTATION.fields[mutation].args["input"].type)
    with world.database.read(world.service) as db:
        before = all_rows(db)
    for inside, owner in levels(good, whole):
        for suspect in {*WANTED} - {*ALLOWED[owner].split()}:
            inside[suspect] = "APPROVED"
            require_refused(ask(actor, mutation_document(mutation), input=good), suspect)
            del inside[suspect]
        inside["districtId"] = "another"
        document = f"mutation {{ {mutation}(input: {literal(good, whole)}) {{ __typename }} }}"
        require_refused(ask(actor, document), "districtId")
        del inside["districtId"]
    with world.database.read(world.service) as db:
        assert all_rows(db) == before


@pytest.mark.parametrize("field", FILTERS)
def test_a_filter_takes_no_other_field_either(custody: Custody, ask: Ask, field: str):
    """Above all none that says whose."""
    actor = actor_for(custody, custody.anna, example(field).whose)
    variables = variables_for(ask, field, custody.anna)
    for suspect in {*WANTED, "guardian"} - {*ALLOWED[FILTERS[field]].split()}:
        variables["filter"][suspect] = custody.ben.ids[Kind.CONTACT]
        require_refused(ask(actor, example(field).document, **variables), suspect)
        del variables["filter"][suspect]


def require_refused(body: dict[str, Any], suspect: str) -> None:
    """Before anything ran: no data at all, and an error that names the field."""
    assert body.keys() == {"errors"}
    [error] = body["errors"]
    assert error["extensions"]["code"] == "INVALID"
    assert suspect in error["message"]


def levels(
    value: dict[str, Any], owner: GraphQLInputObjectType
) -> Iterator[tuple[dict[str, Any], str]]:
    """Each object of an input, with the name of its type."""
    yield value, owner.name
    for name, inner in value.items():
        if isinstance(inner, list):
            below = get_named_type(owner.fields[name].type)
            for each in inner:
                if isinstance(each, dict):
                    yield from levels(each, below)


def literal(value: Any, owner: GraphQLNamedType | None) -> str:
    """As it stands in a document: names and enum values without quotes."""
    if isinstance(value, list):
        return f"[{', '.join(literal(each, owner) for each in value)}]"
    if isinstance(value, dict):
        assert isinstance(owner, GraphQLInputObjectType)
        types = {name: get_named_type(field.type) for name, field in owner.fields.items()}
        said = (f"{name}: {literal(each, types.get(name))}" for name, each in value.items())
        return f"{{{', '.join(said)}}}"
    return str(value) if isinstance(owner, GraphQLEnumType) else json.dumps(value)
