"""Tables as practices have them: dates that cannot be, denial lists, two encodings, hidden rows,
and files that are something else than their name says."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from lib.errors import RefusedFile
from lib.intake import imports
from lib.intake.files import non_x12_formats, saved_mappings
from lib.intake.files.non_x12_formats import Chosen, ParsedFile, TableOptions
from lib.intake.tables import columns, csv_file, task_table, text_encoding
from lib.intake.tables.cells import DateOrder, day, order_of
from lib.intake.tables.columns import ColumnMapping, Field
from lib.intake.tables.denial_codes import are_codes, read
from lib.models import TaskType
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.test_command import run
from tests.test_task_table import workbook

TODAY = date(2026, 11, 25)
HEAD = "Type,Title,Claim,Patient,DOS,Due"


def taken(
    content: bytes | str, choice: TableOptions | None = None, name: str = "a.csv"
) -> ParsedFile:
    content = content.encode() if isinstance(content, str) else content
    found = non_x12_formats.read(name, content, choice or TableOptions(today=TODAY))
    assert found is not None
    return found


def refusal(name: str, content: bytes) -> str:
    with pytest.raises(RefusedFile) as refused:
        non_x12_formats.read(name, content)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("12/31/99", date(1999, 12, 31)), ("1/2/47", date(1947, 1, 2)),
        ("11/25/26", date(2026, 11, 25)), ("13-Jan-99", date(1999, 1, 13)),
        ("13.1.25", None), ("1/13/25-1/15/25", date(2025, 1, 13)),
        ("12/29/98 - 1/2/99", date(1998, 12, 29)), ("02/29/00", date(2000, 2, 29)),
    ],
)  # fmt: skip
def test_years_of_two_digits_are_of_a_window_that_moves_with_the_day(
    text: str, found: date | None
) -> None:
    order = DateOrder.DAY_FIRST if text == "13.1.25" else DateOrder.MONTH_FIRST

    assert day(text, order, TODAY) == (found or date(2025, 1, 13))


def test_the_window_moves() -> None:
    assert day("1/1/47", DateOrder.MONTH_FIRST, date(2027, 1, 1)) == date(2047, 1, 1)
    assert day("1/1/05", DateOrder.MONTH_FIRST, date(2095, 1, 1)) == date(2105, 1, 1)


@pytest.mark.parametrize("written", ["12/31/26", "11/26/2026", "2026-12-01", "1/1/30", "46500"])
def test_a_day_of_service_that_is_still_to_come_is_refused(written: str) -> None:
    found = taken(f"{HEAD}\nCoding,Why,A1,Doe,{written},12/31/2026\n")

    assert found.requests == ()
    assert "does not lie in the future" in found.refused_rows[0].reason


def test_a_day_of_service_is_today_at_most_and_a_due_date_may_come() -> None:
    [request] = taken(f"{HEAD}\nCoding,Why,A1,Doe,11/25/26,12/31/26\n").requests

    assert (request.date_of_service, request.due_on) == (TODAY, date(2026, 12, 31))


def test_a_day_in_a_workbook_that_is_still_to_come_is_refused_too() -> None:
    content = workbook(HEAD.split(","), ["Coding", "Why", "A1", "Doe", date(2099, 1, 1), None])

    assert "in the future" in taken(content).refused_rows[0].reason


@pytest.mark.parametrize(
    "written",
    ["01/13/2025 - 01/15/2025", "01/13/2025-01/15/2025", "1/13/25 to 1/15/25",
     "01/13/2025 through 01/15/2025", "20250113-20250115", "2025-01-13 – 2025-01-15",
     "Jan 13-15, 2025", "01/13 - 01/15/2025", "01/13-15/2025", "13-Jan-2025 - 15-Jan-2025",
     "January 13, 2025 - January 15, 2025", "01/13/2025 - 01/13/2025"],
)  # fmt: skip
def test_ranges_of_days_begin_with_the_day_of_service(written: str) -> None:
    [request] = taken(f'{HEAD}\nCoding,Why,A1,Doe,"{written}",\n').requests

    assert request.date_of_service == date(2025, 1, 13)
    assert written in request.instructions


MONTHS, DAYS = "01/31/2025", "31/01/2025"  # what the rest of a column says of its order


@pytest.mark.parametrize(
    ("written", "others", "first"),
    [
        ("12/30-01/02/2025", MONTHS, date(2024, 12, 30)),
        ("12/28 - 01/03/25", MONTHS, date(2024, 12, 28)),
        ("01/12 - 02/01/2025", MONTHS, date(2025, 1, 12)),
        ("05/12 - 06/01/2025", MONTHS, date(2025, 5, 12)),
        ("12/05 - 12/06/2025", MONTHS, date(2025, 12, 5)),
        ("12/01 - 01/02/2025", MONTHS, date(2024, 12, 1)),
        ("12/01 - 01/02/2025", DAYS, date(2025, 1, 12)),
        ("05/12 - 06/01/2025", DAYS, date(2024, 12, 5)),
        ("13/01 - 02/02/2025", DAYS, date(2025, 1, 13)),
        ("28.12 - 03.01.2025", DAYS, date(2024, 12, 28)),
    ],
)
def test_a_range_over_new_year_begins_in_the_year_before(
    written: str, others: str, first: date
) -> None:
    rows = f"Coding,Why,A1,Doe,{written},\nCoding,Why,A2,Doe,{others},\n"
    requests = taken(f"{HEAD}\n{rows}").requests

    assert [each.date_of_service for each in requests] == [first, date(2025, 1, 31)]


@pytest.mark.parametrize(
    "written",
    [
        "01/15/2025 - 01/13/2025",
        "01/15-13/2025",
        "01/15-01/13/2025",
        "01/13/2025 - soon",
        "01/13/2025 - 02/30/2025",
        "1 - 2",
    ],
)
def test_a_range_that_cannot_be_is_refused(written: str) -> None:
    good = "Coding,Why,A2,Doe,01/13/2025,\n"

    [refused] = taken(f"{HEAD}\nCoding,Why,A1,Doe,{written},\n{good}").refused_rows

    assert "is no range of two days" in refused.reason or "is no date" in refused.reason


@pytest.mark.parametrize(
    ("written", "others", "first"),
    [
        ("02/03/2025 - 04/03/2025", DAYS, date(2025, 3, 2)),
        ("05/12 - 06/01/2025", DAYS, date(2024, 12, 5)),
        ("01/12 - 02/01/2025", MONTHS, date(2025, 1, 12)),
    ],
)
def test_a_range_says_in_which_order_a_column_is_and_comes_back_as_it_was(
    written: str, others: str, first: date
) -> None:
    assert order_of(["03/04/2025", "01/13/2025 - 01/15/2025"]).is_sure
    rows = f"Gossip,Why,A1,Doe,{written},\nCoding,Why,A2,Doe,{others},\n"

    again = taken(f"{HEAD}\n{rows}").refused_text.replace("Gossip", "Coding")

    [request] = taken(again).requests
    assert request.date_of_service == first


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("CO-197", "CO-197"), ("co 45; N290", "CO-45, N290"), ("CO197", "CO-197"), ("197", "197"),
        ("16, 18", "16, 18"), ("MA130", "MA130"), ("PR-1/CO-16 M51", "PR-1, CO-16, M51"),
        ("CO-016", "CO-16"), ("B7", "B7"), ("CO-197: Precert absent", "CO-197"),
        ("OA - 23", "OA-23"), ("CO–197", "CO-197"), ("PR‑204 / N130", "PR-204, N130"),
        ("CARC 197", "197"), ("CARC: CO-16; RARC: N290", "CO-16, N290"), ("carc #b7", "B7"),
        ("see page 3", ""), ("Open", ""), ("01/13/2025", ""), ("", ""), ("12345", ""),
        ("N/A", ""), ("call 2 payers about N290", ""),
    ],
)  # fmt: skip
def test_denial_codes_are_read_as_people_write_them(text: str, codes: str) -> None:
    assert str(read(text)) == codes


def test_amounts_and_names_are_no_column_of_codes() -> None:
    assert not are_codes(["150.00", "1,200.00", "12.50"])
    assert not are_codes(["Doe, J", "Roe, A"])
    assert not are_codes(["150", "200"], grouped=True)


DENIALS = "Claim #,Patient,DOS,{},Balance\n"


@pytest.mark.parametrize(
    ("name", "code", "type_"),
    [
        ("Denial Code", "CO-197", TaskType.AUTHORIZATION), ("CARC", "197", TaskType.AUTHORIZATION),
        ("Reason Code", "CO-27", TaskType.INSURANCE), ("RARC", "N290", TaskType.PROVIDER),
        ("Why not paid", "CO-197", TaskType.AUTHORIZATION),
        ("Denial Code", "CO-999", TaskType.CHARGE),
        ("Denial", "CO-197 - Precert absent", TaskType.AUTHORIZATION),
    ],
)  # fmt: skip
def test_the_type_of_a_denial_comes_from_its_codes(name: str, code: str, type_: TaskType) -> None:
    found = taken(DENIALS.format(name) + f"C1,Doe,01/13/2025,{code},150\n")

    [request] = found.requests
    assert (request.type, request.codes) == (type_, str(read(code)))
    assert "the payer says that" in request.instructions
    assert any("The type comes from the denial codes: 1 row" in each for each in found.warnings)


def test_codes_in_two_columns_count_together_and_the_remark_says_more() -> None:
    rows = "C1,Doe,01/13/2025,CO-16,N290,150\n"

    [request] = taken(DENIALS.format("CARC,RARC") + rows).requests

    assert (request.codes, request.type) == ("CO-16, N290", TaskType.PROVIDER)


def test_a_row_without_a_code_that_is_known_is_refused_and_says_so() -> None:
    rows = "C1,Doe,01/13/2025,CO-197,150\nC2,Doe,01/13/2025,pending,150\n"

    found = taken(DENIALS.format("Denial Code") + rows)

    assert [each.claim_number for each in found.requests] == ["C1"]
    assert "“Denial Code” holds no denial code that is known" in found.refused_rows[0].reason


def test_two_denials_of_one_claim_are_two_tasks() -> None:
    rows = "C1,Doe,01/13/2025,CO-197,150\nC1,Doe,01/13/2025,CO-198,150\n"

    keys = {each.key for each in taken(DENIALS.format("Denial Code") + rows).requests}

    assert len(keys) == 2


def test_categories_of_another_system_give_way_to_codes_and_a_type_of_ours_does_not() -> None:
    head = "Category,Claim,Patient,Denial Code,Title\n"
    ours = f"{head}Coding,C1,Doe,CO-197,Why\n,C2,Doe,CO-197,Why\n"

    assert [each.type for each in taken(f"{head}AR 30,C1,Doe,CO-197,Why\n").requests] == [
        TaskType.AUTHORIZATION
    ]
    assert [each.type for each in taken(ours).requests] == [TaskType.CODING, TaskType.AUTHORIZATION]


def test_one_type_is_chosen_for_every_row_that_names_none() -> None:
    text = "Type,Title,Claim\nCoding,Why,C1\n,Why,C2\n"

    found = taken(text, TableOptions(type=TaskType.INSURANCE))

    assert [each.type for each in found.requests] == [TaskType.CODING, TaskType.INSURANCE]


def test_a_chosen_type_and_columns_of_codes_are_saved_with_the_mapping(
    con: Connection, cast: Cast
) -> None:
    grid = task_table.open_table("a.csv", b"X,Y,Z\nWhy,C1,CO-197\n")
    assert grid is not None
    plan = ColumnMapping(
        {Field.TITLE: "X", Field.CLAIM: "Y"}, codes=("Z",), type=TaskType.PROVIDER, with_hidden=True
    )
    saved_mappings.save(con, cast.practice, grid, plan, actor=cast.ana, now=NOON)

    found = saved_mappings.plan_for(con, cast.practice, grid)

    assert (found.codes, found.type, found.with_hidden) == (("Z",), TaskType.PROVIDER, False)
    assert saved_mappings.plan_for(con, cast.other_practice, grid).type is None


@pytest.mark.slow
def test_the_command_takes_one_type_for_all_rows(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("Title,Claim\nWhy,C1\n")

    refused, taken_, wrong = (
        run(tmp_path / "data", *options, str(tmp_path / "list.csv"))
        for options in ((), ("--type", "insurance"), ("--type", "gossip"))
    )

    assert refused.returncode == 1
    assert "--type" in refused.stdout
    assert (taken_.returncode, "1 new task" in taken_.stdout) == (0, True)
    assert wrong.returncode == 2
    assert "gossip is no type of task" in wrong.stderr


def lines(*several: tuple[str, str]) -> bytes:
    """Return a table of which each row is written in an encoding of its own."""
    return b"Type,Title,Claim,Patient\n" + b"".join(
        f'Coding,Why,A{at},"{name}"\n'.encode(encoding)
        for at, (name, encoding) in enumerate(several)
    )


@pytest.mark.parametrize("name", ["PEÑA, ANA", "MÜLLER, JÖRG", "O’NEIL, ZOË", "DVOŘÁK, JIŘÍ"])
def test_rows_in_two_encodings_are_each_read_in_their_own(name: str) -> None:
    found = taken(lines(("MUÑOZ, JOSÉ", "cp1252"), (name, "utf-8"), ("MUÑOZ, EVA", "cp1252")))

    names = [each.patient_name for each in found.requests]
    assert names == ["MUÑOZ, JOSÉ", name, "MUÑOZ, EVA"]
    assert any("line 3 was read as UTF-8" in each for each in found.warnings)


def test_one_encoding_for_all_rows_is_worth_no_word() -> None:
    for encoding in ("cp1252", "utf-8", "utf-8-sig"):
        content = lines(
            ("MUÑOZ, JOSÉ", "ascii" if encoding == "x" else encoding.removesuffix("-sig"))
        )
        found = taken(("\ufeff".encode() if encoding.endswith("sig") else b"") + content)
        assert found.requests[0].patient_name == "MUÑOZ, JOSÉ"
        assert found.warnings == ()


def test_windows_text_that_looks_like_rare_letters_by_chance_stays_windows_text() -> None:
    content = lines(("JOSÉ’S BAKERY", "cp1252"), ("MUÑOZ", "cp1252"))

    assert [each.patient_name for each in taken(content).requests] == ["JOSÉ’S BAKERY", "MUÑOZ"]


def test_letters_that_were_lost_or_garbled_before_are_said_with_their_line() -> None:
    lost, garbled = taken(lines(("PE\ufffdA", "utf-8"))), taken(lines(("PEÃ‘A", "utf-8")))

    assert any("Letters were lost" in each and "line 2" in each for each in lost.warnings)
    assert any("look garbled in line 2" in each for each in garbled.warnings)


def test_a_second_byte_order_mark_where_two_files_were_joined_is_no_letter() -> None:
    [first, second] = taken(lines(("Doe", "utf-8"), ("\ufeffRoe", "utf-8"))).requests

    assert (first.patient_name, second.patient_name) == ("Doe", "Roe")


def test_few_empty_signs_are_left_out_and_said_and_many_are_no_text() -> None:
    content = b"Type,Title,Claim\n" + b"Coding,Why,A1\n" * 20 + b"Coding,W\0hy,A2\n"

    found = taken(content)
    assert "Why" in {each.title for each in found.requests}
    assert any("U+0000" in each for each in found.warnings)
    assert text_encoding.decode(b"a\0b\x01\0\0c\0" * 100 + b"\x80" * 999) is None


@pytest.mark.parametrize(
    ("table", "named"),
    [
        (f"{HEAD}\nCoding,T,A1,X,01/13/2025,02/13/2025,a,b\n", "“Column G”, “Column H”"),
        (f"{HEAD},Patient\nCoding,T,A1,X,01/13/2025,02/13/2025,B1\n", "“Patient (2)”"),
        (f"{HEAD},,Claim no\nCoding,T,A1,X,01/13/2025,02/13/2025,5,B1\n", "“Column G”"),
        (
            f"{HEAD},Patient,Patient\nCoding,T,A1,X,01/13/2025,02/13/2025,B,C\n",
            "“Patient (2)”, “Patient (3)”",
        ),
        (f"{HEAD},Room\nCoding,T,A1,X,01/13/2025,02/13/2025,12\n", "“Room”"),
    ],
)
def test_a_column_that_was_not_read_is_named(table: str, named: str) -> None:
    said = taken(table).warnings

    assert f"Columns not read: {named}." in " ".join(said)


def test_columns_that_are_empty_or_tell_lines_apart_are_worth_no_word() -> None:
    said = taken(f"{HEAD},,CPT,Room\nCoding,T,A1,X,01/13/2025,02/13/2025,,99213,\n").warnings

    assert "not read" not in " ".join(said)


def test_many_columns_that_were_not_read_are_counted() -> None:
    names = ",".join(f"Extra {at}" for at in range(43))
    said = taken(f"{HEAD},{names}\nCoding,T,A1,X,01/13/2025,02/13/2025{',x' * 43}\n").warnings

    assert "“Extra 39” and 3 more." in " ".join(said)


def hiding(
    rows: Sequence[Sequence[object]],
    *,
    hidden_rows: Sequence[int] = (),
    hidden_columns: str = "",
    hidden_sheet: Sequence[Sequence[object]] = (),
) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    for at in hidden_rows:
        sheet.row_dimensions[at].hidden = True
    for letter in hidden_columns:
        sheet.column_dimensions[letter].hidden = True
    if hidden_sheet:
        other = book.create_sheet("Archive")
        other.sheet_state = "hidden"
        for row in hidden_sheet:
            other.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


ROWS = [["Type", "Title", "Claim", "Patient"]] + [["Coding", "Why", f"A{n}", "Doe"] for n in "123"]


def test_rows_that_the_workbook_hides_come_in_only_where_somebody_says_so() -> None:
    content = hiding(ROWS, hidden_rows=[3])
    grid = task_table.open_table("a.xlsx", content)
    assert grid is not None
    plan = columns.guess(grid)

    shown = taken(content)
    whole = taken(
        content,
        TableOptions(None, Chosen(ColumnMapping(plan.columns, plan.orders, with_hidden=True))),
    )

    assert [each.claim_number for each in shown.requests] == ["A1", "A3"]
    assert any("Left out, because hidden" in each and "1 row" in each for each in shown.warnings)
    assert [each.claim_number for each in whole.requests] == ["A1", "A2", "A3"]
    assert any("read all the same: 1 row" in each for each in whole.warnings)
    assert columns.outline(grid).hidden == 1


@pytest.mark.parametrize("attribute", [b'hidden="1"', b'width="0"', b'width="0.4"'])
def test_a_column_too_narrow_to_be_seen_is_named(attribute: bytes) -> None:
    cols = b'<cols><col min="4" max="4" %s/></cols><sheetData>' % attribute
    raw = rewritten(hiding(ROWS), "xl/worksheets/sheet1.xml", b"<sheetData>", cols)

    assert any("“Patient”" in each and "Hidden" in each for each in taken(raw).warnings)


def test_true_is_nobodys_name() -> None:
    [refused] = taken(hiding([*ROWS, ["Coding", "Why", "A4", True]])).refused_rows

    assert "“Patient” is TRUE, which is no name" in refused.reason


def test_a_column_that_the_workbook_hides_is_named() -> None:
    content = hiding(ROWS, hidden_columns="D")

    assert any("“Patient”" in each and "Hidden" in each for each in taken(content).warnings)
    assert not any("Hidden" in each for each in taken(hiding(ROWS)).warnings)


def test_a_sheet_that_is_hidden_is_not_read_and_named() -> None:
    beside = taken(hiding(ROWS[:2], hidden_sheet=ROWS))
    alone = refusal("a.xlsx", hiding([], hidden_sheet=ROWS))

    assert [each.claim_number for each in beside.requests] == ["A1"]
    assert any("hidden in the workbook: “Archive”" in each for each in beside.warnings)
    assert "holds no rows" in alone
    assert "“Archive”" in alone


def rewritten(content: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """Return a workbook with one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as packed, zipfile.ZipFile(out, "w") as made:
        for name in packed.namelist():
            raw = packed.read(name)
            assert name != part or old in raw
            made.writestr(name, raw.replace(old, new) if name == part else raw)
    return out.getvalue()


