"""One batch of sent broadcasts becomes rows: new ones whole, known ones only moved forward."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.database import Db
from app.directory.policy import Policy, load_policies
from app.exchange.broadcast_known import KnownBroadcast, KnownDelivery, load_known
from app.exchange.broadcast_lines import SentBroadcast, SentDelivery
from app.exchange.broadcast_why import NOBODY_KNOWS, Sending, explain, is_recent, own_reason
from app.exchange.ndjson import Fault, LineError, LineProblem
from app.messages.models import Broadcast, Delivery, Message, MessageStudent
from app.messages.progress import moves_forward
from app.messages.search import searchable
from app.vocabulary import DeliveryStatus

CLOCKS_DIFFER = timedelta(hours=24)
BROADCASTS_CREATED, BROADCASTS_UNCHANGED = "broadcasts_created", "broadcasts_unchanged"
MESSAGES_CREATED, DELIVERIES_CREATED = "messages_created", "deliveries_created"
DELIVERIES_MOVED, DELIVERIES_UNCHANGED = "deliveries_moved", "deliveries_unchanged"
OUTCOMES = (
    BROADCASTS_CREATED,
    BROADCASTS_UNCHANGED,
    MESSAGES_CREATED,
    DELIVERIES_CREATED,
    DELIVERIES_MOVED,
    DELIVERIES_UNCHANGED,
)
MOVE = (
    sa.update(Delivery)
    .where(
        Delivery.district_id == sa.bindparam("of_district"),
        Delivery.id == sa.bindparam("of_delivery"),
        Delivery.status == DeliveryStatus.SENT,
    )
    .values(status=sa.bindparam("to_status"), at=sa.bindparam("to_at"))
)


def take_broadcasts(
    db: Db, district_id: UUID, batch: Sequence[SentBroadcast]
) -> tuple[Counter[str], list[LineProblem]]:
    """Bring these in (no id twice among them); what became of them, and what could not be used.

    A broadcast that is there already takes further deliveries, so that a large one may go over
    several lines; its own text never changes again.
    """
    intake = Intake(db, load_policies(db, [district_id])[district_id], batch)
    for sent in batch:
        intake.take(sent)
    intake.write()
    return intake.tally, intake.problems


class Intake:
    """One batch on its way into the tables."""

    def __init__(self, db: Db, policy: Policy, batch: Sequence[SentBroadcast]) -> None:
        self.tally: Counter[str] = Counter()
        self.problems: list[LineProblem] = []
        self._db = db
        self._policy = policy
        self._types = {kind.code: kind.id for kind in policy.kinds.values()}
        self._known = load_known(db, policy.id, batch)
        self._rows: dict[Any, list[dict[str, Any]]] = {
            table: [] for table in (Broadcast, Message, MessageStudent, Delivery)
        }
        self._moves: list[dict[str, Any]] = []
        self._sendings: list[Sending] = []

    def take(self, sent: SentBroadcast) -> None:
        try:
            broadcast_id = self._broadcast(sent)
        except LineError as error:
            self.problems.append(LineProblem.of(sent.line, error))
            return
        for delivery in sent.deliveries:
            try:
                self._delivery(sent, broadcast_id, delivery)
            except LineError as error:
                self.problems.append(LineProblem.of(sent.line, error))

    def write(self) -> None:
        explain(self._db, self._policy, self._sendings)
        for table, rows in self._rows.items():
            self._db.insert_many(table, rows)
        if self._moves:
            self._db.connection.execute(MOVE, self._moves)

    def _broadcast(self, sent: SentBroadcast) -> UUID:
        if sent.sent_at > self._db.now + CLOCKS_DIFFER:
            raise LineError(Fault.INSTANT, "This time has not come yet.", "sent_at")
        head = self._head(sent)
        known = self._known.broadcasts.get(sent.id)
        if known is not None:
            _require_same(known, head)
            self.tally[BROADCASTS_UNCHANGED] += 1
            return known.id
        self.tally[BROADCASTS_CREATED] += 1
        searched = searchable(f"{sent.subject} {sent.body}")
        return self._add(Broadcast, source_id=sent.id, searched=searched, **head)

    def _head(self, sent: SentBroadcast) -> dict[str, Any]:
        return {
            "broadcast_type_id": _found(self._types, sent.type, "broadcast type", "type"),
            "school_id": sent.school
            and _found(self._known.schools, sent.school, "school", "school"),
            "subject": sent.subject,
            "body": sent.body,
            "audio_url": sent.audio_url,
            "language": sent.language,
            "sent_at": sent.sent_at,
        }

    def _delivery(self, sent: SentBroadcast, broadcast_id: UUID, delivery: SentDelivery) -> None:
        path = ("deliveries", str(delivery.place))
        contact = _found(self._known.contacts, delivery.contact, "contact", *path, "contact")
        students = [
            _found(self._known.students, student, "student", *path, "students")
            for student in delivery.students
        ]
        known = self._known.deliveries.get(delivery.id)
        if known is not None:
            self._move(known, delivery, (broadcast_id, contact), path)
            return
        row = self._deliver(delivery, self._message(sent, broadcast_id, contact, students))
        self._find_reason(row, sent, delivery, contact, students)

    def _move(
        self,
        known: KnownDelivery,
        delivery: SentDelivery,
        message: tuple[UUID, UUID],
        path: tuple[str, ...],
    ) -> None:
        same = (known.broadcast_id, known.contact_id, known.channel) == (*message, delivery.channel)
        if not same or known.sent_to not in (delivery.to, delivery.value):
            raise LineError(
                Fault.CHANGED, "This id belongs to another delivery already.", *path, "id"
            )
        if not moves_forward(known.status, delivery.status):
            self.tally[DELIVERIES_UNCHANGED] += 1
            return
        self.tally[DELIVERIES_MOVED] += 1
        self._moves.append(
            {
                "of_district": self._policy.id,
                "of_delivery": known.id,
                "to_status": delivery.status,
                "to_at": delivery.at,
            }
        )

    def _message(
        self, sent: SentBroadcast, broadcast_id: UUID, contact: UUID, students: list[UUID]
    ) -> UUID:
        """The contact's one message of this broadcast, about these students too."""
        message = self._known.messages.get((broadcast_id, contact))
        if message is None:
            message = self._add(
                Message, broadcast_id=broadcast_id, contact_id=contact, sent_at=sent.sent_at
            )
            self._known.messages[broadcast_id, contact] = message
            self.tally[MESSAGES_CREATED] += 1
        for student in students:
            if (message, student) not in self._known.about:
                self._known.about.add((message, student))
                self._add(MessageStudent, message_id=message, student_id=student)
        return message

    def _deliver(self, delivery: SentDelivery, message: UUID) -> dict[str, Any]:
        destination = self._destination(delivery)
        self._add(
            Delivery,
            source_id=delivery.id,
            message_id=message,
            destination_id=destination,
            channel=delivery.channel,
            sent_to=delivery.to if destination is None else delivery.value,
            status=delivery.status,
            at=delivery.at,
            **NOBODY_KNOWS,
        )
        self.tally[DELIVERIES_CREATED] += 1
        return self._rows[Delivery][-1]

    def _destination(self, delivery: SentDelivery) -> UUID | None:
        if delivery.kind is None or delivery.value is None:
            return None
        return self._known.destinations.get((delivery.kind, delivery.value))

    def _find_reason(
        self,
        row: dict[str, Any],
        sent: SentBroadcast,
        delivery: SentDelivery,
        contact: UUID,
        students: list[UUID],
    ) -> None:
        if delivery.reason is not None:
            row.update(own_reason(delivery.reason, delivery.status))
        elif row["destination_id"] is not None and is_recent(sent.sent_at, self._db.now):
            lost = any((contact, student) in self._known.without_rights for student in students)
            self._sendings.append(
                Sending(
                    row=row,
                    contact_id=contact,
                    destination_id=row["destination_id"],
                    channel=delivery.channel,
                    broadcast_type_id=self._types[sent.type],
                    sent_at=sent.sent_at,
                    status=delivery.status,
                    rights=not lost,
                )
            )

    def _add(self, table: Any, **columns: Any) -> UUID:
        row_id: UUID = uuid7()
        self._rows[table].append({"district_id": self._policy.id, "id": row_id, **columns})
        return row_id


def _found(rows: dict[str, UUID], source_id: str, noun: str, *path: str) -> UUID:
    if source_id not in rows:
        raise LineError(Fault.UNKNOWN_REFERENCE, f"The district has no {noun} with this id.", *path)
    return rows[source_id]


def _require_same(known: KnownBroadcast, head: dict[str, Any]) -> None:
    """What retention has removed cannot be compared any more."""
    removed = ("subject", "body", "audio_url") if known.removed_at else ()
    for name, value in head.items():
        if getattr(known, name) != value and name not in removed:
            raise LineError(
                Fault.CHANGED,
                "A broadcast with this id is there already and says something else here.",
                name.removesuffix("_id").removeprefix("broadcast_"),
            )
