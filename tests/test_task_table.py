"""Tables of tasks: columns are matched by name, good rows come in, the others say why not."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from lib.errors import RefusedFile
from lib.intake.files import non_x12_formats
from lib.intake.tables import columns, csv_file, excel_file, task_table
from lib.intake.tables.cells import DateOrder
from lib.intake.tables.columns import ColumnMapping, Field
from lib.intake.tables.table import REASON, Grid
from lib.intake.tables.task_table import Sheet
from lib.models import TaskType

HEAD = "Type,Task,Claim #,Patient Name,DOS,Amount"
ROW = 'Coding,Check the modifier,A1,"Green, Emma",01/13/2025,200.00'


def opened(text: str | bytes) -> Grid:
    content = text.encode() if isinstance(text, str) else text
    grid = task_table.open_table("a.csv", content)
    assert grid is not None
    return grid


def read(text: str | bytes, plan: ColumnMapping | None = None) -> Sheet:
    grid = opened(text)
    return task_table.read("a.csv", grid, plan or columns.guess(grid))


def refusal(content: bytes | str) -> str:
    content = content.encode() if isinstance(content, str) else content
    with pytest.raises(RefusedFile) as refused:
        non_x12_formats.read("a.csv", content)
    return str(refused.value)


def workbook(*rows: Sequence[Any], title: str = "Tasks", **more: Sequence[Sequence[Any]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    for name, others_ in more.items():
        extra = book.create_sheet(name)
        for row in others_:
            extra.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_a_row_becomes_a_request() -> None:
    sheet = read(f"{HEAD}\n{ROW}\n")

    [request] = sheet.requests
    assert sheet.refused == ()
    assert (request.source, request.segment_number, request.type) == ("CSV", 2, TaskType.CODING)
    assert (request.title, request.instructions) == ("Check the modifier", "Check the modifier")
    assert (request.claim_number, request.patient_name) == ("A1", "Green, Emma")
    assert (request.date_of_service, request.amount) == (date(2025, 1, 13), Decimal("200.00"))


def test_columns_are_known_by_many_names() -> None:
    head = (
        "Category;Subject;Description;Encounter ID;Last Name;First Name;Insurance;Physician;"
        "Service Date;Balance;Deadline;Doc Type;State;Owner;Created At;Total Charge;DOB;Policy No."
    )

    plan = columns.guess(opened(f"{head}\n" + ";" * 13 + "x;;;;\n"))

    assert set(plan.columns) == set(Field) - {
        Field.PATIENT, Field.PAID, Field.ACCOUNT, Field.OTHER, Field.ICN, Field.ASKED, Field.UNTIL,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "which"),
    [
        ("Task Description", Field.INSTRUCTIONS), ("Question", Field.INSTRUCTIONS),
        ("Date of Service (DOS)", Field.SERVICE), ("Service Dates", Field.SERVICE),
        ("Billed Amt", Field.AMOUNT), ("Total Billed", Field.AMOUNT), ("Amount ($)", Field.AMOUNT),
        ("Insurance Carrier", Field.PAYER), ("Patient Account No.", Field.CLAIM),
        ("Acct #", Field.CLAIM), ("Issue Type", Field.TYPE), ("Response Due", Field.DUE),
        ("Document Needed", Field.LABEL), ("Current Status", Field.STATUS),
        ("Treating Provider", Field.PROVIDER), ("Date Added", Field.CREATED),
    ],
)  # fmt: skip
def test_columns_are_known_as_billers_call_them(name: str, which: Field) -> None:
    assert columns.guess(opened(f"{name},Other thing\n,x\n")).columns == {which: name}


def test_a_quotation_mark_out_of_place_is_named_by_its_line() -> None:
    rows = 'Coding,"5" tube",A1\nCoding,"two\nlines",A2\n'

    assert "in line 2" in refusal(f"Type,Task,Claim\n{rows}")


def test_a_title_above_the_table_is_passed_over() -> None:
    sheet = read(f"Open tasks of Northside\nPrinted 03/01/2025\n\n{HEAD}\n\n{ROW}\n")

    assert [request.segment_number for request in sheet.requests] == [6]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_separators_and_encodings_are_found_out(sign: str, encoding: str) -> None:
    head = HEAD.replace(",", sign)
    row = sign.join(("Coding", "Prüfen, bitte", "A1", "Müller", "01/13/2025", "1.00"))
    row = row.replace("Prüfen, bitte", '"Prüfen, bitte"')

    [request] = read(f"{head}\r\n{row}\r\n".encode(encoding)).requests

    assert (request.title, request.patient_name) == ("Prüfen, bitte", "Müller")


def test_line_breaks_inside_quotes_stay_and_lines_are_counted_as_an_editor_does() -> None:
    row = ROW.replace("Check the modifier", '"Check\r\nthe ""modifier"""')

    first, second = read(f"sep=,\r\n{HEAD}\r\n{row}\r\n{ROW}\r\n").requests

    assert first.title == 'Check the "modifier"'
    assert first.instructions == 'Check the "modifier"'
    assert (first.segment_number, second.segment_number) == (3, 5)


