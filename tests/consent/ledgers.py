"""People who say things: what the tests of the ledger are made of."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from hypothesis import strategies as st

from app.config import Settings
from app.consent import record, record_choices
from app.consent.ledger import Saying
from app.consent.models import ConsentEvent
from app.database import Db
from app.directory.models import Contact, Destination, Link
from app.vocabulary import CHANNELS_OF, Channel, ConsentStatus, OptOutScope, Source
from tests.world import World, a_contact, a_link, a_mailbox, a_phone


def ledger_settings(folder: Path) -> Settings:
    return Settings(secret_key="ledger" * 8, ledger_dir=folder / "ledger")


class Act(NamedTuple):
    """One thing said; the numbers choose among what there is."""

    what: str
    link: int
    channel: int
    kind: int
    value: int


@dataclass(frozen=True)
class Family:
    """Marge and Homer share a phone; she has one of her own and a mailbox."""

    world: World
    links: tuple[UUID, ...]

    def act(self, acts: Iterable[Act]) -> None:
        """All in one transaction."""
        with self.world.database.write(self.world.service) as db:
            for act in acts:
                Speech(db, self.world, self.links, act).say()


def a_family(world: World) -> Family:
    with world.database.write(world.service) as db:
        district = world.district
        marge, homer = a_contact(db, district), a_contact(db, district, given_name="Homer")
        shared, own, mailbox = a_phone(db, district), a_phone(db, district), a_mailbox(db, district)
        held = [(marge, shared), (homer, shared), (marge, own), (marge, mailbox)]
        return Family(world, tuple(a_link(db, *both).id for both in held))


class Speech:
    """One act, said in an open transaction with everything locked that it needs."""

    def __init__(self, db: Db, world: World, links: Sequence[UUID], act: Act) -> None:
        self.db, self.act = db, act
        district = world.district.id
        self.link = present(db.get(Link, district, links[act.link % len(links)]))
        self.contact = present(db.lock(Contact, district, self.link.contact_id))
        self.destination = present(db.lock(Destination, district, self.link.destination_id))
        channels = CHANNELS_OF[self.destination.kind]
        self.channel = channels[act.channel % len(channels)]
        types = (world.attendance, world.emergency, world.survey)
        self.type_id = types[act.kind % len(types)].id
        evidence = {"input": f"STOP {act.value}", "from": self.destination.value}
        self.saying = Saying(
            world.service,
            db.now,
            Source.SMS if act.value % 2 else Source.APP,
            contact_id=self.contact.id if act.value % 3 else None,
            evidence=evidence if act.value % 2 else None,
        )

    def say(self) -> None:
        getattr(self, self.act.what)()

    def grant(self) -> None:
        record.grant(self.db, self.destination, self.channel, self.saying, self.link)

    def revoke(self) -> None:
        record.revoke(self.db, self.destination, self.channel, self.saying)

    def await_opt_in(self) -> None:
        if self._is_revoked():
            record.await_opt_in(self.db, self.destination, self.channel, self.saying)

    def withdraw_opt_in(self) -> None:
        if self._is_revoked():
            record.withdraw_opt_in(self.db, self.destination, self.channel, self.saying)

    def _is_revoked(self) -> bool:
        consent = record.consent_of(self.db, self.destination, self.channel)
        return consent is not None and consent.status is ConsentStatus.REVOKED

    def release(self) -> None:
        record.release_link(self.db, self.saying.actor, self.link)

    def opt_out(self) -> None:
        record.add_opt_out(self.db, self.destination, self.channel, *self._scope(), self.saying)

    def lift(self) -> None:
        standing = record.find_opt_out(self.db, self.destination, self.channel, *self._scope())
        if standing:
            record.lift_opt_out(self.db, self.destination, standing, self.saying)

    def _scope(self) -> tuple[OptOutScope, UUID | None]:
        if self.act.value % 2:
            return OptOutScope.NON_EMERGENCY, None
        return OptOutScope.BROADCAST_TYPE, self.type_id

    def block(self) -> None:
        record.block(self.db, self.destination, self._any_channel(), "by letter", self.saying)

    def unblock(self) -> None:
        standing = record.find_block(self.db, self.destination, self._any_channel())
        if standing:
            record.unblock(self.db, self.destination, standing, self.saying)

    def _any_channel(self) -> Channel | None:
        return self.channel if self.act.value % 2 else None

    def choose(self) -> None:
        wanted = (True, False, None)[self.act.value % 3]
        record_choices.choose(
            self.db, self.contact, self.link, self.channel, self.type_id, wanted, self.saying
        )

    def quiet_hours(self) -> None:
        if self.channel is not Channel.EMAIL:
            span = (self.act.value, 420) if self.act.value > 420 else None
            record_choices.set_quiet_hours(
                self.db, self.contact, self.link, self.channel, span, self.saying
            )

    def pause(self) -> None:
        until = self.db.now + timedelta(hours=self.act.value) if self.act.value % 3 else None
        record_choices.pause(self.db, self.contact, until, self.saying)


WORDS = (
    *("grant", "revoke", "await_opt_in", "withdraw_opt_in", "release"),
    *("opt_out", "lift", "block", "unblock", "choose", "quiet_hours", "pause"),
)
ACTS = st.builds(
    Act,
    st.sampled_from(WORDS),
    st.integers(0, 3),
    st.integers(0, 1),
    st.integers(0, 2),
    st.integers(0, 1439),
)


def some_acts(rng: random.Random, count: int) -> list[Act]:
    return [
        Act(rng.choice(WORDS), *(rng.randrange(12) for _ in range(3)), rng.randrange(1440))
        for _ in range(count)
    ]


def lines_of(world: World, chain: str | None = None) -> list[Any]:
    """All lines of the district, each chain in order, destinations first; or of one chain."""
    statement = (
        sa.select(ConsentEvent.__table__)
        .where(ConsentEvent.district_id == world.district.id)
        .order_by(
            ConsentEvent.contact_id.is_not(None),
            ConsentEvent.destination_id,
            ConsentEvent.contact_id,
            ConsentEvent.sequence,
        )
    )
    if chain:
        kind, _, holder = chain.partition(":")
        statement = statement.where(getattr(ConsentEvent, f"{kind}_id") == UUID(holder))
    with world.database.read(world.service) as db:
        return list(db.all(statement))


def present(row: Any) -> Any:
    assert row is not None
    return row
