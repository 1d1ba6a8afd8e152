"""Two parents who do not speak to each other, and whoever else might look.

Anna and Ben have a daughter, a phone and a mailbox in common and nothing else. Whatever is Ben's
own says MARK somewhere, so that one place of it in an answer to Anna is found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from app.actor import Actor, Guardian, Service, Staff
from app.changes.models import ChangeRequest
from app.changes.requests import Asked, submit_change
from app.consent.models import ConsentEvent
from app.consent.preferences import set_quiet_hours
from app.database import Database, Db
from app.directory.models import Contact, Link, School, Student
from app.messages.models import Message
from app.vocabulary import Channel, ContactField, Rights
from graphql_schema.ids import Kind, global_id
from tests.world import (
    World,
    a_broadcast,
    a_broadcast_type,
    a_contact,
    a_guardianship,
    a_link,
    a_mailbox,
    a_message,
    a_phone,
    a_school,
    a_student,
    a_world,
    links_of,
)

MARK = "kanarie"
SHARED_PHONE, SHARED_MAILBOX = "+12175550100", "family@example.org"
BENS_PHONE, BENS_PHONE_AS_TYPED = "+12175559876", "(217) 555-9876"
BENS_MAILBOX = f"ben.{MARK}@example.org"
Ids = dict[Kind, str]


@dataclass(frozen=True, slots=True)
class Person:
    """A parent, and one id of each kind that she may use. `links`: phones before mailboxes."""

    world: World
    contact: Contact
    guardian: Guardian
    links: Sequence[Link]
    student: Student
    message: Message
    request: ChangeRequest
    event: ConsentEvent

    @property
    def ids(self) -> Ids:
        district, kind = self.contact.district_id, self.world.attendance
        return {
            Kind.DISTRICT: global_id(Kind.DISTRICT, district, district),
            Kind.SCHOOL: global_id(Kind.SCHOOL, district, self.student.school_id),
            Kind.BROADCAST_TYPE: global_id(Kind.BROADCAST_TYPE, district, kind.id),
            Kind.CONTACT: id_of(self.contact),
            Kind.LINK: id_of(self.links[0]),
            Kind.STUDENT: id_of(self.student),
            Kind.MESSAGE: id_of(self.message),
            Kind.CHANGE_REQUEST: id_of(self.request),
            Kind.CONSENT_EVENT: id_of(self.event),
        }


KINDS = {
    School: Kind.SCHOOL,
    Student: Kind.STUDENT,
    Contact: Kind.CONTACT,
    Link: Kind.LINK,
    Message: Kind.MESSAGE,
    ChangeRequest: Kind.CHANGE_REQUEST,
    ConsentEvent: Kind.CONSENT_EVENT,
}


def id_of(row: School | Student | Contact | Link | Message | ChangeRequest | ConsentEvent) -> str:
    return global_id(KINDS[type(row)], row.district_id, row.id)


@dataclass(frozen=True, slots=True)
class Custody:
    """Anna and Ben at North, Nora at South, Cleo in another district.

    `hidden` are ids that were Anna's once: retired, or of students who are hers no more.
    """

    world: World
    elsewhere: World
    anna: Person
    ben: Person
    nora: Person
    cleo: Person
    hidden: dict[Kind, tuple[str, ...]]
    clerk: Staff
    north_clerk: Staff
    south_clerk: Staff
    other_clerk: Staff

    @property
    def everybody(self) -> dict[str, Actor]:
        return {
            "Anna": self.anna.guardian,
            "Ben": self.ben.guardian,
            "Nora": self.nora.guardian,
            "Cleo": self.cleo.guardian,
            "clerk": self.clerk,
            "clerk of North": self.north_clerk,
            "clerk of South": self.south_clerk,
            "clerk of another district": self.other_clerk,
        }


def a_custody_case(database: Database) -> Custody:
    world, elsewhere = a_world(database), a_world(database, "shelbyville")
    everywhere = Service("test", frozenset({world.district.id, elsewhere.district.id}))
    with database.write(everywhere) as db:
        lisa = a_student(db, world.north)
        former = _a_former_self(db, world)
        anna = _person(db, world, _anna(db, world), lisa, former.contact)
        ben = _person(db, world, _ben(db, world), lisa)
        nora = _neighbour(db, world, world.south, "Nora")
        cleo = _neighbour(db, elsewhere, elsewhere.north, "Cleo")
        hidden = _retire(db, world, anna, former)
    return Custody(
        world=world,
        elsewhere=elsewhere,
        anna=anna,
        ben=ben,
        nora=nora,
        cleo=cleo,
        hidden=hidden,
        clerk=world.clerk(email=f"clerk.{MARK}@example.org"),
        north_clerk=world.clerk(school=world.north),
        south_clerk=world.clerk(school=world.south),
        other_clerk=elsewhere.clerk(),
    )


def _anna(db: Db, world: World) -> Contact:
    return a_contact(
        db,
        world.district,
        given_name="Anna",
        with_phone=["+12175550111", SHARED_PHONE, "+12175550155"],
        with_email=["anna@example.org", SHARED_MAILBOX],
    )


def _ben(db: Db, world: World) -> Contact:
    ben = a_contact(
        db,
        world.district,
        given_name=f"Ben {MARK}",
        family_name=f"Jansen {MARK}",
        address=f"2 Hidden Lane, {MARK}",
        language="vi",
    )
    bens_own = {"label": f"phone {MARK}", "display": BENS_PHONE_AS_TYPED}
    a_link(db, ben, a_phone(db, world.district, BENS_PHONE), **bens_own)
    a_link(
        db, ben, a_phone(db, world.district, SHARED_PHONE), f"old {MARK}", display="217.555.0100"
    )
    for address in (BENS_MAILBOX, SHARED_MAILBOX):
        a_link(db, ben, a_mailbox(db, world.district, address), f"mail {MARK}")
    return ben


def _neighbour(db: Db, world: World, school: School, name: str) -> Person:
    phone, mailbox = f"+1217555012{len(name)}", f"{name.lower()}@example.org"
    contact = a_contact(db, world.district, given_name=name, with_phone=phone, with_email=mailbox)
    return _person(db, world, contact, a_student(db, school, f"Child of {name}"))


def _a_former_self(db: Db, world: World) -> Person:
    """A second contact of Anna's, retired later."""
    contact = a_contact(db, world.district, given_name="Anna", with_phone="+12175550144")
    return _person(db, world, contact, a_student(db, world.north, "Left"))


