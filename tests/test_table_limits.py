"""Hostile tables, workbooks and FHIR files end in a sentence, soon, and hold up nobody else."""

from __future__ import annotations

import io
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lib.errors import RefusedFile
from lib.intake import imports
from lib.intake.files import non_x12_formats, reader_process
from lib.intake.files.non_x12_formats import Chosen, TableOptions
from lib.intake.tables import cells, columns, table, task_table
from lib.intake.tables.cells import DateOrder
from lib.store.database import Connection
from lib.us_formats import parse_date, parse_money
from tests.conftest import NOON, Cast
from tests.test_task_table import workbook

pytestmark = [pytest.mark.slow, pytest.mark.cases(2)]

ROOT = Path(__file__).parents[1]
HEAD = "Type,Title,Claim,Patient,DOS,Amount\n"
SHEET = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b"<sheetData>%s</sheetData></worksheet>"
)
PATIENCE = 60  # seconds for what takes one or two, and took minutes


def book(sheet: bytes, **parts: bytes) -> bytes:
    """Return a workbook whose one sheet is that XML."""
    whole, packed = zipfile.ZipFile(io.BytesIO(workbook(["a"]))), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in whole.namelist():
            content = sheet if name == "xl/worksheets/sheet1.xml" else whole.read(name)
            archive.writestr(name, parts.get(name.replace("/", "_").replace(".", "_"), content))
    return packed.getvalue()


def row(number: int, *values: tuple[str, str], attributes: str = "") -> bytes:
    told = "".join(
        f'<c r="{letters}{number}" t="inlineStr"><is><t>{text}</t></is></c>'
        for letters, text in values
    )
    return f'<row r="{number}" {attributes}>{told}</row>'.encode()


NAMES = row(1, ("A", "Type"), ("B", "Title"), ("C", "Claim"))


def coding(number: int, attributes: str = "") -> bytes:
    return row(number, ("A", "Coding"), ("B", "Why"), ("C", f"A{number}"), attributes=attributes)


def refusal(content: bytes, name: str = "a.xlsx") -> str:
    with pytest.raises(RefusedFile) as refused:
        reader_process.read(name, content)
    return str(refused.value)