def test_refused_rows_say_why_and_can_be_brought_back_corrected() -> None:
    bad = 'Gossip,,,"=1+1",13/45/2025,(12.50)'
    sheet = read(f"{HEAD}\n{ROW}\n{bad}\n")

    [refused] = sheet.refused
    assert len(sheet.requests) == 1
    assert refused.line == 3
    for said in (
        "“Type” is “Gossip”, which is no type of task",
        "it does not say what is asked",
        "“DOS” is “13/45/2025”, which is no date",
        "“Amount” is “(12.50)”, which is below zero",
    ):
        assert said in refused.reason

    again = opened(sheet.refused_text)
    assert again.columns == (*opened(HEAD + "\nx").columns, REASON)
    assert again.rows[0].cells[:6] == ("Gossip", "", "", "=1+1", "13/45/2025", "(12.50)")
    assert "'=1+1" in sheet.refused_text
    corrected = (
        sheet.refused_text.replace("Gossip,,,", "Coding,Why,A2,")
        .replace("13/45/2025", "1/2/2025")
        .replace("(12.50)", "$12.50")
    )
    assert [each.amount for each in read(corrected).requests] == [Decimal("12.50")]
    assert columns.signature(again.columns) == columns.signature(sheet.grid.columns)


@pytest.mark.parametrize("amount", ["12,5", "(12.00)", "1.234,50", "€5", "12.345", "-3"])
def test_an_amount_that_cannot_be_read_is_never_left_out(amount: str) -> None:
    sheet = read(f'{HEAD}\nCoding,Why,A1,Green,01/13/2025,"{amount}"\n')

    assert sheet.requests == ()
    assert f"“Amount” is “{amount}”" in sheet.refused[0].reason


@pytest.mark.parametrize("day", ["13/45/2025", "01/13", "2025", "Mon Jan 13 2025", "01132025"])
def test_a_date_that_cannot_be_read_is_never_left_out(day: str) -> None:
    sheet = read(f"{HEAD}\nCoding,Why,A1,Green,{day},12\n")

    assert sheet.requests == ()
    assert f"“DOS” is “{day}”, which is no date" in sheet.refused[0].reason


def test_what_stands_for_nothing_is_nothing() -> None:
    rows = "".join(f"Coding,Why,A{at},Green,{no},{no}\n" for at, no in enumerate(("-", "N/A", "")))

    sheet = read(f"{HEAD}\n{rows}")

    assert [(each.date_of_service, each.amount) for each in sheet.requests] == [(None, None)] * 3


def test_a_column_whose_values_contradict_its_name_is_not_taken_for_it() -> None:
    sheet = read(
        f"{HEAD.replace('Amount', 'Charge')},Entered\n{ROW.replace('200.00', 'CH-7')},Ana\n"
    )

    assert Field.AMOUNT not in sheet.plan.columns
    assert Field.CREATED not in sheet.plan.columns
    assert len(sheet.requests) == 1


def test_a_row_names_a_claim_or_for_documents_at_least_a_patient() -> None:
    rows = "Documents,Send it,,Green,,\nCoding,Check it,,Green,,\nDocuments,Send it,,,,\n"
    sheet = read(f"{HEAD}\n{rows}")

    assert [request.patient_name for request in sheet.requests] == ["Green"]
    assert [row.reason for row in sheet.refused] == [
        "it names no claim: only a Documents task can do without one",
        "it names neither a claim nor a patient",
    ]


