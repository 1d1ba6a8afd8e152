"""The custody case, and somebody to ask the schema in anybody's name."""

import pytest

from app.database import Database
from tests.asking import Ask, asker
from tests.authz.custody import Custody, a_custody_case


@pytest.fixture
def custody(database: Database) -> Custody:
    return a_custody_case(database)


@pytest.fixture
def ask(database: Database) -> Ask:
    return asker(database)
