"""Transactions, and what a database that is in trouble does."""

from app.database import Database
from app.directory.models import Contact
from tests.world import World, a_contact


def test_what_a_transaction_wrote_is_there_afterwards(world: World, database: Database):
    with database.write(world.service) as db:
        marge = a_contact(db, world.district, with_phone="+12175550123")
    with database.read(world.service) as db:
        assert db.get(Contact, world.district.id, marge.id).given_name == "Marge"