@pytest.mark.parametrize("height", [b"0", b"0.0", b"0.00", b".0", b"0.4", b"4e-1"])
def test_a_row_without_height_is_hidden(height: bytes) -> None:
    raw = hiding(ROWS)
    sheet = "xl/worksheets/sheet1.xml"

    grid = task_table.open_table(
        "a.xlsx", rewritten(raw, sheet, b'<row r="3"', b'<row r="3" ht="%s"' % height)
    )

    assert grid and grid.hidden == {3}


FORMAT = b'<sheetFormatPr baseColWidth="8" defaultRowHeight="15"'


@pytest.mark.parametrize(
    ("format_", "row", "hidden"),
    [
        (b'defaultRowHeight="0"', b"", {1, 2, 3, 4}),
        (b'defaultRowHeight="0.4"', b' ht="15"', {1, 2, 4}),
        (b'defaultRowHeight="0" customHeight="1"', b' ht="15"', {1, 2, 4}),
        (b'defaultRowHeight="15"', b"", set()),
        (b'defaultRowHeight="15" zeroHeight="1"', b"", set()),  # what is written is shown
        (b'defaultRowHeight="15" zeroHeight="1"', b' hidden="1"', {3}),
    ],
)
def test_a_row_without_a_height_of_its_own_is_hidden_where_the_sheet_has_none(
    format_: bytes, row: bytes, hidden: set[int]
) -> None:
    sheet = "xl/worksheets/sheet1.xml"
    raw = rewritten(hiding(ROWS), sheet, FORMAT, b'<sheetFormatPr baseColWidth="8" %s' % format_)

    grid = task_table.open_table(
        "a.xlsx", rewritten(raw, sheet, b'<row r="3"', b'<row r="3"%s' % row)
    )

    assert grid and grid.hidden == {line for line in hidden if line > 1}


