"""T15: signing up with somebody else's address gives nothing, and she is told."""

import pytest
import sqlalchemy as sa

from app.config import Settings
from app.outbox.delivery import deliver_next
from app.outbox.worker import sender_for
from auth.models import Account, Binding, LoginSession
from tests.auth.people import Door, another
from tests.outbox.mail_server import Postmaster, a_mail_server
from tests.world import World, a_contact, links_of

pytestmark = pytest.mark.threat("T15")
HERS, HER_WORK, HER_OLD = "marge@example.org", "marge@work.example", "marge@old.example"


@pytest.fixture
def door(world: World) -> Door:
    with world.database.write(world.service) as db:
        marge = a_contact(db, world.district, with_email=[HERS, HER_WORK, HER_OLD], language="es")
        (gone,) = (link for link in links_of(db, marge) if link.display == HER_OLD)
        gone.retired_at = db.now
        a_contact(db, world.district, with_email="ned@example.org")
    return Door(world.database)


def deliver(world: World, place: str) -> None:
    sender = sender_for(Settings(smtp_url=f"smtp://{place}"))
    assert sender is not None
    while deliver_next(world.database, sender):
        pass


def sent_to(postmaster: Postmaster, address: str) -> list[str]:
    return [m.get_content() for m in postmaster.taken if m["To"] == address]


def count(world: World, table: type) -> int:
    with world.database.read(world.service) as db:
        return int(db.scalar(sa.select(sa.func.count()).select_from(table)))


def test_the_code_goes_to_that_mailbox_only_and_nothing_is_usable_before_it_comes_back(
    world: World, door: Door
) -> None:
    assert door.ask(HERS).status_code == 202
    wrong = another(door.code_for(HERS))
    assert door.post("/auth/token", {"email": HERS, "code": wrong}).status_code == 401
    with a_mail_server() as (postmaster, place):
        deliver(world, place)
    assert postmaster.recipients == [HERS]
    assert [count(world, table) for table in (Account, Binding, LoginSession)] == [0, 0, 0]


def test_her_other_mailboxes_are_told_at_the_first_sign_in_and_not_again(
    world: World, door: Door
) -> None:
    door.sign_in(HERS)
    with a_mail_server() as (postmaster, place):
        deliver(world, place)
        assert sorted(postmaster.recipients) == [HERS, HER_WORK]
        (told,) = sent_to(postmaster, HER_WORK)
        assert "https://portal.example.org" in told
        assert HERS not in told, "others may read that mailbox too"
        door.sign_in(HERS)
        deliver(world, place)
        assert len(sent_to(postmaster, HER_WORK)) == 1
        assert sent_to(postmaster, "ned@example.org") == sent_to(postmaster, HER_OLD) == []
