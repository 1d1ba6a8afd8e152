"""What was sent to a parent: newest first, each message once however many deliveries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from app.actor import Actor, require_guardian
from app.consent.rules import Decision
from app.database import Db
from app.directory.links import Key
from app.directory.policy import load_policies
from app.directory.reading import find_school, find_student
from app.errors import NotFound
from app.messages import statements
from app.messages.search import containing
from app.messages.snippet import snippet
from app.paging import Page, Position, page_size, position_of
from app.vocabulary import Channel, DecisionReason, DeliveryStatus


class MessageRow(NamedTuple):
    """One broadcast as one contact received it. After retention its texts are empty."""

    district_id: UUID
    id: UUID
    contact_id: UUID
    broadcast_id: UUID
    broadcast_type_id: UUID
    school_id: UUID | None
    subject: str
    body: str
    audio_url: str | None
    language: str
    sent_at: datetime
    read_at: datetime | None
    removed_at: datetime | None

    @property
    def key(self) -> Key:
        return (self.district_id, self.id)

    @property
    def cursor(self) -> str:
        return Position(self.sent_at, self.id).cursor

    @property
    def snippet(self) -> str:
        return snippet(self.body)


class DeliveryRow(NamedTuple):
    """One message to one destination."""

    district_id: UUID
    id: UUID
    message_id: UUID
    channel: Channel
    sent_to: str
    status: DeliveryStatus
    at: datetime
    why_allowed: bool | None
    why_reason: DecisionReason | None
    why_not_before: datetime | None
    why_event_id: UUID | None

    @property
    def why(self) -> Decision | None:
        """Why it was, or was not, sent; None = nobody knows any more."""
        if self.why_allowed is None or self.why_reason is None:
            return None
        return Decision(self.why_allowed, self.why_reason, self.why_not_before, self.why_event_id)


class StudentRow(NamedTuple):
    """Whom a message is about, as far as its reader may know: without full rights she sees the
    given name only; then family name is "" and grade and school are None.
    """

    district_id: UUID
    id: UUID
    message_id: UUID
    given_name: str
    family_name: str
    grade: str | None
    school_id: UUID | None


OfMessage = TypeVar("OfMessage", DeliveryRow, StudentRow)


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """What to look for; everything said must hold, empty = unsaid.

    `since` inclusive, `until` exclusive; `text` in subject or body, as `search` compares them;
    `unread` False = what was read.
    """

    types: tuple[Key, ...] = ()
    channels: tuple[Channel, ...] = ()
    student: Key | None = None
    school: Key | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    unread: bool | None = None


def messages_of(
    db: Db,
    actor: Actor,
    contacts: Iterable[Key] | None = None,
    *,
    first: int | None = None,
    after: str | None = None,
    filter: MessageFilter = MessageFilter(),
) -> Page[MessageRow]:
    """The messages of these contacts of the parent, of all her contacts when None."""
    wanted = _her_own(actor, contacts)
    size, chosen = page_size(first), _parameters(filter)
    if after is not None:
        place = position_of(after)
        chosen["after"] = {"after_at": place.at, "after_id": place.id}
    if not wanted or size == 0:
        return Page([], has_next=False)
    statement = statements.history(len(wanted), frozenset(chosen))
    rows = db.all(statement, size=size + 1, **_whose(wanted), **_flat(chosen))
    return Page.cut([MessageRow._make(row) for row in rows], size)


def first_pages(
    db: Db, actor: Actor, contacts: Iterable[Key], first: int | None, filter: MessageFilter
) -> dict[Key, Page[MessageRow]]:
    """The newest messages of each of these contacts of the parent, in one statement."""
    wanted = _her_own(actor, contacts)
    size, chosen = page_size(first), _parameters(filter)
    rows: dict[Key, list[MessageRow]] = {key: [] for key in wanted}
    if wanted and size:
        statement = statements.histories(len(wanted), frozenset(chosen))
        for row in db.all(statement, size=size + 1, **_whose(wanted), **_flat(chosen)):
            message = MessageRow._make(row)
            rows[message.district_id, message.contact_id].append(message)
    return {key: Page.cut(found, size) for key, found in rows.items()}


def _her_own(actor: Actor, contacts: Iterable[Key] | None) -> list[Key]:
    guardian = require_guardian(actor)
    wanted = sorted(set(guardian.contacts if contacts is None else contacts))
    if not set(wanted) <= set(guardian.contacts):
        raise NotFound
    return wanted


def require_known(db: Db, actor: Actor, filter: MessageFilter) -> None:
    """The parent may see everything the filter names. Raises NotFound at its place."""
    guardian = require_guardian(actor)
    policies = load_policies(db, guardian.districts) if filter.types else {}
    for place, (district, kind) in enumerate(filter.types):
        if district not in policies or kind not in policies[district].kinds:
            raise NotFound(path=("filter", "broadcastTypeIds", str(place)))
    for name, key, find in (
        ("studentId", filter.student, find_student),
        ("schoolId", filter.school, find_school),
    ):
        try:
            if key is not None:
                find(db, guardian, key)
        except NotFound as error:
            raise error.under("filter", name) from None


def _whose(contacts: Sequence[Key]) -> dict[str, UUID]:
    parameters = {}
    for place, (district, contact) in enumerate(contacts):
        parameters[f"district_{place}"], parameters[f"contact_{place}"] = district, contact
    return parameters


def _parameters(filter: MessageFilter) -> dict[str, dict[str, Any]]:
    """The clauses asked for, by their names in `statements`, with their parameters."""
    clauses: dict[str, dict[str, Any]] = {}
    if filter.types:
        clauses["types"] = {"types": list(filter.types)}
    if filter.channels:
        clauses["channels"] = {"channels": list(filter.channels)}
    if filter.student:
        clauses["student"] = dict(zip(("student_district", "student"), filter.student, strict=True))
    if filter.school:
        clauses["school"] = dict(zip(("school_district", "school"), filter.school, strict=True))
    if filter.since:
        clauses["since"] = {"since": filter.since}
    if filter.until:
        clauses["until"] = {"until": filter.until}
    if filter.text and filter.text.strip():
        clauses["text"] = {"text": containing(filter.text)}
    if filter.unread is not None:
        clauses["unread" if filter.unread else "read"] = {}
    return clauses


def _flat(clauses: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {name: value for clause in clauses.values() for name, value in clause.items()}


def find_message(db: Db, actor: Actor, key: Key) -> MessageRow:
    """One of the parent's own messages. Raises NotFound."""
    found = messages_by_key(db, actor, [key])
    if key not in found:
        raise NotFound
    return found[key]


