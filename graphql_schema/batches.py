"""Sibling batches: the first of a list's rows that needs more loads it for all of them."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from app.changes import reading as changes
from app.consent.facts import FactBook, load_facts
from app.consent.history import EventRow, events_by_id, first_pages
from app.directory import reading
from app.directory.links import Held, Key, links_of
from app.directory.policy import Policy, load_policies
from app.directory.reading import ContactRow, SchoolRow, StudentRow
from app.messages import history
from app.paging import Page
from app.vocabulary import ChangeRequestStatus
from graphql_schema.context import Context

Row = TypeVar("Row")
GroupKey = TypeVar("GroupKey", bound=Hashable)


def grouped(rows: Iterable[Row], by: Callable[[Row], GroupKey]) -> dict[GroupKey, list[Row]]:
    groups: dict[GroupKey, list[Row]] = defaultdict(list)
    for row in rows:
        groups[by(row)].append(row)
    return groups


def _rows_of(pages: Mapping[Key, Page[Row]]) -> list[Row]:
    return [row for page in pages.values() for row in page.rows]


class Districts:
    """Some districts; what is known of the same ones is loaded once an answer."""

    def __init__(self, context: Context, ids: Iterable[UUID]) -> None:
        self.context = context
        self.ids = tuple(sorted(set(ids)))

    @classmethod
    def of_actor(cls, context: Context) -> "Districts":
        """Those that anything in the answer can belong to."""
        return cls(context, context.actor.districts)

    @cached_property
    def policies(self) -> dict[UUID, Policy]:
        return self.context.once(
            ("policies", self.ids), lambda: load_policies(self.context.db, self.ids)
        )

    @cached_property
    def schools(self) -> dict[UUID, list[SchoolRow]]:
        return self.context.once(("schools", self.ids), self._load_schools)

    def _load_schools(self) -> dict[UUID, list[SchoolRow]]:
        return grouped(reading.schools_of(self.context.db, self.ids), lambda row: row.district_id)


class Contacts:
    """The contacts of one list."""

    def __init__(self, context: Context, rows: Iterable[ContactRow]) -> None:
        self.context = context
        self.rows = list(rows)
        self.keys = [row.key for row in self.rows]
        self.districts = Districts.of_actor(context)

    @cached_property
    def students(self) -> dict[UUID, list[StudentRow]]:
        return grouped(reading.students_of(self.context.db, self.keys), lambda row: row.contact_id)

    @cached_property
    def links(self) -> "Links":
        return Links(self.context, links_of(self.context.db, self.keys), self.districts)

    def messages(
        self, first: int | None, filter: history.MessageFilter
    ) -> tuple[dict[Key, Page[history.MessageRow]], "Messages"]:
        """The newest of each contact, and the batch that their rows share."""

        def load() -> tuple[dict[Key, Page[history.MessageRow]], Messages]:
            db, actor = self.context.db, self.context.actor
            pages = history.first_pages(db, actor, self.keys, first, filter)
            return pages, Messages(self.context, _rows_of(pages))

        return self.context.once((self, "messages", first, filter), load)

    def requests(
        self, first: int | None, status: ChangeRequestStatus | None
    ) -> tuple[dict[Key, Page[changes.RequestRow]], "Requests"]:
        """The newest of each contact, and the batch that their rows share."""

        def load() -> tuple[dict[Key, Page[changes.RequestRow]], Requests]:
            db, actor = self.context.db, self.context.actor
            pages = changes.first_pages(db, actor, self.keys, status, first)
            return pages, Requests(self.context, _rows_of(pages))

        return self.context.once((self, "requests", first, status), load)


class Links:
    """The destinations of one list, with all that the rules need to know of them."""

    def __init__(
        self, context: Context, rows: Iterable[Held], districts: Districts | None = None
    ) -> None:
        self.context = context
        self.rows = list(rows)
        self.districts = districts or Districts.of_actor(context)

    @cached_property
    def by_contact(self) -> dict[UUID, list[Held]]:
        return grouped(self.rows, lambda row: row.contact_id)

    @cached_property
    def by_id(self) -> dict[UUID, Held]:
        return {row.id: row for row in self.rows}

    @cached_property
    def book(self) -> FactBook:
        return load_facts(self.context.db, self.districts.policies, self.rows)

    @cached_property
    def events(self) -> "Events":
        return Events(self.context, self.book.event_keys(self.rows))

    def histories(self, first: int | None) -> dict[UUID, Page[EventRow]]:
        """The newest lines about each."""
        return self.context.once(
            (self, "histories", first), lambda: first_pages(self.context.db, self.rows, first)
        )


class Events:
    """The ledger lines that explain the decisions of one list."""

    def __init__(self, context: Context, keys: Iterable[Key]) -> None:
        self.context = context
        self.keys = sorted(set(keys))

    @cached_property
    def by_id(self) -> dict[UUID, EventRow]:
        return {row.id: row for row in events_by_id(self.context.db, self.keys)}


class Messages:
    """The messages of one page."""

    def __init__(self, context: Context, rows: Iterable[history.MessageRow]) -> None:
        self.context = context
        self.rows = list(rows)
        self.keys = [row.key for row in self.rows]
        self.districts = Districts.of_actor(context)

    @cached_property
    def deliveries(self) -> dict[Key, list[history.DeliveryRow]]:
        return history.deliveries_of(self.context.db, self.keys)

    @cached_property
    def students(self) -> dict[Key, list[history.StudentRow]]:
        return history.students_of(self.context.db, self.keys)

    @cached_property
    def events(self) -> Events:
        return Events(
            self.context,
            (
                (row.district_id, row.why_event_id)
                for rows in self.deliveries.values()
                for row in rows
                if row.why_event_id
            ),
        )


class Requests:
    """The change requests of one page."""

    def __init__(self, context: Context, rows: Iterable[changes.RequestRow]) -> None:
        self.context = context
        self.rows = list(rows)

    @cached_property
    def items(self) -> dict[UUID, list[changes.ItemRow]]:
        rows = changes.items_of(self.context.db, [row.key for row in self.rows])
        return grouped(rows, lambda row: row.request_id)

    @cached_property
    def contacts(self) -> "Contacts":
        keys = {(row.district_id, row.contact_id) for row in self.rows}
        return Contacts(self.context, reading.contacts_by_key(self.context.db, sorted(keys)))
