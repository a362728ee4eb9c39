"""Dates and dollars as people and spreadsheets write them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from lib.intake.tables.table import Cell, fold, text_of
from lib.intake.x12.elements import CENT, FIRST_YEAR, LAST_YEAR
from lib.us_formats import parse_money

FIRST_SERIAL, LAST_SERIAL = 7306, 73415  # Excel's serial numbers of 1920-01-01 and 2100-12-31
EPOCH = date(1899, 12, 30)  # the day that Excel counts from
TO_1904 = 1462  # days from there to the day that some workbooks count from
MAX_WRITTEN = 64  # letters of a date or an amount; longer text is neither, and is not searched
MAX_DOLLARS = 10_000_000  # a task's amount is less
NEAR_YEARS = 20  # a two-digit year lies no further ahead
POSIX_LAST = 2068  # the last two-digit year, POSIX's, if today's date is not given

_TIME = (
    r"(?:[T ,]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*(?:Z|[+-]\d\d:?\d\d)?)?"
)
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _TIME)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_PARTED = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})" + _TIME)
_NAMED = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3,9})\.?,?[ -](\d{4}|\d{2})" + _TIME)
_NAMED_US = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})" + _TIME)
_BETWEEN = re.compile(r"\s*(?:\s-\s|[\u2013\u2014]|to|thru|through|until)\s*", re.IGNORECASE)
_COMPACT_RANGE = re.compile(r"(\d{8}) ?- ?(\d{8})")
_NAMED_RANGE = re.compile(r"([A-Za-z]{3,9}\.?) (\d{1,2}) ?[-\u2013] ?(\d{1,2}),? (\d{4})")
_DAY_YEAR = re.compile(r"(\d{1,2})/(\d{4})")
_NO_YEAR = re.compile(r"(\d{1,2})[/.](\d{1,2})")
_SERIAL = re.compile(r"(\d{4,5})(?:\.\d+)?")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august",
           "september", "october", "november", "december")  # fmt: skip
_CURRENCY = re.compile(r"^(?:US\$|USD|\$)\s*|\s*(?:US\$|USD|\$)$", re.IGNORECASE)
_SIGN = r"(?:US\$|[$€£]|USD|EUR|CAD)?"
_LIKE_MONEY = re.compile(rf"[-+(−]*\s*{_SIGN}[-\s]*\d[\d.,' ]*\s*{_SIGN}[-)]*", re.IGNORECASE)
_BEGINS_AS_MONEY = re.compile(r"[-+($€£~ ]*\d[^/\-:;#]*")
_MONEY_SIGNS = frozenset("0123456789.,' $€£-+()")
_NOTHING = {"", "na", "none", "null", "nil"}  # what people write where there is nothing to write


class DateOrder(StrEnum):
    """Whether the month or the day comes first in a date like 03/04/2025."""

    MONTH_FIRST = "month"
    DAY_FIRST = "day"


@dataclass(frozen=True, slots=True)
class Order:
    """The order in which a column writes its dates, and how we know."""

    order: DateOrder
    is_sure: bool  # some date can be read in one way only
    is_mixed: bool  # some can only be read month first and some only day first
    is_written: bool  # the column holds a written date, not just a number
    example: str = ""  # a date that both orders can read

    @property
    def said(self) -> str:
        """Return the order as words for a sentence."""
        first = "month" if self.order is DateOrder.MONTH_FIRST else "day"
        if self.is_mixed:
            return "some month first and some day first"
        if self.example and not self.is_sure:
            return "month or day first: nothing in the column says which"
        return f"{first} first" if self.example or self.is_sure else "unmistakable"


def order_of(cells: Iterable[Cell]) -> Order:
    """Return how a column writes its dates: month first unless something in the column says
    otherwise."""
    month_first = day_first = is_written = False
    example = ""
    for cell in dict.fromkeys(cells):
        if isinstance(cell, (date, datetime)):
            is_written = True
            continue
        if not isinstance(cell, str):
            continue
        text = text_of(cell)
        if len(text) > MAX_WRITTEN:
            continue
        ends = days_of_range(text) or (text,)
        if parted := [found for end in ends if (found := _PARTED.fullmatch(end))]:
            is_written = True
            for found in parted:
                one, two = int(found[1]), int(found[2])
                month_first |= two > 12 >= one
                day_first |= one > 12 >= two
                if one <= 12 and two <= 12 and one != two:
                    example = example or text
        elif any(form.fullmatch(text) for form in (_ISO, _COMPACT, _NAMED, _NAMED_US)):
            is_written |= day(text, DateOrder.MONTH_FIRST) is not None
    order = DateOrder.DAY_FIRST if day_first and not month_first else DateOrder.MONTH_FIRST
    return Order(order, month_first != day_first, month_first and day_first, is_written, example)


def day(  # noqa: PLR0911 (a form a line)
    cell: Cell, order: DateOrder, today: date | None = None, *, is_from_1904: bool = False
) -> date | None:
    """Return the day a cell names, or None: a date, an Excel number of a day, or text.

    Text is 2025-01-13, 20250113, 01/13/2025, 13.1.25, 13-Jan-2025 or January 13, 2025, with or
    without a time of day, or a range of two such days, whose first one counts. A two-digit year
    falls in the hundred years that end twenty years after `today`.
    """
    if isinstance(cell, datetime):
        return _in_range(cell.date())
    if isinstance(cell, date):
        return _in_range(cell)
    if isinstance(cell, bool) or cell is None:
        return None
    text = text_of(cell)
    if len(text) > MAX_WRITTEN:
        return None
    if ends := days_of_range(text, order):
        first, last = (day(end, order, today) for end in ends)
        return first if first and last and first <= last else None
    try:
        if found := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
            return _in_range(date(int(found[1]), int(found[2]), int(found[3])))
        if found := _PARTED.fullmatch(text):
            one, two = int(found[1]), int(found[2])
            month, day_ = (one, two) if order is DateOrder.MONTH_FIRST else (two, one)
            return _in_range(date(_year(found[3], today), month, day_))
        if found := _NAMED.fullmatch(text):
            return _in_range(date(_year(found[3], today), _month(found[2]), int(found[1])))
        if found := _NAMED_US.fullmatch(text):
            return _in_range(date(int(found[3]), _month(found[1]), int(found[2])))
        if found := _SERIAL.fullmatch(text):
            serial = int(found[1]) + TO_1904 * is_from_1904
            if FIRST_SERIAL <= serial <= LAST_SERIAL:
                return EPOCH + timedelta(days=serial)
    except ValueError:
        return None
    return None


def days_of_range(  # noqa: PLR0911 (a form a line)
    text: str, order: DateOrder = DateOrder.MONTH_FIRST
) -> tuple[str, str] | None:
    """Split "01/13/2025 - 01/15/2025", "… to …", "… through …" or "20250113-20250115" in two.

    Return None for anything else. The first day of "01/13 - 01/15/2025" takes its year from the
    last (in December the year before January's, in the column's order), and the last day of "Jan
    13-15, 2025" and of "01/13-15/2025" its month from the first.
    """
    if len(text) > MAX_WRITTEN:
        return None
    if found := _COMPACT_RANGE.fullmatch(text):
        return found[1], found[2]
    if found := _NAMED_RANGE.fullmatch(text):
        return f"{found[1]} {found[2]}, {found[4]}", f"{found[1]} {found[3]}, {found[4]}"
    parts = _BETWEEN.split(text)
    if len(parts) != 2:
        parts = text.split("-")  # 1/13/2025-1/15/2025
    if len(parts) != 2:
        return None
    first, last = (part.strip() for part in parts)
    if not (any(map(str.isdigit, first)) and any(map(str.isdigit, last))):
        return None
    if (short := _NO_YEAR.fullmatch(first)) and (whole := _PARTED.fullmatch(last)):
        year = whole[3]
        month = 1 if order is DateOrder.MONTH_FIRST else 2
        if (int(short[month]), int(whole[month])) == (12, 1):  # over New Year
            year = f"{(int(year) - 1) % 10 ** len(year):0{len(year)}}"
        return f"{short[1]}/{short[2]}/{year}", last
    if (short := _NO_YEAR.fullmatch(first)) and (end := _DAY_YEAR.fullmatch(last)):
        return f"{short[1]}/{short[2]}/{end[2]}", f"{short[1]}/{end[1]}/{end[2]}"
    is_day = _PARTED.fullmatch(first) or _ISO.fullmatch(first)
    is_day = is_day or _NAMED.fullmatch(first) or _NAMED_US.fullmatch(first)
    return (first, last) if is_day else None


def money(cell: Cell) -> Decimal | None:
    """Return US dollars and cents, from a number or from text such as "1,234.50", "$12" or "12
    USD".

    Return None for anything else, for negative amounts ("(12.50)", "-12") and for fractions of a
    cent.
    """
    if isinstance(cell, (bool, date, time)):
        return None
    if isinstance(cell, (int, float, Decimal)):
        exact = Decimal(repr(cell)) if isinstance(cell, float) else Decimal(cell)
        if not exact.is_finite() or exact < 0 or exact >= MAX_DOLLARS:
            return None
        cents = exact.quantize(CENT)
        return cents if abs(cents - exact) < Decimal("0.000001") else None
    text = _without_currency(text_of(cell).replace("\xa0", " "))
    return parse_money(text.removeprefix("+")) if text else None


def is_negative(cell: Cell) -> bool:
    """Return True for an amount below zero, which a task cannot have."""
    text = _without_currency(text_of(cell))
    if text.startswith("(") and text.endswith(")"):
        return money(text[1:-1]) is not None
    if text.startswith("-") or text.endswith("-"):
        return money(text.strip("-")) is not None
    return False


def is_too_large(cell: Cell) -> bool:
    """Return True for a well-written amount above what a task may have."""
    if isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool):
        return cell >= MAX_DOLLARS
    whole, _, part = _without_currency(text_of(cell)).replace(",", "").partition(".")
    is_written = whole.isdecimal() and (not part or (part.isdecimal() and len(part) <= 2))
    return is_written and int(whole) >= MAX_DOLLARS


def is_blank(cell: Cell) -> bool:
    """Return True if the cell says nothing: empty, "-", "n/a" or "none"."""
    text = text_of(cell)
    return len(text) <= MAX_WRITTEN and fold(text) in _NOTHING


def is_like_money(cell: Cell) -> bool:
    """Return True for what is meant as an amount, well written or not ("12,5" is)."""
    if isinstance(cell, str):
        text = text_of(cell)
        if len(text) > MAX_WRITTEN:
            return _MONEY_SIGNS.issuperset(text)
        return _LIKE_MONEY.fullmatch(text) is not None or _is_near_money(text)
    return isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool)


def _is_near_money(text: str) -> bool:
    """Return True for a slip of an amount ("2e2", "200 (est.)"), not for a date, code or range."""
    is_more_digits = sum(map(str.isdigit, text)) >= sum(map(str.isalpha, text))
    return is_more_digits and _BEGINS_AS_MONEY.fullmatch(text) is not None


def is_like_day(cell: Cell) -> bool:
    """Return True for what is meant as a date, well written or not ("02/30" is, "12.50" is not)."""
    if isinstance(cell, str):
        text = text_of(cell)
        text = text[:MAX_WRITTEN]
        is_amount = text.startswith("$") or re.fullmatch(r"[\d,]+\.\d\d", text)
        return not is_amount and any(map(str.isdigit, text))
    return isinstance(cell, (date, datetime)) or day(cell, DateOrder.MONTH_FIRST) is not None


def _in_range(found: date) -> date | None:
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def _without_currency(text: str) -> str:
    """Return an amount without the dollar's sign or name; empty if it is too long to be one."""
    return _CURRENCY.sub("", text, count=1).strip() if len(text) <= MAX_WRITTEN else ""


def _year(digits: str, today: date | None) -> int:
    """Return the year written; two digits are read by a window that moves with `today`.

    Years soon to come stay in this century: 12/31/26 in November 2026 is a typing error that
    somebody must see, not a day of 1926.
    """
    if len(digits) != 2:
        return int(digits)
    last = today.year + NEAR_YEARS if today else POSIX_LAST
    year = last - last % 100 + int(digits)
    return year if year <= last else year - 100


def _month(name: str) -> int:
    """Return the month, 1 to 12. Raise ValueError for what is no month."""
    wanted = name.lower()
    for number, month in enumerate(_MONTHS, start=1):
        if month == wanted or month[:3] == wanted or (month, wanted) == ("september", "sept"):
            return number
    raise ValueError(name)
