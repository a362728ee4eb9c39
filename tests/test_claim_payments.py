"""Each answer of a remittance is kept for the claim that it answers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.x12_texts import answer, claim, envelope, file_837, remittance


def paid(patient: str, member: str) -> list[str]:
    said = answer("A1", status="1", amount="200", codes=())
    said[0] = "CLP*A1*1*200*120**12*"
    said[1] = f"NM1*QC*1*{patient}****MI*{member}"
    return said


def remitted(*answers: list[str], control: str) -> bytes:
    inside = remittance(*answers, paid_on="20250310")
    return envelope(inside, kind="835", version="005010X221A1", control=control).encode()


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        (("GREEN*EMMA", "MEM1"), ("GREEN*OLIVER", "MEM2"), 2),
        (("GREEN*EMMA", "MEM1"), ("GREEN*OLIVER", "MEM1"), 2),
        (("GREEN*EMMA", "MEM1"), ("GREEN*EMMA", "MEM2"), 2),
        (("GREEN*EMMA", "MEM1"), ("Green*Emma", "mem-1"), 1),
    ],
)
def test_two_patients_paid_alike_under_one_number_are_two_answers(
    con: Connection,
    cast: Cast,
    first: tuple[str, str],
    second: tuple[str, str],
    count: int,
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, remitted(paid(*first), paid(*second), control="000000021"))
    bring(con, cast, remitted(paid(*second), paid(*first), control="000000022"))

    assert con.rows("SELECT count(*), sum(paid) FROM claim_answer") == [
        (count, Decimal(120 * count))
    ]
