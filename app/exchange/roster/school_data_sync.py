"""Microsoft School Data Sync, CSV 2.1. Guardians are the users whom relationships.csv names."""

from collections.abc import Callable
from typing import NamedTuple

from app.exchange.roster.people import (
    FileSet,
    Roster,
    StagedContact,
    StagedGuardianship,
    StagedStudent,
    read_rows,
)
from app.exchange.roster.reading import names_of, plain
from app.exchange.roster.report import Code, Place
from app.exchange.roster.table import Row, RowError, Table
from app.exchange.roster.users import (
    GUARDIAN_ROLES,
    OF_USERS,
    STUDENT_ROLE,
    is_current,
    nouns_of,
    points_of,
    read_schools,
)
from app.vocabulary import ContactField

FILES = ("orgs.csv", "users.csv", "roles.csv", "relationships.csv")
USER = ("sourcedId", "username", "givenName", "familyName")
ROLE = ("userSourcedId", "orgSourcedId", "role")
RELATIONSHIP = ("userSourcedId", "relationshipUserSourcedId", "relationshipRole")
OTHER_RELATIONS = ("aide", "doctor", "childcare", "administrator", "other")  # no contacts of ours


def recognises(headers: dict[str, Table]) -> bool:
    users, roles = headers.get("users.csv"), headers.get("roles.csv")
    return bool(users and users.has("sourcedId", "username") and roles and roles.has(*ROLE))


def read(files: FileSet) -> Roster:
    return Reader(files).read()


class Enrolment(NamedTuple):
    school: str
    grade: str


class Relationship(NamedTuple):
    student: str
    contact: str
    relation: str
    place: Place


class Reader:
    def __init__(self, files: FileSet) -> None:
        self.files = files
        self.roster = Roster()
        self._enrolments: dict[str, Enrolment] = {}
        self._relationships: list[Relationship] = []
        self._guardians: set[str] = set()
        self._seen: set[str] = set()

    def read(self) -> Roster:
        read_schools(self.files, self.roster, lambda _row: True)
        self._read("roles.csv", ROLE, self._role, key="userSourcedId")
        self._read(
            "relationships.csv",
            RELATIONSHIP,
            self._relationship,
            key="relationshipUserSourcedId",
        )
        self._read("users.csv", USER, self._user, key="sourcedId")
        for relationship in self._relationships:
            self._join(relationship)
        return self.roster

    def _read(
        self, name: str, columns: tuple[str, ...], read: Callable[[Row], None], *, key: str
    ) -> None:
        table = self.files.table(name, columns)
        nouns = nouns_of(table) if name == "users.csv" else OF_USERS
        read_rows(self.files, table, self.roster, read, id=key, speaks_of=nouns)

    def _role(self, row: Row) -> None:
        if row.required("role").lower() != STUDENT_ROLE:
            return
        if not is_current(row, "roleStartDate", "roleEndDate", self.files):
            return
        student = row.id("userSourcedId")
        enrolment = Enrolment(row.id("orgSourcedId"), plain(row, "grade"))
        if student not in self._enrolments or row.text("isPrimary").lower() == "true":
            self._enrolments[student] = enrolment

    def _relationship(self, row: Row) -> None:
        relation = row.required("relationshipRole").lower()
        if relation in OTHER_RELATIONS:
            return
        if relation not in GUARDIAN_ROLES:
            raise RowError(Code.UNKNOWN_WORD, "no known relationship", "relationshipRole")
        student, contact = row.id("userSourcedId"), row.id("relationshipUserSourcedId")
        if student not in self._enrolments and contact in self._enrolments:
            student, contact = contact, student  # some write it the other way round
        self._guardians.add(contact)
        place = row.place("relationshipUserSourcedId")
        self._relationships.append(Relationship(student, contact, relation, place))

    def _user(self, row: Row) -> None:
        source_id = row.id("sourcedId")
        if source_id in self._seen:
            raise RowError(Code.DUPLICATE, "this id is there twice; the first counts", "sourcedId")
        self._seen.add(source_id)
        if enrolment := self._enrolments.get(source_id):
            names = names_of(row, "givenName", "familyName")
            self.roster.students[source_id] = StagedStudent(
                given_name=names[ContactField.GIVEN_NAME] or "",
                family_name=names[ContactField.FAMILY_NAME] or "",
                grade=enrolment.grade or None,
                school=enrolment.school,
                place=row.place("sourcedId"),
            )
        if source_id in self._guardians:
            self.roster.contacts[source_id] = StagedContact(
                names_of(row, "givenName", "familyName")
            )
            self.roster.points[source_id] = points_of(row, self.files)

    def _join(self, relationship: Relationship) -> None:
        student, contact, relation, place = relationship
        self.roster.guardianships.setdefault(
            (student, contact), StagedGuardianship(relation, None, place)
        )
