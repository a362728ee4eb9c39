"""Adjustments of a remittance (CAS), and who takes care of each. Pure."""

from __future__ import annotations

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
