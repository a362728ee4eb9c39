"""A row of a denial list that says in any column that the claim was denied is a denial, whatever
its codes say."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lib.intake import imports
from lib.intake.tables import denial_statuses
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.test_import import bring
from tests.x12_texts import claim, file_837

pytestmark = pytest.mark.cases(3)


def listed(heading: str, value: str) -> bytes:
    return (
        f'Claim Number,Patient,DOS,CARC,"{heading}"\nA1,"GREEN, EMMA",01/13/2025,CO-45,"{value}"\n'
    ).encode()


@pytest.mark.parametrize(
    ("heading", "value"),
    [
        ("Status", "Denied"), ("Claim Status", "Denied"), ("Adjudication Status", "DENIED"),
        ("Clm Sts", "Denied"), ("Payer Status", "Denied in part"), ("Disposition", "Denied"),
        ("Outcome", "denial"), ("Result", "Rejected"), ("Status", "DENIED - CO45"),
        ("Status", "4"), ("CLP02", "4 - Denied"), ("Claim Status", "F2"),
        ("Final Determination", "Claim disallowed"), ("Payer Comment", "line denied by plan"),
        ("Denied?", "Y"), ("ClaimStatus", "Den"), ("Status", "No payment, denied"),
    ],
)  # fmt: skip
def test_a_row_that_says_denied_is_a_task(
    con: Connection, cast: Cast, heading: str, value: str
) -> None:
    bring(con, cast, file_837(claim("A1")))
    report = bring(con, cast, listed(heading, value), "b.csv")
    assert con.rows("SELECT charge_id, codes FROM task") == [(1, "CO-45")]
    said = " ".join(report.warnings)
    assert "No denial" not in said
    assert "In a state that is not known here" not in said
    if heading not in {"Payer Comment"}:
        assert f"Denied by “{heading}”, whatever codes they have: 1 row (line 2)." in said
        assert "Columns not read" not in said


@pytest.mark.parametrize(
    ("heading", "value"),
    [
        ("Claim Status", "Paid"), ("Status", "Not denied"), ("Outcome", "no longer denied"),
        ("Denied?", "N"), ("Disposition", "1"), ("Status", "3"), ("Claim Status", ""),
    ],
)  # fmt: skip
def test_one_that_says_nothing_of_the_kind_stays_no_denial(
    con: Connection, cast: Cast, heading: str, value: str
) -> None:
    report = bring(con, cast, listed(heading, value), "b.csv")
    assert con.rows("SELECT id FROM task") == []
    assert "No denial" in " ".join(report.warnings)


def test_a_payers_number_of_a_status_does_not_complete_the_row(con: Connection, cast: Cast) -> None:
    """1 under Status is CLP02's “processed as primary” in a denial list, not “yes, done”."""
    table = listed("Status", "1").replace(b"CO-45", b"CO-197")
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, table, "b.csv")
    assert con.rows("SELECT charge_id, codes FROM task") == [(1, "CO-197")]


@pytest.mark.parametrize(
    ("text", "is_status", "expected"),
    [
        ("non-denied", False, False), ("has not been denied", False, False),
        ("undenied", False, False), ("NO AUTH - DENIED", False, True), ("4", False, False),
        ("4", True, True), ("42", True, False), ("04", True, True), ("A7: invalid", True, True),
        ("F1", True, False), ("denial", False, False), ("D", True, True), ("Dn", True, True),
        ("pending", True, False), ("not_denied", True, False), ("claim_denied", False, True),
    ],
)  # fmt: skip
def test_what_a_text_says(text: str, is_status: bool, expected: bool) -> None:
    assert denial_statuses.says_denied(text, is_status=is_status) is expected


@pytest.mark.parametrize(
    ("heading", "value", "code"),
    [
        ("Status", "Denied", ""), ("Disposition", "DENIED", "see EOB"), ("Claim Status", "4", ""),
        ("Denied?", "Yes", "n/a"), ("Outcome", "Rejected", "???"), ("Type", "Denied", ""),
    ],
)  # fmt: skip
def test_a_denial_without_any_code_is_a_task_that_says_so(
    con: Connection, cast: Cast, heading: str, value: str, code: str
) -> None:
    other = 'A2,"GREEN, EMMA",01/14/2025,CO-197,Denied\n'
    table = listed(heading, value).replace(b"CO-45", code.encode()) + other.encode()
    bring(con, cast, file_837(claim("A1")))

    report = bring(con, cast, table, "b.csv")

    [(title, type_, instructions)] = con.rows(
        "SELECT title, type, instructions FROM task WHERE charge_id = 1"
    )
    assert (title, type_) == ("Denied without a reason", "charge")
    assert "the list names no reason code" in instructions
    assert (f"only “{code}”" in instructions) is bool(code)
    assert "look for the payer's remittance" in instructions
    assert "Refused" not in " ".join(report.warnings)


