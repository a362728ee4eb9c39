"""A claim is replaced only where the one that was filed is certainly this charge's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lib.export import claim_identity_check
from lib.models import Patient, Payer
from tests.test_replacement_claims_837p_filed import AROUND, FILED, as_filed

LEO = Patient(1, 1, "GREEN", "LEO", None, None)


def test_what_was_filed_for_this_patient_with_this_payer_is_certain() -> None:
    assert claim_identity_check.of_filing(as_filed([*AROUND, *FILED])) is None


@pytest.mark.parametrize(
    ("patient", "doubt"),
    [
        (LEO, None),
        (replace(LEO, first_name="L"), None),  # an initial is no other person
        (replace(LEO, first_name="EMMA"), "the claim that was filed names another patient"),
        (replace(LEO, last_name="REED"), "the claim that was filed names another patient"),
    ],
)
def test_a_claim_of_somebody_else_is_not_this_charge(patient: Patient, doubt: str | None) -> None:
    filed = replace(as_filed([*AROUND, *FILED]), patient=patient)

    assert claim_identity_check.of_filing(filed) == doubt


@pytest.mark.parametrize(
    ("payer", "doubt"),
    [
        (Payer(1, 1, "PH-7", "PLAINS"), None),
        (Payer(1, 1, "OTHER", "PLAINS HEALTH"), None),  # clearinghouses number payers anew
        (Payer(1, 1, "PH-7", "SUMMIT MUTUAL"), None),
        (Payer(1, 1, "OTHER", "SUMMIT MUTUAL"), "the claim that was filed goes to another payer"),
    ],
)
def test_a_claim_to_another_payer_is_not_this_charge(payer: Payer, doubt: str | None) -> None:
    filed = replace(as_filed([*AROUND, *FILED]), payer=payer)

    assert claim_identity_check.of_filing(filed) == doubt


def test_what_the_store_doubts_is_said_before_what_the_file_says() -> None:
    filed = replace(as_filed([*AROUND, *FILED]), patient=replace(LEO, last_name="REED"))

    assert claim_identity_check.why_not(
        filed, {1: "the payer's claim number may be another's"}
    ) == ("the payer's claim number may be another's")
    assert claim_identity_check.why_not(filed, {2: "it is about another charge"}) == (
        "the claim that was filed names another patient"
    )


def test_a_claim_that_we_do_not_hold_contradicts_nothing() -> None:
    filed = as_filed([*AROUND, *FILED])

    assert claim_identity_check.of_filing(replace(filed, filing=type(filed.filing)())) is None
