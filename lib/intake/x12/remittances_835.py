"""Remittances (835, 005010X221): what a payer answered to each claim. Parsed, not stored. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from lib.intake.records import NOBODY, Party
from lib.intake.x12 import elements
from lib.intake.x12.reader import Segment, Transaction, Unreadable, element

DENIED, REVERSAL = "4", "22"  # CLP02
PAID = frozenset({"1", "2", "3", "19", "20", "21"})  # CLP02: processed, and forwarded to others
REMARKS = {"MOA": range(3, 8), "MIA": (5, 20, 21, 22, 23)}  # elements that hold remark codes


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One adjustment: group (CO, PR, OA, PI), claim adjustment reason code, US dollars."""

    group: str
    code: str
    amount: Decimal

    @property
    def is_expected(self) -> bool:
        """True for the contractual difference and what the patient owes: nobody need answer."""
        return self.code == "45" or (self.group == "PR" and self.code in {"1", "2", "3"})

    def __str__(self) -> str:
        return f"{self.group}-{self.code}"


@dataclass(frozen=True, slots=True)
class Line:
    """What one SVC loop says about one service line."""

    procedure: str
    charged: Decimal  # US dollars
    paid: Decimal  # US dollars
    reasons: tuple[Adjustment, ...]

    @property
    def is_denied(self) -> bool:
        """True where nothing was paid for a reason that somebody may answer."""
        asked = any(not reason.is_expected for reason in self.reasons)
        return self.charged > 0 and self.paid == 0 and asked


@dataclass(frozen=True, slots=True)
class ClaimPayment:
    """What one CLP loop says about one claim."""

    segment_number: int  # of the CLP segment in the file
    claim_number: str  # CLP01; empty where the payer does not know it and writes 0
    status: str  # CLP02
    charged: Decimal  # US dollars, CLP03
    payer_claim_number: str  # CLP07
    patient: Party
    payer: Party
    provider: Party  # rendering, else the payee
    dates: tuple[date | None, date | None]
    remitted_on: date | None
    reasons: tuple[Adjustment, ...]  # each code once, the largest amount first
    remarks: tuple[str, ...]  # remittance advice remark codes, each once
    paid: Decimal = Decimal("0.00")  # US dollars, CLP04
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Recoupment:
    """Money that a payer takes back from the practice, whatever the claim (PLB)."""

    segment_number: int
    reason: str  # provider level adjustment reason code
    reference: str  # what the payer calls it; often its claim number
    amount: Decimal  # US dollars, above zero
    trace: str  # TRN02: the payment it is taken from
    payer: Party
    provider: Party
    remitted_on: date | None


def parse(transaction: Transaction) -> Iterator[ClaimPayment | Recoupment]:
    """What one 835 says, in the order of the file. Raises Unreadable."""
    head = _Head()
    draft: _Draft | None = None
    for number, segment in transaction.segments:
        name = segment[0]
        if name == "CLP":
            if draft:
                yield draft.finish(head)
            draft = _Draft(number, segment)
        elif name == "PLB":
            if draft:
                yield draft.finish(head)
            draft = None
            yield from head.takebacks(number, segment, transaction.separators.component)
        elif draft:
            draft.take(number, segment, name, transaction.separators.component)
        else:
            head.take(number, segment, name)
    if draft:
        yield draft.finish(head)


@dataclass(slots=True)
class _Head:
    """What stands before the first claim: date, payer, payee."""

    paid_on: date | None = None
    produced_on: date | None = None
    payer: Party = NOBODY
    payee: Party = NOBODY
    is_payer: bool = False
    trace: str = ""

    def take(self, number: int, segment: Segment, name: str) -> None:
        if name == "BPR":
            self.paid_on = elements.day(segment, 16, number)
        elif name == "TRN":
            self.trace = element(segment, 2)
        elif name == "DTM" and element(segment, 1) == "405":
            self.produced_on = elements.day(segment, 2, number)
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
        """The adjustments of a PLB segment that lower the payment."""
        for at in range(3, len(segment) - 1, 2):
            reason, _, reference = element(segment, at).partition(component)
            if not reason:
                continue
            amount = elements.amount(segment, at + 1, number)
            if amount > 0:
                yield Recoupment(
                    segment_number=number,
                    reason=reason.upper(),
                    reference=reference.strip(),
                    amount=amount,
                    trace=self.trace,
                    payer=self.payer,
                    provider=self.payee,
                    remitted_on=self.paid_on or self.produced_on,
                )


