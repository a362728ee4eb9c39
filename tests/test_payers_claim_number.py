"""A replacement names the claim that the payer decided last (REF*F8), in whatever order its
messages came in: never one that it took back, rejected, or denied as a duplicate."""

from __future__ import annotations

import itertools
import json

import pytest

from lib.intake.charges import task_charge_choice
from lib.store.database import Connection
from tests.conftest import Cast
from tests.given import minutes
from tests.test_import import bring
from tests.test_task_charge_choice import change, visit, written
from tests.test_transaction_reader import acknowledgment, patient
from tests.x12_texts import answer, claim, file_835, file_837

pytestmark = [pytest.mark.slow, pytest.mark.cases(1)]  # many imports

DENIED = file_835(answer(control="P1"), control="000000011")
DENIED_AGAIN = file_835(
    answer(control="P2", codes=("CAS*CO*16*200",)), control="000000012", paid_on="20250310"
)
PAID = file_835(
    answer(control="P1", status="1", paid="120", codes=("CAS*CO*45*80",)), control="000000013",
    paid_on="20250201",
)  # fmt: skip
DUPLICATE = file_835(
    answer(control="P2", codes=("CAS*OA*18*200",)), control="000000014", paid_on="20250310"
)
TAKEN_BACK = file_835(
    answer(control="P9", status="22", amount="-200", codes=("CAS*CO*197*-200",)),
    control="000000015", paid_on="20250310",
)  # fmt: skip
REJECTED = acknowledgment(
    *patient("A1", "STC*A7:21*20250320*U*200", "REF*1K*CA9"), control="000000016"
)
ACCEPTED = acknowledgment(
    *patient("A1", "STC*A2:20*20250320*WQ*200", "REF*1K*CA9"), control="000000017"
)


def number(con: Connection) -> str:
    return str(con.value("SELECT coalesce(payer_claim_number, '') FROM charge WHERE id = 1"))


SAID = [
    ([DENIED, DENIED_AGAIN], "P2"), ([DENIED, REJECTED], "P1"), ([DENIED, ACCEPTED], "P1"),
    ([PAID, DUPLICATE], "P1"), ([DENIED, TAKEN_BACK], "P1"), ([REJECTED], ""),
    ([ACCEPTED], ""), ([REJECTED, DENIED, DENIED_AGAIN], "P2"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "expected"),
    [(order, expected) for files, expected in SAID for order in itertools.permutations(files)],
)
def test_the_number_is_that_of_the_newest_decision_in_any_order(
    con: Connection, cast: Cast, files: tuple[bytes, ...], expected: str
) -> None:
    bring(con, cast, file_837(claim()))
    for at, raw in enumerate(files):
        bring(con, cast, raw, f"{at}.835")

    assert number(con) == expected


def test_of_a_correction_and_its_reversal_in_one_file_the_correction_stands(
    con: Connection, cast: Cast
) -> None:
    correction = answer(control="P2", status="1", codes=("CAS*CO*16*200",))
    reversal = answer(control="P1", status="22", amount="-200", codes=("CAS*CO*197*-200",))
    bring(con, cast, file_837(claim()))
    bring(con, cast, DENIED, "b.835")
    bring(con, cast, file_835(correction, reversal, paid_on="20250310"), "c.835")

    assert number(con) == "P2"


@pytest.mark.parametrize("payers", [(), ("REF*1K*P1",)])
def test_a_claim_that_was_only_rejected_leaves_as_a_new_one(
    con: Connection, cast: Cast, payers: tuple[str, ...]
) -> None:
    bring(con, cast, file_837(claim()))
    bring(con, cast, acknowledgment(*patient("A1", "STC*A7:21*20250120*U*200", *payers)), "b.277")
    change(con, cast, 1)

    text = written(con, cast)

    assert "*11:B:1*" in text
    assert "REF*F8" not in text


def test_a_rejected_claim_that_the_payer_has_decided_leaves_as_a_replacement(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim()))
    bring(con, cast, REJECTED, "b.277")
    bring(con, cast, PAID, "c.835")
    change(con, cast, 1)

    text = written(con, cast)

    assert "*11:B:7*" in text
    assert "REF*F8*P1" in text