def _person(
    db: Db, world: World, contact: Contact, student: Student, *more_contacts: Contact
) -> Person:
    """A parent with full rights who was written to, set quiet hours and asked for a change."""
    guardian = world.guardian(contact, *more_contacts)
    links = links_of(db, contact)
    a_guardianship(db, contact, student)
    mark = MARK if MARK in contact.given_name else contact.given_name
    sent = a_broadcast(db, world.attendance, school_id=student.school_id, subject=f"To {mark}")
    phone = links[0]
    request = submit_change(
        db,
        guardian,
        (contact.district_id, contact.id),
        [Asked(ContactField.ADDRESS, after=f"New street of {mark}")],
        f"Note of {mark}",
    )
    return Person(
        world=world,
        contact=contact,
        guardian=guardian,
        links=links,
        student=student,
        message=a_message(db, sent, contact, about=[student]),
        request=request,
        event=_set_quiet_hours(db, guardian, phone),
    )


def _set_quiet_hours(db: Db, guardian: Guardian, link: Link) -> ConsentEvent:
    key = (link.district_id, link.id)
    set_quiet_hours(db, guardian, key, Channel.SMS, ("22:00", "06:00"))
    lines = sa.select(ConsentEvent).where(ConsentEvent.link_id == link.id)
    return db.session.scalars(lines).one()


def _retire(db: Db, world: World, anna: Person, former: Person) -> dict[Kind, tuple[str, ...]]:
    old_phone = anna.links[2]
    said_there = _set_quiet_hours(db, anna.guardian, old_phone)
    school = a_school(db, world.district, "Old School")
    ended, lost = a_student(db, world.north, "Ended"), a_student(db, world.north, "Lost")
    a_guardianship(db, anna.contact, ended, retired_at=db.now)
    a_guardianship(db, anna.contact, lost, rights=Rights.NO_RIGHTS)
    kind = a_broadcast_type(db, world.district, "OLD", retired_at=db.now)
    for row in (former.contact, former.student, old_phone, school):
        row.retired_at = db.now
    return {
        Kind.DISTRICT: (),
        Kind.SCHOOL: (id_of(school),),
        Kind.BROADCAST_TYPE: (global_id(Kind.BROADCAST_TYPE, kind.district_id, kind.id),),
        Kind.CONTACT: (former.ids[Kind.CONTACT],),
        Kind.MESSAGE: (former.ids[Kind.MESSAGE],),
        Kind.CHANGE_REQUEST: (former.ids[Kind.CHANGE_REQUEST],),
        Kind.LINK: (former.ids[Kind.LINK], id_of(old_phone)),
        Kind.STUDENT: (former.ids[Kind.STUDENT], id_of(ended), id_of(lost)),
        Kind.CONSENT_EVENT: (former.ids[Kind.CONSENT_EVENT], id_of(said_there)),
    }
