"""A family at her app: who she is, what she holds, and how she says what she wants."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.actor import Guardian
from app.directory.models import BroadcastType, Contact, Link
from graphql_schema.ids import Kind, global_id
from tests.asking import Ask, asker, mutate
from tests.world import (
    World,
    a_broadcast,
    a_contact,
    a_link,
    a_mailbox,
    a_message,
    a_phone,
    a_world,
)

SELECTIONS = {
    "grantConsent": "consent { status pendingOptIn version }",
    "revokeConsent": "consent { status pendingOptIn version }",
    "optOut": "destination { id }",
    "liftOptOut": "destination { id }",
    "setPreferences": "preferences { wanted version decision { allowed reason } }",
    "setQuietHours": "destination { channels { channel quietHours { from to version } } }",
    "pauseMessages": "contact { pausedUntil }",
    "markMessagesRead": "messages { id readAt }",
}


@dataclass(frozen=True, slots=True)
class Home:
    """Marge with a phone that Homer shares, her mailbox, a message; ids as the app has them."""

    world: World
    ask: Ask
    marge: Contact
    phone: Link
    mailbox: Link
    homer: Contact
    his_phone: Link
    message: str
    retired_type: str

    @property
    def parent(self) -> Guardian:
        return self.world.guardian(self.marge)

    def type(self, kind: BroadcastType | None = None) -> str:
        kind = kind or self.world.attendance
        return global_id(Kind.BROADCAST_TYPE, kind.district_id, kind.id)

    def change(self, name: str, *, actor: Any = None, **said: Any) -> dict[str, Any]:
        return mutate(self.ask, actor or self.parent, name, SELECTIONS[name], **said)

    def text(self, channel: str) -> str:
        """The version of what she agrees to."""
        query = """query ($id: ID!) { node(id: $id) { ... on Destination {
            channels { channel disclosure { version } } } } }"""
        for link in (self.phone, self.mailbox):
            found = self.ask(self.parent, query, id=id_of(link))["data"]["node"]["channels"]
            for one in found:
                if one["channel"] == channel:
                    return one["disclosure"]["version"]
        raise AssertionError(channel)


def id_of(link: Link) -> str:
    return global_id(Kind.LINK, link.district_id, link.id)


def a_home(world: World) -> Home:
    with world.database.write(world.service) as db:
        marge, homer = (a_contact(db, world.district) for _ in range(2))
        number = a_phone(db, world.district, "+12175550143")
        phone, his_phone = (a_link(db, each, number) for each in (marge, homer))
        mailbox = a_link(db, marge, a_mailbox(db, world.district), label="email")
        message = a_message(db, a_broadcast(db, world.attendance), marge)
        retired = BroadcastType(
            district_id=world.district.id,
            code="OLD",
            name={"en": "Old"},
            description={"en": "Old."},
            emergency=False,
            default={},
            locked=[],
            position=99,
            retired_at=db.now,
        )
        db.add(retired)
        db.flush()
        world.survey.locked = ["SMS"]
        db.session.merge(world.survey)
    return Home(
        world,
        asker(world.database),
        marge,
        phone,
        mailbox,
        homer,
        his_phone,
        global_id(Kind.MESSAGE, message.district_id, message.id),
        global_id(Kind.BROADCAST_TYPE, retired.district_id, retired.id),
    )


# --- what she sends --------------------------------------------------------------------------


def grant(home: Home, **said: Any) -> dict[str, Any]:
    return {
        "destinationId": id_of(home.phone),
        "channel": "SMS",
        "disclosureVersion": home.text("SMS"),
    } | said


def sms(home: Home, **said: Any) -> dict[str, Any]:
    return {"destinationId": id_of(home.phone), "channel": "SMS"} | said


def quiet(home: Home, begins: str | None, ends: str | None, **said: Any) -> dict[str, Any]:
    return sms(home, **{"from": begins, "to": ends}) | said


def choice(home: Home, **said: Any) -> dict[str, Any]:
    return sms(home, broadcastTypeId=home.type(), wanted=True) | said


def one_choice(**said: Any) -> Callable[[Home], dict[str, Any]]:
    return lambda home: {"preferences": [choice(home, **said)]}


def pause(home: Home, until: datetime | None, **said: Any) -> dict[str, Any]:
    contact = global_id(Kind.CONTACT, home.marge.district_id, home.marge.id)
    return {"contactId": contact, "until": until and until.isoformat()} | said


def now(home: Home) -> datetime:
    return home.world.database.clock()


def elsewhere(home: Home) -> str:
    """A type of another district."""
    other = a_world(home.world.database, "shelbyville")
    return home.type(other.attendance)
