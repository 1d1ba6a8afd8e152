"""A district to measure on: 5,000 contacts, 400,000 deliveries, the same in every run.

Every row is a function of its number, so each table is written in one go.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from app.actor import Service
from app.consent.ledger import BEFORE_THE_FIRST, line_hash
from app.consent.models import Consent, ConsentEvent, Preference
from app.database import Database
from app.directory.district_file import load_document
from app.directory.models import Contact, Destination, Guardianship, Link, School, Student
from app.directory.policy import load_policies
from app.directory.settings import apply_district
from app.messages.models import Broadcast, Delivery, Message, MessageStudent
from app.messages.search import searchable
from app.vocabulary import (
    Channel,
    ConsentAction,
    ConsentStatus,
    DeliveryStatus,
    DestinationKind,
    LineType,
    Rights,
    Source,
)
from auth.models import Account, Binding, LoginSession

DISTRICT_FILE = Path("app/demo/districts/springfield.toml")
CONTACTS = 5_000  # two to a family, with one child
SCHOOLS = 4
BROADCASTS = 64  # to each school
START = datetime(2026, 9, 1, 14, tzinfo=UTC)
BODY = "Please read this and keep it until the end of the week. Ask the office if unsure. " * 4
ROWS_OF_ONE_NOUN = 1 << 40
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parent:
    """Somebody who asks: her login, her contact, and the setting she changes."""

    account_id: UUID
    session_id: UUID
    district_id: UUID
    contact_id: UUID
    link_id: UUID
    type_id: UUID


def key(noun: str, n: int = 0) -> UUID:
    """The id of the n-th row of a noun; as with UUIDv7 the later row has the higher id."""
    version_and_variant = 0x7000_8000_0000_0000_0000
    return UUID(int=version_and_variant + NOUNS.index(noun) * ROWS_OF_ONE_NOUN + n)


NOUNS = (
    *("school", "student", "broadcast", "contact", "guardianship", "mobile", "home", "mailbox"),
    *("mobile link", "home link", "mailbox link", "choice", "choice event", "consent"),
    *("consent event", "account", "session", "binding", "message", "about", "text", "mail"),
)


def build(database: Database) -> list[Parent]:
    """Write the district into an empty database; gives everybody who can sign in."""
    operator = Service("bench")
    with database.write(operator) as db:
        district_id = apply_district(db, operator, load_document(DISTRICT_FILE)).id
        policy = load_policies(db, [district_id])[district_id]
    rows = Rows(district_id, [kind.id for kind in policy.offered])
    tables = {
        School: rows.schools,
        Student: rows.students,
        Contact: rows.contacts,
        Guardianship: rows.guardianships,
        Destination: rows.destinations,
        Link: rows.links,
        ConsentEvent: rows.events,
        Preference: rows.preferences,
        Consent: rows.consents,
        Account: rows.accounts,
        LoginSession: rows.sessions,
        Binding: rows.bindings,
        Broadcast: rows.broadcasts,
        Message: rows.messages,
        MessageStudent: rows.abouts,
        Delivery: rows.deliveries,
    }
    for table, make in tables.items():
        with database.write(Service("bench", frozenset({district_id}))) as db:
            db.insert_many(table, make())
    return [rows.parent(n) for n in range(CONTACTS)]


class Rows:
    """The rows of each table, in an order in which they can be written."""

    def __init__(self, district_id: UUID, types: list[UUID]) -> None:
        self.district_id = district_id
        self.types = types

    def _row(self, noun: str, n: int, **columns: Any) -> Row:
        return {"district_id": self.district_id, "id": key(noun, n), **columns}

    def _brought(self, noun: str, n: int, **columns: Any) -> Row:
        return self._row(noun, n, brought_by="bench", **columns)

    def parent(self, n: int) -> Parent:
        return Parent(
            key("account", n),
            key("session", n),
            self.district_id,
            key("contact", n),
            key("mobile link", n),
            self.types[-1],
        )

    def schools(self) -> Iterator[Row]:
        for n in range(SCHOOLS):
            yield self._brought("school", n, source_id=f"sch-{n}", name=f"School {n}")

    def students(self) -> Iterator[Row]:
        for n in range(CONTACTS // 2):
            yield self._brought(
                "student",
                n,
                source_id=f"s-{n}",
                school_id=key("school", n % SCHOOLS),
                given_name=f"Child {n}",
                family_name=f"Family {n}",
                grade="02",
            )

    def contacts(self) -> Iterator[Row]:
        for n in range(CONTACTS):
            yield self._brought(
                "contact",
                n,
                source_id=f"c-{n}",
                given_name=f"Guardian {n}",
                family_name=f"Family {n // 2}",
                language="en",
                chain_sequence=1,
                chain_hash=self._choice_event(n)["hash"],
            )

    def guardianships(self) -> Iterator[Row]:
        for n in range(CONTACTS):
            yield self._brought(
                "guardianship",
                n,
                contact_id=key("contact", n),
                student_id=key("student", n // 2),
                relation="parent",
                rights=Rights.FULL,
            )

    def destinations(self) -> Iterator[Row]:
        """A mobile and a mailbox each, a home phone of every family."""
        for n in range(CONTACTS):
            yield self._destination(
                "mobile",
                n,
                LineType.MOBILE,
                chain_sequence=1,
                chain_hash=self._consent_event(n)["hash"],
            )
            yield self._destination("mailbox", n, LineType.UNKNOWN)
        for n in range(CONTACTS // 2):
            yield self._destination("home", n, LineType.LANDLINE)

    def _destination(self, noun: str, n: int, line_type: LineType, **head: Any) -> Row:
        kind = DestinationKind.MAILBOX if noun == "mailbox" else DestinationKind.PHONE
        head = {"chain_sequence": 0, "chain_hash": ""} | head
        return self._row(noun, n, kind=kind, value=_value(noun, n), line_type=line_type, **head)

    def links(self) -> Iterator[Row]:
        for n in range(CONTACTS):
            for priority, noun in enumerate(("mobile", "home", "mailbox")):
                place = n // 2 if noun == "home" else n
                yield self._brought(
                    f"{noun} link",
                    n,
                    contact_id=key("contact", n),
                    destination_id=key(noun, place),
                    label=noun,
                    display=_value(noun, place),
                    priority=priority,
                )

    def events(self) -> Iterator[Row]:
        for n in range(CONTACTS):
            yield self._choice_event(n)
            yield self._consent_event(n)

    def _choice_event(self, n: int) -> Row:
        return self._event(
            "choice event",
            n,
            action=ConsentAction.PREFERENCE_SET,
            source=Source.APP,
            contact_id=key("contact", n),
            detail={"wanted": True},
            **self._chosen(n),
        )

    def _consent_event(self, n: int) -> Row:
        return self._event(
            "consent event",
            n,
            action=ConsentAction.GRANTED,
            source=Source.IMPORT,
            destination_id=key("mobile", n),
            channel=Channel.SMS,
        )

    def _event(self, noun: str, n: int, **columns: Any) -> Row:
        line: Row = dict.fromkeys(column.key for column in ConsentEvent.__table__.c)
        line |= self._row(noun, n, sequence=1, at=START, actor="service:bench", detail={})
        line |= {"previous_hash": BEFORE_THE_FIRST, **columns}
        return line | {"hash": line_hash(SimpleNamespace(**line))}

    def _chosen(self, n: int) -> Row:
        return {
            "link_id": key("mobile link", n),
            "channel": Channel.SMS,
            "broadcast_type_id": self.types[-1],
        }

    def preferences(self) -> Iterator[Row]:
        for n in range(CONTACTS):
            event = key("choice event", n)
            yield self._row("choice", n, wanted=True, event_id=event, version=1, **self._chosen(n))

    def consents(self) -> Iterator[Row]:
        for n in range(CONTACTS):
            yield self._row(
                "consent",
                n,
                destination_id=key("mobile", n),
                channel=Channel.SMS,
                status=ConsentStatus.GRANTED,
                since=START,
                source=Source.IMPORT,
                event_id=key("consent event", n),
                version=1,
            )

    def accounts(self) -> Iterator[Row]:
        for n in range(CONTACTS):
            yield {"id": key("account", n), "email": _value("mailbox", n), "created_at": START}

    def sessions(self) -> Iterator[Row]:
        for n in range(CONTACTS):
            yield {
                "id": key("session", n),
                "account_id": key("account", n),
                "staff": False,
                "created_at": START,
                "expires_at": START + timedelta(days=10_000),
            }

    def bindings(self) -> Iterator[Row]:
        for n in range(CONTACTS):
            yield self._row(
                "binding",
                n,
                account_id=key("account", n),
                contact_id=key("contact", n),
                link_id=key("mailbox link", n),
                bound_at=START,
            )

    def broadcasts(self) -> Iterator[Row]:
        for n in range(BROADCASTS * SCHOOLS):
            subject = f"News number {n}"
            yield self._row(
                "broadcast",
                n,
                source_id=f"b-{n}",
                broadcast_type_id=self.types[n // SCHOOLS % len(self.types)],
                school_id=key("school", n % SCHOOLS),
                subject=subject,
                body=BODY,
                language="en",
                sent_at=_sent_at(n // SCHOOLS),
                searched=searchable(f"{subject} {BODY}"),
            )

    def messages(self) -> Iterator[Row]:
        """As they come in: everybody's first message, everybody's second, ..."""
        for place in range(BROADCASTS):
            for n in range(CONTACTS):
                yield self._row(
                    "message",
                    place * CONTACTS + n,
                    broadcast_id=key("broadcast", place * SCHOOLS + n // 2 % SCHOOLS),
                    contact_id=key("contact", n),
                    sent_at=_sent_at(place),
                )

    def abouts(self) -> Iterator[Row]:
        for place in range(BROADCASTS):
            for n in range(CONTACTS):
                number, student = place * CONTACTS + n, key("student", n // 2)
                yield self._row(
                    "about", number, message_id=key("message", number), student_id=student
                )

    def deliveries(self) -> Iterator[Row]:
        """A text for each message; every fourth one goes out by mail too."""
        for place in range(BROADCASTS):
            for n in range(CONTACTS):
                yield self._delivery("text", "mobile", Channel.SMS, place, n)
                if place % 4 == 0:
                    yield self._delivery("mail", "mailbox", Channel.EMAIL, place, n)

    def _delivery(self, noun: str, to: str, channel: Channel, place: int, n: int) -> Row:
        number = place * CONTACTS + n
        return self._row(
            noun,
            number,
            source_id=f"{noun}-{number}",
            message_id=key("message", number),
            destination_id=key(to, n),
            channel=channel,
            sent_to=_value(to, n),
            status=DeliveryStatus.DELIVERED,
            at=_sent_at(place) + timedelta(seconds=5),
        )


def _sent_at(place: int) -> datetime:
    return START + timedelta(days=place)


def _value(noun: str, n: int) -> str:
    if noun == "mailbox":
        return f"guardian{n}@example.org"
    return f"+1{217 if noun == 'mobile' else 312}{n:07}"
