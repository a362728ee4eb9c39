"""The Edit Charge window: `?task=…` says whose charge."""

from __future__ import annotations

from functools import partial

import streamlit as st

from lib import charges, notes
from lib.audit_log import Activity
from lib.intake.files import provenance
from lib.models import Channel, Charge, Person, Task, TaskType
from lib.ui import (
    document_attach,
    html,
    live_updates,
    lossless_widgets,
    page_switching,
    page_view_audit,
    session,
)
from lib.ui.edit_charge_actions import actions, conflict, look_again, other_drafts
from lib.ui.edit_charge_form import form, heard
from lib.ui.edit_charge_state import Editing, editing, forget, keep
from lib.ui.session_state import Kept
from lib.ui.taken_over import taken_over
from lib.ui.task_window_header import complete_without_charge, head, task_of_window

OPENED = Kept[int]("window")  # the task whose charge was read when the page was opened


@st.fragment(key="window")
def window() -> None:
    """Draw the form and what is beside it."""
    actor = session.person()
    lossless_widgets.settle()
    seen = live_updates.latest_of_window(actor)
    task, is_mine = task_of_window("Edit Charge", actor)
    if task.charge_id is None:
        live_updates.follow_task("window", task.id, seen)
        complete_without_charge(task, actor, is_mine=is_mine)
        return
    charge = charges.get(session.connection(), task.charge_id, actor=actor)
    page_view_audit.at_task(task, actor, Activity.SAW_CHARGE)
    state = editing(task, charge, actor)
    live_updates.follow_task(
        "window", task.id, seen, is_form=state.is_changed,
        on_news=partial(look_again, state, actor),
    )  # fmt: skip
    with st.container(key="edit_body"):
        left, right = st.columns([3.4, 1], gap="medium")
    with left:
        if is_mine:
            conflict(state, task, actor)
            other_drafts(state, task, charge, actor)
        else:
            taken_over(state, task, actor)
        form(state, task, actor, is_mine=is_mine)
    with right, st.container(key="beside_charge"):
        _notes(state, task, actor, is_mine=is_mine)
        document_attach.beside_charge(task, actor, is_mine=is_mine)
        _origin(charge, actor)
    if is_mine:
        keep(state, task, actor)
        actions(state, task, actor)
    state.unsaid.clear()  # the form has said it


def _origin(charge: Charge, actor: Person) -> None:
    places = provenance.of_charge(session.connection(), charge.id, actor, is_opened=False)
    if places:
        zone = session.zone(actor, charge.practice_id)
        st.html(html.origin(places, zone, f"/origin/charge/{charge.id}"))


def _notes(state: Editing, task: Task, actor: Person, *, is_mine: bool) -> None:
    written = notes.notes(session.connection(), task.id, actor=actor)
    zone = session.zone(actor, task.practice_id)
    key = f"note_{task.id}_{state.stamp}"
    state.note = st.text_area(
        "Notes to Biller", state.note, key=key, height=120, disabled=not is_mine, max_chars=4000,
        placeholder="What the biller should know", on_change=heard,
        args=(state, task, actor),
    )  # fmt: skip
    to_biller = html.thread([n for n in written if n.channel is Channel.TO_BILLER], zone)
    from_biller = html.thread([n for n in written if n.channel is Channel.FROM_BILLER], zone)
    thread = html.thread([n for n in written if n.channel is Channel.QUESTION], zone)
    st.html(
        to_biller
        + html.heading("Notes from Biller")
        + (from_biller or html.quiet("None yet."))
        + (html.heading("Questions & Comments", is_apart=True) + thread if thread else thread)
    )


actor = session.person()
if (task_id := page_switching.task_in_url()) is not None and OPENED.get() != task_id:
    forget(task_id)
    OPENED.put(task_id)
head("Edit Charge", actor, wrong=(TaskType.DOCUMENTS, "find_document"))
window()
document_attach.dialog()
