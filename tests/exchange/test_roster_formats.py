"""Each roster format, on a town of two thousand people, night after night."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from app.directory.models import Contact, Destination, Guardianship, Link, School, Student
from app.errors import Invalid
from app.exchange.roster import RosterReport, import_roster
from app.exchange.roster.report import Noun, Outcome
from app.vocabulary import LineType, Rights
from tests.exchange.rosters import FORMATS, Town, a_town, e164, next_night, write_folder, write_zip
from tests.world import World

HELD = (
    sa.select(Contact.source_id, Destination.value)
    .join(Link, Link.contact_id == Contact.id)
    .join(Destination, Destination.id == Link.destination_id)
    .where(Link.retired_at.is_(None), Contact.retired_at.is_(None))
)
GUARDIANS = (
    sa.select(Student.source_id, Contact.source_id, Guardianship.relation)
    .join(Student, Student.id == Guardianship.student_id)
    .join(Contact, Contact.id == Guardianship.contact_id)
    .where(Guardianship.retired_at.is_(None))
)


@pytest.fixture(params=sorted(FORMATS))
def style(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def town() -> Town:
    town = a_town()
    assert town.people >= 2_000
    return town


def brought(world: World, path: Path, **options: bool) -> RosterReport:
    return import_roster(world.database, world.service, world.district.key, path, **options)


def held(world: World) -> set[tuple[str, str]]:
    with world.database.read(world.service) as db:
        return {tuple(row) for row in db.all(HELD)}


def guardians(world: World) -> set[tuple[str, str, str]]:
    with world.database.read(world.service) as db:
        return {tuple(row) for row in db.all(GUARDIANS)}


def expected(town: Town) -> tuple[set[tuple[str, str]], set[tuple[str, str, str]]]:
    """What the town itself says: who holds what, and who is whose guardian."""
    points = set()
    for adult in town.adults:
        digits = ["".join(c for c in n if c.isdigit()) for n in (adult.mobile, adult.home) if n]
        points |= {(adult.id, f"+1{number[-10:]}") for number in digits}
        points |= {(adult.id, adult.email.lower())} if adult.email else set()
    return points, {(child, a.id, relation) for a in town.adults for child, relation in a.children}


def test_a_town_comes_in_and_is_kept_in_line(
    world: World, town: Town, style: str, tmp_path: Path
) -> None:
    first = brought(world, write_zip(write_folder(style, town, tmp_path / "first")))
    assert first.format == style
    assert first.errors == []
    assert first.count(Outcome.CREATED, Noun.CONTACTS) == len(town.adults)
    assert first.count(Outcome.CREATED, Noun.STUDENTS) == len(town.students)
    assert (held(world), guardians(world)) == expected(town)

    again = brought(world, tmp_path / "first")
    assert {outcome for outcome, _ in +again.tally} == {Outcome.UNCHANGED}

    after = next_night(town)
    second = brought(world, write_folder(style, after, tmp_path / "second"))
    assert (held(world), guardians(world)) == expected(after)
    assert second.errors == []
    assert second.count(Outcome.RETIRED, Noun.CONTACTS) == 2
    assert second.count(Outcome.CREATED, Noun.CONTACTS) == 1
    assert second.count(Outcome.UPDATED, Noun.CONTACTS) == 1

    brought(world, tmp_path / "first")
    assert (held(world), guardians(world)) == expected(town)


def test_a_dry_run_says_the_same_and_changes_nothing(
    world: World, style: str, tmp_path: Path
) -> None:
    folder = write_folder(style, a_town(100), tmp_path / "first")
    dry = brought(world, folder, dry_run=True).as_json()
    assert held(world) == set()
    real = brought(world, folder).as_json()
    assert dry == real | {"dry_run": True}


def test_names_with_commas_lines_and_accents_arrive_whole(
    world: World, style: str, tmp_path: Path
) -> None:
    town = a_town(100)
    brought(world, write_folder(style, town, tmp_path / "first"))
    with world.database.read(world.service) as db:
        families = set(db.session.scalars(sa.select(Contact.family_name)))
        schools = set(db.session.scalars(sa.select(School.name)))
    assert families == {" ".join(adult.family.split()) for adult in town.adults}
    assert 'South, "Upper" School' in schools


def test_a_number_for_texts_is_a_mobile_and_rights_are_full(
    world: World, style: str, tmp_path: Path
) -> None:
    town = a_town(20)
    brought(world, write_folder(style, town, tmp_path / "first"))
    with world.database.read(world.service) as db:
        mobile = sa.select(Destination.line_type).where(Destination.value == e164(0))
        assert db.scalar(mobile) is LineType.MOBILE
        assert set(db.session.scalars(sa.select(Guardianship.rights))) == {Rights.FULL}
        assert set(db.session.scalars(sa.select(Contact.brought_by))) == {"sis"}


def test_a_parent_who_teaches_is_one_contact(world: World, style: str, tmp_path: Path) -> None:
    town = a_town(20)
    teachers = {adult.id for adult in town.adults if adult.teaches}
    assert teachers
    report = brought(world, write_folder(style, town, tmp_path / "first"))
    assert report.count(Outcome.CREATED, Noun.CONTACTS) == 20
    assert teachers <= {contact for _, contact, _ in guardians(world)}


@pytest.mark.parametrize("version", ["oneroster-1.1", "oneroster-1.2"])
def test_a_set_of_changes_is_refused_by_the_name_of_its_file(
    world: World, version: str, tmp_path: Path
) -> None:
    folder = write_folder(version, a_town(20), tmp_path / "first")
    manifest = folder / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("file.users,bulk", "file.users,delta"))
    with pytest.raises(Invalid, match=r"file\.users must be bulk"):
        brought(world, folder)
    assert held(world) == set()


@pytest.mark.parametrize("style", sorted(FORMATS.keys() - {"tidy"}))
def test_a_format_that_cannot_say_rights_leaves_them_as_they_are(
    world: World, style: str, tmp_path: Path
) -> None:
    town = a_town(20)
    brought(world, write_folder(style, town, tmp_path / "first"))
    custody = tmp_path / "custody"
    custody.mkdir()
    row = "student,contact,relation,rights\ns-0-0,c-1,parent,NO_RIGHTS\n"
    (custody / "guardianships.csv").write_text(row)
    import_roster(world.database, world.service, "springfield", custody, source="custody")
    brought(world, tmp_path / "first")
    with world.database.read(world.service) as db:
        restricted = sa.select(sa.func.count()).where(Guardianship.rights == Rights.NO_RIGHTS)
        assert db.scalar(restricted) == 1


def test_progress_counts_up_to_the_total_of_each_stage(
    world: World, town: Town, tmp_path: Path
) -> None:
    said: list[tuple[str, int, int]] = []
    folder = write_folder("tidy", town, tmp_path / "first")
    import_roster(
        world.database,
        world.service,
        "springfield",
        folder,
        progress=lambda *word: said.append(word),
    )
    stages = [stage for stage, _, _ in said]
    assert list(dict.fromkeys(stages)) == ["reading", "comparing", "writing"]
    for stage in dict.fromkeys(stages):
        counts = [(done, total) for name, done, total in said if name == stage]
        assert counts == sorted(counts)
        assert len(counts) > 2
        assert counts[-1][0] == counts[-1][1]
