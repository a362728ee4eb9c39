"""Days, weeks and months of a practice, and the periods of a report. Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from math import ceil
from zoneinfo import ZoneInfo

from lib.models import EarlierZone


class Unit(StrEnum):
    """How wide one bar of a chart over time is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def label(self) -> str:
        """Return the unit as people choose it."""
        return {Unit.DAY: "Days", Unit.WEEK: "Weeks", Unit.MONTH: "Months"}[self]


class Preset(StrEnum):
    """Periods that are often asked for; each ends with the day of the report."""

    FOUR_WEEKS = "4 weeks"
    QUARTER = "13 weeks"
    HALF = "26 weeks"
    YEAR = "52 weeks"

    @property
    def weeks(self) -> int:
        """Return how many weeks the period has."""
        return int(self.value.split()[0])


MAX_DAYS = 3660  # of a period
MAX_BARS = 400
_FIRST = datetime(1900, 1, 1, tzinfo=UTC)
_WEEKS = 200 * 52  # weeks since then whose UTC offset is looked up


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment a day begins in that zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def begins(day: date, zone: str, earlier: Sequence[EarlierZone]) -> datetime:
    """Return the moment a day begins by a clock that was in `earlier` zones before, the first one
    first: the moment of a change, where that takes the clock into the day or past it."""
    start = datetime.min.replace(tzinfo=UTC)
    for each in earlier:
        start = max(start, midnight(day, ZoneInfo(each.timezone)))
        if start < each.until:
            return start
        start = each.until
    return max(start, midnight(day, ZoneInfo(zone)))


@cache
def hours_of_one_day(zones: tuple[str, ...]) -> tuple[int, int]:
    """Return the first and last UTC hour at which it is the same date in all these zones as in UTC,
    on every day since 1900.

    Within these hours SQL can take the date of the UTC timestamp, 25 times faster than a
    conversion to the zone. If the first hour is greater than the last, there is no such hour.
    """
    hours = [
        offset / timedelta(hours=1)
        for zone in zones
        for week in range(0, _WEEKS)
        if (offset := (_FIRST + timedelta(weeks=week)).astimezone(ZoneInfo(zone)).utcoffset())
        is not None
    ]
    return max(0, ceil(-min(hours))), 23 - max(0, ceil(max(hours)))


def period(preset: Preset, today: date) -> tuple[date, date]:
    """Return the first and last day: whole weeks from Monday, the running one included."""
    monday = today - timedelta(days=today.weekday())
    return monday - timedelta(weeks=preset.weeks - 1), today


def before(since: date, until: date) -> tuple[date, date]:
    """Return the period of the same length that ends the day before this one begins."""
    return since - (until - since) - timedelta(days=1), since - timedelta(days=1)


def unit_for(since: date, until: date, wanted: Unit) -> Unit:
    """Return the wanted unit, or a wider one if its bars would be too many to read."""
    days = (until - since).days + 1
    if wanted is Unit.DAY and days > MAX_BARS:
        wanted = Unit.WEEK
    return Unit.MONTH if wanted is Unit.WEEK and days > MAX_BARS * 7 else wanted


def ends_on(day: date, unit: Unit) -> date:
    """Return the last day of the day, week (Monday to Sunday) or month that holds this day."""
    if unit is Unit.WEEK:
        return day + timedelta(days=6 - day.weekday())
    if unit is Unit.MONTH:
        return day.replace(day=monthrange(day.year, day.month)[1])
    return day
