"""The Task Details panel: what a task is about, who has it, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from lib import documents, formats, history, notes, people, suggestions, tasks, workflow
from lib.access import Verb, may
from lib.errors import BillingError
from lib.intake import provenance
from lib.models import Channel, Document, Note, Person, Status, Task, TaskType
from lib.store.idempotency import new_token
from lib.ui import document_attach, html, navigation, session


@st.fragment(key="details")
def details() -> None:
    """The panel of the task in the URL; nothing where no task is chosen."""
    actor = session.person()
    task_id = navigation.task_in_url()
    if task_id is None:
        return
    with st.container(key="details_box"):
        try:
            task = tasks.get(session.connection(), task_id, actor=actor)
        except BillingError as problem:
            _head(None)
            st.warning(session.escape_markdown(str(problem)))
            return
        _panel(task, actor)


def _panel(task: Task, actor: Person) -> None:
    con = session.connection()
    zone = session.zone(actor, task.practice_id)
    written = notes.notes(con, task.id, actor=actor)
    _head(task)
    practice = session.practice_of(actor, task.practice_id)
    place = f'<p class="bt-quiet">{escape(practice.name)}</p>' if len(actor.memberships) > 1 else ""
    st.html(place + html.task_facts(task, session.today(actor, task.practice_id), zone))
    st.html(
        '<p class="bt-head">Task Instructions</p>'
        f'<p class="bt-text">{escape(task.instructions)}</p>'
        + _attachments(documents.attached(con, task.id, actor=actor))
    )
    if task.status is not Status.COMPLETED and may(actor, Verb.WORK, task.practice_id):
        _proposal(task, actor)
        _start(task, actor)
    _conversation(task, actor, written)
    _notes(task, actor, written)
    st.html(
        html.story(history.of_task(con, task.id, actor=actor), zone)
        + html.origin(
            provenance.of_task(con, task.id, actor, is_opened=False),
            zone,
            f"/origin/task/{task.id}",
        )
    )
    if task.status is Status.COMPLETED and may(actor, Verb.REOPEN, task.practice_id):
        _reopen(task, actor)


def _head(task: Task | None) -> None:
    with st.container(horizontal=True, vertical_alignment="top", wrap=False, gap="xsmall"):
        if task is None:
            st.html('<p class="bt-title">Task Details</p>', width="stretch")
        else:
            st.html(
                f'<p class="bt-title" role="heading" aria-level="2">{escape(task.title)}</p>'
                f"{html.badge(task.status, task.turn)} "
                f'<span class="bt-quiet">{escape(task.type.label)}</span>',
                width="stretch",
            )
        st.button(
            ":material/close:", key="close_details", type="tertiary",
            help="Close (Esc)", on_click=navigation.close_task,
        )  # fmt: skip


def _attachments(attached: list[Document]) -> str:
    if not attached:
        return ""
    links = "".join(
        f"<li>{document_attach.link(document, document.name)}</li>" for document in attached
    )
    return f'<p class="bt-head" style="margin-top:10px">Documents</p><ul>{links}</ul>'


def _proposal(task: Task, actor: Person) -> None:
    """What a later answer of the payer proposes; the assignee, or anybody while there is none,
    says yes or not yet."""
    proposal = suggestions.of_task(session.connection(), task)
    if proposal is None:
        return
    st.html(f'<p class="bt-text bt-proposal">{escape(proposal.sentence)}</p>')
    if task.assignee_id not in (None, actor.id):
        return
    # A press of a button of an earlier proposal is none of this one.
    key = f"{task.id}_{proposal.made_at:%Y%m%d%H%M%S%f}"
    with st.container(horizontal=True, gap="xsmall"):
        is_accepted = st.button("Complete", key=f"accept_{key}")
        if not (st.button("Not yet", key=f"decline_{key}") or is_accepted):
            return
    said = session.toasts()
    try:
        verb = suggestions.accept if is_accepted else suggestions.dismiss
        verb(
            session.connection(), task.id, seen=proposal, token=_form("proposal", task.id),
            actor=actor, now=session.now(),
        )  # fmt: skip
        st.session_state.pop(f"form_proposal_{task.id}", None)
        said.append(("success", "Task completed." if is_accepted else "The task stays open."))
    except BillingError as problem:
        said.append(("error", str(problem)))
    st.rerun()


def _start(task: Task, actor: Person) -> None:
    """Start Task, and the arrow beside it with everybody who may take the task."""
    is_mine = task.assignee_id == actor.id
    is_free = task.assignee_id is None
    colleagues = session.colleagues(task.practice_id)
    names = {
        each: name + (" (you)" if each == actor.id else "")
        for each, name in people.display_names(colleagues).items()
    }
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        is_started = is_mine and task.status is Status.IN_PROGRESS
        # Never disabled: a press that comes after somebody else's would be dropped without a word.
        if st.button(
            "Continue Task" if is_started else "Start Task",
            key=f"start_{task.id}", type="primary" if is_mine or is_free else "secondary",
        ):  # fmt: skip
            _do_start(task, actor)
        chosen = st.menu_button(
            "Assign", list(names), key=f"assign_{task.id}",
            format_func=lambda c: session.escape_markdown(names[c]),
            help="Assign this task to somebody",
        )  # fmt: skip
    if chosen is not None:
        st.session_state["assigning"] = {
            "task": task.id, "to": chosen, "seen": task.assignee_id, "name": names[chosen],
        }  # fmt: skip


def _do_start(task: Task, actor: Person) -> None:
    try:
        workflow.start(session.connection(), task.id, actor=actor, now=session.now())
    except BillingError as problem:
        session.toasts().append(("error", str(problem)))
        st.rerun()
    is_document = task.type is TaskType.DOCUMENTS
    navigation.go("find_document" if is_document else "edit_charge")


def _conversation(task: Task, actor: Person, written: list[Note]) -> None:
    """Questions & Comments, who it is assigned to, and the question or answer to write."""
    zone = session.zone(actor, task.practice_id)
    thread = html.thread([n for n in written if n.channel is Channel.QUESTION], zone)
    if task.status is Status.COMPLETED and task.completed_at:
        when = formats.moment(task.completed_at, zone)
        who = f"Completed by {task.completed_by or 'a file'} {when}"
    else:
        who = f"Assigned to {task.assignee_name}" if task.assignee_name else "Not assigned yet"
    st.html(
        f'<p class="bt-head">Questions &amp; Comments</p><p class="bt-quiet">{escape(who)}</p>'
        + thread
    )
    assigning = st.session_state.get("assigning")
    if assigning and assigning["task"] == task.id:
        _finish_assigning(task, assigning, actor)
    is_biller = tasks.is_biller(actor, task.practice_id)
    if task.status is Status.COMPLETED or not (is_biller or may(actor, Verb.ASK, task.practice_id)):
        return
    label = "Answer" if is_biller else "Question or comment"
    form = _form("conversation", task.id)
    text = st.text_area(
        label, key=f"text_{form}", height=72, label_visibility="collapsed", on_change="ignore",
        placeholder="Answer the practice" if is_biller else "Ask the biller a question",
    )  # fmt: skip
    if st.button("Submit answer" if is_biller else "Submit question", key=f"submit_{form}"):
        verb = notes.answer if is_biller else notes.ask
        _send(
            verb,
            "conversation",
            task,
            text,
            actor,
            "Answer sent." if is_biller else "Question sent.",
        )


def _finish_assigning(task: Task, assigning: Mapping[str, Any], actor: Person) -> None:
    st.html(f'<p class="bt-text"><b>Assigning Task to {escape(assigning["name"])}</b></p>')
    with st.container(horizontal=True, gap="xsmall"):
        if st.button("Finish Assigning", key=f"finish_{task.id}", type="primary"):
            said = session.toasts()
            st.session_state.pop("assigning", None)
            try:
                workflow.assign(
                    session.connection(), task.id, to=assigning["to"], seen=assigning["seen"],
                    actor=actor, now=session.now(),
                )  # fmt: skip
                said.append(("success", f"Assigned to {assigning['name'].removesuffix(' (you)')}."))
            except BillingError as problem:
                said.append(("error", str(problem)))
            st.rerun()
        if st.button("Cancel", key=f"cancel_{task.id}"):
            st.session_state.pop("assigning", None)
            st.rerun(scope="fragment")


def _notes(task: Task, actor: Person, written: list[Note]) -> None:
    """Notes to and from the biller, and the biller's field for writing one."""
    zone = session.zone(actor, task.practice_id)
    blocks = [
        f'<p class="bt-head">{name}</p>' + html.thread(found, zone)
        for name, channel in (
            ("Notes to Biller", Channel.TO_BILLER),
            ("Notes from Biller", Channel.FROM_BILLER),
        )
        if (found := [n for n in written if n.channel is channel])
    ]
    if blocks:
        st.html("".join(blocks))
    if not may(actor, Verb.WRITE_AS_BILLER, task.practice_id):
        return
    form = _form("biller", task.id)
    text = st.text_area(
        "Notes from Biller", key=f"text_{form}", height=72, on_change="ignore",
        placeholder="What the practice should know about this charge",
    )  # fmt: skip
    if st.button("Add note", key=f"submit_{form}"):
        _send(notes.write_from_biller, "biller", task, text, actor, "Note added.")


def _reopen(task: Task, actor: Person) -> None:
    with st.popover("Reopen task"):
        reason = st.text_input("Why is it reopened?", key=f"reason_{task.id}", max_chars=200)
        if st.button("Reopen", key=f"reopen_{task.id}", type="primary"):
            said = session.toasts()
            try:
                workflow.reopen(
                    session.connection(), task.id, reason=reason, actor=actor, now=session.now()
                )
                said.append(("success", "The task is open again."))
            except BillingError as problem:
                said.append(("error", str(problem)))
            st.rerun()


def _form(name: str, task_id: int) -> str:
    """A form's token, made when it opens; a new one after each text that was sent."""
    key = f"form_{name}_{task_id}"
    return str(st.session_state.setdefault(key, new_token()))


def _send(verb: Any, name: str, task: Task, text: str, actor: Person, done: str) -> None:
    said = session.toasts()
    try:
        verb(
            session.connection(), task.id, text, token=_form(name, task.id), actor=actor,
            now=session.now(),
        )  # fmt: skip
        st.session_state.pop(f"form_{name}_{task.id}", None)
        said.append(("success", done))
    except BillingError as problem:
        said.append(("error", str(problem)))
    st.rerun()