def test_one_without_a_code_that_does_not_say_denied_is_refused(
    con: Connection, cast: Cast
) -> None:
    table = listed("Status", "In process").replace(b"CO-45", b"") + (
        b'A2,"GREEN, EMMA",01/14/2025,CO-197,Denied\n'
    )

    report = bring(con, cast, table, "b.csv")

    assert report.tasks_new == 1
    assert "Refused: 1 row" in " ".join(report.warnings)


STATUS_ONLY = "Claim Number,Patient,DOS,Denied Amount,{}\n"


@pytest.mark.parametrize(
    ("heading", "denied", "other"),
    [
        ("Status", "Denied", "Paid"), ("Claim Status", "4 - Denied", "Pending"),
        ("Denied?", "Y", "N"), ("Disposition", "DENIED", "Not denied"),
        ("Adjudication Status", "F2", "F1"), ("Outcome", "Rejected", "In process"),
        ("Is Denied", "true", "false"), ("Determination", "Disallowed", "Approved"),
    ],
)  # fmt: skip
def test_a_list_without_codes_and_types_is_one_of_denials_by_its_status(
    con: Connection, cast: Cast, heading: str, denied: str, other: str
) -> None:
    rows = (
        f'A1,"GREEN, EMMA",01/13/2025,200.00,{denied}\n'
        f'A2,"REED, TOM",01/14/2025,100.00,{other}\nTotal,,,300.00,2\n'
    )
    bring(con, cast, file_837(claim("A1")))

    report = bring(con, cast, (STATUS_ONLY.format(heading) + rows).encode(), "b.csv")

    assert con.rows("SELECT title, type, charge_id, amount FROM task") == [
        ("Denied without a reason", "charge", 1, Decimal("200.00"))
    ]
    said = " ".join(report.warnings)
    assert f"Denied by “{heading}”: 1 row (line 2)." in said
    assert f"No denial by “{heading}”, or all was paid: 1 row (line 3)" in said
    assert "Refused" not in said and "Columns not read" not in said


@pytest.mark.parametrize("status", ["1", "Processed", "", "Finalized", "?"])
def test_a_row_of_such_a_list_that_leaves_it_open_is_refused(
    con: Connection, cast: Cast, status: str
) -> None:
    rows = f'A1,"GREEN, EMMA",01/13/2025,200.00,Denied\nA2,"REED, TOM",01/14/2025,9.00,{status}\n'

    report = bring(con, cast, (STATUS_ONLY.format("Status") + rows).encode(), "b.csv")

    assert report.tasks_new == 1
    assert "Refused: 1 row" in " ".join(report.warnings)


def test_what_the_list_says_in_words_is_the_task(con: Connection, cast: Cast) -> None:
    head = STATUS_ONLY.format("Status,Denial Reason")
    row = 'A1,"GREEN, EMMA",01/13/2025,200.00,Denied,No authorization on file\n'

    bring(con, cast, (head + row).encode(), "b.csv")

    assert con.rows("SELECT title FROM task") == [("No authorization on file",)]


@pytest.mark.parametrize("states", [("Open", "Closed"), ("Not denied", "Paid"), ("", "1")])
def test_a_list_none_of_whose_rows_is_denied_still_asks_for_a_type(
    con: Connection, cast: Cast, states: tuple[str, str]
) -> None:
    rows = "".join(f'A1,"GREEN, EMMA",01/13/2025,200.00,{each}\n' for each in states)

    content = (STATUS_ONLY.format("Status") + rows).encode()
    report = imports.apply(con, "b.csv", content, actor=cast.dora, practice_id=cast.practice,
                           now=NOON)  # fmt: skip

    assert report.refused and "type of the task" in report.refused