@pytest.mark.parametrize(("width", "is_hidden"), [(b"0", True), (b"0.1", True), (b"9", False)])
def test_a_column_without_a_width_of_its_own_is_hidden_where_the_sheet_has_none(
    width: bytes, is_hidden: bool
) -> None:
    sheet = "xl/worksheets/sheet1.xml"
    format_ = b'<sheetFormatPr defaultColWidth="%s" defaultRowHeight="15"' % width
    raw = rewritten(hiding(ROWS), sheet, FORMAT, format_)
    wide = b'<cols><col min="1" max="1" width="9"/></cols><sheetData>'

    grid = task_table.open_table("a.xlsx", rewritten(raw, sheet, b"<sheetData>", wide))

    assert grid and len(grid.hidden_columns) == (len(grid.columns) - 1 if is_hidden else 0)


@pytest.mark.parametrize("is_from_1904", [True, False])
def test_a_plain_number_of_a_day_counts_from_where_the_workbook_does(is_from_1904: bool) -> None:
    book = openpyxl.Workbook()
    if is_from_1904:
        book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    for row in (["Type", "Title", "Claim", "DOS", "Amount"], ["Coding", "Look", "A1", 44208, 44208],
                ["Coding", "Look", "A2", date(2025, 1, 13), 80],
                ["Wrong", "Look", "A3", 44208, 44208]):  # fmt: skip
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)

    found = taken(content.getvalue(), name="a.xlsx")

    day = date(2025, 1, 13) if is_from_1904 else date(2021, 1, 12)
    assert [each.date_of_service for each in found.requests] == [day, date(2025, 1, 13)]
    assert [each.amount for each in found.requests] == [Decimal(44208), Decimal(80)]
    assert ("2025-01-13" in found.refused_text) == is_from_1904


