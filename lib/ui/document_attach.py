"""The documents of a task: those attached, saved ones to attach, and a new one to add."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

import streamlit as st

from lib import attachments, documents, formats, tasks
from lib.document_types import NAMES
from lib.errors import BillingError, DuplicateDocument, OtherPatient
from lib.models import Document, Person, Task, TaskType
from lib.store.idempotency import new_token
from lib.ui import navigation, session
from lib.ui.document_form import Filled, choose_file, document_form

SHOWN = 8  # documents visible without scrolling
TALLEST = 380  # pixels of the box that holds them


def link(document: Document, text: str) -> str:
    """Return a link that opens the document in a tab of its own."""
    return (
        f'<a href="/documents/{document.id}/{quote(document.file_name)}" target="_blank" '
        f'rel="noopener">{escape(text)}</a>'
    )


def attached(task: Task, actor: Person, *, is_mine: bool) -> list[Document]:
    """Draw what is attached, each with a way to remove it, and return it."""
    found = documents.attached(session.connection(), task.id, actor=actor)
    if found:
        st.html(f'<p class="bt-head">{formats.plural(len(found), "document")} attached</p>')
    for document in found:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            warned = _other_patient(document, task)
            st.html(
                f'<p class="bt-text">{link(document, document.name)} <span class="bt-quiet">'
                f"{escape(_about(document))}</span>{warned}</p>",
                width="stretch",
            )
            if is_mine and st.button("Detach", key=f"detach_{task.id}_{document.id}"):
                _detach(task, document, actor)
    return found


def _other_patient(document: Document, task: Task) -> str:
    is_other = documents.is_of_other_patient(document, task)
    return ' <b class="bt-other">Another patient</b>' if is_other else ""


def complete(task: Task, actor: Person) -> None:
    """Draw the button that completes a document task with what is attached."""
    if not st.button("Complete Task", type="primary", key=f"done_{task.id}"):
        return
    said = session.toasts()
    try:
        attachments.complete(
            session.connection(), task.id, token=_token(task), actor=actor, now=session.now()
        )
    except BillingError as problem:
        st.error(session.escape_markdown(str(problem)))
        return
    said.append(("success", "Task completed."))
    navigation.go("tasks")


def saved(task: Task, actor: Person, *, is_mine: bool) -> None:
    """Draw the saved documents with their search, to attach one."""
    st.html('<h2 class="bt-title">Attach a saved document</h2>')
    query = st.text_input(
        "Search documents", key=f"documents_{task.id}", type="search",
        placeholder="File name, ID number, label, date or patient", live=True,
        value=task.patient_name.replace(",", ""),
    )  # fmt: skip
    found, count = documents.find(
        session.connection(), query, actor=actor, practice_id=task.practice_id
    )
    document = _choice(found, count, task) if found else None
    if not found:
        st.html('<p class="bt-quiet">No saved document matches. Search with fewer words.</p>')
    if document:
        st.html(f'<p class="bt-quiet">{link(document, "Preview")}</p>')
    if document and _asks(task, document, actor):
        return
    is_off = not is_mine or document is None
    with st.container(horizontal=True, gap="xsmall"):
        is_last = _completes(task) and st.button(
            "Attach and Complete Task", type="primary", key=f"attach_{task.id}", disabled=is_off
        )
        is_one_of = st.button(
            "Attach", key=f"attach_only_{task.id}", disabled=is_off,
            type="secondary" if _completes(task) else "primary",
            help="Attach it and go on: a task may have several documents",
        )  # fmt: skip
    if document and (is_last or is_one_of):
        _attach(task, document.id, actor, is_last=is_last, is_confirmed=False)


def _choice(found: list[Document], count: int, task: Task) -> Document | None:
    """Draw the documents; many of them go in a box that scrolls, to keep the buttons in reach."""
    with st.container(height=TALLEST if len(found) > SHOWN else "content", border=False):
        chosen = st.radio(
            "Documents", [document.id for document in found], index=None,
            key=f"document_{task.id}", label_visibility="collapsed",
            format_func={d.id: f"**{session.escape_markdown(d.name)}**" for d in found}.__getitem__,
            captions=[
                session.escape_markdown(f"{_about(document)} · {document.file_name}")
                for document in found
            ],
        )  # fmt: skip
    if count > len(found):
        st.html(f'<p class="bt-quiet">The first {len(found)} of {count:,}.</p>')
    return next((document for document in found if document.id == chosen), None)


def _about(document: Document) -> str:
    kind = NAMES.get(document.media_type, "")
    day = formats.day(document.document_date)
    parts = [f"ID {document.id}", document.label, day, kind]
    parts.append(document.patient_name or "no patient")
    return " · ".join(part for part in parts if part)


def _completes(task: Task) -> bool:
    """Return True if the task asks for a document; other tasks are completed with their charge."""
    return task.type is TaskType.DOCUMENTS


def _attach(
    task: Task, document_id: int, actor: Person, *, is_last: bool, is_confirmed: bool
) -> None:
    """Attach the document; one of another patient only after asking."""
    asking = f"asking_{task.id}"
    said = session.toasts()
    st.session_state.pop(asking, None)
    try:
        if is_last:
            documents.attach_and_complete(
                session.connection(), task.id, document_id, token=_token(task), actor=actor,
                is_other_patient_confirmed=is_confirmed, now=session.now(),
            )  # fmt: skip
        else:
            attachments.attach(
                session.connection(), task.id, document_id, actor=actor,
                is_other_patient_confirmed=is_confirmed, now=session.now(),
            )  # fmt: skip
    except OtherPatient as problem:
        st.session_state[asking] = (document_id, is_last, str(problem))
        st.rerun(scope="fragment")
    except BillingError as problem:
        st.error(session.escape_markdown(str(problem)))
        return
    if is_last:
        said.append(("success", "Document attached, task completed."))
        navigation.go("tasks")
    said.append(("success", "Document attached."))
    st.session_state.pop("attaching", None)
    st.rerun()


def _asks(task: Task, document: Document, actor: Person) -> bool:
    """Ask whether a document of another patient is meant, in place of the buttons that attach it.
    Return False if the chosen one raises no question."""
    asked: tuple[int, bool, str] | None = st.session_state.get(f"asking_{task.id}")
    if asked is None or asked[0] != document.id:
        return False
    st.warning(session.escape_markdown(f"{asked[2]} Attach it all the same?"))
    with st.container(horizontal=True, gap="xsmall"):
        if st.button("Attach the other patient's document", key=f"confirm_{task.id}"):
            _attach(task, document.id, actor, is_last=asked[1], is_confirmed=True)
        if st.button("Cancel", key=f"cancel_other_{task.id}"):
            st.session_state.pop(f"asking_{task.id}", None)
            st.rerun(scope="fragment")
    return True


def own(task: Task, actor: Person, *, is_mine: bool) -> None:
    """Draw the way to add a file from one's computer."""
    key = f"task_{task.id}_{st.session_state.setdefault(f'added_{task.id}', 0)}"
    file, is_begun = choose_file(key, heading="Or add one from your computer")
    if not is_begun:
        return
    filled = document_form(file, key, patient_name=task.patient_name, label=task.document_label)
    is_off = not (is_mine and file)
    with st.container(horizontal=True, gap="xsmall"):
        is_last = _completes(task) and st.button(
            "Upload and Complete", type="primary", key=f"upload_{task.id}", disabled=is_off
        )
        is_one_of = st.button(
            "Upload and attach", key=f"upload_only_{task.id}", disabled=is_off,
            type="secondary" if _completes(task) else "primary",
            help="Save and attach it and go on: a task may have several documents",
        )  # fmt: skip
    if is_last or is_one_of:
        _upload(task, filled, actor, is_last=is_last)


