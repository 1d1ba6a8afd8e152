"""What docs/ says of the rules and the ledger is what the code does."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.config import Settings
from app.consent.checkpoints import copy_outside, sign_heads
from app.consent.export import export_chain
from app.consent.models import Evidence
from app.consent.verify import verify_district
from app.database import Database
from app.vocabulary import Channel, ConsentAction, OptOutScope, Source
from tests.consent.insider import EVENTS, EVIDENCE, Chain, Insider, chains_of
from tests.consent.ledgers import Act, Family, lines_of, present
from tests.consent.rules_page import PAGE as RULES
from tests.consent.rules_page import with_table
from tests.world import World

LEDGER = RULES.with_name("ledger.md")
LONGEST = 30  # lines of the program on the page, without its blank ones


def test_the_page_on_the_rules_shows_the_table_as_it_is():
    """If this fails: python -m tests.consent.rules_page"""
    assert RULES.read_text() == with_table(RULES.read_text())


# The page on the ledger


def code(language: str) -> str:
    (text,) = re.findall(
        rf"^```{language}\n(.*?)^```$", LEDGER.read_text(), re.DOTALL | re.MULTILINE
    )
    return str(text)


def checked(folder: Path, exported: bytes) -> str:
    """What the program on the page says, run by a Python that knows nothing of the portal."""
    program = folder / "check_chain.py"
    program.write_text(code("python"))
    command = [sys.executable, "-I", "-S", program]
    run = subprocess.run(command, input=exported, capture_output=True, check=True)
    return run.stdout.decode().strip()


@pytest.fixture
def insider(database: Database) -> Iterator[Insider]:
    insider = Insider(database)
    yield insider
    insider.leave()


@pytest.fixture
def chain(family: Family) -> Chain:
    """Of the shared phone: six lines, the third with evidence, the fourth's is erased."""
    family.act(Act("revoke", 0, 0, 0, value) for value in (0, 0, 1, 1, 0))
    family.act([Act("opt_out", 0, 0, 0, 2)])
    (chain,) = chains_of(lines_of(family.world))
    with family.world.database.write(family.world.service) as db:
        erased = present(db.get(Evidence, family.world.district.id, chain.lines[3].id))
        erased.content, erased.salt = None, ""
    return chain


def export(world: World, chain: Chain) -> bytes:
    with world.database.read(world.service) as db:
        return b"".join(export_chain(db, world.district.id, chain.name))


def test_the_program_on_the_page_is_short():
    assert len([line for line in code("python").splitlines() if line.strip()]) <= LONGEST


def test_the_program_on_the_page_agrees_with_a_sound_chain(
    tmp_path: Path, family: Family, chain: Chain
):
    said = checked(tmp_path, export(family.world, chain))
    assert said == f"6 lines, the last is {chain.lines[-1].hash}"


def test_the_example_on_the_page_is_such_a_chain(tmp_path: Path, family: Family, chain: Chain):
    example = code("json")
    first, last = map(json.loads, example.splitlines())
    assert checked(tmp_path, example.encode()) == f"2 lines, the last is {last['hash']}"
    ours = json.loads(export(family.world, chain).splitlines()[2])
    assert first.keys() == ours.keys()
    assert first["line"].keys() == ours["line"].keys()
    assert first["evidence"].keys() == ours["evidence"].keys()


def test_the_page_names_every_key_and_every_word(family: Family, chain: Chain):
    text = LEDGER.read_text()
    named = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    keys = [key for cell in named for key in re.findall(r"`(\w+)`", cell)]
    assert sorted(keys) == sorted(json.loads(code("json").splitlines()[0])["line"])
    for word in (*ConsentAction, *Channel, *OptOutScope, *Source):
        assert f"`{word}`" in text


def edit(db: sa.Connection, chain: Chain) -> None:
    chain.change(db, 5, {"source": "STAFF"})


def edit_previous_hash(db: sa.Connection, chain: Chain) -> None:
    chain.change(db, 2, {"previous_hash": "0" * 64})


def edit_hash(db: sa.Connection, chain: Chain) -> None:
    chain.change(db, 2, {"hash": "0" * 64})


def delete_first(db: sa.Connection, chain: Chain) -> None:
    db.execute(sa.delete(EVENTS).where(EVENTS.c.id == chain.lines[0].id))


def delete_inside(db: sa.Connection, chain: Chain) -> None:
    db.execute(sa.delete(EVENTS).where(EVENTS.c.id == chain.lines[2].id))


def swap(db: sa.Connection, chain: Chain) -> None:
    for place, taken in ((2, -1), (5, 2), (2, 5)):
        chain.change(db, place, {"sequence": taken})


def twice(db: sa.Connection, chain: Chain) -> None:
    chain.change(db, 3, {"sequence": 0})


def alter_evidence(db: sa.Connection, chain: Chain) -> None:
    this = EVIDENCE.c.id == chain.lines[2].id
    db.execute(sa.update(EVIDENCE).where(this).values(content={"input": "YES"}))


def remove_evidence(db: sa.Connection, chain: Chain) -> None:
    db.execute(sa.delete(EVIDENCE).where(EVIDENCE.c.id == chain.lines[3].id))


TAMPERINGS = [
    *(edit, edit_previous_hash, edit_hash, delete_first, delete_inside),
    *(swap, twice, alter_evidence, remove_evidence),
]


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_the_program_on_the_page_names_the_line_that_ours_names(
    tmp_path: Path,
    family: Family,
    settings: Settings,
    chain: Chain,
    insider: Insider,
    tampering: Callable[[sa.Connection, Chain], None],
):
    with insider.at_work() as db:
        tampering(db, chain)
    fault = present(verify_district(family.world.database, settings, family.world.district).fault)
    assert checked(tmp_path, export(family.world, chain)).startswith(f"line {fault.sequence}: ")


@pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl here")
def test_the_signature_of_a_checkpoint_is_checked_as_the_page_says(
    tmp_path: Path, family: Family, settings: Settings, chain: Chain
):
    sign_heads(family.world.database, settings, family.world.district.id)
    copy = copy_outside(settings, family.world.district.key)
    for old, new, expected in ((b"", b"", 0), (b'"hash":"', b'"hash":"0', 1)):
        (tmp_path / "springfield.ndjson").write_bytes(copy.read_bytes().replace(old, new, 1))
        run = subprocess.run(
            ["sh", "-c", code("sh")], cwd=tmp_path, capture_output=True, check=False
        )
        assert run.returncode == expected
