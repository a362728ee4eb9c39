"""Random tables, written by csv and openpyxl, are read back to the same values; damaged ones never
end in anything but a sentence."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.errors import RefusedFile
from lib.intake.files import non_x12_formats
from lib.intake.records import Request
from lib.intake.tables import columns, task_table
from lib.intake.tables.table import clean
from lib.intake.tables.task_table import ERRORS
from lib.models import TaskType

pytestmark = pytest.mark.slow

QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
HEAD = ("Type", "Title", "Instructions", "Claim number", "Patient", "DOS", "Due", "Amount")
FORMULA = ("=", "+", "-", "@", "'")


def workbook() -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(HEAD)
    book.active.append(["Coding", "Why", "", "A1", "Green", date(2025, 1, 1), None, 1])
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


WORKBOOK = workbook()  # made once: the hour it was made stands in it


@dataclass(frozen=True)
class Line:
    type: TaskType
    title: str
    instructions: str
    claim: str
    patient: str
    service: date
    due: date | None
    amount: Decimal


def words(most: int, *, marks: str = "") -> st.SearchStrategy[str]:
    """Text as people type it, in one line, that no spreadsheet takes for a formula or an error."""
    letters = st.characters(codec="utf-8", categories=("L", "N", "P", "S"), include_characters=" ")
    return (
        st.text(st.one_of(letters, st.sampled_from(marks or "a")), min_size=1, max_size=most)
        .map(lambda text: " ".join(clean(text).split()))
        .filter(lambda text: bool(text) and not text.startswith(FORMULA) and text not in ERRORS)
    )


LINES = st.lists(
    st.builds(
        Line,
        type=st.sampled_from(TaskType),
        title=words(90, marks=',;"|\t'),
        instructions=words(200, marks=',;"\n'),
        claim=st.from_regex(r"[A-Z][A-Z0-9-]{1,18}", fullmatch=True),
        patient=words(30).filter(lambda text: "," not in text),
        service=st.dates(date(1990, 1, 1), date(2090, 12, 31)),
        due=st.none() | st.dates(date(1990, 1, 1), date(2090, 12, 31)),
        amount=st.decimals(0, 9_999_999, places=2),
    ),
    min_size=1,
    max_size=6,
)


def same(requests: tuple[Request, ...], lines: list[Line]) -> bool:
    return [
        (r.type, r.title, r.instructions, r.claim_number, r.patient_name, r.date_of_service,
         r.due_on, r.amount)
        for r in requests
    ] == [
        (w.type, w.title, w.instructions, w.claim, w.patient, w.service, w.due, w.amount)
        for w in lines
    ]  # fmt: skip


def read(content: bytes) -> task_table.Sheet:
    grid = task_table.open_table("a", content)
    assert grid is not None
    return task_table.read("a", grid, columns.guess(grid))


@QUICK
@given(
    LINES,
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["%Y-%m-%d", "%d-%b-%Y", "%Y%m%d"]),
    st.sampled_from(["{:.2f}", "${:,.2f}", "{:,.2f} USD"]),
)
def test_tables_written_as_csv_are_read_back_to_the_same_values(
    lines: list[Line], sign: str, encoding: str, end: str, day: str, money: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=sign, lineterminator=end)
    writer.writerow(HEAD)
    for line in lines:
        writer.writerow([
            line.type.label, line.title, line.instructions, line.claim, line.patient,
            line.service.strftime(day), line.due.strftime(day) if line.due else "",
            money.format(line.amount),
        ])  # fmt: skip

    sheet = read(out.getvalue().encode(encoding))

    assert sheet.refused == ()
    assert same(sheet.requests, lines)


@settings(QUICK, max_examples=25)
@given(LINES)
def test_workbooks_written_by_openpyxl_are_read_back_to_the_same_values(lines: list[Line]) -> None:
    book = openpyxl.Workbook()
    written = book.active
    assert written is not None
    written.append(HEAD)
    for line in lines:
        written.append([
            line.type.label, line.title, line.instructions, line.claim, line.patient,
            line.service, line.due, float(line.amount),
        ])  # fmt: skip
    content = io.BytesIO()
    book.save(content)

    sheet = read(content.getvalue())

    assert sheet.refused == ()
    assert same(sheet.requests, lines)


@settings(QUICK, max_examples=150)
@given(st.data())
def test_damaged_tables_and_resources_end_in_a_sentence(data: st.DataObject) -> None:
    whole = data.draw(
        st.sampled_from([
            b"Type,Title,Claim\nCoding,Why,A1\nCoding,\"Why\n not\",A2\n",
            b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Task","id":"1",'
            b'"reasonCode":{"coding":[{"code":"claim"}]},"reasonReference":{"identifier":'
            b'{"value":"A1"}},"input":[{"type":{"coding":[{"code":"attachments-needed"}]},'
            b'"valueCodeableConcept":{"coding":[{"code":"11506-3"}]}}]}}]}',
            WORKBOOK,
        ])
    )  # fmt: skip
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        match data.draw(st.sampled_from(["change", "cut", "add", "double"])):
            case "change":
                damaged[at] = data.draw(st.integers(0, 255))
            case "cut":
                del damaged[at : at + data.draw(st.integers(1, 40))]
            case "add":
                damaged[at:at] = data.draw(st.binary(min_size=1, max_size=8))
            case _:
                damaged[at:at] = damaged[at : at + 30]
        damaged = damaged or bytearray(b"x")

    try:
        found = non_x12_formats.read("a", bytes(damaged))
    except RefusedFile as refused:
        assert str(refused).startswith("a was refused")
        return

    for request in found.requests if found else ():
        assert request.claim_number or request.patient_name
        assert request.title
