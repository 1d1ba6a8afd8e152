"""When something is due: business days of a district, federal holidays counted out. Pure.

47 CFR 64.1200(a)(10): a revocation is honoured within ten business days at the latest.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays


def end_of_business_day(received: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The last instant of the `days`-th business day after the day on which it came in."""
    day = received.astimezone(zone).date()
    for _ in range(days):
        day = _next_business_day(day)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=1)
    return midnight.astimezone(UTC)


def _next_business_day(day: date) -> date:
    day += timedelta(days=1)
    while day.weekday() > 4 or day in _federal_holidays():
        day += timedelta(days=1)
    return day


@cache
def _federal_holidays() -> holidays.HolidayBase:
    """Grows by itself as years are asked for."""
    return holidays.country_holidays("US")
