"""Which column of a table holds what: guessed by its name, corrected by people. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from lib.intake.tables.cells import (
    DateOrder,
    day,
    is_blank,
    is_like_day,
    is_like_money,
    is_negative,
    money,
    order_of,
)
from lib.intake.tables.table import REASON, Cell, Grid, Uncomputed, fold, text_of


class Field(StrEnum):
    """What a row of tasks can say."""

    TYPE = "type"
    TITLE = "title"
    INSTRUCTIONS = "instructions"
    CLAIM = "claim_number"
    PATIENT = "patient"
    LAST = "last_name"
    FIRST = "first_name"
    PAYER = "payer"
    PROVIDER = "provider"
    SERVICE = "date_of_service"
    AMOUNT = "amount"
    DUE = "due_on"
    LABEL = "document_label"
    STATUS = "status"
    ASSIGNEE = "assignee"
    CREATED = "created_on"

    @property
    def label(self) -> str:
        return COLUMN_LABELS[self]


COLUMN_LABELS = {
    Field.TYPE: "Type",
    Field.TITLE: "What it is about",
    Field.INSTRUCTIONS: "Instructions",
    Field.CLAIM: "Claim number",
    Field.PATIENT: "Patient (full name)",
    Field.LAST: "Patient's last name",
    Field.FIRST: "Patient's first name",
    Field.PAYER: "Payer",
    Field.PROVIDER: "Provider",
    Field.SERVICE: "Date of service",
    Field.AMOUNT: "Amount",
    Field.DUE: "Due",
    Field.LABEL: "Document wanted",
    Field.STATUS: "Status",
    Field.ASSIGNEE: "Assigned to",
    Field.CREATED: "Received",
}
DATES = (Field.SERVICE, Field.DUE, Field.CREATED)
NAMES = {  # what other systems call these columns; the first that a table has is taken
    Field.TYPE: "type, task type, category, request type, kind, task category, reason type, issue "
    "type, task kind, request category",
    Field.TITLE: "title, what it is about, task, task name, subject, summary, task title, reason, "
    "request, issue, name, headline",
    Field.INSTRUCTIONS: "instructions, task instructions, task description, task details, "
    "description, details, notes, comment, comments, message, note, body, memo, task notes, "
    "question, questions, what is needed, remarks",
    Field.CLAIM: "claim number, claim, claim no, claim #, claim id, claim num, encounter id, "
    "encounter, encounter number, invoice, invoice number, pcn, patient control number, account "
    "number, claim control number, charge id, patient account number, patient account no, account "
    "no, account #, acct, acct no, acct number, claim reference",
    Field.PATIENT: "patient, patient name, patient full name, full name, patient (full name), "
    "member name, subscriber, client, client name, name of patient",
    Field.LAST: "last name, patient last name, patient's last name, lastname, surname, family "
    "name, patient last, last, pt last name",
    Field.FIRST: "first name, patient first name, patient's first name, firstname, given name, "
    "patient first, first, pt first name",
    Field.PAYER: "payer, payer name, insurance, insurance name, insurance company, carrier, plan, "
    "health plan, primary insurance, ins, payor, payor name, insurer, insurance carrier, "
    "insurance plan, insurance payer",
    Field.PROVIDER: "provider, provider name, rendering provider, doctor, physician, clinician, "
    "rendering, rendering provider name, dr, practitioner, treating provider, performing "
    "provider, attending provider",
    Field.SERVICE: "date of service, dos, service date, service from, from date, date from, visit "
    "date, encounter date, service date from, dos from, date of service (dos), service dates, "
    "dates of service, date(s) of service",
    Field.AMOUNT: "amount, charge, charges, total, charge amount, billed, billed amount, balance, "
    "total charge, total charges, claim amount, amount due, value, amt, billed amt, charge amt, "
    "total amount, total billed, total charged",
    Field.DUE: "due, due date, due on, due by, deadline, respond by, needed by, target date, "
    "response due, response due date, reply by",
    Field.LABEL: "document wanted, document, document label, document type, label, doc type, "
    "attachment, attachment type, documents wanted, document needed, documents needed, document "
    "requested, requested document",
    Field.STATUS: "status, state, task status, completed, is completed, done, open or completed, "
    "current status",
    Field.ASSIGNEE: "assigned to, assignee, owner, assigned, responsible, task owner, user, "
    "assigned user, worker",
    Field.CREATED: "received, created, created on, created date, date created, created at, "
    "opened, date opened, entered, date entered, received on, date received, entry date, open "
    "date, request date, date, date added, added on",
}
_SYNONYMS = {
    which: tuple(dict.fromkeys(fold(name) for name in names.split(",")))
    for which, names in NAMES.items()
}
KNOWN = frozenset(name for names in _SYNONYMS.values() for name in names)


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """How a table is read: the column of each field, and in which order its dates are written."""

    columns: Mapping[Field, str]
    orders: Mapping[Field, DateOrder] = field(default_factory=dict)
    sheet: str | None = None

    def fits(self, grid: Grid) -> bool:
        return all(column in grid.columns for column in self.columns.values())


def signature(columns: Iterable[str]) -> str:
    """What tells one kind of table from another: its columns' names, hashed."""
    names = [fold(name) for name in columns if name != REASON]
    return hashlib.sha256("\x1f".join(names).encode()).hexdigest()


