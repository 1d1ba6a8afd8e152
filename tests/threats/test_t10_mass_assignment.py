"""T10: nobody sets through an input what the input does not name."""

from functools import partial

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, get_named_type

from graphql_schema.execution import Execution
from graphql_schema.parameters import Parameters
from graphql_schema.schema import schema
from tests.graphql_schema.example import open_context

pytestmark = pytest.mark.threat("T10")

TYPES = schema._schema.type_map
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
WANTED = ("id", "status", "version", "approvedBy", "decidedBy", "decidedAt", "accepted", "source",
          "actor", "districtId", "contactId", "accountId", "features", "sequence", "at", "held",
          "verifiedAt", "role", "__typename")  # fmt: skip


def inputs() -> list[str]:
    return [name for name, kind in TYPES.items() if isinstance(kind, GraphQLInputObjectType)]


@pytest.mark.parametrize("name", inputs())
def test_an_input_has_the_fields_somebody_agreed_to_and_no_other(name):
    assert set(TYPES[name].fields) == set(ALLOWED[name].split())


def test_every_mutation_takes_one_input():
    mutation = schema._schema.mutation_type
    assert isinstance(mutation, GraphQLObjectType)
    for name, field in mutation.fields.items():
        assert list(field.args) == ["input"], name


@pytest.mark.parametrize("sent", ["as a literal", "as a variable"])
def test_a_field_that_an_input_does_not_have_is_refused_by_its_name(sent):
    execution = Execution(schema, open_context, introspection=False)
    mutation = schema._schema.mutation_type
    for name, field in mutation.fields.items():
        input_type = get_named_type(field.args["input"].type)
        for extra in set(WANTED) - set(input_type.fields):
            if sent == "as a literal":
                query = f'mutation {{ {name}(input: {{ {extra}: "x" }}) {{ clientMutationId }} }}'
                variables = {}
            else:
                query = (
                    f"mutation ($input: {input_type.name}!) "
                    f"{{ {name}(input: $input) {{ clientMutationId }} }}"
                )
                variables = {"input": {extra: "x"}}
            read = partial(Parameters, query=query, operation_name=None, variables=variables)
            answer = execution.answer(read, by_get=False, authorization=None, id="r")
            assert answer.status == 400
            said = " ".join(error["message"] for error in answer.body["errors"])
            assert f"'{extra}'" in said, (name, said)
