"""What was paid on a claim is what was paid without interest, wherever a payer writes that."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lib.intake.files import parsed_file
from lib.intake.x12 import payer_decision_rules
from lib.intake.x12.payer_decision_rules import Outcome
from lib.intake.x12.remittance_records import ClaimPayment
from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.x12_texts import answer, claim, envelope, file_835, file_837, remittance


def read(
    amount: str, paid: str, *codes: str, status: str = "1", of_claim: tuple[str, ...] = ()
) -> ClaimPayment:
    """Return an answer whose adjustments stand on its only line, or on the claim."""
    body = answer(status=status, amount=amount, paid=paid, codes=codes)
    body[1:1] = of_claim
    [found] = parsed_file.read("a", file_835(body)).answers
    return found


@pytest.mark.parametrize(
    ("said", "on_claim", "outcome"),
    [
        (read("200", "2.5", "CAS*CO*197*200", "CAS*OA*225*-2.5"), "0", Outcome.DENIED),
        (read("200", "2.5", "CAS*CO*197*200", "CAS*PR*85*-2.5"), "0", Outcome.DENIED),
        (read("200", "2.5", of_claim=("CAS*CO*197*200**225*-2.5",)), "0", Outcome.DENIED),
        (read("200", "2.5", "CAS*CO*197*200", "AMT*I*2.5"), "0", Outcome.DENIED),
        (read("200", "2.5", "CAS*OA*225*-2.5", status="4"), "0", Outcome.DENIED),
        (read("200", "3", "CAS*PI*50*200", "CAS*OA*225*-1**85*-2"), "0", Outcome.DENIED),
        (read("200", "2.5", "CAS*CO*18*200", "CAS*OA*225*-2.5"), "0", Outcome.INTEREST),
        (read("0", "2.5", "CAS*OA*225*-2.5"), "0", Outcome.INTEREST),
        (read("200", "62.5", "CAS*CO*45*140", "CAS*OA*225*-2.5"), "60", Outcome.PAID),
        (read("200", "62.5", "CAS*CO*45*140", "AMT*I*2.5"), "60", Outcome.PAID),
        # AMT*I as it should be: beside CLP04, which is the claim's own
        (read("200", "60", "CAS*CO*45*140", "AMT*I*2.5"), "60", Outcome.PAID),
        # above zero it takes something off: what is paid stays so, and nothing becomes paid
        (read("200", "60", "CAS*CO*45*138", "CAS*PR*85*2"), "60", Outcome.PAID),
        (read("200", "0", "CAS*CO*197*195", "CAS*PR*85*5"), "0", Outcome.DENIED),
        (read("-200", "-2.5", "CAS*CO*197*-200", "CAS*OA*225*2.5"), "0", Outcome.REVERSED),
        # interest is taken back from a denial that stands
        (read("200", "-2.5", "CAS*CO*197*200", "CAS*OA*225*2.5"), "0", Outcome.DENIED),
        # no more than was paid
        (read("200", "1", "CAS*CO*197*200", "CAS*OA*225*-2.5"), "0", Outcome.DENIED),
    ],
)
def test_interest_is_no_payment_of_the_claim(
    said: ClaimPayment, on_claim: str, outcome: Outcome
) -> None:
    assert said.paid_on_claim == Decimal(on_claim)
    assert payer_decision_rules.outcome(said) is outcome


def test_a_line_that_got_only_interest_is_denied() -> None:
    lines = [
        "SVC*HC:99213*120*60**1", "CAS*CO*45*60",
        "SVC*HC:87880*80*1.5**1", "CAS*CO*97*80", "CAS*OA*225*-1.5",
    ]  # fmt: skip
    said = read("200", "61.5", *lines)

    assert [line.is_denied for line in said.lines[1:]] == [False, True]
    assert said.paid == Decimal("61.5")
    assert said.paid_on_claim == 60


def sent(day: str, paid: str, *codes: str, amount: str = "200", status: str = "1") -> bytes:
    """Return a remittance of that day with one answer."""
    said = answer(status=status, amount=amount, paid=paid, codes=codes)
    inside = [each.replace("TRACE1", f"T{day}") for each in remittance(said, paid_on=day)]
    return envelope(inside, kind="835", version="005010X221A1", control=f"1{day}").encode()


INTEREST_ALONE = ("2.5", "CAS*CO*197*200", "CAS*OA*225*-2.5")


def test_a_denial_with_interest_proposes_nothing_to_the_task_of_an_older_one(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, sent("20250210", "0", "CAS*CO*29*200"))

    bring(con, cast, sent("20250310", *INTEREST_ALONE))

    [(codes, proposal)] = con.rows("SELECT codes, proposal FROM task")
    assert (codes, proposal) == ("CO-197, CO-29", None)
    [paid, interest] = con.rows("SELECT paid, interest FROM claim_answer ORDER BY id")[1]
    assert (paid, interest) == (Decimal("2.50"), Decimal("2.50"))


def test_an_older_denial_is_not_ended_by_interest_that_was_paid_later(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, sent("20250310", *INTEREST_ALONE))

    bring(con, cast, sent("20250210", "0", "CAS*CO*29*200"))

    assert con.value("SELECT count(proposal) FROM task") == 0


def test_a_denial_that_paid_interest_is_taken_back_with_it(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, sent("20250210", *INTEREST_ALONE))

    back = sent("20250310", "-2.5", "CAS*CO*197*-200", "CAS*OA*225*2.5", amount="-200", status="22")
    bring(con, cast, back)

    assert con.value("SELECT proposal FROM task") == (
        "PLAINS HEALTH took this denial back on 03/10/2025. Complete the task?"
    )


def test_a_payment_is_told_without_the_interest_in_it(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, sent("20250210", "0", "CAS*CO*29*200"))

    bring(con, cast, sent("20250310", "62.5", "CAS*CO*45*140", "CAS*OA*225*-2.5"))

    assert con.value("SELECT proposal FROM task") == (
        "PLAINS HEALTH paid 60.00 US dollars for this claim on 03/10/2025. Complete the task?"
    )


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (("CAS*CO*45*60**97*40",), "40"),
        (("CAS*CO*97*100",), "100"),
        (("CAS*CO*45*50", "CAS*PR*2*20", "CAS*PI*16*30"), "30"),
        (("CAS*CO*45*60**97*30",), "40"),  # 10.00 are not explained
        (("CAS*OA*23*70", "CAS*CO*29*100"), "30"),  # another payer covered the rest
        (("CAS*CO*97*250",), "100"),
        (("CAS*CO*97*100", "CAS*OA*225*-2.5"), "100"),
    ],
)
def test_a_denied_line_puts_at_stake_what_a_denied_claim_would(
    reasons: tuple[str, ...], expected: str
) -> None:
    interest = "2.5" if "225" in reasons[-1] else "0"
    [line] = read("100", interest, f"SVC*HC:1*100*{interest}**1", *reasons).lines[1:]
    body = answer(status="1", amount="100", paid=interest, codes=reasons)
    [whole] = parsed_file.read("a", file_835(body)).answers

    assert line.at_stake == Decimal(expected)
    assert payer_decision_rules.open_amount(whole) == Decimal(expected)
