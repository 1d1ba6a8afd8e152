"""Situations for the rules: for each clause of the decision table what makes it answer."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.consent import rules
from app.consent.quiet_hours import QuietSpan
from app.consent.rules import Clause, Decision, Facts, Said, Stop, TypeRule
from app.vocabulary import Channel, ConsentStatus, DecisionReason, OptOutScope

ATTENDANCE, SURVEY = UUID(int=1), UUID(int=2)
CHICAGO = ZoneInfo("America/Chicago")
NOON = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)  # noon in Chicago
EVENING = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
SCHOOL_HOURS = (8 * 60, 15 * 60)  # quiet while she works nights
AFTER_SCHOOL = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)


def event(number: int) -> UUID:
    return UUID(int=1000 + number)


def stop(scope: OptOutScope, kind: UUID | None = None, number: int = 0) -> Stop:
    return Stop(scope, kind, event(number))


@dataclass(frozen=True)
class Situation:
    """What differs from a plain day on which everything goes out."""

    clause: Clause
    expected: Decision
    facts: dict[str, Any] = field(default_factory=dict)
    kind: dict[str, Any] = field(default_factory=dict)
    rights: bool = True

    def __str__(self) -> str:
        return f"{self.clause.__name__}-{self.expected.reason}"

    def decide(self, under: "Situation | None" = None) -> Decision:
        """The answer, also where the facts of a lower row stand beside these."""
        low_facts, low_kind = (under.facts, under.kind) if under else ({}, {})
        return rules.decide(
            facts(**low_facts | self.facts),
            kind(**low_kind | self.kind),
            NOON,
            rights=self.rights and (under is None or under.rights),
        )


def facts(**known: Any) -> Facts:
    return Facts(**{"channel": Channel.VOICE, "timezone": CHICAGO} | known)


def kind(**says: Any) -> TypeRule:
    return TypeRule(
        **{"id": ATTENDANCE, "emergency": False, "default": True, "locked": False} | says
    )


def no(reason: DecisionReason, number: int | None = None) -> Decision:
    return Decision(False, reason, event=None if number is None else event(number))


# The numbers are those of the rows; the ledger line of row n is event(n).
SITUATIONS = (
    Situation(rules.unreachable, no(DecisionReason.UNREACHABLE), {"reachable": False}),
    Situation(
        rules.blocked, no(DecisionReason.BLOCKED, 2), {"blocked": True, "block_event": event(2)}
    ),
    Situation(rules.no_rights, no(DecisionReason.NO_RIGHTS), rights=False),
    Situation(
        rules.consent_revoked,
        no(DecisionReason.CONSENT_REVOKED, 4),
        {"consent": ConsentStatus.REVOKED, "consent_event": event(4)},
    ),
    Situation(
        rules.opted_out,
        no(DecisionReason.OPTED_OUT, 5),
        {"opt_outs": (stop(OptOutScope.BROADCAST_TYPE, ATTENDANCE, 5),)},
    ),
    Situation(rules.held, no(DecisionReason.HELD, 6), {"holds": (stop(OptOutScope.ALL, None, 6),)}),
    Situation(rules.emergency, Decision(True, DecisionReason.EMERGENCY), kind={"emergency": True}),
    Situation(
        rules.consent_missing, no(DecisionReason.CONSENT_MISSING), {"consent_required": True}
    ),
    Situation(
        rules.chosen_no,
        no(DecisionReason.CHOSEN, 9),
        {"wanted": {ATTENDANCE: Said(False, event(9))}},
    ),
    Situation(rules.default_no, no(DecisionReason.DEFAULT), {"wanted": {}}, {"default": False}),
    Situation(
        rules.not_yet,
        Decision(False, DecisionReason.PAUSED, EVENING, event(11)),
        {"paused_until": EVENING, "pause_event": event(11)},
    ),
    Situation(
        rules.not_yet,
        Decision(False, DecisionReason.QUIET_HOURS, AFTER_SCHOOL, event(12)),
        {"quiet": QuietSpan(*SCHOOL_HOURS, event(12))},
    ),
    Situation(
        rules.otherwise,
        Decision(True, DecisionReason.CHOSEN, event=event(13)),
        {"wanted": {ATTENDANCE: Said(True, event(13))}},
    ),
    Situation(rules.otherwise, Decision(True, DecisionReason.DEFAULT)),
)
