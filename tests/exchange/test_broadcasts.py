"""A file of sent broadcasts comes in, again and again, whole or with faults."""

import io
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from app.actor import Service, Visitor
from app.consent import record, record_choices
from app.consent.ledger import Saying
from app.database import Db
from app.directory.models import Contact, Destination
from app.errors import Forbidden, NotFound, Unauthenticated
from app.exchange.broadcasts import import_broadcasts
from app.exchange.intake import LinesReport
from app.exchange.ndjson import LONGEST_LINE, Fault, read_lines
from app.messages.history import MessageFilter, deliveries_of, messages_of, students_of
from app.messages.models import Broadcast, Delivery, Message, MessageStudent
from app.vocabulary import Channel, DecisionReason, DeliveryStatus, Feature, Rights, Source
from tests.world import (
    World,
    a_contact,
    a_guardianship,
    a_student,
    links_of,
)

PHONE, MAIL = "+12175550143", "marge@example.org"
SENT = "2026-11-20T14:05:00Z"


class Springfield:
    """One family, and the lines of the sending system about it."""

    def __init__(self, world: World) -> None:
        self.world = world
        with world.database.write(world.service) as db:
            self.marge = a_contact(
                db, world.district, with_phone=PHONE, with_email=MAIL, source_id="c-7"
            )
            self.lisa = a_student(db, world.north, source_id="s-3")
            a_guardianship(db, self.marge, self.lisa)

    def delivery(self, id: str = "d-1", **said: Any) -> dict[str, Any]:
        plausible = {
            "id": id,
            "contact": "c-7",
            "students": ["s-3"],
            "channel": "SMS",
            "to": PHONE,
            "status": "SENT",
            "at": "2026-11-20T14:05:03Z",
        }
        return {name: value for name, value in (plausible | said).items() if value is not None}

    def broadcast(self, *deliveries: Any, **said: Any) -> dict[str, Any]:
        plausible = {
            "id": "b-1001",
            "type": "ATTENDANCE",
            "school": self.world.north.source_id,
            "subject": "Lisa is absent",
            "body": "Lisa was not in class today.",
            "audio_url": None,
            "language": "en",
            "sent_at": SENT,
            "deliveries": list(deliveries or (self.delivery(),)),
        }
        return plausible | said

    def bring(self, *lines: Any) -> LinesReport:
        """Each line an object, or bytes as they are."""
        return self.stream(
            line if isinstance(line, bytes) else orjson.dumps(line) + b"\n" for line in lines
        )

    def stream(self, lines: Iterable[bytes]) -> LinesReport:
        district = self.world.district
        return import_broadcasts(self.world.database, self.world.service, district.key, lines)

    def all(self, model: Any) -> list[Any]:
        with self.world.database.read(self.world.service) as db:
            return list(db.session.scalars(sa.select(model).order_by(model.id)))


@pytest.fixture
def town(world: World) -> Springfield:
    return Springfield(world)


def places(report: LinesReport) -> list[tuple[int, Fault, tuple[str, ...]]]:
    return [(problem.line, problem.code, problem.path) for problem in report.errors]


def counts(report: LinesReport) -> dict[str, int]:
    return {name: count for name, count in report.counts().items() if count}


# What comes in


def test_a_broadcast_becomes_the_message_that_the_parent_reads(town: Springfield) -> None:
    report = town.bring(
        town.broadcast(
            town.delivery("d-1"),
            town.delivery("d-2", channel="VOICE", to="(217) 555-0143", students=[]),
            town.delivery("d-3", channel="EMAIL", to="Marge@Example.org"),
            audio_url="https://example.org/call.mp3",
        )
    )
    assert counts(report) == {
        "broadcasts_created": 1,
        "messages_created": 1,
        "deliveries_created": 3,
    }
    guardian = town.world.guardian(town.marge)
    with town.world.database.read(guardian) as db:
        [message] = messages_of(db, guardian).rows
        deliveries = deliveries_of(db, [message.key])[message.key]
        students = students_of(db, [message.key])[message.key]
        assert messages_of(db, guardian, filter=MessageFilter(text="LISA WAS")).rows == [message]
    assert (message.subject, message.audio_url) == (
        "Lisa is absent",
        "https://example.org/call.mp3",
    )
    assert message.sent_at == datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
    assert message.school_id == town.world.north.id
    assert [student.given_name for student in students] == ["Lisa"]
    assert {(delivery.channel, delivery.sent_to) for delivery in deliveries} == {
        (Channel.SMS, PHONE),
        (Channel.VOICE, PHONE),
        (Channel.EMAIL, MAIL),
    }
    assert all(delivery.destination_id for delivery in town.all(Delivery))


