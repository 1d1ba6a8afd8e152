"""A family at home, for the mutations of parents."""

import pytest

from tests.graphql_schema.home import Home, a_home
from tests.world import World


@pytest.fixture
def home(world: World) -> Home:
    return a_home(world)
