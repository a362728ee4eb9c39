"""Each reason of a deduction (PLB) has its own meaning; only recoupments ask for the claim."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from lib.intake.records import Party
from lib.intake.x12 import provider_adjustments_plb
from lib.intake.x12.remittance_records import Recoupment
from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_cases_decisions import plb, wants
from tests.test_import import bring

# 005010X221A1, PLB03-1
_CODES = (
    "50 51 72 90 AH AM AP B2 B3 BD BN C5 CR CS CT CV CW DM E3 FB FC GO "
    "HM IP IR IS J1 L3 L6 LE LS OA OB PI PL RA RE SL TL WO WU"
)
CODES = _CODES.split()
OF_CLAIMS = {"72", "B2", "B3", "WO"}


def asked(reason: str, reference: str = "R1") -> str | None:
    payer = Party("PLAINS HEALTH")
    entry = Recoupment(
        5, reason, reference, Decimal(10), "TRACE1", payer, payer, date(2025, 2, 10), "1"
    )
    found = provider_adjustments_plb.request(entry)
    return f"{found.title}. {found.instructions}" if found else None


@pytest.mark.parametrize("reason", CODES)
def test_only_what_takes_back_money_of_claims_asks_which_claim_it_was(reason: str) -> None:
    said = asked(reason) or ""

    assert ("the claim it is about" in said) == (reason in OF_CLAIMS)
    assert provider_adjustments_plb.kind(reason).is_recoupment == (reason in {*OF_CLAIMS, "FB"})
    assert ("ecoup" in said) == (reason in OF_CLAIMS)
    assert "no plain-language hint" not in said


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("LE", "Money withheld from a payment. PLAINS HEALTH kept 10.00 US dollars of its payment "
         "of 02/10/2025 (trace number TRACE1) for a levy (LE, reference R1). It is about no claim"),
        ("IR", "for tax withheld for the Internal Revenue Service (IR, reference R1). It is about"),
        ("SL", "for the repayment of a student loan (SL, reference R1)."),
        ("50", "Penalty deducted from a payment."),
        ("CT", "for capitation (CT, reference R1). It is about no single claim."),
        ("FB", "for a balance carried over from another remittance (FB, reference R1). Find the "
         "earlier remittance"),
        ("Q9", "(trace number TRACE1) with Q9, reference R1. We hold no plain-language hint"),
    ],
)  # fmt: skip
def test_a_deduction_says_what_it_is_for(reason: str, said: str) -> None:
    assert said in (asked(reason) or "")


@pytest.mark.parametrize("reason", ["L6", "AH", "90"])
def test_fees_and_interest_ask_nothing(reason: str) -> None:
    assert asked(reason) is None


def test_what_is_deducted_for_other_reasons_is_not_counted_as_recouped(
    con: Connection, cast: Cast
) -> None:
    wants(con, cast, "takebacks")

    report = bring(con, cast, plb("WO:R1*10*E3:R2*4*IR:R3*7*L6:R4*3*AH:5*2*LE:6*1"))

    assert report.summary[-1] == (
        "6 entries about whole payments (PLB): 1 recouped (10.00 US dollars); 5 deducted for other "
        "reasons (17.00 US dollars)."
    )
    assert con.rows("SELECT codes, title FROM task ORDER BY id") == [
        ("WO", "Recoupment by the payer"),
        ("E3", "Money withheld from a payment"),
        ("IR", "Money withheld from a payment"),
        ("LE", "Money withheld from a payment"),
    ]
