"""The levels of a 277, read segment by segment: payer, receiver, provider, patient, claim. Pure.

Levels are recognized by HL03 and by their order in the file, never by HL ids or parents: those
repeat and are wrong in real files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from lib.intake.matching.claim_facts import ClaimFacts, stated
from lib.intake.records import NOBODY, UNSENT, Party, Sent
from lib.intake.x12 import elements, status_codes
from lib.intake.x12.segment_reader import Segment, Transaction, element
from lib.intake.x12.status_codes import ClaimStatus

SOURCE, RECEIVER, PROVIDER = "20", "21", "19"  # HL03; any other level is a patient
PATIENT = "PT"
DEPENDENT = "23"
PAYER_NUMBER = "1K"  # REF01: the payer's claim control number
OUR_NUMBER = "EJ"  # REF01: the claim's number as we sent it
TRACE_NUMBER = "D9"  # REF01: the clearinghouse's number of the claim
CLEARINGHOUSE = "AY"  # NM101 of the sender, if that is no payer
DUE = "106"  # DTP01: when the payer needs the answer
Period = tuple[date, date | None]  # first and last day; None if there is no end


@dataclass(slots=True)
class Line:
    """One SVC loop."""

    procedure: str
    amount: Decimal
    statuses: list[ClaimStatus] = field(default_factory=list)
    control: str = ""  # REF*FJ
    dates: Period | None = None


@dataclass(slots=True)
class StatusLevel:
    """What stands between one TRN (or HL) and the next, about a batch, a provider or a claim."""

    level: str
    number: int  # of the HL or TRN segment
    payer: Party
    receiver: Party
    provider: Party
    patient: Party
    batch: str  # the trace number of the batch in which the claim was sent
    last: int = 0  # number of its last segment
    has_bad_due: bool = False  # its due date (DTP*106) cannot be read
    trace: str = ""  # TRN02
    is_own_trace: bool = False  # TRN01 = 2: the number that we sent, else one of the payer's
    statuses: list[ClaimStatus] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    numbers: dict[str, str] = field(default_factory=dict)  # REF01 -> REF02
    periods: dict[str, Period] = field(default_factory=dict)  # DTP01
    quantities: dict[str, Decimal] = field(default_factory=dict)  # QTY01
    amounts: dict[str, Decimal] = field(default_factory=dict)  # AMT01
    payer_kind: str = ""  # NM101 of the payer
    sent: Sent = UNSENT
    begun: int = 0  # number of its HL segment

    def is_only_trace(self, is_own: bool) -> bool:
        """Return True if nothing but a number, ours or the payer's, stands here."""
        return self.last == self.number and self.is_own_trace is is_own

    @property
    def said_on(self) -> date | None:
        """Return the first date of its statuses, or None."""
        return next((each.said_on for each in self.statuses if each.said_on), None)

    @property
    def dates(self) -> tuple[date | None, date | None]:
        """Return first and last day of service: of the claim, else of its lines."""
        period = self.periods.get("472")
        found = [period] if period else [line.dates for line in self.lines if line.dates]
        return elements.span(found)

    def facts(self, *, claim: str, payers: str = "") -> ClaimFacts:
        """Return which claim is meant: `claim` is our number for it, `payers` the payer's."""
        amounts = (each.amount for each in self.statuses if each.amount)
        charged = next(amounts, None) or self.amounts.get("T3")
        is_payer = self.payer_kind != CLEARINGHOUSE
        return ClaimFacts(
            claim_numbers=stated(claim),
            payer_numbers=stated(payers, self.numbers.get(PAYER_NUMBER, "")),
            trace_numbers=stated(self.numbers.get(TRACE_NUMBER, "")),
            patient_name=self.patient.compared_name,
            member_ids=stated(self.patient.code),
            dates=self.dates,
            charged=charged,
            payer_name=self.payer.name if is_payer else "",
            payer_code=self.payer.code if is_payer else "",
        )


def units(transaction: Transaction) -> Iterator[StatusLevel]:
    """Yield the levels of one 277 in the order of the file.

    Dates and amounts that cannot be read are left empty, with a remark: they decide nothing here.
    """
    reader = _Reader(transaction.separators.component, transaction.remarks)
    for number, segment in transaction.segments:
        yield from reader.take(number, segment)
    yield from reader.finish()


