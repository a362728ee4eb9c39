"""A split claim (MA15) is complete when every part of it is settled, and no longer once one is
denied or taken back."""

from __future__ import annotations

import itertools

import pytest

from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.x12_texts import claim, envelope, file_837, remittance

pytestmark = [pytest.mark.slow, pytest.mark.cases(1)]  # many imports

controls = itertools.count(11)


def part(kind: str, amount: int, procedure: str) -> bytes:
    """Return what the payer says of one part of claim A1: paid, denied, taken back, or nothing
    new."""
    sign, paid = (-1, -amount) if kind == "taken back" else (1, amount if kind == "paid" else 0)
    status = {"taken back": "22", "not theirs": "23"}.get(kind, "1")
    code = {"denied": "197", "duplicate": "18", "interest": "18", "in review": "133"}.get(kind)
    said = [
        f"CLP*A1*{status}*{sign * amount}*{paid}**12*P1", "NM1*QC*1*GREEN*EMMA", "MOA***MA15",
        "DTM*232*20250113", f"SVC*HC:{procedure}*{sign * amount}*{paid}**1",
        *([f"CAS*{'OA' if code == '133' else 'CO'}*{code}*{amount}"] if code else []),
        *(["AMT*I*1"] if kind == "interest" else []),
    ]  # fmt: skip
    number = next(controls)
    inside = [each.replace("TRACE1", f"T{number}") for each in remittance(said)]
    return envelope(
        inside, kind="835", version="005010X221A1", control=f"{number:09}"
    ).encode()  # fmt: skip


VISIT, TEST = (120, "99213"), (80, "87880")


@pytest.mark.parametrize(
    ("answers", "is_complete"),
    [
        ([("denied", TEST), ("paid", VISIT)], False),
        ([("denied", TEST), ("paid", VISIT), ("paid", TEST)], True),
        ([("paid", VISIT), ("denied", TEST), ("paid", TEST)], True),
        ([("denied", TEST), ("paid", VISIT), ("taken back", VISIT), ("paid", TEST)], False),
        ([("denied", TEST), ("paid", TEST), ("denied", TEST), ("paid", VISIT)], False),
        ([("denied", VISIT), ("denied", TEST), ("paid", VISIT), ("paid", TEST)], True),
        ([("denied", TEST), ("paid", VISIT), ("interest", VISIT), ("paid", TEST)], True),
        ([("denied", TEST), ("paid", VISIT), ("duplicate", VISIT), ("paid", TEST)], True),
        ([("denied", TEST), ("paid", VISIT), ("in review", VISIT), ("paid", TEST)], True),
        ([("denied", TEST), ("paid", VISIT), ("not theirs", VISIT), ("paid", TEST)], True),
        ([("denied", TEST), ("paid", VISIT), ("duplicate", TEST)], False),
    ],
)
def test_a_task_about_a_split_claim_is_proposed_to_be_completed_once_all_parts_are_settled(
    con: Connection, cast: Cast, answers: list[tuple[str, tuple[int, str]]], is_complete: bool
) -> None:
    bring(con, cast, file_837(claim("A1")))

    for kind, which in answers:
        bring(con, cast, part(kind, *which))

    assert con.rows("SELECT proposal IS NOT NULL FROM task") == [(is_complete,)]
