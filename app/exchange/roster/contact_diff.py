"""One contact: what the roster says against what is held and what was approved. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.exchange.roster.held import HeldContact, HeldEdit, HeldLink, Point
from app.exchange.roster.overlay import Overlay, PointEdits, overlay
from app.exchange.roster.people import NOUN_OF, Roster, StagedContact, StagedPoint
from app.exchange.roster.report import Noun, Outcome, Tally
from app.vocabulary import ContactField, DestinationKind

COLUMN_OF = {
    ContactField.GIVEN_NAME: "given_name",
    ContactField.FAMILY_NAME: "family_name",
    ContactField.LANGUAGE: "language",
    ContactField.ADDRESS: "address",
}
REPLACING = {
    DestinationKind.PHONE: ContactField.REPLACE_PHONE,
    DestinationKind.MAILBOX: ContactField.REPLACE_EMAIL,
}
LANGUAGE_OF_NOBODY = "en"


@dataclass(slots=True)
class NewLink:
    id: UUID
    point: Point
    values: dict[str, Any]


@dataclass(slots=True)
class SisConflict:
    """A third value, for staff to decide; `now` is the SIS's, `approved` ours."""

    edit_id: UUID
    field: ContactField
    now: str | None
    approved: str | None
    link_id: UUID | None = None


@dataclass(slots=True)
class ContactChange:
    """What to write for one contact. `version` is the one this was compared with, None = new."""

    source_id: str
    id: UUID
    version: int | None
    values: dict[str, Any] = field(default_factory=dict)
    new_links: list[NewLink] = field(default_factory=list)
    set_links: list[tuple[UUID, dict[str, Any]]] = field(default_factory=list)
    retired_links: list[UUID] = field(default_factory=list)
    ended_edits: list[UUID] = field(default_factory=list)
    conflicts: list[SisConflict] = field(default_factory=list)
    tally: Tally = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return bool(
            self.values
            or self.new_links
            or self.set_links
            or self.retired_links
            or self.ended_edits
            or self.conflicts
        )

    @property
    def retires(self) -> bool:
        return self.values.get("retired_at") is not None


@dataclass(frozen=True, slots=True)
class ContactDiff:
    """Compares single contacts with one roster. `retyped` are the numbers whose line type the
    roster corrects.
    """

    roster: Roster
    source: str
    now: datetime
    retyped: frozenset[Point] = frozenset()

    def compare(self, source_id: str, held: HeldContact | None) -> ContactChange:
        staged = self.roster.contacts.get(source_id)
        change = ContactChange(
            source_id, held.id if held else uuid7(), held.version if held else None
        )
        if held is None:
            assert staged is not None, "a contact comes from the roster or is held"
            _create(change, staged, self.source)
        elif staged is not None:
            _update(change, staged, held, self.source)
        elif self._is_gone(held):
            _retire(change, held, self.now)
            return change
        if held is None or held.retired_at is None or staged is not None:
            self._compare_points(change, held)
        return change

    def _is_gone(self, held: HeldContact) -> bool:
        return (
            held.retired_at is None
            and held.brought_by == self.source
            and self._is_whole(Noun.CONTACTS, held.source_id)
        )

    def _is_whole(self, noun: Noun, source_id: str) -> bool:
        """Whether the roster says everything of this noun about this contact."""
        return self.roster.is_whole(noun) and source_id not in self.roster.kept[noun]

    def _compare_points(self, change: ContactChange, held: HeldContact | None) -> None:
        points = self.roster.points.get(change.source_id, [])
        whole = {kind for kind, noun in NOUN_OF.items() if self._is_whole(noun, change.source_id)}
        if held is None and not points:
            return
        _note_unusable(change, points, held, whole)
        wanted: dict[Point, StagedPoint] = {}
        for point in points:
            if point.value is not None:
                wanted.setdefault((point.kind, point.value), point)
        links = held.links if held else {}
        edits = PointEdits.of(held.edits if held else [])
        for key, point in wanted.items():
            if key not in edits.removing:
                self._take(change, key, point, links.get(key))
        slots = {key: point.slot for key, point in wanted.items()}
        for addition, third in edits.third_values(slots, links):
            change.conflicts.append(_replaced_by_third(change, addition, third, links))
        for key in links.keys() - wanted.keys():
            self._leave(change, key, links[key], edits, held, whole)
        change.ended_edits += [edit.id for edit in edits.ended(wanted, whole)]

    def _leave(
        self,
        change: ContactChange,
        key: Point,
        link: HeldLink,
        edits: PointEdits,
        held: HeldContact | None,
        whole: set[DestinationKind],
    ) -> None:
        """The roster no longer brings it, or never did."""
        if key in edits.adding:
            _bring_back(change, held, key, link)
        elif link.retired_at is None and link.brought_by == self.source and key[0] in whole:
            _retire_link(change, key, link)

    def _take(
        self, change: ContactChange, key: Point, point: StagedPoint, link: HeldLink | None
    ) -> None:
        """The contact holds what the roster brings."""
        noun = NOUN_OF[point.kind]
        values: dict[str, Any] = {
            "label": point.label,
            "extension": point.extension,
            "display": point.text,
            "priority": point.priority,
            "slot": point.slot,
        }
        if link is None:
            values["brought_by"] = self.source
            change.new_links.append(NewLink(uuid7(), key, values))
            change.tally[Outcome.CREATED, noun] += 1
            return
        stale = link.retired_at is not None or link.brought_by is None
        values["brought_by"] = self.source if stale else link.brought_by
        values["retired_at"] = None
        if any(getattr(link, column) != value for column, value in values.items()):
            change.set_links.append((link.id, values))
            change.tally[Outcome.UPDATED, noun] += 1
        elif key in self.retyped:
            change.tally[Outcome.UPDATED, noun] += 1
        else:
            change.tally[Outcome.UNCHANGED, noun] += 1