@dataclass(slots=True)
class _Draft:
    """A CLP loop while its segments come by."""

    number: int
    clp: Segment
    patient: Party = NOBODY
    subscriber: Party = NOBODY
    rendering: Party = NOBODY
    claim_dates: list[tuple[date, date]] = field(default_factory=list)
    line_dates: list[tuple[date, date]] = field(default_factory=list)
    reasons: dict[tuple[str, str], Decimal] = field(default_factory=dict)  # of the whole claim
    remarks: dict[str, None] = field(default_factory=dict)
    charged: Decimal = Decimal("0.00")
    paid: Decimal = Decimal("0.00")
    lines: list[_Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.charged = elements.amount(self.clp, 3, self.number)
        if element(self.clp, 4):
            self.paid = elements.amount(self.clp, 4, self.number)
        if not element(self.clp, 2):
            raise Unreadable(self.number, "the answer has no status (CLP02)")

    def take(self, number: int, segment: Segment, name: str, component: str) -> None:
        if name == "CAS":
            self.take_reasons(number, segment)
        elif name == "SVC":
            self.lines.append(_Line.of(number, segment, component))
        elif name == "LQ":
            if element(segment, 1) == "HE":
                self.remark(element(segment, 2))
        elif name in REMARKS:
            for at in REMARKS[name]:
                self.remark(element(segment, at))
        elif name == "NM1":
            kind = element(segment, 1)
            if kind == "QC":
                self.patient = elements.party(segment)
            elif kind == "IL":
                self.subscriber = elements.party(segment)
            elif kind == "82" and not self.rendering.name:
                self.rendering = elements.party(segment)
        elif name == "DTM":
            self.take_date(number, segment)

    def take_reasons(self, number: int, segment: Segment) -> None:
        group = element(segment, 1).upper()
        for at in range(2, len(segment), 3):
            code = element(segment, at).upper()
            if code:
                reasons = self.lines[-1].reasons if self.lines else self.reasons
                amount = elements.amount(segment, at + 1, number)
                reasons[group, code] = reasons.get((group, code), Decimal(0)) + amount

    def all_reasons(self) -> dict[tuple[str, str], Decimal]:
        """What the lines say together; some senders say it of the claim once more."""
        found: dict[tuple[str, str], Decimal] = {}
        for line in self.lines:
            for key, amount in line.reasons.items():
                found[key] = found.get(key, Decimal(0)) + amount
        return self.reasons | {
            key: max(amount, self.reasons.get(key, amount), key=abs)
            for key, amount in found.items()
        }

    def take_date(self, number: int, segment: Segment) -> None:
        kind = element(segment, 1)
        if kind in {"232", "233", "472", "150", "151"}:
            found = elements.day(segment, 2, number)
            if found:
                dates = self.claim_dates if kind in {"232", "233"} else self.line_dates
                dates.append((found, found))

    def remark(self, code: str) -> None:
        if code:
            self.remarks.setdefault(code.upper())

    def finish(self, head: _Head) -> ClaimPayment:
        reasons = (Adjustment(*key, amount) for key, amount in self.all_reasons().items())
        return ClaimPayment(
            segment_number=self.number,
            claim_number="" if element(self.clp, 1) == "0" else element(self.clp, 1),
            status=element(self.clp, 2),
            charged=self.charged,
            payer_claim_number=element(self.clp, 7),
            patient=self.patient if self.patient.name else self.subscriber,
            payer=head.payer,
            provider=self.rendering if self.rendering.name else head.payee,
            dates=elements.span(self.claim_dates or self.line_dates),
            remitted_on=head.paid_on or head.produced_on,
            reasons=tuple(sorted(reasons, key=lambda reason: -reason.amount)),
            remarks=tuple(self.remarks),
            paid=self.paid,
            lines=tuple(line.finish() for line in self.lines),
        )


@dataclass(slots=True)
class _Line:
    """A SVC loop while its segments come by."""

    procedure: str
    charged: Decimal
    paid: Decimal
    reasons: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    @classmethod
    def of(cls, number: int, segment: Segment, component: str) -> _Line:
        code = element(segment, 1).split(component)
        charged, paid = (
            elements.amount(segment, at, number) if element(segment, at) else Decimal("0.00")
            for at in (2, 3)
        )
        return cls((code[1] if len(code) > 1 else code[0]).strip().upper(), charged, paid)

    def finish(self) -> Line:
        reasons = (Adjustment(*key, amount) for key, amount in self.reasons.items())
        return Line(self.procedure, self.charged, self.paid, tuple(reasons))
