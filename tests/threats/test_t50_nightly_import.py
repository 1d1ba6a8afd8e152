"""T50: the nightly import owns facts, people own choices; a number that returns is still stopped.

Nights of a small town in which everything happens at once: numbers move, people leave and come
back, phones say STOP, parents choose, requests are approved.
"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.changes.requests import Asked
from app.consent.models import Block, Consent, OptOut, Preference, QuietHours
from app.consent.verify import verify_district
from app.directory.models import Contact, Destination, Link
from app.vocabulary import ConsentStatus, ContactField, DestinationKind
from tests.changes.steps import all_of, ask, decide, held
from tests.consent.ledgers import Act, Family, ledger_settings
from tests.exchange.files import Sis
from tests.world import World

pytestmark = pytest.mark.threat("T50")

SAID = ("grant", "revoke", "opt_out", "block", "choose", "quiet_hours")
PEOPLE = 8
NUMBERS = 14


def test_no_night_raises_what_somebody_lowered_or_touches_a_choice(
    world: World, rng: random.Random, tmp_path: Path, scale: Callable[[int], int]
) -> None:
    sis = Sis(world, tmp_path / "roster", {})
    town = [Person(i, rng) for i in range(PEOPLE)]
    for _ in range(scale(500)):
        for person in town:
            person.changes(rng)
        sis.files = files_of(town)
        before = choices(world)
        sis.brings()
        require_nothing_raised(before, choices(world))
        require_held(world, town)
        people_speak(world, rng)
        a_request_is_approved(world, town, rng)
    report = verify_district(world.database, ledger_settings(tmp_path), world.district)
    assert report.fault is None


class Person:
    """One contact: what the SIS says of her, and what approved requests have added to that."""

    def __init__(self, number: int, rng: random.Random) -> None:
        self.id = f"c-{number}"
        self.name = f"Name{number}"
        self.there = True
        self.phones = {rng.randrange(NUMBERS)}
        self.added: set[int] = set()
        self.removed: set[int] = set()

    def changes(self, rng: random.Random) -> None:
        """A day at the school's office."""
        match rng.randrange(8):
            case 0:
                self.there = not self.there
            case 1 | 2:
                self.phones ^= {rng.randrange(NUMBERS)}
            case 3:
                self.name = f"Name{rng.randrange(20)}"
            case _:
                pass

    def night(self) -> set[str]:
        """The numbers she holds after the import; edits with which the SIS agrees have ended."""
        if not self.there:
            return set()
        self.added -= self.phones
        self.removed &= self.phones
        return {number(i) for i in (self.phones - self.removed) | self.added}

    def asks(self, rng: random.Random, mine: dict[str, Link]) -> Asked:
        i = rng.randrange(NUMBERS)
        if link := mine.get(number(i)):
            self.added.discard(i)
            self.removed.add(i)
            return Asked(ContactField.REMOVE_PHONE, link_key=(link.district_id, link.id))
        self.removed.discard(i)
        self.added.add(i)
        return Asked(ContactField.ADD_PHONE, after=number(i))


def number(i: int) -> str:
    return f"+12175550{i:03}"


def files_of(town: list[Person]) -> dict[str, str | bytes]:
    there = [person for person in town if person.there]
    phones = [f"{p.id},{number(phone)},phone" for p in there for phone in sorted(p.phones)]
    return {
        "contacts.csv": "\n".join(
            ["source_id,given_name,family_name", *(f"{p.id},{p.name},Simpson" for p in there)]
        ),
        "phones.csv": "\n".join(["contact,number,label", *phones]),
    }


Choices = dict[str, dict[tuple[Any, ...], Any]]


def choices(world: World) -> Choices:
    """All that people and the district have said, by what it is about."""
    consents = all_of(world, Consent)
    preferences = all_of(world, Preference)
    return {
        "consent": {(c.destination_id, c.channel): c.status for c in consents},
        "opt-outs": {(o.id,): o.scope for o in all_of(world, OptOut)},
        "blocks": {(b.id,): b.channel for b in all_of(world, Block)},
        "preferences": {(p.id,): (p.link_id, p.wanted, p.version) for p in preferences},
        "quiet hours": {(q.id,): (q.from_minute, q.version) for q in all_of(world, QuietHours)},
    }


def require_nothing_raised(before: Choices, after: Choices) -> None:
    for what in before.keys() - {"consent"}:
        assert before[what] == after[what]
    for key, status in after["consent"].items():
        was = before["consent"][key]
        lapsed = (ConsentStatus.GRANTED, ConsentStatus.UNKNOWN)
        assert status is was or (was, status) == lapsed


def require_held(world: World, town: list[Person]) -> None:
    """Each holds what the SIS says, less what was removed, with what was added."""
    there = {contact.source_id: contact for contact in contacts_there(world)}
    assert there.keys() == {person.id for person in town if person.there}
    for person in town:
        expected = person.night()
        if person.there:
            assert held(world, there[person.id]).keys() == expected


def contacts_there(world: World) -> list[Contact]:
    return all_of(world, Contact, Contact.retired_at.is_(None))


def links(world: World) -> tuple[UUID, ...]:
    return tuple(link.id for link in all_of(world, Link, Link.retired_at.is_(None)))


def people_speak(world: World, rng: random.Random) -> None:
    standing = links(world)
    if standing:
        family = Family(world, standing)
        family.act(
            Act(
                rng.choice(SAID),
                rng.randrange(len(standing)),
                *(rng.randrange(12),) * 2,
                rng.randrange(1440),
            )
            for _ in range(3)
        )


def a_request_is_approved(world: World, town: list[Person], rng: random.Random) -> None:
    there = {contact.source_id: contact for contact in contacts_there(world)}
    if there:
        contact = there[rng.choice(sorted(there))]
        person = next(person for person in town if person.id == contact.source_id)
        decide(world, ask(world, contact, person.asks(rng, held(world, contact))))


def test_a_number_that_returns_is_still_stopped_and_its_consent_unknown(
    world: World, tmp_path: Path
) -> None:
    sis = Sis(world, tmp_path / "roster")
    sis.brings()
    (stopped, agreed) = (
        next(d.id for d in all_of(world, Destination, Destination.value == value))
        for value in ("+12175550101", "+12175550102")
    )
    standing = {link.destination_id: link.id for link in all_of(world, Link)}
    family = Family(world, (standing[stopped], standing[agreed]))
    family.act([Act("revoke", 0, 1, 0, 1), Act("grant", 1, 1, 0, 1)])
    phones = sis.text("phones.csv")
    sis.files["phones.csv"] = "\n".join(
        line for line in phones.splitlines() if "0101" not in line and "0102" not in line
    )
    sis.brings()
    sis.files["phones.csv"] = phones
    sis.brings()
    statuses = {c.destination_id: c.status for c in all_of(world, Consent)}
    assert statuses == {stopped: ConsentStatus.REVOKED, agreed: ConsentStatus.UNKNOWN}
    kinds = {d.kind for d in all_of(world, Destination)}
    assert kinds == {DestinationKind.PHONE, DestinationKind.MAILBOX}
