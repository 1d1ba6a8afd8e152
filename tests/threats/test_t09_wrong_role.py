"""T09: somebody calls what another role alone may do."""

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Row

from app.actor import Actor, Guardian, Staff, Visitor, identity
from app.audit.models import AuditEntry
from app.database import Db
from app.vocabulary import Feature
from tests.asking import Ask
from tests.authz.custody import Custody
from tests.authz.examples import INPUTS, PARENTS, STAFF, example, variables_for
from tests.authz.walk import MUTATION
from tests.authz.watch import all_rows

pytestmark = pytest.mark.threat("T09")
NEEDED = {"decideContactChange": Feature.REVIEW_CHANGES}
of_parents = pytest.mark.parametrize(
    "mutation", [name for name, (whose, _) in INPUTS.items() if whose == PARENTS]
)
of_staff = pytest.mark.parametrize(
    "mutation", [name for name, (whose, _) in INPUTS.items() if whose == STAFF]
)


def test_every_mutation_belongs_to_a_role():
    """A new mutation fails here until it stands in the matrix, with the feature it needs."""
    assert MUTATION.fields.keys() == INPUTS.keys()
    assert NEEDED.keys() == {name for name, (whose, _) in INPUTS.items() if whose == STAFF}


def require_forbidden(custody: Custody, ask: Ask, actor: Actor, mutation: str) -> None:
    """FORBIDDEN with good ids, nothing done, and one line of the attempt in the audit."""
    world, field = custody.world, f"Mutation.{mutation}"
    variables = variables_for(ask, field, custody.anna)
    with world.database.read(world.service) as db:
        before = all_rows(db, but=("audit_entry",))
        known = audited(db)
    payload = ask(actor, example(field).document, **variables)["data"][mutation]
    [error] = payload.pop("errors")
    assert (error["__typename"], error["code"]) == ("NotAllowed", "FORBIDDEN")
    assert payload.pop("clientMutationId") == "a-key"
    assert not any(payload.values())
    with world.database.read(world.service) as db:
        assert all_rows(db, but=("audit_entry",)) == before
        added = audited(db)[len(known) :]
    assert {(entry.actor, entry.action, entry.detail["mutation"]) for entry in added} == {
        (identity(actor), "mutation.refused", mutation)
    }
    assert sorted(entry.district_id for entry in added) == sorted(actor.districts)


def audited(db: Db) -> Sequence[Row[Any]]:
    return db.all(sa.select(AuditEntry).order_by(AuditEntry.id))


@of_staff
def test_a_parent_cannot_do_what_staff_do(custody: Custody, ask: Ask, mutation: str):
    """Not for herself, not for others, and not in another district."""
    for person in (custody.anna, custody.ben, custody.cleo):
        require_forbidden(custody, ask, person.guardian, mutation)


@of_parents
def test_staff_do_nothing_in_a_parents_name(custody: Custody, ask: Ask, mutation: str):
    """Nor with every feature of the district, nor when the contact is their own."""
    key = (custody.anna.contact.district_id, custody.anna.contact.id)
    account = custody.anna.guardian.account_id
    herself = Staff(account, custody.clerk.grants, own_contacts=(key,))
    for clerk in (custody.clerk, custody.north_clerk, herself):
        require_forbidden(custody, ask, clerk, mutation)


@pytest.mark.parametrize(
    ("mutation", "feature"),
    [(name, other) for name, needed in NEEDED.items() for other in Feature if other is not needed],
)
def test_every_other_feature_is_none(custody: Custody, ask: Ask, mutation: str, feature: Feature):
    """Whoever holds only another feature is told so before any id is read."""
    require_forbidden(custody, ask, custody.world.clerk([feature]), mutation)


@of_staff
def test_the_feature_of_another_district_is_not_found_here(
    custody: Custody, ask: Ask, mutation: str
):
    """She decides there; of what is asked here she learns nothing."""
    field = f"Mutation.{mutation}"
    variables = variables_for(ask, field, custody.anna)
    payload = ask(custody.other_clerk, example(field).document, **variables)["data"][mutation]
    assert [error["code"] for error in payload["errors"]] == ["NOT_FOUND"]


@pytest.mark.parametrize("mutation", sorted(INPUTS))
def test_who_is_signed_out_does_nothing(custody: Custody, ask: Ask, mutation: str):
    world, field = custody.world, f"Mutation.{mutation}"
    variables = variables_for(ask, field, custody.anna)
    with world.database.read(world.service) as db:
        before = all_rows(db)
    body = ask(Visitor(), example(field).document, **variables)
    assert body["data"] is None
    assert [error["extensions"]["code"] for error in body["errors"]] == ["UNAUTHENTICATED"]
    with world.database.read(world.service) as db:
        assert all_rows(db) == before


def test_a_parent_has_no_desk_and_a_clerk_no_family(custody: Custody, ask: Ask):
    """The queries too: what belongs to one role is empty or forbidden for the other."""
    desk = ask(custody.anna.guardian, "{ viewer { features desk { district { id } } } }")
    assert desk == {"data": {"viewer": {"features": [], "desk": None}}}
    family = ask(custody.clerk, "{ viewer { contacts { id } devices { id } } }")
    assert family == {"data": {"viewer": {"contacts": [], "devices": []}}}
    messages = ask(custody.clerk, "{ viewer { messages { nodes { id } } } }")
    assert [error["extensions"]["code"] for error in messages["errors"]] == ["FORBIDDEN"]


def test_staff_without_any_grant_have_no_desk(custody: Custody, ask: Ask):
    dismissed = Staff(custody.clerk.account_id, ())
    desk = ask(dismissed, "{ viewer { features desk { district { id } } } }")
    assert desk == {"data": {"viewer": {"features": [], "desk": None}}}
    for ids in (custody.anna.ids, custody.nora.ids):
        found = ask(
            dismissed, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[*ids.values()]
        )
        assert found["data"]["nodes"] == [None] * len(ids)


def test_the_two_roles_of_one_person_never_mix(custody: Custody, ask: Ask):
    """As a parent she has no desk though she holds grants; at the desk no child of her own."""
    anna = custody.anna
    account = anna.guardian.account_id
    parent = Guardian(account, anna.guardian.contacts)
    clerk = Staff(account, custody.clerk.grants, own_contacts=anna.guardian.contacts)
    both = "{ viewer { contacts { id } desk { district { id } } } }"
    at_home, at_work = ask(parent, both)["data"], ask(clerk, both)["data"]
    assert at_home["viewer"]["desk"] is None
    assert len(at_home["viewer"]["contacts"]) == 1
    assert at_work["viewer"]["contacts"] == []
    assert at_work["viewer"]["desk"] is not None
