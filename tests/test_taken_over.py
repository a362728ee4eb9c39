"""Somebody whose task was taken over while they typed sees by whom, and what they typed."""

from __future__ import annotations

from lib import tasks, workflow
from lib.store.database import Store
from lib.ui import taken_over
from tests.conftest import Cast
from tests.given import minutes
from tests.test_edit_charge_state import Opened, opened

__all__ = ["opened"]


def test_what_was_typed_can_be_copied_a_line_a_field(opened: Opened) -> None:
    state = opened[0]
    state.form["member_id"] = ""
    state.form["diagnoses"] = ["J02.9"]
    state.note = " Called the payer. "

    assert taken_over.as_text(state).splitlines() == [
        "Member ID: XYZ100 → nothing",
        "Diagnoses: E11.9 I10 → J02.9",
        "Note to the biller: Called the payer.",
    ]


def test_who_gave_the_task_to_whom_is_said(served: Store, cast: Cast, opened: Opened) -> None:
    _, task, _, ana = opened
    con = served.connection()
    workflow.assign(con, task.id, to=cast.ben.id, seen=ana.id, actor=cast.ana, now=minutes(5))

    said = taken_over._happened(tasks.get(con, task.id, actor=ana), ana)

    assert said.startswith("Ana assigned this task to Ben on 03/03/2025 12:05 PM")


def test_a_task_that_was_completed_meanwhile_says_by_whom(
    served: Store, cast: Cast, opened: Opened
) -> None:
    _, task, _, ana = opened
    con = served.connection()
    con.execute(
        "UPDATE task SET status = 'completed', is_open = false, completed_by = $ben",
        ben=cast.ben.id,
    )

    said = taken_over._happened(tasks.get(con, task.id, actor=ana), ana)

    assert said == "Ben completed this task while you were editing it."