def test_a_number_not_on_file_stays_as_the_sender_wrote_it(town: Springfield) -> None:
    town.bring(town.broadcast(town.delivery(to="(217) 555-0199")))
    [delivery] = town.all(Delivery)
    assert (delivery.destination_id, delivery.sent_to) == (None, "(217) 555-0199")


def test_a_push_goes_to_the_contact(town: Springfield) -> None:
    report = town.bring(
        town.broadcast(
            town.delivery("d-1", channel="PUSH", to="c-7"),
            town.delivery("d-2", channel="PUSH", to=PHONE),
        )
    )
    [delivery] = town.all(Delivery)
    assert (delivery.destination_id, delivery.sent_to) == (None, "c-7")
    assert places(report) == [(1, Fault.UNKNOWN_REFERENCE, ("deliveries", "1", "to"))]


def test_what_may_be_left_out_may_be_left_out(town: Springfield) -> None:
    line = town.broadcast(town.delivery(students=None))
    for name in ("school", "audio_url", "language"):
        del line[name]
    assert town.bring(line).errors == []
    [broadcast] = town.all(Broadcast)
    assert (broadcast.school_id, broadcast.audio_url, broadcast.language) == (None, None, "en")


# Again


def test_the_same_file_twice_changes_nothing(town: Springfield) -> None:
    lines = [town.broadcast(), town.broadcast(town.delivery("d-2"), id="b-1002")]
    town.bring(*lines)
    before = [vars_of(row) for model in MODELS for row in town.all(model)]
    report = town.bring(*lines)
    assert counts(report) == {"broadcasts_unchanged": 2, "deliveries_unchanged": 2}
    assert [vars_of(row) for model in MODELS for row in town.all(model)] == before


MODELS = (Broadcast, Message, MessageStudent, Delivery)


def vars_of(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


@pytest.mark.parametrize(
    ("was", "comes", "becomes"),
    [
        ("SENT", "DELIVERED", "DELIVERED"),
        ("SENT", "FAILED", "FAILED"),
        ("SENT", "NOT_ALLOWED", "SENT"),
        ("DELIVERED", "SENT", "DELIVERED"),
        ("DELIVERED", "FAILED", "DELIVERED"),
        ("FAILED", "DELIVERED", "FAILED"),
        ("NOT_ALLOWED", "DELIVERED", "NOT_ALLOWED"),
    ],
)
def test_a_status_only_moves_forward(town: Springfield, was: str, comes: str, becomes: str) -> None:
    town.bring(town.broadcast(town.delivery(status=was)))
    later = "2026-11-20T14:09:00Z"
    report = town.bring(town.broadcast(town.delivery(status=comes, at=later)))
    [delivery] = town.all(Delivery)
    moved = was != becomes
    assert delivery.status == becomes
    assert (delivery.at.minute == 9) is moved
    assert counts(report) == {
        "broadcasts_unchanged": 1,
        "deliveries_moved" if moved else "deliveries_unchanged": 1,
    }


def test_a_large_broadcast_goes_over_several_lines(town: Springfield) -> None:
    with town.world.database.write(town.world.service) as db:
        a_contact(db, town.world.district, source_id="c-8")
    report = town.bring(
        town.broadcast(town.delivery("d-1"), town.delivery("d-2", contact="c-8")),
        town.broadcast(town.delivery("d-3", channel="VOICE"), town.delivery("d-1")),
        town.broadcast(town.delivery("d-4", contact="c-8", channel="VOICE")),
    )
    assert report.errors == []
    assert counts(report) == {
        "broadcasts_created": 1,
        "broadcasts_unchanged": 2,
        "messages_created": 2,
        "deliveries_created": 4,
        "deliveries_unchanged": 1,
    }
    assert len(town.all(Message)) == len(town.all(MessageStudent)) == 2


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"body": "Something else"}, "body"),
        ({"subject": "Something else"}, "subject"),
        ({"type": "SURVEY"}, "type"),
        ({"school": None}, "school"),
        ({"language": "es"}, "language"),
        ({"sent_at": "2026-11-20T14:06:00Z"}, "sent_at"),
        ({"audio_url": "https://example.org/other.mp3"}, "audio_url"),
    ],
)
def test_a_broadcast_that_says_something_else_is_reported_and_not_taken(
    town: Springfield, change: dict[str, Any], place: str
) -> None:
    town.bring(town.broadcast())
    before = [vars_of(row) for row in town.all(Broadcast)]
    report = town.bring(town.broadcast(town.delivery("d-2"), **change))
    assert places(report) == [(1, Fault.CHANGED, (place,))]
    assert [vars_of(row) for row in town.all(Broadcast)] == before
    assert len(town.all(Delivery)) == 1


