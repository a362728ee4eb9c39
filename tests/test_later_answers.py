"""What a task is told is decided by the days of the messages, in whatever order they come in."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.test_transaction_reader import acknowledgment, patient
from tests.x12_texts import answer, claim, envelope, file_837, remittance

pytestmark = [pytest.mark.slow, pytest.mark.cases(1)]  # many imports

controls = itertools.count(11)


Said = Callable[[str], bytes]  # the file about a claim of this number


def told(day: str, amount: str, paid: str, *codes: str) -> Said:
    """Return what makes an 835 of that day with one answer; a charge below zero takes one back."""

    def made(number: str) -> bytes:
        status = "22" if amount.startswith("-") else "1"
        said = answer(
            number, status=status, amount=amount, paid=paid, control=f"P{number}", codes=codes
        )
        trace = next(controls)
        inside = [
            each.replace("TRACE1", f"T{trace}") for each in remittance(said, paid_on=f"2025{day}")
        ]
        return envelope(inside, kind="835", version="005010X221A1", control=f"{trace:09}").encode()

    return made


def rejected(number: str) -> bytes:
    said = patient(number, "STC*A7:116*20250125*U*200")
    return acknowledgment(*said, control=f"{next(controls):09}")


DENIED = told("0210", "200", "0", "CAS*CO*197*200")
DENIED_ANEW = told("0315", "200", "0", "CAS*CO*29*200")
BACK = told("0305", "-200", "0", "CAS*CO*197*-200")
PAID = told("0310", "200", "120", "CAS*CO*45*80")
PAID_BACK = told("0320", "-200", "-120", "CAS*CO*45*-80")
PAID_AGAIN = told("0325", "200", "120", "CAS*CO*45*80")
SAME_CODE = told("0310", "200", "50", "CAS*CO*197*150")
OTHER_CODE = told("0310", "200", "50", "CAS*CO*29*100", "CAS*CO*45*50")
OF_PAYMENT = "PLAINS HEALTH paid 120.00 US dollars for this claim on 03/10/2025. Complete the task?"
OF_REVERSAL = "PLAINS HEALTH took this denial back on 03/05/2025. Complete the task?"
OF_NEXT = OF_PAYMENT.replace("03/10", "03/25")
OF_PART = (
    "PLAINS HEALTH paid 50.00 US dollars for this claim on 03/10/2025. Still not paid: 100.00 US "
    "dollars, with CO-29. Complete the task?"
)
SAME_OTHER_GROUP = told("0310", "200", "50", "CAS*PI*197*150")
SAME_AS_PATIENTS = told("0310", "200", "50", "CAS*PR*197*100", "CAS*CO*45*50")
SAME_AS_OTHERS = told("0310", "200", "50", "CAS*OA*197*20", "CAS*CO*45*130")
UNSAID = told("0310", "200", "120", "CAS*CO*45*50")
OF_UNSAID = OF_PAYMENT.replace(
    "Complete", "Neither paid nor adjusted: 30.00 US dollars; ask the payer about them. Complete"
)
SETS: dict[str, tuple[list[Said], str | None]] = {
    "a payment": ([DENIED, PAID], OF_PAYMENT),
    "a reversal": ([DENIED, BACK], OF_REVERSAL),
    "a reversal and a payment": ([DENIED, BACK, PAID], OF_PAYMENT),
    "a payment taken back": ([DENIED, PAID, PAID_BACK], None),
    "a payment taken back and made again": ([DENIED, PAID, PAID_BACK, PAID_AGAIN], OF_NEXT),
    "denied anew": ([DENIED, PAID, DENIED_ANEW], None),
    "denied anew after the reversal": ([DENIED, BACK, DENIED_ANEW], None),
    "rejected, denied and paid": ([rejected, DENIED, PAID], OF_PAYMENT),
    "the same reason stands": ([DENIED, SAME_CODE], None),
    "the same reason stands in PI": ([DENIED, SAME_OTHER_GROUP], None),
    "the same reason stands in PR": ([DENIED, SAME_AS_PATIENTS], None),
    "the same reason stands in OA": ([DENIED, SAME_AS_OTHERS], None),
    "an amount is left without a reason": ([DENIED, UNSAID], OF_UNSAID),
    "another reason is left": ([DENIED, OTHER_CODE], OF_PART),
}


def without(said: Said, *starts: str) -> Said:
    """Return the same without the segments that begin so."""

    def made(number: str) -> bytes:
        parts = said(number).decode().split("~")
        left = [each for each in parts if not each.startswith(starts)]
        count = len(parts) - len(left)
        text = "~".join(left)
        [end] = [each for each in left if each.startswith("SE*")]
        return text.replace(end, f"SE*{int(end.split('*')[1]) - count}*0001").encode()

    return made


def accepted(number: str) -> bytes:
    said = patient(number, "STC*A2:20*20250128*WQ*200")
    return acknowledgment(*said, control=f"{next(controls):09}")


NOTHING_DUE = told("0310", "200", "0", "CAS*CO*45*200")
OF_ACCEPTANCE = "PLAINS HEALTH accepted this claim on 01/28/2025. Complete the task?"
OF_NOTHING = "PLAINS HEALTH processed this claim on 03/10/2025 and paid nothing. Complete the task?"
NO_DAY = ("DTM*",)
SETS |= {
    "an acceptance": ([rejected, accepted], OF_ACCEPTANCE),
    "nothing to pay": ([DENIED, NOTHING_DUE], OF_NOTHING),
    "no day": ([without(DENIED, *NO_DAY), without(PAID, *NO_DAY)], OF_PAYMENT),
}
UNHELD = {
    name: SETS[name]
    for name in ("a payment", "a reversal", "a reversal and a payment", "a payment taken back",
                 "denied anew", "an acceptance", "nothing to pay", "another reason is left")
}  # fmt: skip


@pytest.mark.parametrize("which", UNHELD)
def test_in_any_order_a_task_without_the_claim_is_told_the_same(
    con: Connection, cast: Cast, which: str
) -> None:
    in_any_order(con, cast, *UNHELD[which], is_held=False)


@pytest.mark.parametrize("which", SETS)
def test_in_any_order_a_task_is_told_the_same(con: Connection, cast: Cast, which: str) -> None:
    in_any_order(con, cast, *SETS[which], is_held=True)


def in_any_order(
    con: Connection, cast: Cast, files: list[Said], proposal: str | None, *, is_held: bool
) -> None:
    """Bring the files about a claim in in every order, and look that its task says the same."""
    orders = list(itertools.permutations(range(len(files))))
    orders = orders[:: 1 if len(files) < 4 else 5]  # which take seconds
    if is_held:
        bring(con, cast, file_837(*(claim(f"C{number}") for number in range(len(orders)))))
    for number, order in enumerate(orders):
        for place in order:
            bring(con, cast, files[place](f"C{number}"))

    said = {
        orders[int(number[1:])]: told
        for number, *told in con.rows(
            "SELECT claim_number, proposal, codes, amount, status, asked_on FROM task ORDER BY id"
        )
    }
    assert {order: told[0] for order, told in said.items()} == dict.fromkeys(orders, proposal)
    assert len({tuple(map(str, told)) for told in said.values()}) == 1