def _upload(task: Task, filled: Filled, actor: Person, *, is_last: bool) -> None:
    said = session.toasts()
    verb = documents.upload_and_complete if is_last else attachments.upload_and_attach
    try:
        verb(
            session.connection(), task.id, filled.content, filled.file_name,
            details=filled.details(), token=_token(task), actor=actor, now=session.now(),
        )  # fmt: skip
    except DuplicateDocument as problem:
        st.error(
            session.escape_markdown(f"{problem} Attach that one: search for its ID on the left.")
        )
        return
    except BillingError as problem:
        st.error(session.escape_markdown(str(problem)))
        return
    if is_last:
        said.append(("success", "Document uploaded, task completed."))
        navigation.go("tasks")
    said.append(("success", "Document uploaded and attached."))
    st.session_state[f"added_{task.id}"] += 1  # an empty form for the next file
    st.session_state.pop("attaching", None)
    st.rerun()


def _detach(task: Task, document: Document, actor: Person) -> None:
    said = session.toasts()
    try:
        attachments.detach(
            session.connection(), task.id, document.id, actor=actor, now=session.now()
        )
        said.append(("success", "Document detached. It stays among the saved documents."))
    except BillingError as problem:
        said.append(("error", str(problem)))
    st.rerun()


def _token(task: Task) -> str:
    return str(st.session_state.setdefault(f"token_{task.id}", new_token()))


def beside_charge(task: Task, actor: Person, *, is_mine: bool) -> None:
    """Draw the documents of a task in Edit Charge, and the button that opens `dialog`."""
    found = attached(task, actor, is_mine=is_mine)
    if not found:
        st.html('<p class="bt-head">Documents</p><p class="bt-quiet">No document attached yet.</p>')
    if is_mine and st.button("Attach a document", key=f"open_attach_{task.id}"):
        st.session_state["attaching"] = task.id
        st.rerun()


def dialog() -> None:
    """Draw the dialog that was asked for in Edit Charge, until something is attached."""
    task_id = navigation.task_in_url()
    if task_id is not None and st.session_state.get("attaching") == task_id:
        _dialog(task_id)


def _dismissed() -> None:
    st.session_state.pop("attaching", None)


@st.dialog("Attach a document", width="large", on_dismiss=_dismissed)
def _dialog(task_id: int) -> None:
    actor = session.person()
    task = tasks.get(session.connection(), task_id, actor=actor)
    left, right = st.columns(2, gap="medium")
    with left:
        saved(task, actor, is_mine=True)
    with right:
        own(task, actor, is_mine=True)
