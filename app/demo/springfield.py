"""The demo's people: a district of families as they are, the same each time it is made."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

FAMILIES = 120
SEED = 1867
SCHOOLS = {
    "sch-north": "North Elementary School",
    "sch-middle": "Lincoln Middle School",
    "sch-high": "Springfield High School",
}
GIVEN = "Ana Ben Carla Dev Elena Farid Grace Hugo Ines Jamal Kim Lena Maya Noor Omar Paula Quinn "
GIVEN += "Rosa Sam Tessa Uma Victor Wen Ximena Yusuf Zoe Amir Beth Chen Dora"
FAMILY = "Alvarez Baker Castillo Diaz Evans Flores Garcia Hughes Ito Johnson Khan Lopez Martinez "
FAMILY += "Nguyen Okafor Patel Quiroga Rivera Smith Torres Ueda Vargas Walker Xu Young Zapata"


@dataclass(slots=True)
class Person:
    """A contact; phones are (number, label, line type, extension)."""

    source_id: str
    given_name: str
    family_name: str
    language: str = "en"
    phones: list[tuple[str, str, str, str]] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Child:
    source_id: str
    given_name: str
    family_name: str
    grade: str
    school: str


@dataclass(slots=True)
class Family:
    """`ties` are (contact, child, relation, rights)."""

    people: list[Person] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    ties: list[tuple[Person, Child, str, str]] = field(default_factory=list)


class Town:
    """Makes families; numbers and ids are given out in order."""

    def __init__(self, seed: int = SEED) -> None:
        self.random = random.Random(seed)  # noqa: S311 (a town, not a secret)
        self._numbers = count(2000)
        self._people = count(1)
        self._children = count(1)

    def number(self) -> str:
        return f"+1217555{next(self._numbers):04}"

    def person(
        self, given: str, family: str, email: str | None = None, language: str = "en"
    ) -> Person:
        person = Person(f"c-{next(self._people)}", given, family, language)
        person.phones.append((self.number(), "mobile", "MOBILE", ""))
        person.emails.append(email or f"{given}.{family}.{person.source_id}@example.org".lower())
        return person

    def child(self, family: str, school: str | None = None) -> Child:
        school = school or self.random.choice(list(SCHOOLS))
        first = {"sch-north": 1, "sch-middle": 6, "sch-high": 9}[school]
        grade = f"{first + self.random.randrange(3):02}"
        given = self.random.choice(GIVEN.split())
        return Child(f"s-{next(self._children)}", given, family, grade, school)

    def families(self) -> Iterator[Family]:
        yield from (self.known_family(), self.separated_family(), self.grandparent_family())
        shapes = (
            self.two_parents,
            self.two_parents,
            self.one_parent,
            self.separated,
            self.shared_phone,
            self.grandparent,
        )
        for place in range(FAMILIES - 3):
            yield shapes[place % len(shapes)]()

    def known_family(self) -> Family:
        """The family of the README: Maria Lopez and her two children at two schools."""
        maria = self.person("Maria", "Lopez", "maria.lopez@example.org")
        maria.phones.append((self.number(), "home", "LANDLINE", ""))
        maria.phones.append((self.number(), "work", "LANDLINE", "214"))
        children = [self.child("Lopez", "sch-north"), self.child("Lopez", "sch-middle")]
        return _tied([maria], children, "mother")

    def separated_family(self) -> Family:
        """Two homes: the father is restricted for the older child."""
        dana = self.person("Dana", "Baker", "dana.baker@example.org")
        ray = self.person("Ray", "Castillo", "ray.castillo@example.org", language="es")
        older, younger = self.child("Baker", "sch-high"), self.child("Baker", "sch-north")
        family = _tied([dana], [older, younger], "mother")
        family.people.append(ray)
        family.ties += [(ray, younger, "father", "FULL"), (ray, older, "father", "RESTRICTED")]
        return family

    def grandparent_family(self) -> Family:
        rosa = self.person("Rosa", "Flores", "rosa.flores@example.org", language="es")
        return _tied([rosa], [self.child("Flores", "sch-north")], "grandmother")

    def two_parents(self) -> Family:
        name = self._family_name()
        parents = [self.person(self._given(), name) for _ in range(2)]
        home = self.number()
        for parent in parents:
            parent.phones.append((home, "home", "LANDLINE", ""))
        return _tied(parents, self._children_of(name), "parent")

    def one_parent(self) -> Family:
        name = self._family_name()
        return _tied([self.person(self._given(), name)], self._children_of(name), "parent")

    def separated(self) -> Family:
        name = self._family_name()
        family = _tied([self.person(self._given(), name)], self._children_of(name), "parent")
        other = self.person(self._given(), self._family_name())
        family.people.append(other)
        rights = self.random.choice(["FULL", "FULL", "FULL", "RESTRICTED", "NO_RIGHTS"])
        family.ties += [(other, child, "parent", rights) for child in family.children]
        return family

    def shared_phone(self) -> Family:
        """One mobile for both parents."""
        name = self._family_name()
        parents = [self.person(self._given(), name) for _ in range(2)]
        parents[1].phones = list(parents[0].phones)
        return _tied(parents, self._children_of(name), "parent")

    def grandparent(self) -> Family:
        name = self._family_name()
        parent = self.person(self._given(), name)
        family = _tied([parent], self._children_of(name), "parent")
        elder = self.person(self._given(), name, language="es")
        family.people.append(elder)
        family.ties += [(elder, child, "grandparent", "FULL") for child in family.children]
        return family

    def _children_of(self, name: str) -> list[Child]:
        return [self.child(name) for _ in range(self.random.choice([1, 1, 2, 3]))]

    def _given(self) -> str:
        return self.random.choice(GIVEN.split())

    def _family_name(self) -> str:
        return self.random.choice(FAMILY.split())


def _tied(people: list[Person], children: list[Child], relation: str) -> Family:
    ties = [(person, child, relation, "FULL") for person in people for child in children]
    return Family(people, children, ties)
