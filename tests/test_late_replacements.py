"""Replacements and voids that came before anything said which charge has the number they name."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_filing_times import coded, sent
from tests.test_import import bring
from tests.test_later_messages import of
from tests.test_same_request import complete_all
from tests.test_task_charge_choice import change, written
from tests.x12_texts import answer, claim, file_835

pytestmark = [pytest.mark.slow, pytest.mark.cases(1)]  # many imports

ORIGINAL = sent("20250113", claim("A1"))
REPLACEMENT = sent("20250220", coded("J03.9", of(claim("R1", amount="250"), "7", "P9")))
VOID = sent("20250220", of(claim("R1"), "8", "P9"))
DENIED = file_835(answer("A1", control="P9"))
AGAIN = file_835(answer("R1", control="P10", amount="250", codes=("CAS*CO*16*250",)),
                 paid_on="20250310", control="000000009")  # fmt: skip


def standing(con: Connection) -> list[tuple[object, ...]]:
    return con.rows(
        "SELECT claim_number, diagnoses, filed_total, payer_claim_number FROM charge "
        "WHERE NOT coalesce(is_voided, false) ORDER BY claim_number"
    )


@pytest.mark.parametrize("order", list(itertools.permutations([ORIGINAL, REPLACEMENT, DENIED])))
def test_a_replacement_takes_its_originals_place_in_any_order(
    con: Connection, cast: Cast, order: tuple[bytes, ...]
) -> None:
    for place, raw in enumerate(order):
        bring(con, cast, raw, f"{place}.txt")

    assert standing(con) == [("R1", ["J039", "R509"], Decimal(250), "P9")]
    [(task_id, charge_id)] = con.rows("SELECT id, charge_id FROM task")
    assert con.value("SELECT claim_number FROM charge WHERE id = $id", id=charge_id) == "R1"
    change(con, cast, task_id)
    text = written(con, cast)
    assert "CLM*R1*200***11:B:7" in text
    assert "REF*F8*P9~" in text


def test_what_it_changes_is_in_the_history_of_both(con: Connection, cast: Cast) -> None:
    bring(con, cast, ORIGINAL)
    bring(con, cast, REPLACEMENT)

    report = bring(con, cast, DENIED)

    assert "Replaced: 1 charge held before." in report.warnings
    rows = con.rows(
        "SELECT detail FROM event WHERE kind IN ('replaced', 'original arrived') ORDER BY charge_id"
    )
    said = [row[0] for row in rows]
    assert "Claim number: A1 → R1" in said[0]
    assert "(P9) is known by this file" in said[0]
    assert "this one counts no more" in said[1]
    assert len(con.rows("SELECT 1 FROM service_line WHERE charge_id = 1")) == 2


def test_answers_and_tasks_of_the_replacement_are_the_originals(
    con: Connection, cast: Cast
) -> None:
    for place, raw in enumerate((ORIGINAL, REPLACEMENT, AGAIN, DENIED)):
        bring(con, cast, raw, f"{place}.txt")

    assert standing(con) == [("R1", ["J039", "R509"], Decimal(250), "P10")]
    assert {row[0] for row in con.rows("SELECT charge_id FROM task")} == {1}
    assert {row[0] for row in con.rows("SELECT charge_id FROM claim_answer")} == {1}


@pytest.mark.parametrize("order", [(ORIGINAL, VOID, DENIED), (VOID, ORIGINAL, DENIED)])
def test_a_void_voids_the_charge_whose_number_an_835_brings(
    con: Connection, cast: Cast, order: tuple[bytes, ...]
) -> None:
    for place, raw in enumerate(order):
        bring(con, cast, raw, f"{place}.txt")

    assert standing(con) == []


LAST = sent("20250225", coded("J05.9", of(claim("R2", amount="260"), "7", "P9")))
LAST_VOID = sent("20250225", of(claim("R2"), "8", "P9"))


@pytest.mark.parametrize("order", list(itertools.permutations([ORIGINAL, REPLACEMENT, LAST])))
def test_of_two_replacements_that_wait_the_one_written_last_stands(
    con: Connection, cast: Cast, order: tuple[bytes, ...]
) -> None:
    for place, raw in enumerate((*order, DENIED)):
        bring(con, cast, raw, f"{place}.txt")

    assert standing(con) == [("R2", ["J059", "R509"], Decimal(260), "P9")]


@pytest.mark.parametrize("order", [(ORIGINAL, REPLACEMENT, LAST_VOID), (REPLACEMENT, LAST_VOID,
                                                                        ORIGINAL)])  # fmt: skip
def test_a_replacement_that_was_voided_while_it_waited_voids_its_original(
    con: Connection, cast: Cast, order: tuple[bytes, ...]
) -> None:
    for place, raw in enumerate((*order, DENIED)):
        bring(con, cast, raw, f"{place}.txt")

    assert standing(con) == []


def test_a_replacement_sent_again_after_it_took_its_place_is_known(
    con: Connection, cast: Cast
) -> None:
    for place, raw in enumerate((ORIGINAL, REPLACEMENT, DENIED)):
        bring(con, cast, raw, f"{place}.txt")

    report = bring(con, cast, REPLACEMENT + b"\n", "again.txt")
    bring(con, cast, AGAIN, "answer.txt")

    assert report.charges_new == 0
    assert con.rows("SELECT DISTINCT charge_id FROM task") == [(1,)]
    assert con.value("SELECT payer_claim_number FROM charge WHERE id = 1") == "P10"


@pytest.mark.parametrize(
    "other",
    [
        file_835(answer("A1", control="P8")),
        file_835(answer("A1", control="P9", patient="GREEN*FAY")),
        DENIED.replace(b"PLAINS HEALTH", b"PEAK MUTUAL"),
    ],
    ids=["number", "patient", "payer"],
)
def test_an_answer_that_does_not_prove_the_number_moves_nothing(
    con: Connection, cast: Cast, other: bytes
) -> None:
    bring(con, cast, ORIGINAL)
    bring(con, cast, REPLACEMENT)

    bring(con, cast, other)

    assert [row[0] for row in standing(con)] == ["A1", "R1"]


@pytest.mark.parametrize("edited", [1, 2])
def test_what_somebody_edited_stays_as_it_is(con: Connection, cast: Cast, edited: int) -> None:
    bring(con, cast, ORIGINAL)
    bring(con, cast, REPLACEMENT)
    con.execute("UPDATE charge SET is_edited = true WHERE id = $id", id=edited)

    bring(con, cast, DENIED)

    assert sorted(str(row[0]) for row in standing(con)) == ["A1", "R1"]


def test_a_replacement_of_another_patient_stays_its_own(con: Connection, cast: Cast) -> None:
    bring(con, cast, ORIGINAL)
    bring(con, cast, REPLACEMENT.replace(b"GREEN*EMMA", b"GRAY*FAY"))

    bring(con, cast, DENIED)
    complete_all(con)

    assert sorted(str(row[0]) for row in standing(con)) == ["A1", "R1"]


def test_a_charge_that_was_replaced_does_not_wait_for_the_number_of_its_own_answer(
    con: Connection, cast: Cast
) -> None:
    """Some payers have one number for two claims of a patient's day."""
    replaced = [each.replace("11:B:1", "11:B:7") for each in claim("A1", amount="250")]
    files = (
        ORIGINAL, sent("20250220", replaced), sent("20250113", claim("B2")),
        file_835(answer("B2", control="P9")),
        file_835(answer("A1", control="P9", amount="250"), control="000000009"),
    )  # fmt: skip

    for place, raw in enumerate(files):
        bring(con, cast, raw, f"{place}.txt")

    assert {number for number, *_ in standing(con)} == {"A1", "B2"}
    assert sorted(con.rows("SELECT claim_number, charge_id FROM task")) == [("A1", 1), ("B2", 2)]