@pytest.mark.parametrize("name", ["MU?OZ", "MU„OZ", "Pe?a-Ruiz"])
def test_a_letter_that_looks_lost_is_said_with_its_line(name: str) -> None:
    found = text_encoding.decode(
        f"Name,Note\nDOE,Why? See http://a.example/x?y=1\n{name},\n".encode()
    )

    assert found and [each.split(" (")[0] for each in found.warnings] == [
        "Letters look lost in line 3"
    ]


def test_a_question_or_an_address_is_no_lost_letter() -> None:
    found = text_encoding.decode(
        b"Name,Note\nDOE,Why?See a.example/x?y and x?\nRay,Is it so? Yes\n"
    )

    assert found and not found.warnings


@pytest.mark.slow
def test_rows_of_which_all_are_hidden_are_not_said_to_be_none(con: Connection, cast: Cast) -> None:
    report = imports.preview(
        con, "a.xlsx", hiding(ROWS, hidden_rows=[2, 3, 4]), actor=cast.ana,
        practice_id=cast.practice, now=NOON,
    )  # fmt: skip

    assert report.tasks_new == 0
    assert any("hidden in the workbook or by a filter: 3 rows" in each for each in report.warnings)


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "tasks"), [([3], 2), ([2, 3, 4], 0)])
def test_a_file_whose_hidden_rows_stay_out_is_not_whole(
    con: Connection, cast: Cast, rows: list[int], tasks: int
) -> None:
    report = imports.apply(
        con, "a.xlsx", hiding(ROWS, hidden_rows=rows), actor=None, practice_id=cast.practice,
        now=NOON, keeps_refused=False,
    )  # fmt: skip

    assert (report.tasks_new, report.is_whole) == (tasks, False)
    assert bool(report.refused) == (not tasks)
    if report.refused:
        assert "no row of it is new and shown. Hidden in the workbook" in report.refused


