"""The Reference Document form: a file and its details."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from lib import documents, file_type_detection
from lib.errors import WrongInput
from lib.models import Document, DocumentDetails, DocumentStatus, Person
from lib.ui import html, session, session_state
from lib.ui.session_state import KeptEach, KeptOrNewEach
from lib.us_formats import parse_date, show

KINDS = "PDF, TIFF, PNG, JPEG or Word, up to 10 MB"

_REFUSAL = KeptEach[tuple[str, str | None]]("refusal")  # the file last checked, and why not
_FILLED = KeptOrNewEach[list[str]]("filled", list)  # names that were filled in by us
_TYPED = KeptEach[str]("typed_name")  # the name that somebody typed instead


@dataclass(frozen=True, slots=True)
class Filled:
    """What the form says; `document_date` is None if it cannot be read."""

    content: bytes
    file_name: str
    name: str
    label: str
    status: DocumentStatus
    document_date: date | None
    notes: str

    def details(self) -> DocumentDetails:
        """Return the details of the document. Raise WrongInput for an unreadable date."""
        if self.document_date is None:
            raise WrongInput("Write the document's date as MM/DD/YYYY.")
        return DocumentDetails(self.name, self.label, self.status, self.document_date, self.notes)


def fields(key: str) -> dict[str, str]:
    """Return the form's fields by name, each with the key of its widget, in which a draft is kept;
    the file itself is chosen again."""
    return {name: f"{name}_{key}" for name in ("label", "status", "date", "name", "notes")}


def choose_file(key: str, *, heading: str = "") -> tuple[Any, bool]:
    """Let a file be dropped or browsed for; choosing again replaces it. Return None for a file that
    cannot be kept, after a sentence that says why. The `heading` gives way to the form's own.

    Return also whether to draw the rest of the form: from the first good file on, since there is
    none for a moment while it is replaced, and what was typed beside it must stay.
    """
    file_key = f"file_{key}"
    chosen = session_state.widget(file_key)
    is_begun = session_state.has_widget(f"label_{key}") or bool(
        chosen and not _refusal(chosen, key)
    )
    if is_begun or heading:
        st.html(html.section("Reference Document" if is_begun else heading))
    # Without a limit of the widget's own: it would only color a file that is too big, while
    # `documents.refusal` says in a sentence what to do. frame.css hides the server's limit.
    file = st.file_uploader(
        "File: drop or browse for another one to replace it"
        if is_begun
        else f"Drag and drop a file here or browse: {KINDS}",
        key=file_key,
    )
    if file and (refused := _refusal(file, key)):
        st.error(session.escape_markdown(refused))
        file = None
    return file, is_begun


def _refusal(file: Any, key: str) -> str | None:
    """Return why the file cannot be kept; each file is checked once, not at every key typed."""
    refusal = _REFUSAL.of(key)
    known = refusal.get()
    if known is None or known[0] != file.file_id:
        known = (file.file_id, documents.refusal(file.getvalue()))
        refusal.put(known)
    return known[1]


def document_form(
    file: Any, key: str, *, patient_name: str, label: str | None, known: Document | None = None,
    heard: Callable[[], None] | None = None, is_filled: bool = False,
) -> Filled:  # fmt: skip
    """Draw the rest of the form, filled from `known` if the document is saved. `heard` is called
    for each change; `is_filled` if a draft has filled it."""
    today = session.today(session.person())
    day = "" if is_filled else show(known.document_date if known else today)
    states = list(DocumentStatus)
    options = list(file_type_detection.DOCUMENT_LABELS)
    chosen = st.selectbox(
        "Label", options, options.index(label) if label in options and not is_filled else None,
        key=f"label_{key}", placeholder="Choose a label", on_change=heard,
    )  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        status = st.selectbox(
            "Status", states, states.index(known.status) if known else 0, key=f"status_{key}",
            width=160, format_func=lambda each: each.label,
        )  # fmt: skip
        dated = st.text_input(
            "Date", day, key=f"date_{key}", width=140, max_chars=10, on_change=heard
        )
    written = parse_date(dated)
    name = _name(
        documents.recommended_name(
            patient_name, written or session.today(session.person()), chosen or ""
        ),
        key,
        known=known.name if known else None,
        heard=heard,
    )
    notes = st.text_area(
        "Notes",
        known.notes if known else "",
        key=f"notes_{key}",
        height=80,
        max_chars=2000,
        on_change=heard,
    )
    return Filled(
        file.getvalue() if file else b"", file.name if file else "", name, chosen or "",
        DocumentStatus(status or DocumentStatus.NEW), written, notes,
    )  # fmt: skip


def filled_now(
    key: str, drawn: Filled, actor: Person, *, patient_name: str, is_saved: bool = False
) -> Filled:
    """Return what the form says now, for the verb that sends it, since its click may come together
    with what was typed or chosen last. A document that is saved keeps its name."""
    says = session_state.typed()
    chosen = says.get(f"file_{key}")
    file = chosen if isinstance(chosen, UploadedFile) else None  # else its page was left: as drawn
    label = str(says.get(f"label_{key}", drawn.label) or "")
    written = parse_date(str(says.get(f"date_{key}", "")))
    name = str(says.get(f"name_{key}", drawn.name))
    filled = _FILLED.of(key).ensure()
    if not is_saved and name in filled:
        name = _TYPED.of(key).get() or ""
    if not is_saved and name == "":  # nobody typed one: it follows the label
        name = documents.recommended_name(patient_name, written or session.today(actor), label)
    return Filled(
        file.getvalue() if file else drawn.content, file.name if file else drawn.file_name, name,
        label, DocumentStatus(says.get(f"status_{key}") or drawn.status), written,
        str(says.get(f"notes_{key}", drawn.notes)),
    )  # fmt: skip


def _name(
    recommended: str, key: str, *, known: str | None, heard: Callable[[], None] | None
) -> str:
    """Draw the name: the recommended one, which follows patient, date and label, until somebody
    types another. A saved document keeps its name until somebody asks for the recommended one."""
    name_key = f"name_{key}"
    typed = session_state.widget(name_key)
    # All names ever filled in: a click made before the browser shows the newest sends an older one.
    filled = _FILLED.of(key).ensure()
    # A name filled in while somebody types one may come back in its place.
    by_hand = _TYPED.of(key)
    if typed is None and known is not None:
        session_state.set_widget(name_key, known)
    elif known is None and typed in filled and by_hand.get():
        session_state.set_widget(name_key, by_hand.get())
    elif known is None and typed and typed not in filled:
        by_hand.put(str(typed))
    elif known is None:
        by_hand.take()
        filled.append(recommended)
        session_state.set_widget(name_key, recommended)
    name = st.text_input("Name", key=name_key, max_chars=150, on_change=heard)

    def use_recommended() -> None:
        by_hand.take()
        filled.append(recommended)
        session_state.set_widget(name_key, recommended)

    if name != recommended:
        st.button(
            f"Use {session.escape_markdown(recommended)}",
            key=f"take_{key}",
            on_click=use_recommended,
        )
    return name
