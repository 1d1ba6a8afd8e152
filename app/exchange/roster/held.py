"""What the directory holds of a district, as an import compares it. Plain data."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.vocabulary import ContactField, DestinationKind, LineType, Rights

Point = tuple[DestinationKind, str]  # what a destination is, whoever holds it
Pair = tuple[UUID, UUID]  # student, contact


@dataclass(slots=True)
class HeldSchool:
    id: UUID
    source_id: str
    name: str
    brought_by: str
    retired_at: datetime | None


@dataclass(slots=True)
class HeldStudent:
    id: UUID
    source_id: str
    school_id: UUID
    given_name: str
    family_name: str
    grade: str | None
    brought_by: str
    retired_at: datetime | None


@dataclass(slots=True)
class HeldGuardianship:
    id: UUID
    student_id: UUID
    contact_id: UUID
    relation: str
    rights: Rights
    brought_by: str
    retired_at: datetime | None


@dataclass(slots=True)
class HeldLink:
    id: UUID
    label: str
    extension: str | None
    display: str
    priority: int
    slot: str | None
    brought_by: str | None
    retired_at: datetime | None
    version: int


@dataclass(slots=True)
class HeldEdit:
    """An approved value that stands over what the SIS says."""

    id: UUID
    item_id: UUID
    field: ContactField
    point: Point | None
    student_id: UUID | None
    slot: str | None
    before: str | None
    after: str | None
    conflict_request_id: UUID | None


@dataclass(slots=True)
class HeldContact:
    id: UUID
    source_id: str
    given_name: str
    family_name: str
    language: str
    address: str | None
    sis: dict[str, Any]
    unusable: list[Any]
    brought_by: str
    retired_at: datetime | None
    version: int
    links: dict[Point, HeldLink] = field(default_factory=dict)
    edits: list[HeldEdit] = field(default_factory=list)


@dataclass(slots=True)
class HeldDestination:
    id: UUID
    line_type: LineType


@dataclass(slots=True)
class Held:
    """All of a district, by source id where a thing has one."""

    schools: dict[str, HeldSchool]
    students: dict[str, HeldStudent]
    contacts: dict[str, HeldContact]
    guardianships: dict[Pair, HeldGuardianship]
    destinations: dict[Point, HeldDestination]
