"""Working hours: when people of a practice do what they do. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

OPENS, CLOSES = 8, 17  # hours of the practice's day


def morning(day: date, timezone: str) -> datetime:
    """Return half past seven of that day in the practice, in UTC: when files come in."""
    return datetime.combine(day, time(7, 30), ZoneInfo(timezone)).astimezone(UTC)


def later(than: datetime, days: float, timezone: str, chance: Random) -> datetime:
    """Return a working moment some days on, in UTC; always after `than`.

    Within the same day it is an hour or two on, or the next working day.
    """
    zone = ZoneInfo(timezone)
    local = than.astimezone(zone).replace(microsecond=0)
    day = local.date() + timedelta(days=int(days))
    if day == local.date():
        soon = max(local, datetime.combine(day, time(OPENS), zone))
        soon += timedelta(minutes=chance.randint(12, 110))
        if day.weekday() < 5 and soon.hour < CLOSES:
            return soon.astimezone(UTC)
        day += timedelta(days=1)
    day += timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))
    minutes = chance.randint(OPENS * 60 + 5, CLOSES * 60 - 5)
    at = datetime.combine(day, time(minutes // 60, minutes % 60, chance.randrange(60)), zone)
    return at.astimezone(UTC)
