"""The documents of a task: those attached, saved ones to attach, and a new one to add."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

import streamlit as st
from markupsafe import Markup

from lib import documents, task_documents, tasks, us_formats
from lib.drafts import Form
from lib.errors import BillingError, DuplicateDocument, OtherPatient, WrongInput
from lib.file_type_detection import NAMES
from lib.models import Document, DocumentStatus, Person, Resolution, Task, TaskType
from lib.store.idempotency import new_token
from lib.ui import (
    adjacent_tasks,
    components,
    html,
    kept_form,
    lossless_widgets,
    page_switching,
    session,
)
from lib.ui.adjacent_tasks import View
from lib.ui.document_form import Filled, choose_file, document_form, fields, filled_now
from lib.ui.kept_form import KeptForm
from lib.ui.resolution import choose_resolution, chosen_resolution
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
        st.html(html.heading(f"{us_formats.plural(len(found), 'document')} attached"))
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
            if is_mine:
                lossless_widgets.button(
                    "Detach", partial(_detach, task, document),
                    key=f"detach_{task.id}_{document.id}", actor=actor,
                )  # fmt: skip
    return found


def complete(task: Task, actor: Person) -> None:
    """Draw the buttons that complete a Documents task with what is attached, and how it ends."""
    view = adjacent_tasks.view(actor)
    with st.container(horizontal=True, gap="xsmall"):
        _button("Complete Task", partial(_complete, task), task, "done", actor, type="primary")
        _button(
            "Complete and next", partial(_complete_and_next, task, view), task, "done_next", actor,
            help="Complete this task and open the next one of the list",
        )  # fmt: skip
        choose_resolution(Resolution.DOCUMENT_SENT, f"resolution_{task.id}")
    _say_refusal(task, "done", "done_next")


def _complete(task: Task, actor: Person) -> str:
    task_documents.complete(
        session.connection(), task.id, token=_token(task), actor=actor, now=session.now(),
        resolution=chosen_resolution(Resolution.DOCUMENT_SENT, f"resolution_{task.id}"),
    )  # fmt: skip
    lossless_widgets.leave("tasks")
    return "Task completed."


def _complete_and_next(task: Task, view: View, actor: Person) -> str:
    return adjacent_tasks.go_on(view, task.id, actor, lambda: _complete(task, actor))


def _button(
    label: str, do: lossless_widgets.Verb, task: Task, key: str, actor: Person, **look: Any
) -> None:  # fmt: skip
    """Draw a button whose refusal is said below it, or wherever the person went meanwhile."""
    unsaid = session.unsaid()

    def verb(now: Person) -> str:
        session.REFUSED.take()
        try:
            said = do(now)
        except BillingError as problem:
            unsaid.append((task.id, f"“{task.title}”: {problem} Nothing was done."))
            if not isinstance(problem, OtherPatient):  # which is asked in place of the buttons
                session.REFUSED.put((task.id, key, str(problem)))
            return ""
        _TOKEN.of(task.id).take()  # the next press asks for something new
        return said

    lossless_widgets.button(label, verb, key=f"{key}_{task.id}", actor=actor, **look)


def _say_refusal(task: Task, *keys: str) -> None:
    refused = session.REFUSED.get()
    if refused and refused[0] != task.id:
        session.REFUSED.take()  # the other task is left
    elif refused and refused[1] in keys:
        st.error(session.escape_markdown(refused[2]))


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
        if _completes(task):
            _button(
                "Attach and Complete Task", partial(_attach_chosen, task, completes=True), task,
                "attach", actor, type="primary", disabled=is_off,
            )  # fmt: skip
            choose_resolution(Resolution.DOCUMENT_SENT, f"attached_{task.id}")
        _button(
            "Attach", partial(_attach_chosen, task, completes=False), task, "attach_only", actor,
            disabled=is_off, type="secondary" if _completes(task) else "primary",
            help="Attach it and go on: a task may have several documents",
        )  # fmt: skip
    _say_refusal(task, "attach", "attach_only")


def _attach_chosen(task: Task, actor: Person, *, completes: bool) -> str:
    """Attach what is chosen now: the click may come together with the choice."""
    chosen = lossless_widgets.typed(f"document_{task.id}")
    if chosen is None:
        raise WrongInput("Choose the document again: the page was left before it was attached.")
    ends = chosen_resolution(Resolution.DOCUMENT_SENT, f"attached_{task.id}")
    return _attach(task, int(chosen), ends if completes else None, actor, is_confirmed=False)


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
    day = us_formats.day(document.document_date)
    parts = [f"ID {document.id}", document.label, day, kind]
    parts.append(document.patient_name or "no patient")
    return " · ".join(part for part in parts if part)


def _completes(task: Task) -> bool:
    """Return True if the task asks for a document; other tasks are completed with their charge."""
    return task.type is TaskType.DOCUMENTS


def _attach(
    task: Task, document_id: int, resolution: Resolution | None, actor: Person, *,
    is_confirmed: bool,
) -> str:  # fmt: skip
    """Attach the document, and with a resolution complete the task. Another patient's document is
    attached only after asking."""
    con, asking = session.connection(), _ASKING.of(task.id)
    try:
        if resolution:
            documents.attach_and_complete(
                con, task.id, document_id, resolution=resolution, token=_token(task),
                is_other_patient_confirmed=is_confirmed, actor=actor, now=session.now(),
            )  # fmt: skip
        else:
            task_documents.attach(
                con, task.id, document_id, is_other_patient_confirmed=is_confirmed, actor=actor,
                now=session.now(),
            )  # fmt: skip
    except OtherPatient as problem:
        asking.put((document_id, resolution, str(problem)))
        raise
    asking.take()
    _ATTACHING.take()
    if resolution:
        lossless_widgets.leave("tasks")
        return "Document attached, task completed."
    return "Document attached."


def _asks(task: Task, document: Document, actor: Person) -> bool:
    """Ask whether a document of another patient is meant, in place of the buttons that attach it.
    Return False if there is nothing to ask about the chosen one."""
    asked = _ASKING.of(task.id).get()
    if asked is None or asked[0] != document.id:
        return False
    st.warning(session.escape_markdown(f"{asked[2]} Attach it all the same?"))
    with st.container(horizontal=True, gap="xsmall"):
        _button(
            "Attach the other patient's document",
            partial(_attach, task, document.id, asked[1], is_confirmed=True), task, "confirm",
            actor,
        )  # fmt: skip
        st.button("Cancel", key=f"cancel_other_{task.id}", on_click=_ask_no_more, args=(task,))
    _say_refusal(task, "confirm")
    return True


def _ask_no_more(task: Task) -> None:
    _ASKING.of(task.id).take()


def own(task: Task, actor: Person, *, is_mine: bool) -> None:
    """Draw the way to add a file from one's computer."""
    key = f"task_{task.id}_{_ADDED.of(task.id).ensure()}"
    draft = kept_form.opened(Form.DOCUMENT, task.id, fields(key), actor, {"status": DocumentStatus})
    file, is_begun = choose_file(key, heading="Or add one from your computer")
    if not is_begun:
        return
    filled = document_form(
        file, key, patient_name=task.patient_name, label=task.document_label,
        heard=kept_form.heard(draft, actor), is_filled=draft.is_filled,
    )  # fmt: skip
    kept_form.say_whether_kept(draft)
    components.form_guard(key=f"guard_{key}")
    is_off = not (is_mine and file)
    send = partial(_upload, task, key, filled, draft)
    with st.container(horizontal=True, gap="xsmall"):
        if _completes(task):
            _button(
                "Upload and Complete", partial(send, completes=True), task, "upload", actor,
                type="primary", disabled=is_off,
            )  # fmt: skip
            choose_resolution(Resolution.DOCUMENT_SENT, f"uploaded_{task.id}")
        _button(
            "Upload and attach", partial(send, completes=False), task, "upload_only", actor,
            disabled=is_off, type="secondary" if _completes(task) else "primary",
            help="Save and attach it and go on: a task may have several documents",
        )  # fmt: skip
    _say_refusal(task, "upload", "upload_only")