def test_what_was_completed_elsewhere_makes_no_task() -> None:
    rows = "".join(f"{ROW},{state}\n" for state in ("Closed", "open", "In Progress", "odd", ""))

    sheet = read(f"{HEAD},Status\n{rows}")

    assert (sheet.completed, len(sheet.requests), sheet.unknown_states) == (1, 4, 1)
    assert any(
        "Completed in the other system: 1 row" in each for each in task_table.warnings(sheet)
    )


def test_a_document_without_a_label_of_ours_is_named_in_the_instructions() -> None:
    rows = "Documents,Send,A1,,,,EOB\nDocuments,Send,A2,,,,Photos\nCoding,Look,A3,,,,EOB\n"

    first, second, third = read(f"{HEAD},Document type\n{rows}").requests

    assert (first.document_label, first.instructions) == ("Explanation of benefits", "Send")
    assert (second.document_label, second.instructions) == (
        "Other",
        "Send\nDocument requested: Photos.",
    )
    assert (third.document_label, third.instructions) == (None, "Look\nDocument requested: EOB.")


def test_the_same_row_in_another_table_is_the_same_request() -> None:
    [first] = read(f"{HEAD}\n{ROW}\n").requests
    row = ["Codes", "Check the modifier", "A1", "Green, Emma", datetime(2025, 1, 13), 200]
    [second] = read(workbook(HEAD.split(","), row)).requests
    [third] = read(f"{HEAD}\n{ROW.replace('200.00', '201')}\n").requests

    assert first.key == second.key != third.key


def test_what_asks_for_something_else_of_a_claim_is_another_request() -> None:
    head = "Type,Task,Instructions,Claim,Document"
    rows = [
        "Coding,Missing information,Name the modifier,A1,",
        "Coding,Missing information,Name the diagnosis,A1,",
        "Documents,Send it,,A1,Lab results",
        "Documents,Send it,,A1,Office notes",
        "Documents,Send it,,A1,Photos",
        "Documents,Send it,,A1,Video",
    ]

    asked = read("\n".join((head, *rows))).requests
    again = read("\n".join((head, *reversed(rows)))).requests

    assert len({request.key for request in asked}) == len(rows)
    assert {request.key for request in asked} == {request.key for request in again}


def test_workbooks_are_read_with_their_days_numbers_and_leading_zeros() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEAD.split(","))
    sheet.append(["Coding", "Why", 42, "Green", date(2025, 1, 13), 1234.5])
    sheet.append(["Coding", "=1+1", "A2", "Green", 45670, "$1,234.50"])
    sheet["C2"].number_format = "00000"
    content = io.BytesIO()
    book.save(content)

    result = read(content.getvalue())

    [request] = result.requests
    assert (request.source, request.segment_number, request.claim_number) == ("XLSX", 2, "00042")
    assert (request.date_of_service, request.amount) == (date(2025, 1, 13), Decimal("1234.50"))
    assert [row.line for row in result.refused] == [3]  # the formula was never computed


@pytest.mark.parametrize(("at", "column"), [(3, "Patient Name"), (4, "DOS"), (5, "Amount")])
def test_a_formula_whose_value_the_file_does_not_hold_refuses_its_row(at: int, column: str) -> None:
    row = ["Coding", "Why", "A1", "Green", "2025-01-13", 1]
    row[at] = "=1+1"

    sheet = read(workbook(HEAD.split(","), row))

    assert sheet.requests == ()
    assert f"“{column}” is a formula whose value the file does not hold" in sheet.refused[0].reason
    assert "'=1+1" in sheet.refused_text


def test_a_formula_that_came_to_nothing_is_an_empty_cell() -> None:
    content = workbook(HEAD.split(","), ["Coding", "Why", "A1", "Green", "2025-01-13", "=X"])
    whole, packed = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part in whole.namelist():
            computed = whole.read(part).replace(b'<c r="F2">', b'<c r="F2" t="str">')
            archive.writestr(part, computed)

    [request] = read(packed.getvalue()).requests

    assert request.amount is None


def test_the_first_sheet_with_a_table_is_read_or_the_one_that_is_chosen() -> None:
    head, row = HEAD.split(","), ["Coding", "Why", "A1", "", "", ""]
    content = workbook([], title="Empty", One=[head, row], Two=[head, row, row])

    first = task_table.open_table("a", content)
    chosen = task_table.open_table("a", content, "Two")

    assert first is not None
    assert chosen is not None
    assert (first.sheet, len(first.rows), len(chosen.rows)) == ("One", 1, 2)
    assert first.sheets == ("Empty", "One", "Two")


