"""What the buttons of Edit Charge do with what is typed, and how changes are told."""

from __future__ import annotations

import pytest

from lib import charges, tasks
from lib.errors import ChargeProblems, NothingChanged
from lib.models import Status, TaskFilter
from lib.store.database import Connection
from lib.ui import edit_charge_actions
from lib.ui.adjacent_tasks import View
from tests.test_edit_charge_state import Opened, opened

__all__ = ["opened"]
VIEW = View(TaskFilter(), "due", False)


def told(opened: Opened) -> list[tuple[str, str, str]]:
    return [(c.label, c.before, c.now) for c in edit_charge_actions.typed_changes(opened[0])]


def test_nothing_typed_is_no_change(opened: Opened) -> None:
    assert told(opened) == []


def test_a_field_that_was_typed_over_is_told_with_what_it_was(opened: Opened) -> None:
    opened[0].form["member_id"] = "ABC"

    assert told(opened) == [("Member ID", "XYZ100", "ABC")]


def test_what_cannot_be_read_is_told_as_it_is_typed(opened: Opened) -> None:
    opened[0].form["hospitalized_from"] = "13/45/2025"

    assert told(opened) == [("Admission date", "", "13/45/2025")]


def test_a_line_that_cannot_be_read_is_told_as_it_is_typed(opened: Opened) -> None:
    opened[0].form["lines"][1]["units"] = "many"

    ((label, _, now),) = told(opened)

    assert label == "Service line 2"
    assert "many" in now


def test_diagnoses_are_shown_with_their_dot_and_other_fields_as_they_are() -> None:
    assert edit_charge_actions.shown("Diagnoses", ["E119 I10"]) == ["E11.9 I10"]
    assert edit_charge_actions.shown("Member ID", ["E119"]) == ["E119"]


def test_what_is_kept_is_said_before_anything_else_is_asked(opened: Opened) -> None:
    state = opened[0]
    assert edit_charge_actions._what_is_kept(state) == ""
    state.not_kept = "The disk is full."
    assert "The disk is full." in edit_charge_actions._what_is_kept(state)
    state.is_asked = True
    assert "Nothing was changed" in edit_charge_actions._what_is_kept(state)


def test_saving_writes_the_charge_and_goes_on_with_an_unchanged_form(
    con: Connection, opened: Opened
) -> None:
    state, task, charge, ana = opened
    state.form["member_id"] = "ABC"

    assert edit_charge_actions.save(state, task, VIEW, ana) == "Saved."
    assert charges.get(con, charge.id, actor=ana).member_id == "ABC"
    assert not state.is_changed


def test_what_cannot_be_read_is_not_saved(con: Connection, opened: Opened) -> None:
    state, task, charge, ana = opened
    state.form["hospitalized_from"] = "soon"

    with pytest.raises(ChargeProblems):
        edit_charge_actions.save(state, task, VIEW, ana)
    assert state.is_checked
    assert charges.get(con, charge.id, actor=ana) == charge


def test_completing_without_a_change_is_asked_about(con: Connection, opened: Opened) -> None:
    state, task, _, ana = opened

    with pytest.raises(NothingChanged):
        edit_charge_actions._complete(state, task, ana)
    state.is_asked = True
    edit_charge_actions._complete(state, task, ana)

    assert tasks.get(con, task.id, actor=ana).status is Status.COMPLETED
