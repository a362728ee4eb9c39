"""Data folders filled when a claim was only its number: they open, show the same, and are in doubt
where they may be wrong."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from lib.export.charges_to_refile import payer_claim_numbers
from lib.intake import imports
from lib.store import migrations
from lib.store.database import Connection
from lib.store.duckdb.store import DuckDBStore
from tests.conftest import NOON
from tests.given import schema_before
from tests.x12_texts import answer, claim, file_835, file_837

PEOPLE = """
    INSERT INTO payer (id, practice_id, code, name) VALUES (1, 1, 'PH-7', 'PLAINS HEALTH');
    INSERT INTO patient (id, practice_id, last_name, first_name, birth_date, sex)
    VALUES (1, 1, 'GREEN', 'EMMA', DATE '1980-02-29', 'F')
"""
CHARGE = """
    INSERT INTO charge (id, practice_id, claim_number, patient_id, payer_id, member_id, date_from,
                        date_to, diagnoses, filed_total, arrival_problems, fingerprint, created_at,
                        frequency, is_voided, payer_claim_number)
    VALUES ($id, 1, $number, 1, 1, 'MEM1', $day, $day, [], 200, [], 'f' || $id,
            TIMESTAMP '2025-02-01', '1', false, 'PAYER1')
"""
TASK = """
    INSERT INTO task (id, practice_id, type, status, is_open, turn, title, instructions, charge_id,
                      claim_number, patient_name, payer_name, date_of_service, source, codes,
                      request_key, intake_file_id, segment_number, claim_shape, created_at)
    VALUES ($id, 1, 'charge', 'open', true, 'practice', 'Denied', 'Look', $charge_id, $number,
            'GREEN, EMMA', 'PLAINS HEALTH', DATE '2025-01-13', '835', 'CO-197', $key, 1, 8, 'a#',
            TIMESTAMP '2025-02-10')
"""


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """Return a store of before: two visits of one number with one payer's number, and two tasks."""
    schema = schema_before("010", tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "SCHEMA", schema)
        store = DuckDBStore(tmp_path / "data")
        con = store.connection()
        con.execute(
            """
            INSERT INTO practice (name, timezone, due_days, created_at)
            VALUES ('Northside', 'America/Chicago', 30, $now)
            """,
            now=NOON,
        )
        con.execute(PEOPLE)
        for id_, day in ((1, "2025-01-13"), (2, "2025-01-20")):
            con.execute(CHARGE, id=id_, number="00A-1", day=day)
        con.execute(TASK, id=1, charge_id=2, number="OLD-9", key="835|00A-1|PAYER1|CO-197")
        con.execute(TASK, id=2, charge_id=None, number="B7", key="835|B7|P2|CO-197")
        for table in ("task", "charge", "patient", "payer"):  # the ids above are taken
            con.next_ids(table, 99)
        store.close()
    return DuckDBStore(tmp_path / "data").connection()


def bring(con: Connection, raw: bytes) -> int:
    report = imports.apply(con, "a", raw, actor=None, practice_id=1, now=NOON)
    assert report.refused is None
    return report.tasks_new


def test_its_claims_are_found_by_every_number_they_had(older: Connection) -> None:
    assert older.rows("SELECT number_key FROM charge ORDER BY id") == [("a1",), ("a1",)]
    assert older.rows(
        "SELECT charge_id, kind, number_key, is_proven FROM charge_number ORDER BY ALL"
    ) == [
        (1, "payer", "payer1", False), (2, "claim", "old9", True), (2, "payer", "payer1", False),
    ]  # fmt: skip


def test_what_it_knows_is_known_again_and_a_new_answer_is_about_its_day(
    older: Connection,
) -> None:
    older.execute("UPDATE task SET instructions = 'denied the claim on 02/10/2025 with CO-197'")
    same, later = (
        file_835(answer("00A-1"), paid_on=day, control=f"00000000{n}")
        for n, day in enumerate(("20250210", "20250401"), 1)
    )

    assert bring(older, same) == 0
    assert bring(older, later) == 1
    assert older.value("SELECT charge_id FROM task WHERE id >= 100") == 1


