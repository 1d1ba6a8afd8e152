"""T46: a phone on a bad network sends a change again until it hears an answer."""

import itertools
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.clock import rfc3339, system_clock
from app.config import Settings
from app.consent.disclosures import disclosure_for
from app.consent.models import ConsentEvent
from app.consent.verify import verify_district
from app.database import Database
from app.directory.models import District
from app.directory.policy import load_policies
from app.vocabulary import Channel
from auth.models import IdempotencyKey, LoginSession
from auth.tokens import AccessTokens
from graphql_schema.ids import Kind, global_id
from tests.races.fault_proxy import bad_network
from tests.serving import serving
from tests.world import World, a_contact, a_world, an_account, links_of

SECRET = "n" * 40
LOST = 0.3  # of the answers
PHONES = 4
HOUR = timedelta(hours=1)
Intent = tuple[str, str, dict[str, Any]]  # mutation, selection, input


@dataclass(frozen=True, slots=True)
class Phone:
    """One parent's app: her token, her contact, her number."""

    token: str
    contact: str
    number: str
    texts: dict[Channel, str]  # the versions of what she agrees to


@pytest.mark.threat("T46")
@pytest.mark.timeout(1_800)  # in full
def test_every_intent_has_happened_once_however_often_it_was_sent(
    own_database: Database, scale: Callable[[int], int], rng: random.Random, tmp_path: Path
):
    own_database.clock = system_clock
    world = a_world(own_database)
    settings = Settings(secret_key=SECRET, ledger_dir=tmp_path / "ledger")
    phones = [a_phone(world, settings, number) for number in range(PHONES)]
    intents = scale(5000) // PHONES
    url = own_database.engine.url.render_as_string(hide_password=False)
    with (
        serving("app.main:create_app", tmp_path, database_url=url, secret_key=SECRET) as server,
        bad_network(server.port, LOST, rng) as network,
        ThreadPoolExecutor(PHONES) as people,
    ):
        address = f"http://127.0.0.1:{network.port}/graphql"
        tries = sum(people.map(lambda phone: use(phone, world, address, intents), phones))
    assert network.cut == tries - intents * PHONES > intents * PHONES * LOST / 2
    assert count(world, ConsentEvent) == intents * PHONES
    assert count(world, IdempotencyKey) == intents * PHONES
    with own_database.read(world.service) as db:
        district = db.session.get_one(District, world.district.id)
    assert verify_district(own_database, settings, district).fault is None


def a_phone(world: World, settings: Settings, number: int) -> Phone:
    tokens = AccessTokens(world.database, settings)
    with world.database.write(world.service) as db:
        contact = a_contact(db, world.district, with_phone=f"+1217555010{number}")
        [link] = links_of(db, contact)
        account = an_account(db, opens=[contact])
        session = LoginSession(
            id=uuid7(),
            account_id=account.id,
            staff=False,
            created_at=db.now,
            expires_at=db.now + timedelta(days=1),
        )
        db.add(session)
        policy = load_policies(db, [world.district.id])[world.district.id]
    return Phone(
        tokens.mint(account.id, session.id, system_clock(), lifetime=HOUR),
        global_id(Kind.CONTACT, contact.district_id, contact.id),
        global_id(Kind.LINK, link.district_id, link.id),
        {each: disclosure_for(policy, each, "en").version for each in (Channel.SMS, Channel.VOICE)},
    )


def use(phone: Phone, world: World, address: str, intents: int) -> int:
    """Send so many intents, each until it is answered; how often something was sent."""
    tries = 0
    with httpx.Client(
        trust_env=False,
        timeout=60,
        headers={"authorization": f"Bearer {phone.token}", "connection": "close"},
    ) as client:
        for key, intent in enumerate(itertools.islice(wishes(phone, world), intents)):
            payload, sent = insist(client, address, str(key), intent)
            assert payload["errors"] == []
            tries += sent
    return tries


def insist(
    client: httpx.Client, address: str, key: str, intent: Intent
) -> tuple[dict[str, Any], int]:
    name, selection, said = intent
    document = (
        f"mutation ($input: {name[0].upper()}{name[1:]}Input!) "
        f"{{ {name}(input: $input) {{ {selection} errors {{ code message }} }} }}"
    )
    body = {"query": document, "variables": {"input": {"clientMutationId": key, **said}}}
    for sent in itertools.count(1):
        try:
            answer = client.post(address, json=body)
        except httpx.TransportError:
            continue
        assert answer.status_code == 200, answer.text
        return answer.json()["data"][name], sent
    raise AssertionError


def wishes(phone: Phone, world: World) -> Iterator[Intent]:
    """Each changes something, and so is one line of the ledger."""
    sms = {"destinationId": phone.number, "channel": "SMS"}
    voice = {"destinationId": phone.number, "channel": "VOICE"}
    kind = world.attendance
    choice = {"broadcastTypeId": global_id(Kind.BROADCAST_TYPE, kind.district_id, kind.id)} | voice
    opt_out = {**voice, "scope": "NON_EMERGENCY"}
    pause = {"contactId": phone.contact}
    while True:
        later = rfc3339(system_clock() + timedelta(days=7))
        yield (
            "setPreferences",
            "preferences { wanted }",
            {"preferences": [choice | {"wanted": False}]},
        )
        yield "revokeConsent", "consent { status }", sms
        yield "setQuietHours", "destination { id }", {**sms, "from": "21:00", "to": "07:00"}
        yield "optOut", "destination { id }", opt_out
        yield "pauseMessages", "contact { pausedUntil }", {**pause, "until": later}
        yield "liftOptOut", "destination { id }", opt_out
        yield (
            "setPreferences",
            "preferences { wanted }",
            {"preferences": [choice | {"wanted": None}]},
        )
        yield "setQuietHours", "destination { id }", {**sms, "from": None, "to": None}
        yield "optOut", "destination { id }", {**voice, "scope": "ALL"}
        yield "pauseMessages", "contact { pausedUntil }", {**pause, "until": None}
        for channel in (sms, voice):
            agreed = {"disclosureVersion": phone.texts[Channel(channel["channel"])]}
            yield "grantConsent", "consent { status }", channel | agreed


def count(world: World, model: Any) -> int:
    with world.database.read(world.service) as db:
        return int(db.scalar(sa.select(sa.func.count()).select_from(model)))
