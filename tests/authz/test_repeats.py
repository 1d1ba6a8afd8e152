"""A repeated mutation answers with what it changed, as far as its caller may still see that."""

import dataclasses

import pytest
import sqlalchemy as sa

from app.directory.models import Contact
from tests.asking import Ask
from tests.authz.custody import MARK, Custody
from tests.authz.examples import INPUTS, PARENTS, example, variables_for

PARENTS_MUTATIONS = [name for name, (whose, _) in INPUTS.items() if whose == PARENTS]


def test_a_repeat_does_nothing_again(custody: Custody, ask: Ask):
    """The very object of the first time comes back, and it stands alone."""
    document = (
        "mutation ($input: SubmitContactChangeInput!) "
        "{ submitContactChange(input: $input) { changeRequest { id } } }"
    )
    variables = variables_for(ask, "Mutation.submitContactChange", custody.anna)
    first, second = (ask(custody.anna.guardian, document, **variables) for _ in range(2))
    assert first == second
    requests = "{ viewer { contacts { changeRequests { nodes { id } } } } }"
    [anna] = ask(custody.anna.guardian, requests)["data"]["viewer"]["contacts"]
    assert len(anna["changeRequests"]["nodes"]) == 2  # with the one she had before


def test_a_repeat_after_her_grant_ended_tells_a_clerk_no_value(custody: Custody, ask: Ask):
    """A stale decision names was, is and asked: to who may decide, and as long as she may."""
    anna, world = custody.anna, custody.world
    with world.database.write(world.service) as db:
        db.execute(
            sa.update(Contact)
            .where(Contact.id == anna.contact.id)
            .values(address=f"Moved to {MARK}")
        )
    variables = variables_for(ask, "Mutation.decideContactChange", anna)
    variables["input"] |= {"decision": "APPROVE", "reason": None}
    document = (
        "mutation ($input: DecideContactChangeInput!) { decideContactChange(input: $input) "
        "{ changeRequest { id } errors { ... on Conflict { was current asked } } } }"
    )
    assert MARK in str(ask(custody.clerk, document, **variables))
    dismissed = dataclasses.replace(custody.clerk, grants=())
    told = ask(dismissed, document, **variables)
    assert told == {"data": {"decideContactChange": {"changeRequest": None, "errors": []}}}


@pytest.mark.parametrize("name", PARENTS_MUTATIONS)
def test_a_repeat_after_her_access_ended_shows_nothing(custody: Custody, ask: Ask, name: str):
    """The mailbox left the contact: the same request again tells nothing of it any more."""
    field = f"Mutation.{name}"
    variables = variables_for(ask, field, custody.anna)
    first = ask(custody.anna.guardian, example(field).document, **variables)
    changed = {what for what, shown in first["data"][name].items() if shown}
    locked_out = dataclasses.replace(custody.anna.guardian, contacts=())
    body = ask(locked_out, example(field).document, **variables)
    assert "errors" not in body
    assert changed > {"clientMutationId"}
    assert {what for what, shown in body["data"][name].items() if shown} == {"clientMutationId"}
