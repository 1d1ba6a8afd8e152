"""Checkpoints sign what has moved, and stand outside the database as well."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.config import Settings
from app.consent.checkpoints import copy_outside, sign_all, sign_heads
from app.consent.models import Checkpoint
from app.database import Database
from app.directory.models import Destination, Link
from tests.conftest import on_postgresql
from tests.consent.ledgers import Act, Family, a_family, lines_of, present
from tests.world import World, a_world

STOP, CHOICE = Act("revoke", 0, 0, 0, 1), Act("choose", 0, 0, 0, 1)
OTHER_STOP = Act("revoke", 2, 0, 0, 1)
WAIT = 30  # seconds until a test that hangs says so


def signed(world: World, settings: Settings) -> Checkpoint | None:
    return sign_heads(world.database, settings, world.district.id)


def stored(world: World) -> list[Checkpoint]:
    with world.database.read(world.service) as db:
        statement = sa.select(Checkpoint).order_by(Checkpoint.district_id, Checkpoint.number)
        return list(db.session.scalars(statement))


def outside(world: World, settings: Settings) -> list[dict[str, object]]:
    text = copy_outside(settings, world.district.key).read_text()
    return [json.loads(line) for line in text.splitlines()]


def heads(world: World) -> list[list[object]]:
    """Of the whole district: the last line of every chain."""
    last = {}
    for line in lines_of(world):
        kind = "contact" if line.destination_id is None else "destination"
        chain = f"{kind}:{line.destination_id or line.contact_id}"
        last[chain] = [chain, line.sequence, line.hash]
    return list(last.values())


def test_nothing_is_signed_where_nobody_has_said_anything(family: Family, settings: Settings):
    assert signed(family.world, settings) is None
    assert stored(family.world) == []
    assert outside(family.world, settings) == []


def test_a_checkpoint_names_the_head_of_every_chain(family: Family, settings: Settings):
    family.act([STOP, STOP, CHOICE, OTHER_STOP])
    checkpoint = present(signed(family.world, settings))
    assert checkpoint.number == 1
    assert checkpoint.heads == heads(family.world)
    assert [sequence for _, sequence, _ in checkpoint.heads] == [2, 1, 1]


def test_the_next_one_names_only_what_has_moved(family: Family, settings: Settings):
    family.act([STOP, CHOICE, OTHER_STOP])
    first = present(signed(family.world, settings))
    assert signed(family.world, settings) is None
    family.act([OTHER_STOP])
    second = present(signed(family.world, settings))
    assert (second.number, second.previous_hash) == (2, first.hash)
    (moved,) = [head for head in heads(family.world) if head[1] == 2]
    assert second.heads == [moved]


def test_a_checkpoint_is_signed_by_a_key_that_the_database_does_not_hold(
    family: Family, settings: Settings
):
    family.act([STOP])
    signed(family.world, settings)
    (line,) = outside(family.world, settings)
    content = {name: line[name] for name in ("at", "district", "heads", "number")}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    covered = f"{line['previous_hash']}\n{canonical}"
    assert line["hash"] == hashlib.sha256(covered.encode()).hexdigest()
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(str(line["public_key"])))
    key.verify(bytes.fromhex(str(line["signature"])), str(line["hash"]).encode())
    assert settings.secret_key not in json.dumps(line)


def test_the_copy_outside_equals_the_table(family: Family, settings: Settings):
    for _ in range(3):
        family.act([STOP])
        signed(family.world, settings)
    assert [line["hash"] for line in outside(family.world, settings)] == [
        checkpoint.hash for checkpoint in stored(family.world)
    ]


@pytest.mark.parametrize("kept", [0, 1, 2, 2.5], ids=str)
def test_what_a_crash_kept_from_the_copy_is_added_next_time(
    family: Family, settings: Settings, kept: float
):
    for _ in range(3):
        family.act([STOP])
        signed(family.world, settings)
    copy = copy_outside(settings, family.world.district.key)
    whole = copy.read_bytes()
    lines = whole.splitlines(keepends=True)
    torn = lines[2][:40] if kept % 1 else b""
    copy.write_bytes(b"".join(lines[: int(kept)]) + torn)
    assert signed(family.world, settings) is None
    assert copy.read_bytes() == whole


def test_a_torn_first_line_is_written_again(family: Family, settings: Settings):
    family.act([STOP])
    signed(family.world, settings)
    copy = copy_outside(settings, family.world.district.key)
    whole = copy.read_bytes()
    copy.write_bytes(whole[:30])
    signed(family.world, settings)
    assert copy.read_bytes() == whole


def test_the_checkpoint_stands_when_the_copy_cannot_be_written(
    family: Family, settings: Settings, tmp_path: Path
):
    family.act([STOP])
    in_the_way = settings.ledger_dir
    in_the_way.write_text("a file where the folder should be")
    with pytest.raises(OSError, match="ledger"):
        signed(family.world, settings)
    in_the_way.unlink()
    assert signed(family.world, settings) is None
    assert [line["number"] for line in outside(family.world, settings)] == [1]


def test_every_district_has_checkpoints_of_its_own(
    world: World, database: Database, settings: Settings
):
    shelbyville = a_world(database, "shelbyville")
    for district in (world, shelbyville):
        a_family(district).act([STOP])
    sign_all(database, settings)
    assert [checkpoint.number for checkpoint in stored(world)] == [1, 1]
    for district in (world, shelbyville):
        (line,) = outside(district, settings)
        assert line["district"] == str(district.district.id)
        assert line["heads"] == heads(district)


def test_two_signers_at_once_make_one_chain(family: Family, settings: Settings):
    def sign_often() -> None:
        for _ in range(10):
            signed(family.world, settings)

    with ThreadPoolExecutor(3) as threads:
        signers = [threads.submit(sign_often) for _ in range(2)]
        for _ in range(20):
            threads.submit(family.act, [STOP, CHOICE]).result(WAIT)
        for signer in signers:
            signer.result(WAIT)
    signed(family.world, settings)
    made = stored(family.world)
    assert [checkpoint.number for checkpoint in made] == list(range(1, len(made) + 1))
    assert [line["hash"] for line in outside(family.world, settings)] == [c.hash for c in made]
    assert [c.previous_hash for c in made[1:]] == [c.hash for c in made[:-1]]
    newest = {head[0]: head for checkpoint in made for head in checkpoint.heads}
    assert sorted(newest.values()) == sorted(heads(family.world))


@on_postgresql
def test_a_chain_that_somebody_is_writing_to_is_signed_without_waiting(
    family: Family, settings: Settings, database: Database
):
    family.act([STOP, OTHER_STOP])
    with database.write(family.world.service) as busy:
        link = present(busy.get(Link, family.world.district.id, family.links[0]))
        busy.lock(Destination, link.district_id, link.destination_id)
        with ThreadPoolExecutor(1) as aside:
            first = present(aside.submit(signed, family.world, settings).result(WAIT))
    assert first.heads == heads(family.world)
    second = present(signed(family.world, settings))  # the mark of the busy chain was left
    assert second.heads == [
        head for head in heads(family.world) if str(link.destination_id) in str(head)
    ]
    assert signed(family.world, settings) is None
