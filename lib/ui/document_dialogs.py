"""The dialogs of the Documents page: add a document, change the details of one."""

from __future__ import annotations

import streamlit as st

from lib import charges, document_details, documents
from lib.access import Verb, may_anywhere
from lib.errors import BillingError
from lib.models import Document, Person
from lib.store.idempotency import new_token
from lib.ui import session
from lib.ui.document_form import choose_file, document_form
from lib.ui.session_state import Kept

_ADDING = Kept[str]("adding_document")  # the token of the open form
_EDITING = Kept[tuple[str, Document]]("editing_document")  # the same, and the document as it was


def begin_adding() -> None:
    """Open the dialog that adds a document, from a callback."""
    _ADDING.put(new_token())


def begin_editing(document: Document) -> None:
    """Open the dialog that changes a document's details, from a callback."""
    _EDITING.put((new_token(), document))


def show() -> None:
    """Draw the dialog that was opened, until it is sent or dismissed."""
    if token := _ADDING.get():
        _add(token)
    elif editing := _EDITING.get():
        _edit(*editing)


def _patient(practice_id: int, token: str, actor: Person) -> tuple[int | None, str]:
    """Ask whose document it is, found by search; return id and name, or None if nobody is
    chosen."""
    with st.container(horizontal=True, gap="small"):
        query = st.text_input(
            "Find the patient", key=f"find_{token}", type="search", live=True, width=200
        )
        found = dict(charges.search_patients(session.connection(), query, practice_id, actor=actor))
        chosen = st.selectbox(
            "Patient", list(found), index=None, format_func=found.__getitem__,
            key=f"patient_{token}", placeholder="Nobody's, or choose one",
        )  # fmt: skip
    return chosen, found[chosen].split(" · ")[0] if chosen else ""


def _added() -> None:
    session.forget_files()
    _ADDING.take()


@st.dialog("Add document", width="medium", on_dismiss=_added)
def _add(token: str) -> None:
    """Draw the Reference Document form without a task."""
    actor = session.person()
    practices = {
        m.practice.id: m.practice.name
        for m in actor.memberships
        if m.practice.id in may_anywhere(actor, Verb.KEEP_DOCUMENTS)
    }
    practice_id = next(iter(practices))
    if len(practices) > 1:
        practice_id = st.selectbox(
            "Practice", list(practices), format_func=practices.__getitem__, key=f"p_{token}"
        )
    file, is_begun = choose_file(token)
    if not is_begun:
        return
    patient_id, patient_name = _patient(practice_id, token, actor)
    filled = document_form(file, token, patient_name=patient_name, label=None)
    if not st.button("Upload", type="primary", key=f"upload_{token}", disabled=file is None):
        return
    said = session.toasts()
    try:
        documents.upload(
            session.connection(), filled.content, filled.file_name, practice_id=practice_id,
            details=filled.details(), patient_id=patient_id, token=token, actor=actor,
            now=session.now(),
        )  # fmt: skip
    except BillingError as problem:
        st.error(session.escape_markdown(str(problem)))
        return
    said.append(("success", "Document saved."))
    _added()
    st.rerun()


def _edited() -> None:
    _EDITING.take()


@st.dialog("Edit document", width="medium", on_dismiss=_edited)
def _edit(token: str, seen: Document) -> None:
    """Draw the details of a saved document to change; its file stays as it is."""
    actor = session.person()
    filled = document_form(
        None, token, patient_name=seen.patient_name or "", label=seen.label, known=seen
    )
    if not st.button("Save", type="primary", key=f"save_{token}"):
        return
    said = session.toasts()
    try:
        count = document_details.change(
            session.connection(), seen.id, details=filled.details(), seen=seen, actor=actor,
            now=session.now(),
        )  # fmt: skip
    except BillingError as problem:
        st.error(session.escape_markdown(str(problem)))
        return
    said.append(("success", "Document saved." if count else "Nothing was changed."))
    _edited()
    st.rerun()
