"""Imports run while parents choose and ask, and staff approve: nobody is turned away or lost."""

import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.changes.models import ChangeRequest
from app.changes.requests import Asked
from app.consent.choices import opt_out, revoke_consent
from app.consent.preferences import pause_messages
from app.consent.verify import verify_district
from app.directory.links import Key
from app.directory.models import Contact, Link
from app.errors import PortalError
from app.vocabulary import ChangeRequestStatus, Channel, ContactField, OptOutScope
from tests.changes.steps import all_of, ask, decide, grant
from tests.consent.ledgers import ledger_settings
from tests.exchange.files import Sis
from tests.races.together import at_once
from tests.world import World

PEOPLE, NUMBERS = 6, 8  # few, so that they meet


def number(i: int) -> str:
    return f"+1217555{i:04}"


def files(rng: random.Random) -> dict[str, str | bytes]:
    """Everybody has two of the numbers, and a name of the night."""
    contacts = [f"c-{i},Pat,{rng.choice('ABC')}" for i in range(PEOPLE)]
    phones = [
        f"c-{i},{number(n)},{label}"
        for i in range(PEOPLE)
        for label, n in zip(("mobile", "home"), rng.sample(range(NUMBERS), 2), strict=True)
    ]
    return {
        "contacts.csv": "\n".join(["source_id,given_name,family_name", *contacts]),
        "phones.csv": "\n".join(["contact,number,label", *phones]),
    }


def nights(sis: Sis, rng: random.Random, count: int) -> None:
    for _ in range(count):
        sis.files = files(rng)
        assert sis.brings().errors == []


def parents(world: World, rng: random.Random, count: int) -> None:
    """Each speaks for a number she may just have lost: then she is told so, and no more."""
    contacts = {contact.id: contact for contact in all_of(world, Contact)}
    for _ in range(count):
        link = rng.choice(all_of(world, Link, Link.retired_at.is_(None)))
        with suppress(PortalError):
            speak(world, rng, contacts[link.contact_id], (link.district_id, link.id))


def speak(world: World, rng: random.Random, contact: Contact, link: Key) -> None:
    actor: Any = world.guardian(contact)
    match rng.randrange(6):
        case 0 | 1:
            grant(world, contact, link)
        case 2:
            with world.database.write(actor) as db:
                revoke_consent(db, actor, link, Channel.SMS)
        case 3:
            with world.database.write(actor) as db:
                opt_out(db, actor, link, Channel.VOICE, OptOutScope.NON_EMERGENCY)
        case 4:
            with world.database.write(actor) as db:
                until = db.now.replace(day=rng.randrange(21, 30))
                pause_messages(db, actor, (contact.district_id, contact.id), until)
        case _:
            others = rng.sample(range(NUMBERS), 2)
            replaced = Asked(ContactField.REPLACE_PHONE, link_key=link, after=number(others[0]))
            added = Asked(ContactField.ADD_PHONE, after=number(others[1]))
            ask(world, contact, *rng.sample([replaced, added], 2))


def staff(world: World, rng: random.Random, count: int) -> None:
    pending = ChangeRequest.status == ChangeRequestStatus.PENDING
    for _ in range(count):
        for request in all_of(world, ChangeRequest, pending):
            key = (request.district_id, request.id)
            with suppress(PortalError):
                decide(world, key, version=request.version, reason="We know them.")


@pytest.mark.timeout(1_800)  # in full
def test_everybody_gets_through_and_the_ledger_adds_up(
    world: World, rng: random.Random, tmp_path: Path, scale: Callable[[int], int]
):
    sis = Sis(world, tmp_path / "roster", {})
    nights(sis, rng, 1)
    chances = [random.Random(rng.random()) for _ in range(6)]
    rounds = scale(200)
    outcomes = at_once(
        partial(nights, sis, chances[0], rounds),
        *(partial(parents, world, chance, rounds * 5) for chance in chances[1:4]),
        *(partial(staff, world, chance, rounds * 3) for chance in chances[4:6]),
    )
    assert outcomes == [None] * 6
    report = verify_district(world.database, ledger_settings(tmp_path), world.district)
    assert report.fault is None
    assert report.lines > rounds