def messages_by_key(db: Db, actor: Actor, keys: Sequence[Key]) -> dict[Key, MessageRow]:
    """Those of these messages that the parent may see, in one statement."""
    contacts = require_guardian(actor).contacts
    if not (keys and contacts):
        return {}
    rows = db.all(statements.FOUND, messages=list(set(keys)), contacts=list(contacts))
    return {row.key: row for row in map(MessageRow._make, rows)}


def deliveries_of(db: Db, messages: Sequence[Key]) -> dict[Key, list[DeliveryRow]]:
    """The deliveries of messages that were found for their reader, in one statement."""
    rows = db.all(statements.DELIVERIES, messages=list(messages)) if messages else ()
    return _by_message(messages, map(DeliveryRow._make, rows))


def students_of(db: Db, messages: Sequence[Key]) -> dict[Key, list[StudentRow]]:
    """Whom messages that were found for their reader are about, in one statement."""
    rows = db.all(statements.STUDENTS, messages=list(messages)) if messages else ()
    return _by_message(messages, map(StudentRow._make, rows))


def _by_message(messages: Iterable[Key], rows: Iterable[OfMessage]) -> dict[Key, list[OfMessage]]:
    grouped: dict[Key, list[OfMessage]] = {key: [] for key in messages}
    for row in rows:
        grouped[row.district_id, row.message_id].append(row)
    return grouped