PAGE = (
    "<html xmlns:x='urn:schemas-microsoft-com:office:excel'><body><table><tr><td>Type,Title,Claim"
)
XML_2003 = (
    '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
    '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'
)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (PAGE.encode(), "a web page (HTML)"),
        (b"\xef\xbb\xbf  \r\n<!DOCTYPE html><html>", "a web page (HTML)"),
        (PAGE.encode("utf-16"), "a web page (HTML)"),
        (b"<table border=1><tr><td>Type</td>", "a web page (HTML)"),
        (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">', "a web page (HTML)"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n", "(MHTML)"),
        (XML_2003.encode(), "an XML Spreadsheet 2003"),
        (b'<?xml version="1.0"?><tasks><task/></tasks>', "it is XML"),
        (b"\x09\x08\x08\x00\x00\x05\x10\x00" + b"\0" * 99, "a very old Excel"),
        (b"%PDF-1.7\n" + b"Type,Title,Claim\n" * 9, "a PDF document"),
        (b"{\\rtf1\\ansi Type,Title,Claim}", "a text document (RTF)"),
        (b"\x1f\x8b\x08" + b"\0" * 99, "an archive (gzip)"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 99, "a picture (JPEG)"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["tasks.xls", "tasks.csv"])
def test_a_file_is_named_for_what_it_is_whatever_its_name(
    name: str, content: bytes, what: str
) -> None:
    said = refusal(name, content)

    assert what in said
    assert "damaged" not in said
    assert "password" not in said


