"""Who acts, and what they may. Every use case takes an Actor and checks there, once."""

from dataclasses import dataclass, field
from uuid import UUID

from app.errors import Forbidden, Unauthenticated
from app.vocabulary import Feature, Source


@dataclass(frozen=True, slots=True)
class Guardian:
    """A signed-in parent. `contacts` are the (district, contact) pairs her account opens."""

    account_id: UUID
    contacts: tuple[tuple[UUID, UUID], ...]
    email: str = ""
    session_id: UUID | None = None
    language: str = "en"
    source: Source = Source.APP

    @property
    def districts(self) -> frozenset[UUID]:
        return frozenset(district for district, _ in self.contacts)


@dataclass(frozen=True, slots=True)
class Grant:
    """One feature in one district; `school_id` None means all of the district's schools."""

    district_id: UUID
    feature: Feature
    school_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Staff:
    """A staff member at the desk. She may be a parent too; then she acts as a Guardian."""

    account_id: UUID
    grants: tuple[Grant, ...]
    email: str = ""
    own_contacts: tuple[tuple[UUID, UUID], ...] = ()
    session_id: UUID | None = None
    language: str = "en"
    source: Source = Source.STAFF

    @property
    def districts(self) -> frozenset[UUID]:
        return frozenset(grant.district_id for grant in self.grants)

    def features(self, district_id: UUID) -> frozenset[Feature]:
        return frozenset(g.feature for g in self.grants if g.district_id == district_id)

    def schools(self, district_id: UUID, feature: Feature) -> frozenset[UUID] | None:
        """The schools the feature is granted for; None = the whole district."""
        granted = [
            g.school_id for g in self.grants if (g.district_id, g.feature) == (district_id, feature)
        ]
        if None in granted:
            return None
        return frozenset(school for school in granted if school is not None)


@dataclass(frozen=True, slots=True)
class Service:
    """A program: the command line, an import, the worker, a machine client."""

    name: str
    districts: frozenset[UUID] = field(default_factory=frozenset)
    language: str = "en"
    source: Source = Source.IMPORT


@dataclass(frozen=True, slots=True)
class Number:
    """Whoever holds a phone or a mailbox: a key press, a text, a link from a mail."""

    districts: frozenset[UUID]
    source: Source
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Nobody yet: signed out."""

    districts: frozenset[UUID] = frozenset()
    language: str = "en"
    source: Source = Source.WEB


Actor = Guardian | Staff | Service | Number | Visitor


def require_guardian(actor: Actor) -> Guardian:
    if isinstance(actor, Visitor):
        raise Unauthenticated("Please sign in.")
    if not isinstance(actor, Guardian):
        raise Forbidden("This belongs to a parent's own account.")
    return actor


def require_staff(actor: Actor, feature: Feature, district_id: UUID | None = None) -> Staff:
    """The staff member who holds `feature` (in `district_id`, or anywhere when None)."""
    if isinstance(actor, Visitor):
        raise Unauthenticated("Please sign in.")
    if isinstance(actor, Staff) and any(
        grant.feature is feature and district_id in (None, grant.district_id)
        for grant in actor.grants
    ):
        return actor
    raise Forbidden(f"You have not been granted {feature}.")


def identity(actor: Actor) -> str:
    """A stable name for ledger and audit: kind:id, never a person's name or address."""
    match actor:
        case Guardian():
            return f"account:{actor.account_id}"
        case Staff():
            return f"staff:{actor.account_id}"
        case Service():
            return f"service:{actor.name}"
        case Number():
            return "number"
        case Visitor():
            return "visitor"
