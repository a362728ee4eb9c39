"""Documents: search, preview and download what is saved, and add more."""

from urllib.parse import quote

import streamlit as st

from lib import document_details, documents, us_formats
from lib.access import Verb, may, may_anywhere
from lib.errors import BillingError, DocumentFileProblem
from lib.file_type_detection import DOCUMENT_LABELS, JPEG, NAMES, PDF, PNG
from lib.models import Document, DocumentStatus, Person
from lib.ui import (
    components,
    document_dialogs,
    filters,
    html,
    practice_switch,
    session,
    session_state,
    url_widgets,
)
from lib.web.logs import LOG


def search(person: Person) -> tuple[list[Document], int, int]:
    """Draw the search row. Return the documents of the page, how many there are, and which page it
    is."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        actor = practice_switch.choose(person)
        labels = {status.label: status for status in DocumentStatus}
        url_widgets.bind("doc_q")
        query = st.text_input(
            "Search documents", key="doc_q", type="search", width=320,
            label_visibility="collapsed", placeholder="File name, ID, label, date or patient",
            on_change=url_widgets.save, args=("doc_q",),
        )  # fmt: skip
        url_widgets.bind("doc_label", DOCUMENT_LABELS)
        label = st.selectbox(
            "Label", DOCUMENT_LABELS, index=None, key="doc_label",
            placeholder="Label", width=200, label_visibility="collapsed",
            on_change=url_widgets.save, args=("doc_label",),
        )  # fmt: skip
        url_widgets.bind("doc_status", list(labels))
        status = st.selectbox(
            "Status", list(labels), index=None, key="doc_status", placeholder="Status",
            width=140, label_visibility="collapsed",
            on_change=url_widgets.save, args=("doc_status",),
        )  # fmt: skip
        st.space("stretch")
        if may_anywhere(actor, Verb.KEEP_DOCUMENTS) and st.button(
            "Add document", type="primary", icon=":material/upload_file:"
        ):
            document_dialogs.begin_adding()
    filters.say_where_words_are_forgotten("doc_q")
    state = labels.get(status or "")

    def find(page: int) -> tuple[list[Document], int]:
        return documents.find(
            session.connection(), query or "", actor=actor, label=label, status=state, page=page
        )

    page = url_widgets.page()
    found, count = find(page)
    last = max(1, -(-count // documents.PAGE_SIZE))
    if page > last:
        page = last
        found, count = find(page)
    return found, count, page


FILTERS = ("doc_q", "doc_label", "doc_status")
COLUMNS = (
    components.Column("number", "ID", "56px", 56, 3),
    components.Column("name", "Name", "36%", 200),
    components.Column("label", "Label", "17%", 110, 2),
    components.Column("status", "Status", "92px", 92, 4),
    components.Column("date", "Date", "88px", 88, 1),
    components.Column("patient", "Patient", "16%", 110, 5),
    components.Column("kind", "Kind", "60px", 60, 6),
)


def table(found: list[Document], count: int, page: int, chosen: int | None) -> None:
    """Draw the documents, newest first."""
    first = (page - 1) * documents.PAGE_SIZE + 1
    rows = [
        {
            "id": document.id,
            "number": str(document.id),
            "name": document.name,
            "label": document.label,
            "state": document.status.value,
            "status": document.status.label,
            "date": us_formats.day(document.document_date),
            "patient": document.patient_name or "",
            "kind": NAMES.get(document.media_type, ""),
        }
        for document in found
    ]
    components.record_list(
        {
            "label": "Documents",
            "rows": rows,
            "selected": chosen,
            "page": page,
            "pages": max(1, -(-count // documents.PAGE_SIZE)),
            "count": f"{count:,}",
            "countWord": "document" if count == 1 else "documents",
            "range": f"{first:,}–{first + len(found) - 1:,}" if found else "",
            "empty": "No document matches. Search with fewer words, or add one."
            if any(map(session_state.widget, FILTERS))
            else "There are no documents yet.",
            "view": f"{page}",
        },
        COLUMNS,
        key="document_list",
        on_action=_on_action,
    )


def _on_action() -> None:
    match session_state.told("document_list", "action"):
        case {"kind": "open", "record": int(document)}:
            st.query_params["document"] = str(document)
        case {"kind": "close"}:
            st.query_params.pop("document", None)
        case {"kind": "page", "page": int(page)}:
            st.query_params["page"] = str(page)


def chosen_document() -> int | None:
    """Return the id of the document in the address, or None."""
    return url_widgets.number("document")


def look_at(document: Document) -> None:
    """Draw the preview and the details of the document."""
    address = f"/documents/{document.id}/{quote(document.file_name)}"
    zone = session.zone(actor, document.practice_id)
    added = f"{us_formats.moment(document.created_at, zone)} by {document.created_by or 'a file'}"
    st.html(
        html.title(document.name)
        + html.facts(
            [
                ("ID", str(document.id)),
                ("File", document.file_name),
                ("Label", document.label),
                ("Status", document.status.label),
                ("Date", us_formats.day(document.document_date)),
                ("Patient", document.patient_name or ""),
                ("Added", added),
                ("Size", f"{document.size / 1024:,.0f} KB"),
                ("Notes", document.notes),
            ]
        )
        + html.paragraph(html.link(f"{address}?download=1", "Download"))
        + html.story(document_details.changes(con, document.id, actor=actor), zone)
    )
    if may(actor, Verb.KEEP_DOCUMENTS, document.practice_id) and st.button("Edit details"):
        document_dialogs.begin_editing(document)
    try:
        documents.content(con, document.id, actor=actor)
    except DocumentFileProblem as problem:
        LOG.error("%s", problem.for_operator)
        st.error(session.escape_markdown(str(problem)))
        return
    if document.media_type == PDF:
        components.document_frame(address, document.name, key="document_frame")
    elif document.media_type in (PNG, JPEG):
        st.html(html.render("preview", address=address, name=document.name))
    else:
        kind = NAMES.get(document.media_type, "these")
        st.html(html.quiet(f"{kind} files open after downloading."))


def preview(document_id: int | None) -> None:
    """Draw the chosen document, or a hint to choose one."""
    if document_id is None:
        hint = "Choose a row to see the document." if found else ""
        st.html(html.quiet(hint))
        return
    try:
        look_at(documents.get(session.connection(), document_id, actor=actor))
    except BillingError as problem:
        st.warning(session.escape_markdown(str(problem)))


actor = session.person()
con = session.connection()
found, count, page = search(actor)
with st.container(key="documents_body"):
    left, right = st.columns([1.7, 1], gap="medium")
with left:
    table(found, count, page, chosen_document())
with right:
    preview(chosen_document())
document_dialogs.show()
