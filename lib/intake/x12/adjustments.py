"""Adjustments of a remittance (CAS), and who takes care of each. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto


class Kind(Enum):
    """Who takes care of an adjustment."""

    CONTRACT = auto()
    PATIENT = auto()
    OTHER_PAYER = auto()
    ASKED = auto()  # nobody yet: somebody may have to answer


# Claim adjustment reason codes by their meaning in the X12 list; 42 and A2 are of version 4010.
CONTRACTUAL = frozenset({"45"})  # the fee schedule, in any group
CONTRACTUAL_CO = frozenset({"42", "A2", "131", "253"})  # fee schedule, discount, sequestration
PATIENTS_SHARE = frozenset({"1", "2", "3"})  # PR: deductible, coinsurance, copay
PRIOR_PAYER = "23"
GROUPS = frozenset({"CO", "CR", "OA", "PI", "PR"})  # CAS01
INTEREST = frozenset({"85", "225"})  # paid with the claim, and no part of what it is paid


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One adjustment: group (CO, PR, OA, PI), claim adjustment reason code, US dollars."""

    group: str
    code: str
    amount: Decimal  # 0.00 if it cannot be read

    @property
    def kind(self) -> Kind:
        """Return who takes care of this adjustment."""
        if self.code in CONTRACTUAL or (self.group == "CO" and self.code in CONTRACTUAL_CO):
            return Kind.CONTRACT
        if self.group == "PR" and self.code in PATIENTS_SHARE:
            return Kind.PATIENT
        return Kind.OTHER_PAYER if self.code == PRIOR_PAYER else Kind.ASKED

    @property
    def is_expected(self) -> bool:
        """Return True for the contractual difference, the patient's share and another payer's
        payment, which nobody needs to answer."""
        return self.kind is not Kind.ASKED

    def __str__(self) -> str:
        return f"{self.group}-{self.code}" if self.group else self.code


def reason_code(text: str) -> str:
    """Return the reason code of an adjustment as it is written ("CO-197"), without its group; a
    remark code as it is."""
    group, _, code = text.partition("-")
    return code if group in GROUPS and code else text


def interest_within(paid: Decimal, reasons: Iterable[Adjustment]) -> Decimal:
    """Return the US dollars of a payment that are interest, by its adjustments (CARC 85, 225): it
    has the sign of the payment, and can be no more.

    What is paid beside the charge stands below zero in CAS; in a reversal, which negates every
    amount, above. 005010X221A1 1.10.2.9 wants interest in AMT*I and PLB (L6), and in CAS the
    patient's only; RFI 1565 and 1705 tell of payers that write it there all the same.
    """
    if not paid:
        return Decimal("0.00")
    beside = [-each.amount for each in reasons if each.code in INTEREST]
    found = sum((each for each in beside if (each > 0) == (paid > 0)), Decimal("0.00"))
    return min(found, paid, key=abs)