def ole(*streams: str) -> bytes:
    """Return a container of Office files before 2007 that names these streams. Source: [MS-CFB]."""

    def entry(name: str, kind: int, child: int, right: int) -> bytes:
        text = name.encode("utf-16-le")
        none = b"\xff" * 4
        where = [none, right.to_bytes(4, "little") if right else none,
                 child.to_bytes(4, "little") if child else none]  # fmt: skip
        head = text.ljust(64, b"\0") + (len(text) + 2).to_bytes(2, "little") + bytes((kind, 1))
        return (head + b"".join(where)).ljust(116, b"\0") + b"\xfe\xff\xff\xff" + b"\0" * 8

    header = bytearray(512)
    header[:8] = bytes.fromhex("d0cf11e0a1b11ae1")
    header[24:34] = bytes.fromhex("3e000300feff09000600")
    header[44:48] = (1).to_bytes(4, "little")  # sectors of the allocation table
    header[48:52] = (1).to_bytes(4, "little")  # where the directory begins
    header[56:60] = (4096).to_bytes(4, "little")
    header[60:64] = header[68:72] = b"\xfe\xff\xff\xff"
    header[76:512] = (0).to_bytes(4, "little") + b"\xff" * 432
    table = bytes.fromhex("fdfffffffeffffff") + b"\xff" * 504
    entries = [entry("Root Entry", 5, 1, 0)]
    entries += [
        entry(name, 2, 0, at + 2 if at + 1 < len(streams) else 0) for at, name in enumerate(streams)
    ]
    return bytes(header) + table + b"".join(entries).ljust(512, b"\0")


