"""Who waits for whom, and what she finds when it is her turn."""

import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import sqlalchemy as sa

from app.actor import Guardian
from app.changes.requests import Asked, submit_change
from app.changes.review import decide_change
from app.consent.choices import grant_consent, revoke_consent
from app.consent.disclosures import disclosure_for
from app.consent.models import Consent, Disclosure, Preference
from app.consent.preferences import Choice, set_preferences
from app.database import Db
from app.directory.holding import let_go
from app.directory.links import Key
from app.directory.models import Contact, Destination, Link
from app.directory.policy import load_policies
from app.messages.models import Message
from app.messages.reading import mark_read
from app.vocabulary import (
    ChangeDecision,
    ChangeRequestStatus,
    Channel,
    ConsentStatus,
    ContactField,
)
from tests.conftest import on_postgresql
from tests.races.together import PATIENCE, at_once, begun
from tests.world import World, a_broadcast, a_contact, a_message, links_of

ONE, TWO, NEW, NEWER = (f"+1217555010{digit}" for digit in range(4))


def a_family(world: World, *numbers: str) -> tuple[Contact, Guardian]:
    with world.database.write(world.service) as db:
        contact = a_contact(db, world.district, with_phone=numbers)
    return contact, world.guardian(contact)


def link_of(world: World, contact: Contact, number: str) -> Key:
    with world.database.read(world.service) as db:
        for link in links_of(db, contact):
            destination = db.get(Destination, link.district_id, link.destination_id)
            assert destination is not None
            if destination.value == number:
                return link.district_id, link.id
    raise AssertionError("she does not hold it")


def grant(world: World, actor: Guardian, link: Key, channel: Channel = Channel.SMS) -> None:
    with world.database.write(actor) as db:
        policy = load_policies(db, [world.district.id])[world.district.id]
        grant_consent(db, actor, link, channel, disclosure_for(policy, channel, "en").version)


def a_request(world: World, contact: Contact, *items: Asked) -> Key:
    actor = world.guardian(contact)
    with world.database.write(actor) as db:
        request = submit_change(db, actor, (contact.district_id, contact.id), items)
    return request.district_id, request.id


def approve(world: World, request: Key) -> ChangeRequestStatus:
    clerk = world.clerk()
    with world.database.write(clerk) as db:
        return decide_change(db, clerk, request, 1, ChangeDecision.APPROVE).request.status


def count(db: Db, table: type) -> int:
    return int(db.scalar(sa.select(sa.func.count()).select_from(table)))


def test_a_stop_on_a_shared_phone_outlives_the_leaving_of_whoever_had_consented(world: World):
    """Homer, who had agreed, gives the number up while Marge stops its texts."""
    marge, as_marge = a_family(world, ONE)
    homer, as_homer = a_family(world, ONE)
    his = link_of(world, homer, ONE)
    grant(world, as_homer, his)

    def homer_leaves() -> None:
        with world.database.write(world.service) as db:
            db.lock(Contact, homer.district_id, homer.id)
            link = db.get(Link, *his)
            assert link is not None
            let_go(db, world.service, link)

    with ThreadPoolExecutor(1) as aside:
        with world.database.write(as_marge) as db:
            revoke_consent(db, as_marge, link_of(world, marge, ONE), Channel.SMS)
            leaving = begun(aside, homer_leaves)
        leaving.result(PATIENCE)
    with world.database.read(world.service) as db:
        assert db.scalar(sa.select(Consent.status)) is ConsentStatus.REVOKED


def test_a_number_that_two_families_get_at_once_is_one_destination(world: World):
    families = [a_family(world)[0] for _ in range(4)]
    requests = [
        a_request(world, each, Asked(ContactField.ADD_PHONE, after=NEW)) for each in families
    ]
    outcomes = at_once(*(lambda request=request: approve(world, request) for request in requests))
    assert outcomes == [ChangeRequestStatus.APPROVED] * 4
    with world.database.read(world.service) as db:
        assert count(db, Destination) == 1
        assert count(db, Link) == 4