class _Reader:
    def __init__(self, component: str, remarks: list[str]) -> None:
        self.component = component
        self.level = self.payer_kind = ""
        self.remarks = remarks
        self.payer = self.receiver = self.provider = self.patient = NOBODY
        self.batch = ""
        self.unit: StatusLevel | None = None
        self.sent = UNSENT
        self.begun = 0  # number of the HL segment
        self.untold: list[tuple[int, Segment]] | None = None  # of a claim's level without any unit

    def take(self, number: int, segment: Segment) -> Iterator[StatusLevel]:
        name = segment[0]
        if name == "HL":
            kind = element(segment, 3)
            if kind == DEPENDENT:
                self.untold = None  # the claims of a dependent stand below the subscriber
            yield from self.finish()
            self.enter(number, kind)
        elif name == "TRN" and self.level:
            yield from self.trace(number, segment)
        elif name == "NM1":
            self.name(elements.party(segment), element(segment, 1))
        elif self.level and name in {"STC", "SVC"}:
            if self.unit is None:
                self.unit = self.begin(number)
            self.status(self.unit, number, segment)
        elif self.unit is not None:
            self.detail(self.unit, number, segment)
        elif name == "BHT":
            self.sent = elements.sent(segment)
        elif self.untold is not None:
            self.untold.append((number, segment))
        if self.unit is not None:
            self.unit.last = number

    def trace(self, number: int, segment: Segment) -> Iterator[StatusLevel]:
        is_own = element(segment, 1) == "2"
        if self.level == PATIENT and self.unit and self.unit.is_only_trace(not is_own):
            self.unit = None  # the payer's number and ours of one claim
        if self.unit:
            yield from self.finish()
        self.unit = self.begin(number, trace=element(segment, 2))
        self.unit.is_own_trace = is_own
        if self.level == RECEIVER:
            self.batch = self.unit.batch = element(segment, 2)

    def enter(self, number: int, level: str) -> None:
        self.level, self.begun, self.untold = level, number, None
        if level == SOURCE:
            self.payer = self.receiver = self.provider = self.patient = NOBODY
            self.batch = ""
        elif level == RECEIVER:
            self.receiver = self.provider = self.patient = NOBODY
            self.batch = ""
        elif level == PROVIDER:
            self.provider = self.patient = NOBODY
        else:
            self.level = PATIENT
            self.patient = NOBODY
            self.untold = []

    def name(self, who: Party, kind: str) -> None:
        if self.level == SOURCE:
            self.payer, self.payer_kind = who, kind
        elif self.level == RECEIVER:
            self.receiver = who
        elif self.level == PROVIDER:
            self.provider = who
        elif self.level and (kind in {"QC", "IL"} or not self.patient.name):
            self.patient = who

    def begin(self, number: int, trace: str = "") -> StatusLevel:
        unit = StatusLevel(
            level=self.level,
            number=number,
            payer=self.payer,
            receiver=self.receiver,
            provider=self.provider,
            patient=self.patient,
            batch=self.batch,
            trace=trace,
            payer_kind=self.payer_kind,
            sent=self.sent,
            begun=self.begun,
        )
        for at, segment in self.untold or ():
            self.detail(unit, at, segment)
        self.untold = None
        return unit

    def finish(self) -> Iterator[StatusLevel]:
        """Yield the unit that ends; of a claim's level without number and status one with what else
        it says."""
        if self.untold is not None and (self.patient.name or self.untold):
            self.unit = self.begin(self.begun)
        unit, self.unit = self.unit, None
        if unit:
            yield unit

    def status(self, unit: StatusLevel, number: int, segment: Segment) -> None:
        if segment[0] == "STC":
            said = status_codes.read(number, segment, self.component, self.remarks)
            (unit.lines[-1].statuses if unit.lines else unit.statuses).append(said)
            return
        code = element(segment, 1).split(self.component)
        procedure = (code[1] if len(code) > 1 else code[0]).strip().upper()
        amount = elements.amount_if_any(segment, 2, number, self.remarks)
        unit.lines.append(Line(procedure, amount or Decimal("0.00")))

    def detail(self, unit: StatusLevel, number: int, segment: Segment) -> None:
        name, kind = segment[0], element(segment, 1)
        line = unit.lines[-1] if unit.lines else None
        if name == "REF":
            if line is None:
                unit.numbers.setdefault(kind, element(segment, 2))
            elif kind == "FJ":
                line.control = element(segment, 2)
        elif name == "DTP":
            found = elements.period(segment, number, self.remarks)
            if found and line is not None and kind == "472":
                line.dates = found
            elif found and kind == DUE:
                earlier = unit.periods.get(DUE, found)
                unit.periods[DUE] = min(found, earlier, key=lambda period: period[1] or period[0])
            elif found:
                unit.periods.setdefault(kind, found)
            elif kind == DUE and element(segment, 3):
                unit.has_bad_due = True
        elif name == "QTY":
            unit.quantities[kind] = elements.number(element(segment, 2)) or Decimal(0)
        elif name == "AMT":
            amount = elements.amount_if_any(segment, 2, number, self.remarks)
            if amount is not None:
                unit.amounts[kind] = amount
