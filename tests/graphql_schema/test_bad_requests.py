"""What a parent gets when she asks for a correction that cannot be."""

from collections.abc import Callable
from typing import Any

import pytest

from graphql_schema.ids import Kind, global_id
from tests.everything import everything
from tests.graphql_schema.corrections import (
    HAS_ALREADY,
    LONG,
    NO_NUMBER,
    NOT_HERE,
    Said,
    contact_of,
    item,
    submit,
)
from tests.graphql_schema.home import Home, id_of
from tests.world import a_guardianship, a_student

NO_ADDRESS = "This is not an e-mail address."


def about_phone(field: str, **said: Any) -> Callable[[Home], Said]:
    return lambda home: item(field, destinationId=id_of(home.phone), **said)(home)


def about_his_phone(home: Home) -> Said:
    return item("REMOVE_PHONE", destinationId=id_of(home.his_phone))(home)


def about_a_child_of(whose: str) -> Callable[[Home], Said]:
    def said(home: Home) -> Said:
        with home.world.database.write(home.world.service) as db:
            child = a_student(db, home.world.north)
            if whose == "Homer":
                a_guardianship(db, home.homer, child)
        key = global_id(Kind.STUDENT, child.district_id, child.id)
        return item("NOT_MY_CHILD", studentId=key)(home)

    return said


