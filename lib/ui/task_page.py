"""What the windows that open from a task share: their head, and whose task it is."""

from __future__ import annotations

from html import escape

import streamlit as st

from lib import formats, tasks, workflow
from lib.access import Verb, may
from lib.errors import BillingError
from lib.models import Person, Status, Task, TaskType
from lib.store.idempotency import new_token
from lib.ui import html, navigation, session


def head(title: str, actor: Person, *, wrong: tuple[TaskType, str] | None = None) -> None:
    """Title, the way back, and Task Details in the upper right. Goes to the other window where
    the task is of a type (`wrong`) that this one is not for. Ends the run without a task."""
    task = _task(title, actor)
    if wrong and (task.type is wrong[0]) == (wrong[1] == "find_document"):
        navigation.go(wrong[1])
    with st.container(horizontal=True, vertical_alignment="center", key="window_head"):
        if st.button("Back to tasks", icon=":material/arrow_back:", type="tertiary"):
            navigation.go("tasks")
        about = [task.title, task.patient_name, formats.day(task.date_of_service)]
        if task.claim_number:
            about.append(f"claim {task.claim_number}")
        st.html(
            f'<h1 class="bt-window">{escape(title)}</h1><span class="bt-quiet">'
            f"{escape(' · '.join(part for part in about if part))}</span>",
            width="stretch",
        )
        with st.popover("Task Details", icon=":material/assignment:", width="content"):
            st.html(
                f'<p class="bt-title">{escape(task.title)}</p>'
                f'<p class="bt-head">Task Instructions</p>'
                f'<p class="bt-text">{escape(task.instructions)}</p><br>'
                + html.task_facts(
                    task,
                    session.today(actor, task.practice_id),
                    session.zone(actor, task.practice_id),
                ),
                width=380,
            )


def task_of_window(title: str, actor: Person) -> tuple[Task, bool]:
    """The task, whether the actor works on it, and a line that says who does."""
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
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<p class="bt-quiet" role="status">{escape(said)}</p>')
        is_free = is_pending and task.assignee_id in (None, actor.id) and not is_mine
        if is_free and may(actor, Verb.WORK, task.practice_id) and st.button("Start Task"):
            try:
                workflow.start(session.connection(), task.id, actor=actor, now=session.now())
            except BillingError as problem:
                session.toasts().append(("error", str(problem)))
            st.rerun()
    return task, is_mine


def complete_without_charge(task: Task, actor: Person, *, is_mine: bool) -> None:
    """A task about a claim that is not held here is completed with a note."""
    st.info(
        "The claim of this task is not among the charges held here. Import the 837P file it was "
        "sent in, or tell the biller what was done and complete the task."
    )
    key = f"token_{task.id}"
    token = st.session_state.setdefault(key, new_token())
    note = st.text_area("Notes to Biller", key=f"note_{task.id}", disabled=not is_mine)
    if is_mine and st.button("Save and Complete", type="primary"):
        said = session.toasts()
        try:
            workflow.complete(
                session.connection(), task.id, note=note, token=token, actor=actor,
                now=session.now(),
            )  # fmt: skip
        except BillingError as problem:
            st.error(session.escape_markdown(str(problem)))
            return
        said.append(("success", "Task completed."))
        navigation.go("tasks")


def _task(title: str, actor: Person) -> Task:  # noqa: RET503 (st.stop never returns)
    task_id = navigation.task_in_url()
    if task_id is not None:
        try:
            return tasks.get(session.connection(), task_id, actor=actor)
        except BillingError as problem:
            st.warning(session.escape_markdown(str(problem)))
    else:
        st.info(f"{title} opens from a task: choose one in the list and press Start Task.")
    if st.button("Back to tasks", key="back_from_nothing"):
        navigation.go("tasks", task=None)
    st.stop()
