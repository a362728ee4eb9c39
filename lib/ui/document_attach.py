"""The documents of a task: those attached, saved ones to attach, and a new one to add."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

import streamlit as st
from markupsafe import Markup

from lib import attachments, documents, formats, tasks
from lib.document_types import NAMES
from lib.errors import BillingError, DuplicateDocument, OtherPatient
from lib.models import Document, Person, Resolution, Task, TaskType
from lib.store.idempotency import new_token
from lib.ui import html, navigation, session
from lib.ui.document_form import Filled, choose_file, document_form
from lib.ui.resolution import choose_resolution
from lib.ui.session_state import Kept, KeptEach, KeptOrNewEach

SHOWN = 8  # documents visible without scrolling
TALLEST = 380  # pixels of the box that holds them

_ATTACHING = Kept[int]("attaching")  # the task whose dialog is open
_ADDED = KeptOrNewEach("added", int)  # how many files were added to a task: each has a new form
_TOKEN = KeptOrNewEach("attach_token", new_token)
# The document of another patient that is asked about, how the task would end, and the question.
_ASKING = KeptEach[tuple[int, Resolution | None, str]]("asking")


def link(document: Document, text: str) -> Markup:
    """Return a link that opens the document in a tab of its own."""
    address = f"/documents/{document.id}/{quote(document.file_name)}"
    return html.link(address, text, in_new_tab=True)


def attached(task: Task, actor: Person, *, is_mine: bool) -> list[Document]:
    """Draw what is attached, each with a way to remove it, and return it."""
    found = documents.attached(session.connection(), task.id, actor=actor)
    if found:
        st.html(html.heading(f"{formats.plural(len(found), 'document')} attached"))
    for document in found:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.html(
                html.render(
                    "attached_document", link=link(document, document.name),
                    about=_about(document),
                    is_other_patient=documents.is_of_other_patient(document, task),
                ),
                width="stretch",
            )  # fmt: skip
            if is_mine and st.button("Detach", key=f"detach_{task.id}_{document.id}"):
                _detach(task, document, actor)
    return found


def complete(task: Task, actor: Person) -> None:
    """Draw the button that completes a Documents task with what is attached, and how it ends."""
    with st.container(horizontal=True, gap="xsmall"):
        is_done = st.button("Complete Task", type="primary", key=f"done_{task.id}")
        resolution = choose_resolution(Resolution.DOCUMENT_SENT, f"resolution_{task.id}")
    if not is_done:
        return
    said = session.toasts()
    try:
        attachments.complete(
            session.connection(), task.id, resolution=resolution, token=_token(task), actor=actor,
            now=session.now(),
        )  # fmt: skip
    except BillingError as problem:
        st.error(session.escape_markdown(str(problem)))
        return
    said.append(("success", "Task completed."))
    navigation.go("tasks")


def saved(task: Task, actor: Person, *, is_mine: bool) -> None:
    """Draw the saved documents with their search, to attach one."""
    st.html(html.section("Attach a saved document"))
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
        st.html(html.quiet("No saved document matches. Search with fewer words."))
    if document:
        st.html(html.quiet(link(document, "Preview")))
    if document and _asks(task, document, actor):
        return
    is_off = not is_mine or document is None
    with st.container(horizontal=True, gap="xsmall"):
        is_last = _completes(task) and st.button(
            "Attach and Complete Task", type="primary", key=f"attach_{task.id}", disabled=is_off
        )
        resolution = _resolution(task, "attached")
        is_one_of = st.button(
            "Attach", key=f"attach_only_{task.id}", disabled=is_off,
            type="secondary" if _completes(task) else "primary",
            help="Attach it and go on: a task may have several documents",
        )  # fmt: skip
    if document and (is_last or is_one_of):
        ends = resolution if is_last else None
        _attach(task, document.id, actor, ends, is_confirmed=False)


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
        st.html(html.quiet(f"The first {len(found)} of {count:,}."))
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


def _resolution(task: Task, key: str) -> Resolution | None:
    """Draw how the task ends, beside a button that completes it with a document."""
    if not _completes(task):
        return None
    return choose_resolution(Resolution.DOCUMENT_SENT, f"{key}_{task.id}")


def _attach(
    task: Task, document_id: int, actor: Person, resolution: Resolution | None, *,
    is_confirmed: bool,
) -> None:  # fmt: skip
    """Attach the document, and with a resolution complete the task. Another patient's document is
    attached only after asking."""
    asking = _ASKING.of(task.id)
    said = session.toasts()
    asking.take()
    try:
        if resolution:
            documents.attach_and_complete(
                session.connection(), task.id, document_id, resolution=resolution,
                token=_token(task), actor=actor, is_other_patient_confirmed=is_confirmed,
                now=session.now(),
            )  # fmt: skip
        else:
            attachments.attach(
                session.connection(), task.id, document_id, actor=actor,
                is_other_patient_confirmed=is_confirmed, now=session.now(),
            )  # fmt: skip
    except OtherPatient as problem:
        asking.put((document_id, resolution, str(problem)))
        st.rerun(scope="fragment")
    except BillingError as problem:
        st.error(session.escape_markdown(str(problem)))
        return
    if resolution:
        said.append(("success", "Document attached, task completed."))
        navigation.go("tasks")
    said.append(("success", "Document attached."))
    _ATTACHING.take()
    st.rerun()


def _asks(task: Task, document: Document, actor: Person) -> bool:
    """Ask whether a document of another patient is meant, in place of the buttons that attach it.
    Return False if there is nothing to ask about the chosen one."""
    asked = _ASKING.of(task.id).get()
    if asked is None or asked[0] != document.id:
        return False
    st.warning(session.escape_markdown(f"{asked[2]} Attach it all the same?"))
    with st.container(horizontal=True, gap="xsmall"):
        if st.button("Attach the other patient's document", key=f"confirm_{task.id}"):
            _attach(task, document.id, actor, asked[1], is_confirmed=True)
        if st.button("Cancel", key=f"cancel_other_{task.id}"):
            _ASKING.of(task.id).take()
            st.rerun(scope="fragment")
    return True


def own(task: Task, actor: Person, *, is_mine: bool) -> None:
    """Draw the way to add a file from one's computer."""
    key = f"task_{task.id}_{_ADDED.of(task.id).ensure()}"
    file, is_begun = choose_file(key, heading="Or add one from your computer")
    if not is_begun:
        return
    filled = document_form(file, key, patient_name=task.patient_name, label=task.document_label)
    is_off = not (is_mine and file)
    with st.container(horizontal=True, gap="xsmall"):
        is_last = _completes(task) and st.button(
            "Upload and Complete", type="primary", key=f"upload_{task.id}", disabled=is_off
        )
        resolution = _resolution(task, "uploaded")
        is_one_of = st.button(
            "Upload and attach", key=f"upload_only_{task.id}", disabled=is_off,
            type="secondary" if _completes(task) else "primary",
            help="Save and attach it and go on: a task may have several documents",
        )  # fmt: skip
    if is_last or is_one_of:
        _upload(task, filled, actor, resolution if is_last else None)


