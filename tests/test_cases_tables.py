"""Tables made from what others reported, each with what must come of it (../shared/cases)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from lib.import_report_models import ImportReport
from lib.intake import imports
from lib.models import TaskType
from lib.store.database import Connection
from tests.conftest import SHARED, Cast

pytestmark = pytest.mark.slow

CASES = SHARED.parent / "cases"
NOW = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)


def case(name: str) -> Path:
    """Return a case of others; the test is skipped, saying so, where it is not there."""
    file = CASES / name
    if not file.exists():
        pytest.skip(f"{file} is not here: the cases stay outside the project")
    return file


def bring(con: Connection, cast: Cast, name: str) -> ImportReport:
    return imports.apply(con, name, case(name), actor=cast.ana, practice_id=cast.practice, now=NOW)


def test_33_a_year_of_two_digits_is_not_in_the_future(con: Connection, cast: Cast) -> None:
    report = bring(con, cast, "33-two-digit-year.csv")

    assert (report.refused, report.refused_rows) == (None, ())
    assert con.rows("SELECT date_of_service FROM task") == [(date(1999, 12, 31),)]


def test_33_a_day_of_service_in_the_future_is_refused_also_when_written_in_full(
    con: Connection, cast: Cast
) -> None:
    text = case("33-two-digit-year.csv").read_text().replace("12/31/99", "12/31/2099")
    report = imports.apply(
        con, "full.csv", text.encode(), actor=cast.ana, practice_id=cast.practice, now=NOW
    )

    assert report.tasks_new == 0
    assert "does not lie in the future" in report.refused_rows[0].reason


def test_34_a_denial_list_needs_no_column_of_types(con: Connection, cast: Cast) -> None:
    report = bring(con, cast, "34-denial-list-without-type.csv")

    assert report.refused is None
    assert con.rows(
        "SELECT type, title, codes, claim_number, amount::VARCHAR, date_of_service FROM task"
    ) == [("authorization", "Precert absent", "CO-197", "C1", "150.00", date(2025, 1, 13))]


def test_34_or_one_type_is_chosen_for_all_rows(con: Connection, cast: Cast) -> None:
    text = case("34-denial-list-without-type.csv").read_text()
    text = text.replace("Denial Code,", "").replace("CO-197,", "")
    refused, taken = (
        imports.apply(
            con, "a.csv", text.encode(), actor=cast.ana, practice_id=cast.practice, now=NOW,
            type_for_all=type_,
        )
        for type_ in (None, TaskType.INSURANCE)
    )  # fmt: skip

    assert "no column is known to hold the type" in str(refused.refused)
    assert (taken.refused, taken.tasks_new) == (None, 1)
    assert con.rows("SELECT type FROM task") == [("insurance",)]


def test_35_of_a_range_of_days_the_first_is_the_day_of_service(con: Connection, cast: Cast) -> None:
    report = bring(con, cast, "35-day-range.csv")

    assert (report.refused, report.refused_rows) == (None, ())
    [(day, instructions)] = con.rows("SELECT date_of_service, instructions FROM task")
    assert day == date(2025, 1, 13)
    assert "01/13/2025 - 01/15/2025" in instructions


def test_36_two_encodings_in_one_file_are_both_read_and_said(con: Connection, cast: Cast) -> None:
    report = bring(con, cast, "36-two-encodings.csv")

    names = con.rows("SELECT patient_name FROM task ORDER BY claim_number")
    assert [name for (name,) in names] == ["MUÑOZ, JOSÉ", "PEÑA, ANA"]
    assert any("two encodings" in each for each in report.warnings)


def test_37_a_row_that_a_filter_hides_stays_out_and_is_said(con: Connection, cast: Cast) -> None:
    report = bring(con, cast, "37-filtered-rows.xlsx")

    assert con.rows("SELECT claim_number FROM task ORDER BY 1") == [("C1",), ("C3",)]
    assert any("hidden in the workbook or by a filter: 1 row" in each for each in report.warnings)
