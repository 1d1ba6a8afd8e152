"""An import reads and compares without a lock: what others do meanwhile holds."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.changes.requests import Asked
from app.consent.models import Consent
from app.directory.models import Contact, Destination
from app.errors import Invalid
from app.exchange.roster import RosterReport, import_roster
from app.exchange.roster.report import Noun, Outcome
from app.vocabulary import ConsentStatus, ContactField, DestinationKind
from tests.changes.steps import all_of, ask, contact_now, decide, held, link_of, open_edits
from tests.exchange.files import Sis
from tests.exchange.rosters import a_town, e164, next_night, write_folder
from tests.exchange.test_roster_retiring import a_held, status, stop
from tests.world import World, a_phone

NEW = "+12175550170"


@pytest.fixture
def sis(world: World, tmp_path: Path) -> Sis:
    sis = Sis(world, tmp_path / "roster")
    sis.brings()
    return sis


@pytest.fixture
def marge(world: World, sis: Sis) -> Contact:
    return a_held(world, "c-1")


def before_writing(act: Callable[[], object], times: int = 1) -> Callable[[str, int, int], None]:
    """Progress that lets `act` happen when all is compared and nothing is locked."""
    left = [times]

    def progress(stage: str, done: int, _total: int) -> None:
        if stage == "writing" and done == 0 and left[0]:
            left[0] -= 1
            act()

    return progress


def test_a_stop_in_the_middle_holds(world: World, sis: Sis, marge: Contact) -> None:
    sis.change("phones.csv", "c-1,217-555-0101,mobile", "c-1,217-555-0101,her mobile")
    sis.brings(progress=before_writing(lambda: stop(world, "+12175550101")))
    assert status(world, "+12175550101") is ConsentStatus.REVOKED
    assert held(world, marge)["+12175550101"].label == "her mobile"


def test_a_stop_from_a_number_that_is_just_coming_in_holds(world: World, sis: Sis) -> None:
    def text_from_nobody() -> None:
        with world.database.write(world.service) as db:
            a_phone(db, world.district, NEW)
        stop(world, NEW)

    sis.add("phones.csv", "c-1,217-555-0170,new,,,3")
    report = sis.brings(progress=before_writing(text_from_nobody))
    assert report.count(Outcome.CREATED, Noun.PHONES) == 1
    assert status(world, NEW) is ConsentStatus.REVOKED
    assert len(all_of(world, Destination, Destination.value == NEW)) == 1


def test_a_name_approved_meanwhile_is_not_undone(world: World, sis: Sis, marge: Contact) -> None:
    request = ask(world, marge, Asked(ContactField.FAMILY_NAME, after="Bouvier"))
    sis.change("contacts.csv", "c-1,Marge,Simpson", "c-1,Marge,Smith")
    report = sis.brings(progress=before_writing(lambda: decide(world, request)))
    assert contact_now(world, marge).family_name == "Bouvier"
    assert report.as_json()["conflicts"] == 1
    assert report.count(Outcome.UNCHANGED, Noun.CONTACTS) == 2
    assert report.count(Outcome.UPDATED, Noun.CONTACTS) == 1


def test_a_number_approved_meanwhile_is_taken_over_not_doubled(
    world: World, sis: Sis, marge: Contact
) -> None:
    request = ask(world, marge, Asked(ContactField.ADD_PHONE, after=NEW))
    sis.add("phones.csv", "c-1,217-555-0170,new,,,3")
    sis.brings(progress=before_writing(lambda: decide(world, request)))
    assert held(world, marge)[NEW].brought_by == "sis"
    assert open_edits(world, marge) == []


def test_a_number_removed_meanwhile_stays_away(world: World, sis: Sis, marge: Contact) -> None:
    home = "+12175550100"
    link = link_of(world, marge, home)
    request = ask(world, marge, Asked(ContactField.REMOVE_PHONE, link_key=link))
    sis.change("phones.csv", "c-1,217-555-0100,home", "c-1,217-555-0100,old home")
    sis.brings(progress=before_writing(lambda: decide(world, request)))
    assert home not in held(world, marge)


def test_an_import_that_was_quicker_makes_the_other_compare_anew(world: World, sis: Sis) -> None:
    sis.add("contacts.csv", "c-4,Ned,Flanders,en")

    def another() -> None:
        import_roster(world.database, world.service, "springfield", sis.folder)

    report = sis.brings(progress=before_writing(another))
    assert report.count(Outcome.CREATED, Noun.CONTACTS) == 0
    assert report.count(Outcome.UNCHANGED, Noun.CONTACTS) == 4
    assert len(all_of(world, Contact)) == 4


def test_an_import_gives_up_when_others_are_always_quicker(world: World, sis: Sis) -> None:
    def another() -> None:
        import_roster(world.database, world.service, "springfield", sis.folder)

    with pytest.raises(Invalid, match="Other imports"):
        sis.brings(progress=before_writing(another, times=10))


def test_an_import_that_breaks_off_leaves_everything_as_it_was(
    world: World, sis: Sis, monkeypatch: pytest.MonkeyPatch
) -> None:
    sis.change("contacts.csv", "Marge", "Marjorie")
    sis.change("phones.csv", "217-555-0103", "217-555-0104")
    broken = RuntimeError("the power went")

    def breaks(*_: object, **__: object) -> None:
        raise broken

    monkeypatch.setattr("app.exchange.roster.importing.record", breaks)
    with pytest.raises(RuntimeError):
        sis.brings()
    assert all_of(world, Contact, Contact.given_name == "Marjorie") == []
    assert all_of(world, Destination, Destination.value == "+12175550104") == []


def test_stops_are_answered_while_a_night_comes_in(world: World, tmp_path: Path) -> None:
    """Within 5 seconds each, on both databases, and none is lost."""
    town = a_town(600)
    first = write_folder("oneroster-1.1", town, tmp_path / "first")
    second = write_folder("oneroster-1.1", next_night(town), tmp_path / "second")
    import_roster(world.database, world.service, "springfield", first)
    numbers = [e164(i) for i in range(50, 90)]

    def stops() -> float:
        slowest = 0.0
        for number in numbers:
            begun = time.perf_counter()
            stop(world, number)
            slowest = max(slowest, time.perf_counter() - begun)
        return slowest

    def night() -> RosterReport:
        return import_roster(world.database, world.service, "springfield", second)

    with ThreadPoolExecutor(2) as threads:
        slowest, report = threads.submit(stops), threads.submit(night)
        assert slowest.result() < 5
        assert report.result().count(Outcome.RETIRED, Noun.CONTACTS) == 2
    with world.database.read(world.service) as db:
        stopped = set(
            db.session.scalars(
                sa.select(Destination.value)
                .join(Consent, Consent.destination_id == Destination.id)
                .where(Consent.status == ConsentStatus.REVOKED)
            )
        )
    assert stopped == set(numbers)
    assert len(all_of(world, Destination, Destination.kind == DestinationKind.PHONE)) > 600
