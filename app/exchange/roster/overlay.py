"""How what the SIS says stands to what was approved over it. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from app.exchange.roster.held import HeldEdit, HeldLink, Point
from app.vocabulary import ContactField

ADDING = (ContactField.ADD_PHONE, ContactField.ADD_EMAIL)
REMOVING = (ContactField.REMOVE_PHONE, ContactField.REMOVE_EMAIL)


class Overlay(Enum):
    """How what the SIS says stands to an approved edit of the same field."""

    NONE = auto()
    TAKEN = auto()
    NOT_YET = auto()
    CONFLICT = auto()


def overlay(said: str | None, edit: HeldEdit | None) -> Overlay:
    """The SIS's old value does not undo an edit, its new one ends it, a third is for staff."""
    if edit is None:
        return Overlay.NONE
    if (said or None) == (edit.after or None):
        return Overlay.TAKEN
    if (said or None) == (edit.before or None):
        return Overlay.NOT_YET
    return Overlay.CONFLICT


@dataclass(frozen=True, slots=True)
class PointEdits:
    """What approved requests have added to a contact's numbers and addresses, and taken away.

    An addition and the removals of one item are a replacement.
    """

    adding: dict[Point, HeldEdit]
    removing: dict[Point, HeldEdit]

    @classmethod
    def of(cls, edits: Sequence[HeldEdit]) -> "PointEdits":
        return cls(
            adding={edit.point: edit for edit in edits if edit.field in ADDING and edit.point},
            removing={edit.point: edit for edit in edits if edit.field in REMOVING and edit.point},
        )

    def ended(self, brought: Collection[Point], whole: Collection[object]) -> list[HeldEdit]:
        """Those with which the SIS agrees. Only a whole list can show that it has none."""
        return [
            *(edit for point, edit in self.adding.items() if point in brought),
            *(
                edit
                for point, edit in self.removing.items()
                if point[0] in whole and point not in brought
            ),
        ]

    def third_values(
        self, slots: Mapping[Point, str], links: Mapping[Point, HeldLink]
    ) -> Iterator[tuple[HeldEdit, Point]]:
        """Additions whose replaced value's slot now holds neither the old value nor the new.

        `slots` are the points that the SIS brings, with their slots.
        """
        for new, addition in self.adding.items():
            removals = {
                old: edit for old, edit in self.removing.items() if edit.item_id == addition.item_id
            }
            theirs = {edit.slot for edit in removals.values() if edit.slot is not None}
            there = [
                point for point, slot in slots.items() if point[0] == new[0] and slot in theirs
            ]
            come = [point for point in there if _is_new_in(slots[point], links.get(point))]
            if come and {new, *removals}.isdisjoint(there) and not addition.conflict_request_id:
                yield addition, come[0]


def _is_new_in(slot: str, link: HeldLink | None) -> bool:
    return link is None or link.retired_at is not None or link.slot != slot
