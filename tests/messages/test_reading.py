"""A parent marks what she has read."""

from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from app.database import Db
from app.directory.models import Contact
from app.errors import Forbidden, Invalid, NotFound
from app.messages.history import find_message
from app.messages.models import Message
from app.messages.reading import mark_read
from tests.world import SetClock, World, a_broadcast, a_contact, a_message


def key(message: Message) -> tuple:
    return (message.district_id, message.id)


def received(db: Db, world: World, contact: Contact) -> Message:
    return a_message(db, a_broadcast(db, world.attendance), contact)


def test_a_message_is_read_from_the_first_time_on(world: World, clock: SetClock) -> None:
    with world.database.write(world.service) as db:
        marge = a_contact(db, world.district)
        first, second = received(db, world, marge), received(db, world, marge)
    guardian = world.guardian(marge)
    with world.database.write(guardian) as db:
        mark_read(db, guardian, [key(first)])
    opened = clock.now
    clock.advance(timedelta(hours=1))
    with world.database.write(guardian) as db:
        mark_read(db, guardian, [key(first), key(second), key(second)])
        mark_read(db, guardian, [])
        assert find_message(db, guardian, key(first)).read_at == opened
        assert find_message(db, guardian, key(second)).read_at == clock.now


@pytest.mark.threat("T01")
def test_nothing_is_marked_when_one_message_is_not_hers(world: World) -> None:
    with world.database.write(world.service) as db:
        marge, ned = a_contact(db, world.district), a_contact(db, world.district)
        hers, his = received(db, world, marge), received(db, world, ned)
    guardian = world.guardian(marge)
    for strange in (key(his), (world.district.id, uuid7())):
        with world.database.write(guardian) as db:
            with pytest.raises(NotFound) as refused:
                mark_read(db, guardian, [key(hers), strange])
            assert refused.value.path == ("messageIds", "1")
            assert find_message(db, guardian, key(hers)).read_at is None


def test_a_hundred_messages_are_marked_at_once_and_no_more(world: World) -> None:
    with world.database.write(world.service) as db:
        guardian = world.guardian(a_contact(db, world.district))
        with pytest.raises(Invalid) as refused:
            mark_read(db, guardian, [(world.district.id, uuid7())] * 101)
        assert refused.value.path == ("messageIds",)


def test_staff_read_nothing_in_a_parents_name(world: World) -> None:
    with world.database.write(world.service) as db, pytest.raises(Forbidden):
        mark_read(db, world.clerk(), [])