@pytest.mark.parametrize(
    ("streams", "what", "is_locked"),
    [
        (("Workbook",), "a workbook of an old Excel (.xls, 1997 to 2003)", False),
        (("Book",), "a workbook of an old Excel (.xls, 1995)", False),
        (("EncryptedPackage", "EncryptionInfo"), "locked with a password", True),
        (("WordDocument",), "a Word document (.doc)", False),
        (("PowerPoint Document",), "a presentation (.ppt)", False),
    ],
)
def test_files_of_older_office_programs_are_told_apart(
    streams: tuple[str, ...], what: str, *, is_locked: bool
) -> None:
    said = refusal("tasks.xls", ole(*streams))

    assert what in said
    assert ("password" in said) is is_locked


def test_what_is_written_for_a_spreadsheet_is_still_read_as_it_was() -> None:
    text = csv_file.write(["Type", "Title", "Claim"], [["Coding", "<b>", "A1"]])

    assert [each.title for each in taken(text).requests] == ["<b>"]


@pytest.mark.parametrize("amount", ["12,345,678.00", "$99999999", "10000000"])
def test_an_amount_that_is_only_too_large_is_not_said_to_be_none(amount: str) -> None:
    found = taken(f'Type,Title,Claim,Amount\nCoding,Why,A1,"{amount}"\nCoding,Why,A2,1.00\n')

    assert "more than any task's amount" in found.refused_rows[0].reason
    assert "no amount" not in found.refused_rows[0].reason


