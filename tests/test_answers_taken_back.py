"""A file that answers a claim, takes that back and answers it anew under another number of the
payer's answers one claim."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.x12_texts import claim as filed
from tests.x12_texts import file_835, file_837

CLAIM = file_837(filed("A1"))
NAME = "NM1*QC*1*GREEN*EMMA****MI*MEM1"


def said(
    number: str, paid: int = 0, reason: str = "CO*197", *, name: str = NAME, total: int = 200
) -> list[str]:
    """Return an answer to claim A1 under that number of the payer's."""
    left = f"CAS*{reason if not paid else 'CO*45'}*{total - paid}"
    return [
        f"CLP*A1*1*{total}*{paid}**12*{number}", name, "DTM*232*20250113",
        f"SVC*HC:99213*{total}*{paid}**1", left,
    ]  # fmt: skip


def undone(number: str, paid: int = 0, reason: str = "CO*197") -> list[str]:
    """Return the reversal of that answer."""
    left = f"CAS*{reason if not paid else 'CO*45'}*{paid - 200}"
    return [
        f"CLP*A1*22*-200*{-paid}**12*{number}", NAME, "DTM*232*20250113",
        f"SVC*HC:99213*-200*{-paid}**-1", left,
    ]  # fmt: skip


def tasks(con: Connection) -> list[tuple[int | None, str, bool]]:
    return con.rows("SELECT charge_id, codes, proposal IS NOT NULL FROM task ORDER BY id")


PAYS_AFTER_DENIAL = [said("P1"), undone("P1"), said("P2", 120)]
DENIES_AFTER_PAYMENT = [said("P1", 120), undone("P1", 120), said("P2")]
DENIES_ANEW = [said("P1"), undone("P1"), said("P2", reason="CO*29")]
BEFORE_ITS_REVERSAL = [said("P1"), said("P2", reason="CO*29"), undone("P1")]
ALL_UNDER_ONE = [said("P1", 120), undone("P1", 120), said("P1")]
PAID_AND_UNDONE_TWICE = [*DENIES_AFTER_PAYMENT[:2], said("P1", 90), undone("P1", 90), said("P2")]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (PAYS_AFTER_DENIAL, (1, "CO-197", True)),
        (DENIES_AFTER_PAYMENT, (1, "CO-197", False)),
        (DENIES_ANEW, (1, "CO-29, CO-197", False)),
        (BEFORE_ITS_REVERSAL, (1, "CO-29, CO-197", False)),
        (ALL_UNDER_ONE, (1, "CO-197", False)),
        (PAID_AND_UNDONE_TWICE, (1, "CO-197", False)),
    ],
)
@pytest.mark.parametrize("is_claim_first", [True, False])
def test_the_answer_that_stands_is_the_claims(
    con: Connection,
    cast: Cast,
    answers: Sequence[list[str]],
    expected: tuple[int, str, bool],
    is_claim_first: bool,
) -> None:
    files = [CLAIM, file_835(*answers)]
    for each in files if is_claim_first else reversed(files):
        bring(con, cast, each)

    assert tasks(con) == [expected]


def test_a_payment_under_a_new_number_is_told_to_a_denial_of_an_earlier_file(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, CLAIM)
    bring(con, cast, file_835(said("P1"), paid_on="20250205"))
    bring(con, cast, file_835(*PAYS_AFTER_DENIAL, control="000000002"))

    assert tasks(con) == [(1, "CO-197", True)]


@pytest.mark.parametrize(
    "answers",
    [
        [said("P1"), said("P2", reason="CO*29")],
        [said("P1"), undone("P1"), said("P1"), said("P2", reason="CO*29")],
        [said("P1"), undone("P1"), said("P2"), said("P3", reason="CO*29")],
    ],
)
def test_numbers_that_both_stand_are_two_claims(
    con: Connection, cast: Cast, answers: Sequence[list[str]]
) -> None:
    bring(con, cast, CLAIM)
    report = bring(con, cast, file_835(*answers))

    assert {charge for charge, *_ in tasks(con)} == {None}
    assert not any("too little" in each for each in report.warnings)
    assert any("the file answers two claims of its number" in each for each in report.warnings)
    told = con.rows("SELECT detail FROM event WHERE kind = 'charge not certain'")
    assert told
    assert all("it answers two claims" in detail for (detail,) in told)


def test_another_patients_answer_replaces_none(con: Connection, cast: Cast) -> None:
    other = "NM1*QC*1*GREEN*OTTO****MI*MEM1"
    bring(con, cast, CLAIM)
    bring(con, cast, file_835(said("P1"), undone("P1"), said("P2", 120, name=other)))

    assert tasks(con) == [(1, "CO-197", False)]


def test_the_part_of_the_file_before_counts(con: Connection, cast: Cast) -> None:
    far = [
        [f"CLP*Z{at}*1*80*80**12*Z{at}", "NM1*QC*1*OLD*AMY", "DTM*232*20250113"]
        for at in range(998)
    ]
    bring(con, cast, CLAIM)
    bring(con, cast, file_835(*far, *PAYS_AFTER_DENIAL))

    assert tasks(con) == [(1, "CO-197", True)]
