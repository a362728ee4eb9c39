"""Which column of a table holds what: guessed by name, corrected by people. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from lib.intake.tables import denial_codes, denial_statuses, heading_words
from lib.intake.tables.cells import (
    DateOrder,
    Order,
    day,
    is_blank,
    is_like_day,
    is_like_money,
    is_negative,
    money,
    order_of,
)
from lib.intake.tables.heading_words import DENIED, INSURED, READINGS, Reading
from lib.intake.tables.table import REASON, Cell, Grid, Uncomputed, fold, text_of
from lib.intake.tables.value_synonyms import type_of
from lib.models import TaskType


class Field(StrEnum):
    """What a row of a table can say about a task."""

    TYPE = "type"
    TITLE = "title"
    INSTRUCTIONS = "instructions"
    CLAIM = "claim_number"
    ACCOUNT = "account_number"
    OTHER = "other_claim_number"
    ICN = "payer_claim_number"
    PATIENT = "patient"
    LAST = "last_name"
    FIRST = "first_name"
    BORN = "birth_date"
    MEMBER = "member_id"
    PAYER = "payer"
    PROVIDER = "provider"
    SERVICE = "date_of_service"
    UNTIL = "last_day_of_service"
    AMOUNT = "amount"
    BILLED = "billed"
    PAID = "paid"
    DUE = "due_on"
    LABEL = "document_label"
    STATUS = "status"
    ASSIGNEE = "assignee"
    ASKED = "asked_on"
    CREATED = "created_on"

    @property
    def label(self) -> str:
        """Return the field's name on the screen."""
        return COLUMN_LABELS[self]


