"""US dates, dollars and counts: written and read in one way. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from lib.models import Task, TaskRow

YEARS = range(1850, 2200)  # of the dates that files may bring, too
MAX_MONEY = Decimal("9999999999.99")  # what a DECIMAL(12,2) of the store holds
MAX_TYPED = 24  # characters of an amount: nobody charges a longer one

_MONEY = re.compile(r"\$?\s*(\d{1,3}(?:,\d{3})+|\d+)?(\.\d{1,2})?")

_ISO_DAY = re.compile(r"(?<![\w/.-])(\d{4})-(\d\d)-(\d\d)(?![\w/-])")
_US_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})")


def parse_money(text: str) -> Decimal | None:
    """Return US dollars from "1,234.50", "$12" or "12.5"; None for anything else, including
    "12,5"."""
    text = text.strip()
    found = _MONEY.fullmatch(text) if len(text) <= MAX_TYPED else None
    if not found or not (found[1] or found[2]):
        return None
    value = Decimal(((found[1] or "0").replace(",", "")) + (found[2] or "")).quantize(
        Decimal("0.01")
    )
    return value if value < Decimal("10000000") else None


def parse_date(text: str) -> date | None:
    """Return a date from MM/DD/YYYY, M/D/YY (this century) or YYYY-MM-DD; None for anything else,
    including an impossible year (0025)."""
    text = text.strip()
    try:
        if found := _US_DATE.fullmatch(text):
            year = int(found[3]) + (2000 if len(found[3]) == 2 else 0)
            day = date(year, int(found[1]), int(found[2]))
        elif re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = date.fromisoformat(text)
        else:
            return None
    except ValueError:
        return None
    return day if day.year in YEARS else None


def show(value: object) -> str:
    """Return a field's value as people read it: dates as MM/DD/YYYY, None as an empty string."""
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%m/%d/%Y}"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    return str(value)


def day(value: date | None) -> str:
    """Return a date as MM/DD/YYYY; None as an empty string."""
    return f"{value:%m/%d/%Y}" if value else ""


def with_days(text: str) -> str:
    """Return a stored sentence with its days as they are shown (history keeps 2026-09-28)."""
    return _ISO_DAY.sub(r"\2/\3/\1", text)


def moment(value: datetime, zone: ZoneInfo) -> str:
    """Return a time in that zone, as MM/DD/YYYY and a twelve-hour clock."""
    local = value.astimezone(zone)
    return f"{local:%m/%d/%Y} {local.hour % 12 or 12}:{local:%M %p}"


def dollars(value: Decimal | None) -> str:
    """Return US dollars with two decimals and thousands separators; None as an empty string."""
    return f"{value:,.2f}" if value is not None else ""


def plural(count: int, one: str, several: str | None = None) -> str:
    """Return a count with its noun: "1 task", "2,310 tasks"."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def age(task: Task | TaskRow, today: date, zone: ZoneInfo) -> int:
    """Return the days from the request to the completion, or to today, by the practice's
    calendar."""
    ended = task.completed_at.astimezone(zone).date() if task.completed_at else today
    return (ended - (task.requested_on or task.created_at.astimezone(zone).date())).days
