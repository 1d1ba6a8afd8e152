"""File sets of a made-up town, in each roster format, written from its specification.

OneRoster CSV 1.1 and 1.2 (1EdTech), School Data Sync 2.1 (Microsoft), and our own tidy CSV.
"""

import csv
import random
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

GIVEN = ("Marge", "Homer", "Luann", "Kirk", "Manjula", "Apu", "José", "Zoë", "Ngọc", "Amélie")
FAMILY = ("Simpson", "Van Houten", "O'Brien, Jr.", "Peña", "Nguyễn", "Smith\nJones", "Łukasz")
RELATIONS = ("parent", "guardian", "relative")
LANGUAGES = ("en", "es", "zh-Hant", "ar")


@dataclass(frozen=True, slots=True)
class Student:
    id: str
    given: str
    family: str
    grade: str
    school: str


@dataclass(frozen=True, slots=True)
class Adult:
    """`children` are (student, relation). A teacher is in two roles."""

    id: str
    given: str
    family: str
    language: str
    mobile: str
    home: str
    email: str
    children: tuple[tuple[str, str], ...]
    teaches: bool = False


@dataclass(slots=True)
class Town:
    schools: list[tuple[str, str]]
    students: list[Student] = field(default_factory=list)
    adults: list[Adult] = field(default_factory=list)

    @property
    def people(self) -> int:
        return len(self.students) + len(self.adults)

    def adult(self, id: str) -> Adult:
        return next(adult for adult in self.adults if adult.id == id)

    def change(self, id: str, **values: object) -> None:
        self.adults = [replace(a, **values) if a.id == id else a for a in self.adults]

    def leave(self, ids: Iterable[str]) -> None:
        gone = set(ids)
        self.adults = [adult for adult in self.adults if adult.id not in gone]


def number(i: int) -> str:
    """The i-th number of the town, in one of the ways in which schools write them."""
    exchange, line = 320 + i // 10_000, i % 10_000
    styles = ("(217) {}-{:04}", "217-{}-{:04}", "+1 217 {} {:04}", "217.{}.{:04}", "1217{}{:04}")
    return styles[i % len(styles)].format(exchange, line)


def e164(i: int) -> str:
    return f"+1217{320 + i // 10_000}{i % 10_000:04}"


def a_town(adults: int = 1_300, *, chance: random.Random | None = None) -> Town:
    """A town with that many grown-ups and most of as many children, in families of many shapes.

    Every family has one or two children and two guardians who share a home phone; every
    seventh guardian has no e-mail, every eleventh is a teacher too.
    """
    chance = chance or random.Random(7)
    town = Town([("sch-1", "North School"), ("sch-2", 'South, "Upper" School'), ("sch-3", "West")])
    for i in range(adults):
        family = i // 2
        if i % 2 == 0:
            name = chance.choice(FAMILY)
            children = [f"s-{family}-{n}" for n in range(1 + (family % 3 == 0))]
            town.students += [
                Student(child, chance.choice(GIVEN), name, f"{n + 1:02}", f"sch-{1 + family % 3}")
                for n, child in enumerate(children)
            ]
        town.adults.append(
            Adult(
                id=f"c-{i}",
                given=chance.choice(GIVEN),
                family=name,
                language=LANGUAGES[i % len(LANGUAGES)],
                mobile=number(i),
                home=number(100_000 + family),
                email="" if i % 7 == 3 else f"Parent{i}@example.org",
                children=tuple((child, RELATIONS[i % 3]) for child in children),
                teaches=i % 11 == 0,
            )
        )
    return town


def next_night(town: Town) -> Town:
    """The same town a day later: some left, some came, numbers and names changed."""
    after = Town(list(town.schools), list(town.students), list(town.adults))
    after.leave(["c-5", "c-9"])
    after.change("c-0", mobile=number(500_000))
    after.change("c-2", mobile=number(1))  # a number moves from one contact to another
    after.change("c-1", mobile=number(500_001))
    after.change("c-4", family="Married-Name", email="new.address@example.org")
    after.students.append(Student("s-new", "Maggie", "Simpson", "KG", "sch-1"))
    after.adults.append(
        Adult("c-new", "Patty", "Bouvier", "en", number(500_002), "", "", (("s-new", "guardian"),))
    )
    return after


