"""Who may be reached: the decision table row by row, and the laws that hold over all of it."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.consent import rules
from app.consent.quiet_hours import QuietSpan
from app.consent.rules import (
    CLAUSES,
    Decision,
    Facts,
    Lowered,
    Raise,
    Said,
    TypeRule,
    decide,
    may_raise,
)
from app.vocabulary import Channel, ConsentStatus, DecisionReason, OptOutScope, Source
from tests.consent.situations import (
    ATTENDANCE,
    CHICAGO,
    EVENING,
    NOON,
    SITUATIONS,
    SURVEY,
    Situation,
    event,
    facts,
    kind,
    no,
    stop,
)
from tests.consent.zones import ZONES, instants_near_a_jump, spans_near_a_jump

ALL, NON_EMERGENCY, ONE_TYPE = (
    OptOutScope.ALL,
    OptOutScope.NON_EMERGENCY,
    OptOutScope.BROADCAST_TYPE,
)
NOT_YET = (DecisionReason.PAUSED, DecisionReason.QUIET_HOURS)
MINUTE = timedelta(minutes=1)


# The table, row by row


@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_each_row_of_the_table_answers_where_it_applies(situation: Situation):
    assert situation.decide() == situation.expected


def test_every_clause_has_its_situation():
    assert list(dict.fromkeys(situation.clause for situation in SITUATIONS)) == list(CLAUSES)


PAIRS = [
    (high, low)
    for high, low in itertools.combinations(SITUATIONS, 2)
    if high.clause is not low.clause
]


@pytest.mark.parametrize(("high", "low"), PAIRS, ids=str)
def test_of_any_two_rows_the_higher_one_wins(high: Situation, low: Situation):
    assert high.decide(under=low) == high.expected


STOPS = [  # scope, the type it names, stops ATTENDANCE, stops an emergency of type ATTENDANCE
    (ALL, None, True, True),
    (NON_EMERGENCY, None, True, False),
    (ONE_TYPE, ATTENDANCE, True, True),
    (ONE_TYPE, SURVEY, False, False),
]


@pytest.mark.parametrize("which", ["opt_outs", "holds"])
@pytest.mark.parametrize(("scope", "named", "stops_it", "stops_emergency"), STOPS)
def test_a_stop_covers_what_its_scope_says(which, scope, named, stops_it, stops_emergency):
    reason = {"opt_outs": DecisionReason.OPTED_OUT, "holds": DecisionReason.HELD}[which]
    stopped = facts(**{which: (stop(scope, named),)})
    for of_type, covered in ((kind(), stops_it), (kind(emergency=True), stops_emergency)):
        decision = decide(stopped, of_type, NOON)
        assert decision.allowed is not covered
        assert (decision.reason, decision.event) == (reason, event(0)) or not covered


def test_of_several_stops_the_broadest_is_named_whatever_their_order():
    stops = [stop(ONE_TYPE, ATTENDANCE, 1), stop(NON_EMERGENCY, None, 2), stop(ALL, None, 3)]
    for order in itertools.permutations(stops):
        assert decide(facts(opt_outs=order), kind(), NOON).event == event(3)
    for order in itertools.permutations(stops[:2]):
        assert decide(facts(opt_outs=order), kind(), NOON).event == event(2)


LOCKED = [  # what else is so, and what comes of it where the type is locked
    ({}, {}, Decision(True, DecisionReason.DEFAULT)),
    ({"wanted": {ATTENDANCE: Said(False, event(1))}}, {}, Decision(True, DecisionReason.DEFAULT)),
    (
        {"wanted": {ATTENDANCE: Said(True, event(1))}},
        {},
        Decision(True, DecisionReason.CHOSEN, event=event(1)),
    ),
    (
        {"wanted": {ATTENDANCE: Said(False, event(1))}},
        {"default": False},
        no(DecisionReason.DEFAULT),
    ),
    ({"opt_outs": (stop(NON_EMERGENCY),)}, {}, no(DecisionReason.OPTED_OUT, 0)),
    ({"holds": (stop(ONE_TYPE, ATTENDANCE),)}, {}, no(DecisionReason.HELD, 0)),
    ({"consent": ConsentStatus.REVOKED}, {}, no(DecisionReason.CONSENT_REVOKED)),
    ({"blocked": True}, {}, no(DecisionReason.BLOCKED)),
    ({"consent_required": True}, {}, no(DecisionReason.CONSENT_MISSING)),
    (
        {"wanted": {ATTENDANCE: Said(False, event(1))}, "paused_until": EVENING},
        {},
        Decision(False, DecisionReason.PAUSED, EVENING),
    ),
]


@pytest.mark.parametrize(("known", "of_type", "expected"), LOCKED)
def test_locked_limits_a_choice_and_nothing_else(known, of_type, expected):
    assert decide(facts(**known), kind(locked=True, **of_type), NOON) == expected


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("status", ConsentStatus)
def test_consent_is_asked_for_only_where_the_district_wants_it(status, required):
    reason = decide(facts(consent=status, consent_required=required), kind(), NOON).reason
    expected = {
        ConsentStatus.REVOKED: DecisionReason.CONSENT_REVOKED,
        ConsentStatus.GRANTED: DecisionReason.DEFAULT,
        ConsentStatus.UNKNOWN: DecisionReason.CONSENT_MISSING
        if required
        else DecisionReason.DEFAULT,
    }
    assert reason == expected[status]


# Pauses and quiet hours


@pytest.mark.parametrize(
    "situation", [row for row in SITUATIONS if not row.expected.not_before], ids=str
)
def test_only_whom_a_message_would_reach_is_told_to_wait(situation: Situation):
    """A paused contact who chose no, whose number is stopped, ... must not be asked again."""
    waiting = replace(
        situation, facts={**situation.facts, "paused_until": EVENING, "quiet": QuietSpan(0, 1439)}
    )
    if situation.clause is rules.otherwise:
        assert waiting.decide().not_before is not None
    else:
        assert waiting.decide() == situation.expected


def chicago(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=CHICAGO).astimezone(UTC)


NIGHT, WORKDAY = QuietSpan(21 * 60, 7 * 60), QuietSpan(9 * 60, 17 * 60)
PAUSED, QUIET_HOURS = DecisionReason.PAUSED, DecisionReason.QUIET_HOURS
WAITS = [  # at, paused until, quiet hours, what ends last, when
    (chicago(20, 12), chicago(20, 18), NIGHT, PAUSED, chicago(20, 18)),
    (chicago(20, 12), chicago(20, 21), NIGHT, QUIET_HOURS, chicago(21, 7)),
    (chicago(20, 12), chicago(20, 23), NIGHT, QUIET_HOURS, chicago(21, 7)),
    (chicago(20, 12), chicago(22, 3), NIGHT, QUIET_HOURS, chicago(22, 7)),
    (chicago(20, 22), chicago(20, 23), NIGHT, QUIET_HOURS, chicago(21, 7)),
    (chicago(20, 22), chicago(21, 7), NIGHT, PAUSED, chicago(21, 7)),
    (chicago(20, 22), chicago(21, 12), NIGHT, PAUSED, chicago(21, 12)),
    (chicago(20, 22), chicago(20, 21), NIGHT, QUIET_HOURS, chicago(21, 7)),
    (chicago(20, 22), None, NIGHT, QUIET_HOURS, chicago(21, 7)),
    (chicago(20, 21), None, NIGHT, QUIET_HOURS, chicago(21, 7)),
    (chicago(21, 6, 59), None, NIGHT, QUIET_HOURS, chicago(21, 7)),
    (chicago(20, 9), None, WORKDAY, QUIET_HOURS, chicago(20, 17)),
    (chicago(20, 8), chicago(20, 9), WORKDAY, QUIET_HOURS, chicago(20, 17)),
    (chicago(20, 21), chicago(20, 22), None, PAUSED, chicago(20, 22)),
    (chicago(21, 7), None, NIGHT, None, None),
    (chicago(20, 20, 59), None, NIGHT, None, None),
    (chicago(20, 12), chicago(20, 12), None, None, None),
    (chicago(20, 17), None, WORKDAY, None, None),
]


@pytest.mark.parametrize(("at", "until", "quiet", "reason", "ends"), WAITS)
def test_of_a_pause_and_quiet_hours_the_one_that_ends_last_is_named(at, until, quiet, reason, ends):
    known = facts(
        paused_until=until, pause_event=event(1), quiet=quiet and replace(quiet, event=event(2))
    )
    named = {PAUSED: event(1), QUIET_HOURS: event(2)}
    if reason is None:
        assert decide(known, kind(), at) == Decision(True, DecisionReason.DEFAULT)
    else:
        assert decide(known, kind(), at) == Decision(False, reason, ends, named[reason])


def test_quiet_hours_do_not_hold_back_mail():
    known = facts(channel=Channel.EMAIL, quiet=NIGHT)
    assert decide(known, kind(), chicago(20, 22)).allowed


# Laws


def _stops():
    scoped = st.sampled_from([(ALL, None), (NON_EMERGENCY, None)])
    typed = st.tuples(st.just(ONE_TYPE), st.sampled_from([ATTENDANCE, SURVEY]))
    one = st.builds(lambda scope, number: stop(*scope, number), scoped | typed, st.integers(0, 9))
    return st.lists(one, max_size=2).map(tuple)


@st.composite
def days(draw: st.DrawFn) -> tuple[Facts, datetime]:
    """Anything that may be known of a destination, at an instant near a jump of its clock."""
    zone = draw(st.sampled_from(ZONES))
    at = draw(instants_near_a_jump(zone))
    pauses = st.integers(-60, 5 * 24 * 60).map(lambda minutes: at + minutes * MINUTE)
    known = st.builds(
        Facts,
        channel=st.sampled_from(Channel),
        timezone=st.just(zone),
        reachable=_mostly(True),
        blocked=_mostly(False),
        consent=st.sampled_from(ConsentStatus),
        consent_required=_mostly(False),
        opt_outs=_stops(),
        holds=_stops(),
        wanted=st.dictionaries(
            st.sampled_from([ATTENDANCE, SURVEY]), st.builds(Said, st.booleans(), st.just(event(9)))
        ),
        paused_until=st.none() | pauses,
        quiet=st.none() | spans_near_a_jump(zone),
    )
    return draw(known), at


@st.composite
def waiting_days(draw: st.DrawFn) -> tuple[Facts, datetime]:
    """Only a pause and quiet hours speak against it."""
    known, at = draw(days())
    plain = Facts(known.channel, known.timezone)
    return replace(plain, paused_until=known.paused_until, quiet=known.quiet), at


def _mostly(usual: bool) -> st.SearchStrategy[bool]:
    return st.sampled_from([usual, usual, usual, not usual])


TYPES = st.builds(
    TypeRule,
    id=st.sampled_from([ATTENDANCE, SURVEY]),
    emergency=st.booleans(),
    default=st.booleans(),
    locked=st.booleans(),
)


@given(days(), TYPES, _stops(), _mostly(True))
def test_a_further_stop_never_makes_anything_allowed(day, of_type, further, rights):
    known, at = day
    lowered = [
        replace(known, opt_outs=known.opt_outs + further),
        replace(known, holds=known.holds + further),
        replace(known, blocked=True),
        replace(known, consent=ConsentStatus.REVOKED),
        replace(known, reachable=False),
    ]
    if not decide(known, of_type, at, rights=rights).allowed:
        assert not any(decide(less, of_type, at, rights=rights).allowed for less in lowered)
    assert not decide(known, of_type, at, rights=False).allowed


@given(waiting_days(), st.integers(0, 999))
def test_not_before_is_the_first_instant_at_which_neither_holds(day, thousandth):
    known, at = day
    decision = decide(known, kind(), at)
    assume(decision.not_before is not None)
    end = decision.not_before
    assert end > at
    assert decide(known, kind(), end).reason not in NOT_YET
    assert decide(known, kind(), end - MINUTE).reason in NOT_YET
    between = decide(known, kind(), at + (end - at) * thousandth // 1000)
    assert between.reason in NOT_YET
    assert between.not_before == end


@given(days(), TYPES)
def test_who_is_told_to_wait_would_be_reached_if_nothing_waited(day, of_type):
    known, at = day
    decision = decide(known, of_type, at)
    at_once = decide(replace(known, paused_until=None, quiet=None), of_type, at)
    assert (decision.not_before is not None) == (decision.reason in NOT_YET)
    assert at_once.allowed == (decision.allowed or decision.not_before is not None)


@given(days(), TYPES)
def test_preferences_pauses_quiet_hours_and_missing_consent_stop_no_emergency(day, of_type):
    known, at = day
    of_type = replace(of_type, emergency=True)
    undisturbed = replace(known, wanted=None, paused_until=None, quiet=None, consent_required=False)
    decision = decide(known, of_type, at)
    assert decision == decide(undisturbed, replace(of_type, default=True, locked=False), at)
    assert decision.allowed == (decision.reason is DecisionReason.EMERGENCY)


# Turning it up again

RAISES = [  # what was lowered, by what; by herself; her link proven; what comes of it
    (Channel.SMS, Source.SMS, False, False, Raise.AWAITS_TEXT),
    (Channel.SMS, Source.SMS, False, True, Raise.AWAITS_TEXT),
    (Channel.SMS, Source.SMS, True, True, Raise.AWAITS_TEXT),
    (Channel.SMS, Source.VOICE, False, True, Raise.YES),  # 5-3, where it covers texts too
    (Channel.VOICE, Source.SMS, False, True, Raise.YES),
    (Channel.VOICE, Source.VOICE, False, False, Raise.NEEDS_PROOF),
    (Channel.VOICE, Source.VOICE, False, True, Raise.YES),
    (Channel.EMAIL, Source.EMAIL, False, False, Raise.NEEDS_PROOF),
    (Channel.EMAIL, Source.EMAIL, False, True, Raise.YES),
    *(
        (channel, source, by_herself, proven, outcome)
        for channel in Channel
        for source in (Source.APP, Source.WEB)
        for by_herself, proven, outcome in (
            (True, False, Raise.YES),
            (True, True, Raise.YES),
            (False, True, Raise.YES),
            (False, False, Raise.NEEDS_PROOF),
        )
    ),
]


@pytest.mark.parametrize(("channel", "source", "by_herself", "proven", "outcome"), RAISES)
def test_turning_up_is_harder_than_turning_down(channel, source, by_herself, proven, outcome):
    lowered = Lowered(channel, source, by_herself)
    assert may_raise(lowered, link_proven=proven) is outcome
