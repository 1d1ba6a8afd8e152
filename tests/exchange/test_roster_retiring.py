"""Who leaves is retired, never deleted; what rested on her ends; who returns is as she was."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from app.actor import Service
from app.consent import record
from app.consent.ledger import Saying
from app.consent.models import Consent, ConsentEvent, Preference
from app.consent.record_choices import choose
from app.directory.models import Contact, Destination, Link
from app.errors import Forbidden, NotFound
from app.exchange.roster import RosterRefused, import_roster
from app.exchange.roster.report import Noun, Outcome
from app.vocabulary import Channel, ConsentAction, ConsentStatus, DestinationKind, Feature, Source
from auth.models import Binding
from tests.changes.steps import all_of, contact_now, grant, held, link_of
from tests.exchange.files import Sis
from tests.world import World, a_binding, an_account

HOME, MOBILE = "+12175550100", "+12175550101"


@pytest.fixture
def sis(world: World, tmp_path: Path) -> Sis:
    sis = Sis(world, tmp_path / "roster")
    sis.brings()
    return sis


@pytest.fixture
def marge(world: World, sis: Sis) -> Contact:
    return a_held(world, "c-1")


@pytest.fixture
def homer(world: World, sis: Sis) -> Contact:
    return a_held(world, "c-2")


def a_held(world: World, source_id: str) -> Contact:
    (contact,) = all_of(world, Contact, Contact.source_id == source_id)
    assert isinstance(contact, Contact)
    return contact


def status(world: World, number: str, channel: Channel = Channel.SMS) -> ConsentStatus:
    with world.database.read(world.service) as db:
        said = db.scalar(
            sa.select(Consent.status)
            .join(Destination, Destination.id == Consent.destination_id)
            .where(Destination.value == number, Consent.channel == channel)
        )
    return ConsentStatus(said) if said else ConsentStatus.UNKNOWN


def stop(world: World, number: str) -> None:
    """A text says STOP."""
    with world.database.write(world.service) as db:
        found = db.one(
            sa.select(Destination.id).where(
                Destination.kind == DestinationKind.PHONE, Destination.value == number
            )
        )
        assert found is not None
        destination = db.lock(Destination, world.district.id, found.id)
        assert destination is not None
        saying = Saying(world.number(), db.now, Source.SMS)
        record.revoke(db, destination, Channel.SMS, saying)


def test_who_leaves_is_retired_with_all_she_held(world: World, sis: Sis, marge: Contact) -> None:
    sis.change("contacts.csv", "c-1,Marge,Simpson,en\n", "")
    report = sis.brings()
    assert contact_now(world, marge).retired_at is not None
    assert held(world, marge) == {}
    assert report.count(Outcome.RETIRED, Noun.CONTACTS) == 1
    assert report.count(Outcome.RETIRED, Noun.PHONES) == 2
    assert report.count(Outcome.RETIRED, Noun.EMAILS) == 1
    assert report.count(Outcome.RETIRED, Noun.GUARDIANSHIPS) == 2


def test_who_returns_is_the_same_person_with_her_choices(
    world: World, sis: Sis, marge: Contact
) -> None:
    before = {value: link.id for value, link in held(world, marge).items()}
    with world.database.write(world.service) as db:
        link = db.get(Link, world.district.id, before[MOBILE])
        contact = db.lock(Contact, world.district.id, marge.id)
        assert link is not None
        assert contact is not None
        saying = Saying(world.guardian(marge), db.now, Source.APP, marge.id)
        choose(db, contact, link, Channel.SMS, world.survey.id, wanted=False, saying=saying)
    line = "c-1,Marge,Simpson,en\n"
    sis.change("contacts.csv", line, "")
    sis.brings()
    sis.add("contacts.csv", line.strip())
    sis.brings()
    assert contact_now(world, marge).retired_at is None
    assert {value: link.id for value, link in held(world, marge).items()} == before
    (choice,) = all_of(world, Preference)
    assert choice.wanted is False


def test_consent_lapses_with_its_last_giver_and_says_so_in_the_ledger(
    world: World, sis: Sis, marge: Contact
) -> None:
    grant(world, marge, link_of(world, marge, MOBILE))
    assert status(world, MOBILE) is ConsentStatus.GRANTED
    sis.change("phones.csv", "c-1,217-555-0101,mobile,,MOBILE,1\n", "")
    sis.brings()
    assert status(world, MOBILE) is ConsentStatus.UNKNOWN
    assert all_of(world, ConsentEvent)[-1].action is ConsentAction.LAPSED


def test_a_number_that_moves_starts_as_unknown_at_its_new_holder(
    world: World, sis: Sis, marge: Contact, homer: Contact
) -> None:
    grant(world, marge, link_of(world, marge, MOBILE))
    sis.change("phones.csv", "c-1,217-555-0101,mobile", "c-2,217-555-0101,second")
    sis.brings()
    assert MOBILE in held(world, homer)
    assert status(world, MOBILE) is ConsentStatus.UNKNOWN


def test_a_number_that_another_giver_still_holds_keeps_its_consent(
    world: World, sis: Sis, marge: Contact, homer: Contact
) -> None:
    for contact in (marge, homer):
        grant(world, contact, link_of(world, contact, HOME), Channel.VOICE)
    sis.change("phones.csv", "c-1,217-555-0100,home,,LANDLINE,2\n", "")
    sis.brings()
    assert status(world, HOME, Channel.VOICE) is ConsentStatus.GRANTED


def test_a_stop_stays_with_the_number_wherever_it_goes(
    world: World, sis: Sis, marge: Contact, homer: Contact
) -> None:
    stop(world, MOBILE)
    sis.change("phones.csv", "c-1,217-555-0101,mobile", "c-2,217-555-0101,second")
    sis.brings()
    assert status(world, MOBILE) is ConsentStatus.REVOKED
    sis.change("phones.csv", "c-2,217-555-0101,second", "c-1,217-555-0101,mobile")
    sis.brings()
    assert status(world, MOBILE) is ConsentStatus.REVOKED


def test_access_ends_with_the_mailbox_it_rests_on(world: World, sis: Sis, marge: Contact) -> None:
    with world.database.write(world.service) as db:
        account = an_account(db, "marge@example.org")
        link = db.get(Link, *link_of(world, marge, "marge@example.org"))
        a_binding(db, account, marge, link)
    sis.change("emails.csv", "marge@example.org", "marge@elsewhere.example.org")
    sis.brings()
    assert all_of(world, Binding) == []


def test_proof_ends_when_a_number_leaves(world: World, sis: Sis, marge: Contact) -> None:
    key = link_of(world, marge, MOBILE)
    with world.database.write(world.service) as db:
        link = db.lock(Link, *key)
        assert link is not None
        link.verified_at = db.now
    line = "c-1,217-555-0101,mobile,,MOBILE,1\n"
    sis.change("phones.csv", line, "")
    sis.brings()
    sis.add("phones.csv", line.strip())
    sis.brings()
    assert held(world, marge)[MOBILE].verified_at is None


@pytest.fixture
def town(world: World, tmp_path: Path) -> Sis:
    """Ten contacts."""
    contacts = "".join(f"c-{i},Person,Number{i}\n" for i in range(10))
    sis = Sis(
        world,
        tmp_path / "town",
        {"contacts.csv": f"source_id,given_name,family_name\n{contacts}"},
    )
    sis.brings()
    return sis


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_import_that_would_retire_too_many_is_refused_as_a_whole(
    world: World, town: Sis, dry_run: bool
) -> None:
    for i in range(3):
        town.change("contacts.csv", f"c-{i},Person,Number{i}\n", "")
    town.change("contacts.csv", "Number9", "Changed")
    with pytest.raises(RosterRefused, match="3 of 10 contacts") as refusal:
        town.brings(allow_retiring=20, dry_run=dry_run)
    report = refusal.value.report.as_json()
    assert report["retired"]["contacts"] == 3
    assert len(all_of(world, Contact, Contact.retired_at.is_(None))) == 10
    assert all_of(world, Contact, Contact.family_name == "Changed") == []


def test_a_fifth_may_leave_and_more_if_it_is_allowed(world: World, town: Sis) -> None:
    for i in range(2):
        town.change("contacts.csv", f"c-{i},Person,Number{i}\n", "")
    assert town.brings(allow_retiring=20).count(Outcome.RETIRED, Noun.CONTACTS) == 2
    for i in range(2, 5):
        town.change("contacts.csv", f"c-{i},Person,Number{i}\n", "")
    assert town.brings(allow_retiring=38).count(Outcome.RETIRED, Noun.CONTACTS) == 3


def test_only_who_may_import_imports(world: World, sis: Sis) -> None:
    def by(actor: object) -> None:
        import_roster(world.database, actor, "springfield", sis.folder, dry_run=True)  # type: ignore[arg-type]

    by(world.clerk([Feature.IMPORT_DATA]))
    for actor in (
        world.clerk([Feature.VIEW_CONTACTS]),
        world.clerk([Feature.IMPORT_DATA], world.north),
        Service("another", frozenset({world.north.id})),
        world.number(),
    ):
        with pytest.raises(Forbidden):
            by(actor)
    with pytest.raises(NotFound):
        import_roster(world.database, world.service, "shelbyville", sis.folder)