Cells = Mapping[str, object]
Tables = dict[str, list[Cells]]  # file -> rows; a cell that is not named is empty

HEADERS = {
    "tidy": {
        "schools.csv": "source_id,name",
        "students.csv": "source_id,given_name,family_name,grade,school",
        "contacts.csv": "source_id,given_name,family_name,language",
        "guardianships.csv": "student,contact,relation,rights",
        "phones.csv": "contact,number,label,extension,line_type,priority",
        "emails.csv": "contact,address,label,priority",
    },
    "oneroster-1.1": {
        "manifest.csv": "propertyName,value",
        "orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
        "users.csv": "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,"
        "userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,"
        "grades,password",
    },
    "oneroster-1.2": {
        "manifest.csv": "propertyName,value",
        "orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
        "users.csv": "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,"
        "familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,"
        "userMasterIdentifier,resourceSourcedIds,preferredGivenName,preferredMiddleName,"
        "preferredFamilyName,primaryOrgSourcedId,pronouns",
        "roles.csv": "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,"
        "endDate,orgSourcedId,userProfileSourcedId",
    },
    "school-data-sync-2.1": {
        "orgs.csv": "sourcedId,name,type,parentSourcedId",
        "users.csv": "sourcedId,username,givenName,familyName,password,activeDirectoryMatchId,"
        "email,phone,sms",
        "roles.csv": "userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary,"
        "roleStartDate,roleEndDate",
        "relationships.csv": "userSourcedId,relationshipUserSourcedId,relationshipRole",
    },
}


def tidy(town: Town) -> Tables:
    phones: list[Cells] = []
    for a in town.adults:
        mobile = {"contact": a.id, "number": a.mobile, "label": "mobile", "line_type": "MOBILE"}
        home = {"contact": a.id, "number": a.home, "label": "home", "line_type": "LANDLINE"}
        phones += [{**mobile, "priority": 1}, *([{**home, "priority": 2}] if a.home else [])]
    return {
        "schools.csv": [{"source_id": key, "name": name} for key, name in town.schools],
        "students.csv": [
            {
                "source_id": s.id,
                "given_name": s.given,
                "family_name": s.family,
                "grade": s.grade,
                "school": s.school,
            }
            for s in town.students
        ],
        "contacts.csv": [
            {
                "source_id": a.id,
                "given_name": a.given,
                "family_name": a.family,
                "language": a.language,
            }
            for a in town.adults
        ],
        "guardianships.csv": [
            {"student": child, "contact": a.id, "relation": relation, "rights": "FULL"}
            for a in town.adults
            for child, relation in a.children
        ],
        "phones.csv": phones,
        "emails.csv": [
            {"contact": a.id, "address": a.email, "label": "home", "priority": 1}
            for a in town.adults
            if a.email
        ],
    }


def _orgs(town: Town) -> list[Cells]:
    district = {"sourcedId": "d-1", "name": "The District", "type": "district"}
    return [
        district,
        *(
            {"sourcedId": key, "name": name, "type": "school", "parentSourcedId": "d-1"}
            for key, name in town.schools
        ),
    ]


def _manifest(version: str, *files: str) -> list[Cells]:
    present = {"manifest.version": "1.0", "oneroster.version": version}
    present |= {f"file.{name}": "bulk" for name in files}
    present |= {f"file.{name}": "absent" for name in ("classes", "courses", "enrollments")}
    return [{"propertyName": name, "value": value} for name, value in present.items()]


def _agents(town: Town) -> dict[str, str]:
    """Half of the families are joined on the student's row, half on the guardian's."""
    agents: dict[str, list[str]] = {}
    for i, adult in enumerate(town.adults):
        for child, _ in adult.children:
            holder, agent = (child, adult.id) if i % 2 else (adult.id, child)
            agents.setdefault(holder, []).append(agent)
    return {holder: ",".join(ids) for holder, ids in agents.items()}


def _users(town: Town) -> Iterable[tuple[Student | Adult, dict[str, object]]]:
    """What both versions of OneRoster say of a person in users.csv."""
    agents = _agents(town)
    for person in (*town.students, *town.adults):
        user: dict[str, object] = {
            "sourcedId": person.id,
            "enabledUser": "true",
            "username": person.id,
            "givenName": person.given,
            "familyName": person.family,
            "agentSourcedIds": agents.get(person.id, ""),
        }
        if isinstance(person, Student):
            user["grades"] = person.grade
        else:
            user |= {"email": person.email, "sms": person.mobile, "phone": person.home}
        yield person, user