def test_two_families_who_swap_their_numbers_do_not_block_each_other(world: World):
    """Each approval lets go of one shared number after the other, asked in opposite orders."""
    for _ in range(3):
        marge, as_marge = a_family(world, ONE, TWO)
        homer, as_homer = a_family(world, ONE, TWO)
        for contact, actor in ((marge, as_marge), (homer, as_homer)):
            for number in (ONE, TWO):
                grant(world, actor, link_of(world, contact, number))
        swaps = [
            a_request(
                world,
                contact,
                *(
                    Asked(
                        ContactField.REPLACE_PHONE,
                        link_key=link_of(world, contact, number),
                        after=after,
                    )
                    for number, after in order
                ),
            )
            for contact, order in (
                (marge, ((ONE, NEW), (TWO, NEWER))),
                (homer, ((TWO, NEWER), (ONE, NEW))),
            )
        ]
        outcomes = at_once(*(lambda swap=swap: approve(world, swap) for swap in swaps))
        assert outcomes == [ChangeRequestStatus.APPROVED] * 2


def test_a_parent_of_two_contacts_may_choose_on_two_devices_in_any_order(world: World):
    mother, _ = a_family(world, ONE)
    guardian_too, _ = a_family(world, TWO)
    actor = world.guardian(mother, guardian_too)
    kind = (world.district.id, world.attendance.id)
    links = [link_of(world, mother, ONE), link_of(world, guardian_too, TWO)]

    def choose(order: list[Key], wanted: bool) -> int:
        choices = [Choice(link, Channel.SMS, kind, wanted) for link in order]
        with world.database.write(actor) as db:
            return len(set_preferences(db, actor, choices)[0])

    for turn in range(10):
        acts = [
            lambda turn=turn: choose(links, turn % 2 == 0),
            lambda turn=turn: choose(links[::-1], turn % 2 == 1),
        ]
        assert at_once(*acts) == [2, 2]
    with world.database.read(world.service) as db:
        assert count(db, Preference) == 2


def test_the_first_two_who_agree_to_a_text_store_it_once(world: World):
    families = [a_family(world, number) for number in (ONE, TWO, NEW, NEWER)]
    links = [
        (actor, link_of(world, contact, number))
        for (contact, actor), number in zip(families, (ONE, TWO, NEW, NEWER), strict=True)
    ]
    outcomes = at_once(*(lambda one=one: grant(world, *one) for one in links))
    assert outcomes == [None] * 4
    with world.database.read(world.service) as db:
        assert count(db, Disclosure) == 1
        assert count(db, Consent) == 4


@on_postgresql
def test_a_message_for_a_contact_does_not_wait_for_a_decision_about_her(world: World):
    """Whoever locks a row lets those through that only point to it."""
    marge, _ = a_family(world, ONE)

    def send() -> None:
        with world.database.write(world.service) as db:
            a_message(db, a_broadcast(db, world.attendance), marge)

    with ThreadPoolExecutor(1) as aside, world.database.write(world.service) as db:
        db.lock(Contact, marge.district_id, marge.id)
        assert begun(aside, send).done()


def test_two_devices_that_mark_the_same_messages_as_read_queue(world: World, rng: random.Random):
    marge, actor = a_family(world)
    with world.database.write(world.service) as db:
        messages = [a_message(db, a_broadcast(db, world.attendance), marge) for _ in range(100)]
    keys = [(message.district_id, message.id) for message in messages]

    def read(some: list[Key]) -> None:
        with world.database.write(actor) as db:
            mark_read(db, actor, some)

    for _ in range(10):
        with world.database.write(world.service) as db:
            db.execute(sa.update(Message).values(read_at=None))
        orders = [rng.sample(keys, rng.randint(50, 100)) for _ in range(6)]
        assert at_once(*(partial(read, some) for some in orders)) == [None] * 6
