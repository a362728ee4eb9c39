"""Whatever order its files come in, a claim is replaced as the same claim under the same number:
lib.payers_claim_number with claim_payments and filing_times in lib.intake.charges."""

from __future__ import annotations

import itertools
import random

import pytest

from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_filing_times import coded, sent
from tests.test_import import bring
from tests.test_later_messages import of
from tests.test_payers_claim_number import (
    DENIED,
    DENIED_AGAIN,
    DUPLICATE,
    PAID,
    REJECTED,
    TAKEN_BACK,
)
from tests.test_task_charge_choice import change, written
from tests.test_transaction_reader import acknowledgment, patient
from tests.x12_texts import answer, claim, file_835, file_837

pytestmark = [pytest.mark.slow, pytest.mark.cases(2)]  # many imports

ORDERS = 5  # of each set of files, besides the one in which they were written
CLAIM = file_837(claim())


def said(day: str, *answers: list[str]) -> bytes:
    return file_835(*answers, control=f"1{day}", paid_on=day)


def denial(control: str, code: str = "16", **about: str) -> list[str]:
    return answer(control=control, codes=(f"CAS*CO*{code}*200",), **about)


def reversal(control: str) -> list[str]:
    return denial(control, status="22", amount="-200")


REPLACED = sent("20250301", coded("J03.9", of(claim(amount="250"), "7", "P1")))
SETS = {
    "the newest denial": ([CLAIM, DENIED, DENIED_AGAIN, REJECTED], "P2"),
    "a duplicate's denial": ([CLAIM, PAID, DUPLICATE], "P1"),
    "only a duplicate's denial": ([CLAIM, DUPLICATE], ""),
    "a reversal alone": ([CLAIM, DENIED, TAKEN_BACK], "P1"),
    "a price": ([CLAIM, DENIED, said("20250310", denial("PRE1", status="25"))], "P1"),
    "still in review": ([CLAIM, DENIED, said("20250310", denial("P7", "133", status="1"))], "P1"),
    "a correction": (
        [CLAIM, DENIED, said("20250310", reversal("P1"), denial("P2", "29"))], "P2",
    ),
    "a later reversal": (
        [CLAIM, DENIED, said("20250310", denial("P2")), said("20250320", reversal("P2"))], "P1",
    ),
    "decided again under one number": (
        [
            CLAIM, said("20250310", reversal("P1"), denial("P1", "29")),
            said("20250301", denial("P2")),
        ],
        "P1",
    ),
    "an answer by the payer's number only": (
        [CLAIM, DENIED, said("20250301", denial("P2")), said("20250310", denial("P1", "29",
         number="0"))],
        "P1",
    ),
    "a replacement": (
        [CLAIM, DENIED, REPLACED, said("20250310", denial("P2", amount="250"))], "P2",
    ),
    "only rejected": (
        [CLAIM, acknowledgment(*patient("A1", "STC*A7:21*20250120*U*200", "REF*1K*CA1"))], "",
    ),
    "rejected, and denied in the end": ([CLAIM, REJECTED, DENIED], "P1"),
}  # fmt: skip


def orders(files: list[bytes], seed: str) -> list[tuple[bytes, ...]]:
    every = list(itertools.permutations(files))
    return [every[0], *random.Random(seed).sample(every[1:], min(ORDERS, len(every) - 1))]


@pytest.mark.parametrize(
    ("name", "order"),
    [
        pytest.param(name, order, id=f"{name} {place}")
        for name, (files, _) in SETS.items()
        for place, order in enumerate(orders(files, name))
    ],
)
def test_any_order_of_the_files_gives_the_same_number_and_claim(
    con: Connection, cast: Cast, name: str, order: tuple[bytes, ...]
) -> None:
    files, expected = SETS[name]
    for place, raw in enumerate(order):
        bring(con, cast, raw, f"{place}.txt")

    assert con.rows("SELECT coalesce(payer_claim_number, '') FROM charge") == [(expected,)]
    [task_id, *_] = [row[0] for row in con.rows("SELECT id FROM task WHERE charge_id = 1")]
    change(con, cast, task_id)
    text = written(con, cast)
    diagnosis = "J039" if REPLACED in files else "J029"
    frequency = "1" if name == "only rejected" else "7"
    assert f"CLM*A1*200***11:B:{frequency}*" in text
    assert f"HI*ABK:{diagnosis}*" in text
    numbers = [each for each in text.replace("\n", "").split("~") if each.startswith("REF*F8")]
    assert numbers == ([f"REF*F8*{expected}"] if expected else [])
