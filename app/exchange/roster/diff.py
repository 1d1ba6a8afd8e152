"""A roster against what is held: what to create, change and retire. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from uuid_utils.compat import uuid7

from app.exchange.roster.contact_diff import ContactChange, ContactDiff
from app.exchange.roster.held import Held, Pair, Point
from app.exchange.roster.people import Roster
from app.exchange.roster.report import (
    EVERY,
    Code,
    Noun,
    Outcome,
    Place,
    Problem,
    Progress,
    Tally,
)
from app.vocabulary import ContactField, LineType, Rights

# Two rows may disagree about one number: what reaches more wins, the carrier knows better.
REACHES_MORE = (LineType.MOBILE, LineType.VOIP, LineType.LANDLINE)
Key = TypeVar("Key")


class HeldRow(Protocol):
    @property
    def id(self) -> UUID: ...
    @property
    def brought_by(self) -> str: ...
    @property
    def retired_at(self) -> datetime | None: ...


@dataclass(slots=True)
class RowChanges(Generic[Key]):
    """What to write to one table; `returned` are rows that had been retired.

    `ids` are those of what stands afterwards.
    """

    created: list[dict[str, Any]] = field(default_factory=list)
    updated: list[dict[str, Any]] = field(default_factory=list)
    returned: list[dict[str, Any]] = field(default_factory=list)
    retired: list[UUID] = field(default_factory=list)
    ids: dict[Key, UUID] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """All that one import will write. `contacts` are those with something to write.

    `line_types` are those of all numbers brought, `retyped` what a school corrects,
    `destinations` what is on file, `problems` the rows that point to nobody.
    """

    schools: RowChanges[str]
    students: RowChanges[str]
    contacts: list[ContactChange]
    guardianships: RowChanges[Pair]
    line_types: dict[Point, LineType]
    retyped: dict[UUID, LineType]
    ended_edits: list[UUID]
    tally: Tally
    problems: list[Problem]
    contact_diff: ContactDiff
    destinations: dict[Point, UUID]

    @property
    def new_rows(self) -> int:
        """How many rows will be added; the rest is quick."""
        return (
            len(self.schools.created)
            + len(self.students.created)
            + len(self.guardianships.created)
            + sum((change.version is None) + len(change.new_links) for change in self.contacts)
        )


def compare(roster: Roster, held: Held, source: str, now: datetime, progress: Progress) -> Plan:
    return Comparison(roster, held, source, now).run(progress)


class Comparison:
    def __init__(self, roster: Roster, held: Held, source: str, now: datetime) -> None:
        self.roster = roster
        self.held = held
        self.source = source
        self.now = now
        self.tally: Tally = Counter()
        self.problems: list[Problem] = []

    def run(self, progress: Progress) -> Plan:
        schools = self._schools()
        students = self._students(schools.ids)
        line_types, retyped = self._line_types()
        contact_diff = ContactDiff(self.roster, self.source, self.now, frozenset(retyped))
        changes, contact_ids = self._contacts(contact_diff, progress)
        guardianships, ended_edits = self._guardianships(students.ids, contact_ids)
        return Plan(
            schools=schools,
            students=students,
            contacts=changes,
            guardianships=guardianships,
            line_types=line_types,
            retyped={self.held.destinations[point].id: kind for point, kind in retyped.items()},
            ended_edits=ended_edits,
            tally=self.tally,
            problems=self.problems,
            contact_diff=contact_diff,
            destinations={point: there.id for point, there in self.held.destinations.items()},
        )

    def _schools(self) -> RowChanges[str]:
        wanted = {
            source_id: {"source_id": source_id, "name": school.name}
            for source_id, school in self.roster.schools.items()
        }
        return self._rows(Noun.SCHOOLS, wanted, self.held.schools, self.roster.kept[Noun.SCHOOLS])

    def _students(self, school_ids: Mapping[str, UUID]) -> RowChanges[str]:
        wanted: dict[str, dict[str, Any]] = {}
        for source_id, student in self.roster.students.items():
            if student.school not in school_ids:
                self._refers_to_nobody(student.place, "there is no such school")
                self.roster.keep([Noun.STUDENTS], source_id)
                continue
            wanted[source_id] = {
                "source_id": source_id,
                "school_id": school_ids[student.school],
                "given_name": student.given_name,
                "family_name": student.family_name,
                "grade": student.grade,
            }
        return self._rows(
            Noun.STUDENTS, wanted, self.held.students, self.roster.kept[Noun.STUDENTS]
        )

    def _contacts(
        self, contact_diff: ContactDiff, progress: Progress
    ) -> tuple[list[ContactChange], dict[str, UUID]]:
        changes: list[ContactChange] = []
        standing: dict[str, UUID] = {}
        sources = [*self.roster.contacts, *(self.held.contacts.keys() - self.roster.contacts)]
        for done, source_id in enumerate(sources):
            there = self.held.contacts.get(source_id)
            change = contact_diff.compare(source_id, there)
            self.tally += change.tally
            if change:
                changes.append(change)
            if source_id in self.roster.contacts or (
                there and there.retired_at is None and not change.retires
            ):
                standing[source_id] = change.id
            if done % EVERY == 0:
                progress("comparing", done, len(sources))
        progress("comparing", len(sources), len(sources))
        for source_id in self.roster.points.keys() - standing.keys():
            for point in self.roster.points[source_id]:
                self._refers_to_nobody(point.place, "there is no such contact")
        return changes, standing

    def _guardianships(
        self, student_ids: Mapping[str, UUID], contact_ids: Mapping[str, UUID]
    ) -> tuple[RowChanges[Pair], list[UUID]]:
        parted = self._parted()
        kept = self._kept_pairs(student_ids, contact_ids)
        wanted: dict[Pair, dict[str, Any]] = {}
        said: set[Pair] = set()
        for (student, contact), staged in self.roster.guardianships.items():
            if student not in student_ids or contact not in contact_ids:
                who = "contact" if student in student_ids else "student"
                self._refers_to_nobody(staged.place, f"there is no such {who}")
                continue
            pair = (student_ids[student], contact_ids[contact])
            said.add(pair)
            if pair in parted:
                continue  # she said that this is not her child, and the school agreed
            there = self.held.guardianships.get(pair)
            wanted[pair] = {
                "student_id": pair[0],
                "contact_id": pair[1],
                "relation": staged.relation,
                "rights": staged.rights or (there.rights if there else Rights.FULL),
            }
        rows = self._rows(Noun.GUARDIANSHIPS, wanted, self.held.guardianships, kept)
        whole = self.roster.is_whole(Noun.GUARDIANSHIPS)
        ended = [parted[pair] for pair in parted if whole and pair not in said and pair not in kept]
        return rows, ended

    def _parted(self) -> dict[Pair, UUID]:
        return {
            (edit.student_id, contact.id): edit.id
            for contact in self.held.contacts.values()
            for edit in contact.edits
            if edit.field is ContactField.NOT_MY_CHILD and edit.student_id
        }

    def _kept_pairs(
        self, student_ids: Mapping[str, UUID], contact_ids: Mapping[str, UUID]
    ) -> set[Pair]:
        kept = self.roster.kept[Noun.GUARDIANSHIPS]
        students = {student_ids[key] for key in kept if key in student_ids}
        contacts = {contact_ids[key] for key in kept if key in contact_ids}
        return {
            pair for pair in self.held.guardianships if pair[0] in students or pair[1] in contacts
        }

    def _line_types(self) -> tuple[dict[Point, LineType], dict[Point, LineType]]:
        """Of each number brought; and those that a school corrects."""
        told: dict[Point, LineType] = {}
        planned: dict[Point, LineType] = {}
        for points in self.roster.points.values():
            for point in points:
                if point.value is None:
                    continue
                key = (point.kind, point.value)
                planned[key] = point.planned_type
                if point.line_type is not None:
                    both = (told.get(key, point.line_type), point.line_type)
                    told[key] = min(both, key=REACHES_MORE.index)
        held = self.held.destinations
        retyped = {
            key: kind for key, kind in told.items() if key in held and held[key].line_type != kind
        }
        return planned | told, retyped

    def _rows(
        self,
        noun: Noun,
        wanted: Mapping[Key, dict[str, Any]],
        held: Mapping[Key, HeldRow],
        kept: Collection[Key],
    ) -> RowChanges[Key]:
        changes: RowChanges[Key] = RowChanges()
        for key, values in wanted.items():
            there = held.get(key)
            changes.ids[key] = there.id if there else uuid7()
            row = {**values, "id": changes.ids[key]}
            if there is None:
                changes.created.append({**row, "brought_by": self.source})
                self.tally[Outcome.CREATED, noun] += 1
            elif there.retired_at is not None:
                changes.returned.append({**row, "brought_by": self.source, "retired_at": None})
                self.tally[Outcome.UPDATED, noun] += 1
            elif any(getattr(there, column) != value for column, value in values.items()):
                changes.updated.append(row)
                self.tally[Outcome.UPDATED, noun] += 1
            else:
                self.tally[Outcome.UNCHANGED, noun] += 1
        for key, there in held.items():
            if key in wanted or there.retired_at is not None:
                continue
            if self.roster.is_whole(noun) and there.brought_by == self.source and key not in kept:
                changes.retired.append(there.id)
                self.tally[Outcome.RETIRED, noun] += 1
            else:
                changes.ids[key] = there.id
        return changes

    def _refers_to_nobody(self, place: Place, message: str) -> None:
        self.problems.append(Problem(place, Code.UNKNOWN_REFERENCE, message))
