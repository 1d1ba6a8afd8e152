"""What a district has settled: its types, what needs consent, its quiet hours."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.consent.quiet_hours import QuietSpan
from app.consent.rules import TypeRule
from app.database import Db
from app.directory.models import BroadcastType, District
from app.vocabulary import Channel, ContactEditMode, OptOutHandling

DISTRICTS = sa.select(District.__table__).where(
    District.id.in_(sa.bindparam("districts", expanding=True))
)
TYPES = (
    sa.select(BroadcastType.__table__)
    .where(BroadcastType.district_id.in_(sa.bindparam("districts", expanding=True)))
    .order_by(BroadcastType.position, BroadcastType.code)
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One broadcast type; names and descriptions by language."""

    district_id: UUID
    id: UUID
    code: str
    name: dict[str, str]
    description: dict[str, str]
    emergency: bool
    default: dict[str, bool]
    locked: frozenset[str]
    retired_at: datetime | None

    def rule(self, channel: Channel) -> TypeRule:
        return TypeRule(
            self.id, self.emergency, self.default.get(channel, False), channel in self.locked
        )

    def name_in(self, language: str) -> str:
        return in_language(self.name, language)

    def description_in(self, language: str) -> str:
        return in_language(self.description, language)


def in_language(texts: dict[str, str], language: str) -> str:
    """The text in that language, else its base language, else English, else any."""
    for wanted in (language, language.split("-", maxsplit=1)[0], "en"):
        if wanted in texts:
            return texts[wanted]
    return next(iter(texts.values()), "")


@dataclass(frozen=True, slots=True)
class Policy:
    """A district as the rules need it. `kinds` holds retired types too, in their order."""

    id: UUID
    key: str
    name: str
    timezone: ZoneInfo
    region: str
    opt_out_handling: OptOutHandling
    contact_edit: ContactEditMode
    consent_required: frozenset[str]
    quiet: dict[str, QuietSpan]
    kinds: dict[UUID, Kind]
    version: int

    @property
    def offered(self) -> list[Kind]:
        """The types that are still sent."""
        return [kind for kind in self.kinds.values() if kind.retired_at is None]


def load_policies(db: Db, districts: Iterable[UUID]) -> dict[UUID, Policy]:
    """The policies of these districts, in two statements."""
    wanted = list(set(districts))
    kinds: dict[UUID, dict[UUID, Kind]] = {district: {} for district in wanted}
    for row in db.all(TYPES, districts=wanted):
        kinds[row.district_id][row.id] = _kind(row)
    return {row.id: _policy(row, kinds[row.id]) for row in db.all(DISTRICTS, districts=wanted)}


def _kind(row: Any) -> Kind:
    return Kind(
        district_id=row.district_id,
        id=row.id,
        code=row.code,
        name=row.name,
        description=row.description,
        emergency=row.emergency,
        default=row.default,
        locked=frozenset(row.locked),
        retired_at=row.retired_at,
    )


def _policy(row: Any, kinds: dict[UUID, Kind]) -> Policy:
    return Policy(
        id=row.id,
        key=row.key,
        name=row.name,
        timezone=ZoneInfo(row.timezone),
        region=row.region,
        opt_out_handling=row.opt_out_handling,
        contact_edit=row.contact_edit,
        consent_required=frozenset(row.consent_required),
        quiet={
            channel: QuietSpan(minute_of_day(span[0]), minute_of_day(span[1]))
            for channel, span in row.quiet_hours.items()
        },
        kinds=kinds,
        version=row.version,
    )


def minute_of_day(text: str) -> int:
    """`"21:30"` -> 1290. Raises ValueError on anything but HH:MM of one day."""
    hours, colon, minutes = text.partition(":")
    if not (colon and len(hours) == len(minutes) == 2 and (hours + minutes).isascii()):
        raise ValueError("a time of day is written HH:MM")
    if not (hours + minutes).isdigit() or int(hours) > 23 or int(minutes) > 59:
        raise ValueError("a time of day lies between 00:00 and 23:59")
    return int(hours) * 60 + int(minutes)


def time_of_day(minute: int) -> str:
    """1290 -> `"21:30"`."""
    return f"{minute // 60:02}:{minute % 60:02}"