def test_of_several_sheets_the_one_with_most_columns_we_know_is_read_and_the_others_named() -> None:
    head, row = HEAD.split(","), ["Coding", "Why", "A1", "", "", ""]
    cover = [["Tasks of Northside"], ["How to read this"], ["Type", "a word"]]
    content = workbook(*cover, title="Read me", One=[head, row], Two=[head, row, row])

    found = task_table.open_table("a", content)

    assert found is not None
    assert (found.sheet, len(found.rows)) == ("One", 1)
    [warning] = found.warnings
    assert "“Two”" in warning
    assert "Read me" not in warning


def test_a_row_that_only_sounds_like_names_of_columns_is_a_row() -> None:
    grid = opened("Tipo,Reclamo,Motivo\nProvider,A1,x\nCoding,A2,y\n")

    assert grid.columns == ("Tipo", "Reclamo", "Motivo")
    assert len(grid.rows) == 2


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!"])
def test_an_error_of_a_spreadsheet_is_no_claim_and_no_name(error: str) -> None:
    sheet = read(workbook(HEAD.split(","), ["Coding", "Why", error, "Green", "", 1]))

    assert sheet.requests == ()
    assert sheet.refused[0].reason == f"“Claim #” is {error}, an error of the spreadsheet"


@pytest.mark.parametrize("shortened", ["1.23457E+11", "1.2e+05", "2E+12", 12345678901234567])
def test_a_claim_number_that_a_spreadsheet_has_shortened_is_refused(shortened: str | int) -> None:
    sheet = read(workbook(HEAD.split(","), ["Coding", "Why", shortened, "Green", "", 1]))

    assert sheet.requests == ()
    assert "“Claim #” was shortened by a spreadsheet" in sheet.refused[0].reason


@pytest.mark.parametrize("number", ["1E5", "12E34", "E+11", "1.5-E"])
def test_a_claim_number_may_hold_letters(number: str) -> None:
    [request] = read(workbook(HEAD.split(","), ["Coding", "Why", number, "Green", "", 1])).requests

    assert request.claim_number == number


def test_an_ambiguous_column_is_read_as_the_plan_says() -> None:
    text = f"{HEAD}\n{ROW.replace('01/13/2025', '01/02/2025')}\n"
    plan = columns.guess(opened(text))

    [us] = read(text).requests
    [other] = read(text, ColumnMapping(plan.columns, {Field.SERVICE: DateOrder.DAY_FIRST})).requests

    assert (us.date_of_service, other.date_of_service) == (date(2025, 1, 2), date(2025, 2, 1))
    assert any("read both ways" in said for said in task_table.warnings(read(text)))


def test_a_column_that_says_its_order_is_believed_more_than_the_plan_of_an_earlier_table() -> None:
    text = f"{HEAD}\n{ROW.replace('01/13/2025', '13/01/2025')}\n"
    saved = ColumnMapping(
        columns.guess(opened(text)).columns, {Field.SERVICE: DateOrder.MONTH_FIRST}
    )

    plan = columns.as_shown_by(saved, opened(text))

    assert plan.orders == {Field.SERVICE: DateOrder.DAY_FIRST}


def test_refused_rows_keep_the_dates_that_the_other_rows_gave_them() -> None:
    """Day first is known only from the 13th, whose row comes in."""
    day_first = ROW.replace("01/13/2025", "13/01/2025")
    bad = ROW.replace("Coding", "Gossip").replace("01/13/2025", "03/01/2025")

    again = read(read(f"{HEAD}\n{day_first}\n{bad}\n").refused_text.replace("Gossip", "Coding", 1))

    assert [request.date_of_service for request in again.requests] == [date(2025, 1, 3)]


def test_dates_of_both_orders_in_one_column_are_worth_a_word() -> None:
    written = ("01/13/2025", "13/01/2025", "01/02/2025")
    sheet = read("\n".join((HEAD, *(ROW.replace("01/13/2025", day) for day in written))))

    assert len(sheet.refused) == 1
    assert any("some day first" in said for said in task_table.warnings(sheet))