def _upload(task: Task, filled: Filled, actor: Person, resolution: Resolution | None) -> None:
    said = session.toasts()
    verb: Callable[..., object] = attachments.upload_and_attach
    if resolution:
        verb = partial(documents.upload_and_complete, resolution=resolution)
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
    if resolution:
        said.append(("success", "Document uploaded, task completed."))
        navigation.go("tasks")
    said.append(("success", "Document uploaded and attached."))
    added = _ADDED.of(task.id)
    added.put(added.ensure() + 1)  # an empty form for the next file
    _ATTACHING.take()
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
    return _TOKEN.of(task.id).ensure()


def beside_charge(task: Task, actor: Person, *, is_mine: bool) -> None:
    """Draw the documents of a task in Edit Charge, and the button that opens `dialog`."""
    found = attached(task, actor, is_mine=is_mine)
    if not found:
        st.html(html.heading("Documents") + html.quiet("No document attached yet."))
    if is_mine and st.button("Attach a document", key=f"open_attach_{task.id}"):
        _ATTACHING.put(task.id)
        st.rerun()


def dialog() -> None:
    """Draw the dialog that was asked for in Edit Charge, until something is attached."""
    task_id = navigation.task_in_url()
    if task_id is not None and _ATTACHING.get() == task_id:
        _dialog(task_id)


def _dismissed() -> None:
    _ATTACHING.take()


@st.dialog("Attach a document", width="large", on_dismiss=_dismissed)
def _dialog(task_id: int) -> None:
    actor = session.person()
    task = tasks.get(session.connection(), task_id, actor=actor)
    left, right = st.columns(2, gap="medium")
    with left:
        saved(task, actor, is_mine=True)
    with right:
        own(task, actor, is_mine=True)
