"""Sums, counts and footers of a report are no claims: they are named and make no task."""

from __future__ import annotations

import pytest

from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring

HEAD = "Claim Number,Patient,DOS,CARC,Denied Amount,Status"
ROWS = [
    'A1,"GREEN, EMMA",01/13/2025,CO-197,200.00,Denied',
    'A2,"REED, TOM",01/14/2025,CO-29,100.00,Denied',
    'A3,"HALL, ANN",01/15/2025,CO-16,40.50,Denied',
]


def listed(*rows: str) -> bytes:
    return "\n".join((HEAD, *rows, "")).encode()


@pytest.mark.parametrize(
    "rows",
    [
        ["Total,,,,340.50,"],
        ["TOTALS:,,,,$340.50,"],
        [",,,Grand total,340.50,"],
        ["Total for PLAINS HEALTH,,,,340.50,", "Grand Total (3 claims),,,,340.50,"],
        ["Sum,,,,340.50,", "Count,,,,3,"],
        [",,,,340.50,"],
        ["3 claims,,,,340.50,"],
        ["Total: 340.50,,,,,"],
        ["Number of claims,,,,3,"],
        ["Report generated on 02/01/2025 08:30 by Northside"],
        ["Page 1 of 1"],
        ["Generated on:,02/01/2025"],
        ["*** End of report ***"],
        ["Confidential - contains PHI"],
        ["Denials listed,,,,3,"],
        ["Total,,,,340.50,Denied"],
        ["Total,,01/15/2025,,340.50,USD"],
        ["Grand Total,,,all codes,340.50,see the cover sheet"],
        ["Total for January,,,CO,340.50,3 rows of claims"],
        [",Totals,,USD,340.50,Denied"],
        [",,,Total,340.50,as of 01/31/2025"],
    ],
)
def test_what_stands_below_the_claims_is_named_and_no_task(
    con: Connection, cast: Cast, rows: list[str]
) -> None:
    report = bring(con, cast, listed(*ROWS, *rows), "b.csv")

    assert report.tasks_new == 3
    lines = ", ".join(str(5 + at) for at in range(len(rows)))
    few = f"{len(rows)} row{'s' if len(rows) > 1 else ''} (line{'s' if len(rows) > 1 else ''}"
    said = " ".join(report.warnings)
    assert f"Totals and what else a report adds, no claims: {few} {lines})" in said
    assert "Refused" not in said


def test_a_total_between_the_claims_of_two_payers_is_none_of_them(
    con: Connection, cast: Cast
) -> None:
    report = bring(con, cast, listed(ROWS[0], "Subtotal,,,,200.00,", *ROWS[1:]), "b.csv")

    assert report.tasks_new == 3
    assert "no claims: 1 row (line 3)" in " ".join(report.warnings)


@pytest.mark.parametrize(
    "row",
    [
        'Total,"GREEN, EMMA",01/16/2025,CO-197,340.50,Denied',  # a claim named so
        "Total,HALL,,,340.50,Denied",  # a patient is named
        'A4,"TOTAL, ANN",01/16/2025,CO-197,340.50,Denied',
        'A4,Sum,01/16/2025,CO-197,340.50,Denied',
        'A4,,01/16/2025,CO-197,340.50,Denied',
    ],
)  # fmt: skip
def test_a_claim_is_never_taken_for_a_total(con: Connection, cast: Cast, row: str) -> None:
    report = bring(con, cast, listed(*ROWS, row), "b.csv")

    assert report.tasks_new == 4
    assert "no claims" not in " ".join(report.warnings)


@pytest.mark.parametrize(
    "row",
    [
        ",,,CO-197,340.50,Denied",  # it says neither whose it is, nor that it is a sum
        ",,,,100.00,",  # not the sum
        ",,,,340.50,Denied",
        "A4,,,,340.50,",
        "Total hip replacement,,,,340.50,",
        ",,,Total,340.50,call the payer",
    ],
)
def test_a_row_that_is_not_surely_a_total_is_refused_as_before(
    con: Connection, cast: Cast, row: str
) -> None:
    report = bring(con, cast, listed(*ROWS, row), "b.csv")

    assert report.tasks_new == 3
    assert "Refused: 1 row" in " ".join(report.warnings)
