"""Quiet hours on the wall clock of a zone, through the days on which it jumps. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class QuietSpan:
    """Local minutes of the day: from inclusive, to exclusive; may span midnight."""

    from_minute: int
    to_minute: int
    event: UUID | None = None

    def covers(self, minute: int) -> bool:
        if self.from_minute < self.to_minute:
            return self.from_minute <= minute < self.to_minute
        return minute >= self.from_minute or minute < self.to_minute

    def end(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet hours that hold at `at` end, or None when they do not hold.

        A jump of the clock may swallow both bounds: then one night ends where the next begins.
        """
        end = self._next_end(at, zone)
        while end is not None and (later := self._next_end(end, zone)) is not None:
            end = later
        return end

    def _next_end(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        wall = wall_clock(at, zone)
        minute = wall.hour * 60 + wall.minute
        if not self.covers(minute):
            return None
        day = wall.replace(hour=0, minute=0, second=0, microsecond=0)
        to = timedelta(days=minute >= self.to_minute, minutes=self.to_minute)
        return instant_of(day + to, zone)


def wall_clock(at: datetime, zone: ZoneInfo) -> datetime:
    """The local time (naive) that bounds of quiet hours are compared with at `at`.

    A doubled time counts as its later occurrence. So while the clock runs through the hour
    that it will show again, no bound in that hour has come: the last minute before it stands.
    """
    local = at.astimezone(zone)
    later = local.replace(fold=1).utcoffset()
    if local.fold or later == local.utcoffset() or later is None:
        return local.replace(tzinfo=None, fold=0)
    again = _offset_change(at, local.replace(fold=1).astimezone(UTC), zone)
    return (again + later).replace(tzinfo=None) - timedelta(minutes=1)


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a local time (naive): in a gap the first valid instant after it, doubled
    the later one.
    """
    instant = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        return instant
    # A gap: the two folds read the missing time on either side of the jump.
    return _offset_change(instant, wall.replace(tzinfo=zone, fold=0).astimezone(UTC), zone)


def _offset_change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first whole second after `low` at which the zone's offset is no longer that of `low`."""
    low = low.astimezone(UTC)
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
