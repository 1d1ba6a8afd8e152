"""Somebody with access to the database edits, deletes, swaps, inserts or cuts: he is found."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from uuid_utils.compat import uuid7

from app.consent.checkpoints import checkpoint_hash, public_key, sign_heads
from app.consent.ledger import BEFORE_THE_FIRST, line_hash
from app.consent.verify import verify_district
from app.database import Database
from app.vocabulary import Channel, ConsentAction, OptOutScope, Source
from tests.consent.insider import CHECKPOINTS, EVENTS, EVIDENCE, Chain, Forged, Insider, chains_of
from tests.consent.ledgers import a_family, ledger_settings, lines_of, some_acts
from tests.world import World

Place = tuple[str, int]  # chain (or "checkpoints"), sequence (or number)


@dataclass
class Target:
    """The ledger, and chance to choose in it."""

    rng: random.Random
    chains: list[Chain]
    checkpoints: list[Any]

    def any_chain(self, longer_than: int = 0) -> Chain:
        return self.rng.choice([chain for chain in self.chains if len(chain) > longer_than])

    def any_line(self) -> tuple[Chain, int]:
        chain = self.any_chain()
        return chain, self.rng.randint(1, len(chain))

    def signed(self, chain: Chain) -> list[int]:
        """The sequences at which the chain's head was signed."""
        heads = [head for checkpoint in self.checkpoints for head in checkpoint.heads]
        return [sequence for name, sequence, _ in heads if name == chain.name]

    def any_signed_line(self) -> tuple[Chain, int]:
        chain = self.rng.choice([chain for chain in self.chains if self.signed(chain)])
        return chain, self.rng.randint(1, max(self.signed(chain)))


# Each does its work and says where the first bad line is then.
Tampering = Callable[[sa.Connection, Target], set[Place]]
WORDS: dict[str, type[StrEnum]] = {
    "action": ConsentAction,
    "channel": Channel,
    "source": Source,
    "scope": OptOutScope,
}


def edit_any_column(db: sa.Connection, target: Target) -> set[Place]:
    chain, sequence = target.any_line()
    line = chain.lines[sequence - 1]
    name = target.rng.choice([column.name for column in EVENTS.columns])
    if name in ("destination_id", "contact_id"):
        away = uuid7()  # to a chain of nobody
        moved = {"destination_id": None, "contact_id": None, name: away}
        chain.change(db, sequence, moved)
        return {(chain.name, sequence), (f"{name.removesuffix('_id')}:{away}", sequence)}
    chain.change(db, sequence, {name: other(target.rng, name, getattr(line, name))})
    return {(chain.name, sequence)}


def other(rng: random.Random, name: str, value: Any) -> Any:
    """Any other value that the column can hold."""
    if name in WORDS:
        return rng.choice([word for word in WORDS[name] if word != value])
    match value:
        case UUID():
            return uuid7()
        case datetime():
            return value + rng.choice([-1, 1]) * timedelta(microseconds=1)
        case int():
            return value + 1000
        case dict():
            return value | {"note": rng.random() < 0.5}
        case str():
            place = rng.randrange(len(value))
            return value[:place] + ("0" if value[place] != "0" else "1") + value[place + 1 :]
        case _:
            return uuid7() if name.endswith("_id") else "0"


def replace_a_line(db: sa.Connection, target: Target) -> set[Place]:
    """By one that is sound in itself."""
    chain, sequence = target.any_line()
    line = chain.lines[sequence - 1]
    forged = Forged(line, source=other(target.rng, "source", line.source))
    chain.change(db, sequence, {"source": forged.source, "hash": line_hash(forged)})
    return {(chain.name, min(sequence + 1, len(chain)))}  # does not follow, or is not the head


def delete_a_line(db: sa.Connection, target: Target) -> set[Place]:
    chain, sequence = target.any_line()
    db.execute(sa.delete(EVENTS).where(EVENTS.c.id == chain.lines[sequence - 1].id))
    return {(chain.name, sequence)}


def swap_two_lines(db: sa.Connection, target: Target) -> set[Place]:
    chain = target.any_chain(longer_than=1)
    first, second = sorted(target.rng.sample(range(1, len(chain) + 1), 2))
    with_hashes = target.rng.random() < 0.5
    for place, taken in ((first, -1), (second, first), (first, second)):
        values: dict[str, Any] = {"sequence": taken}
        if with_hashes and taken > 0:
            values["previous_hash"] = chain.lines[taken - 1].previous_hash
        chain.change(db, place, values)
    return {(chain.name, first)}


def insert_a_line(db: sa.Connection, target: Target) -> set[Place]:
    chain, place = target.any_line()
    place += target.rng.randint(0, 1)
    model = target.rng.choice(chain.lines)
    previous = chain.lines[place - 2].hash if place > 1 else BEFORE_THE_FIRST
    forged = Forged(model, id=uuid7(), sequence=place, previous_hash=previous, evidence_hash=None)
    well_hashed = target.rng.random() < 0.5
    if well_hashed:
        forged.values["hash"] = line_hash(forged)
    chain.shift(db, place)
    db.execute(sa.insert(EVENTS), forged.values)
    hides = well_hashed and place <= len(chain)  # then the line after it does not follow
    return {(chain.name, place + hides)}


def cut_the_tail_and_hide_it(db: sa.Connection, target: Target) -> set[Place]:
    chain, sequence = target.any_signed_line()
    left = sequence - 1
    chain.delete_after(db, left)
    head = chain.lines[left - 1].hash if left else ""
    chain.set_head(db, chain_sequence=left, chain_hash=head, chain_signed=left)
    return {(chain.name, sequence)}


