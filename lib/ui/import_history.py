"""The imported files, one row each, and beside them what was rejected of the chosen one."""

from __future__ import annotations

from functools import partial

import streamlit as st
from markupsafe import Markup

from lib import us_formats
from lib.errors import BillingError
from lib.intake import import_log, unfinished_imports
from lib.intake.import_log import FileMessage, ImportedFile
from lib.models import Person
from lib.ui import (
    components,
    html,
    lossless_widgets,
    practice_switch,
    session,
    session_state,
    url_widgets,
)

COLUMNS = (
    components.Column("name", "File", "34%", 190),
    components.Column("format", "Format", "72px", 72, 4),
    components.Column("moment", "Imported", "148px", 148, 1),
    components.Column("by", "By", "17%", 90, 7),
    components.Column("charges", "Charges", "76px", 76, 5),
    components.Column("tasks", "Tasks", "64px", 64, 3),
    components.Column("amount", "Amount", "96px", 96, 6),
    components.Column("status", "Rejected", "92px", 92, 2),
)
OUTCOMES = {
    "applied": "Read", "quarantined": "Rejected", "duplicate": "Known before",
    "recorded": "Left out",
}  # fmt: skip
TABLES = ("CSV", "XLSX")
BY_NOBODY = "Command line"  # or a watched folder
MAX_SHOWN = 100  # messages of one file


def say_what_ended_with_the_app(actor: Person) -> None:
    """Draw which files did not come in since the app ended while it imported them."""
    here = practice_switch.narrowed(actor)
    for each in unfinished_imports.lost(session.connection(), actor=here):
        when = us_formats.moment(each.began_at, session.zone(actor, each.practice_id))
        by = f", by {each.begun_by}" if each.begun_by else ""
        st.warning(
            session.escape_markdown(
                f"{each.name} was not imported (begun {when}{by}): the app ended while it came in, "
                "and nothing of it is here. Import it again."
            )
        )
        lossless_widgets.button(
            "Dismiss", partial(_dismiss, each.id), key=f"dismiss_{each.id}", actor=actor
        )


def _dismiss(id_: str, now: Person) -> str:
    unfinished_imports.dismiss(session.connection(), id_, actor=now)
    return ""


def show(actor: Person) -> None:
    """Draw the list, and the chosen file beside it."""
    page, here = url_widgets.page(), practice_switch.narrowed(actor)
    found, count = import_log.find(session.connection(), actor=here, page=page)
    last = max(1, -(-count // import_log.PAGE_SIZE))
    if page > last:
        page = last
        found, count = import_log.find(session.connection(), actor=here, page=page)
    st.html(html.section("Imported files"))
    with st.container(key="import_body"):
        left, right = st.columns([2.2, 1], gap="medium")
    with left:
        _list(found, count, page, actor)
    with right:
        _chosen(actor)


def _list(found: list[ImportedFile], count: int, page: int, actor: Person) -> None:
    first = (page - 1) * import_log.PAGE_SIZE + 1
    components.record_list(
        {
            "label": "Imported files",
            "rows": [_row(file, actor) for file in found],
            "selected": file_in_url(),
            "page": page,
            "pages": max(1, -(-count // import_log.PAGE_SIZE)),
            "count": f"{count:,}",
            "countWord": "file" if count == 1 else "files",
            "range": f"{first:,}–{first + len(found) - 1:,}" if found else "",
            "empty": "No file was imported yet. Choose some above.",
            "view": str(page),
        },
        COLUMNS,
        key="import_list",
        on_action=_on_action,
    )


def _row(file: ImportedFile, actor: Person) -> dict[str, object]:
    return {
        "id": file.id,
        "name": file.name,
        "format": file.format,
        "moment": us_formats.moment(file.imported_at, session.zone(actor, file.practice_id)),
        "by": file.imported_by or BY_NOBODY,
        "charges": f"{file.charges_new:,}" if file.charges_new else "",
        "tasks": f"{file.tasks_new:,}" if file.tasks_new else "",
        "amount": us_formats.dollars(file.tasks_amount) if file.tasks_new else "",
        "state": "error" if file.set_aside else "none",
        "status": f"{file.set_aside:,}" if file.set_aside else "",
    }


def _on_action() -> None:
    match session_state.told("import_list", "action"):
        case {"kind": "open", "record": int(file)}:
            st.query_params["file"] = str(file)
        case {"kind": "close"}:
            st.query_params.pop("file", None)
        case {"kind": "page", "page": int(page)}:
            st.query_params["page"] = str(page)


def file_in_url() -> int | None:
    """Return the id of the file in the address, or None."""
    return url_widgets.number("file")


def _chosen(actor: Person) -> None:
    file_id = file_in_url()
    if file_id is None:
        st.html(html.quiet("Choose a file to see what of it was rejected."))
        return
    try:
        file, messages = import_log.get(session.connection(), file_id, actor=actor)
    except BillingError as problem:
        st.warning(session.escape_markdown(str(problem)))
        return
    practice = session.practice_of(actor, file.practice_id).name
    known = [
        ("Practice", practice if len(actor.memberships) > 1 else ""),
        ("Format", file.format),
        ("Imported", us_formats.moment(file.imported_at, session.zone(actor, file.practice_id))),
        ("By", file.imported_by or BY_NOBODY),
        ("New charges", f"{file.charges_new:,}"),
        ("New tasks", f"{file.tasks_new:,}"),
        ("Amount", f"${us_formats.dollars(file.tasks_amount)}" if file.tasks_new else ""),
        ("SHA-256", file.sha256),
    ]
    said = [each for each in messages if each.outcome == "applied"]
    left = [each for each in messages if each.outcome != "applied"]
    st.html(
        html.render(
            "imported_file", name=file.name, facts=html.facts(known),
            said=[_message(file, message) for message in said[:MAX_SHOWN]],
            messages=[_message(file, message) for message in left[:MAX_SHOWN]],
            more=max(len(left), len(said)) - MAX_SHOWN,
        )
    )  # fmt: skip


def _message(file: ImportedFile, message: FileMessage) -> Markup:
    """Draw one message: what became of it and why, where it stands, and its text."""
    first, last = message.first_segment, message.last_segment
    unit = "line" if message.kind in TABLES else "item" if file.format == "FHIR" else "segment"
    place = f"{unit} {first}" if first == last else f"{unit}s {first} to {last}"
    if message.segment_number is not None and message.segment_number != first:
        place += f", because of {unit} {message.segment_number}"
    return html.render(
        "file_message", outcome=OUTCOMES[message.outcome], kind=message.kind, place=place,
        sentence=message.sentence[:1].upper() + message.sentence[1:], link=_text(file, message),
    )  # fmt: skip


def _text(file: ImportedFile, message: FileMessage) -> str:
    """Return the link to what was rejected, where it is kept."""
    if not message.has_text:
        return ""
    if message.kind in TABLES:
        refused = f"/imports/refused/{file.id}"
        return html.link(refused, "Download the refused rows", is_download=True)
    return html.link(f"/imports/set-aside/{message.id}", "Open the text", in_new_tab=True)