def _relation(adult: Adult) -> str:
    return adult.children[0][1] if adult.children else "parent"


def oneroster_1_1(town: Town) -> Tables:
    """A teacher who is a parent too needs two sourcedIds here, one for each role."""
    users: list[Cells] = []
    for person, user in _users(town):
        if isinstance(person, Student):
            users.append({**user, "role": "student", "orgSourcedIds": f"d-1,{person.school}"})
            continue
        users.append({**user, "role": _relation(person), "orgSourcedIds": "sch-1,sch-2"})
        if person.teaches:
            teacher = {"sourcedId": f"t-{person.id}", "role": "teacher", "agentSourcedIds": ""}
            users.append({**user, **teacher, "orgSourcedIds": "sch-1"})
    return {
        "manifest.csv": _manifest("1.1", "orgs", "users"),
        "orgs.csv": _orgs(town),
        "users.csv": users,
    }


def oneroster_1_2(town: Town) -> Tables:
    """One user may have several rows in roles.csv; a role may have ended."""
    users: list[Cells] = []
    roles: list[Cells] = []

    def role(person: Student | Adult, rank: str, name: str, org: str, end: str = "") -> None:
        dates = {"beginDate": "2020-08-01", "endDate": end}
        key = {"sourcedId": f"r-{len(roles)}", "userSourcedId": person.id, "roleType": rank}
        roles.append({**key, **dates, "role": name, "orgSourcedId": org})

    for person, user in _users(town):
        users.append(user)
        if isinstance(person, Student):
            role(person, "secondary", "student", "sch-1", end="2024-06-30")
            role(person, "primary", "student", person.school)
            continue
        if person.teaches:
            role(person, "primary", "teacher", "sch-1")
        role(person, "secondary" if person.teaches else "primary", _relation(person), "sch-1")
    return {
        "manifest.csv": _manifest("1.2", "orgs", "users", "roles"),
        "orgs.csv": _orgs(town),
        "users.csv": users,
        "roles.csv": roles,
    }


def school_data_sync(town: Town) -> Tables:
    """Guardians have a row in users.csv and none in roles.csv, unless they teach."""
    teachers = [adult for adult in town.adults if adult.teaches]
    names = [
        {"sourcedId": p.id, "username": p.id, "givenName": p.given, "familyName": p.family}
        for p in (*town.students, *town.adults)
    ]
    reached = [{}] * len(town.students) + [
        {"email": a.email, "phone": a.home, "sms": a.mobile} for a in town.adults
    ]
    return {
        "orgs.csv": _orgs(town),
        "users.csv": [{**name, **more} for name, more in zip(names, reached, strict=True)],
        "roles.csv": [
            *(
                {
                    "userSourcedId": s.id,
                    "orgSourcedId": s.school,
                    "role": "student",
                    "grade": s.grade,
                    "isPrimary": "true",
                }
                for s in town.students
            ),
            *(
                {"userSourcedId": a.id, "orgSourcedId": "sch-1", "role": "teacher"}
                for a in teachers
            ),
        ],
        "relationships.csv": [
            {
                "userSourcedId": child,
                "relationshipUserSourcedId": a.id,
                "relationshipRole": relation,
            }
            for a in town.adults
            for child, relation in a.children
        ],
    }


FORMATS: dict[str, Callable[[Town], Tables]] = {
    "tidy": tidy,
    "oneroster-1.1": oneroster_1_1,
    "oneroster-1.2": oneroster_1_2,
    "school-data-sync-2.1": school_data_sync,
}


def write_folder(format: str, town: Town, folder: Path) -> Path:
    """With a byte order mark, quotes where RFC 4180 wants them, and CR LF."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in FORMATS[format](town).items():
        header = HEADERS[format][name].split(",")
        with (folder / name).open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.DictWriter(stream, header, restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
    return folder


def write_zip(folder: Path) -> Path:
    file = folder.with_suffix(".zip")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in sorted(folder.iterdir()):
            archive.write(each, each.name)
    return file