def _create(change: ContactChange, staged: StagedContact, source: str) -> None:
    change.values = {
        "language": LANGUAGE_OF_NOBODY,
        "address": None,
        **{COLUMN_OF[field]: said for field, said in staged.said.items()},
        "sis": {field.value: said for field, said in staged.said.items()},
        "unusable": [],
        "brought_by": source,
    }
    change.tally[Outcome.CREATED, Noun.CONTACTS] += 1


def _update(change: ContactChange, staged: StagedContact, held: HeldContact, source: str) -> None:
    edits = {edit.field: edit for edit in held.edits}  # the newest of a field is the last
    sis = held.sis | {field.value: said for field, said in staged.said.items()}
    if sis != held.sis:
        change.values["sis"] = sis
    for name, said in staged.said.items():
        edit = edits.get(name)
        verdict = overlay(said, edit)
        if verdict in (Overlay.NONE, Overlay.TAKEN) and getattr(held, COLUMN_OF[name]) != said:
            change.values[COLUMN_OF[name]] = said
        if verdict is Overlay.TAKEN:
            change.ended_edits += [edit.id for edit in held.edits if edit.field is name]
        if verdict is Overlay.CONFLICT and edit and edit.conflict_request_id is None:
            change.conflicts.append(SisConflict(edit.id, name, said, edit.after))
    if held.retired_at is not None:
        change.values |= {"retired_at": None, "brought_by": source}
    outcome = Outcome.UPDATED if change.values else Outcome.UNCHANGED
    change.tally[outcome, Noun.CONTACTS] += 1


def _retire(change: ContactChange, held: HeldContact, now: datetime) -> None:
    """She holds nothing any more, not even what a request had added; edits wait for her."""
    change.values = {"retired_at": now}
    change.tally[Outcome.RETIRED, Noun.CONTACTS] += 1
    for key, link in held.links.items():
        if link.retired_at is None:
            _retire_link(change, key, link)


def _retire_link(change: ContactChange, key: Point, link: HeldLink) -> None:
    change.retired_links.append(link.id)
    change.tally[Outcome.RETIRED, NOUN_OF[key[0]]] += 1


def _bring_back(
    change: ContactChange, held: HeldContact | None, key: Point, link: HeldLink
) -> None:
    """What a request added stays, and returns with a contact who was away."""
    if held and held.retired_at is not None and link.retired_at is not None:
        change.set_links.append((link.id, {"retired_at": None}))
        change.tally[Outcome.UPDATED, NOUN_OF[key[0]]] += 1


def _note_unusable(
    change: ContactChange,
    points: Sequence[StagedPoint],
    held: HeldContact | None,
    whole: set[DestinationKind],
) -> None:
    """The school's text that is no number and no address, for staff to see."""
    before = held.unusable if held else []
    unusable = [text for text in before if text["kind"] not in whole]
    for point in points:
        text = {"kind": point.kind.value, "label": point.label, "text": point.text}
        if point.value is None and text not in unusable:
            unusable.append(text)
    if unusable != before:
        change.values["unusable"] = unusable
        _count_as_updated(change)


def _count_as_updated(change: ContactChange) -> None:
    if change.tally[Outcome.UNCHANGED, Noun.CONTACTS]:
        change.tally[Outcome.UNCHANGED, Noun.CONTACTS] -= 1
        change.tally[Outcome.UPDATED, Noun.CONTACTS] += 1


def _replaced_by_third(
    change: ContactChange, addition: HeldEdit, third: Point, links: dict[Point, HeldLink]
) -> SisConflict:
    assert addition.point is not None, "what was added is a number or an address"
    return SisConflict(
        edit_id=addition.id,
        field=REPLACING[third[0]],
        now=third[1],
        approved=addition.point[1],
        link_id=_link_id(change, third, links),
    )


def _link_id(change: ContactChange, key: Point, links: dict[Point, HeldLink]) -> UUID | None:
    if key in links:
        return links[key].id
    return next((link.id for link in change.new_links if link.point == key), None)
