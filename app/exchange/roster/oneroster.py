"""OneRoster CSV 1.1 and 1.2 (1EdTech), bulk files.

The two differ in where a user's roles stand: 1.1 has one in users.csv, so that a person in two
roles is two users; 1.2 has any number in roles.csv, so that a teacher can be a parent as well.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from app.errors import Invalid
from app.exchange.roster.people import (
    FileSet,
    Roster,
    StagedContact,
    StagedGuardianship,
    StagedStudent,
    read_rows,
)
from app.exchange.roster.reading import names_of, plain
from app.exchange.roster.report import Code, Noun, Place
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

FILES_1_1 = ("manifest.csv", "orgs.csv", "users.csv")
FILES_1_2 = (*FILES_1_1, "roles.csv")
USER = ("sourcedId", "givenName", "familyName", "agentSourcedIds")
ROLE = ("userSourcedId", "roleType", "role", "orgSourcedId")
ACTIVE = ("", "active")
INACTIVE = ("tobedeleted", "inactive")
PRIMARY = "primary"


def is_1_1(headers: dict[str, Table]) -> bool:
    return _is_oneroster(headers) and headers["users.csv"].has("role")


def is_1_2(headers: dict[str, Table]) -> bool:
    return (
        _is_oneroster(headers) and "roles.csv" in headers and headers["roles.csv"].has("roleType")
    )


def _is_oneroster(headers: dict[str, Table]) -> bool:
    return "users.csv" in headers and headers["users.csv"].has("sourcedId", "enabledUser")


def read_1_1(files: FileSet) -> Roster:
    _require_bulk(files, FILES_1_1)
    users = files.table("users.csv", (*USER, "role", "orgSourcedIds"))
    return Reader(files).read(users, _role_on_row)


def read_1_2(files: FileSet) -> Roster:
    _require_bulk(files, FILES_1_2)
    reader = Reader(files)
    roles_of = reader.read_roles(files.table("roles.csv", ROLE))
    return reader.read(files.table("users.csv", USER), roles_of)


def _require_bulk(files: FileSet, needed: Sequence[str]) -> None:
    """A set of changes only cannot tell who is gone, so it is refused, not misread."""
    if "manifest.csv" not in files.files:
        return
    for row in files.table("manifest.csv", ("propertyName", "value")):
        if row.fault:
            raise Invalid(f"manifest.csv, line {row.line}: {row.fault.message}")
        name = row.text("propertyName").removeprefix("file.")
        if f"{name}.csv" in needed and row.text("value").lower() != "bulk":
            raise Invalid(
                f"manifest.csv: file.{name} must be bulk; a set of changes (delta) is not taken",
                path=("manifest.csv", f"file.{name}"),
            )


class Role(NamedTuple):
    name: str
    orgs: tuple[str, ...]
    primary: bool = True


RolesOf = Callable[[Row], Sequence[Role]]


def _role_on_row(row: Row) -> Sequence[Role]:
    return [Role(row.required("role").lower(), tuple(row.ids("orgSourcedIds")))]


class Reader:
    def __init__(self, files: FileSet) -> None:
        self.files = files
        self.report = files.report
        self.roster = Roster()
        self._seen: set[str] = set()
        self._relations: dict[str, str] = {}
        self._agents: list[tuple[str, list[str], Place]] = []
        read_schools(files, self.roster, _is_active)

    def read_roles(self, table: Table) -> RolesOf:
        """The current roles of each user, the primary ones first."""
        roles: defaultdict[str, list[Role]] = defaultdict(list)

        def read(row: Row) -> None:
            of_user = roles[row.id("userSourcedId")]
            if _is_active(row) and is_current(row, "beginDate", "endDate", self.files):
                primary = row.text("roleType").lower() == PRIMARY
                of_user.append(
                    Role(row.required("role").lower(), (row.text("orgSourcedId"),), primary)
                )

        def roles_of(row: Row) -> Sequence[Role]:
            source_id = row.id("sourcedId")
            if source_id not in roles and source_id not in self.roster.kept[Noun.CONTACTS]:
                raise RowError(
                    Code.UNKNOWN_REFERENCE, "this user has no row in roles.csv", "sourcedId"
                )
            return sorted(roles[source_id], key=lambda role: not role.primary)

        read_rows(self.files, table, self.roster, read, id="userSourcedId", speaks_of=OF_USERS)
        return roles_of

    def read(self, users: Table, roles_of: RolesOf) -> Roster:
        read_rows(
            self.files,
            users,
            self.roster,
            lambda row: self._user(row, roles_of),
            id="sourcedId",
            speaks_of=nouns_of(users),
        )
        for holder, agents, place in self._agents:
            for agent in agents:
                self._join(holder, agent, place)
        return self.roster

    def _user(self, row: Row, roles_of: RolesOf) -> None:
        source_id = row.id("sourcedId")
        if source_id in self._seen:
            raise RowError(Code.DUPLICATE, "this id is there twice; the first counts", "sourcedId")
        self._seen.add(source_id)
        if not _is_active(row):
            return
        roles = roles_of(row)
        names = [role.name for role in roles]
        if STUDENT_ROLE in names:
            self._student(row, source_id, roles)
        relation = next((role for role in GUARDIAN_ROLES if role in names), None)
        if relation and _is_enabled(row):
            self.roster.contacts[source_id] = StagedContact(
                names_of(row, "givenName", "familyName")
            )
            self.roster.points[source_id] = points_of(row, self.files)
            self._relations[source_id] = relation
        self._agents.append((source_id, row.ids("agentSourcedIds"), row.place("agentSourcedIds")))

    def _student(self, row: Row, source_id: str, roles: Sequence[Role]) -> None:
        names = names_of(row, "givenName", "familyName")
        orgs = [org for role in roles if role.name == STUDENT_ROLE for org in role.orgs]
        orgs.append(row.text("primaryOrgSourcedId"))
        self.roster.students[source_id] = StagedStudent(
            given_name=names[ContactField.GIVEN_NAME] or "",
            family_name=names[ContactField.FAMILY_NAME] or "",
            grade=plain(row, "grades").split(",")[0].strip() or None,
            school=next((org for org in orgs if org in self.roster.schools), ""),
            place=row.place("sourcedId"),
        )

    def _join(self, holder: str, agent: str, place: Place) -> None:
        """Agents stand on the student's row, on the guardian's, or on both."""
        if agent not in self._seen and agent not in self.roster.kept[Noun.CONTACTS]:
            self.report.problem(place, Code.UNKNOWN_REFERENCE, "an agent is no user of this file")
        for student, contact in ((holder, agent), (agent, holder)):
            if student in self.roster.students and contact in self.roster.contacts:
                self.roster.guardianships[student, contact] = StagedGuardianship(
                    self._relations[contact], None, place
                )


def _is_active(row: Row) -> bool:
    status = row.text("status").lower()
    if status not in ACTIVE + INACTIVE:
        raise RowError(Code.UNKNOWN_WORD, "no known status", "status")
    return status in ACTIVE


def _is_enabled(row: Row) -> bool:
    """A disabled guardian is out; a disabled student only has no account of her own."""
    return row.text("enabledUser").lower() != "false"
