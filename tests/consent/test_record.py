"""What is said becomes a row and a line of the ledger together."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.consent import record, record_choices
from app.consent.ledger import Saying
from app.consent.models import (
    Block,
    Consent,
    ConsentEvent,
    ConsentGiver,
    Disclosure,
    Evidence,
    OptOut,
    Preference,
    QuietHours,
)
from app.database import Db
from app.directory.models import Contact, Destination, Link
from app.vocabulary import Channel, ConsentAction, ConsentStatus, OptOutScope, Source
from tests.conftest import on_postgresql
from tests.consent.ledgers import Family, present
from tests.world import SetClock, World

SMS, VOICE, EMAIL = Channel.SMS, Channel.VOICE, Channel.EMAIL
MARGES, HOMERS = 0, 1  # links of the shared phone
DAY = timedelta(days=1)
WAIT = 30


class Said:
    """One transaction in which a link's contact and number are locked."""

    def __init__(self, db: Db, family: Family, link: int) -> None:
        self.db, self.world = db, family.world
        district = family.world.district.id
        self.link = present(db.get(Link, district, family.links[link]))
        self.contact = present(db.lock(Contact, district, self.link.contact_id))
        self.phone = present(db.lock(Destination, district, self.link.destination_id))
        self.saying = Saying(family.world.service, db.now, Source.APP, self.contact.id)

    def all(self, model: Any) -> list[Any]:
        self.db.flush()
        return list(self.db.session.scalars(sa.select(model).order_by(model.id)))

    def only(self, model: Any) -> Any:
        (row,) = self.all(model)
        return row

    def consent(self, channel: Channel = SMS) -> Consent:
        return present(record.consent_of(self.db, self.phone, channel))

    def last_line(self) -> ConsentEvent:
        return self.all(ConsentEvent)[-1]

    def actions(self) -> list[str]:
        return [line.action.value for line in self.all(ConsentEvent)]

    def grant(self, channel: Channel = SMS) -> None:
        record.grant(self.db, self.phone, channel, self.saying, self.link)

    def revoke(self, channel: Channel = SMS) -> None:
        record.revoke(self.db, self.phone, channel, self.saying)


Speak = Callable[..., Any]


@pytest.fixture
def speak(family: Family) -> Speak:
    """`speak(what, link=...)`: runs `what(said)` in a transaction of its own."""

    def speak(what: Callable[[Said], Any], link: int = MARGES) -> Any:
        with family.world.database.write(family.world.service) as db:
            return what(Said(db, family, link))

    return speak


@pytest.fixture
def said(family: Family) -> Iterator[Said]:
    """Marge speaks, all in one transaction."""
    with family.world.database.write(family.world.service) as db:
        yield Said(db, family, MARGES)


# Consent


def test_a_grant_names_who_gave_it_and_what_she_had_read(said: Said):
    text = Disclosure(
        district_id=said.world.district.id, version="1", language="es", channel=SMS, text="Acepto."
    )
    said.db.add(text)
    said.saying = replace(said.saying, disclosure=text)
    said.grant()
    consent, line, giver = said.consent(), said.last_line(), said.only(ConsentGiver)
    assert (consent.status, consent.contact_id) == (ConsentStatus.GRANTED, said.contact.id)
    assert (consent.event_id, consent.version, consent.since) == (line.id, 1, said.db.now)
    assert (line.action, line.channel, line.link_id) == (ConsentAction.GRANTED, SMS, said.link.id)
    assert (line.disclosure_version, line.disclosure_language) == ("1", "es")
    assert (giver.link_id, giver.given_at) == (said.link.id, said.db.now)


def test_a_grant_said_again_is_confirmed_not_given_anew(speak: Speak, clock: SetClock):
    speak(Said.grant)
    given = clock.now
    clock.advance(DAY)
    speak(Said.grant)
    giver = speak(lambda said: said.only(ConsentGiver))
    assert (giver.given_at, giver.confirmed_at) == (given, given + DAY)


