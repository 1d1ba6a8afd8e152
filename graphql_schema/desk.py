"""The staff desk of one district: each field only with its feature."""

from uuid import UUID

import strawberry

from app.changes.reading import review_queue
from app.vocabulary import ChangeRequestStatus
from graphql_schema.batches import Districts
from graphql_schema.change import ChangeRequestConnection, request_connection
from graphql_schema.context import Info
from graphql_schema.district import District
from graphql_schema.ids import Kind, optional_asked_key


@strawberry.input
class ReviewFilter:
    status: ChangeRequestStatus | None = None
    school_id: strawberry.ID | None = None


@strawberry.type
class StaffDesk:
    district_id: strawberry.Private[UUID]

    @strawberry.field
    def district(self, info: Info) -> District:
        districts = Districts(info.context, [self.district_id])
        return District.of(districts.policies[self.district_id], districts)

    @strawberry.field(description="Oldest first. Needs REVIEW_CHANGES.")
    def change_requests(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        filter: ReviewFilter | None = None,
    ) -> ChangeRequestConnection:
        wanted = filter or ReviewFilter()
        school = optional_asked_key(wanted.school_id, Kind.SCHOOL)
        page = review_queue(
            info.context.db,
            info.context.actor,
            self.district_id,
            status=wanted.status,
            school=school,
            first=first,
            after=after,
        )
        return request_connection(info.context, page, after)
