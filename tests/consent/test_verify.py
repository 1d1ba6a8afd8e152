"""The check of the ledger: silent while it is sound, exact when it is not."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from uuid_utils.compat import uuid7

from app.config import Settings
from app.consent.checkpoints import checkpoint_hash, copy_outside, sign_heads, signing_key
from app.consent.faults import VerifyReport
from app.consent.models import Block, Consent, Evidence, OptOut, Preference, QuietHours
from app.consent.verify import verify_district
from app.database import Database
from app.directory.models import Contact, Destination
from app.vocabulary import Channel, ConsentStatus
from tests.conftest import on_sqlite
from tests.consent.insider import CHECKPOINTS, EVENTS, EVIDENCE, Chain, Forged, Insider, chains_of
from tests.consent.ledgers import Act, Family, a_family, lines_of, present
from tests.world import World, a_world

EVERYTHING = (  # one of each, on the shared phone and by Marge
    *(Act("opt_out", 0, 1, 0, 1), Act("opt_out", 0, 1, 0, 2), Act("block", 0, 0, 0, 1)),
    *(Act("revoke", 0, 1, 0, 1), Act("grant", 0, 0, 0, 0), Act("pause", 0, 0, 0, 1)),
    *(Act("choose", 0, 1, 0, 1), Act("quiet_hours", 0, 0, 0, 1300)),
)
STOP = EVERYTHING[3]
LATER = datetime(2030, 1, 1, tzinfo=UTC)
WAIT = 30


@pytest.fixture
def insider(database: Database) -> Iterator[Insider]:
    insider = Insider(database)
    yield insider
    insider.leave()


@pytest.fixture
def spoken(family: Family, settings: Settings) -> Family:
    """Everything has been said once and signed, and a STOP again since."""
    family.act(EVERYTHING)
    sign_heads(family.world.database, settings, family.world.district.id)
    family.act([STOP])
    return family


def verified(world: World, settings: Settings) -> VerifyReport:
    return verify_district(world.database, settings, world.district)


def chains(world: World) -> tuple[Chain, Chain]:
    """Of the shared phone, and of Marge."""
    phone, marge = chains_of(lines_of(world))
    return phone, marge


def test_a_sound_ledger_is_counted(spoken: Family, settings: Settings):
    report = verified(spoken.world, settings)
    assert report.fault is None
    assert (report.lines, report.chains, report.checkpoints, report.outside) == (9, 2, 1, 1)


def test_a_district_in_which_nobody_spoke_is_sound(world: World, settings: Settings):
    assert verified(world, settings) == VerifyReport("springfield")


def test_a_fault_is_told_with_its_place_and_the_line(
    spoken: Family, settings: Settings, insider: Insider
):
    phone, _ = chains(spoken.world)
    with insider.at_work() as db:
        phone.change(db, 4, {"source": "APP"})
    fault = present(verified(spoken.world, settings).fault)
    assert (fault.chain, fault.sequence, fault.id) == (phone.name, 4, phone.lines[3].id)
    assert str(fault) == (f"{phone.name} line 4 ({phone.lines[3].id}): is not what its hash covers")


def test_a_missing_line_is_told_without_an_id(spoken: Family, settings: Settings, insider: Insider):
    phone, _ = chains(spoken.world)
    with insider.at_work() as db:
        db.execute(sa.delete(EVENTS).where(EVENTS.c.id == phone.lines[1].id))
    assert str(verified(spoken.world, settings).fault) == f"{phone.name} line 2: is missing"


def test_of_two_bad_lines_the_first_is_told(spoken: Family, settings: Settings, insider: Insider):
    phone, marge = chains(spoken.world)
    with insider.at_work() as db:
        marge.change(db, 1, {"actor": "nobody"})
        phone.change(db, 5, {"actor": "nobody"})
        phone.change(db, 3, {"actor": "nobody"})
    fault = present(verified(spoken.world, settings).fault)
    assert (fault.chain, fault.sequence) == (phone.name, 3)


def test_the_ledger_of_another_district_is_its_own_matter(
    spoken: Family, settings: Settings, insider: Insider
):
    shelbyville = a_world(spoken.world.database, "shelbyville")
    a_family(shelbyville).act(EVERYTHING)
    phone, _ = chains(spoken.world)
    with insider.at_work() as db:
        phone.change(db, 1, {"actor": "nobody"})
    assert verified(shelbyville, settings).fault is None
    assert verified(spoken.world, settings).fault is not None


# Evidence


def test_evidence_can_be_erased_and_the_chain_still_verifies(spoken: Family, settings: Settings):
    world = spoken.world
    with world.database.write(world.service) as db:
        for evidence in db.session.scalars(sa.select(Evidence)):
            evidence.content, evidence.salt = None, ""
    with world.database.read(world.service) as db:
        kept = sa.select(sa.func.count()).where(EVIDENCE.c.content.is_not(None))
        assert db.scalar(kept) == 0
    assert verified(world, settings).fault is None


def test_evidence_that_no_line_covers_is_found(
    spoken: Family, settings: Settings, insider: Insider
):
    phone, _ = chains(spoken.world)
    unproven = next(line for line in phone.lines if line.evidence_hash is None)
    forged = {"id": unproven.id, "salt": "0", "content": {"input": "YES"}}
    with insider.at_work() as db:
        db.execute(sa.insert(EVIDENCE), forged | {"district_id": unproven.district_id})
    fault = present(verified(spoken.world, settings).fault)
    assert (fault.chain, fault.sequence) == (phone.name, unproven.sequence)


# Cuts


def test_a_cut_that_was_signed_is_found_even_if_the_heads_agree(
    spoken: Family, settings: Settings, insider: Insider
):
    phone, _ = chains(spoken.world)
    with insider.at_work() as db:
        phone.delete_after(db, 2)
        phone.set_head(db, chain_sequence=2, chain_hash=phone.lines[1].hash, chain_signed=2)
    fault = verified(spoken.world, settings).fault
    assert str(fault) == f"{phone.name} line 3: is missing; checkpoint 1 signed beyond it"


def test_a_cut_with_its_checkpoints_is_found_by_the_copy_outside(
    spoken: Family, settings: Settings, insider: Insider
):
    phone, _ = chains(spoken.world)
    with insider.at_work() as db:
        phone.delete_after(db, 2)
        phone.set_head(db, chain_sequence=2, chain_hash=phone.lines[1].hash, chain_signed=0)
        db.execute(sa.delete(CHECKPOINTS))
    fault = present(verified(spoken.world, settings).fault)
    assert (fault.chain, fault.sequence) == ("checkpoints", 1)
    sign_heads(spoken.world.database, settings, spoken.world.district.id)  # and stays found
    assert str(verified(spoken.world, settings).fault).endswith("differs from the copy outside")


def test_a_cut_of_what_was_not_signed_yet_shows_in_the_tables(
    spoken: Family, settings: Settings, insider: Insider
):
    spoken.act([Act("grant", 0, 1, 0, 0)])
    phone, _ = chains(spoken.world)
    with insider.at_work() as db:
        phone.delete_after(db, 6)
        phone.set_head(db, chain_sequence=6, chain_hash=phone.lines[5].hash)
    fault = verified(spoken.world, settings).fault
    assert str(fault) == f"{phone.name}: the tables differ from the ledger"


def test_a_cut_shows_by_the_mark_that_its_chain_was_signed_further(
    spoken: Family, settings: Settings, insider: Insider
):
    phone, _ = chains(spoken.world)
    with insider.at_work() as db:
        phone.delete_after(db, 2)
        phone.set_head(db, chain_sequence=2, chain_hash=phone.lines[1].hash)
        db.execute(sa.delete(CHECKPOINTS))
    copy_outside(settings, spoken.world.district.key).unlink()
    fault = present(verified(spoken.world, settings).fault)
    assert (fault.chain, fault.sequence) == (phone.name, 3)


def test_lines_that_no_number_leads_to_are_found(
    spoken: Family, settings: Settings, insider: Insider
):
    phone, _ = chains(spoken.world)
    with insider.at_work() as db:
        db.execute(sa.delete(Destination).where(Destination.id == phone.holder))
        for table in (Consent, OptOut, Block):
            db.execute(sa.delete(table))
    fault = present(verified(spoken.world, settings).fault)
    assert (fault.chain, fault.sequence, fault.id) == (phone.name, 1, phone.lines[0].id)


# Tables


def changed(model: Any, **values: Any) -> sa.Executable:
    return sa.update(model.__table__).values(values)


TABLES = [  # which chain, what was done to its table
    (0, changed(Consent, status=ConsentStatus.GRANTED)),
    (0, changed(Consent, channel=Channel.PUSH).where(Consent.status == ConsentStatus.REVOKED)),
    (0, sa.delete(Consent)),
    (0, sa.delete(OptOut).where(OptOut.broadcast_type_id.is_(None))),
    (0, changed(OptOut, channel=Channel.PUSH)),
    (0, sa.delete(Block)),
    (0, changed(Block, channel=None)),
    (1, changed(Preference, wanted=True)),
    (1, sa.delete(Preference)),
    (1, changed(QuietHours, to_minute=419)),
    (1, sa.delete(QuietHours)),
    (1, changed(Contact, paused_until=None)),
    (1, changed(Contact, paused_until=LATER).where(Contact.paused_until.is_not(None))),
]


@pytest.mark.parametrize(("which", "change"), TABLES, ids=str)
def test_a_table_that_differs_from_the_ledger_is_found(
    spoken: Family, settings: Settings, insider: Insider, which: int, change: sa.Executable
):
    with insider.at_work() as db:
        db.execute(change)
    fault = present(verified(spoken.world, settings).fault)
    assert fault.chain == chains(spoken.world)[which].name
    assert (fault.sequence, fault.id) == (None, None)
    assert fault.problem == "the tables differ from the ledger"


def test_of_two_tables_that_differ_the_first_chain_is_told(
    spoken: Family, settings: Settings, insider: Insider
):
    with insider.at_work() as db:
        db.execute(sa.delete(Preference))
        db.execute(sa.delete(Block))
    fault = present(verified(spoken.world, settings).fault)
    assert fault.chain == chains(spoken.world)[0].name


def test_a_row_about_somebody_who_never_spoke_is_found(
    spoken: Family, settings: Settings, insider: Insider
):
    with insider.at_work() as db:
        consent = db.execute(sa.select(Consent.__table__)).mappings().first()
        silent = sa.text("SELECT id FROM destination WHERE chain_sequence = 0")
        (destination, *_) = db.execute(silent.columns(id=sa.Uuid())).scalars()
        row = dict(present(consent)) | {"id": uuid7(), "destination_id": destination}
        db.execute(sa.insert(Consent.__table__), row)
    assert str(verified(spoken.world, settings).fault).startswith(f"destination:{destination}:")


# Checkpoints and the copy outside


def test_a_checkpoint_of_another_key_is_found(spoken: Family, settings: Settings):
    strange = replace(settings, secret_key="another" * 8)
    fault = verified(spoken.world, strange).fault
    assert str(fault).endswith("is not signed with the portal's key")


def forged_with_the_right_name(settings: Settings, checkpoint: Forged) -> None:
    checkpoint.values["heads"] = []
    checkpoint.values["hash"] = checkpoint_hash(checkpoint)
    checkpoint.values["signature"] = Ed25519PrivateKey.generate().sign(b"").hex()


def taken_from_another_history(settings: Settings, checkpoint: Forged) -> None:
    checkpoint.values["previous_hash"] = "f" * 64
    checkpoint.values["hash"] = checkpoint_hash(checkpoint)
    checkpoint.values["signature"] = signing_key(settings).sign(checkpoint.hash.encode()).hex()


FORGERIES = [
    (forged_with_the_right_name, "is not signed with the portal's key"),
    (taken_from_another_history, "does not follow the checkpoint before"),
]


@pytest.mark.parametrize(("forgery", "problem"), FORGERIES)
def test_a_forged_checkpoint_is_found_without_a_copy_outside(
    spoken: Family,
    settings: Settings,
    insider: Insider,
    forgery: Callable[[Settings, Forged], None],
    problem: str,
):
    with insider.at_work() as db:
        checkpoint = Forged(db.execute(sa.select(CHECKPOINTS)).one())
        forgery(settings, checkpoint)
        db.execute(sa.update(CHECKPOINTS).values(checkpoint.values))
    copy_outside(settings, spoken.world.district.key).unlink()
    fault = present(verified(spoken.world, settings).fault)
    assert (fault.chain, fault.sequence, fault.problem) == ("checkpoints", 1, problem)


def outside_lost(lines: list[bytes]) -> list[bytes]:
    return []


def outside_torn(lines: list[bytes]) -> list[bytes]:
    return [*lines, lines[0][:50]]


@pytest.mark.parametrize(("harm", "outside"), [(outside_lost, 0), (outside_torn, 1)])
def test_a_copy_outside_that_lags_is_counted_and_no_fault(
    spoken: Family,
    settings: Settings,
    harm: Callable[[list[bytes]], list[bytes]],
    outside: int,
):
    copy = copy_outside(settings, spoken.world.district.key)
    copy.write_bytes(b"".join(harm(copy.read_bytes().splitlines(keepends=True))))
    report = verified(spoken.world, settings)
    assert (report.fault, report.outside) == (None, outside)


@pytest.mark.parametrize(
    ("old", "new"), [(b'"number":1', b'"number":2'), (b"\n", b"\nnot a checkpoint\n")]
)
def test_a_copy_outside_that_says_something_else_is_found(
    spoken: Family, settings: Settings, old: bytes, new: bytes
):
    copy = copy_outside(settings, spoken.world.district.key)
    copy.write_bytes(copy.read_bytes().replace(old, new))
    fault = present(verified(spoken.world, settings).fault)
    assert fault.chain == "checkpoints"


# In the midst of it


def test_the_ledger_is_sound_while_people_go_on(family: Family, settings: Settings):
    def decide_and_sign() -> None:
        for _ in range(15):
            family.act([STOP, EVERYTHING[4], EVERYTHING[6]])
            sign_heads(family.world.database, settings, family.world.district.id)

    with ThreadPoolExecutor(1) as aside:
        others = aside.submit(decide_and_sign)
        while not others.done():
            assert verified(family.world, settings).fault is None
        others.result(WAIT)
    assert verified(family.world, settings).lines == 45


@on_sqlite  # PostgreSQL holds every column to its type
@pytest.mark.parametrize(
    "column", ["at", "action", "detail", "id", "sequence", "broadcast_type_id"]
)
def test_a_line_that_cannot_even_be_read_is_named(
    spoken: Family, settings: Settings, insider: Insider, column: str
):
    phone, _ = chains(spoken.world)
    with insider.at_work() as db:
        db.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        nonsense = (
            f"UPDATE consent_event SET {column} = 'nonsense' WHERE id = '{phone.lines[2].id.hex}'"
        )
        db.exec_driver_sql(nonsense)
    fault = present(verified(spoken.world, settings).fault)
    assert (fault.chain, fault.sequence) == (phone.name, 3)
