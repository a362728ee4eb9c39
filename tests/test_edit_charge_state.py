"""Edit Charge between two runs: what is typed is kept, taken up again, and shared with no tab."""

from __future__ import annotations

import pytest

from lib import charges, drafts, tasks, workflow
from lib.models import Charge, Person, Task
from lib.store.database import Connection, Store
from lib.ui import edit_charge_state
from lib.ui.edit_charge_state import Editing
from tests.conftest import NOON, Cast
from tests.given import add_task_of_charge

Opened = tuple[Editing, Task, Charge, Person]


@pytest.fixture
def opened(served: Store, cast: Cast) -> Opened:
    """Return a charge that Ana works on, and her open form."""
    con = served.connection()
    task_id = add_task_of_charge(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ana, now=NOON)
    task = tasks.get(con, task_id, actor=cast.ana)
    assert task.charge_id is not None
    charge = charges.get(con, task.charge_id, actor=cast.ana)
    return edit_charge_state._opened(task, charge, cast.ana), task, charge, cast.ana


def kept(con: Connection, task: Task, actor: Person) -> list[str]:
    return [draft.content["form"]["member_id"] for draft in drafts.kept(con, task.id, actor=actor)]


def test_a_form_nobody_typed_into_is_not_kept(con: Connection, opened: Opened) -> None:
    state, task, _, ana = opened

    edit_charge_state.keep(state, task, ana)

    assert not state.is_changed
    assert kept(con, task, ana) == []


def test_a_note_of_spaces_changes_nothing(opened: Opened) -> None:
    state, *_ = opened

    state.note = "  "
    assert not state.is_changed
    state.note = "Called the payer."
    assert state.is_changed


def test_what_is_typed_is_kept_once_and_known_to_be_kept(con: Connection, opened: Opened) -> None:
    state, task, _, ana = opened
    state.form["member_id"] = "ABC"
    assert not state.is_kept

    edit_charge_state.keep(state, task, ana)
    edit_charge_state.keep(state, task, ana)

    assert state.is_kept
    assert kept(con, task, ana) == ["ABC"]
    state.form["member_id"] = "ABD"
    assert not state.is_kept


def test_what_is_kept_does_not_go_on_changing_with_the_form(opened: Opened) -> None:
    state, *_ = opened

    content = state.content()
    state.form["lines"][0]["procedure"] = "99999"

    assert content["form"]["lines"][0]["procedure"] == "99213"


def test_typing_back_what_was_there_ends_the_draft(con: Connection, opened: Opened) -> None:
    state, task, charge, ana = opened
    state.form["member_id"] = "ABC"
    edit_charge_state.keep(state, task, ana)

    state.form["member_id"] = charge.member_id
    edit_charge_state.keep(state, task, ana)

    assert kept(con, task, ana) == []
    assert state.kept == ""


def test_a_form_that_is_opened_again_shows_what_was_typed(opened: Opened) -> None:
    state, task, charge, ana = opened
    state.form["member_id"], state.note = "ABC", "Called."
    edit_charge_state.keep(state, task, ana)

    again = edit_charge_state._opened(task, charge, ana)

    assert (again.form["member_id"], again.note, again.is_kept) == ("ABC", "Called.", True)
    assert again.drafts_sent == [again.writer, state.writer]


def test_why_nothing_can_be_kept_is_said(served: Store, cast: Cast, opened: Opened) -> None:
    state, task, *_ = opened
    state.form["member_id"] = "ABC"

    edit_charge_state.keep(state, task, cast.ben)

    assert state.not_kept
    assert not state.is_kept


def test_a_draft_of_another_tab_is_taken_up_and_ones_own_stays(
    con: Connection, opened: Opened
) -> None:
    state, task, charge, ana = opened
    other = edit_charge_state._opened(task, charge, ana)
    other.form["member_id"] = "OTHER"
    edit_charge_state.keep(other, task, ana)
    state.form["member_id"] = "MINE"
    (draft,) = drafts.kept(con, task.id, actor=ana)
    stamp = state.stamp

    edit_charge_state.take_up(state, task, charge, draft, ana)

    assert state.form["member_id"] == "OTHER"
    assert state.stamp != stamp
    assert [each.content["form"]["member_id"] for each in state.others] == ["MINE"]
    assert sorted(kept(con, task, ana)) == ["MINE", "OTHER"]


def test_a_draft_of_an_older_charge_keeps_what_the_charge_was_then(
    con: Connection, opened: Opened
) -> None:
    state, task, charge, ana = opened
    state.form["member_id"] = "MINE"
    edit_charge_state.keep(state, task, ana)
    con.execute("UPDATE charge SET member_id = 'NEW', version = version + 1")
    now = charges.get(con, charge.id, actor=ana)

    again = edit_charge_state._opened(task, now, ana)

    assert (again.opened.member_id, again.opened.version) == (charge.member_id, charge.version)
    assert again.form["member_id"] == "MINE"


def test_after_it_was_sent_the_form_starts_from_the_charge_as_it_is_now(
    con: Connection, opened: Opened
) -> None:
    state, task, _, ana = opened
    state.form["member_id"], state.note, token = "MINE", "Called.", state.token
    con.execute("UPDATE charge SET member_id = 'NEW', version = version + 1")

    edit_charge_state.sent(state, task, ana)

    assert (state.form["member_id"], state.note, state.is_changed) == ("NEW", "", False)
    assert state.token != token


def test_discarding_forgets_what_was_typed_here_and_in_the_store(
    con: Connection, opened: Opened
) -> None:
    state, task, charge, ana = opened
    state.form["member_id"] = "MINE"
    edit_charge_state.keep(state, task, ana)

    edit_charge_state.discard(state, task, ana)

    assert state.form["member_id"] == charge.member_id
    assert kept(con, task, ana) == []