def test_what_retention_has_removed_is_not_missed(town: Springfield) -> None:
    town.bring(town.broadcast())
    with town.world.database.write(town.world.service) as db:
        db.execute(sa.update(Broadcast).values(subject="", body="", searched="", removed_at=db.now))
    report = town.bring(town.broadcast(town.delivery(status="DELIVERED")))
    assert counts(report) == {"broadcasts_unchanged": 1, "deliveries_moved": 1}
    assert town.all(Broadcast)[0].body == ""


@pytest.mark.parametrize(
    "change", [{"channel": "VOICE"}, {"to": "+12175550199"}, {"contact": "c-8"}]
)
def test_a_delivery_id_that_means_another_delivery_is_reported(
    town: Springfield, change: dict[str, Any]
) -> None:
    with town.world.database.write(town.world.service) as db:
        a_contact(db, town.world.district, source_id="c-8")
    town.bring(town.broadcast())
    report = town.bring(town.broadcast(town.delivery(status="DELIVERED", **change)))
    assert places(report) == [(1, Fault.CHANGED, ("deliveries", "0", "id"))]
    assert town.all(Delivery)[0].status is DeliveryStatus.SENT


def test_a_delivery_id_of_another_broadcast_is_reported(town: Springfield) -> None:
    report = town.bring(town.broadcast(), town.broadcast(id="b-1002"))
    assert places(report) == [(2, Fault.CHANGED, ("deliveries", "0", "id"))]


def test_two_imports_of_one_file_at_once_bring_everything_in_once(town: Springfield) -> None:
    lines = [town.broadcast(town.delivery(f"d-{n}"), id=f"b-{n}") for n in range(50)]
    reports: list[LinesReport] = []
    imports = [
        threading.Thread(target=lambda: reports.append(town.bring(*lines))) for _ in range(3)
    ]
    for each in imports:
        each.start()
    for each in imports:
        each.join()
    created = sum(report.tally["broadcasts_created"] for report in reports)
    unchanged = sum(report.tally["broadcasts_unchanged"] for report in reports)
    assert (created, unchanged) == (50, 100)
    assert len(town.all(Broadcast)) == len(town.all(Delivery)) == 50
    assert [report.errors for report in reports] == [[], [], []]


