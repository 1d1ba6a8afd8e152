"""The tables say what the ledger adds up to, whatever is said in whatever order."""

import itertools
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.consent.checkpoints import HOLDERS
from app.consent.fold import Standing, fold
from app.consent.ledger import chain_name
from app.consent.standing import stored_standings
from app.database import Database
from tests.consent.ledgers import ACTS, Act, a_family, lines_of
from tests.world import World, a_world

districts = itertools.count()
TRANSACTIONS = st.lists(st.lists(ACTS, min_size=1, max_size=10), max_size=3)


@settings(
    max_examples=settings().max_examples // 5,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(transactions=TRANSACTIONS)
def test_the_tables_equal_the_fold_of_the_ledger(database: Database, transactions: list[list[Act]]):
    world = a_world(database, f"district-{next(districts)}")
    family = a_family(world)
    for acts in transactions:
        family.act(acts)
    assert folded(world) == stored(world)


def test_what_was_said_is_what_stands(world: World):
    """The law above would hold of two empty worlds too."""
    a_family(world).act(
        Act(what, 0, 0, 0, 1) for what in ("grant", "opt_out", "block", "choose", "pause")
    )
    said = [standing for standing in stored(world).values() if standing != Standing()]
    assert [(len(each.consents), len(each.opt_outs), len(each.blocks)) for each in said] == [
        (1, 1, 1),
        (0, 0, 0),
    ]
    assert len(said[1].preferences) == 1
    assert said[1].paused_until == "2026-11-20T16:00:00.000000Z"


def folded(world: World) -> dict[str, Standing]:
    """Of everybody in the district; who never said anything has nothing standing."""
    of_lines = {chain: fold(its) for chain, its in itertools.groupby(lines_of(world), chain_name)}
    return {chain: Standing() for chain in stored(world)} | of_lines


def stored(world: World) -> dict[str, Standing]:
    district_id = world.district.id
    found = {}
    with world.database.read(world.service) as db:
        for kind, holder in HOLDERS.items():
            ids = [row.id for row in db.all(of_district(holder), district_id=district_id)]
            standings = stored_standings(db, kind, district_id, ids)
            found |= {f"{kind}:{holder}": each for holder, each in standings.items()}
    return found


def of_district(holder: Any) -> sa.Select[Any]:
    return sa.select(holder.c.id).where(holder.c.district_id == sa.bindparam("district_id"))
