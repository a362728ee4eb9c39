"""The Edit Charge window: `?task=…` says whose charge."""

from html import escape

import streamlit as st

from lib import charge_form, charges, formats, notes
from lib.errors import BillingError, ChargeChanged, ChargeProblems
from lib.intake import provenance
from lib.models import Channel, Charge, Person, Task, TaskType
from lib.ui import document_attach, html, navigation, session
from lib.ui.edit_form import form, found_in
from lib.ui.editing import Editing, editing, forget, keep, reread
from lib.ui.task_page import complete_without_charge, head, task_of_window


@st.fragment
def window() -> None:
    """The form and what is beside it."""
    actor = session.person()
    task, is_mine = task_of_window("Edit Charge", actor)
    if task.charge_id is None:
        complete_without_charge(task, actor, is_mine=is_mine)
        return
    charge = charges.get(session.connection(), task.charge_id, actor=actor)
    state = editing(task, charge, actor)
    with st.container(key="edit_body"):
        left, right = st.columns([3.4, 1], gap="medium")
    with left:
        _said(state, task, actor)
        form(state, task, actor, is_mine=is_mine)
    with right:
        _notes(state, task, actor, is_mine=is_mine)
        document_attach.beside_charge(task, actor, is_mine=is_mine)
        _origin(charge, actor)
    if is_mine:
        _keep(state, task, actor)
        _actions(state, task, actor)


def _origin(charge: Charge, actor: Person) -> None:
    places = provenance.of_charge(session.connection(), charge.id, actor, is_opened=False)
    if places:
        zone = session.zone(actor, charge.practice_id)
        st.html(html.origin(places, zone, f"/origin/charge/{charge.id}"))


def _keep(state: Editing, task: Task, actor: Person) -> None:
    try:
        keep(state, task, actor)
    except BillingError as problem:
        state.refusal = str(problem)


def _said(state: Editing, task: Task, actor: Person) -> None:
    """Why the last attempt was refused, and what somebody else changed, field by field."""
    if state.refusal:
        st.error(session.escape_markdown(state.refusal))
    if not state.changes:
        return
    rows = "".join(
        f"<tr><td>{escape(change.label)}</td><td>{escape(change.before or '–')}</td>"
        f"<td>{escape(change.now or '–')}</td></tr>"
        for change in state.changes
    )
    st.html(
        '<table class="bt-changes"><tr><th>Field</th><th>When you opened it</th>'
        f"<th>Now</th></tr>{rows}</table>"
    )
    with st.container(horizontal=True, gap="xsmall"):
        if st.button("Keep what I typed, take the rest from them", type="primary"):
            assert task.charge_id is not None
            now = charges.get(session.connection(), task.charge_id, actor=actor)
            reread(state, task, actor, form=charge_form.merge(state.form, state.opened, now))
            st.rerun(scope="fragment")
        if st.button("Take theirs, drop what I typed"):
            reread(state, task, actor, form=None)
            st.rerun(scope="fragment")


def _notes(state: Editing, task: Task, actor: Person, *, is_mine: bool) -> None:
    written = notes.notes(session.connection(), task.id, actor=actor)
    zone = session.zone(actor, task.practice_id)
    state.note = st.text_area(
        "Notes to Biller", state.note, key=f"note_{task.id}_{state.stamp}", height=120,
        disabled=not is_mine, max_chars=4000, placeholder="What the biller should know",
    )  # fmt: skip
    to_biller = html.thread([n for n in written if n.channel is Channel.TO_BILLER], zone)
    from_biller = html.thread([n for n in written if n.channel is Channel.FROM_BILLER], zone)
    thread = html.thread([n for n in written if n.channel is Channel.QUESTION], zone)
    st.html(
        to_biller
        + '<p class="bt-head">Notes from Biller</p>'
        + (from_biller or '<p class="bt-quiet">None yet.</p>')
        + (f'<p class="bt-head" style="margin-top:12px">Questions &amp; Comments</p>{thread}')
        * bool(thread)
    )


def _actions(state: Editing, task: Task, actor: Person) -> None:
    with st.container(horizontal=True, key="actions", gap="xsmall"):
        done = st.button("Save and Complete", type="primary", key=f"complete_{task.id}")
        saved = st.button("Save", key=f"save_{task.id}")
        checked = st.button("Check codes", key=f"check_{task.id}")
        if state.is_changed:
            st.html('<p class="bt-quiet">What you typed is kept as a draft.</p>')
    if checked:
        state.is_checked, state.refusal = True, ""
        _, problems = found_in(state, task, actor)
        stopping = [p for p in problems if p.is_blocking]
        said = (
            formats.plural(len(stopping), "problem")
            + " to correct before the task can be completed."
            if stopping
            else "Nothing stops this charge."
        )
        session.toasts().append(("error" if stopping else "success", said))
        st.rerun()
    if done or saved:
        _save(state, task, actor, is_last=done)


def _save(state: Editing, task: Task, actor: Person, *, is_last: bool) -> None:
    """Save, or save and complete: one verb of the library, then the message."""
    said = session.toasts()
    charge, unreadable = charge_form.from_form(state.form, state.opened)
    state.refusal, state.changes, is_done = "", (), False
    try:
        if unreadable:
            state.is_checked = True
            raise ChargeProblems([p for p in found_in(state, task, actor)[1] if p.is_blocking])
        is_done = _write(state, task, charge, actor, is_last=is_last)
        said.append(("success", "Task completed." if is_done else "Saved."))
    except ChargeProblems as problem:
        state.is_checked, state.refusal = True, str(problem)
    except ChargeChanged as problem:
        state.refusal, state.changes = str(problem), problem.changes
    except BillingError as problem:
        state.refusal = str(problem)
    if is_done:
        forget(task.id)
        navigation.go("tasks")
    st.rerun()


def _write(state: Editing, task: Task, charge: Charge, actor: Person, *, is_last: bool) -> bool:
    save = charges.save_and_complete if is_last else charges.save
    save(
        session.connection(),
        task.id,
        charge,
        opened=state.opened,
        note=state.note,
        token=state.token,
        actor=actor,
        now=session.now(),
    )
    if is_last:
        return True
    state.note, state.is_checked = "", True
    reread(state, task, actor, form=None)
    return False


actor = session.person()
if (task_id := navigation.task_in_url()) is not None and st.session_state.get("window") != task_id:
    forget(task_id)
    st.session_state["window"] = task_id
head("Edit Charge", actor, wrong=(TaskType.DOCUMENTS, "find_document"))
window()
document_attach.dialog()
