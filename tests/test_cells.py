"""Days and dollars are understood as people and spreadsheets write them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from lib.intake.tables.cells import DateOrder, day, is_negative, money, order_of
from lib.intake.tables.table import Cell


@pytest.mark.parametrize(
    ("cell", "dollars"),
    [
        ("1,234.50", "1234.50"), ("$12", "12.00"), ("12.5 USD", "12.50"), ("USD 3", "3.00"),
        (12, "12.00"), (0.1 + 0.2, "0.30"), (" 7 ", "7.00"), ("12,5", None), ("(12.50)", None),
        ("-1", None), (-1, None), ("1.234,50", None), ("1e5", None), ("", None), ("12.345", None),
        (float("nan"), None), (True, None), (date(2025, 1, 1), None), ("99999999999", None),
    ],
)  # fmt: skip
def test_amounts_are_understood_as_people_write_them(cell: Cell, dollars: str | None) -> None:
    assert money(cell) == (Decimal(dollars) if dollars else None)


def test_an_amount_below_zero_is_told_from_one_that_is_none() -> None:
    assert all(is_negative(cell) for cell in ("(12.50)", "-3", "$-3", "($3)", "12-", -2))
    assert not any(is_negative(cell) for cell in ("12", "", "x", "-", "()", "--"))


@pytest.mark.parametrize(
    "text",
    ["2025-01-13", "20250113", "1/13/2025", "01/13/25", "1.13.2025", "13-Jan-2025", "13 Jan 25",
     "January 13, 2025", "Jan. 13 2025", "45670", "45670.75", "2025-01-13T10:30:00Z",
     "01/13/2025 10:30 AM", "2025/1/13"],
)  # fmt: skip
def test_days_are_understood_as_people_and_spreadsheets_write_them(text: str) -> None:
    assert day(text, DateOrder.MONTH_FIRST) == date(2025, 1, 13)


def test_what_is_no_day_is_none() -> None:
    for text in ("", "soon", "13/45/2025", "0", "123456", "Foo 1, 2025", "31-Feb-2025", "1/1/1"):
        assert day(text, DateOrder.MONTH_FIRST) is None


def test_the_order_of_dates_is_judged_by_the_whole_column() -> None:
    us, others_ = order_of(["01/02/2025", "01/13/2025"]), order_of(["01/02/2025", "13.01.2025"])
    unsure, mixed = order_of(["01/02/2025"]), order_of(["13/01/2025", "01/13/2025"])

    assert (us.order, us.is_sure) == (DateOrder.MONTH_FIRST, True)
    assert (others_.order, others_.is_sure) == (DateOrder.DAY_FIRST, True)
    assert (unsure.order, unsure.is_sure, unsure.example) == (
        DateOrder.MONTH_FIRST, False, "01/02/2025",
    )  # fmt: skip
    assert mixed.is_mixed
