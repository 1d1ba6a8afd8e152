"""What a parent finds in her messages."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from app.actor import Service, Visitor
from app.database import Database, Db
from app.directory.models import BroadcastType, Contact, Student
from app.errors import Forbidden, Invalid, NotFound, Unauthenticated
from app.messages.history import (
    MessageFilter,
    MessageRow,
    deliveries_of,
    find_message,
    messages_by_key,
    messages_of,
    students_of,
)
from app.messages.models import Message
from app.vocabulary import Channel, DecisionReason, DeliveryStatus, Rights
from tests.world import (
    World,
    a_broadcast,
    a_contact,
    a_delivery,
    a_guardianship,
    a_mailbox,
    a_message,
    a_phone,
    a_student,
    a_world,
)

SENT = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def sent_to(
    db: Db,
    contact: Contact,
    type: BroadcastType,
    *,
    minutes: int = 0,
    about: Iterable[Student] = (),
    **broadcast: Any,
) -> Message:
    """One message to one contact, so many minutes after the first."""
    at = SENT + timedelta(minutes=minutes)
    return a_message(db, a_broadcast(db, type, sent_at=at, **broadcast), contact, about=about)


def subjects(rows: Sequence[MessageRow]) -> list[str]:
    return [row.subject for row in rows]


@pytest.fixture
def marge(world: World) -> Contact:
    with world.database.write(world.service) as db:
        return a_contact(db, world.district)


def test_messages_come_newest_first_and_every_one_once_over_all_pages(
    world: World, marge: Contact
) -> None:
    with world.database.write(world.service) as db:
        for minutes in (3, 1, 2, 1, 1):  # three at the same instant
            sent_to(db, marge, world.attendance, minutes=minutes)
    with world.database.read(world.guardian(marge)) as db:
        whole = messages_of(db, world.guardian(marge)).rows
        paged: list[MessageRow] = []
        after = None
        while True:
            page = messages_of(db, world.guardian(marge), first=2, after=after)
            paged += page.rows
            if not page.has_next:
                break
            after = page.rows[-1].cursor
    assert paged == list(whole)
    assert [row.sent_at for row in whole] == sorted((r.sent_at for r in whole), reverse=True)
    assert len({row.id for row in whole}) == 5


def test_a_message_that_arrives_between_two_pages_moves_nothing(
    world: World, marge: Contact
) -> None:
    guardian = world.guardian(marge)
    with world.database.write(world.service) as db:
        for minutes in range(4):
            sent_to(db, marge, world.attendance, minutes=minutes, subject=str(minutes))
    with world.database.read(guardian) as db:
        first = messages_of(db, guardian, first=2)
    with world.database.write(world.service) as db:
        sent_to(db, marge, world.attendance, minutes=9, subject="new")
    with world.database.read(guardian) as db:
        second = messages_of(db, guardian, first=2, after=first.rows[-1].cursor)
    assert subjects(first.rows) + subjects(second.rows) == ["3", "2", "1", "0"]


def test_a_message_with_many_deliveries_stands_once(world: World, marge: Contact) -> None:
    with world.database.write(world.service) as db:
        phone, mailbox = a_phone(db, world.district), a_mailbox(db, world.district)
        to = [(phone, Channel.VOICE), (phone, Channel.SMS), (mailbox, Channel.EMAIL)]
        a_message(db, a_broadcast(db, world.attendance), marge, to=to)
        page = messages_of(db, world.guardian(marge))
        deliveries = deliveries_of(db, [row.key for row in page.rows])
    assert len(page.rows) == 1
    assert [d.channel for d in deliveries[page.rows[0].key]] == [channel for _, channel in to]


def test_the_deliveries_of_another_contact_of_the_same_broadcast_are_not_shown(
    world: World, marge: Contact
) -> None:
    with world.database.write(world.service) as db:
        broadcast = a_broadcast(db, world.attendance)
        homer = a_contact(db, world.district)
        phone = a_phone(db, world.district)
        a_message(db, broadcast, marge, to=[(phone, Channel.SMS)])
        a_message(db, broadcast, homer, to=[(phone, Channel.VOICE)])
        [row] = messages_of(db, world.guardian(marge)).rows
        deliveries = deliveries_of(db, [row.key])
    assert [delivery.channel for delivery in deliveries[row.key]] == [Channel.SMS]


def test_a_delivery_says_why_or_that_nobody_knows(world: World, marge: Contact) -> None:
    with world.database.write(world.service) as db:
        phone = a_phone(db, world.district)
        message = sent_to(db, marge, world.attendance)
        a_delivery(db, message, phone, Channel.SMS)
        a_delivery(
            db,
            message,
            phone,
            Channel.VOICE,
            status=DeliveryStatus.NOT_ALLOWED,
            at=SENT + timedelta(hours=1),
            why_allowed=False,
            why_reason=DecisionReason.CHOSEN,
        )
        unknown, known = deliveries_of(db, [(message.district_id, message.id)])[
            message.district_id, message.id
        ]
    assert unknown.why is None
    assert known.why is not None
    assert (known.why.allowed, known.why.reason) == (False, DecisionReason.CHOSEN)


FILTERS: dict[str, Any] = {
    "one type": lambda w, ids: MessageFilter(types=(ids["survey"],)),
    "two types": lambda w, ids: MessageFilter(types=(ids["survey"], ids["events"])),
    "a channel": lambda w, ids: MessageFilter(channels=(Channel.SMS, Channel.PUSH)),
    "a student": lambda w, ids: MessageFilter(student=ids["lisa"]),
    "a school": lambda w, ids: MessageFilter(school=ids["south"]),
    "since": lambda w, ids: MessageFilter(since=SENT + timedelta(minutes=2)),
    "until": lambda w, ids: MessageFilter(until=SENT + timedelta(minutes=1)),
    "text in the subject": lambda w, ids: MessageFilter(text="  CLOSED "),
    "text in the body": lambda w, ids: MessageFilter(text="arból DE"),
    "unread": lambda w, ids: MessageFilter(unread=True),
    "read": lambda w, ids: MessageFilter(unread=False),
    "all at once": lambda w, ids: MessageFilter(
        types=(ids["survey"],), channels=(Channel.SMS,), student=ids["lisa"], unread=True
    ),
    "blank text": lambda w, ids: MessageFilter(text="  "),
    "a type of another district": lambda w, ids: MessageFilter(types=((uuid7(), uuid7()),)),
}
EXPECTED = {
    "one type": [2],
    "two types": [3, 2],
    "a channel": [2],
    "a student": [2],
    "a school": [3],
    "since": [3, 2],
    "until": [0],
    "text in the subject": [1],
    "text in the body": [3],
    "unread": [3, 2, 1],
    "read": [0],
    "all at once": [2],
    "blank text": [3, 2, 1, 0],
    "a type of another district": [],
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_shows_what_was_asked_for(world: World, marge: Contact, name: str) -> None:
    with world.database.write(world.service) as db:
        lisa = a_student(db, world.north)
        a_guardianship(db, marge, lisa)
        read = sent_to(db, marge, world.attendance, subject="Late")
        read.read_at = SENT
        sent_to(db, marge, world.attendance, minutes=1, subject="School is closed")
        survey = sent_to(db, marge, world.survey, minutes=2, about=[lisa], subject="Lunch?")
        a_delivery(db, survey, a_phone(db, world.district), Channel.SMS)
        sent_to(
            db,
            marge,
            world.events,
            minutes=3,
            school_id=world.south.id,
            subject="Fair",
            body="ÁRBOL de Navidad",
        )
        rows = ("survey", world.survey), ("events", world.events)
        rows += ("lisa", lisa), ("south", world.south)
        ids = {word: (row.district_id, row.id) for word, row in rows}
        page = messages_of(db, world.guardian(marge), filter=FILTERS[name](world, ids))
    minutes = [(row.sent_at - SENT) // timedelta(minutes=1) for row in page.rows]
    assert minutes == EXPECTED[name]


@pytest.mark.threat("T59")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("100%", ["100% free"]),
        ("%", ["100% free"]),
        ("a_b", ["a_b"]),
        ("\\", ["back\\slash"]),
        ("'; DROP TABLE message; --", []),
        ("' OR '1'='1", []),
    ],
)
def test_what_has_a_meaning_in_sql_is_only_text_in_a_search(
    world: World, marge: Contact, asked: str, found: list[str]
) -> None:
    with world.database.write(world.service) as db:
        for subject in ("100% free", "1000 free", "a_b", "axb", "back\\slash"):
            sent_to(db, marge, world.attendance, subject=subject, body="")
        page = messages_of(db, world.guardian(marge), filter=MessageFilter(text=asked))
    assert subjects(page.rows) == found


@pytest.mark.parametrize("text", ["x" * 201, "a\0b"])
def test_a_search_text_that_cannot_be_names_its_place(
    world: World, marge: Contact, text: str
) -> None:
    with world.database.read(world.guardian(marge)) as db, pytest.raises(Invalid) as refused:
        messages_of(db, world.guardian(marge), filter=MessageFilter(text=text))
    assert refused.value.path == ("filter", "text")


def test_contacts_of_two_districts_stand_in_one_ordered_list(
    database: Database, world: World, marge: Contact
) -> None:
    other = a_world(database, "shelbyville")
    both = Service("test", frozenset({world.district.id, other.district.id}))
    with database.write(both) as db:
        grandma = a_contact(db, other.district)
        for minutes in range(6):
            contact, kind = ((marge, world.survey), (grandma, other.survey))[minutes % 2]
            sent_to(db, contact, kind, minutes=minutes, subject=str(minutes))
    guardian = world.guardian(marge, grandma)
    with database.read(guardian) as db:
        whole = messages_of(db, guardian)
        half = messages_of(db, guardian, first=3)
        rest = messages_of(db, guardian, after=half.rows[-1].cursor)
        one = messages_of(db, guardian, [(grandma.district_id, grandma.id)])
        found = messages_of(
            db, guardian, filter=MessageFilter(types=((other.district.id, other.survey.id),))
        )
    assert subjects(whole.rows) == ["5", "4", "3", "2", "1", "0"]
    assert half.has_next
    assert not rest.has_next
    assert [*half.rows, *rest.rows] == list(whole.rows)
    assert subjects(one.rows) == subjects(found.rows) == ["5", "3", "1"]


# Who may see what


def test_only_a_parent_has_a_history(world: World) -> None:
    with world.database.read(world.service) as db:
        with pytest.raises(Unauthenticated):
            messages_of(db, Visitor())
        with pytest.raises(Forbidden):
            messages_of(db, world.clerk())


@pytest.mark.threat("T01")
def test_the_messages_of_another_family_are_not_there(world: World, marge: Contact) -> None:
    guardian = world.guardian(marge)
    with world.database.write(world.service) as db:
        ned = a_contact(db, world.district)
        theirs = sent_to(db, ned, world.attendance)
        assert messages_of(db, guardian).rows == []
        with pytest.raises(NotFound):
            messages_of(db, guardian, [(ned.district_id, ned.id)])
        for key in ((theirs.district_id, theirs.id), (theirs.district_id, uuid7())):
            with pytest.raises(NotFound):
                find_message(db, guardian, key)
        assert messages_by_key(db, guardian, [(theirs.district_id, theirs.id)]) == {}


def test_a_retired_contact_shows_nothing(world: World, marge: Contact) -> None:
    guardian = world.guardian(marge)
    with world.database.write(world.service) as db:
        message = sent_to(db, marge, world.attendance)
        mine = db.lock(Contact, marge.district_id, marge.id)
        assert mine is not None
        mine.retired_at = db.now
        assert messages_of(db, guardian).rows == []
        with pytest.raises(NotFound):
            find_message(db, guardian, (message.district_id, message.id))


def test_without_rights_every_message_about_the_student_is_gone(
    world: World, marge: Contact
) -> None:
    guardian = world.guardian(marge)
    with world.database.write(world.service) as db:
        bart, lisa = a_student(db, world.south, "Bart"), a_student(db, world.north, "Lisa")
        lost = a_guardianship(db, marge, bart, rights=Rights.NO_RIGHTS)
        a_guardianship(db, marge, lisa)
        about_bart = sent_to(db, marge, world.attendance, about=[bart], subject="Bart is absent")
        sent_to(db, marge, world.attendance, about=[bart, lisa], subject="Both are absent")
        sent_to(db, marge, world.attendance, about=[lisa], subject="Lisa is absent")
        keyed = (about_bart.district_id, about_bart.id)
        everything = messages_of(db, guardian).rows
        by_student = messages_of(
            db, guardian, filter=MessageFilter(student=(bart.district_id, bart.id))
        ).rows
        with pytest.raises(NotFound):
            find_message(db, guardian, keyed)
        lost.retired_at = db.now  # the school forgets the guardianship: nothing comes back
        afterwards = messages_of(db, guardian).rows
    assert subjects(everything) == subjects(afterwards) == ["Lisa is absent"]
    assert by_student == []


def test_the_school_of_a_student_without_rights_is_not_named(world: World, marge: Contact) -> None:
    guardian = world.guardian(marge)
    with world.database.write(world.service) as db:
        bart = a_student(db, world.south, "Bart")
        a_guardianship(db, marge, bart, rights=Rights.NO_RIGHTS)
        sent_to(db, marge, world.events, school_id=world.south.id)
        asked = MessageFilter(school=(world.south.district_id, world.south.id))
        [row] = messages_of(db, guardian).rows
        assert row.school_id is None
        assert messages_of(db, guardian, filter=asked).rows == []
        maggie = a_student(db, world.south, "Maggie")
        a_guardianship(db, marge, maggie)
        [row] = messages_of(db, guardian, filter=asked).rows
    assert row.school_id == world.south.id


@pytest.mark.parametrize(
    ("rights", "seen"),
    [
        (Rights.FULL, ("Lisa", "Simpson", "02")),
        (Rights.RESTRICTED, ("Lisa", "", None)),
        (None, ("Lisa", "", None)),
    ],
)
def test_without_full_rights_a_student_is_a_given_name(
    world: World, marge: Contact, rights: Rights | None, seen: tuple[str, str, str | None]
) -> None:
    with world.database.write(world.service) as db:
        lisa = a_student(db, world.north)
        if rights:
            a_guardianship(db, marge, lisa, rights=rights)
        sent_to(db, marge, world.attendance, about=[lisa])
        [row] = messages_of(db, world.guardian(marge)).rows
        [student] = students_of(db, [row.key])[row.key]
    assert (student.given_name, student.family_name, student.grade) == seen
    assert (student.school_id is not None) == (rights is Rights.FULL)


def test_after_retention_the_texts_are_empty_and_are_not_found(
    world: World, marge: Contact
) -> None:
    guardian = world.guardian(marge)
    with world.database.write(world.service) as db:
        sent_to(db, marge, world.survey, removed_at=SENT, audio_url="https://example.org/a.mp3")
        [row] = messages_of(db, guardian).rows
        assert messages_of(db, guardian, filter=MessageFilter(text="snow")).rows == []
    assert (row.subject, row.body, row.snippet, row.audio_url) == ("", "", "", None)
    assert row.removed_at == SENT
