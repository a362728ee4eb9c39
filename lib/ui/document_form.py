"""The Reference Document form: a file and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from lib import document_types, documents
from lib.errors import WrongInput
from lib.formats import parse_date, show
from lib.models import Document, DocumentStatus
from lib.ui import session

KINDS = "PDF, TIFF, PNG, JPEG or Word, up to 10 MB"


@dataclass(frozen=True, slots=True)
class Filled:
    """What the form says; `document_date` is None where it cannot be read."""

    content: bytes
    file_name: str
    name: str
    label: str
    status: DocumentStatus
    document_date: date | None
    notes: str

    def fields(self) -> dict[str, Any]:
        """The arguments of the verb that saves it. Raises WrongInput for an unreadable date."""
        if self.document_date is None:
            raise WrongInput("Write the document's date as MM/DD/YYYY.")
        return {
            "name": self.name,
            "label": self.label,
            "status": self.status,
            "document_date": self.document_date,
            "notes": self.notes,
        }


def choose_file(key: str) -> tuple[Any, bool]:
    """Drag and drop or browse; choosing again replaces the file. A file that cannot be kept is
    none, and a sentence says why.

    With it comes whether the rest of the form is to be drawn: from the first good file on, since
    for a moment there is none while it is replaced, and what was typed beside it must stay.
    """
    # Without a limit of the widget's own: it would only color a file that is too big, while
    # `documents.refusal` says in a sentence what to do. frame.css hides the server's limit.
    file = st.file_uploader(f"File: {KINDS}", key=f"file_{key}")
    if file and (refused := documents.refusal(file.getvalue())):
        st.error(session.escape_markdown(refused))
        file = None
    return file, bool(file) or f"label_{key}" in st.session_state


def document_form(
    file: Any, key: str, *, patient_name: str, label: str | None, known: Document | None = None
) -> Filled:
    """The rest of the form, with the recommended name one click away; of a document that is saved
    it says what is `known`."""
    day = show(known.document_date if known else session.today(session.person()))
    states = list(DocumentStatus)
    options = list(document_types.DOCUMENT_LABELS)
    chosen = st.selectbox(
        "Label", options, options.index(label) if label in options else None,
        key=f"label_{key}", placeholder="Choose a label",
    )  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        state = st.selectbox(
            "Status", states, states.index(known.status) if known else 0, key=f"status_{key}",
            width=160, format_func=lambda status: status.label,
        )  # fmt: skip
        dated = st.text_input("Date", day, key=f"date_{key}", width=140, max_chars=10)
    written = parse_date(dated)
    recommended = documents.recommended_name(
        patient_name, written or session.today(session.person()), chosen or "label"
    )
    name_key = f"name_{key}"

    def take() -> None:
        st.session_state[name_key] = recommended

    st.session_state.setdefault(name_key, known.name if known else "")
    name = st.text_input("Name", key=name_key, max_chars=150)
    if patient_name:
        st.button(f"Use {session.escape_markdown(recommended)}", key=f"take_{key}", on_click=take)
    notes = st.text_area(
        "Notes", known.notes if known else "", key=f"notes_{key}", height=80, max_chars=2000
    )
    return Filled(
        file.getvalue() if file else b"", file.name if file else "", name, chosen or "",
        DocumentStatus(state or DocumentStatus.NEW), written, notes,
    )  # fmt: skip
