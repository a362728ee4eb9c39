"""Tasks in a table, one a row: how a practice leaves another system. Pure.

Good rows become requests; each of the others is refused with its line and its reasons.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lib.errors import RefusedFile
from lib.intake.records import Request
from lib.intake.tables import csv_file, excel_file
from lib.intake.tables.cells import DateOrder, day, is_blank, is_negative, money, order_of
from lib.intake.tables.columns import DATES, KNOWN, ColumnMapping, Field
from lib.intake.tables.synonyms import is_open, label_of, type_of
from lib.intake.tables.table import REASON, Cell, Grid, Row, Uncomputed, fold, text_of
from lib.models import TaskType

MAX_BYTES = 50_000_000
MAX_TITLE, MAX_INSTRUCTIONS, MAX_NAME = 100, 4000, 200
FORMATS = ("CSV", "XLSX")
ERRORS = {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
_SHORTENED = re.compile(r"(?:\d\.\d+E\+?|\dE\+)\d+", re.IGNORECASE)  # 1.23457E+11


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that does not come in."""

    line: int  # in the file
    reason: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a table says, read by a plan."""

    grid: Grid
    plan: ColumnMapping
    requests: tuple[Request, ...]
    refused: tuple[Refused, ...]
    completed: int = 0  # rows that were completed in the other system: they make no task
    unknown_states: int = 0

    @property
    def refused_text(self) -> str:
        """The refused rows as a CSV file to correct and bring back: the same columns, the line
        they came from not among them, and the reason. Empty where all came in.

        Dates that could be read both ways are written YYYY-MM-DD: without the other rows nothing
        would say in which order they are.
        """
        if not self.refused:
            return ""
        orders = {self.plan.columns[which]: order for which, order in self.plan.orders.items()}
        kept = [at for at, name in enumerate(self.grid.columns) if name != REASON]
        names = [self.grid.columns[at] for at in kept]
        return csv_file.write(
            [*names, REASON],
            [
                [
                    *(
                        _unmistakable(row.cells[at], orders.get(self.grid.columns[at]))
                        for at in kept
                    ),
                    row.reason,
                ]
                for row in self.refused
            ],
        )


def _unmistakable(cell: Cell, order: DateOrder | None) -> str:
    """The cell as text; a date of a column in that order so that it is read in one way only."""
    found = {each: day(cell, each) for each in DateOrder if order}
    is_ambiguous = None not in found.values() and len(set(found.values())) > 1
    return str(found[order]) if order and is_ambiguous else text_of(cell)


def open_table(name: str, content: bytes, sheet: str | None = None) -> Grid | None:
    """The table in a file, or None where it is something else.

    Raises RefusedFile for a table that cannot be read.
    """
    if content.startswith(excel_file.OLD_EXCEL):
        raise RefusedFile(
            f"{name} was refused: it is a workbook of an old Excel, or locked with a password. "
            "Save it as .xlsx without a password."
        )
    is_workbook = excel_file.is_workbook(content)
    text = None if is_workbook else csv_file.decode(content[: MAX_BYTES + 1])
    sign = csv_file.separator(text, KNOWN) if text is not None else None
    if not is_workbook and (text is None or sign is None):
        return None
    if len(content) > MAX_BYTES:
        raise RefusedFile(
            f"{name} was refused: a table may have {MAX_BYTES // 1_000_000} MB; divide it."
        )
    if is_workbook:
        return excel_file.read(name, content, sheet, KNOWN)
    assert text is not None and sign is not None
    return csv_file.read(name, text, sign, KNOWN)


def read(name: str, grid: Grid, plan: ColumnMapping) -> Sheet:
    """What the table says. Raises RefusedFile where the plan finds no type or no subject in it."""
    missing = missing_columns(plan)
    if missing:
        raise RefusedFile(f"{name} was refused: {missing}")
    at = {which: grid.columns.index(column) for which, column in plan.columns.items()}
    requests: list[Request] = []
    refused: list[Refused] = []
    completed = unknown_states = 0
    for row in grid.rows:
        reader = _Reader(row, at, plan)
        state = is_open(reader.text(Field.STATUS)) if reader.text(Field.STATUS) else True
        if state is False:
            completed += 1
            continue
        unknown_states += state is None
        request = reader.request(grid.format)
        if reader.problems:
            refused.append(Refused(row.line, "; ".join(reader.problems), row.cells))
        else:
            requests.append(request)
    return Sheet(grid, plan, tuple(requests), tuple(refused), completed, unknown_states)


def missing_columns(plan: ColumnMapping) -> str:
    """The sentence that names a column nothing can come in without; empty where all are there."""
    has = plan.columns.keys()
    if Field.TYPE not in has:
        return "no column is known to hold the type of the task; choose it on the Import page."
    if not has & {Field.TITLE, Field.INSTRUCTIONS}:
        return "no column is known to say what is asked; choose it on the Import page."
    if not has & {Field.CLAIM, Field.PATIENT, Field.LAST}:
        return (
            "no column is known to hold the claim number or the patient; choose one on the "
            "Import page."
        )
    return ""


class _Reader:
    """One row while it is read; what is wrong with it gathers in `problems`."""

    def __init__(self, row: Row, at: dict[Field, int], plan: ColumnMapping) -> None:
        self.row, self.at, self.plan = row, at, plan
        self.problems: list[str] = []

    def cell(self, which: Field) -> Cell:
        found = self.row.cells[self.at[which]] if which in self.at else None
        return None if isinstance(found, Uncomputed) else found

    def text(self, which: Field) -> str:
        return text_of(self.cell(which)) if which in self.at else ""

    def line(self, which: Field, most: int = MAX_NAME) -> str:
        """The text in one line."""
        found = " ".join(self.text(which).split())
        if len(found) > most:
            self.problem(which, f"is longer than {most} letters")
        return found

    def problem(self, which: Field, what: str) -> None:
        column = self.plan.columns.get(which, which.label)
        self.problems.append(f"“{column}” {what}")

    def request(self, format_: str) -> Request:
        """The request of the row, to be used only where there is no problem."""
        self.check_spreadsheet()
        type_ = self.type()
        title, instructions = self.words()
        claim, patient = self.line(Field.CLAIM, 50), self.patient()
        if not claim and not patient:
            self.problems.append("it names neither a claim nor a patient")
        elif not claim and type_ is not TaskType.DOCUMENTS:
            self.problems.append("it names no claim: only a Documents task can do without one")
        service, amount, due = self.day(Field.SERVICE), self.amount(), self.day(Field.DUE)
        label, instructions = self.label(type_, instructions)
        asked_on = self.day(Field.CREATED)
        return Request(
            key=_key(claim or patient, type_, (title, instructions, label or ""), service, amount),
            type=type_,
            title=title,
            instructions=instructions,
            source=format_,
            segment_number=self.row.line,
            amount=amount,
            claim_number=claim,
            patient_name=patient,
            payer_name=self.line(Field.PAYER),
            provider_name=self.line(Field.PROVIDER),
            date_of_service=service,
            asked_on=asked_on,
            received_on=asked_on,
            due_on=due,
            due_rule="named in the table" if due else "",
            document_label=label,
            assignee_name=self.line(Field.ASSIGNEE),
        )

    def check_spreadsheet(self) -> None:
        """What a spreadsheet did to a text; dates and amounts are refused for what they are."""
        for which, place in self.at.items():
            if isinstance(self.row.cells[place], Uncomputed):
                self.problem(
                    which,
                    "is a formula whose value the file does not hold: open the file in a "
                    "spreadsheet, save it and bring it in again",
                )
            if which not in {*DATES, Field.AMOUNT, Field.TYPE} and self.text(which) in ERRORS:
                self.problem(which, f"is {self.text(which)}, an error of the spreadsheet")
        if _SHORTENED.fullmatch(self.text(Field.CLAIM)):
            self.problem(
                Field.CLAIM,
                "was shortened by a spreadsheet: show the column there as text or as whole "
                "numbers and write the number in full",
            )

    def type(self) -> TaskType:
        text = self.line(Field.TYPE)
        found = type_of(text)
        if found is None:
            names = ", ".join(kind.label for kind in TaskType)
            what = f"is “{text[:40]}”, which is no type of task" if text else "is empty"
            self.problem(Field.TYPE, f"{what}: write one of {names}")
        return found or TaskType.CODING

    def words(self) -> tuple[str, str]:
        """Title and instructions; each can stand for the other."""
        title, text = " ".join(self.text(Field.TITLE).split()), self.text(Field.INSTRUCTIONS)
        if not title and not text:
            self.problems.append("it does not say what is asked")
        if len(title) > MAX_TITLE:
            text = f"{title}\n\n{text}" if text else title
        title = title or " ".join(text.split())
        if len(title) > MAX_TITLE:
            title = f"{title[: MAX_TITLE - 1].rstrip()}…"
        if len(text) > MAX_INSTRUCTIONS:
            self.problem(Field.INSTRUCTIONS, f"is longer than {MAX_INSTRUCTIONS:,} letters")
        return title, text or title

    def patient(self) -> str:
        """ "LAST, FIRST"; a full name as it is written."""
        full = self.line(Field.PATIENT)
        if full:
            return ", ".join(part.strip() for part in full.split(",", 1) if part.strip())
        parts = (self.line(Field.LAST), self.line(Field.FIRST))
        return ", ".join(part for part in parts if part)

    def day(self, which: Field) -> date | None:
        order = self.plan.orders.get(which, DateOrder.MONTH_FIRST)
        found = day(self.cell(which), order)
        if found is None and not is_blank(self.cell(which)):
            written = "MM/DD/YYYY" if order is DateOrder.MONTH_FIRST else "DD/MM/YYYY"
            self.problem(which, f"is “{self.text(which)[:40]}”, which is no date ({written})")
        return found

    def amount(self) -> Decimal | None:
        cell = self.cell(Field.AMOUNT)
        found = money(cell)
        if found is None and not is_blank(cell):
            what = "is below zero" if is_negative(cell) else "is no amount in dollars and cents"
            self.problem(Field.AMOUNT, f"is “{text_of(cell)[:40]}”, which {what}")
        return found

    def label(self, type_: TaskType, instructions: str) -> tuple[str | None, str]:
        """The document that is wanted; one that we have no label for is said in words."""
        text = self.line(Field.LABEL)
        if not text:
            return None, instructions
        found = label_of(text)
        if type_ is not TaskType.DOCUMENTS or found is None:
            instructions = f"{instructions}\nDocument wanted: {text}."
        return (found or "Other" if type_ is TaskType.DOCUMENTS else None), instructions


def _key(
    about: str, type_: TaskType, asked: Sequence[str], service: date | None, amount: Decimal | None
) -> str:
    """What the row asks of which claim: the same in any table is the same request."""
    title, *more = map(fold, asked)
    words = hashlib.sha256("|".join(more).encode()).hexdigest()[:16]
    of = (str(service or ""), str(amount if amount else ""))
    return "|".join(("TABLE", about, type_, title, *of, words))


def warnings(sheet: Sheet) -> list[str]:
    """What is worth saying about a table; no value of a row is in it."""
    said = list(sheet.grid.warnings)
    for which in DATES:
        if which in sheet.plan.columns:
            said += _date_warning(sheet, which)
    if sheet.completed:
        said.append(f"Completed in the other system: {_rows(sheet.completed)}; they make no task.")
    if sheet.unknown_states:
        said.append(
            f"In a state that is not known here: {_rows(sheet.unknown_states)}; they come in open."
        )
    if sheet.refused:
        said.append(f"Refused: {_rows(len(sheet.refused))}; correct them and bring them in again.")
    return said


def _date_warning(sheet: Sheet, which: Field) -> Sequence[str]:
    found = order_of(sheet.grid.column(sheet.plan.columns[which]))
    if found.is_sure or not found.example:
        return ()
    first = "month" if sheet.plan.orders.get(which) is not DateOrder.DAY_FIRST else "day"
    if found.is_mixed:
        return (
            f"{which.label}: some dates are written month first and some day first; what could be "
            f"read both ways was read {first} first.",
        )
    return (f"{which.label}: every date could be read both ways; it was read {first} first.",)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