def test_a_stop_ends_every_grant_of_the_number_on_that_channel_only(speak: Speak):
    for link in (MARGES, HOMERS):
        speak(Said.grant, link)
        speak(lambda said: said.grant(VOICE), link)
    speak(Said.revoke)
    givers = speak(lambda said: said.all(ConsentGiver))
    assert [giver.channel for giver in givers] == [VOICE, VOICE]
    statuses = speak(lambda said: (said.consent().status, said.consent(VOICE).status))
    assert statuses == (ConsentStatus.REVOKED, ConsentStatus.GRANTED)


def test_who_waits_for_a_yes_is_revoked_until_it_comes(speak: Speak, clock: SetClock):
    speak(Said.revoke)
    clock.advance(DAY)
    speak(lambda said: record.await_opt_in(said.db, said.phone, SMS, said.saying))
    consent = speak(Said.consent)
    assert consent.status is ConsentStatus.REVOKED
    assert (consent.since, consent.opt_in_until) == (clock.now - DAY, clock.now + 7 * DAY)
    assert consent.version == 2
    speak(lambda said: record.withdraw_opt_in(said.db, said.phone, SMS, said.saying))
    consent = speak(Said.consent)
    assert (consent.opt_in_until, consent.since, consent.version) == (None, clock.now - DAY, 3)


@pytest.mark.parametrize("what", [Said.grant, Said.revoke])
def test_whatever_is_said_ends_the_waiting(speak: Speak, what: Callable[[Said], None]):
    speak(Said.revoke)
    speak(lambda said: record.await_opt_in(said.db, said.phone, SMS, said.saying))
    speak(what)
    assert speak(Said.consent).opt_in_until is None


# A number that moves


def release(said: Said) -> None:
    record.release_link(said.db, said.world.service, said.link)


def test_when_its_last_giver_lets_a_number_go_the_grant_lapses(speak: Speak):
    speak(Said.grant)
    speak(lambda said: said.grant(VOICE))
    speak(release)
    assert speak(lambda said: said.all(ConsentGiver)) == []
    for channel in (SMS, VOICE):
        consent = speak(lambda said, channel=channel: said.consent(channel))
        assert (consent.status, consent.contact_id) == (ConsentStatus.UNKNOWN, None)


def test_a_grant_stands_while_another_giver_holds_the_number(speak: Speak):
    speak(Said.grant, MARGES)
    speak(Said.grant, HOMERS)
    speak(release, MARGES)
    assert speak(Said.consent).status is ConsentStatus.GRANTED
    speak(release, HOMERS)
    assert speak(Said.consent).status is ConsentStatus.UNKNOWN
    assert speak(Said.actions) == ["GRANTED", "GRANTED", "LAPSED"]


def test_who_gave_nothing_takes_nothing_along(speak: Speak):
    speak(Said.grant, MARGES)
    speak(release, HOMERS)
    assert speak(Said.consent).status is ConsentStatus.GRANTED


def test_stops_opt_outs_and_blocks_never_lapse(speak: Speak):
    speak(Said.grant)
    speak(Said.revoke)
    speak(opt_out)
    speak(lambda said: record.block(said.db, said.phone, None, "", said.saying))
    speak(release)
    assert speak(Said.consent).status is ConsentStatus.REVOKED
    assert speak(lambda said: len(said.all(OptOut) + said.all(Block))) == 2


@on_postgresql  # SQLite has one writer at a time
def test_a_stop_that_comes_while_a_number_is_let_go_stands(
    family: Family, speak: Speak, world: World
):
    speak(Said.grant)
    link = speak(lambda said: said.link)
    with ThreadPoolExecutor(1) as aside:
        with world.database.write(world.service) as db:
            stop = Said(db, family, HOMERS)
            letting_go = aside.submit(_release_alone, world, link)
            with pytest.raises(TimeoutError):
                letting_go.result(0.3)  # waits for the number
            stop.revoke()
        letting_go.result(WAIT)
    assert speak(Said.consent).status is ConsentStatus.REVOKED


def _release_alone(world: World, link: Link) -> None:
    with world.database.write(world.service) as db:
        record.release_link(db, world.service, present(db.get(Link, link.district_id, link.id)))


# Opt-outs and blocks


def opt_out(said: Said, type_id: Any = None) -> None:
    scope = OptOutScope.BROADCAST_TYPE if type_id else OptOutScope.NON_EMERGENCY
    record.add_opt_out(said.db, said.phone, VOICE, scope, type_id, said.saying)


