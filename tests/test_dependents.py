"""Beside an insured the dependent is the patient, in a table as on a claim."""

from __future__ import annotations

import pytest

from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.x12_texts import claim, file_837


def imported(con: Connection, cast: Cast, head: str, row: str) -> tuple[int | None, str]:
    bring(con, cast, file_837(claim("A1")))
    table = f"Claim Number,DOS,CARC,{head}\nA1,01/13/2025,CO-197,{row}\n"
    report = bring(con, cast, table.encode(), "b.csv")
    assert "Columns not read" not in " ".join(report.warnings)
    [found] = con.rows("SELECT charge_id, patient_name FROM task")
    return found


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("Member Name,Dependent Name", '"GREEN, EMMA","GREEN, OLIVER"'),
        ("Subscriber,Dependent", '"GREEN, EMMA","GREEN, OLIVER"'),
        ("Insured Name,Dep Name", '"GREEN, EMMA","GREEN, OLIVER"'),
        ("Dependant,Policyholder Name", '"GREEN, OLIVER","GREEN, EMMA"'),
        ("Subscriber Name,Dependent First Name", '"GREEN, EMMA",OLIVER'),
        ("Member Last Name,Member First Name,Dependent Last Name,Dependent First Name",
         "GREEN,EMMA,GREEN,OLIVER"),
    ],
)  # fmt: skip
def test_a_dependent_is_the_patient(con: Connection, cast: Cast, head: str, row: str) -> None:
    assert imported(con, cast, head, row) == (None, "GREEN, OLIVER")


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("Member Name,Dependent Name", '"GREEN, EMMA",'),
        ("Member Name,Dependent", '"GREEN, EMMA",Self'),
        ("Subscriber,Dependent Name", '"GREEN, OLIVER","GREEN, EMMA"'),
        ("Subscriber Name,Subscriber DOB,Dependent Name",
         '"GREEN, OLIVER",01/01/1950,"GREEN, EMMA"'),
        ("Subscriber Name,Relationship to Subscriber", '"GREEN, EMMA",18'),
    ],
)  # fmt: skip
def test_the_insured_is_the_patient_where_no_dependent_is_named(
    con: Connection, cast: Cast, head: str, row: str
) -> None:
    assert imported(con, cast, head, row) == (1, "GREEN, EMMA")


@pytest.mark.parametrize(
    "told", ["Relationship,Child", "Pt Rel to Insured,19", "Dependent,Y", "Dependent,01"]
)
def test_an_insured_who_is_not_the_patient_proves_nothing(
    con: Connection, cast: Cast, told: str
) -> None:
    heading, value = told.split(",")
    imported(con, cast, f"Subscriber Name,{heading}", f'"GREEN, EMMA",{value}')
    [(facts,)] = con.rows("SELECT patient_name FROM task_claim")
    assert facts == ""