def soon(program: str) -> None:
    """Run a program in a process of its own, which is ended where it takes too long."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        timeout=PATIENCE,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize(
    "cell",
    [
        "'1' + ' ' * N + 'x'", "'$' + ' ' * N + '1x'", "'1' + ' ' * N + 'USD ' * 9",
        "'01/13/2025' + ' ' * N + 'x'", "'01/13/2025 1:00' + ' ' * N + 'x'",
        "'2025-01-13' + ',' * N", "'-' * N + '1'", "'1 - ' * N", "'1' * N", "'(' * N + '1'",
        "'Jan ' * N", "'to ' * N", "'\\u0661' * N", "' 1\\xa0' * N", "'CO-' * N", "'M1 ' * N",
    ],
)  # fmt: skip
def test_no_pattern_for_cells_takes_longer_than_the_cell_is_long(cell: str) -> None:
    soon(
        "from lib.us_formats import parse_date, parse_money\n"
        "from lib.intake.tables import cells, denial_codes, columns, value_synonyms\n"
        "from lib.intake.tables.cells import DateOrder\n"
        f"N = 400_000\nlong = ({cell})[:2 * N]\n"
        "for each in (cells.money, cells.is_negative, cells.is_like_money, cells.is_like_day,\n"
        "    cells.is_blank, cells.days_of_range, parse_money, parse_date, denial_codes.read,\n"
        "    value_synonyms.type_of, value_synonyms.label_of, value_synonyms.is_open,\n"
        "    lambda cell: cells.day(cell, DateOrder.MONTH_FIRST),\n"
        "    lambda cell: cells.order_of([cell]), lambda cell: columns.kind([cell]),\n"
        "    lambda cell: columns.samples([cell])):\n"
        "    each(long)\n"
    )


def test_every_pattern_of_the_library_is_linear_in_what_it_is_given() -> None:
    """Double what each pattern is given: what doubles its work twice over is found out."""
    soon(
        "import re, time\n"
        "from tests.test_table_limits import patterns, torments\n"
        "for where, pattern in patterns():\n"
        "    for make in torments(pattern):\n"
        "        text = make(60_000)\n"
        "        text = text.encode('latin-1') if isinstance(pattern.pattern, bytes) else text\n"
        "        if where.startswith('lib.intake.tables.cells'):\n"
        "            text = text[:64]\n"  # what is longer is never searched: cells.MAX_WRITTEN
        "        begun = time.process_time()\n"
        "        pattern.search(text), pattern.fullmatch(text)\n"
        "        spent = time.process_time() - begun\n"
        "        assert spent < 2, (where, pattern.pattern, text[:20], spent)\n"
    )


def patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Every compiled pattern that a module of lib holds, by the module's name."""
    import importlib

    for path in sorted((ROOT / "lib").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if "re.compile" in path.read_text(encoding="utf-8") and "__main__" not in name:
            for value in vars(importlib.import_module(name)).values():
                if isinstance(value, re.Pattern):
                    yield name, value


def torments(pattern: re.Pattern[Any]) -> list[Callable[[int], str]]:
    """Makers of long texts from the signs the pattern looks for."""
    draw = random.Random(str(pattern.pattern))
    signs = sorted({sign for sign in str(pattern.pattern) if sign.isalnum() or sign in "<:-/.$(~"})
    signs = [*signs, " ", "1", "\n", "a", ","]
    pieces = ["".join(draw.choices(signs, k=draw.randint(1, 3))) for _ in range(12)]
    return [
        *(lambda size, sign=sign: "1" + sign * size + "!" for sign in (" ", "1", "\n", "<", "a")),
        *(lambda size, piece=piece: (piece * size)[:size] + "!" for piece in pieces),
    ]


def test_long_cells_of_every_kind_are_read_or_refused() -> None:
    draw = random.Random(11)
    kinds = ["1", " ", "x", "$", "/", "-", "01/13/2025", "CO-197", "\t", "é", "(", "\u202e", "'"]
    lines = []
    for at in range(60):
        long = "".join(draw.choice(kinds) * draw.randint(1, 4000) for _ in range(4))
        values = ["Coding", "Why", f"A{at}", "Doe", "01/13/2025", "1.00"]
        values[at % 6] = long.replace('"', "")
        lines.append(",".join(f'"{value}"' for value in values))

    found = reader_process.read("a.csv", (HEAD + "\n".join(lines) + "\n").encode())

    assert found is not None
    assert len(found.requests) + len(found.refused_rows) == 60


def test_an_amount_or_a_day_that_is_too_long_to_be_one_is_refused_not_dropped() -> None:
    good = 'Coding,Why,A1,"Doe, J",01/13/2025,1.00\n'
    long = f'Coding,Why,A2,"Doe, J","{"1" * 90}","{"2" * 90}"\n'

    found = reader_process.read("a.csv", (HEAD + good + long).encode())

    assert found is not None
    assert [each.claim_number for each in found.requests] == ["A1"]
    assert "is no date" in found.refused_rows[0].reason
    assert "is no amount" in found.refused_rows[0].reason


@pytest.mark.parametrize("spaces", [10, 6_000, 32_766, 40_000, 400_000])
def test_what_is_cut_off_a_long_cell_leaves_no_other_amount_day_or_number(spaces: int) -> None:
    for first in ("1", "$1.00", "01/13/2025", "A1"):
        long = f"{first}{' ' * spaces}x"
        assert cells.money(long) is None
        assert cells.day(long, DateOrder.MONTH_FIRST) is None
        assert table.text_of(long).split() not in ([first], [])


@pytest.mark.parametrize("digits", [25, 400, 5000, 30_000])
def test_numbers_of_thousands_of_digits_are_no_amounts(digits: int) -> None:
    for text in ("9" * digits, "0" * digits, f"$1.{'0' * digits}", f"1e{digits}"):
        assert parse_money(text) is None
        assert cells.money(text) is None
    assert cells.money(10**digits) is None
    assert table.text_of(10**digits)
    assert parse_date("9" * digits) is None
    assert cells.day("9" * digits, DateOrder.MONTH_FIRST) is None


@pytest.mark.parametrize(
    ("sheet", "why"),
    [
        (NAMES + coding(20_000_000), "it names row 20,000,000"),
        (NAMES + coding(10**9), "it names row"),
        (NAMES + b'<row r="1e9"><c/></row>', "a row that is no number"),
        (NAMES + coding(5) + coding(3), "row 3 follows row 5"),
        (NAMES + b"".join(row(at, ("XFD", "1")) for at in range(2, 1000)), "too large"),
        (NAMES + row(2, ("ZZZZ", "1")), "a column that is none"),
        (NAMES + row(2, ("ZZZ", "1")), "too large"),
        (NAMES + b'<row r="2">' + b"<c/>" * 20_000 + b"</row>", "too large"),
        (NAMES + b'<row r="2"><c r="A2"><v>' + b"9" * 5000 + b"</v></c></row>", "digits"),
    ],
)
def test_a_sheet_that_describes_more_than_any_holds_is_refused(sheet: bytes, why: str) -> None:
    assert why in refusal(book(SHEET % sheet))


@pytest.mark.parametrize("value", ["1e999999", "-1e999999", "1e308", "9" * 400])
def test_a_number_without_measure_refuses_its_row_and_no_other(value: str) -> None:
    cell = f'<row r="2"><c r="A2"><v>{value}</v></c><c r="B2" s="0"><v>{value}</v></c></row>'

    found = reader_process.read("a.xlsx", book(SHEET % (NAMES + cell.encode() + coding(3))))

    assert found is not None
    assert [each.claim_number for each in found.requests] == ["A3"]
    assert len(found.refused_rows) == 1


def test_a_row_far_below_is_read_where_excel_has_one() -> None:
    found = reader_process.read("a.xlsx", book(SHEET % (NAMES + coding(1_048_576))))

    assert found is not None
    assert [each.segment_number for each in found.requests] == [1_048_576]


def test_a_value_behind_the_last_column_is_never_left_out() -> None:
    far = row(2, ("A", "Coding"), ("B", "Why"), ("C", "A2"), ("XX", "beyond"))

    assert "more than 200 columns" in refusal(book(SHEET % (NAMES + far)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("padding", ["", "<!--" + "x" * 100_000 + "-->"])
def test_entities_are_found_in_every_part_and_encoding(encoding: str, padding: str) -> None:
    bomb = f'{padding}<!DOCTYPE a [<!ENTITY b "{"c" * 1000}">]><a>{"&b;" * 50}</a>'.encode(encoding)

    assert "declares XML entities" in refusal(book(SHEET % NAMES, xl_styles_xml=bomb))
    assert "declares XML entities" in refusal(book(bomb))


def test_a_text_that_stands_in_countless_cells_is_not_read_countless_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from lib.intake.tables import excel_file

    monkeypatch.setattr(excel_file, "MAX_LETTERS", 100_000)
    with pytest.raises(RefusedFile, match="too large"):
        non_x12_formats.read("a.xlsx", book(SHEET % (NAMES + row(2, ("A", "x" * 30_000)) + b"".join(
            row(at, ("A", "y" * 30_000)) for at in range(3, 7)
        ))))  # fmt: skip


def test_a_hundred_thousand_columns_are_refused_and_empty_ones_are_none() -> None:
    many = ",".join(f"c{at}" for at in range(100_000))
    line = 'Coding,Why,A1,"Doe, J",01/13/2025,1.00'

    assert "more than 200 columns" in refusal(f"{many}\n{many}\n".encode(), "a.csv")
    found = reader_process.read(
        "a.csv", f"{HEAD.strip()}{',' * 100_000}\n{line}{',' * 100_000}\n".encode()
    )
    assert found is not None
    assert len(found.requests) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"Type,Title,Claim\n" + b"x" * 3_000_000,
        b"Type,Title,Claim\n" + b'"' * 3_000_001,
        b"Type,Title,Claim\n" + b"x" * 3_000_000 + b",",
    ],
)
def test_a_cell_of_a_million_letters_is_named_by_its_line(content: bytes) -> None:
    assert "in line 2 a cell has more than 1,000,000 letters" in refusal(content, "a.csv")


def bundled(inner: object, times: int) -> bytes:
    for _ in range(times):
        inner = {"resourceType": "Bundle", "entry": [{"resource": inner}]}
    return json.dumps(inner).encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (bundled({"resourceType": "Task"}, 30), "Bundles stand in one another"),
        (bundled({"resourceType": "Task"}, 200), "more than 100 deep"),
        (b'{"resourceType":"Task","a":' + b"[" * 400 + b"]" * 400 + b"}", "more than 100 deep"),
        (b"[" * 50_000 + b"]" * 50_000, "more than 100 deep"),
        (b'{"resourceType":"Task","id":' + b"9" * 9999 + b"}", "more than 4,300 digits"),
    ],
)
def test_fhir_nested_or_numbered_without_measure_is_refused_for_what_it_is(
    content: bytes, why: str
) -> None:
    assert why in refusal(content, "a.json")