def guess(grid: Grid) -> ColumnMapping:
    """The plan that the names of the columns and what stands in them suggest."""
    folded: dict[str, str] = {}
    for name in grid.columns:
        if name != REASON:
            folded.setdefault(fold(name), name)
    found: dict[Field, str] = {}
    free = dict(folded)
    for which, names in _SYNONYMS.items():
        for name in names:
            if name in free and _plausible(which, grid.column(free[name])):
                found[which] = free.pop(name)
                break
    if Field.LAST in found:
        found.pop(Field.PATIENT, None)
    return with_orders(ColumnMapping(found), grid)


def with_orders(plan: ColumnMapping, grid: Grid) -> ColumnMapping:
    """The plan with the order of its dates: as the whole column says, else as it is given."""
    orders = {}
    for which in DATES:
        if which in plan.columns:
            found = order_of(grid.column(plan.columns[which]))
            given = None if found.is_sure else plan.orders.get(which)
            orders[which] = given or found.order
    return replace(plan, orders=orders)


def _plausible(which: Field, cells: list[Cell]) -> bool:
    """False for a column whose values contradict its name ("Entered" full of people is one).

    A date or an amount that is written wrongly contradicts nothing: its row is refused and says so.
    """
    filled = [
        cell for cell in cells[:200] if not is_blank(cell) and not isinstance(cell, Uncomputed)
    ]
    if which is Field.AMOUNT:
        return sum(map(is_like_money, filled)) * 2 >= len(filled)
    if which in DATES:
        return sum(map(is_like_day, filled)) * 2 >= len(filled)
    return True


def kind(cells: list[Cell]) -> str:
    """What the values of a column look like, in words."""
    filled = [cell for cell in cells if text_of(cell)]
    if not filled:
        return "empty"
    found = order_of(filled)
    dated = sum(day(cell, found.order) is not None for cell in filled)
    if found.is_written and dated * 2 >= len(filled):
        return f"dates, {found.said}"
    if sum(money(cell) is not None or is_negative(cell) for cell in filled) * 10 >= len(filled) * 9:
        return "numbers"
    return "text"


def samples(cells: list[Cell], count: int = 2) -> list[str]:
    """The first values of a column that differ."""
    found = dict.fromkeys(text for cell in cells[:500] if (text := " ".join(text_of(cell).split())))
    return [text if len(text) <= 40 else f"{text[:39]}…" for text in list(found)[:count]]