def _upload(
    task: Task, key: str, drawn: Filled, draft: KeptForm, actor: Person, *, completes: bool
) -> str:
    verb: Callable[..., object] = task_documents.upload_and_attach
    if completes:
        ends = chosen_resolution(Resolution.DOCUMENT_SENT, f"uploaded_{task.id}")
        verb = partial(documents.upload_and_complete, resolution=ends)
    filled = filled_now(key, drawn, actor, patient_name=task.patient_name)
    try:
        verb(
            session.connection(), task.id, filled.content, filled.file_name,
            details=filled.details(), token=_token(task), actor=actor, now=session.now(),
        )  # fmt: skip
    except DuplicateDocument as problem:
        hint = f"{problem} Attach that one: search for its ID on the left."
        raise WrongInput(hint) from problem
    kept_form.sent(draft, actor)
    added = _ADDED.of(task.id)
    added.put(added.ensure() + 1)  # an empty form for the next file
    _ATTACHING.take()
    if completes:
        lossless_widgets.leave("tasks")
        return "Document uploaded, task completed."
    return "Document uploaded and attached."


def _detach(task: Task, document: Document, actor: Person) -> str:
    task_documents.detach(
        session.connection(), task.id, document.id, actor=actor, now=session.now()
    )
    session.REFUSED.take()
    _TOKEN.of(task.id).take()
    return "Document detached. It stays among the saved documents."


def _token(task: Task) -> str:
    return _TOKEN.of(task.id).ensure()


def beside_charge(task: Task, actor: Person, *, is_mine: bool) -> None:
    """Draw the documents of a task in Edit Charge, and the button that opens `dialog`."""
    found = attached(task, actor, is_mine=is_mine)
    if not found:
        st.html(html.heading("Documents") + html.quiet("No document attached yet."))
    if is_mine and st.button("Attach a document", key=f"open_attach_{task.id}"):
        _ATTACHING.put(task.id)
        session.REFUSED.take()
        st.rerun()


def dialog() -> None:
    """Draw the dialog that was asked for in Edit Charge, until something is attached."""
    task_id = page_switching.task_in_url()
    if task_id is not None and _ATTACHING.get() == task_id:
        _dialog(task_id)


def _dismissed() -> None:
    _ATTACHING.take()


@st.dialog("Attach a document", width="large", on_dismiss=_dismissed)
def _dialog(task_id: int) -> None:
    actor = session.person()
    lossless_widgets.settle()
    task = tasks.get(session.connection(), task_id, actor=actor)
    left, right = st.columns(2, gap="medium")
    with left:
        saved(task, actor, is_mine=True)
    with right:
        own(task, actor, is_mine=True)