def test_bundles_in_bundles_hold_their_tasks_a_few_deep() -> None:
    from tests.test_fhir import task

    found = non_x12_formats.read("a.json", bundled(task(), 3))

    assert found is not None
    assert len(found.requests) == 1


def test_a_line_that_is_json_but_too_deep_is_not_said_to_be_none() -> None:
    from tests.test_fhir import task

    deep = '{"resourceType":"Task","a":' + "[" * 200 + "]" * 200 + "}"
    found = non_x12_formats.read("a.json", f"{json.dumps(task())}\n{deep}\n".encode())

    assert found is not None
    [bad] = [each for each in found.messages if each.outcome == "quarantined"]
    assert "100 deep" in bad.sentence
    assert "not JSON" not in bad.sentence


def long_table(rows: int) -> bytes:
    lines = (f'Coding,Check,A{at},"Doe, J{at}",01/13/2025,{at}.00\n' for at in range(rows))
    return (HEAD + "".join(lines)).encode()


def test_what_is_read_in_a_process_of_its_own_is_what_is_read_here() -> None:
    content = long_table(5000)
    assert len(content) > reader_process.SMALL

    said = reader_process.read("a.csv", content)
    assert said == non_x12_formats.read("a.csv", content)
    assert said is not None
    assert {request.about.claim_numbers for request in said.requests} == {
        (f"A{at}",) for at in range(5000)
    }
    there = reader_process.outline("a.csv", content, None)
    here = task_table.open_table("a.csv", content)
    assert here is not None
    assert there == columns.outline(here)
    assert there is not None
    assert columns.guess(there) == columns.guess(here)


