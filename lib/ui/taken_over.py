"""What Edit Charge says to somebody whose task was taken over while they typed."""

from __future__ import annotations

from functools import partial

import streamlit as st

from lib import history, notes, us_formats
from lib.access import Verb, may
from lib.models import Person, Status, Task
from lib.ui import lossless_widgets, session
from lib.ui.edit_charge_actions import shown, table, typed_changes
from lib.ui.edit_charge_state import Editing, discard, keep


def taken_over(state: Editing, task: Task, actor: Person) -> None:
    """Show who has the task now, and what was typed here: to copy, to hand over, or to discard."""
    if not state.is_changed:
        if state.refusal:
            st.error(session.escape_markdown(state.refusal))
        return
    keep(state, task, actor)
    st.warning(
        session.escape_markdown(f"{_happened(task, actor)} Nothing you typed here was saved.")
    )
    changes = typed_changes(state)
    rows = [(change.label, change.before, change.now) for change in changes]
    if state.note.strip():
        rows.append(("Notes to Biller", "", state.note))
    st.html(table(("Field", "When you opened it", "What you typed"), rows))
    with st.expander("Copy what you typed"):
        st.code(as_text(state), language=None, wrap_lines=True)
    who = task.assignee_name or "the task"
    with st.container(horizontal=True, gap="xsmall"):
        can_hand_over = task.status is not Status.COMPLETED and may(
            actor, Verb.ASK, task.practice_id
        )
        if can_hand_over:
            lossless_widgets.button(
                f"Hand it over to {session.escape_markdown(who)}"
                if task.assignee_name
                else "Leave it as a comment",
                partial(_hand_over, state, task), key=f"hand_over_{task.id}", actor=actor,
                type="primary", help="As a comment on the task",
            )  # fmt: skip
        lossless_widgets.button(
            "Discard what I typed", partial(_discard, state, task), key=f"discard_{task.id}",
            actor=actor,
        )  # fmt: skip


def as_text(state: Editing) -> str:
    """Return what was typed, a line a field."""
    lines = [
        f"{change.label}: {old or 'nothing'} → {new or 'nothing'}"
        for change in typed_changes(state)
        for old, new in [shown(change.label, (change.before, change.now))]
    ]
    if state.note.strip():
        lines.append(f"Note to the biller: {state.note.strip()}")
    return "\n".join(lines)


def _happened(task: Task, actor: Person) -> str:
    story = history.of_task(session.connection(), task.id, actor=actor)
    if task.status is Status.COMPLETED:
        return f"{task.completed_by or 'Somebody'} completed this task while you were editing it."
    given = next((event for event in story if event.kind == "assigned"), None)
    if given is None or given.new is None:
        return "This task was taken from you while you were editing it."
    when = us_formats.moment(given.happened_at, session.zone(actor, task.practice_id))
    if given.actor == given.new:
        return f"{given.new} took this task over on {when}, while you were editing it."
    return (
        f"{given.actor or 'Somebody'} assigned this task to {given.new} on {when}, while you were "
        "editing it."
    )


def _hand_over(state: Editing, task: Task, actor: Person) -> str:
    notes.comment(
        session.connection(), task.id, f"Typed before the task was taken over:\n{as_text(state)}",
        token=state.token, actor=actor, now=session.now(),
    )  # fmt: skip
    discard(state, task, actor)
    return "What you typed is a comment on the task now."


def _discard(state: Editing, task: Task, actor: Person) -> str:
    discard(state, task, actor)
    return "What you typed is discarded."
