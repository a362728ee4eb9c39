"""Headings of denial lists as payers, clearinghouses and practices write them: what they say of the
claim is read and compared, or named as not read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from lib.intake.tables import task_table
from lib.intake.tables.columns import Field, guess, outline
from lib.intake.tables.heading_words import words
from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.test_table_kinds import taken
from tests.test_task_table import opened
from tests.x12_texts import claim, file_837

VALUES = {
    Field.PATIENT: "DOE, JOHN", Field.LAST: "DOE", Field.FIRST: "JOHN", Field.BORN: "01/05/2010",
    Field.MEMBER: "OTHER9", Field.PAYER: "OTHER PLAN", Field.SERVICE: "02/20/2025",
    Field.BILLED: "150.00", Field.DUE: "06/30/2025", Field.ASKED: "02/10/2025",
    Field.PROVIDER: "REED, ANN", Field.PAID: "20.00", Field.ICN: "2025013000123",
    Field.AMOUNT: "80.00", Field.ACCOUNT: "A1",
}  # fmt: skip
HEADINGS = {
    Field.PATIENT: "Name; Pt Name; Pt; Patient Nm; PatientName; PATIENT_NAME; Patient / Member; "
    "Patient(s); Beneficiary; Recipient Name; Enrollee; Insured Name; Member; Patient Last/First; "
    "Pat. Name; PAT NAME; PATNAME; Patient Name (Last, First); Subscriber/Patient; Subs Name; "
    "Patient's Full Name; Client Full Name; BENE NAME; MemberName; Patient Name (Last, First MI); "
    "Patient Name (Last - First M.)",
    Field.LAST: "Pt Lst Nm; PATLASTNAME; patient_lname; Patient Surname; Member Last Name",
    Field.BORN: "Pt. D.O.B.; PatientDOB; BIRTH_DT; Patient Birth Dt; Date of Birth - Patient; "
    "Member DOB; Bene Birth Date",
    Field.MEMBER: "Subscriber Identifier; Mbr ID; MEMBERID; Recip ID; Insured ID No; BENE_MBI_ID; "
    "Policy Num; Member/Subscriber ID; Medicaid No.; Patient's Policy #; HICN",
    Field.PAYER: "Ins Co; Carrier Name; Insurance Plan Name; Payer/Plan; Ins Name; Ins. Company; "
    "Insurance Carrier Name; PAYOR_NM; Primary Payer; Pri Ins; INSNAME; Responsible Payer; "
    "Insurance 1; Health Plan Name",
    Field.SERVICE: "Svc Date; Service Dt; DOS Start; Begin Date; From DOS; FDOS; Date of Svc; "
    "Visit; DOS1; Serv Date; First Date of Service; Statement From; From; Service Begin Date; "
    "Start Date; SERVICE_DATE; Date Of Service From; clm_from_dt; SVCFROMDT; Date(s) of Svc; "
    "Visit/Service Date; Procedure Date; D.O.S.; Encounter Dt; Appt Date; Claim From Date; "
    "Line Service Date; Date of Service (MM/DD/YYYY); DOS (From - To); Stmt From Dt",
    Field.BILLED: "Total Chgs; Claim Billed Amount; Chrg Amt; Orig. Charge Amt; "
    "Submitted Amt; Claim Total; Billed Fee; Chg; Claim Fee",
    Field.DUE: "Appeal Deadline; Timely Filing Deadline; Last Day to Appeal; Appeal By; "
    "Filing Limit; Response Deadline; Appeal Due Dt; Resubmission Deadline; TFL Date",
    Field.ASKED: "Denial Date; Date Denied; Denied On; Remit Date; EOB Dt; Check Date; "
    "Adjudication Date; Processed Date; Rejection Date; Paid Date; ERA Date",
    Field.PROVIDER: "Rend Prov; Rndrng Prvdr Name; Servicing Provider; Treating Physician Name",
    Field.PAID: "Ins Paid Amt; Payer Pmt Amt; Plan Paid Amount; Total Ins Paid",
    Field.ICN: "ICN; DCN; Payer Claim #; Payer Claim Control Number; Ins Claim No; ICN/DCN; PCCN; "
    "Internal Control Number; Carrier Ref #",
    Field.AMOUNT: "Denied $; Ins Bal; Total Denied Amt; Outstanding Amt; Line Item Bal; "
    "A/R Balance; Open Balance",
    Field.ACCOUNT: "Patient Acct No; Patient Account #; Pt Control No; Account; Patient Ctrl Nbr; "
    "Encounter No; Visit #; Invoice Num; Patient Control Number; PCN",
}  # fmt: skip
PAIRS = [
    (which, heading) for which, names in HEADINGS.items() for heading in names.split("; ")
]  # fmt: skip


def listed(heading: str, cell: str, base: str = "Claim", value: str = "A1") -> bytes:
    return f'{base},CARC,{heading}\n{value},CO-97,"{cell}"\n'.encode()


@pytest.mark.parametrize(("which", "heading"), PAIRS)
def test_a_heading_is_known_by_its_words(which: Field, heading: str) -> None:
    quoted = f'"{heading}"'
    grid = opened(listed(quoted, VALUES[which]))
    plan = guess(grid)

    assert plan.columns.get(which) == heading
    assert guess(outline(grid)).columns == plan.columns
    assert plan.codes == ("CARC",)


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("Secondary Insurance", "OTHER PLAN"), ("Payer ID", "87726"), ("Plan Type", "HMO"),
        ("Patient ID", "123456"), ("Guarantor", "DOE, JOHN"), ("Patient Balance", "20.00"),
        ("Patient Paid", "20.00"), ("Days to Appeal", "90"),
        ("Claim Status Date", "02/10/2025"), ("Last DOS", "01/14/2025"), ("Group Number", "G77"),
        ("Billing Provider", "NORTHSIDE"), ("Referring Provider Name", "REED, ANN"),
        ("Name of Employer", "ACME"), ("Payer Type", "HMO"), ("Patient Phone", "555-0100"),
        ("Date of Death", "01/01/2025"), ("Provider ID", "17"), ("Patient Initials", "JD"),
        ("Ins Phone", "555"),
    ],
)  # fmt: skip
def test_a_heading_that_says_something_else_is_not_read_and_named(heading: str, cell: str) -> None:
    raw = listed(heading, cell, "Claim,Patient,DOS", 'A1,"GREEN, EMMA",01/13/2025')

    assert heading not in guess(opened(raw)).columns.values()
    assert f"Columns not read: “{heading}”." in " ".join(taken(raw).warnings)


@pytest.mark.parametrize(
    ("which", "heading"),
    [
        pair for pair in PAIRS
        if pair[0] in {Field.PATIENT, Field.PAYER, Field.SERVICE, Field.BORN, Field.MEMBER}
    ][::4],
)  # fmt: skip
def test_what_a_shortened_heading_says_is_compared(
    con: Connection, cast: Cast, which: Field, heading: str
) -> None:
    base = ("Claim,DOS", "A1,01/13/2025")
    if which is Field.SERVICE:
        base = ("Claim,Patient", 'A1,"GREEN, EMMA"')
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, listed(f'"{heading}"', VALUES[which], *base), "b.csv")

    assert con.rows("SELECT charge_id, outcome FROM task JOIN task_claim ON task_id = task.id") == [
        (None, "contradicted")
    ]


def test_a_name_is_a_tasks_where_people_are_named_otherwise() -> None:
    of_tasks = guess(opened(b"Claim,Type,Name\nA1,Coding,Correct the modifier\n"))
    of_people = guess(opened(b'Claim,Type,Notes,Name\nA1,Coding,Wrong,"GREEN, EMMA"\n'))

    assert of_tasks.columns[Field.TITLE] == "Name"
    assert of_people.columns[Field.PATIENT] == "Name"


@pytest.mark.parametrize(
    ("names", "cells"),
    [
        ("Patient Nm,Insured Last Name", '"GREEN, EMMA",BROWN'),
        ("Insured Name,Pt Lst Nm,Pt Fst Nm", '"BROWN, ADAM",GREEN,EMMA'),
        ("Subscriber Nm,Pt", '"BROWN, ADAM","GREEN, EMMA"'),
    ],
)
def test_the_patient_goes_before_who_has_the_policy(names: str, cells: str) -> None:
    [request] = taken(f"Claim,CARC,{names}\nA1,CO-97,{cells}\n".encode()).requests

    assert request.patient_name == "GREEN, EMMA"


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_report_may_begin_with_its_title_above_shortened_headings(sign: str) -> None:
    rows = [["Clm Nbr", "Pt Nm", "Svc Dt", "Ins Co", "Rsn Cd"],
            ["A1", "EMMA GREEN", "01/13/2025", "PLAINS HEALTH", "CO-97"]]  # fmt: skip
    text = "Denial Report\nPrinted 02/10/2025\n\n" + "\n".join(map(sign.join, rows))
    [request] = taken(text.encode()).requests

    assert (request.claim_number, request.patient_name) == ("A1", "EMMA GREEN")
    assert request.payer_name == "PLAINS HEALTH"


def test_words_are_told_apart_however_they_are_joined() -> None:
    for heading in ("Patient Account Number", "PATIENTACCOUNTNUMBER", "pt_acct_no", "PtAcct#"):
        assert words(heading) == {"patient", "account", "number"}


@pytest.mark.parametrize(
    ("names", "cells"),
    [
        ("Claim Number,Patient Account Number", "2025013000123,A1"),
        ("ICN,Pt Control No", "2025013000123,A1"),
        ("Payer Claim #,Encounter", "2025013000123,A1"),
        ("Claim ID,Invoice #", "2025013000123,A1"),
        ("Patient Account No,Claim #", "A1,2025013000123"),
        ("Claim Ref No,CPT", "A1,99213"),
        ("Pt Ctrl #,Claim Ctrl No.", "A1,2025013000123"),
        ("Control Number,CPT", "A1,99213"),
        ("Account/Claim #,CPT", "A1,99213"),
    ],
)
def test_every_number_of_a_row_finds_its_charge(
    con: Connection, cast: Cast, names: str, cells: str
) -> None:
    bring(con, cast, file_837(claim("A1")))
    raw = f'{names},Patient,DOS,CARC\n{cells},"GREEN, EMMA",01/13/2025,CO-97\n'
    bring(con, cast, raw.encode(), "b.csv")

    assert con.rows("SELECT charge_id FROM task") == [(1,)]


def test_two_numbers_that_each_have_a_charge_leave_the_choice(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1"), claim("B7")))
    raw = b'Claim #,Account #,Patient,DOS,CARC\nA1,B7,"GREEN, EMMA",01/13/2025,CO-97\n'
    bring(con, cast, raw, "b.csv")

    assert con.rows("SELECT charge_id FROM task") == [(None,)]


@pytest.mark.parametrize(
    "names", ["Claim,Subject,Type", "Acct #,Subject,Type,Payer", "Claim,Subject,Type,Billed"]
)
def test_a_row_that_names_neither_patient_nor_day_finds_no_charge_alone(
    con: Connection, cast: Cast, names: str
) -> None:
    cells = ["A1", "Correct the code", "Coding", "PLAINS HEALTH"]
    cells[3] = "200.00" if "Billed" in names else cells[3]
    bring(con, cast, file_837(claim("A1")))
    raw = f"{names}\n{','.join(cells[: len(names.split(','))])}\n"
    report = bring(con, cast, raw.encode(), "b.csv")

    assert con.rows("SELECT charge_id, outcome FROM task JOIN task_claim ON task_id = task.id") == [
        (None, "unproven")
    ]
    assert any("no charge is found by a claim number alone" in said for said in report.warnings)


def test_the_days_of_denial_and_appeal_are_the_tasks() -> None:
    head = "Claim,Patient,CARC,Denial Date,Appeal Deadline"
    [request] = taken(f'{head}\nA1,"GREEN, EMMA",CO-97,02/10/2025,03/10/2025\n'.encode()).requests

    assert request.asked_on == date(2025, 2, 10)
    assert request.due_on == date(2025, 3, 10)
    assert request.received_on is None


def test_without_a_deadline_the_practices_days_count_from_the_denial(
    con: Connection, cast: Cast
) -> None:
    raw = b'Claim,Patient,CARC,Date Denied\nA1,"GREEN, EMMA",CO-97,01/10/2025\n'
    bring(con, cast, raw, "b.csv")

    rule = "30 days after the denial, the practice's own rule"
    assert con.row("SELECT due_on, due_rule FROM task") == (date(2025, 2, 9), rule)


@pytest.mark.parametrize(
    ("heading", "cell"),
    [("Billed", "2e2"), ("Amount", "2OO.00"), ("Balance", "200 (est.)"), ("Amount", "12.5.0")],
)
def test_an_amount_that_cannot_be_read_refuses_its_row_as_a_day_does(
    heading: str, cell: str
) -> None:
    found = taken(listed(heading, cell))

    assert found.requests == ()
    assert cell in found.refused_rows[0].reason


@pytest.mark.parametrize(
    ("heading", "cell"), [("Denied", "yes"), ("Charge", "99213-25"), ("Amount", "01/13/2025")]
)
def test_a_column_of_other_things_is_no_amount(heading: str, cell: str) -> None:
    found = taken(listed(heading, cell))

    assert found.requests[0].amount is None
    assert f"Columns not read: “{heading}”." in " ".join(found.warnings)


def test_an_amount_is_the_one_that_its_heading_means() -> None:
    [request] = taken(listed("Total Chgs,Ins Bal", '200","80')).requests

    assert (request.amount, request.facts.charged) == (Decimal(80), Decimal(200))


@pytest.mark.parametrize(
    "heading", ["Service To", "DOS Thru", "To DOS", "LDOS", "Statement Through Date", "To"]
)
def test_the_last_day_of_service_is_read_and_compared(heading: str) -> None:
    raw = listed(heading, "01/15/2025", "Claim,Patient,From DOS", 'A1,"GREEN, EMMA",01/13/2025')

    assert guess(opened(raw)).columns[Field.UNTIL] == heading
    [request] = taken(raw).requests
    assert request.about.dates == (date(2025, 1, 13), date(2025, 1, 15))
    assert request.date_of_service == date(2025, 1, 13)


@pytest.mark.parametrize("cell", ["01/12/2025", "12/31/9999", "soon", "12/31/2099"])
def test_a_last_day_that_cannot_be_is_left_empty_and_named(cell: str) -> None:
    raw = listed("Service To", cell, "Claim,Patient,DOS", 'A1,"GREEN, EMMA",01/13/2025')

    plan = guess(opened(raw))
    plan = replace(plan, columns={**plan.columns, Field.UNTIL: "Service To"})
    read = task_table.read("a.csv", opened(raw), plan, date(2026, 11, 25))

    assert read.requests[0].about.dates == (date(2025, 1, 13), date(2025, 1, 13))
    assert read.left_empty == {"Service To": (2,)}


@pytest.mark.parametrize(
    "headings",
    [("Claim", "Account Number", "Invoice Number"), ("Claim", "Claim", "Claim"),
     ("Claim Number", "Encounter", "Claim Number")],
)  # fmt: skip
def test_every_number_of_a_row_is_looked_for(headings: tuple[str, str, str]) -> None:
    value = 'A1,B2,C3,"GREEN, EMMA",01/13/2025'
    raw = listed("CPT", "99213", f"{','.join(headings)},Patient,DOS", value)

    [request] = taken(raw).requests

    assert sorted(request.about.claim_numbers) == ["A1", "B2", "C3"]
    assert "not read" not in " ".join(taken(raw).warnings)
