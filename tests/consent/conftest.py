"""A ledger of a small family, and where its checkpoints are kept outside the database."""

from pathlib import Path

import pytest

from app.config import Settings
from tests.consent.ledgers import Family, a_family, ledger_settings
from tests.world import World


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return ledger_settings(tmp_path)


@pytest.fixture
def family(world: World) -> Family:
    return a_family(world)