COLUMN_LABELS = {
    Field.TYPE: "Type",
    Field.TITLE: "Subject",
    Field.INSTRUCTIONS: "Instructions",
    Field.CLAIM: "Claim number",
    Field.ACCOUNT: "Account or other claim number",
    Field.OTHER: "Third claim number",
    Field.ICN: "Payer's claim number",
    Field.PATIENT: "Patient (full name)",
    Field.LAST: "Patient's last name",
    Field.FIRST: "Patient's first name",
    Field.BORN: "Patient's date of birth",
    Field.MEMBER: "Member ID",
    Field.PAYER: "Payer",
    Field.PROVIDER: "Provider",
    Field.SERVICE: "Date of service",
    Field.UNTIL: "Last day of service",
    Field.AMOUNT: "Amount",
    Field.BILLED: "Amount billed",
    Field.PAID: "Paid by the payer",
    Field.DUE: "Due",
    Field.LABEL: "Document requested",
    Field.STATUS: "Status",
    Field.ASSIGNEE: "Assigned to",
    Field.ASKED: "Denied or asked for on",
    Field.CREATED: "Received",
}
DATES = (Field.BORN, Field.SERVICE, Field.UNTIL, Field.DUE, Field.ASKED, Field.CREATED)
MONEY = (Field.AMOUNT, Field.BILLED, Field.PAID)
PEOPLE = frozenset({Field.PATIENT, Field.LAST, Field.FIRST})
NAMED = PEOPLE | {Field.PAYER, Field.PROVIDER}  # what holds names, never numbers alone
MAX_LOOKED_AT = 200  # letters of a cell
_LAST_FIRST = re.compile(r"[^\W\d]{2}[\w' .-]{0,40},\s*[^\W\d][\w' .-]{0,40}")  # GREEN, EMMA
_FULL_NAME = re.compile(r"[^\W\d_][^\d#@:;/, ]{0,40}[, ]{1,9}[^\W\d_][^\d#@:;/]{0,80}")
WHOSE = PEOPLE | {Field.BORN, Field.MEMBER}  # what tells the patient
NAMES = {  # what other systems call these columns; the first one in the table counts
    Field.TYPE: "type, task type, category, request type, kind, task category, reason type, issue "
    "type, task kind, request category",
    Field.TITLE: "title, what it is about, task, task name, subject, summary, task title, reason, "
    "request, issue, name, headline, denial reason, reason for denial, denial description, denial "
    "reason description, reason description, denial",
    Field.INSTRUCTIONS: "instructions, task instructions, task description, task details, "
    "description, details, notes, comment, comments, message, note, body, memo, task notes, "
    "question, questions, what is needed, remarks, denial notes, denial details, denial comment, "
    "follow up notes, next step, action needed",
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
    Field.BORN: "date of birth, dob, birth date, birthdate, birthday, patient dob, patient's dob, "
    "patient date of birth, patient birth date, patient birthdate, pt dob, born, d.o.b., "
    "date of birth (dob), subscriber dob, member dob",
    Field.MEMBER: "member id, member number, member no, member #, member, subscriber id, "
    "subscriber number, subscriber no, subscriber #, insurance id, insurance id number, insured "
    "id, insured's id, policy number, policy no, policy #, policy id, policy, ins id, mbi, hicn, "
    "medicare id, medicaid id, member id number, memberid, patient member id, health plan id",
    Field.PAYER: "payer, payer name, insurance, insurance name, insurance company, carrier, plan, "
    "health plan, primary insurance, ins, payor, payor name, insurer, insurance carrier, "
    "insurance plan, insurance payer",
    Field.PROVIDER: "provider, provider name, rendering provider, doctor, physician, clinician, "
    "rendering, rendering provider name, dr, practitioner, treating provider, performing "
    "provider, attending provider",
    Field.SERVICE: "date of service, dos, service date, service from, from date, date from, visit "
    "date, encounter date, service date from, dos from, date of service (dos), service dates, "
    "dates of service, date(s) of service",
    Field.UNTIL: "service to, to date, date to, service through, dos to, thru date, through date, "
    "service date to, end date of service, service end date, last date of service",
    # What is still open tells more than what was billed, where the table has both.
    Field.AMOUNT: "amount, denied amount, amount denied, denied amt, amt denied, total denied, "
    "denied, denied charges, denial amount, balance, claim balance, open balance, balance due, "
    "remaining balance, outstanding balance, outstanding, outstanding amount, unpaid, unpaid "
    "amount, amount due, insurance balance, ins balance, charge, charges, total, charge amount, "
    "billed, billed amount, total charge, total charges, claim amount, value, amt, billed amt, "
    "charge amt, total amount, total billed, total charged, amount billed, amount charged",
    Field.BILLED: "billed, billed amount, billed amt, amount billed, total billed, total charge, "
    "total charges, total charged, charge amount, charge amt, amount charged, claim charge, claim "
    "charges, billed charges, submitted charges, charged, charged amount, claim amount, charge, "
    "charges",
    Field.PAID: "paid, paid amount, amount paid, paid amt, amt paid, payment, payment amount, "
    "total paid, insurance paid, ins paid, payer paid, payor paid, plan paid, insurance payment, "
    "ins payment, payer payment, primary paid, paid by payer, paid by insurance",
    Field.DUE: "due, due date, due on, due by, deadline, respond by, needed by, target date, "
    "response due, response due date, reply by",
    Field.LABEL: "document requested, document wanted, "
    "document, document label, document type, label, doc type, "
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
_SYNONYMS[Field.ACCOUNT] = _SYNONYMS[Field.OTHER] = _SYNONYMS[Field.CLAIM]  # its other numbers
_WORDS = {Field(which): readings for which, readings in READINGS.items()}
_WORDS[Field.ACCOUNT] = _WORDS[Field.OTHER] = _WORDS[Field.CLAIM]
NUMBERS = (Field.CLAIM, Field.ACCOUNT, Field.OTHER)  # any of them may be ours
KNOWN = frozenset(name for names in _SYNONYMS.values() for name in names) | denial_codes.NAMES


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """How to read a table: the column of each field, and the order in which its dates are
    written."""

    columns: Mapping[Field, str]
    orders: Mapping[Field, DateOrder] = field(default_factory=dict)
    sheet: str | None = None
    codes: tuple[str, ...] = ()  # columns that hold denial codes
    type: TaskType | None = None  # of every row that names none
    with_hidden: bool = False  # import rows that the workbook hides
    # of a table with neither codes nor types: the column that says which rows were denied
    denials: str = ""

    @property
    def is_of_denials(self) -> bool:
        """Return True if the table lists denials: each row says why, or that it was denied."""
        return bool(self.codes or self.denials)

    def fits(self, grid: Table) -> bool:
        """Return True if the table has every column of this mapping."""
        return all(column in grid.columns for column in (*self.columns.values(), *self.codes))


@dataclass(frozen=True, slots=True)
class Look:
    """What the values of one column look like."""

    kind: str  # in words
    samples: tuple[str, ...]
    order: Order
    is_money: bool
    is_days: bool
    are_codes: bool
    are_grouped_codes: bool
    are_types: bool
    are_names: bool
    are_numbers: bool  # of members, policies
    denies: bool  # some row says there that the claim was denied


@dataclass(frozen=True, slots=True)
class Outline:
    """A table without its rows: enough to say which column holds what."""

    format: str
    columns: tuple[str, ...]
    looks: Mapping[str, Look]
    sheet: str
    sheets: tuple[str, ...]
    hidden: int  # rows that the workbook hides
    hidden_columns: tuple[str, ...]


Table = Grid | Outline


def outline(grid: Grid) -> Outline:
    """Describe every column of a table."""
    return Outline(
        grid.format, grid.columns, {name: _look(name, grid.column(name)) for name in grid.columns},
        grid.sheet, grid.sheets, len(grid.hidden), grid.hidden_columns,
    )  # fmt: skip


def _look(name: str, cells: list[Cell]) -> Look:
    return Look(
        kind(cells),
        tuple(samples(cells)),
        order_of(cells),
        _plausible(Field.AMOUNT, cells),
        _plausible(Field.SERVICE, cells),
        denial_codes.are_codes(cells),
        denial_codes.are_codes(cells, grouped=True),
        _are_types(cells),
        sum(map(_is_like_name, cells)) * 2 >= len(cells),
        _plausible(Field.MEMBER, cells),
        denial_statuses.denies(name, cells),
    )


def order_in(table: Table, name: str) -> Order:
    """Return the order in which a column writes its dates."""
    return table.looks[name].order if isinstance(table, Outline) else order_of(table.column(name))


def signature(columns: Iterable[str]) -> str:
    """Return a hash of the columns' names, by which tables of one kind are recognized."""
    names = [fold(name) for name in columns if name != REASON]
    return hashlib.sha256("\x1f".join(names).encode()).hexdigest()


def guess(grid: Table) -> ColumnMapping:
    """Return the mapping that the columns' names and values suggest."""
    folded: dict[str, str] = {}
    for name in grid.columns:
        if name != REASON:
            folded.setdefault(fold(name), name)
    found: dict[Field, str] = {}
    free = dict(folded)
    for which, names in _SYNONYMS.items():
        for name in names:
            if name in free and _fits(which, grid, free[name]):
                found[which] = free.pop(name)
                break
    codes = _code_columns(grid, folded)
    types = found.get(Field.TYPE)
    is_typed = types is not None and _holds_types(grid, types)
    denials = "" if codes or is_typed else _denials(grid)
    is_of_denials = bool(codes or denials)
    _add_by_words(grid, found, [name for name in free.values() if name not in codes], is_of_denials)
    _add_second_numbers(found, [name for name in free.values() if name not in codes])
    if Field.SERVICE not in found:
        found.pop(Field.UNTIL, None)
    if Field.LAST in found:
        found.pop(Field.PATIENT, None)
    title = found.get(Field.TITLE, "")
    is_alone = fold(title) == "name" and not PEOPLE & found.keys()
    if is_alone and (is_of_denials or _are_people(grid, title)):
        found[Field.PATIENT] = found.pop(Field.TITLE)
    if is_of_denials and not is_typed:
        found.pop(Field.TYPE, None)  # another system's categories: codes and status say more
    return as_shown_by(ColumnMapping(found, codes=codes), grid)


def _add_by_words(
    grid: Table, found: dict[Field, str], free: list[str], is_of_denials: bool
) -> None:
    """Add the fields that no column names by a usual name, by the words of the headings."""

    def add(which: Field, readings: Sequence[Reading]) -> None:
        for name, reading in heading_words.best(readings, free):
            is_known = reading.is_sure and which not in NAMED
            if _fits(which, grid, name) and (is_known or _says(which, grid, name)):
                found[which] = name
                free.remove(name)
                return

    for which, readings in _WORDS.items():
        is_named = which in PEOPLE and (
            Field.PATIENT in found or (which is Field.PATIENT and Field.LAST in found)
        )
        if which not in found and not is_named:
            add(which, readings)
    for several, is_meant in ((INSURED, not PEOPLE & found.keys()), (DENIED, is_of_denials)):
        for name, readings in several.items():
            if is_meant and (which := Field(name)) not in found:
                add(which, readings)


def _add_second_numbers(found: dict[Field, str], free: Iterable[str]) -> None:
    """Add the second and third column of one heading that holds a claim's number."""
    for name in free:
        first = name.rpartition(" (")[0]  # "Claim" of "Claim (2)"
        which = next((each for each in NUMBERS if each not in found), None)
        is_taken = name in found.values()
        if first and which and not is_taken and first in {found.get(each) for each in NUMBERS}:
            found[which] = name


def _says(which: Field, grid: Table, name: str) -> bool:
    """Return True if the values of a column, too, say what it holds: dates, or names."""
    if which in NAMED:
        if isinstance(grid, Outline):
            return grid.looks[name].are_names
        return sum(map(_is_like_name, grid.column(name))) * 2 >= len(grid.rows)
    if which not in DATES:
        return True
    said = grid.looks[name].kind if isinstance(grid, Outline) else kind(grid.column(name))
    return said.startswith("dates")


def _are_people(grid: Table, name: str) -> bool:
    """Return True if a column holds people's names, last name first."""
    cells = grid.looks[name].samples if isinstance(grid, Outline) else grid.column(name)
    filled = [text for cell in cells[:200] if (text := text_of(cell))]
    return sum(bool(_LAST_FIRST.fullmatch(text)) for text in filled) * 2 > len(filled)


def _code_columns(grid: Table, folded: Mapping[str, str]) -> tuple[str, ...]:
    """Return the columns of denial codes: by name, else by values that can only be codes."""

    def holds(name: str, *, grouped: bool) -> bool:
        if isinstance(grid, Outline):
            look = grid.looks[name]
            return look.are_grouped_codes if grouped else look.are_codes
        return denial_codes.are_codes(grid.column(name), grouped=grouped)

    named = tuple(
        column
        for name, column in folded.items()
        if (name in denial_codes.NAMES or heading_words.is_of_codes(column))
        and holds(column, grouped=False)
    )
    return named or tuple(column for column in folded.values() if holds(column, grouped=True))[:2]


def _holds_types(grid: Table, name: str) -> bool:
    if isinstance(grid, Outline):
        return grid.looks[name].are_types
    return _are_types(grid.column(name))


def _are_types(cells: list[Cell]) -> bool:
    """Return True if some cell names a type of task, or all are empty."""
    filled = [text for cell in cells[:500] if (text := text_of(cell))]
    return not filled or any(map(type_of, filled))


def _fits(which: Field, grid: Table, name: str) -> bool:
    if not isinstance(grid, Outline):
        return _plausible(which, grid.column(name))
    look = grid.looks[name]
    checks = ((MONEY, look.is_money), (DATES, look.is_days), ((Field.MEMBER,), look.are_numbers))
    return all(said for fields, said in checks if which in fields)


def as_shown_by(plan: ColumnMapping, grid: Table) -> ColumnMapping:
    """Return the mapping with the order of its dates, as the whole column shows or else as given,
    and with the column that tells denials where nothing else says what the rows are."""
    orders = {}
    for which in DATES:
        if which in plan.columns:
            found = order_in(grid, plan.columns[which])
            given = None if found.is_sure else plan.orders.get(which)
            orders[which] = given or found.order
    is_told = plan.codes or Field.TYPE in plan.columns or plan.type is not None
    return replace(plan, orders=orders, denials="" if is_told else _denials(grid))


def _denials(grid: Table) -> str:
    """Return the first column in which some row says that its claim was denied; empty if none."""
    if isinstance(grid, Outline):
        found = (name for name in grid.columns if grid.looks[name].denies)
    else:
        found = (each for each in grid.columns if denial_statuses.denies(each, grid.column(each)))
    return next(found, "")


def _plausible(which: Field, cells: list[Cell]) -> bool:
    """Return False for a column whose values contradict its name (an "Entered" full of people).

    A badly written date or amount contradicts nothing: its row is rejected and says so.
    """
    filled = [
        cell for cell in cells[:200] if not is_blank(cell) and not isinstance(cell, Uncomputed)
    ]
    if which in MONEY:
        return sum(map(is_like_money, filled)) * 2 >= len(filled)
    if which in DATES:
        return sum(map(is_like_day, filled)) * 2 >= len(filled)
    if which is Field.MEMBER:  # a "Member" may be a person
        return sum(map(_is_full_name, filled)) * 2 <= len(filled)
    return True


def _is_full_name(cell: Cell) -> bool:
    return _FULL_NAME.fullmatch(text_of(cell)[:MAX_LOOKED_AT]) is not None


def _is_like_name(cell: Cell) -> bool:
    text = text_of(cell)[:MAX_LOOKED_AT]
    return sum(map(str.isalpha, text)) >= sum(map(str.isdigit, text))


def kind(cells: list[Cell]) -> str:
    """Return what the values of a column look like, in words."""
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
    """Return the first different values of a column."""
    found = dict.fromkeys(text for cell in cells[:500] if (text := " ".join(text_of(cell).split())))
    return [text if len(text) <= 40 else f"{text[:39]}…" for text in list(found)[:count]]
