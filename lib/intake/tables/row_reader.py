"""Read one row of a table of tasks into the request it makes, or the problems it has. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from lib.intake import denial_advice
from lib.intake.matching.claim_facts import ClaimFacts, stated
from lib.intake.matching.claim_numbers import grouped_key
from lib.intake.matching.spelling_comparison import fold as words
from lib.intake.records import Request
from lib.intake.tables import denial_codes
from lib.intake.tables.cells import (
    NEAR_YEARS,
    DateOrder,
    day,
    days_of_range,
    is_blank,
    is_negative,
    is_too_large,
    money,
)
from lib.intake.tables.columns import DATES, MONEY, NUMBERS, ColumnMapping, Field
from lib.intake.tables.denial_statuses import says_denied
from lib.intake.tables.dependents import Dependents, is_of_insured
from lib.intake.tables.table import Cell, Row, Uncomputed, fold, text_of
from lib.intake.tables.value_synonyms import label_of, type_of
from lib.models import TaskType

MAX_TITLE, MAX_INSTRUCTIONS, MAX_NAME, MAX_MEMBER, MAX_NUMBER = 100, 4000, 200, 80, 50
MAX_QUOTED = 60  # letters of a code column in which no code can be read
ASKING = (Field.TITLE, Field.INSTRUCTIONS)
NAMES = frozenset({Field.PATIENT, Field.LAST, Field.FIRST})
BILLED = ("billed", "charge")
NOT_NEEDED = (  # they only tell which claim is meant, or since when
    Field.BORN, Field.MEMBER, Field.BILLED, Field.ACCOUNT, Field.OTHER, Field.ICN,
    Field.ASKED, Field.UNTIL,
)  # fmt: skip
UNPAID = ("denied", "denial")  # Denied Charges is what was not paid
REASONS = ("denial", "reason", "remark", "adjustment")
ERRORS = {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
_LINES = (
    "cpt, cpt code, cpt codes, cpt/hcpcs, cpt4, hcpcs, hcpcs code, procedure, procedure code, "
    "proc, proc code, service code, modifier, modifiers, mod, service line, service line number, "
    "claim line, claim line number, charge line"
)
LINES = frozenset(map(fold, _LINES.split(",")))  # columns that tell a claim's lines apart
_SHORTENED = re.compile(r"(?:\d\.\d+E\+?|\dE\+)\d+", re.IGNORECASE)  # 1.23457E+11


class Reader:
    """One row while it is read; its problems collect in `problems`."""

    def __init__(
        self,
        row: Row,
        at: dict[Field, int],
        plan: ColumnMapping,
        codes: tuple[int, ...],
        today: date | None,
        lines: tuple[int, ...] = (),
        others: Dependents | None = None,
        *,
        is_from_1904: bool = False,
    ) -> None:
        self.row, self.at, self.plan, self.today = row, at, plan, today
        self.is_from_1904, self.others = is_from_1904, others
        self.of_line = "+".join(fold(text) for at_ in lines if (text := text_of(row.cells[at_])))
        self.problems: list[str] = []
        self.left_empty: list[Field] = []  # what nothing needs and cannot be read
        cells = [row.cells[place] for place in codes]
        self.codes = denial_codes.joined(
            [denial_codes.read(text_of(c)) for c in cells if not isinstance(c, Uncomputed)]
        )
        self.unread = next((text for cell in cells if (text := text_of(cell))), "")
        self.is_typed_by_codes = self.is_worded_by_codes = False
        self.is_denied = False  # the row says so in another column than those of its codes

    def cell(self, which: Field) -> Cell:
        """Return the cell of a field; None if the table has none, or it is an uncomputed
        formula."""
        found = self.row.cells[self.at[which]] if which in self.at else None
        return None if isinstance(found, Uncomputed) else found

    def text(self, which: Field) -> str:
        """Return the text of a field; empty if the table has no such column."""
        return text_of(self.cell(which)) if which in self.at else ""

    def line(self, which: Field, most: int = MAX_NAME) -> str:
        """Return the text in one line."""
        found = " ".join(self.text(which).split())
        if len(found) > most:
            self.problem(which, f"is longer than {most} letters")
        return found

    def problem(self, which: Field, what: str) -> None:
        """Add a problem with a field, named as its column is."""
        column = self.plan.columns.get(which, which.label)
        self.problems.append(f"“{column}” {what}")

    def request(self, format_: str) -> Request:
        """Return the row's request. Use it only if there is no problem."""
        self.check_spreadsheet()
        type_, (title, instructions) = self.type(), self.words()
        icn, other, patient = self.number(Field.ICN), self.number(Field.OTHER), self.patient()
        written, account = self.line(Field.CLAIM, MAX_NUMBER), self.number(Field.ACCOUNT)
        if is_blank(written) and (account or other or icn):
            written = ""
        claim = (ours := written or account or other) or icn
        if not claim and not patient:
            self.problems.append("it names neither a claim nor a patient")
        elif not claim and type_ is not TaskType.DOCUMENTS:
            self.problems.append("it names no claim: only a Documents task can do without one")
        service, amount, due = self.day(Field.SERVICE), self.amount(), self.day(Field.DUE)
        label, instructions = self.label(type_, instructions)
        received_on, asked_on = self.day(Field.CREATED), self.asked_on()
        asked = [title, instructions, label or ""]
        if self.is_typed_by_codes or self.is_worded_by_codes:
            asked.append(str(self.codes))
        payer, billed = self.line(Field.PAYER), self.billed
        if Field.BILLED in self.at and billed is None:
            self.leave_empty(Field.BILLED)
        told = (
            f"payer={fold(payer)}" if payer else "",
            f"line={self.of_line}" if self.of_line else "",
        )
        ends = (type_, asked, service)
        literal = (claim or patient, fold(patient) if claim else "", *told)
        who = " ".join(sorted(words(patient)))
        of = (grouped_key(claim), who, *told) if claim else (who, "", *told)
        # Older stores compared letter by letter, and knew what was billed as the only amount.
        amounts = (billed, amount) if Field.BILLED in self.at and billed else (amount,)
        keys = [
            key
            for whose in (literal, of)
            for each in amounts
            for key in _keys(_key(whose[0], *ends, each), whose[1:])
        ]
        in_all = f"|billed={billed}" if Field.BILLED in self.at and billed else ""
        keys += [f"{keys[-1]}{in_all}"] if in_all else []
        ends_with = f"|{told[1]}{in_all}" if told[1] else in_all
        keys = [*dict.fromkeys(keys[:-1]), keys[-1]]
        born = self.born()
        return Request(
            key=keys[-1],
            earlier_keys=tuple(key for key in keys[-2::-1] if key != keys[-1]),
            type=type_,
            title=title,
            instructions=self.with_context(instructions),
            source=format_,
            segment_number=self.row.line,
            codes=str(self.codes),
            amount=self.left_open(amount),
            claim_number=ours,
            payer_claim_number=icn,
            patient_name=patient,
            birth_date=born,
            payer_name=payer,
            provider_name=self.line(Field.PROVIDER),
            date_of_service=service,
            asked_on=asked_on or received_on,
            asked_in="denial" if asked_on else "request",
            received_on=received_on,
            due_on=due,
            due_rule="named in the table" if due else "",
            document_label=label,
            assignee_name=self.line(Field.ASSIGNEE),
            listed=self.listed,
            nameless=("TABLE|", _key("", *ends, amount).removeprefix("TABLE|"), ends_with),
            facts=ClaimFacts(
                claim_numbers=stated(written, account, other),
                payer_numbers=stated(icn),
                patient_name=patient,
                birth_date=born,
                member_ids=stated(self.member_id()),
                dates=(service, self.until(service)),
                charged=billed,
                is_part=bool(self.of_line),
                payer_name=payer,
            ),
        )

    def check_spreadsheet(self) -> None:
        """Report what a spreadsheet did to a text; dates and amounts have checks of their own."""
        for which, place in self.at.items():
            if which in NOT_NEEDED:
                continue
            if which in NAMES and isinstance(self.row.cells[place], bool):
                self.problem(which, f"is {str(self.row.cells[place]).upper()}, which is no name")
            if isinstance(self.row.cells[place], Uncomputed):
                self.problem(
                    which,
                    "is a formula whose value the file does not hold: open the file in a "
                    "spreadsheet, save it and bring it in again",
                )
            if which not in {*DATES, *MONEY, Field.TYPE} and self.text(which) in ERRORS:
                self.problem(which, f"is {self.text(which)}, an error of the spreadsheet")
        if _SHORTENED.fullmatch(self.text(Field.CLAIM)[:MAX_NAME]):
            self.problem(
                Field.CLAIM,
                "was shortened by a spreadsheet: show the column there as text or as whole "
                "numbers and write the number in full",
            )

    def type(self) -> TaskType:
        """Return the type the row names, else the one chosen for all rows, else that of its
        codes."""
        text = self.line(Field.TYPE)
        found = type_of(text) if text else self.plan.type
        if found is None and not text and self.codes:
            self.is_typed_by_codes = True
            return self.advice().type
        if found is None and self.is_denied and (not text or says_denied(text, is_status=False)):
            return self.advice().type
        if found is None:
            names = ", ".join(kind.label for kind in TaskType)
            if Field.TYPE in self.at:
                what = f"is “{text[:40]}”, which is no type of task" if text else "is empty"
                self.problem(Field.TYPE, f"{what}: write one of {names}")
            else:
                self.problems.append(self.untold())
        return found or TaskType.CODING

    def untold(self) -> str:
        """Return the problem of a row of a denial list that says neither why nor whether it was
        denied."""
        if self.plan.codes:
            return f"“{self.plan.codes[0]}” holds no denial code that is known"
        return (
            f"“{self.plan.denials}” says neither that the claim was denied nor that it was paid or "
            "is in process"
        )

    def advice(self) -> denial_advice.Advice:
        """Return the advice for the row's denial codes, or for a denial without any."""
        if not self.codes:
            return denial_advice.advice(denial_advice.UNEXPLAINED)
        return denial_advice.of_codes(self.codes.asked or self.codes.reasons, self.codes.remarks)

    @property
    def is_settled(self) -> bool:
        """Return True for a row of a denial list that is no denial, unless it says that it is
        one: all that was billed was paid, its codes name only the contract, the patient's share or
        another payer, or it has none and something was paid.

        A row that names its type, or says in its own words what to do, is somebody's task, whatever
        its codes say.
        """
        if not self.plan.is_of_denials or self.line(Field.TYPE):
            return False
        if any(self.text(which) and not self.says_why(which) for which in ASKING):
            return False
        if is_negative(self.cell(Field.PAID)):
            return False
        if self.is_paid_whole:
            return True
        if self.codes.reasons:
            return not self.codes.asked
        return not self.codes and bool(self.paid)

    @property
    def is_without_reason(self) -> bool:
        """Return True for a row of a denial list that leaves open what kind of task it is, or what
        is to be done, and has no code that says it."""
        if not self.plan.is_of_denials or self.codes:
            return False
        type_ = type_of(text) if (text := self.line(Field.TYPE)) else self.plan.type
        return type_ is None or not any(map(self.text, ASKING))

    @property
    def listed(self) -> tuple[str, ...] | None:
        """Return the codes to be answered of a row that says nothing but a denial; None for one
        that says in its own words what to do, of which type it is or whose."""
        is_own = any(self.text(which) and not self.says_why(which) for which in ASKING)
        if is_own or self.line(Field.ASSIGNEE) or type_of(self.line(Field.TYPE)):
            return None
        if not (self.codes or self.is_denied):
            return None
        asked = [f"{group}-{code}" if group else code for group, code in self.codes.asked]
        return tuple(asked) or self.codes.remarks

    def says_why(self, which: Field) -> bool:
        """Return True for a column of payers' reasons, by its name: what it holds asks nobody."""
        name = fold(self.plan.columns[which])
        return any(word in name for word in REASONS)

    @property
    def is_paid_whole(self) -> bool:
        """Return True if what was billed was paid; other amounts may be what is left unpaid."""
        return bool(self.billed and self.paid) and self.billed == self.paid

    @property
    def billed(self) -> Decimal | None:
        """Return the US dollars of the claim, or None: those of their own column, else the amount
        if its column's name says that it is what was billed."""
        if Field.BILLED in self.at:
            return money(self.cell(Field.BILLED))
        name = fold(self.plan.columns.get(Field.AMOUNT, ""))
        is_billed = any(word in name for word in BILLED) and not any(
            word in name for word in UNPAID
        )
        return money(self.cell(Field.AMOUNT)) if is_billed else None

    def left_open(self, amount: Decimal | None) -> Decimal | None:
        """Return the US dollars that depend on the answer: the amount, and of what was billed the
        part that was not paid."""
        billed, paid = self.billed, self.paid
        if is_blank(self.cell(Field.AMOUNT)) or Field.BILLED not in self.at:
            if billed and paid and paid < billed:
                return billed - paid
            return billed if amount is None else amount
        return amount

    @property
    def paid(self) -> Decimal | None:
        """Return the US dollars that the payer paid; None if the row does not say."""
        return money(self.cell(Field.PAID))

    def words(self) -> tuple[str, str]:
        """Return title and instructions. Each can replace the other, and denial codes can replace
        both."""
        title, text = " ".join(self.text(Field.TITLE).split()), self.text(Field.INSTRUCTIONS)
        if not (title or text or self.codes or self.is_denied or self.plan.denials):
            self.problems.append("it does not say what is asked")
        if len(title) > MAX_TITLE:
            text = f"{title}\n\n{text}" if text else title
        title = title or " ".join(text.split())
        if not title and (self.codes or self.is_denied):
            self.is_worded_by_codes = bool(self.codes)
            title = self.advice().title
        if len(title) > MAX_TITLE:
            title = f"{title[: MAX_TITLE - 1].rstrip()}…"
        if len(text) > MAX_INSTRUCTIONS:
            self.problem(Field.INSTRUCTIONS, f"is longer than {MAX_INSTRUCTIONS:,} letters")
        return title, text or title

    def patient(self) -> str:
        """Return "LAST, FIRST"; a full name as it is written. Of the insured and a dependent it is
        the dependent's."""
        named = self.named()
        if self.others is None:
            return named
        found = _unspaced(self.others.patient(self.row, named))
        has_number = any(self.text(each) for each in (*NUMBERS, Field.ICN))
        return found if found or has_number else named

    def named(self) -> str:
        """Return the name in the columns read as the patient's."""
        full = self.line(Field.PATIENT)
        if full:
            return _unspaced(full)
        parts = (self.line(Field.LAST), self.line(Field.FIRST))
        return ", ".join(part for part in parts if part)

    def day(self, which: Field) -> date | None:
        """Return the date of a field, or None; add a problem if it is badly written or
        impossible."""
        order = self.plan.orders.get(which, DateOrder.MONTH_FIRST)
        cell = self.cell(which)
        found = day(cell, order, self.today, is_from_1904=self.is_from_1904)
        if found is None and not is_blank(cell):
            written = "MM/DD/YYYY" if order is DateOrder.MONTH_FIRST else "DD/MM/YYYY"
            what = f"no date ({written})"
            if days_of_range(self.text(which)):
                what = f"no range of two days, the earlier one first ({written} - {written})"
            self.problem(which, f"is “{self.text(which)[:40]}”, which is {what}")
        if found and which is Field.SERVICE and self.today and found > self.today:
            self.problem(
                which,
                f"is “{self.text(which)[:40]}”, which is {found:%m/%d/%Y}: a day of service does "
                "not lie in the future",
            )
        return found

    def until(self, first: date | None) -> date | None:
        """Return the last day of service; the first where none is named that can be the last."""
        order = self.plan.orders.get(Field.UNTIL, DateOrder.MONTH_FIRST)
        found = day(self.cell(Field.UNTIL), order, self.today, is_from_1904=self.is_from_1904)
        if first and found and first <= found <= (self.today or found):
            return found
        self.leave_empty(Field.UNTIL)
        return first

    def born(self) -> date | None:
        """Return the patient's date of birth, or None. A two-digit year is none to come."""
        of_insured = Field.BORN in self.at and is_of_insured(self.plan.columns[Field.BORN])
        if of_insured and self.patient() != self.named():
            return None
        order, cell = self.plan.orders.get(Field.BORN, DateOrder.MONTH_FIRST), self.cell(Field.BORN)
        window = self.today and date(self.today.year - NEAR_YEARS, 1, 1)
        found = day(cell, order, window, is_from_1904=self.is_from_1904)
        if found and (self.today is None or found <= self.today):
            return found
        self.leave_empty(Field.BORN)
        return None

    def asked_on(self) -> date | None:
        """Return the day the payer denied or asked, or None; it does not lie in the future."""
        order = self.plan.orders.get(Field.ASKED, DateOrder.MONTH_FIRST)
        found = day(self.cell(Field.ASKED), order, self.today, is_from_1904=self.is_from_1904)
        if found and (self.today is None or found <= self.today):
            return found
        self.leave_empty(Field.ASKED)
        return None

    def number(self, which: Field) -> str:
        """Return one more number of the claim; empty if a spreadsheet shortened it."""
        text = " ".join(self.text(which).split())
        if len(text) <= MAX_NUMBER and text not in ERRORS and not _SHORTENED.fullmatch(text):
            return "" if is_blank(text) else text
        self.leave_empty(which)
        return ""

    def member_id(self) -> str:
        """Return the patient's member ID; empty if a spreadsheet shortened it."""
        text = " ".join(self.text(Field.MEMBER).split())
        if len(text) <= MAX_MEMBER and text not in ERRORS and not _SHORTENED.fullmatch(text):
            return "" if is_blank(text) else text
        self.leave_empty(Field.MEMBER)
        return ""

    def leave_empty(self, which: Field) -> None:
        """Note that a field which nothing needs could not be read, if it says anything."""
        if which in self.at and not is_blank(self.row.cells[self.at[which]]):
            self.left_empty.append(which)

    def with_context(self, instructions: str) -> str:
        """Return the instructions, with what denial codes mean and all dates of service."""
        said = [instructions]
        if self.codes.reasons and not self.codes.asked:
            said.append(
                f"Adjusted with {self.codes}, which leaves money only to the contract, the patient "
                "or another payer."
            )
        elif self.codes:
            advice, paid = self.advice(), self.paid
            what = f"Paid {paid:,.2f} US dollars, and denied the rest" if paid else "Denied"
            said.append(
                f"{what} with {self.codes}: the payer says that {advice.answer}. {advice.advice}"
            )
        elif self.is_denied:
            only = f", only “{self.unread[:MAX_QUOTED]}”" if self.unread else ""
            said.append(
                f"Denied, and the list names no reason code{only}: look for the payer's "
                f"remittance, whose codes say why. {self.advice().advice}"
            )
        if days_of_range(self.text(Field.SERVICE)):
            said.append(f"Dates of service: {self.text(Field.SERVICE)}.")
        return "\n".join(said)

    def amount(self) -> Decimal | None:
        """Return the amount in US dollars, or None; add a problem if it is badly written."""
        cell = self.cell(Field.AMOUNT)
        found = money(cell)
        if found is None and not is_blank(cell):
            what = "is no amount in dollars and cents"
            if is_negative(cell):
                what = "is below zero"
            elif is_too_large(cell):
                what = "is more than any task's amount (9,999,999.99)"
            self.problem(Field.AMOUNT, f"is “{text_of(cell)[:40]}”, which {what}")
        return found

    def label(self, type_: TaskType, instructions: str) -> tuple[str | None, str]:
        """Return the label of the requested document; one we have no label for is named in
        words."""
        text = self.line(Field.LABEL)
        if not text:
            return None, instructions
        found = label_of(text)
        if type_ is not TaskType.DOCUMENTS or found is None:
            instructions = f"{instructions}\nDocument requested: {text}."
        return (found or "Other" if type_ is TaskType.DOCUMENTS else None), instructions


def _unspaced(name: str) -> str:
    return ", ".join(part.strip() for part in name.split(",", 1) if part.strip())


def _keys(first: str, told: Sequence[str]) -> list[str]:
    """Return the key of a row, followed by those that say more and more of its claim."""
    keys = [first]
    keys += [
        "|".join((first, *filter(None, told[: at + 1]))) for at, more in enumerate(told) if more
    ]
    return keys


def _key(
    about: str, type_: TaskType, asked: Sequence[str], service: date | None, amount: Decimal | None
) -> str:
    """Return what the row asks of which claim: the same in any table is the same request."""
    title, *more = map(fold, asked)
    words = hashlib.sha256("|".join(more).encode()).hexdigest()[:16]
    of = (str(service or ""), str(amount if amount else ""))
    return "|".join(("TABLE", about, type_, title, *of, words))