def rewrite_history_from_a_line_on(db: sa.Connection, target: Target) -> set[Place]:
    chain, sequence = target.any_signed_line()
    chain.change(db, sequence, {"actor": "service:nobody"})
    chain.hash_again(db, sequence)
    return {(chain.name, min(signed for signed in target.signed(chain) if signed >= sequence))}


def alter_evidence(db: sa.Connection, target: Target) -> set[Place]:
    proven = [
        (chain, line) for chain in target.chains for line in chain.lines if line.evidence_hash
    ]
    chain, line = target.rng.choice(proven)
    this = EVIDENCE.c.id == line.id
    kept = db.execute(sa.select(EVIDENCE).where(this)).one()
    match target.rng.randrange(4):
        case 0:
            db.execute(sa.update(EVIDENCE).where(this).values(content={"input": "YES"}))
        case 1:
            db.execute(sa.update(EVIDENCE).where(this).values(content=kept.content | {"x": None}))
        case 2:
            salt = other(target.rng, "salt", kept.salt)
            db.execute(sa.update(EVIDENCE).where(this).values(salt=salt))
        case 3:
            db.execute(sa.delete(EVIDENCE).where(this))
    return {(chain.name, line.sequence)}


def change_a_head(db: sa.Connection, target: Target) -> set[Place]:
    chain = target.any_chain()
    newest = len(chain)
    match target.rng.randrange(3):
        case 0:
            chain.set_head(db, chain_hash=other(target.rng, "hash", chain.lines[-1].hash))
            return {(chain.name, newest)}
        case 1:
            chain.set_head(db, chain_sequence=newest + 1)
            return {(chain.name, newest + 1)}
        case _:
            chain.set_head(db, chain_sequence=newest - 1)
            return {(chain.name, newest)}


def edit_a_checkpoint(db: sa.Connection, target: Target) -> set[Place]:
    checkpoint = target.rng.choice(target.checkpoints)
    names = [column.name for column in CHECKPOINTS.columns if column.name != "id"]
    name = target.rng.choice(names)
    value = getattr(checkpoint, name)
    changed = value[:-1] if name == "heads" else other(target.rng, name, value)
    this = CHECKPOINTS.c.id == checkpoint.id
    db.execute(sa.update(CHECKPOINTS).where(this).values({name: changed}))
    return {("checkpoints", checkpoint.number)}


def delete_a_checkpoint(db: sa.Connection, target: Target) -> set[Place]:
    checkpoint = target.rng.choice(target.checkpoints)
    db.execute(sa.delete(CHECKPOINTS).where(CHECKPOINTS.c.id == checkpoint.id))
    return {("checkpoints", checkpoint.number)}


def sign_a_cut_with_a_key_of_his_own(db: sa.Connection, target: Target) -> set[Place]:
    cut = cut_the_tail_and_hide_it(db, target)
    key = Ed25519PrivateKey.generate()
    checkpoint = target.checkpoints[-1]
    forged = Forged(checkpoint, heads=[], public_key=public_key(key))
    forged.values["hash"] = checkpoint_hash(forged)
    forged.values["signature"] = key.sign(forged.hash.encode()).hex()
    this = CHECKPOINTS.c.id == checkpoint.id
    db.execute(sa.update(CHECKPOINTS).where(this).values(forged.values))
    return cut | {("checkpoints", checkpoint.number)}  # whichever was signed first


TAMPERINGS: tuple[Tampering, ...] = (
    edit_any_column,
    edit_any_column,  # there are twenty of them
    replace_a_line,
    delete_a_line,
    swap_two_lines,
    insert_a_line,
    cut_the_tail_and_hide_it,
    rewrite_history_from_a_line_on,
    alter_evidence,
    change_a_head,
    edit_a_checkpoint,
    delete_a_checkpoint,
    sign_a_cut_with_a_key_of_his_own,
)


@pytest.fixture
def insider(database: Database) -> Iterator[Insider]:
    insider = Insider(database)
    yield insider
    insider.leave()


@pytest.mark.threat("T68")
@pytest.mark.timeout(1800)
def test_every_tampering_is_found_and_its_first_bad_line_named(
    world: World,
    insider: Insider,
    rng: random.Random,
    scale: Callable[[int], int],
    tmp_path: Path,
):
    settings, family = ledger_settings(tmp_path), a_family(world)
    for part in range(4):
        family.act(some_acts(rng, 20))
        if part < 3:  # the last lines are not signed yet
            sign_heads(world.database, settings, world.district.id)
    with world.database.read(world.service) as db:
        checkpoints = list(db.all(sa.select(CHECKPOINTS).order_by(CHECKPOINTS.c.number)))
    target = Target(rng, chains_of(lines_of(world)), checkpoints)
    untouched = insider.saved()
    done: Counter[str] = Counter()
    for number in range(scale(1000)):
        tampering = TAMPERINGS[number % len(TAMPERINGS)]
        with insider.at_work() as db:
            expected = tampering(db, target)
        fault = verify_district(world.database, settings, world.district).fault
        assert fault is not None, tampering.__name__
        assert (fault.chain, fault.sequence) in expected, f"{tampering.__name__}: {fault}"
        insider.put_back(untouched)
        done[tampering.__name__] += 1
    report = verify_district(world.database, settings, world.district)
    assert report.fault is None
    assert report.lines == sum(len(chain) for chain in target.chains)
    assert set(done) == {tampering.__name__ for tampering in TAMPERINGS}
