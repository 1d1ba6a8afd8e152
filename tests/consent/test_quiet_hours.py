"""Quiet hours follow the wall clock, also through the nights in which it jumps."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.consent.quiet_hours import QuietSpan, instant_of
from tests.consent.zones import ZONES, instants_near_a_jump, spans_near_a_jump

MINUTE = timedelta(minutes=1)
CHICAGO, AZORES = ZoneInfo("America/Chicago"), ZoneInfo("Atlantic/Azores")
BEIRUT, LORD_HOWE = ZoneInfo("Asia/Beirut"), ZoneInfo("Australia/Lord_Howe")

BOUNDS = [  # zone, local time, the instant (UTC) that counts
    (CHICAGO, "2026-11-20 21:00", "2026-11-21 03:00"),
    (CHICAGO, "2026-03-08 01:59", "2026-03-08 07:59"),
    (CHICAGO, "2026-03-08 02:00", "2026-03-08 08:00"),  # missing: 02:00 to 03:00
    (CHICAGO, "2026-03-08 02:59", "2026-03-08 08:00"),
    (CHICAGO, "2026-03-08 03:00", "2026-03-08 08:00"),
    (CHICAGO, "2026-11-01 00:59", "2026-11-01 05:59"),
    (CHICAGO, "2026-11-01 01:00", "2026-11-01 07:00"),  # doubled: 01:00 to 02:00
    (CHICAGO, "2026-11-01 01:59", "2026-11-01 07:59"),
    (CHICAGO, "2026-11-01 02:00", "2026-11-01 08:00"),
    (AZORES, "2026-03-28 23:59", "2026-03-29 00:59"),
    (AZORES, "2026-03-29 00:00", "2026-03-29 01:00"),  # missing: 00:00 to 01:00
    (AZORES, "2026-03-29 01:00", "2026-03-29 01:00"),
    (AZORES, "2026-10-25 00:30", "2026-10-25 01:30"),  # doubled: 00:00 to 01:00
    (BEIRUT, "2026-03-29 00:00", "2026-03-28 22:00"),  # missing: 00:00 to 01:00
    (BEIRUT, "2026-10-24 23:30", "2026-10-24 21:30"),  # doubled: 23:00 to 24:00
    (BEIRUT, "2026-10-25 00:00", "2026-10-24 22:00"),
    (LORD_HOWE, "2026-10-04 02:15", "2026-10-03 15:30"),  # missing: 02:00 to 02:30
    (LORD_HOWE, "2026-10-04 02:30", "2026-10-03 15:30"),
    (LORD_HOWE, "2026-04-05 01:29", "2026-04-04 14:29"),
    (LORD_HOWE, "2026-04-05 01:30", "2026-04-04 15:00"),  # doubled: 01:30 to 02:00
    (LORD_HOWE, "2026-04-05 02:00", "2026-04-04 15:30"),
]


@pytest.mark.parametrize(("zone", "wall", "instant"), BOUNDS)
def test_a_missing_time_moves_to_the_jump_and_a_doubled_one_takes_the_later(zone, wall, instant):
    assert instant_of(datetime.fromisoformat(wall), zone) == utc(instant)


ENDS = [  # zone, from, to, asked at (UTC), quiet until (UTC) or None
    (CHICAGO, "22:00", "07:00", "2026-11-21 03:59", None),
    (CHICAGO, "22:00", "07:00", "2026-11-21 04:00", "2026-11-21 13:00"),
    (CHICAGO, "22:00", "07:00", "2026-11-21 12:59", "2026-11-21 13:00"),
    (CHICAGO, "22:00", "07:00", "2026-11-21 13:00", None),
    (CHICAGO, "22:00", "02:30", "2026-03-08 05:00", "2026-03-08 08:00"),
    (CHICAGO, "02:30", "05:00", "2026-03-08 07:59", None),
    (CHICAGO, "02:30", "05:00", "2026-03-08 08:00", "2026-03-08 10:00"),
    (CHICAGO, "02:10", "02:50", "2026-03-08 08:00", None),  # nothing is left of it
    # From the missing 02:45 to the missing 02:30: one night's end is the next one's beginning.
    (CHICAGO, "02:45", "02:30", "2026-03-08 07:00", "2026-03-09 07:30"),
    (CHICAGO, "22:00", "01:30", "2026-11-01 06:45", "2026-11-01 07:30"),  # first 01:45
    (CHICAGO, "22:00", "01:30", "2026-11-01 07:15", "2026-11-01 07:30"),  # second 01:15
    (CHICAGO, "22:00", "01:30", "2026-11-01 07:30", None),
    (CHICAGO, "01:30", "05:00", "2026-11-01 06:45", None),  # first 01:45
    (CHICAGO, "01:30", "05:00", "2026-11-01 07:30", "2026-11-01 11:00"),
    (CHICAGO, "01:15", "01:45", "2026-11-01 06:30", None),
    (CHICAGO, "01:15", "01:45", "2026-11-01 07:30", "2026-11-01 07:45"),
    (AZORES, "21:00", "00:30", "2026-03-29 00:30", "2026-03-29 01:00"),
    (AZORES, "00:30", "06:00", "2026-03-29 01:00", "2026-03-29 06:00"),
    (BEIRUT, "21:00", "00:30", "2026-03-28 20:00", "2026-03-28 22:00"),
    (BEIRUT, "21:00", "23:30", "2026-10-24 20:45", "2026-10-24 21:30"),  # first 23:45
    (BEIRUT, "23:30", "06:00", "2026-10-24 20:45", None),
    (BEIRUT, "23:30", "06:00", "2026-10-24 21:30", "2026-10-25 04:00"),
    (LORD_HOWE, "22:00", "02:15", "2026-10-03 14:00", "2026-10-03 15:30"),
    (LORD_HOWE, "22:00", "01:45", "2026-04-04 14:50", "2026-04-04 15:15"),  # first 01:50
]


@pytest.mark.parametrize(("zone", "start", "end", "at", "until"), ENDS)
def test_quiet_hours_end_when_the_clock_on_the_wall_says_so(zone, start, end, at, until):
    span = QuietSpan(minutes(start), minutes(end))
    assert span.end(utc(at), zone) == (until and utc(until))


@given(st.data())
def test_quiet_hours_are_what_lies_between_their_bounds_of_each_day(data: st.DataObject):
    zone = data.draw(st.sampled_from(ZONES))
    at = data.draw(instants_near_a_jump(zone))
    span = data.draw(spans_near_a_jump(zone))
    assert span.end(at, zone) == slow_end(span, at, zone)


def slow_end(span: QuietSpan, at: datetime, zone: ZoneInfo) -> datetime | None:
    """Every day's quiet hours as instants; those that touch are one."""
    end = None
    first = at.astimezone(zone).date() - timedelta(days=2)
    for day in (first + timedelta(days=n) for n in range(6)):
        closes = day + timedelta(days=span.to_minute < span.from_minute)
        start, stop = (
            slow_instant(day, span.from_minute, zone),
            slow_instant(closes, span.to_minute, zone),
        )
        if start < stop and start <= (end or at) < stop:
            end = stop
    return end


def slow_instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The last minute of the world at which the wall shows this time, or the first thereafter."""
    wall = datetime.combine(day, datetime.min.time()) + minute * MINUTE
    exact = [instant for shown, instant in minutes_around(day, zone) if shown == wall]
    later = (instant for shown, instant in minutes_around(day, zone) if shown > wall)
    return exact[-1] if exact else next(later)


@cache
def minutes_around(day: date, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """What the wall shows, and when: every minute of the day, wherever on earth it is."""
    midnight = datetime.combine(day, datetime.min.time(), UTC)
    instants = [midnight + n * MINUTE for n in range(-16 * 60, 40 * 60)]
    return [
        (instant.astimezone(zone).replace(tzinfo=None, fold=0), instant) for instant in instants
    ]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def minutes(text: str) -> int:
    hours, rest = text.split(":")
    return int(hours) * 60 + int(rest)
