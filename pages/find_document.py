"""The Find Document window: `?task=…` says for which task."""

from html import escape
from urllib.parse import quote

import streamlit as st

from lib import documents, formats
from lib.document_types import NAMES
from lib.errors import BillingError, DuplicateDocument
from lib.models import Document, Person, Task, TaskType
from lib.store.idempotency import new_token
from lib.ui import navigation, session
from lib.ui.document_form import choose_file, document_form
from lib.ui.task_page import head, task_of_window


@st.fragment
def window() -> None:
    """The saved documents on the left, a file of one's own on the right."""
    actor = session.person()
    task, is_mine = task_of_window("Find Document", actor)
    if task.document_label:
        st.html(f'<p class="bt-text">Document wanted: <b>{escape(task.document_label)}</b></p>')
    left, right = st.columns(2, gap="large")
    with left:
        _saved(task, actor, is_mine=is_mine)
    with right:
        _own(task, actor, is_mine=is_mine)


def _saved(task: Task, actor: Person, *, is_mine: bool) -> None:
    st.html('<h2 class="bt-title">Attach a saved document</h2>')
    query = st.text_input(
        "Search documents", key=f"documents_{task.id}", type="search",
        placeholder="File name, ID number, label or patient", live=True,
        value=task.patient_name.replace(",", ""),
    )  # fmt: skip
    found, count = documents.find(
        session.connection(), query, actor=actor, practice_id=task.practice_id
    )
    if not found:
        st.html('<p class="bt-quiet">No saved document matches. Search with fewer words.</p>')
        return
    chosen = st.radio(
        "Documents", [document.id for document in found], index=None,
        key=f"document_{task.id}", label_visibility="collapsed",
        format_func={d.id: f"**{session.escape_markdown(d.name)}**" for d in found}.__getitem__,
        captions=[_caption(document) for document in found],
    )  # fmt: skip
    if count > len(found):
        st.html(f'<p class="bt-quiet">The newest {len(found)} of {count:,}.</p>')
    document = next((d for d in found if d.id == chosen), None)
    if document:
        st.html(
            f'<p class="bt-quiet"><a href="/documents/{document.id}/{quote(document.file_name)}" '
            'target="_blank" rel="noopener">Look at it</a></p>'
        )
    if st.button(
        "Attach and Complete Task", type="primary", key=f"attach_{task.id}",
        disabled=not is_mine or document is None,
    ) and document:  # fmt: skip
        _attach(task, document.id, actor)


def _caption(document: Document) -> str:
    kind = NAMES.get(document.media_type, "")
    parts = [f"ID {document.id}", document.label, formats.day(document.document_date), kind]
    return session.escape_markdown(" · ".join([*parts, document.file_name]))


def _attach(task: Task, document_id: int, actor: Person) -> None:
    said = session.toasts()
    try:
        documents.attach_and_complete(
            session.connection(), task.id, document_id, token=_token(task), actor=actor,
            now=session.now(),
        )  # fmt: skip
    except BillingError as problem:
        st.error(session.escape_markdown(str(problem)))
        return
    said.append(("success", "Document attached, task completed."))
    navigation.go("tasks")


def _own(task: Task, actor: Person, *, is_mine: bool) -> None:
    st.html('<h2 class="bt-title">Or add one from your computer</h2>')
    key = f"task_{task.id}"
    file, is_begun = choose_file(key)
    if not is_begun:
        return
    filled = document_form(file, key, patient_name=task.patient_name, label=task.document_label)
    if not st.button(
        "Upload and Complete", type="primary", key=f"upload_{task.id}",
        disabled=not (is_mine and file),
    ):  # fmt: skip
        return
    said = session.toasts()
    try:
        documents.upload_and_complete(
            session.connection(), task.id, filled.content, filled.file_name,
            token=_token(task), actor=actor, now=session.now(), **filled.fields(),
        )  # fmt: skip
    except DuplicateDocument as problem:
        st.error(
            session.escape_markdown(f"{problem} Attach that one: search for its ID on the left.")
        )
    except BillingError as problem:
        st.error(session.escape_markdown(str(problem)))
    else:
        said.append(("success", "Document uploaded, task completed."))
        navigation.go("tasks")


def _token(task: Task) -> str:
    return str(st.session_state.setdefault(f"token_{task.id}", new_token()))


actor = session.person()
head("Find Document", actor, wrong=(TaskType.DOCUMENTS, "edit_charge"))
window()
