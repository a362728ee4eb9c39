"""Amounts, dates and names as X12 writes them. Pure.

What must be right raises Unreadable, naming the element; what nothing depends on is left empty,
with a remark that says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from lib.intake.records import Party, Sent
from lib.intake.x12.segment_reader import Segment, Unreadable, element
from lib.us_formats import MAX_MONEY

CENT = Decimal("0.01")
FIRST_YEAR, LAST_YEAR = 1850, 2199  # other years are the sender's typing errors
NO_END = "99991231"  # what senders write for a period that has not ended


@lru_cache(maxsize=4096)
def _party(parts: tuple[str, ...]) -> Party:
    return Party(*parts)


@lru_cache(maxsize=4096)
def _named(segment: tuple[str, ...]) -> Party:
    last, first, code, kind, middle, suffix = (
        element(list(segment), at) for at in (3, 4, 9, 8, 5, 7)
    )
    return Party(last, first, code, kind, " ".join(filter(None, (middle, suffix))), suffix)


def party(segment: Segment) -> Party:
    """Return whom an NM1 segment names."""
    return _named(tuple(segment))


def organisation(segment: Segment) -> Party:
    """Return whom an N1 segment names."""
    return _party((element(segment, 2), "", element(segment, 4), element(segment, 3)))


@lru_cache(maxsize=16384)
def number(text: str) -> Decimal | None:
    """Return a number as X12 writes it ("-12.50", ".5"), or None."""
    digits = text[1:] if text[:1] in {"-", "+"} else text
    whole, _, part = digits.partition(".")
    if not (whole + part).isascii() or not (whole + part).isdigit() or len(digits) > 18:
        return None
    return Decimal(text)


def amount(segment: Segment, at: int, segment_number: int) -> Decimal:
    """Return the US dollars of a required element, with two decimals."""
    value = number(element(segment, at))
    name = f"{segment[0]}{at:02}"
    if value is None:
        raise Unreadable(segment_number, f"{name} is not an amount")
    cents = value.quantize(CENT)
    if cents != value or abs(value) > MAX_MONEY:
        raise Unreadable(segment_number, f"{name} is not an amount in dollars and cents")
    return cents


def amount_if_any(
    segment: Segment, at: int, segment_number: int, remarks: list[str]
) -> Decimal | None:
    """Return the US dollars of an optional element; None, with a remark, if it is bad."""
    if not element(segment, at):
        return None
    try:
        return amount(segment, at, segment_number)
    except Unreadable as problem:
        remarks.append(left_empty(problem))
        return None


def left_empty(problem: Unreadable) -> str:
    """Return the remark on an element that cannot be read and is not needed."""
    return f"Segment {problem.number}: {problem.what}; it was left empty."


def unit_charge(total: Decimal, units: Decimal) -> Decimal:
    """Return US dollars for one unit, to the cent; the total if the units say nothing."""
    if units in {0, 1}:
        return total
    each = (total / units).quantize(CENT, rounding=ROUND_HALF_UP)
    return each if abs(each) <= MAX_MONEY else total


@lru_cache(maxsize=16384)
def _day(text: str) -> date | None:
    if len(text) != 8 or not text.isascii() or not text.isdigit():
        return None
    if not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def day(segment: Segment, at: int, segment_number: int, remarks: list[str]) -> date | None:
    """Return the date CCYYMMDD in an element; None if it is empty, or, with a remark, if it is no
    date.

    No date decides who, what or how much, so a bad one never stops the claim or answer it belongs
    to.
    """
    text = element(segment, at)
    found = _day(text) if text else None
    if text and found is None:
        name = f"{segment[0]}{at:02}"
        remarks.append(left_empty(Unreadable(segment_number, f"{name} is {_no_date(text)}")))
    return found


def period(
    segment: Segment, segment_number: int, remarks: list[str]
) -> tuple[date, date | None] | None:
    """Return first and last day of a DTP segment: D8, RD8 or DT, told by what stands in DTP03.

    The last day is None if the period names no end. Return None, with a remark, for what is no
    date.
    """
    text = element(segment, 3)
    if not text:
        return None
    first, _, last = text.partition("-")
    if len(first) in {12, 14}:  # DT: with a time of day
        first = first[:8]
    start, end = _day(first), _day(last or first)
    if start is not None and end is not None:
        return start, end
    what = _no_date(last if start is not None else first)
    remarks.append(left_empty(Unreadable(segment_number, f"DTP03 is {what}")))
    return (start, None) if start is not None else None


def _no_date(text: str) -> str:
    if text == NO_END:
        return f"{NO_END}, which stands for no end"
    return "not a date (CCYYMMDD)"


def span(
    periods: Sequence[tuple[date, date | None]],
) -> tuple[date | None, date | None]:
    """Return the first and the last day of all periods; no last day if one of them has no end."""
    if not periods:
        return None, None
    ends = [end for _, end in periods if end]
    return min(start for start, _ in periods), max(ends) if len(ends) == len(periods) else None


def sent(segment: Segment) -> Sent:
    """Return the message's own number and time (BHT03 to BHT05)."""
    number, day, time = (element(segment, at) for at in (3, 4, 5))
    is_day = len(day) == 8 and day.isdigit()
    at = f"{day[:4]}-{day[4:6]}-{day[6:]}" if is_day else ""
    if is_day and len(time) >= 4 and time.isdigit():
        at = f"{at}T{time[:2]}:{time[2:4]}:{time[4:6] or '00'}"
    return Sent("|".join((number, day, time)), at)