AFTER, TARGET = ["items", "0", "after"], ["items", "0", "destinationId"]
BAD_REQUESTS: dict[str, tuple[Callable[[Home], Said], str, list[str], str]] = {
    **{
        f"the number {number[:20]!r}": (item("ADD_PHONE", after=number), "INVALID", AFTER, said)
        for number, said in (
            ("hello", NO_NUMBER),
            ("my number is 217 555 0199", NO_NUMBER),
            ("12", "This number does not exist."),
            ("(217) 555-019", "This number does not exist."),
            ("+1 999 999 9999", "This number does not exist."),
            ("1-900-555-0199", "The school cannot use this kind of number."),
            ("2175550199; DROP TABLE contact", NO_NUMBER),
            ("٢١٧", "This number does not exist."),
            (LONG, NO_NUMBER),
            ("", "Say what it should be."),
            ("   ", "Say what it should be."),
        )
    },
    **{
        f"the address {address[:20]!r}": (
            item("ADD_EMAIL", after=address), "INVALID", AFTER, NO_ADDRESS,
        )
        for address in (
            "marge",
            "marge@",
            "@example.org",
            "marge @example.org",
            "marge@example",
            "marge@exam ple.org",
            "marge@example.org\nBcc: all@example.org",
            "märge@example.org",
            f"{LONG}@example.org",
        )
    },
    "her own number": (item("ADD_PHONE", after="(217) 555-0143"), "INVALID", AFTER, HAS_ALREADY),
    "the name she has": (item("GIVEN_NAME", after="Marge"), "INVALID", AFTER, HAS_ALREADY),
    "a replacement by the same": (
        about_phone("REPLACE_PHONE", after="+12175550143"), "INVALID", AFTER, HAS_ALREADY,
    ),
    "no value": (item("ADDRESS"), "INVALID", AFTER, "Say what it should be."),
    "a value where none belongs": (
        about_phone("REMOVE_PHONE", after="+12175550199"),
        "INVALID", AFTER, "This correction takes no new value.",
    ),
    "a name of 300 letters": (
        item("FAMILY_NAME", after="x" * 300),
        "INVALID", AFTER, "A name has at most 200 characters.",
    ),
    "a name that turns the reading round": (
        item("GIVEN_NAME", after="Marge\u202e"),
        "INVALID", AFTER, "A name cannot hold the hidden character U+202E.",
    ),
    "an address of 100 KB": (
        item("ADDRESS", after=LONG), "INVALID", AFTER, "This has at most 400 characters.",
    ),
    "a language that is none": (
        item("LANGUAGE", after="Spanish please"),
        "INVALID", AFTER, "Write the language as a short code, like en or es.",
    ),
    "a label of 100 KB": (
        item("ADD_PHONE", after="+12175550199", label=LONG),
        "INVALID", ["items", "0", "label"], "This has at most 40 characters.",
    ),
    "no destination": (
        item("REMOVE_PHONE"), "INVALID", TARGET, "Say which one it is about.",
    ),
    "a destination where none belongs": (
        about_phone("ADD_PHONE", after="+12175550199"),
        "INVALID", TARGET, "This correction names no destination.",
    ),
    "a destination that is none": (
        item("REMOVE_PHONE", destinationId="nonsense"), "NOT_FOUND", TARGET, NOT_HERE,
    ),
    "somebody else's phone": (about_his_phone, "NOT_FOUND", TARGET, NOT_HERE),
    "a phone that is a mailbox": (
        about_phone("REMOVE_EMAIL"),
        "INVALID", ["items", "0", "field"],
        "This correction is about another kind of destination.",
    ),
    "no child": (
        item("NOT_MY_CHILD"), "INVALID", ["items", "0", "studentId"],
        "Say which student it is about.",
    ),
    "a child that is none": (
        item("NOT_MY_CHILD", studentId="nonsense"),
        "NOT_FOUND", ["items", "0", "studentId"], NOT_HERE,
    ),
    "nobody's child": (
        about_a_child_of("nobody"), "NOT_FOUND", ["items", "0", "studentId"], NOT_HERE,
    ),
    "somebody else's child": (
        about_a_child_of("Homer"), "NOT_FOUND", ["items", "0", "studentId"], NOT_HERE,
    ),
    "a child where none belongs": (
        item("GIVEN_NAME", after="Midge", studentId="nonsense"),
        "INVALID", ["items", "0", "studentId"], "This correction names no student.",
    ),
    "nothing": (
        lambda h: contact_of(h, items=[]),
        "INVALID", ["items"], "Ask for 1 to 20 corrections at a time.",
    ),
    "200 corrections": (
        lambda h: contact_of(
            h, items=[{"field": "ADD_PHONE", "after": f"+1217555{n:04}"} for n in range(200)]
        ),
        "INVALID", ["items"], "Ask for 1 to 20 corrections at a time.",
    ),
    "the same twice": (
        lambda h: contact_of(
            h, items=[{"field": "ADD_PHONE", "after": "217-555-0199"}] * 2
        ),
        "INVALID", ["items", "1"], "Another correction here is about the same.",
    ),
    "a good one and a bad one": (
        lambda h: contact_of(
            h,
            items=[
                {"field": "GIVEN_NAME", "after": "Midge"},
                {"field": "ADD_PHONE", "after": "hello"},
            ],
        ),
        "INVALID", ["items", "1", "after"], NO_NUMBER,
    ),
    "a note of 100 KB": (
        lambda h: item("GIVEN_NAME", after="Midge")(h) | {"note": LONG},
        "INVALID", ["note"], "A note has at most 2000 characters.",
    ),
    "a contact that is none": (
        lambda h: item("GIVEN_NAME", after="Midge")(h) | {"contactId": "nonsense"},
        "NOT_FOUND", ["contactId"], NOT_HERE,
    ),
    "somebody else's contact": (
        lambda h: item("GIVEN_NAME", after="Midge")(h)
        | {"contactId": global_id(Kind.CONTACT, h.homer.district_id, h.homer.id)},
        "NOT_FOUND", ["contactId"], NOT_HERE,
    ),
    "an empty key": (
        lambda h: item("GIVEN_NAME", after="Midge")(h) | {"clientMutationId": ""},
        "INVALID", ["clientMutationId"], "A key has 1 to 200 characters.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
def test_a_request_that_cannot_be_is_told_where_and_why_and_nobody_sees_it(home: Home, case: Any):
    said, code, path, sentence = case
    given = said(home)
    before = everything(home.world.database)
    answer = submit(home, given)
    told = [(error["code"], error["path"], error["message"]) for error in answer["errors"]]
    assert told == [(code, path, sentence)]
    assert answer["changeRequest"] is None
    assert everything(home.world.database) == before


def test_a_child_with_restricted_rights_is_none_to_ask_about(home: Home):
    with home.world.database.write(home.world.service) as db:
        child = a_student(db, home.world.north)
        a_guardianship(db, home.marge, child, rights="RESTRICTED")
    key = global_id(Kind.STUDENT, child.district_id, child.id)
    [error] = submit(home, item("NOT_MY_CHILD", studentId=key)(home))["errors"]
    assert (error["code"], error["path"]) == ("NOT_FOUND", ["items", "0", "studentId"])