def test_the_choice_made_on_the_screen_goes_along() -> None:
    content = long_table(3000)
    plan = columns.ColumnMapping({columns.Field.TYPE: "Type", columns.Field.TITLE: "Title",
                         columns.Field.CLAIM: "Claim"})  # fmt: skip

    found = reader_process.read("a.csv", content, TableOptions(None, Chosen(plan)))

    assert found is not None
    assert {each.amount for each in found.requests} == {None}


def test_whoever_cancels_ends_the_process_that_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    class Cancelled(Exception):
        pass

    begun: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def noted(*arguments: Any, **more: Any) -> subprocess.Popen[bytes]:
        begun.append(popen(*arguments, **more))
        return begun[-1]

    def alive() -> None:
        if begun:
            raise Cancelled

    monkeypatch.setattr(subprocess, "Popen", noted)
    with pytest.raises(Cancelled):
        reader_process.read("a.csv", long_table(50_000), None, alive)

    assert [each.poll() is not None for each in begun] == [True]
    assert reader_process.read("a.csv", long_table(3000)) is not None  # its place is free again


@pytest.mark.parametrize(("limit", "value"), [("MAX_SECONDS", 0), ("MAX_MEMORY", 60_000_000)])
def test_a_file_that_takes_more_time_or_memory_than_any_is_refused(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    command = (
        f"from lib.intake.files import reader_process; reader_process.{limit} = {max(value, 1)}; "
        f"{reader_process.COMMAND}"
    )
    monkeypatch.setattr(reader_process, "COMMAND", command)
    if limit == "MAX_SECONDS":
        monkeypatch.setattr(reader_process, limit, value)

    assert "more time or memory" in refusal(long_table(20_000), "a.csv")


def test_others_go_on_while_a_hostile_table_is_read(con: Connection, cast: Cast) -> None:
    """A thread that only counts goes on counting, and a write does not wait for the reading."""
    hostile = b'{"resourceType": "Task", "a": [' + b"[]," * 6_000_000 + b"[]]}"
    reports: list[Any] = []
    reader = threading.Thread(
        target=lambda: reports.append(
            imports.apply(
                con.store.connection(), "a.json", hostile, actor=cast.ana,
                practice_id=cast.practice, now=NOON,
            )
        )
    )  # fmt: skip
    reader.start()
    longest, last = 0.0, time.monotonic()
    while reader.is_alive():
        time.sleep(0.01)
        con.value("SELECT count(*) FROM task")
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    reader.join()

    assert reports
    assert longest < 3  # it stood still for as long as the file took


def test_a_reader_whose_process_dies_says_so_and_leaves_no_process() -> None:
    dying = "import os; os._exit(9)"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader_process, "COMMAND", dying)
        assert "more time or memory" in refusal(long_table(20_000), "a.csv")