def test_a_page_about_fhir_is_not_said_to_be_fhir() -> None:
    page = b"<!DOCTYPE html><html><a href='http://hl7.org/fhir'>FHIR</a></html>"

    assert "a web page (HTML)" in refusal("a.html", page)


def test_a_workbook_with_its_parts_elsewhere_is_not_said_to_be_none() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/Workbook2.xml", "<workbook/>")

    assert "it is an Excel workbook, but" in refusal("a.xlsx", packed.getvalue())


def test_an_empty_bundle_is_not_said_to_be_no_resource() -> None:
    said = refusal("a.json", b'{"resourceType": "Bundle", "entry": []}')

    assert "its Bundle holds no FHIR resource" in said


def test_of_sheets_without_a_table_the_one_that_holds_something_is_spoken_of() -> None:
    book = openpyxl.Workbook()
    book.create_sheet("B").append(["Type", "Title"])
    content = io.BytesIO()
    book.save(content)

    assert "below the names of the columns it has no row" in refusal("a.xlsx", content.getvalue())


LIST = "Claim #,Patient,DOS,Billed,Paid,Denial Code,Denial Reason,Status"


def listed(*rows: str) -> ParsedFile:
    return taken("\n".join([LIST, *(f'{n},"DOE, JANE",01/13/2025,150,{row}' for n, row in
                                    enumerate(rows, start=1))]) + "\n")  # fmt: skip


@pytest.mark.parametrize(
    "row",
    [
        "90,CO-45,Fee schedule,", "0,PR-1,Deductible,", ",PR-2 PR-3,,", ",OA-23,,", "0,CO-253,,",
        ",CO-45 PR-1 OA-23,,", "150,CO-197,,", "150,,,", ",45,,", "0,CO 45 N381,,Paid",
    ],
)  # fmt: skip
def test_a_row_that_leaves_nothing_to_answer_is_no_denial_and_is_named(row: str) -> None:
    found = listed(row, "0,CO-197,Precert absent,")

    assert [each.claim_number for each in found.requests] == ["2"]
    assert found.refused_rows == ()
    assert any("1 row (line 2); they make no task" in said for said in found.warnings)


@pytest.mark.parametrize(
    "row",
    [
        "0,CO-197,Precert absent,", "0,CO-45 CO-29,,", "90,CO-45 CO-50,,", "0,CO-45,,Denied",
        "-90,CO-45,,", ",N290,,", "0,PR-96,,", "0,CO-24,,", "150,CO-197,,Denied", "149.99,CO-197,,",
    ],
)  # fmt: skip
def test_a_row_with_anything_to_answer_is_a_task(row: str) -> None:
    [request] = listed(row).requests

    assert request.claim_number == "1"


def test_what_is_left_unpaid_may_be_as_much_as_was_paid() -> None:
    table = "Claim #,Patient,DOS,Balance,Paid,Denial Code\nA1,DOE,01/13/2025,75,75,CO-197\n"

    assert [each.claim_number for each in taken(table).requests] == ["A1"]


def test_a_row_that_was_paid_in_part_says_so_and_advises_on_the_rest() -> None:
    [request] = listed("90,CO-45 CO-29,,").requests

    assert (request.title, request.codes) == ("Timely filing", "CO-45, CO-29")
    assert "Paid 90.00 US dollars, and denied the rest with CO-45, CO-29" in request.instructions


@pytest.mark.parametrize(
    "table",
    [
        "Type,Task,Claim,Denial code\nCharge,Post the deductible,A1,PR-1\n",
        "Task,Claim,Denial code\nCall the patient about the balance,A1,PR-1\n",
        "Claim,Denial code,Next step\nA1,CO-45,Compare with the contract\n",
    ],
)
def test_what_somebody_asks_is_a_task_and_is_not_called_denied(table: str) -> None:
    [request] = taken(table).requests

    assert "Adjusted with" in request.instructions
    assert "will not pay" not in request.instructions
