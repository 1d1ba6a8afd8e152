"""T54: files made to break the import. Each is taken or named by file, line and column."""

import random
from collections.abc import Callable, Container
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.directory.models import Contact, Destination, Link, Student
from app.errors import Invalid
from app.exchange.roster.report import Code, RosterReport
from tests.exchange.files import BASE, Sis
from tests.exchange.rosters import FORMATS, a_town, write_folder
from tests.world import World

pytestmark = pytest.mark.threat("T54")

HOSTILE = (
    '=HYPERLINK("http://evil.example")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t",
    "\r",
    "\0",
    "\ufeff",
    "\u202egnp.exe",
    '"',
    '""',
    '"""',
    "'",
    ",",
    "," * 10_000,
    "x" * 200_000,
    "x" * 1_000_000,
    "\n",
    "\r\n",
    "\x1a",
    "\x1b[31m",
    "\ud83d".encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape"),
    "Peña".encode("latin-1").decode("utf-8", "surrogateescape"),
    "山田".encode("utf-16").decode("utf-8", "surrogateescape"),
    "'; DROP TABLE contact; --",
    "%s%n%x",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "9" * 400,
    "-0",
    "NaN",
)


def spoilt(text: str, rng: random.Random) -> bytes:
    """The file with some hostile text in some places, or cut, doubled, mixed up."""
    for _ in range(rng.randrange(1, 4)):
        place = rng.randrange(len(text) + 1)
        match rng.randrange(6):
            case 0:
                text = text[:place]
            case 1:
                text = text[:place] + text[rng.randrange(len(text) + 1) :]
            case 2:
                text += text
            case _:
                text = text[:place] + rng.choice(HOSTILE) + text[place:]
    return text.encode("utf-8", "surrogateescape")


def stored_texts(world: World) -> list[str]:
    with world.database.read(world.service) as db:
        columns = (
            Contact.source_id,
            Contact.given_name,
            Contact.family_name,
            Student.given_name,
            Link.label,
            Link.display,
            Destination.value,
        )
        texts = [text for column in columns for text in db.session.scalars(sa.select(column))]
        unusable = db.session.scalars(sa.select(Contact.unusable))
        return texts + [each["text"] for kept in unusable for each in kept]


def require_named(report: RosterReport, files: Container[str]) -> None:
    for error in report.as_json()["errors"]:
        assert error["file"] in files
        assert error["line"] >= 1
        assert error["column"] is None or isinstance(error["column"], str)
        assert error["code"] in tuple(Code)
        assert error["message"]


def test_a_hostile_file_is_taken_or_named_and_never_breaks_the_import(
    world: World, rng: random.Random, tmp_path: Path, scale: Callable[[int], int]
) -> None:
    sis = Sis(world, tmp_path / "roster")
    refusals, reports = [], []
    for _ in range(scale(1500)):
        sis.files = dict(BASE)
        for name in rng.sample(sorted(BASE), rng.randrange(1, 3)):
            sis.files[name] = spoilt(BASE[name], rng)
        try:
            reports.append(sis.brings())
        except Invalid as refusal:
            refusals.append(refusal.message)
    assert all(any(name in message for name in BASE) for message in refusals)
    assert refusals
    assert any(report.errors for report in reports)
    for report in reports:
        require_named(report, BASE)
    for text in stored_texts(world):
        assert "\0" not in text
        assert "\u202e" not in text
        assert len(text) <= 1_000
        text.encode()


@pytest.mark.parametrize("style", sorted(FORMATS))
def test_every_format_stands_hostile_files(
    world: World, rng: random.Random, tmp_path: Path, scale: Callable[[int], int], style: str
) -> None:
    folder = write_folder(style, a_town(12), tmp_path / "town")
    good = {file.name: file.read_text(encoding="utf-8-sig") for file in folder.iterdir()}
    sis = Sis(world, tmp_path / "roster")
    for _ in range(scale(400)):
        sis.files = dict(good)
        name = rng.choice(sorted(good))
        sis.files[name] = spoilt(good[name], rng)
        try:
            report = sis.brings()
        except Invalid:
            continue
        require_named(report, good)


@pytest.mark.parametrize("cell", ["=1+1", "+SUM(A1)", "-1", "@cmd", "'=1"])
def test_a_formula_is_kept_as_the_text_it_is(world: World, tmp_path: Path, cell: str) -> None:
    sis = Sis(world, tmp_path / "roster")
    sis.change("contacts.csv", "c-1,Marge", f"c-1,{cell}")
    assert sis.brings().errors == []
    assert cell in stored_texts(world)
