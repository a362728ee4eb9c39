"""Messages find the claim and the request that they are about, or say that they do not: inputs made
from public reports, each with what must happen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from lib import queue
from lib.import_report_models import ImportReport
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.test_import import bring

CASES = Path(__file__).parents[2] / "shared" / "cases"


def bring_case(con: Connection, cast: Cast, name: str) -> list[ImportReport]:
    """Import the files of one case in their order; skip, saying so, where they are not there."""
    return [bring(con, cast, path.read_bytes(), path.name) for path in files_of(name)]


def files_of(name: str) -> list[Path]:
    found = sorted(path for path in CASES.glob(f"{name}*") if path.suffix != ".md")
    if not found:
        pytest.skip(f"{CASES}/{name}* is not here: cases stay outside the project")
    return found


def on_charge(con: Connection) -> list[tuple[object, ...]]:
    """Return the tasks with the day, patient and payer of the charge that each is about."""
    return con.rows(
        """
        SELECT charge.date_from, patient.last_name, payer.name
        FROM task
        LEFT JOIN charge ON charge.id = task.charge_id
        LEFT JOIN patient ON patient.id = charge.patient_id
        LEFT JOIN payer ON payer.id = charge.payer_id
        ORDER BY task.id
        """
    )


def test_of_weekly_visits_on_one_account_the_denied_day_is_meant(
    con: Connection, cast: Cast
) -> None:
    bring_case(con, cast, "05-")

    assert on_charge(con) == [(date(2025, 1, 10), "DOE", "ANY PLAN")]
    assert con.rows("SELECT date_from, payer_claim_number FROM charge ORDER BY 1") == [
        (date(2025, 1, 10), "ICN-OF-0110"),
        (date(2025, 1, 17), None),
    ]


def test_of_two_patients_with_one_number_the_named_one_is_meant(
    con: Connection, cast: Cast
) -> None:
    bring_case(con, cast, "06-")

    assert on_charge(con) == [(date(2025, 1, 10), "ALPHA", "ANY PLAN")]


def test_a_denial_of_the_primary_payer_is_about_the_claim_filed_to_it(
    con: Connection, cast: Cast
) -> None:
    bring_case(con, cast, "07-")

    assert on_charge(con) == [(date(2025, 1, 10), "DOE", "PRIMARY PLAN")]
    assert con.rows(
        "SELECT payer.name, payer_claim_number FROM charge JOIN payer ON payer.id = payer_id "
        "ORDER BY 1"
    ) == [("PRIMARY PLAN", "PRIMICN77"), ("SECONDARY PLAN", None)]


def test_two_visits_rejected_with_one_code_are_two_tasks(con: Connection, cast: Cast) -> None:
    [report] = bring_case(con, cast, "11-")

    assert (report.tasks_new, report.tasks_amount) == (2, Decimal("300.00"))


def test_a_second_denial_after_the_first_was_completed_is_a_task_again(
    con: Connection, cast: Cast
) -> None:
    first, second, third = files_of("13-")
    for path in (first, second):
        bring(con, cast, path.read_bytes(), path.name)
    con.execute("UPDATE task SET status = 'completed', is_open = false, completed_at = $n", n=NOON)

    report = bring(con, cast, third.read_bytes(), third.name)

    assert report.tasks_new == 1
    assert con.rows("SELECT id, earlier_task_id, charge_id FROM task ORDER BY id") == [
        (1, None, 1),
        (2, 1, 1),
    ]
    assert con.value("SELECT detail FROM event WHERE kind = 'asked before'") == (
        "Task 1 about this claim was completed before."
    )


def test_a_request_sent_again_with_another_due_date_moves_the_open_task(
    con: Connection, cast: Cast
) -> None:
    reports = bring_case(con, cast, "14-")
    second = files_of("14-")[1].read_bytes()

    again = bring(con, cast, second + b"\n")

    assert [each.tasks_new for each in (*reports, again)] == [0, 1, 0, 0]
    assert con.rows("SELECT due_on, due_rule FROM task") == [
        (date(2025, 4, 1), "named by the payer")
    ]
    assert con.rows("SELECT field, old_value, new_value FROM event WHERE kind LIKE '%changed'") == [
        ("Due", "04/15/2025", "04/01/2025")
    ]
    assert any("Ask otherwise than before: 1 request" in said for said in reports[2].warnings)


def test_a_withdrawn_request_is_said_on_its_task_and_proposes_to_complete_it(
    con: Connection, cast: Cast
) -> None:
    reports = bring_case(con, cast, "15-")

    assert con.rows("SELECT status, proposal FROM task") == [
        ("open", "P1 has withdrawn this request. Complete the task?")
    ]
    assert con.value("SELECT count(*) FROM event WHERE kind = 'withdrawn by the payer'") == 1
    assert any("Withdrawn by the payer: 1 request" in said for said in reports[2].warnings)


def test_an_answer_under_the_number_of_the_original_finds_the_replaced_charge(
    con: Connection, cast: Cast
) -> None:
    bring_case(con, cast, "17-")

    assert con.rows("SELECT claim_number FROM charge") == [("H767802",)]
    assert on_charge(con) == [(date(2025, 1, 10), "DOE", "ANY PLAN")]


def test_a_number_that_the_payer_cut_is_found_by_its_beginning(con: Connection, cast: Cast) -> None:
    bring_case(con, cast, "18-")

    assert on_charge(con) == [(date(2025, 1, 10), "DOE", "ANY PLAN")]


def test_a_second_denial_for_another_reason_says_what_is_asked_now(
    con: Connection, cast: Cast
) -> None:
    bring_case(con, cast, "26-")

    [(kind, title, codes, due_on)] = con.rows("SELECT type, title, codes, due_on FROM task")
    assert (kind, due_on) == ("authorization", date(2025, 5, 1))
    assert codes == "CO-197, CO-16, N290"
    assert "authorization" in title.casefold()
    assert con.rows(
        "SELECT old_value, new_value FROM event WHERE field = 'Denial codes (CARC/RARC)'"
    ) == [("CO-16, N290", "CO-197, CO-16, N290")]
    assert queue.counts(con, [cast.practice], actor=cast.ana)["authorization"] == 1
