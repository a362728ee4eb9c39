"""Columns of a table are described by what stands in them; a saved mapping is known again."""

from __future__ import annotations

from dataclasses import replace

from lib.intake.tables import columns
from lib.intake.tables.cells import DateOrder, Order
from lib.intake.tables.columns import ColumnMapping, Field, Look, Outline
from lib.models import TaskType
from lib.ui import import_mapping

ORDER = Order(DateOrder.MONTH_FIRST, True, False, False)
LOOK = Look("text", ("Ray, Ida", "Doe"), ORDER, False, False, False, False, False, False, False,
            False)  # fmt: skip
TABLE = Outline("XLSX", ("Who", "When"), {"Who": LOOK, "When": LOOK}, "", (), 0, ("When",))
PLAN = ColumnMapping({Field.TYPE: "Who"}, {Field.DUE: DateOrder.DAY_FIRST}, "Sheet1", ("When",))


def test_a_column_is_described_with_what_stands_in_it_and_whether_it_is_hidden() -> None:
    assert import_mapping._described(TABLE, "Who") == "Who · text · Ray, Ida · Doe"
    assert "hidden in the workbook" in import_mapping._described(TABLE, "When")


def test_each_type_has_a_place_of_its_own_after_none() -> None:
    places = [import_mapping._place_of(kind) for kind in (None, *TaskType)]

    assert places == list(range(len(TaskType) + 1))


def test_the_sheet_and_hidden_rows_are_no_part_of_a_saved_mapping() -> None:
    same = replace(PLAN, sheet="Other", with_hidden=True)

    assert import_mapping._kept(PLAN) == import_mapping._kept(same)
    for other in (
        replace(PLAN, columns={}), replace(PLAN, orders={}), replace(PLAN, codes=()),
        replace(PLAN, type=TaskType.CODING),
    ):  # fmt: skip
        assert import_mapping._kept(PLAN) != import_mapping._kept(other)


def test_dates_are_asked_for_by_fields_that_hold_dates() -> None:
    assert Field.DUE in columns.DATES
