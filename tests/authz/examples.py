"""For every field that takes an id: a document that uses it, and ids for one who may."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType, get_named_type, is_composite_type
from uuid_utils.compat import uuid7

from app.actor import Actor
from graphql_schema.ids import Kind, global_id, read_id
from tests.asking import Ask
from tests.authz.custody import Custody, Person
from tests.authz.walk import MUTATION

PARENTS, STAFF, BOTH = "parents", "staff", "both"
KIND_NAMED = {
    "destinationId": Kind.LINK,
    "broadcastTypeId": Kind.BROADCAST_TYPE,
    "broadcastTypeIds": Kind.BROADCAST_TYPE,
    "studentId": Kind.STUDENT,
    "schoolId": Kind.SCHOOL,
    "contactId": Kind.CONTACT,
    "messageIds": Kind.MESSAGE,
    "changeRequestId": Kind.CHANGE_REQUEST,
    "district": Kind.DISTRICT,
    "id": Kind.CONTACT,
    "ids": Kind.CONTACT,
}
NONSENSE = ("", "☃", "1' OR '1'='1", "A" * 44, "A" * 10_000)


@dataclass(frozen=True, slots=True)
class Example:
    """`variables` hold good ids of a person; `whose` says who may use the field."""

    whose: str
    document: str
    variables: Callable[[Person], dict[str, Any]]


def _filter(person: Person) -> dict[str, Any]:
    ids = person.ids
    return {
        "broadcastTypeIds": [ids[Kind.BROADCAST_TYPE]],
        "studentId": ids[Kind.STUDENT],
        "schoolId": ids[Kind.SCHOOL],
    }


MESSAGES = "messages(filter: $filter) { nodes { id } }"
EXAMPLES = {
    "Query.node": Example(
        BOTH,
        "query ($id: ID!) { node(id: $id) { id } }",
        lambda person: {"id": person.ids[Kind.CONTACT]},
    ),
    "Query.nodes": Example(
        BOTH,
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        lambda person: {"ids": [person.ids[Kind.CONTACT]]},
    ),
    "Viewer.features": Example(
        STAFF,
        "query ($district: ID!) { viewer { features(district: $district) } }",
        lambda person: {"district": person.ids[Kind.DISTRICT]},
    ),
    "Viewer.desk": Example(
        STAFF,
        "query ($district: ID!) { viewer { desk(district: $district) { district { id } } } }",
        lambda person: {"district": person.ids[Kind.DISTRICT]},
    ),
    "StaffDesk.changeRequests": Example(
        STAFF,
        "query ($filter: ReviewFilter) { viewer { desk { changeRequests(filter: $filter) "
        "{ nodes { id } } } } }",
        lambda person: {"filter": {"schoolId": person.ids[Kind.SCHOOL]}},
    ),
    "Viewer.messages": Example(
        PARENTS,
        f"query ($filter: MessageFilter) {{ viewer {{ {MESSAGES} }} }}",
        lambda person: {"filter": _filter(person)},
    ),
    "Contact.messages": Example(
        PARENTS,
        "query ($contact: ID!, $filter: MessageFilter) { node(id: $contact) "
        f"{{ ... on Contact {{ {MESSAGES} }} }} }}",
        lambda person: {"contact": person.ids[Kind.CONTACT], "filter": _filter(person)},
    ),
}


def _on_link(**more: Any) -> Callable[[Person], dict[str, Any]]:
    return lambda person: {"destinationId": person.ids[Kind.LINK], "channel": "SMS", **more}


def _opt_out(person: Person) -> dict[str, Any]:
    kind = person.ids[Kind.BROADCAST_TYPE]
    return _on_link(scope="BROADCAST_TYPE", broadcastTypeId=kind)(person)


INPUTS: dict[str, tuple[str, Callable[[Person], dict[str, Any]]]] = {
    "grantConsent": (PARENTS, _on_link(disclosureVersion="asked below")),
    "revokeConsent": (PARENTS, _on_link()),
    "optOut": (PARENTS, _opt_out),
    "liftOptOut": (PARENTS, _opt_out),
    "setPreferences": (
        PARENTS,
        lambda person: {
            "preferences": [
                _on_link(broadcastTypeId=person.ids[Kind.BROADCAST_TYPE], wanted=False)(person)
            ]
        },
    ),
    "setQuietHours": (PARENTS, _on_link(**{"from": "20:00", "to": "06:00"})),
    "pauseMessages": (PARENTS, lambda person: {"contactId": person.ids[Kind.CONTACT]}),
    "markMessagesRead": (PARENTS, lambda person: {"messageIds": [person.ids[Kind.MESSAGE]]}),
    "submitContactChange": (
        PARENTS,
        lambda person: {
            "contactId": person.ids[Kind.CONTACT],
            "items": [
                {
                    "field": "REPLACE_PHONE",
                    "destinationId": person.ids[Kind.LINK],
                    "after": "+12175550177",
                },
                {"field": "NOT_MY_CHILD", "studentId": person.ids[Kind.STUDENT]},
            ],
        },
    ),
    "withdrawContactChange": (
        PARENTS,
        lambda person: {"changeRequestId": person.ids[Kind.CHANGE_REQUEST]},
    ),
    "decideContactChange": (
        STAFF,
        lambda person: {
            "changeRequestId": person.ids[Kind.CHANGE_REQUEST],
            "version": 1,
            "decision": "REJECT",
            "reason": "Please call us.",
        },
    ),
}


def example(field: str) -> Example:
    owner, _, name = field.partition(".")
    if owner != "Mutation":
        return EXAMPLES[field]
    whose, input_of = INPUTS[name]
    return Example(whose, mutation_document(name), lambda person: {"input": input_of(person)})


def mutation_document(name: str) -> str:
    """Everything its payload shows, as deep as the names of the types."""
    payload = get_named_type(MUTATION.fields[name].type)
    assert isinstance(payload, GraphQLObjectType)
    selected = " ".join(
        f"{field} {{ __typename }}" if is_composite_type(get_named_type(shown.type)) else field
        for field, shown in payload.fields.items()
        if field != "errors"
    )
    type_name = f"{name[0].upper()}{name[1:]}Input"
    errors = "errors { __typename code message path }"
    return f"mutation ($input: {type_name}!) {{ {name}(input: $input) {{ {selected} {errors} }} }}"


def variables_for(ask: Ask, field: str, person: Person) -> dict[str, Any]:
    """Good variables for this person, the whole input of a mutation with a key of its own."""
    variables = example(field).variables(person)
    if "input" in variables:
        variables["input"] |= {"clientMutationId": "a-key"}
    if field == "Mutation.grantConsent":
        variables["input"]["disclosureVersion"] = shown_disclosure(ask, person)
    return variables


def shown_disclosure(ask: Ask, person: Person) -> str:
    """The version of the text that she would agree to for SMS."""
    document = "query ($id: ID!) { node(id: $id) { ... on Phone { channels { disclosure { version } } } } }"
    shown = ask(person.guardian, document, id=person.ids[Kind.LINK])
    version: str = shown["data"]["node"]["channels"][1]["disclosure"]["version"]
    return version


def replaced(variables: dict[str, Any], path: str, id: str) -> tuple[dict[str, Any], list[str]]:
    """The variables with `id` at a path like `input.items.studentId`; and where that now is."""
    changed = copy.deepcopy(variables)
    place: list[str] = []
    inside: Any = changed
    *outer, last = path.split(".")
    for name in outer:
        inside, place = inside[name], [*place, name]
        if isinstance(inside, list):
            index = next(index for index, item in enumerate(inside) if last in item)
            inside, place = inside[index], [*place, str(index)]
    inside[last] = [id] if isinstance(inside[last], list) else id
    place.append(last)
    if isinstance(inside[last], list):
        place.append("0")
    return changed, [name for name in place if name != "input"]


def actor_for(custody: Custody, person: Person, whose: str) -> Actor:
    """Who may use the field with this person's ids: she, or the clerk of her child's school."""
    if whose != STAFF:
        return person.guardian
    return custody.other_clerk if person is custody.cleo else custody.north_clerk


def strange_ids(custody: Custody, person: Person, kind: Kind, whose: str) -> Iterator[str]:
    """Ids that are nothing to who uses a field with this person's ids."""
    shared = kind in (Kind.DISTRICT, Kind.SCHOOL, Kind.BROADCAST_TYPE)
    for other in (custody.anna, custody.ben, custody.nora, custody.cleo):
        near = other.contact.district_id == person.contact.district_id
        in_scope = whose == STAFF and other in (custody.anna, custody.ben)
        if other.ids[kind] != person.ids[kind] and not (near and (shared or in_scope)):
            yield other.ids[kind]
    yield from custody.hidden[kind]
    yield from invented_ids(custody, person, kind)


def invented_ids(custody: Custody, person: Person, kind: Kind) -> Iterator[str]:
    """Of nothing, of another district, of another kind, or no ids at all."""
    district, row = read_id(person.ids[kind])[1]
    far = custody.world if person is custody.cleo else custody.elsewhere
    yield global_id(kind, district, uuid7())
    yield global_id(kind, uuid7(), uuid7())
    yield global_id(kind, far.district.id, row)
    yield from (one for other, one in person.ids.items() if other is not kind)
    yield from NONSENSE
    yield from (person.ids[kind].swapcase(), person.ids[kind] + " ", person.ids[kind][:-1])