def test_what_the_columns_hold_is_said_in_words() -> None:
    assert columns.kind(["a", "1"]) == "text"
    assert columns.kind(["12", "$1.50", 3.5]) == "numbers"
    assert columns.kind(["", None]) == "empty"
    assert columns.kind(["01/13/2025"]) == "dates, month first"
    assert columns.kind([date(2025, 1, 1)]) == "dates, unmistakable"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (HEAD, "below the names of the columns it has no row"),
        (f'{HEAD}\nCoding,"never closed,A1\n{ROW}\n', "opened in line 2 is never closed"),
        (f'{HEAD}\n{ROW}\nCoding,"never closed,A1\n', "opened in line 3 is never closed"),
        ("Name,Date\nx,y\n", "no column is known to hold the type"),
        ("Type,Claim\nCoding,A1\n", "say what is asked"),
        ("Type,Task\nCoding,Why\n", "claim number or the patient"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "old Excel"),
        (b"PK\x03\x04" + b"x" * 600, "damaged"),
        (workbook(["a"])[:-200], "damaged"),
        (workbook(), "no rows"),
    ],
)
def test_what_is_no_table_of_tasks_is_refused_in_one_sentence(
    content: bytes | str, why: str
) -> None:
    assert why in refusal(content)


def test_an_archive_that_unpacks_without_measure_is_not_unpacked() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/sharedStrings.xml", b" " * (excel_file.MAX_TEXTS + 1))

    assert "too large" in refusal(packed.getvalue())


@pytest.mark.parametrize("part", ["xl/workbook.bin", "content.xml", "word/document.xml"])
def test_a_workbook_of_another_program_is_to_be_saved_as_one_we_read(part: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(part, "x")

    assert "Save its table as .xlsx or .csv" in refusal(packed.getvalue())


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "cells"), [(1, 20_000), (200, 16_000)])
def test_a_sheet_of_countless_empty_cells_is_not_read(
    monkeypatch: pytest.MonkeyPatch, rows: int, cells: int
) -> None:
    monkeypatch.setattr(excel_file, "MAX_CELLS", 3_000_000)
    whole, packed = zipfile.ZipFile(io.BytesIO(workbook(["a"]))), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in whole.namelist():
            text = whole.read(part)
            if part == "xl/worksheets/sheet1.xml":
                text = b"<worksheet><sheetData>%s</sheetData></worksheet>" % (
                    (b"<row>%s</row>" % (b"<c/>" * cells)) * rows
                )
            archive.writestr(part, text)

    assert "too large" in refusal(packed.getvalue())


def test_declared_entities_are_not_read() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("xl/workbook.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><workbook/>')

    assert "damaged" in refusal(packed.getvalue())


@pytest.mark.parametrize(
    "content",
    [b"ISA*00*", b"ST|837|0001~CLM|A|1~", b"\xff\xfeI\0S\0A\0*\0", b"hello", b"\x89PNG\r"],
)
def test_x12_and_what_is_no_table_at_all_is_left_to_the_reader_of_x12(content: bytes) -> None:
    assert non_x12_formats.read("a.txt", content) is None


def test_names_of_columns_are_told_apart() -> None:
    assert opened("Date,date,,Date\n1,2,3,4\n").columns == ("Date", "date", "Column C", "Date (2)")


def test_a_table_may_have_so_many_columns_and_no_more() -> None:
    assert "more than 200 columns" in refusal(HEAD + "," * 250 + "x\n" + ROW)


def test_written_tables_are_read_back_as_they_were() -> None:
    rows = [["=1", "-2", "+3", "@x", 'a "b"', "two\nlines", "a;b"]]
    names = [f"c{at}" for at in range(7)]

    grid = opened(csv_file.write(names, rows))

    assert [list(row.cells) for row in grid.rows] == rows


@pytest.mark.parametrize(
    ("column", "cells", "amount"),
    [
        ("Billed", "200.00,50.00", "150.00"),
        ("Charge Amount", "200.00,50.00", "150.00"),
        ("Total Charges", "$200.00,199.99", "0.01"),
        ("Balance", "150.00,50.00", "150.00"),
        ("Amount", "150.00,50.00", "150.00"),
        ("Billed", "200.00,0.00", "200.00"),
        ("Billed", "200.00,", "200.00"),
        ("Billed", "50.00,200.00", "50.00"),
    ],
)
def test_of_a_billed_amount_what_was_paid_is_no_longer_open(
    column: str, cells: str, amount: str
) -> None:
    [request] = read(
        f"Claim,Patient,DOS,CARC,{column},Paid\nA1,Green,01/13/2025,CO-197,{cells}\n"
    ).requests

    assert request.amount == Decimal(amount)