def test_an_import_cut_off_in_the_middle_goes_on_where_it_was(
    town: Springfield, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.exchange.broadcasts.BATCH", 4)
    lines = [town.broadcast(town.delivery(f"d-{n}"), id=f"b-{n}") for n in range(10)]

    def cut() -> Iterator[bytes]:
        yield from (orjson.dumps(line) for line in lines[:7])
        raise OSError("the cable")

    with pytest.raises(OSError, match="the cable"):
        town.stream(cut())
    assert 0 < len(town.all(Broadcast)) < 7
    assert town.bring(*lines).tally["broadcasts_unchanged"] > 0
    assert len(town.all(Broadcast)) == len(town.all(Delivery)) == 10


# Faults

BAD_LINES: dict[str, tuple[Any, Fault, tuple[str, ...]]] = {
    "cut in the middle": (b'{"id": "b-9", "deliveries": [{"id": "d-', Fault.JSON, ()),
    "no JSON": (b"id,type,subject", Fault.JSON, ()),
    "two objects": (b"{}{}", Fault.JSON, ()),
    "a list": (b"[]", Fault.JSON, ()),
    "not UTF-8": (b'{"id": "\xe9"}', Fault.JSON, ()),
    "half a surrogate": (b'{"id": "\\ud800"}', Fault.JSON, ()),
    "nested without end": (b"[" * 100_000, Fault.JSON, ()),
    "a megabyte": (b'{"id": "' + b"x" * LONGEST_LINE + b'"}', Fault.TOO_LONG, ()),
    "an id without end": ({"id": "x" * 201}, Fault.TOO_LONG, ("id",)),
    "an empty id": ({"id": " "}, Fault.MISSING, ("id",)),
    "a number as id": ({"id": 1001}, Fault.TYPE, ("id",)),
    "an id with a line end": ({"id": "b\n1"}, Fault.CHARACTER, ("id",)),
    "a NUL": ({"body": "a\0b"}, Fault.CHARACTER, ("body",)),
    "no id": ({"id": None}, Fault.MISSING, ("id",)),
    "no subject": ({"subject": None}, Fault.MISSING, ("subject",)),
    "no body": ({"body": None}, Fault.MISSING, ("body",)),
    "no deliveries": ({"deliveries": None}, Fault.MISSING, ("deliveries",)),
    "deliveries that are no list": ({"deliveries": {}}, Fault.TYPE, ("deliveries",)),
    "an unknown type": ({"type": "WEATHER"}, Fault.UNKNOWN_REFERENCE, ("type",)),
    "an unknown school": ({"school": "sch-999"}, Fault.UNKNOWN_REFERENCE, ("school",)),
    "a time without zone": ({"sent_at": "2026-11-20T14:05:00"}, Fault.INSTANT, ("sent_at",)),
    "a day": ({"sent_at": "2026-11-20"}, Fault.INSTANT, ("sent_at",)),
    "no such day": ({"sent_at": "2026-02-30T00:00:00Z"}, Fault.INSTANT, ("sent_at",)),
    "before all time": ({"sent_at": "0001-01-01T00:00:00+14:00"}, Fault.INSTANT, ("sent_at",)),
    "tomorrow's news": ({"sent_at": "2026-11-22T00:00:00Z"}, Fault.INSTANT, ("sent_at",)),
    "a script as audio": ({"audio_url": "javascript:alert(1)"}, Fault.LINK, ("audio_url",)),
    "no language": ({"language": "English!"}, Fault.UNKNOWN_WORD, ("language",)),
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_line_that_cannot_be_used_is_named_and_the_others_come_in(
    town: Springfield, name: str
) -> None:
    line, code, path = BAD_LINES[name]
    bad = line if isinstance(line, bytes) else town.broadcast(**{"id": "b-9", **line})
    report = town.bring(town.broadcast(), bad, town.broadcast(town.delivery("d-3"), id="b-3"))
    assert places(report) == [(2, code, path)]
    assert report.tally["broadcasts_created"] == 2
    assert {broadcast.source_id for broadcast in town.all(Broadcast)} == {"b-1001", "b-3"}


BAD_DELIVERIES: dict[str, tuple[Any, Fault, tuple[str, ...]]] = {
    "an unknown contact": ({"contact": "c-999"}, Fault.UNKNOWN_REFERENCE, ("contact",)),
    "an unknown student": ({"students": ["s-3", "s-9"]}, Fault.UNKNOWN_REFERENCE, ("students",)),
    "no number": ({"to": "call me"}, Fault.NUMBER, ("to",)),
    "a number that does not exist": ({"to": "+1217555"}, Fault.NUMBER, ("to",)),
    "no address": ({"channel": "EMAIL"}, Fault.ADDRESS, ("to",)),
    "nothing to send to": ({"to": None}, Fault.MISSING, ("to",)),
    "no status": ({"status": None}, Fault.MISSING, ("status",)),
    "an unknown status": ({"status": "LOST"}, Fault.UNKNOWN_WORD, ("status",)),
    "an unknown channel": ({"channel": "FAX"}, Fault.UNKNOWN_WORD, ("channel",)),
    "an unknown reason": ({"reason": "BECAUSE"}, Fault.UNKNOWN_WORD, ("reason",)),
    "a time without zone": ({"at": "2026-11-20T14:05:03"}, Fault.INSTANT, ("at",)),
    "students that are no list": ({"students": "s-3"}, Fault.TYPE, ("students",)),
    "a student that is a number": ({"students": [3]}, Fault.TYPE, ("students", "0")),
    "an id twice": ({"id": "d-1"}, Fault.DUPLICATE, ("id",)),
}


@pytest.mark.parametrize("name", BAD_DELIVERIES)
def test_a_delivery_that_cannot_be_used_is_named_and_the_others_come_in(
    town: Springfield, name: str
) -> None:
    said, code, path = BAD_DELIVERIES[name]
    bad = town.delivery(**{"id": "d-2", **said})
    report = town.bring(town.broadcast(town.delivery("d-1"), bad, town.delivery("d-3")))
    assert places(report) == [(1, code, ("deliveries", "1", *path))]
    assert {delivery.source_id for delivery in town.all(Delivery)} == {"d-1", "d-3"}


def test_a_line_as_long_as_may_be_is_no_trouble(town: Springfield) -> None:
    crowd = [str(number) for number in range(40_000)]
    full = town.broadcast(town.delivery(), town.delivery("d-2", students=crowd))
    many = [town.delivery(f"e-{n}", students=None, at=SENT) for n in range(2_500)]
    report = town.bring(full, town.broadcast(*many, id="b-2"))
    assert places(report) == [(1, Fault.UNKNOWN_REFERENCE, ("deliveries", "1", "students"))]
    assert report.tally["deliveries_created"] == 2_501


def test_a_delivery_that_is_no_object_is_named(town: Springfield) -> None:
    report = town.bring(town.broadcast(town.delivery(), "d-2"))
    assert places(report) == [(1, Fault.TYPE, ("deliveries", "1"))]
    assert len(town.all(Delivery)) == 1


def test_a_delivery_goes_in_once_its_contact_is_on_file(town: Springfield) -> None:
    line = town.broadcast(town.delivery(), town.delivery("d-2", contact="c-8"))
    assert town.bring(line).error_count == 1
    with town.world.database.write(town.world.service) as db:
        a_contact(db, town.world.district, source_id="c-8")
    assert counts(town.bring(line)) == {
        "broadcasts_unchanged": 1,
        "messages_created": 1,
        "deliveries_created": 1,
        "deliveries_unchanged": 1,
    }


def test_an_error_never_repeats_a_number_or_a_text(town: Springfield) -> None:
    report = town.bring(
        town.broadcast(town.delivery(to="+1217555"), town.delivery(channel="EMAIL", to="m@@x")),
        town.broadcast(id="b-2", type="SECRET-TYPE"),
        b'{"body": "SECRET',
    )
    told = orjson.dumps(report.as_json())
    assert report.error_count == 4
    for secret in (b"+1217555", b"m@@x", b"SECRET"):
        assert secret not in told


def test_blank_lines_and_the_mark_at_the_beginning_are_passed_over(town: Springfield) -> None:
    lines = [b"\xef\xbb\xbf" + orjson.dumps(town.broadcast()) + b"\r\n", b"\n", b"  \r\n", b"{"]
    report = town.bring(*lines)
    assert places(report) == [(4, Fault.JSON, ())]
    assert report.tally["broadcasts_created"] == 1


def test_a_line_without_end_is_read_in_pieces_and_the_next_line_is_whole() -> None:
    stream = io.BytesIO(b"a\n" + b"x" * 3 * LONGEST_LINE + b"\nlast")
    lines = list(read_lines(stream))
    assert [lines[0], lines[2]] == [b"a\n", b"last"]
    assert len(lines) == 3
    assert len(lines[1]) == LONGEST_LINE + 1


def test_many_errors_are_counted_and_the_first_ten_thousand_told(town: Springfield) -> None:
    report = town.bring(*[b"{"] * 10_001)
    assert report.error_count == 10_001
    assert len(report.as_json()["errors"]) == 10_000


# Why


def why(town: Springfield) -> tuple[bool | None, DecisionReason | None]:
    [delivery] = town.all(Delivery)
    return delivery.why_allowed, delivery.why_reason


def phone(db: Db, world: World) -> Destination:
    found = db.session.scalar(sa.select(Destination).where(Destination.value == PHONE))
    assert found is not None
    locked = db.lock(Destination, found.district_id, found.id)
    assert locked is not None
    return locked


def test_the_senders_own_reason_stands(town: Springfield) -> None:
    old = "2026-09-01T12:00:00Z"
    town.bring(
        town.broadcast(
            town.delivery(status="NOT_ALLOWED", reason="QUIET_HOURS", at=old), sent_at=old
        )
    )
    assert why(town) == (False, DecisionReason.QUIET_HOURS)


def test_what_was_sent_today_is_explained_by_present_facts(town: Springfield) -> None:
    town.bring(town.broadcast())
    assert why(town) == (True, DecisionReason.DEFAULT)


def test_what_was_sent_more_than_a_day_ago_stays_unexplained(town: Springfield) -> None:
    day = town.world.database.clock() - timedelta(hours=24, seconds=1)
    town.bring(town.broadcast(sent_at=day.isoformat()))
    assert why(town) == (None, None)


def test_a_stop_is_named_as_the_reason_with_its_ledger_line(town: Springfield) -> None:
    with town.world.database.write(town.world.service) as db:
        saying = Saying(town.world.service, db.now, Source.SMS)
        event = record.revoke(db, phone(db, town.world), Channel.SMS, saying)
    town.bring(town.broadcast(town.delivery(status="NOT_ALLOWED")))
    [delivery] = town.all(Delivery)
    assert why(town) == (False, DecisionReason.CONSENT_REVOKED)
    assert delivery.why_event_id == event.id


def test_her_own_choice_is_named_as_the_reason(town: Springfield) -> None:
    with town.world.database.write(town.world.service) as db:
        marge = db.lock(Contact, town.marge.district_id, town.marge.id)
        assert marge is not None
        [link, _] = links_of(db, marge)
        saying = Saying(town.world.service, db.now, Source.APP, marge.id)
        survey = town.world.survey.id
        record_choices.choose(db, marge, link, Channel.SMS, survey, False, saying)
    town.bring(town.broadcast(town.delivery(status="NOT_ALLOWED"), type="SURVEY"))
    assert why(town) == (False, DecisionReason.CHOSEN)


@pytest.mark.parametrize(
    ("stopped", "explained"),
    [
        (timedelta(minutes=-1), (False, DecisionReason.CONSENT_REVOKED)),
        (timedelta(minutes=1), (None, None)),
    ],
)
def test_a_stop_explains_what_was_sent_in_spite_of_it_only_if_it_came_before(
    town: Springfield,
    stopped: timedelta,
    explained: tuple[bool | None, DecisionReason | None],
) -> None:
    at = datetime.fromisoformat(SENT) + stopped
    with town.world.database.write(town.world.service) as db:
        record.revoke(
            db, phone(db, town.world), Channel.SMS, Saying(town.world.service, at, Source.SMS)
        )
    town.bring(town.broadcast(town.delivery(status="DELIVERED")))
    assert why(town) == explained


def test_what_was_not_allowed_though_nothing_forbids_it_stays_unexplained(
    town: Springfield,
) -> None:
    town.bring(town.broadcast(town.delivery(status="NOT_ALLOWED")))
    assert why(town) == (None, None)


def test_a_number_she_does_not_hold_stays_unexplained(town: Springfield) -> None:
    with town.world.database.write(town.world.service) as db:
        a_contact(db, town.world.district, with_phone="+12175550177")
    town.bring(town.broadcast(town.delivery(to="+12175550177")))
    assert why(town) == (None, None)


def test_a_message_about_a_student_without_rights_says_so_and_is_not_shown(
    town: Springfield,
) -> None:
    with town.world.database.write(town.world.service) as db:
        bart = a_student(db, town.world.north, source_id="s-4")
        a_guardianship(db, town.marge, bart, rights=Rights.NO_RIGHTS)
    town.bring(town.broadcast(town.delivery(status="NOT_ALLOWED", students=["s-3", "s-4"])))
    assert why(town) == (False, DecisionReason.NO_RIGHTS)
    guardian = town.world.guardian(town.marge)
    with town.world.database.read(guardian) as db:
        assert messages_of(db, guardian).rows == []


# Who may


def test_only_who_may_import_for_the_whole_district_imports(town: Springfield) -> None:
    world = town.world
    for actor, refusal in (
        (Visitor(), Unauthenticated),
        (world.guardian(town.marge), Forbidden),
        (Service("elsewhere"), Forbidden),
        (world.clerk([Feature.VIEW_CONTACTS]), Forbidden),
        (world.clerk([Feature.IMPORT_DATA], world.north), Forbidden),
    ):
        with pytest.raises(refusal):
            import_broadcasts(world.database, actor, world.district.key, [])
    with pytest.raises(NotFound):
        import_broadcasts(world.database, world.service, "shelbyville", [])
    clerk = world.clerk([Feature.IMPORT_DATA])
    line = orjson.dumps(town.broadcast())
    assert import_broadcasts(world.database, clerk, world.district.key, [line]).error_count == 0
