"""What the rules decided, said in a plain sentence in the reader's language."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.lists import format_list

from app.consent.facts import FactBook
from app.consent.rules import Decision
from app.directory.links import Held
from app.directory.policy import Kind
from app.translation import locale_of, say
from app.vocabulary import Channel, DecisionReason

LATER = (DecisionReason.PAUSED, DecisionReason.QUIET_HOURS)

BY = {
    Channel.VOICE: "calls",
    Channel.SMS: "texts",
    Channel.EMAIL: "e-mails",
    Channel.PUSH: "app notices",
}
WHY_NOT = {
    DecisionReason.UNREACHABLE: "We cannot reach you here with {by}.",
    DecisionReason.BLOCKED: "The school does not use this for {by}.",
    DecisionReason.NO_RIGHTS: "The school may not write to you about this student.",
    DecisionReason.CONSENT_REVOKED: (
        "Someone said stop here. We send no {by} here at all, not even in an emergency."
    ),
    DecisionReason.OPTED_OUT: "There is an opt-out here for {kind}. We send no such {by} here.",
    DecisionReason.HELD: "Someone asked us to stop. We hold back {by} while the school checks it.",
    DecisionReason.CONSENT_MISSING: "We need your OK before we may send {by} here.",
    DecisionReason.PAUSED: "You paused messages. They start again {when}.",
    DecisionReason.QUIET_HOURS: "It is quiet time now. We may send {by} again {when}.",
    DecisionReason.CHOSEN: "You turned off {by} about {kind}.",
    DecisionReason.DEFAULT: "{kind}: your school does not send this by {by}. You can turn it on.",
}
WHY = {
    DecisionReason.EMERGENCY: "In an emergency we send {by} here.",
    DecisionReason.CHOSEN: "You chose to get {by} about {kind}.",
    DecisionReason.DEFAULT: "{kind}: your school sends this by {by}. You did not turn it off.",
}


def explain(decision: Decision, kind: Kind, channel: Channel, zone: ZoneInfo, language: str) -> str:
    """Why this may or may not go out, to the contact it is about."""
    texts = WHY if decision.allowed else WHY_NOT
    return say(
        language,
        texts[decision.reason],
        by=say(language, BY[channel]),
        kind=kind.name_in(language),
        when=_when(decision.not_before, zone, language) if decision.not_before else "",
    )


def _when(instant: datetime, zone: ZoneInfo, language: str) -> str:
    """In the school's time zone: "Mon, Nov 23, 7:00 AM"."""
    locale = locale_of(language)
    skeleton = "EEE d MMM, H:mm" if locale == "es" else "EEE, MMM d, h:mm a"
    return format_datetime(instant, skeleton, tzinfo=zone, locale=locale)


def summary(book: FactBook, held: Held, at: datetime, language: str) -> str:
    """What will and will not reach this phone or address, by the rules the sender obeys.

    A pause and quiet hours only delay; the pause is told at the end.
    """
    policy = book.policies[held.district_id]
    will: list[str] = []
    will_not: list[str] = []
    for kind in sorted(policy.offered, key=lambda kind: not kind.emergency):
        channels = [c for c in held.channels if _reaches(book, held, kind, c, at)]
        named = kind.name_in(language)
        if channels:
            will.append(f"{named} ({_listed((say(language, BY[c]) for c in channels), language)})")
        else:
            will_not.append(named)
    parts = [
        say(language, "You will get: {what}.", what=_listed(will, language)) if will else "",
        say(language, "You will not get: {what}.", what=_listed(will_not, language))
        if will_not
        else "",
        _paused(held, at, policy.timezone, language),
    ]
    return " ".join(part for part in parts if part)


def _reaches(book: FactBook, held: Held, kind: Kind, channel: Channel, at: datetime) -> bool:
    decision = book.decision(held, channel, kind, at)
    return decision.allowed or decision.reason in LATER


def _paused(held: Held, at: datetime, zone: ZoneInfo, language: str) -> str:
    if held.paused_until is None or held.paused_until <= at:
        return ""
    return say(
        language,
        "Paused until {when}: only emergency messages until then.",
        when=_when(held.paused_until, zone, language),
    )


def _listed(words: Iterable[str], language: str) -> str:
    return format_list(list(words), locale=locale_of(language))
