"""Clocks that jump: by an hour or by half of one, in the night or at midnight itself."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from app.consent.quiet_hours import QuietSpan

ZONES = [
    ZoneInfo(name)
    for name in (
        "America/Chicago",
        "Atlantic/Azores",  # forward at midnight
        "Asia/Beirut",  # both ways at midnight: back, the day before is doubled
        "America/Nuuk",  # in the evening
        "Australia/Lord_Howe",  # by half an hour
        "Africa/Casablanca",  # back in spring and forward again, with the moon
        "Asia/Kathmandu",  # never
    )
]
HALF_HOUR = timedelta(minutes=30)
DAY = 24 * 60


@cache
def jumps(zone: ZoneInfo) -> list[datetime]:
    """The instants (UTC) in 2026 at which the zone's offset changes; New Year if it never does."""
    times = [datetime(2026, 1, 1, tzinfo=UTC) + HALF_HOUR * n for n in range(365 * 48)]
    offsets = [time.astimezone(zone).utcoffset() for time in times]
    return [
        time for time, old, new in zip(times[1:], offsets, offsets[1:], strict=False) if old != new
    ] or times[:1]


def instants_near_a_jump(zone: ZoneInfo) -> st.SearchStrategy[datetime]:
    """Within two days of it, to the second; often within two hours."""
    days, hours = 2 * 24 * 3600, 2 * 3600
    away = st.integers(-days, days) | st.integers(-hours, hours)
    return st.builds(
        lambda jump, seconds: jump + timedelta(seconds=seconds),
        st.sampled_from(jumps(zone)),
        away,
    )


def spans_near_a_jump(zone: ZoneInfo) -> st.SearchStrategy[QuietSpan]:
    """Bounds of any time of the day; often of the times that are missing or doubled."""
    local = [jump.astimezone(zone) for jump in jumps(zone)]
    jumping = [time.hour * 60 + time.minute for time in local]
    near = st.builds(
        lambda time, away: (time + away) % DAY, st.sampled_from(jumping), st.integers(-90, 90)
    )
    bounds = st.integers(0, DAY - 1) | near
    return (
        st.tuples(bounds, bounds)
        .filter(lambda span: span[0] != span[1])
        .map(lambda span: QuietSpan(*span))
    )
