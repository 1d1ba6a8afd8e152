"""Districts, their schools and students, their kinds of message."""

from typing import Self
from uuid import UUID

import strawberry

from app.directory.policy import Kind, Policy
from app.directory.reading import SchoolRow, StudentRow
from app.vocabulary import OptOutHandling
from graphql_schema.batches import Districts
from graphql_schema.context import Info
from graphql_schema.ids import Kind as IdKind
from graphql_schema.ids import global_id
from graphql_schema.node import Node

UNNAMED = UUID(int=0)


@strawberry.type
class School(Node):
    name: str

    @classmethod
    def of(cls, row: SchoolRow) -> Self:
        return cls(id=global_id(IdKind.SCHOOL, row.district_id, row.id), name=row.name)


@strawberry.type
class BroadcastType(Node):
    kind: strawberry.Private[Kind]
    code: str
    emergency: bool

    @classmethod
    def of(cls, kind: Kind) -> Self:
        return cls(
            id=global_id(IdKind.BROADCAST_TYPE, kind.district_id, kind.id),
            kind=kind,
            code=kind.code,
            emergency=kind.emergency,
        )

    @strawberry.field
    def name(self, info: Info) -> str:
        return self.kind.name_in(info.context.language)

    @strawberry.field
    def description(self, info: Info) -> str:
        return self.kind.description_in(info.context.language)


@strawberry.type
class District(Node):
    policy: strawberry.Private[Policy]
    batch: strawberry.Private[Districts]
    name: str
    opt_out_handling: OptOutHandling

    @classmethod
    def of(cls, policy: Policy, batch: Districts) -> Self:
        return cls(
            id=global_id(IdKind.DISTRICT, policy.id, policy.id),
            policy=policy,
            batch=batch,
            name=policy.name,
            opt_out_handling=policy.opt_out_handling,
        )

    @strawberry.field
    def schools(self) -> list[School]:
        return [School.of(row) for row in self.batch.schools.get(self.policy.id, [])]

    @strawberry.field
    def broadcast_types(self) -> list[BroadcastType]:
        return [BroadcastType.of(kind) for kind in self.policy.offered]


@strawberry.type(description="A student, never a path to another guardian.")
class Student(Node):
    given_name: str
    family_name: str = strawberry.field(description='"" where the contact\'s rights are restricted')
    grade: str | None
    school: School = strawberry.field(description='Named "" where the rights are restricted.')

    @classmethod
    def of(cls, row: StudentRow) -> Self:
        return cls(
            id=global_id(IdKind.STUDENT, row.district_id, row.id),
            given_name=row.given_name,
            family_name=row.family_name,
            grade=row.grade,
            school=School.of(row.school or SchoolRow(row.district_id, UNNAMED, "")),
        )
