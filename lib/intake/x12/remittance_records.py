"""What a remittance (835) says of one claim, service line or deduction: plain records. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lib.intake.matching.claim_facts import (
    LATER,
    PRIMARY,
    ROLES_OF_STATUS,
    SPLIT,
    ClaimFacts,
    stated,
)
from lib.intake.records import Party
from lib.intake.x12.adjustments import Adjustment, Kind, interest_within


@dataclass(frozen=True, slots=True)
class Line:
    """What one SVC loop says about one service line."""

    procedure: str
    charged: Decimal  # US dollars
    paid: Decimal  # US dollars, SVC03; interest that the payer put there included
    reasons: tuple[Adjustment, ...]
    modifiers: tuple[str, ...] = ()
    day: date | None = None  # of service; None where only the claim says it

    @property
    def is_denied(self) -> bool:
        """Return True if nothing was paid, for a reason that somebody may answer."""
        asked = any(not reason.is_expected for reason in self.reasons)
        return self.charged > 0 and self.paid_on_line == 0 and asked

    @property
    def is_silent(self) -> bool:
        """Return True if nothing was paid, and no adjustment of the line says why."""
        return self.charged > 0 and self.paid == 0 and not self.reasons

    @property
    def at_stake(self) -> Decimal:
        """Return the US dollars of an unpaid line that depend on the answer, by the rule for whole
        claims: what is adjusted for reasons that somebody may answer or for none, without what
        contract, patient and other payers take; all of it where no such dollars are named."""
        above = [each for each in self.reasons if each.amount > 0]
        named = sum(each.amount for each in self.reasons)
        unexplained = max(self.charged - self.paid - named, Decimal("0.00"))
        asked = sum((each.amount for each in above if not each.is_expected), unexplained)
        others = (each.amount for each in above if each.kind is Kind.OTHER_PAYER)
        left = self.charged - sum(others, Decimal("0.00"))
        most = left if left > 0 else self.charged
        return min(asked, most) if asked > 0 else most

    @property
    def paid_on_line(self) -> Decimal:
        """Return what was paid for the service (US dollars), without interest."""
        return self.paid - interest_within(self.paid, self.reasons)


@dataclass(frozen=True, slots=True)
class ClaimPayment:
    """What one CLP loop says about one claim."""

    segment_number: int  # of the CLP segment in the file
    claim_number: str  # CLP01; empty if the payer writes 0 because it does not know it
    status: str  # CLP02
    charged: Decimal  # US dollars, CLP03
    payer_claim_number: str  # CLP07
    patient: Party
    payer: Party
    provider: Party  # the rendering provider, else the payee
    dates: tuple[date | None, date | None]
    remitted_on: date | None
    reasons: tuple[Adjustment, ...]  # each code once, the largest amount first
    remarks: tuple[str, ...]  # remittance advice remark codes, each once
    # US dollars, CLP04, as the message says it; what was decided is read from `paid_on_claim`
    paid: Decimal = Decimal("0.00")
    lines: tuple[Line, ...] = ()
    trace: str = ""  # TRN02: the payment this answer came with
    member_ids: tuple[str, ...] = ()  # of patient, subscriber and corrected patient
    original: str = ""  # REF*F8: the payer's number of the claim that was answered before
    filing: str = ""  # CLP06: the kind of plan, such as MA, MC, HM
    patient_owes: Decimal | None = None  # US dollars, CLP05; None where the payer does not say
    interest: Decimal = Decimal("0.00")  # US dollars, AMT*I
    adjusted: Decimal = Decimal("0.00")  # US dollars: adjustments of the claim and of its lines
    is_unread: bool = False  # the amount of an adjustment cannot be read

    @property
    def facts(self) -> ClaimFacts:
        """Return which claim is answered."""
        return ClaimFacts(
            claim_numbers=stated(self.claim_number),
            payer_numbers=stated(self.payer_claim_number, self.original),
            patient_name=self.patient.compared_name,
            member_ids=self.member_ids,
            dates=self.dates,
            charged=abs(self.charged),
            is_part=SPLIT in self.remarks,
            payer_name=self.payer.name,
            payer_code=self.payer.code,
            payer_role=self.payer_role,
        )

    @property
    def payer_role(self) -> str:
        """Return which of the patient's payers answers, by CLP02; one after the first where the
        answer names what a payer before it paid (CARC 23)."""
        role = ROLES_OF_STATUS.get(self.status, "")
        is_after_another = any(
            each.kind is Kind.OTHER_PAYER and each.amount > 0 for each in self.reasons
        )
        return LATER if role == PRIMARY and is_after_another else role

    @property
    def paid_on_claim(self) -> Decimal:
        """Return what was paid for the services (US dollars): CLP04 without the interest in it."""
        return self.paid - self.interest_in_payment

    @property
    def interest_in_payment(self) -> Decimal:
        """Return the US dollars of CLP04 that are interest: those that an adjustment takes off the
        charge again (CARC 85, 225), else AMT*I where payment and adjustments come to just that
        much more than the charge."""
        within = interest_within(self.paid, self.reasons)
        if within or not self.interest or not self.paid:
            return within
        beyond = self.paid + sum(each.amount for each in self.reasons) - self.charged
        return self.interest if beyond == self.interest else within

    @property
    def asked(self) -> tuple[Adjustment, ...]:
        """Return the reasons that somebody may have to answer; only those above zero, if there are
        any."""
        found = tuple(reason for reason in self.reasons if not reason.is_expected)
        return tuple(reason for reason in found if reason.amount > 0) or found


@dataclass(frozen=True, slots=True)
class Recoupment:
    """One adjustment of the whole payment, not of a claim (PLB)."""

    segment_number: int
    reason: str  # provider level adjustment reason code
    reference: str  # the payer's reference; often its claim number
    amount: Decimal  # US dollars: above zero it lowers the payment, below zero it is paid
    trace: str  # TRN02: the payment it is taken from
    payer: Party
    provider: Party
    remitted_on: date | None
    payee: str = ""  # PLB01: whose payment it is
