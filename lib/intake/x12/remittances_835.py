"""Remittances (835, 005010X221): what a payer answered to each claim. Parsed, not stored. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from lib.intake.matching.claim_facts import stated
from lib.intake.records import NOBODY, Party
from lib.intake.x12 import elements
from lib.intake.x12.adjustments import Adjustment, interest_within
from lib.intake.x12.remittance_records import ClaimPayment, Line, Recoupment
from lib.intake.x12.segment_reader import Segment, Transaction, Unreadable, element
from lib.intake.x12.unreadable_claims import RejectedLoop

MEMBER_KINDS = frozenset({"", "MI", "MR", "MC", "HN", "II"})  # NM108: numbers of an insured person
STATUSES = re.compile("[1-9]|[12][0-9]|3[01]")  # CLP02, of any version
MAX_SHOWN = 10  # letters of a status in a remark
A_YEAR = timedelta(days=366)  # nobody answers for a service that lies further ahead
REMARKS = {"MOA": range(3, 8), "MIA": (5, 20, 21, 22, 23)}  # elements that hold remark codes


def parse(transaction: Transaction) -> Iterator[ClaimPayment | Recoupment | RejectedLoop]:
    """Yield what one 835 says, in the order of the file; an answer that cannot be read stops no
    other.

    Raises Unreadable where the transaction as a whole cannot be read.
    """
    component, remarks = transaction.separators.component, transaction.remarks
    head = _Head(remarks)
    loop: _Loop | None = None
    for number, segment in transaction.segments:
        name = segment[0]
        if name in {"CLP", "PLB"}:
            if loop:
                yield from loop.finish(head, number - 1)
            loop = None
            if name == "CLP":
                loop = _Loop(number, segment, component, remarks)
            else:
                yield from head.takebacks(number, segment, component)
        elif loop:
            loop.take(number, segment, name)
        else:
            head.take(number, segment, name)
    if loop:
        yield from loop.finish(head, transaction.last - 1)


class _Loop:
    """A CLP loop, read segment by segment: what it says, or why it cannot be read."""

    def __init__(self, number: int, segment: Segment, component: str, remarks: list[str]) -> None:
        self.first, self.component = number, component
        self.problem: Unreadable | None = None
        self.draft: _Draft | None = None
        if not any(part.strip() for part in segment[1:]):
            remarks.append(f"Segment {number}: an empty claim (CLP) was skipped.")
            return
        try:
            self.draft = _Draft(number, segment, remarks)
        except Unreadable as problem:
            self.problem = problem

    def take(self, number: int, segment: Segment, name: str) -> None:
        if self.draft and not self.problem:
            try:
                self.draft.take(number, segment, name, self.component)
            except Unreadable as problem:
                self.problem = problem

    def finish(self, head: _Head, last: int) -> Iterator[ClaimPayment | RejectedLoop]:
        try:
            if self.draft and not self.problem:
                yield self.draft.finish(head)
        except Unreadable as problem:
            self.problem = problem
        if self.problem:
            yield RejectedLoop("answer", self.first, last, self.problem)


@dataclass(slots=True)
class _Head:
    """What stands before the first claim: date, payer, payee."""

    remarks: list[str]
    paid_on: date | None = None
    produced_on: date | None = None
    payer: Party = NOBODY
    payee: Party = NOBODY
    is_payer: bool = False
    trace: str = ""

    def take(self, number: int, segment: Segment, name: str) -> None:
        if name == "BPR":
            self.paid_on = elements.day(segment, 16, number, self.remarks)
        elif name == "TRN":
            self.trace = element(segment, 2)
        elif name == "DTM" and element(segment, 1) == "405":
            self.produced_on = elements.day(segment, 2, number, self.remarks)
        elif name == "N1":
            self.is_payer = element(segment, 1) == "PR"
            if self.is_payer:
                self.payer = elements.organisation(segment)
            elif element(segment, 1) == "PE":
                self.payee = elements.organisation(segment)
        elif (
            name == "REF" and self.is_payer and element(segment, 1) == "2U" and not self.payer.code
        ):
            self.payer = replace(self.payer, code=element(segment, 2))

    def takebacks(self, number: int, segment: Segment, component: str) -> Iterator[Recoupment]:
        """Yield the adjustments of a PLB segment."""
        for at in range(3, len(segment), 2):
            reason, _, reference = element(segment, at).partition(component)
            if not reason.strip():
                continue
            if not element(segment, at + 1):
                missing = Unreadable(number, f"PLB{at + 1:02} names no amount")
                self.remarks.append(elements.left_empty(missing))
            amount = elements.amount_if_any(segment, at + 1, number, self.remarks)
            if amount:
                yield Recoupment(
                    segment_number=number,
                    reason=reason.strip().upper(),
                    reference=reference.strip(),
                    amount=amount,
                    trace=self.trace,
                    payer=self.payer,
                    provider=self.payee,
                    remitted_on=self.paid_on or self.produced_on,
                    payee=element(segment, 1),
                )


@dataclass(slots=True)
class _Draft:
    """A claim payment, read segment by segment."""

    number: int
    clp: Segment
    remarks_on: list[str]  # what was left empty
    status: str = ""
    patient: Party = NOBODY
    subscriber: Party = NOBODY
    corrected: Party = NOBODY
    rendering: Party = NOBODY
    original: str = ""
    claim_dates: list[tuple[date, date]] = field(default_factory=list)
    line_dates: list[tuple[date, date]] = field(default_factory=list)
    reasons: dict[tuple[str, str], Decimal] = field(default_factory=dict)  # of the whole claim
    remarks: dict[str, None] = field(default_factory=dict)
    charged: Decimal = Decimal("0.00")
    paid: Decimal = Decimal("0.00")
    patient_owes: Decimal | None = None
    interest: Decimal = Decimal("0.00")
    unread: Unreadable | None = None  # an adjustment without an amount
    lines: list[_Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.charged = elements.amount(self.clp, 3, self.number)
        if element(self.clp, 4):
            self.paid = elements.amount(self.clp, 4, self.number)
        self.status = element(self.clp, 2).lstrip("0")
        if not self.status:
            raise Unreadable(self.number, "the answer has no status (CLP02)")
        if not STATUSES.fullmatch(self.status):
            shown = self.status[:MAX_SHOWN].strip()
            self.remarks_on.append(
                f"Segment {self.number}: the status {shown!r} (CLP02) is none that payers use; "
                "what was paid and why decided alone."
            )
        self.patient_owes = elements.amount_if_any(self.clp, 5, self.number, self.remarks_on)

    def take(self, number: int, segment: Segment, name: str, component: str) -> None:
        if name == "CAS":
            self.take_reasons(number, segment)
        elif name == "SVC":
            self.lines.append(_Line.of(number, segment, component, self.remarks_on))
        elif name == "LQ":
            if element(segment, 1) == "HE":
                self.remark(element(segment, 2))
        elif name in REMARKS:
            for at in REMARKS[name]:
                self.remark(element(segment, at))
        elif name == "NM1":
            self.take_party(segment)
        elif name == "REF" and element(segment, 1) == "F8" and not self.lines:
            self.original = self.original or element(segment, 2)
        elif name == "DTM":
            self.take_date(number, segment)
        elif name == "AMT" and element(segment, 1) == "I":
            interest = elements.amount_if_any(segment, 2, number, self.remarks_on)
            self.interest += interest or Decimal(0)

    def take_party(self, segment: Segment) -> None:
        kind = element(segment, 1)
        if kind == "QC":
            self.patient = elements.party(segment)
        elif kind == "IL":
            self.subscriber = elements.party(segment)
        elif kind == "74":
            self.corrected = elements.party(segment)
        elif kind == "82" and not self.rendering.name:
            self.rendering = elements.party(segment)

    def take_reasons(self, number: int, segment: Segment) -> None:
        group = element(segment, 1).upper()
        if not group:
            missing = Unreadable(number, "CAS01 names no group of reasons")
            self.remarks_on.append(elements.left_empty(missing))
        for at in range(2, len(segment), 3):
            code = element(segment, at).upper()
            if code:
                reasons = self.lines[-1].reasons if self.lines else self.reasons
                amount = self.take_amount(number, segment, at + 1)
                reasons[group, code] = reasons.get((group, code), Decimal(0)) + amount

    def take_amount(self, number: int, segment: Segment, at: int) -> Decimal:
        """Return the amount of an adjustment; nothing, with a remark, if it cannot be read."""
        try:
            return elements.amount(segment, at, number)
        except Unreadable as problem:
            self.unread = self.unread or problem
            self.remarks_on.append(elements.left_empty(problem))
            return Decimal("0.00")

    def all_reasons(self) -> dict[tuple[str, str], Decimal]:
        """Return the adjustments of the claim and of its lines. What both name is the same money,
        since some senders repeat their lines for the claim, or two parts that fit the charge."""
        of_lines, both = self.reasons_of_lines(), self.reasons_together()
        largest = self.reasons | {
            key: max(amount, self.reasons.get(key, amount), key=abs)
            for key, amount in of_lines.items()
        }
        is_parts = sum(largest.values()) < sum(both.values()) <= self.charged - self.paid
        return both if is_parts else largest

    def reasons_of_lines(self) -> dict[tuple[str, str], Decimal]:
        """Return the adjustments of all lines together."""
        found: dict[tuple[str, str], Decimal] = {}
        for line in self.lines:
            for key, amount in line.reasons.items():
                found[key] = found.get(key, Decimal("0.00")) + amount
        return found

    def reasons_together(self) -> dict[tuple[str, str], Decimal]:
        """Return the adjustments of the claim and of its lines, added. Where the lines make up the
        whole charge, what the claim repeats of them is counted once."""
        of_lines = self.reasons_of_lines()
        is_whole = sum((line.charged for line in self.lines), Decimal(0)) >= self.charged
        found = dict(self.reasons)
        for key, amount in of_lines.items():
            of_claim = self.reasons.get(key, Decimal("0.00"))
            found[key] = amount if is_whole and of_claim == amount else of_claim + amount
        return found

    def take_date(self, number: int, segment: Segment) -> None:
        kind = element(segment, 1)
        if kind in {"232", "233", "472", "150", "151"}:
            found = elements.day(segment, 2, number, self.remarks_on)
            if found:
                dates = self.claim_dates if kind in {"232", "233"} else self.line_dates
                dates.append((found, found))
                if self.lines and kind in {"472", "150"}:
                    self.lines[-1].day = self.lines[-1].day or found

    def remark(self, code: str) -> None:
        if code:
            self.remarks.setdefault(code.upper())

    def finish(self, head: _Head) -> ClaimPayment:
        reasons = [Adjustment(*key, amount) for key, amount in self.all_reasons().items()]
        if self.unread and self.hangs_on(reasons):
            raise self.unread
        self.check_balance()
        answered_on = head.paid_on or head.produced_on
        return ClaimPayment(
            segment_number=self.number,
            claim_number="" if element(self.clp, 1) == "0" else element(self.clp, 1),
            status=self.status,
            charged=self.charged,
            payer_claim_number=element(self.clp, 7),
            patient=self.patient if self.patient.name else self.subscriber,
            payer=head.payer,
            provider=self.rendering if self.rendering.name else head.payee,
            dates=elements.span(self.dates_until(answered_on)),
            remitted_on=answered_on,
            reasons=tuple(sorted(reasons, key=lambda reason: -reason.amount)),
            remarks=tuple(self.remarks),
            paid=self.paid,
            lines=tuple(line.finish() for line in self.lines),
            trace=head.trace,
            member_ids=stated(
                *(
                    who.code
                    for who in (self.patient, self.subscriber, self.corrected)
                    if who.code_kind in MEMBER_KINDS
                )
            ),
            original=self.original,
            filing=element(self.clp, 6).upper(),
            patient_owes=self.patient_owes,
            interest=self.interest,
            adjusted=sum(self.reasons_together().values(), Decimal("0.00")),
            is_unread=self.unread is not None,
        )

    def check_balance(self) -> None:
        """Add a remark where nothing was paid for the claim, but something for its lines, and no
        adjustment of the claim takes that away (005010X221A1 1.10.2.1.2)."""
        of_lines = sum((line.paid for line in self.lines), Decimal("0.00"))
        if self.paid == 0 and of_lines and of_lines - sum(self.reasons.values()) > 0:
            self.remarks_on.append(
                f"Segment {self.number}: the claim is paid 0.00 (CLP04), its service lines "
                f"{of_lines:,.2f} (SVC03); what the claim says was counted."
            )

    def dates_until(self, answered_on: date | None) -> list[tuple[date, date]]:
        """Return the days of service, without those that the answer came long before."""
        found = self.claim_dates or self.line_dates
        if answered_on is None:
            return found
        good = [days for days in found if days[0] <= answered_on + A_YEAR]
        if len(good) < len(found):
            self.remarks_on.append(
                f"Segment {self.number}: a day of service lies more than a year after the answer; "
                "it was left empty."
            )
        return good

    def hangs_on(self, reasons: Sequence[Adjustment]) -> bool:
        """Return True if an unreadable amount decides whether the claim was denied: nothing was
        paid but interest, and no other reason settles it."""
        is_said = self.status == "4" or any(not each.is_expected for each in reasons)
        is_unpaid = self.paid == interest_within(self.paid, reasons)
        return self.charged > 0 and is_unpaid and not is_said


@dataclass(slots=True)
class _Line:
    """An SVC loop, read segment by segment."""

    procedure: str
    charged: Decimal
    paid: Decimal
    modifiers: tuple[str, ...] = ()
    day: date | None = None
    reasons: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    @classmethod
    def of(cls, number: int, segment: Segment, component: str, remarks: list[str]) -> _Line:
        code = element(segment, 1).split(component)
        charged, paid = (
            elements.amount_if_any(segment, at, number, remarks) or Decimal("0.00") for at in (2, 3)
        )
        modifiers = tuple(each.strip().upper() for each in code[2:6] if each.strip())
        procedure = (code[1] if len(code) > 1 else code[0]).strip().upper()
        return cls(procedure, charged, paid, modifiers)

    def finish(self) -> Line:
        reasons = (Adjustment(*key, amount) for key, amount in self.reasons.items())
        return Line(
            self.procedure, self.charged, self.paid, tuple(reasons), self.modifiers, self.day
        )
