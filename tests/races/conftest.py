"""Each race is run on a database of its own."""

import pytest

from app.database import Database
from tests.world import World, a_world


@pytest.fixture
def world(own_database: Database) -> World:
    return a_world(own_database)