def test_a_rejected_replacement_stays_one(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim(extra=["REF*F8*P0"])))
    bring(con, cast, REJECTED, "b.277")
    change(con, cast, 1)

    text = written(con, cast)

    assert "*11:B:7*" in text
    assert "REF*F8*P0" in text


def test_a_claim_that_comes_after_its_denial_learns_its_number(con: Connection, cast: Cast) -> None:
    bring(con, cast, DENIED, "b.835")
    bring(con, cast, file_837(claim()))

    assert con.value("SELECT charge_id FROM task") == 1
    assert number(con) == "P1"


def fhir(claim_number: str) -> bytes:
    task = {
        "resourceType": "Task", "id": "T1", "status": "requested", "intent": "order",
        "code": {"coding": [{"code": "attachment-request-code"}]},
        "identifier": [{"value": "TRACK1"}],
        "reasonReference": {"identifier": {"value": claim_number}},
        "input": [{
            "type": {"coding": [{"code": "attachments-needed"}]},
            "valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": "34117-2"}]},
        }],
    }  # fmt: skip
    return json.dumps(task).encode()


@pytest.mark.parametrize("later", [fhir("A1"), fhir("a-1"), REJECTED])
def test_a_charge_that_is_chosen_for_another_message_keeps_its_number(
    con: Connection, cast: Cast, later: bytes
) -> None:
    """What names our own number, or a claim that never was processed, teaches no payer's number."""
    bring(con, cast, file_837(*(visit(claim(), day) for day in ("20250113", "20250120"))))
    bring(con, cast, file_835(visit(answer(control="P1"), "20250113")), "b.835")
    bring(con, cast, later.replace(b"20250113", b"20250120"), "c.json")
    task_id = con.value("SELECT max(id) FROM task")
    seen = con.value("SELECT charge_id FROM task WHERE id = $id", id=task_id)

    task_charge_choice.choose(
        con, task_id, 1, seen=seen, token="t", actor=cast.ana, now=minutes(1)
    )  # fmt: skip

    assert number(con) == "P1"


def test_a_charge_that_is_chosen_for_an_older_denial_keeps_the_newer_ones_number(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(*(visit(claim(), day) for day in ("20250113", "20250120"))))
    bring(con, cast, DENIED_AGAIN, "b.835")
    older = [each for each in answer(control="P1") if not each.startswith("DTM")]
    bring(con, cast, file_835(older, control="000000018"), "c.835")
    task_id = con.value("SELECT id FROM task WHERE charge_id IS NULL")

    task_charge_choice.choose(con, task_id, 1, seen=None, token="t", actor=cast.ana, now=minutes(1))

    assert number(con) == "P2"


def test_one_number_for_two_claims_of_a_remittance_is_proof_for_neither(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1"), claim("A2"), claim("A3")))
    denied = [answer("A1"), answer("A2"), answer("A3", control="P3")]
    bring(con, cast, file_835(*denied), "b.835")
    for task_id in (1, 2, 3):
        change(con, cast, task_id)
    before = written(con, cast)

    task_charge_choice.choose(con, 1, 1, seen=1, token="t", actor=cast.ana, now=minutes(1))
    after = written(con, cast)

    assert [number for number in ("A1", "A2", "A3") if f"CLM*{number}*" in before] == ["A3"]
    assert [number for number in ("A1", "A2", "A3") if f"CLM*{number}*" in after] == ["A1", "A3"]
    assert "REF*F8*PAYER1" in after


def test_a_choice_that_is_undone_leaves_the_charge_its_own_number(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(*(visit(claim(), day) for day in ("20250113", "20250120"))))
    own = file_835(visit(answer(control="P5"), "20250120"), control="000000021")
    bring(con, cast, own, "b.835")
    other = [each for each in answer(control="P1") if not each.startswith("DTM")]
    later = file_835(other, control="000000022", paid_on="20250301")
    bring(con, cast, later, "c.835")
    task_id = con.value("SELECT id FROM task WHERE charge_id IS NULL")

    for charge_id, seen in ((2, None), (1, 2)):
        task_charge_choice.choose(
            con, task_id, charge_id, seen=seen, token=f"{charge_id}", actor=cast.ana,
            now=minutes(charge_id),
        )  # fmt: skip

    numbers = con.rows("SELECT id, payer_claim_number FROM charge ORDER BY id")
    assert numbers == [(1, "P1"), (2, "P5")]
