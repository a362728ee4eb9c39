"""Batches that several acknowledgments (277CA) reject, with the only claim in them or alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.test_same_request import complete_all
from tests.test_transaction_reader import acknowledgment, patient
from tests.x12_texts import claim, file_837

pytestmark = [pytest.mark.slow, pytest.mark.cases(1)]  # hundreds of imports

STATUS = "STC*A1:19:PR*20250120*WQ*400"  # of the batch, in the acknowledgment of the tests


def rejected(
    *levels: str,
    stc: str = "STC*A3:24*20250121*U*200",
    batch: str = "BATCH1",
    payer: str = "PLAINS HEALTH*****PI*PH-7",
    control: str = "000000001",
) -> bytes:
    raw = acknowledgment(*levels, control=control).decode()
    for old, new in (
        (STATUS, stc), ("TRN*2*BATCH1", f"TRN*2*{batch}"), ("PLAINS HEALTH*****PI*PH-7", payer),
    ):  # fmt: skip
        raw = raw.replace(old, new)
    return raw.encode()


A1 = patient("A1", "STC*A3:116*20250121*U*200")
LATER = "STC*A3:24*20250128*U*200"
PROVIDER = ["HL*3*2*19*0", "NM1*85*1*REED*ADA****XX*1679576722", "TRN*1*P1"]


def tasks(con: Connection) -> list[tuple[object, ...]]:
    return con.rows("SELECT codes, claim_number, charge_id, amount FROM task ORDER BY id")


@pytest.mark.parametrize("stc", ["STC*A3:24*20250121*U*200", LATER, "STC*A8:496*20250128*U*200"])
def test_a_batch_rejected_alone_and_again_with_its_only_claim_is_one_task_about_that_claim(
    con: Connection, cast: Cast, stc: str
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, rejected())

    report = bring(con, cast, rejected(*A1, stc=stc, control="000000002"))
    known = bring(con, cast, rejected(*A1, stc=stc, control="000000003"))

    assert (report.tasks_new, known.tasks_new) == (0, 0)
    [(codes, number, charge_id, amount)] = tasks(con)
    assert (number, charge_id, amount) == ("A1", 1, Decimal(200))
    assert {"A3:116", "A3:24"} <= set(str(codes).split(", "))
    assert con.value("SELECT count(*) FROM event WHERE detail LIKE 'Rejected again on 01/2%'") == 1
    assert con.value("SELECT outcome FROM task_claim") == "matched"


def test_the_claim_of_a_rejected_batch_is_found_once_it_comes_in(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, rejected())
    bring(con, cast, rejected(*A1, stc=LATER))

    bring(con, cast, file_837(claim("A1")))

    assert con.rows("SELECT claim_number, patient_name, charge_id FROM task") == [
        ("A1", "GREEN, EMMA", 1)
    ]


@pytest.mark.parametrize(
    "later",
    [
        rejected(stc=LATER),
        rejected(stc="STC*A8:496*20250128*U"),
        rejected(*PROVIDER, "STC*A3:24:85*20250128*U*200", stc=STATUS),
    ],
    ids=["another day", "other codes and no amount", "by its provider"],
)
@pytest.mark.parametrize("first", [rejected(), rejected(*A1)], ids=["alone", "with its claim"])
def test_a_batch_rejected_again_while_its_task_is_open_tells_that_task(
    con: Connection, cast: Cast, first: bytes, later: bytes
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, first)

    report = bring(con, cast, later)

    assert (report.tasks_new, len(tasks(con))) == (0, 1)
    assert con.value("SELECT asked_on FROM task") == date(2025, 1, 28)
    assert con.value("SELECT count(*) FROM event WHERE detail LIKE 'Rejected again on 01/28%'") == 1


def test_an_older_rejection_of_a_batch_that_comes_later_is_history(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, rejected(stc=LATER))

    bring(con, cast, rejected(stc="STC*A8:496*20250121*U*200"))

    assert con.rows("SELECT codes, asked_on FROM task") == [("A3:24", date(2025, 1, 28))]
    assert con.value("SELECT count(*) FROM event WHERE detail LIKE 'Rejected also on 01/21%'") == 1


@pytest.mark.parametrize(
    "other",
    [
        rejected(stc="STC*A3:24*20250121*U*350"),
        rejected(batch="BATCH2"),
        rejected(payer="OTHER PLAN*****PI*OP-1", stc=LATER),
        rejected(payer="OTHER PLAN*****PI*OP-1"),
        rejected(*PROVIDER, "STC*A3:24:85*20250128*U*150", stc=STATUS),
    ],
    ids=["amount", "number", "payer", "payer of that day", "a provider's part"],
)
def test_a_rejection_of_another_batch_is_a_task_of_its_own(
    con: Connection, cast: Cast, other: bytes
) -> None:
    bring(con, cast, rejected())

    assert bring(con, cast, other).tasks_new == 1


@pytest.mark.parametrize("stc", [LATER, "STC*A3:24*20250121*U*350"])
@pytest.mark.parametrize("number", ["0", "000"])
def test_a_batch_without_a_number_of_its_own_is_another_one(
    con: Connection, cast: Cast, number: str, stc: str
) -> None:
    bring(con, cast, rejected(batch=number))

    report = bring(con, cast, rejected(batch=number, stc=stc))
    of_other_payer = bring(con, cast, rejected(batch=number, payer="OTHER PLAN*****PI*OP-1"))

    assert (report.tasks_new, of_other_payer.tasks_new) == (1, 1)


def test_another_claim_rejected_under_the_batchs_number_is_a_task_of_its_own(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, rejected(*A1))

    other = [part.replace("GREEN*EMMA", "GRAY*FAY") for part in patient("B9", A1[3])]
    report = bring(con, cast, rejected(*other, stc=LATER))

    assert report.tasks_new == 1


def test_a_batch_that_one_file_rejects_twice_is_one_task(con: Connection, cast: Cast) -> None:
    again = ["HL*5*1*21*1", "NM1*41*2*NORTHSIDE*****46*N1", "TRN*2*BATCH1", LATER, *A1]

    bring(con, cast, rejected(*again))

    assert [row[1] for row in tasks(con)] == ["A1"]


def test_a_batch_rejected_after_its_task_was_completed_is_a_task_that_names_the_earlier_one(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, rejected())
    complete_all(con)

    assert bring(con, cast, rejected(stc=LATER)).tasks_new == 1
    assert con.rows("SELECT earlier_task_id FROM task ORDER BY id") == [(None,), (1,)]


def test_a_batch_that_an_older_store_knows_is_known_by_its_earlier_key(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, rejected())
    con.execute("UPDATE task SET request_key = $key", key=str(con.value(
        "SELECT request_key FROM task")).rsplit("|", 3)[0])  # fmt: skip
    complete_all(con)

    assert bring(con, cast, rejected(control="000000002")).tasks_new == 0
    assert bring(con, cast, rejected(payer="OTHER PLAN*****PI*OP-1")).tasks_new == 1