def test_no_traceback_of_the_reading_process_reaches_a_log(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader_process, "COMMAND", "raise SystemExit('Doe, J1 has died')")
        refusal(long_table(20_000), "a.csv")

    assert capfd.readouterr().err == ""


def test_a_million_line_ends_before_the_trailer_of_x12_are_walked_once() -> None:
    soon(
        "from lib.intake.x12 import segment_reader as x12\n"
        "isa = 'ISA*00*          *00*          *ZZ*A              *ZZ*B              '\n"
        "isa += '*250101*1200'\nisa += '*^*00501*000000001*0*P*:\\n'\n"
        "text = isa + 'GS*HC*A*B*20250101*1200*1*X*005010X222A1\\n' + '\\n' * 900_000\n"
        "text += 'GE*0*1\\nIEA*1*000000001\\n' + '\\n' * 900_000 + 'xIEA*1*1'\n"
        "try:\n    list(x12.transactions(text, []))\n"
        "except x12.Broken:\n    pass\n"
    )


def test_nobody_can_write_the_sign_zero_into_the_store(con: Connection) -> None:
    con.insert("payer", [{"id": 1, "practice_id": 1, "code": "1\0", "name": "A\0nn"}])
    con.execute(
        "INSERT INTO payer (id, practice_id, code, name) VALUES (2, 1, $code, $name)",
        code="2\0", name="B\0ob",
    )  # fmt: skip

    assert con.rows("SELECT code, name FROM payer ORDER BY id") == [("1", "Ann"), ("2", "Bob")]


def test_the_sign_zero_in_a_table_in_x12_and_in_fhir_is_left_out(
    con: Connection, cast: Cast
) -> None:
    from tests.test_fhir import task
    from tests.x12_texts import claim, file_837

    def came(name: str, content: bytes) -> str | None:
        report = imports.apply(
            con, name, content, actor=cast.ana, practice_id=cast.practice, now=NOON
        )
        return report.refused

    many = HEAD + "".join(f'Coding,Why,A{at},"Doe, J",01/13/2025,1\n' for at in range(20))
    assert came("a.csv", many.replace("Doe", "D\0oe", 1).encode()) is None
    assert came("a.837", file_837(claim("N\0A1"))) is None
    assert came("a.json", json.dumps(task(description="a\0b")).encode()) is None
    for found in ("SELECT patient_name || title || claim_number || instructions FROM task",
                  "SELECT claim_number FROM charge"):  # fmt: skip
        assert not any("\0" in value for (value,) in con.rows(found))


def test_a_process_that_reads_is_polite_and_its_limits_are_its_own() -> None:
    ours = os.nice(0)
    assert reader_process.read("a.csv", long_table(3000)) is not None
    assert os.nice(0) == ours
