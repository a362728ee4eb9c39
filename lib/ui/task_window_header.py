"""What the windows that open from a task share: their head, and whose task it is."""

from __future__ import annotations

from functools import partial

import streamlit as st
from markupsafe import Markup

from lib import tasks, us_formats, workflow
from lib.access import Verb, may
from lib.drafts import Form
from lib.errors import BillingError
from lib.models import Person, Resolution, Status, Task, TaskType
from lib.ui import (
    adjacent_tasks,
    components,
    html,
    kept_text,
    lossless_widgets,
    page_switching,
    page_view_audit,
    session,
)
from lib.ui.adjacent_tasks import View
from lib.ui.resolution import choose_resolution, chosen_resolution


def head(title: str, actor: Person, *, wrong: tuple[TaskType, str] | None = None) -> None:
    """Draw the title, the way back, and Task Details in the upper right. Go to the other window if
    the task is of the type in `wrong`, which this one is not for. End the run if there is no
    task."""
    task = _task(title, actor)
    if wrong and (task.type is wrong[0]) == (wrong[1] == "find_document"):
        page_switching.go(wrong[1])
    with st.container(horizontal=True, vertical_alignment="center", key="window_head"):
        if st.button("Back to tasks", icon=":material/arrow_back:", type="tertiary", key="back"):
            page_switching.go("tasks")
        about = [task.title, task.patient_name, us_formats.day(task.date_of_service)]
        if task.claim_number:
            about.append(f"claim {task.claim_number}")
        st.html(html.window(title, " · ".join(part for part in about if part)), width="stretch")
        facts = html.task_facts(
            task, session.today(actor, task.practice_id), session.zone(actor, task.practice_id)
        )
        st.html(html.render("task_summary", task=task, facts=facts))


def task_of_window(title: str, actor: Person) -> tuple[Task, bool]:
    """Return the task and whether the actor works on it; draw a line that says who does."""
    task = _task(title, actor)
    is_pending = task.status is not Status.COMPLETED
    is_mine = (
        is_pending
        and task.status is Status.IN_PROGRESS
        and task.assignee_id == actor.id
        and may(actor, Verb.WORK, task.practice_id)
    )
    if not is_pending:
        said = f"Completed by {task.completed_by or 'somebody'}; nothing can be changed here now."
    elif is_mine:
        said = "You are working on this task."
    elif task.assignee_id is not None and task.assignee_id != actor.id:
        doing = "is working on" if task.status is Status.IN_PROGRESS else "is assigned to"
        said = f"{task.assignee_name} {doing} this task; you can read it."
    else:
        said = "Nobody is working on this task yet; you can read it."
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="window_said"):
        has_charge_form = is_mine and title == "Edit Charge" and task.charge_id is not None
        st.html(html.status(said) + (_past_the_charge() if has_charge_form else ""))
        if is_pending and may(actor, Verb.WORK, task.practice_id):
            begin(task, actor)
    return task, is_mine


def _past_the_charge() -> Markup:
    """Return a link that one sees while it has the cursor: the fields of a charge are many."""
    return html.link("#notes", "Skip to the note to the biller", style="bt-skip")


def begin(task: Task, actor: Person, *, opens: bool = False) -> None:
    """Draw the button that starts, continues or takes over the task, whichever is possible, or
    undoes the start.

    `opens`: the window of the task opens with it.
    """
    is_mine = task.assignee_id == actor.id
    is_started = task.status is Status.IN_PROGRESS
    is_others = not is_mine and task.assignee_id is not None

    def start(now: Person) -> str:
        con = session.connection()
        if is_others:
            workflow.take_over(
                con, task.id, seen=task.assignee_id, seen_started=is_started, actor=now,
                now=session.now(),
            )  # fmt: skip
        else:
            workflow.start(con, task.id, actor=now, now=session.now())
        if opens:
            is_document = task.type is TaskType.DOCUMENTS
            lossless_widgets.leave("find_document" if is_document else "edit_charge")
        return ""

    def undo(now: Person) -> str:
        workflow.undo_start(session.connection(), task.id, actor=now, now=session.now())
        return "The task is as it was before you started it."

    label, said = "Start Task", None
    if is_mine and is_started:
        label = "Continue Task"
    elif is_others:
        doing = "is working on it" if is_started else "has it and has not started yet"
        label, said = "Take over", session.escape_markdown(f"{task.assignee_name} {doing}")
    # Never disabled: a click after somebody else's would be dropped silently.
    if opens or not (is_started and is_mine):
        lossless_widgets.button(
            label, start, key=f"start_{task.id}", actor=actor, help=said,
            type="secondary" if is_others else "primary" if opens else "secondary",
        )  # fmt: skip
    if workflow.can_undo_start(session.connection(), task, actor=actor):
        lossless_widgets.button(
            "Undo start", undo, key=f"undo_{task.id}", actor=actor, type="tertiary",
            help="Nothing was changed since you started this task",
        )  # fmt: skip


def complete_without_charge(task: Task, actor: Person, *, is_mine: bool) -> None:
    """Draw the way to complete, with a note, a task whose claim we do not have."""
    st.info(
        "The claim of this task is not among the charges held here. Import the 837P file it was "
        "sent in, or tell the biller what was done and complete the task."
    )
    state = kept_text.opened(Form.NOTE, task, actor)
    with st.container(key="window_note"):
        kept_text.area("Notes to Biller", state, actor, disabled=not is_mine)
    components.form_guard(key=f"guard_{task.id}")
    if is_mine:
        with st.container(horizontal=True, gap="xsmall"):
            lossless_widgets.button(
                "Save and Complete", partial(_complete, state), key=f"complete_{task.id}",
                actor=actor, type="primary",
            )  # fmt: skip
            lossless_widgets.button(
                "Complete and next", partial(_complete_and_next, state, adjacent_tasks.view(actor)),
                key=f"next_{task.id}", actor=actor,
                help="Complete this task and open the next one of the list",
            )  # fmt: skip
            choose_resolution(Resolution.ANSWERED, f"resolution_{task.id}")
    elif state.text.strip():
        st.warning("You do not have this task any more. What you typed is still here, to copy.")
        st.code(state.text, language=None, wrap_lines=True)


def _complete(state: kept_text.Text, actor: Person) -> str:
    resolution = chosen_resolution(Resolution.ANSWERED, f"resolution_{state.task.id}")
    workflow.complete(
        session.connection(), state.task.id, note=kept_text.now(state), resolution=resolution,
        token=state.token, actor=actor, now=session.now(),
    )  # fmt: skip
    kept_text.sent(state)
    lossless_widgets.leave("tasks")
    return "Task completed."


def _complete_and_next(state: kept_text.Text, view: View, actor: Person) -> str:
    return adjacent_tasks.go_on(view, state.task.id, actor, lambda: _complete(state, actor))


def _task(title: str, actor: Person) -> Task:  # noqa: RET503 (st.stop never returns)
    task_id = page_switching.task_in_url()
    if task_id is not None:
        try:
            task = tasks.get(session.connection(), task_id, actor=actor)
            page_view_audit.at_task(task, actor)
            return task
        except BillingError as problem:
            page_view_audit.refused(problem, actor, task_id)
            st.warning(session.escape_markdown(str(problem)))
    else:
        st.info(f"{title} opens from a task: choose one in the list and press Start Task.")
    if st.button("Back to tasks", key="back_from_nothing"):
        page_switching.go("tasks", task=None)
    st.stop()