def test_an_opt_out_said_again_keeps_its_first_day_and_has_two_lines(speak: Speak, clock: SetClock):
    speak(opt_out)
    first_day = clock.now
    clock.advance(DAY)
    speak(opt_out)
    assert speak(lambda said: said.only(OptOut)).since == first_day
    assert speak(Said.actions) == ["OPTED_OUT", "OPTED_OUT"]


def test_lifting_one_opt_out_leaves_the_others(said: Said):
    survey = said.world.survey.id
    opt_out(said)
    opt_out(said, survey)
    scope = OptOutScope.NON_EMERGENCY
    standing = present(record.find_opt_out(said.db, said.phone, VOICE, scope, None))
    record.lift_opt_out(said.db, said.phone, standing, said.saying)
    assert said.only(OptOut).broadcast_type_id == survey
    line = said.last_line()
    assert (line.action, line.scope) == (ConsentAction.OPT_OUT_LIFTED, scope)


def test_a_block_of_all_channels_and_one_of_a_single_channel_stand_apart(said: Said):
    for channel in (None, SMS, None):
        record.block(said.db, said.phone, channel, "moved away", said.saying)
    assert {block.channel for block in said.all(Block)} == {None, SMS}
    everything = present(record.find_block(said.db, said.phone, None))
    record.unblock(said.db, said.phone, everything, said.saying)
    assert said.only(Block).channel is SMS
    assert said.actions() == ["BLOCKED", "BLOCKED", "BLOCKED", "UNBLOCKED"]


def test_the_note_of_a_block_is_evidence_and_not_in_the_line(said: Said):
    said.saying = replace(said.saying, evidence={"letter": "of 3 May"})
    record.block(said.db, said.phone, None, "Mr. Smithers asked", said.saying)
    assert said.only(Evidence).content == {"letter": "of 3 May", "note": "Mr. Smithers asked"}
    assert said.last_line().detail == {}


# A contact's own choices


def choose(said: Said, wanted: bool | None) -> None:
    record_choices.choose(
        said.db, said.contact, said.link, SMS, said.world.survey.id, wanted, said.saying
    )


def test_a_choice_is_set_changed_and_forgotten_on_her_own_chain(said: Said):
    for number, wanted in enumerate((False, True), start=1):
        choose(said, wanted)
        preference = said.only(Preference)
        assert (preference.wanted, preference.version) == (wanted, number)
        assert preference.event_id == said.last_line().id
    choose(said, None)
    assert said.all(Preference) == []
    choose(said, None)
    assert said.actions() == ["PREFERENCE_SET"] * 2 + ["PREFERENCE_CLEARED"] * 2
    assert {line.contact_id for line in said.all(ConsentEvent)} == {said.contact.id}
    assert {line.destination_id for line in said.all(ConsentEvent)} == {None}


def test_a_choice_taken_back_can_be_made_again_at_once(said: Said):
    for wanted in (False, None, True):
        choose(said, wanted)
    assert said.only(Preference).wanted is True


def test_quiet_hours_are_set_moved_and_given_back_to_the_district(said: Said):
    for span in ((1260, 420), (1320, 360)):
        record_choices.set_quiet_hours(said.db, said.contact, said.link, SMS, span, said.saying)
        kept = said.only(QuietHours)
        assert (kept.from_minute, kept.to_minute) == span
    record_choices.set_quiet_hours(said.db, said.contact, said.link, SMS, None, said.saying)
    assert said.all(QuietHours) == []
    assert [line.detail for line in said.all(ConsentEvent)] == [
        {"from": 1260, "to": 420},
        {"from": 1320, "to": 360},
        {"from": None, "to": None},
    ]


def test_a_pause_is_begun_and_ended(said: Said):
    record_choices.pause(said.db, said.contact, said.db.now + DAY, said.saying)
    assert said.contact.paused_until == said.db.now + DAY
    assert said.contact.pause_event_id == said.last_line().id
    assert said.last_line().detail == {"until": "2026-11-21T15:00:00.000000Z"}
    record_choices.pause(said.db, said.contact, None, said.saying)
    assert (said.contact.paused_until, said.contact.pause_event_id) == (None, None)
    assert said.actions() == ["PAUSED", "PAUSE_ENDED"]
