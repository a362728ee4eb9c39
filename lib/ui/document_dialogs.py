"""The dialogs of the Documents page: add a document, change the details of one."""

from __future__ import annotations

import streamlit as st

from lib import charges, document_details, documents
from lib.access import Verb, may_anywhere
from lib.errors import BillingError
from lib.models import Document, Person
from lib.store.idempotency import new_token
from lib.ui import lossless_widgets, practice_switch, session, session_state
from lib.ui.document_form import choose_file, document_form, filled_now
from lib.ui.session_state import Kept, KeptEach, KeptOrNewEach

_ADDING = Kept[str]("adding_document")  # the token of the open form
_EDITING = Kept[tuple[str, Document]]("editing_document")  # the same, and the document as it was
_REFUSAL = KeptEach[str]("document_refusal")  # by form, of its last press
_PATIENTS = KeptOrNewEach[dict[int, str]]("document_patients", dict)  # found so far, by form


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


def _patient(practice_id: int, token: str, actor: Person) -> str:
    """Ask whose document it is, found by search. Return the name of who is chosen, if anybody."""
    known = _PATIENTS.of(token).ensure()
    with st.container(horizontal=True, gap="small"):
        query = st.text_input(
            "Find the patient", key=f"find_{token}", type="search", live=True, width=200
        )
        found = dict(charges.search_patients(session.connection(), query, practice_id, actor=actor))
        known.update(found)
        chosen = st.selectbox(
            "Patient", list(found), index=None, format_func=found.__getitem__,
            key=f"patient_{token}", placeholder="Nobody's, or choose one",
        )  # fmt: skip
    return _name_of(chosen, token)


def _name_of(patient_id: int | None, token: str) -> str:
    return _PATIENTS.of(token).ensure().get(patient_id or 0, "").split(" · ")[0]


def _send(
    label: str, do: lossless_widgets.Verb, token: str, actor: Person, *, disabled: bool = False
) -> None:
    """Draw the button of the dialog; why a press of it was refused stands below, until the next."""
    refusal = _REFUSAL.of(token)

    def verb(now: Person) -> str:
        refusal.take()
        try:
            return do(now)
        except BillingError as problem:
            refusal.put(str(problem))
            raise

    lossless_widgets.button(
        label, verb, key=f"send_{token}", actor=actor, type="primary", disabled=disabled
    )
    if refused := refusal.get():
        st.error(session.escape_markdown(refused))


def _added() -> None:
    session.forget_files()
    _ADDING.take()


@st.dialog("Add document", width="medium", on_dismiss=_added)
def _add(token: str) -> None:
    """Draw the Reference Document form without a task."""
    actor = practice_switch.narrowed(session.person())
    lossless_widgets.settle()
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
    filled = document_form(
        file, token, patient_name=_patient(practice_id, token, actor), label=None
    )

    def upload(now: Person) -> str:
        says = session_state.typed()
        patient_id = says.get(f"patient_{token}")
        sent = filled_now(token, filled, now, patient_name=_name_of(patient_id, token))
        documents.upload(
            session.connection(), sent.content, sent.file_name,
            practice_id=says.get(f"p_{token}") or practice_id, details=sent.details(),
            patient_id=patient_id, token=token, actor=now, now=session.now(),
        )  # fmt: skip
        _added()
        return "Document saved."

    _send("Upload", upload, token, actor, disabled=file is None)


def _edited() -> None:
    _EDITING.take()


@st.dialog("Edit document", width="medium", on_dismiss=_edited)
def _edit(token: str, seen: Document) -> None:
    """Draw the details of a saved document to change; its file stays as it is."""
    actor = session.person()
    lossless_widgets.settle()
    filled = document_form(
        None, token, patient_name=seen.patient_name or "", label=seen.label, known=seen
    )

    def save(now: Person) -> str:
        sent = filled_now(token, filled, now, patient_name=seen.patient_name or "", is_saved=True)
        count = document_details.change(
            session.connection(), seen.id, details=sent.details(), seen=seen, actor=now,
            now=session.now(),
        )  # fmt: skip
        _edited()
        return "Document saved." if count else "Nothing was changed."

    _send("Save", save, token, actor)
