"""What a denial list says of its claims (birth date, member ID, amount billed) is compared with the
charge, as what an 835 says is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from lib.intake.files.non_x12_formats import Chosen, TableOptions
from lib.intake.records import Request
from lib.intake.tables.columns import ColumnMapping, Field, guess
from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.test_table_kinds import taken
from tests.test_task_table import opened
from tests.x12_texts import claim, file_837

HEAD = "Claim #,Patient,DOS,Denial Code"
ROW = 'A1,"GREEN, EMMA",01/13/2025,CO-197'


def listed(more: str, *cells: str) -> bytes:
    rows = "\n".join(f"{ROW},{each}" for each in cells)
    return f"{HEAD},{more}\n{rows}\n".encode()


def outcomes(con: Connection, cast: Cast, raw: bytes) -> list[tuple[int | None, str]]:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, raw, "b.csv")
    return con.rows(
        "SELECT charge_id, outcome FROM task JOIN task_claim ON task_id = task.id ORDER BY task.id"
    )


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("DOB", "02/29/1980"), ("Date of Birth", "2/29/80"), ("Patient DOB", "1980-02-29"),
        ("Member ID", "MEM1"), ("Policy No.", "mem-1"), ("Subscriber ID", "n/a"),
        ("Billed", "200.00"), ("Total Charge", "$200"), ("DOB", "unknown"), ("DOB", "13/45/1980"),
        ("Billed", ""), ("Amount", "12.00"), ("Denied Charges", "80.00"),
    ],
)  # fmt: skip
def test_what_agrees_or_says_nothing_finds_the_charge(
    con: Connection, cast: Cast, column: str, cell: str
) -> None:
    assert outcomes(con, cast, listed(column, cell)) == [(1, "matched")]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("DOB", "03/01/1980"), ("Birth Date", "2/28/80"), ("Patient's DOB", "1990-02-28"),
        ("Member ID", "OTHER9"), ("Policy #", "MEM2"), ("Insured's ID", "XYZ123456"),
        ("Billed", "150.00"), ("Total Charges", "$80"), ("Charge Amount", "2000.00"),
    ],
)  # fmt: skip
def test_what_contradicts_the_charge_leaves_the_choice_to_a_person(
    con: Connection, cast: Cast, column: str, cell: str
) -> None:
    assert outcomes(con, cast, listed(column, cell)) == [(None, "contradicted")]


def test_of_two_patients_of_one_number_the_birth_date_tells(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))
    other = file_837(claim("A1"), control="000000002").replace(b"19800229", b"20100105")
    bring(con, cast, other.replace(b"MEM1", b"MEM2"), "c.837")
    bring(con, cast, listed("DOB", "01/05/2010"), "b.csv")

    assert con.rows("SELECT charge_id FROM task") == [(2,)]


@pytest.mark.parametrize("more", ["CPT,Billed", "Billed,Service Line"])
def test_a_line_of_a_claim_is_billed_less_than_the_claim(
    con: Connection, cast: Cast, more: str
) -> None:
    cells = "99213,120.00" if more.startswith("CPT") else "120.00,1"

    assert outcomes(con, cast, listed(more, cells)) == [(1, "matched")]


def test_several_rows_about_one_claim_may_be_its_lines(con: Connection, cast: Cast) -> None:
    found = outcomes(con, cast, listed("Billed", "120.00", "80.00", "500.00"))

    assert found == [(1, "matched"), (1, "matched"), (None, "contradicted")]


def only(raw: bytes) -> Request:
    [request] = taken(raw).requests
    return request


@pytest.mark.parametrize(
    ("more", "cells", "amount", "billed"),
    [
        ("Billed,Denied Amount", "200,80", "80", "200"),
        ("Balance,Billed", "75.50,200", "75.50", "200"),
        ("Billed,Paid,Balance", "200,120,70", "70", "200"),
        ("Billed,Paid,Balance", "200,120,", "80", "200"),
        ("Billed,Outstanding", "200,", "200", "200"),
        ("Billed,Denied", "200,yes", "200", "200"),
        ("Denied Charges", "80", "80", None),
    ],
)  # fmt: skip
def test_what_is_left_open_is_the_amount_and_what_was_billed_is_the_claims(
    more: str, cells: str, amount: str, billed: str | None
) -> None:
    request = only(listed(more, cells))

    assert request.amount == Decimal(amount)
    assert request.facts.charged == (Decimal(billed) if billed else None)


def test_a_row_that_an_older_store_knows_by_what_was_billed_is_the_same() -> None:
    raw = listed("Billed,Balance", "200,80")
    columns = dict(guess(opened(raw)).columns)
    columns[Field.AMOUNT] = columns.pop(Field.BILLED)
    older = ColumnMapping(columns, codes=("Denial Code",))
    [before] = taken(raw, TableOptions(plan_for=Chosen(older))).requests

    assert before.key in only(raw).earlier_keys


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("DOB", "13/45/1980"), ("DOB", "01/01/2030"), ("Member ID", "1.23457E+11"),
        ("Member ID", "#REF!"), ("Member ID", "X" * 100),
    ],
)  # fmt: skip
def test_what_nothing_needs_is_left_empty_and_named(column: str, cell: str) -> None:
    found = taken(listed(column, cell))

    assert len(found.requests) == 1
    assert f"Left empty, since it cannot be read: “{column}” in line 2." in found.warnings
    assert (found.requests[0].facts.birth_date, found.requests[0].facts.member_ids) == (None, ())


def test_a_birth_date_of_two_digits_is_of_the_past() -> None:
    assert only(listed("DOB", "2/3/31")).birth_date == date(1931, 2, 3)
    assert only(listed("DOB", "2/3/25")).birth_date == date(2025, 2, 3)


def test_a_state_that_says_denied_is_known(con: Connection, cast: Cast) -> None:
    report = bring(con, cast, listed("Status", "Denied"), "a.csv")
    other = bring(con, cast, listed("Status", "Frobnicated").replace(b"A1,", b"A2,"), "b.csv")

    assert not any("not known here" in said for said in report.warnings)
    assert any("not known here: 1 row" in said for said in other.warnings)


@pytest.mark.parametrize(
    ("number", "patient", "tasks"),
    [
        ("0A1", '"GREEN, EMMA"', 1), ("a1", '"GREEN, EMMA"', 1), ("A1", "Emma Green", 1),
        ("A1", '"Green,Emma"', 1), ("A2", '"GREEN, EMMA"', 2), ("A1", '"GREEN, LEO"', 2),
    ],
)  # fmt: skip
def test_a_row_that_is_written_in_another_way_is_the_same(
    con: Connection, cast: Cast, number: str, patient: str, tasks: int
) -> None:
    bring(con, cast, listed("Billed", "200"), "a.csv")
    again = f"{HEAD},Billed\n{number},{patient},01/13/2025,CO-197,200\n"
    bring(con, cast, again.encode(), "b.csv")

    assert con.value("SELECT count(*) FROM task") == tasks


def test_a_row_that_an_older_store_knows_as_it_was_written_is_the_same(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, listed("Billed", "200"), "a.csv")
    keys = only(listed("Billed", "200")).earlier_keys
    [key] = [each for each in keys if each.startswith("TABLE|A1|") and "|greenemma" in each]
    con.execute("UPDATE task SET request_key = $key", key=key)
    bring(con, cast, listed("Billed,Room", "200,1"), "b.csv")

    assert con.value("SELECT count(*) FROM task") == 1