def test_a_task_that_waited_for_its_claim_finds_it(older: Connection) -> None:
    bring(older, file_837(claim("B7")))

    assert older.value("SELECT charge_id >= 100 FROM task WHERE id = 2")


def test_answers_of_an_older_store_say_which_of_their_numbers_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = schema_before("260", tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "SCHEMA", schema)
        store = DuckDBStore(tmp_path / "data")
        con = store.connection()
        con.execute(PEOPLE)
        for id_ in (1, 2):
            con.execute(CHARGE, id=id_, number=f"A{id_}", day="2025-01-13")
        con.execute("UPDATE charge SET payer_claim_number = 'LAST'")
        for id_, (number, status, charged, day, code) in enumerate([
            ("P1", "1", 200, "2025-02-10", "197"), ("DUPLICATE", "1", 200, "2025-03-10", "18"),
            ("BACK", "22", -200, "2025-03-10", "197"), ("PRICE", "25", 200, "2025-03-10", "197"),
        ]):  # fmt: skip
            con.execute(
                """
                INSERT INTO claim_answer (id, practice_id, intake_file_id, segment_number,
                    answer_key, charge_id, payer_name, claim_number, payer_claim_number, status,
                    charged, paid, answered_on, recorded_at)
                VALUES ($id, 1, 1, 1, 'k' || $id, 1, 'PLAINS HEALTH', 'A1', $number, $status,
                        $charged, 0, $day, TIMESTAMP '2025-03-10')
                """,
                id=id_, number=number, status=status, charged=charged, day=day,
            )  # fmt: skip
            con.execute(
                "INSERT INTO claim_answer_code VALUES ($id, 1, 'adjustment', 'CO', $code, 200)",
                id=id_, code=code,
            )  # fmt: skip
        store.close()

    con = DuckDBStore(tmp_path / "data").connection()
    exported = payer_claim_numbers(con, [1, 2])

    assert exported == {1: "P1", 2: "LAST"}
    assert con.rows("SELECT outcome, payer_id FROM claim_answer ORDER BY id") == [
        ("decided", 1), ("held", 1), ("reversed", 1), ("", 1),
    ]  # fmt: skip


def test_interest_in_the_payments_of_an_older_store_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [  # paid, its adjustments, and how much of it is interest
        ("2.50", [("197", "200"), ("225", "-2.50")], "2.50"),
        ("62.50", [("45", "140"), ("85", "-1"), ("225", "-1.50")], "2.50"),
        ("-2.50", [("197", "-200"), ("225", "2.50")], "-2.50"),
        ("60.00", [("45", "138"), ("85", "2")], "0.00"),
        ("1.00", [("225", "-2.50")], "1.00"),
    ]
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "SCHEMA", schema_before("293", tmp_path))
        store = DuckDBStore(tmp_path / "data")
        con = store.connection()
        for id_, (paid, reasons, _) in enumerate(answers):
            con.execute(
                """
                INSERT INTO claim_answer (id, practice_id, intake_file_id, segment_number,
                    answer_key, payer_name, claim_number, payer_claim_number, status,
                    charged, paid, recorded_at)
                VALUES ($id, 1, 1, 1, 'k' || $id, 'P', 'A1', 'P1', '1', 200, $paid,
                        TIMESTAMP '2025-03-10')
                """,
                id=id_, paid=Decimal(paid),
            )  # fmt: skip
            for code, amount in reasons:
                con.execute(
                    "INSERT INTO claim_answer_code VALUES ($id, 1, 'adjustment', 'OA', $code, $of)",
                    id=id_, code=code, of=Decimal(amount),
                )  # fmt: skip
        store.close()

    con = DuckDBStore(tmp_path / "data").connection()

    found = [row[0] for row in con.rows("SELECT interest FROM claim_answer ORDER BY id")]
    assert found == [Decimal(interest) for *_, interest in answers]
