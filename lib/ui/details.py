"""The Task Details panel: what a task is about, whom it is assigned to, and what can be done with
it."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from markupsafe import Markup

from lib import (
    completion_suggestions,
    documents,
    history,
    notes,
    people,
    tasks,
    us_formats,
    workflow,
)
from lib.access import Verb, may
from lib.drafts import Form
from lib.errors import BillingError
from lib.intake.files import provenance
from lib.models import Channel, Document, Note, Person, Status, Task, TaskType
from lib.store.idempotency import new_token
from lib.ui import (
    components,
    document_attach,
    html,
    kept_text,
    live_updates,
    lossless_widgets,
    page_switching,
    page_view_audit,
    paper,
    session,
)
from lib.ui.charge_match_panel import charge_basis
from lib.ui.page_switching import ASSIGNING, Assigning
from lib.ui.session_state import KeptOrNewEach
from lib.ui.task_window_header import begin

_NOBODY = 0  # unassigned, in the menu of those who may take a task
_ANSWER_TOKEN = KeptOrNewEach("proposal_token", new_token)  # by task and suggestion


@st.fragment(key="details")
def details() -> None:
    """Draw the panel of the task in the URL; nothing if no task is chosen."""
    actor = session.person()
    lossless_widgets.settle()
    task_id = page_switching.task_in_url()
    if task_id is None:
        return
    with st.container(key="details_box"):
        try:
            seen = live_updates.latest_of_task(task_id, actor)
            task = tasks.get(session.connection(), task_id, actor=actor)
        except BillingError as problem:
            page_view_audit.refused(problem, actor, task_id)
            _head(None, actor)
            st.warning(session.escape_markdown(str(problem)))
            return
        page_view_audit.at_task(task, actor)
        live_updates.follow_task("details", task.id, seen, is_form=ASSIGNING.is_there())
        _panel(task, actor)


def _panel(task: Task, actor: Person) -> None:
    con = session.connection()
    zone = session.zone(actor, task.practice_id)
    written = notes.notes(con, task.id, actor=actor)
    _head(task, actor)
    practice = session.practice_of(actor, task.practice_id)
    place = html.quiet(practice.name) if len(actor.memberships) > 1 else Markup()
    # One block, not one each: every element costs the browser a millisecond.
    st.html(
        place
        + html.task_facts(task, session.today(actor, task.practice_id), zone)
        + html.heading("Task Instructions", is_apart=True)
        + html.text(task.instructions)
        + _attachments(documents.attached(con, task.id, actor=actor))
    )
    charge_basis(task, actor)
    if task.status is not Status.COMPLETED and may(actor, Verb.WORK, task.practice_id):
        _proposal(task, actor)
        _start(task, actor)
    else:
        _read_charge(task, actor)
    _conversation(task, actor, written)
    _notes(task, actor, written)
    st.html(
        html.story(history.of_task(con, task.id, actor=actor), zone)
        + html.origin(
            provenance.of_task(con, task.id, actor, is_opened=False),
            zone,
            f"/origin/task/{task.id}",
        )
        + _who_saw(task, actor)
    )
    if task.status is Status.COMPLETED and may(actor, Verb.REOPEN, task.practice_id):
        _reopen(task, actor)
    components.form_guard(key="guard_details", task_id=task.id)  # the last: the panel is whole


def _head(task: Task | None, actor: Person) -> None:
    with st.container(horizontal=True, vertical_alignment="top", wrap=False, gap="xsmall"):
        if task is None:
            st.html(html.title("Task Details"), width="stretch")
        else:
            print_link = Markup()
            if may(actor, Verb.SEE_PATIENTS, task.practice_id):
                address = paper.task_address(task.id)
                print_link = html.link(address, "Print", in_new_tab=True)
            st.html(
                html.render(
                    "details_head", title=task.title, badge=html.badge(task),
                    type=task.type.label, print=print_link,
                ),
                width="stretch",
            )  # fmt: skip
        st.button(
            ":material/close:", key="close_details", type="tertiary",
            help="Close (Esc)", on_click=page_switching.close_task,
        )  # fmt: skip


def _attachments(attached: list[Document]) -> Markup:
    if not attached:
        return Markup()
    links = [document_attach.link(document, document.name) for document in attached]
    return html.heading("Documents", is_apart=True) + html.bullets(links)


def _who_saw(task: Task, actor: Person) -> Markup:
    if task.patient_id is None or not may(actor, Verb.SEE_WHO_SAW, task.practice_id):
        return Markup()
    says = {"patient": str(task.patient_id)}
    if len(actor.memberships) > 1:  # whatever other practice is chosen
        says["practice"] = session.practice_of(actor, task.practice_id).name
    return html.paragraph(html.link(f"/activity?{urlencode(says)}", "Who saw this patient"))


def _proposal(task: Task, actor: Person) -> None:
    """Draw what a later answer of the payer suggests. The assignee, or anybody if there is none,
    accepts or dismisses it; others read who is asked."""
    proposal = completion_suggestions.of_task(session.connection(), task)
    if proposal is None:
        return
    is_asked = task.assignee_id in (None, actor.id)
    news = completion_suggestions.news(proposal)
    others = f"{news} {task.assignee_name} is asked whether to complete the task."
    st.html(html.paragraph(proposal.sentence if is_asked else others, "bt-text bt-proposal"))
    if not is_asked:
        return
    # Key the buttons by suggestion, so a click meant for an earlier one never answers this one.
    key = f"{task.id}_{proposal.made_at:%Y%m%d%H%M%S%f}"
    token = _ANSWER_TOKEN.of(key).ensure()

    def answer(verb: Any, done: str, now: Person) -> str:
        verb(
            session.connection(), task.id, seen=proposal, token=token, actor=now,
            now=session.now(),
        )  # fmt: skip
        return done

    with st.container(horizontal=True, gap="xsmall"):
        for label, name, verb, done in (
            ("Complete", "accept", completion_suggestions.accept, "Task completed."),
            ("Not yet", "decline", completion_suggestions.dismiss, "The task stays open."),
        ):
            lossless_widgets.button(
                label, partial(answer, verb, done), key=f"{name}_{key}", actor=actor
            )


def _start(task: Task, actor: Person) -> None:
    """Draw Start Task, and the arrow beside it with everybody who may take the task."""
    takers = [each for each in session.colleagues(task.practice_id) if each.is_active]
    names = {
        each: name + (" (you)" if each == actor.id else "")
        for each, name in people.display_names(takers).items()
    }
    if task.assignee_id is not None:
        names = {_NOBODY: "Unassigned", **names}
    if task.status is Status.IN_PROGRESS and task.assignee_id not in (None, actor.id):
        st.html(html.quiet(f"{task.assignee_name} is working on this task."))
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        begin(task, actor, opens=True)
        chosen = st.menu_button(
            "Assign", list(names), key=f"assign_{task.id}",
            format_func=lambda c: session.escape_markdown(names[c]),
            help="Assign this task to somebody",
        )  # fmt: skip
        if task.status is not Status.IN_PROGRESS or task.assignee_id != actor.id:
            _read_charge(task, actor)
    if chosen is not None:
        to = None if chosen == _NOBODY else chosen
        ASSIGNING.put(Assigning(task.id, to, task.assignee_id, names[chosen]))


def _read_charge(task: Task, actor: Person) -> None:
    """Draw the way to the charge for whoever does not start the task for it."""
    has_charge = task.charge_id is not None and task.type is not TaskType.DOCUMENTS
    if not (has_charge and may(actor, Verb.SEE_PATIENTS, task.practice_id)):
        return

    def read(_now: Person) -> str:
        lossless_widgets.leave("edit_charge")
        return ""

    lossless_widgets.button(
        "Read charge", read, key=f"read_{task.id}", actor=actor, type="tertiary",
        help="Look at the charge; the task stays as it is",
    )  # fmt: skip


def _conversation(task: Task, actor: Person, written: list[Note]) -> None:
    """Draw Questions & Comments, the assignee, and the field for a question or an answer."""
    zone = session.zone(actor, task.practice_id)
    thread = html.thread([n for n in written if n.channel is Channel.QUESTION], zone)
    assigning = ASSIGNING.get()
    if assigning and (assigning.task_id != task.id or task.status is Status.COMPLETED):
        assigning = None
    if task.status is Status.COMPLETED and task.completed_at:
        when = us_formats.moment(task.completed_at, zone)
        who = f"Completed by {task.completed_by or 'a file'} {when}"
    elif assigning:
        is_given = assigning.to is not None
        who = f"Assigning Task to {assigning.name}" if is_given else "Making the task unassigned"
    else:
        who = f"Assigned to {task.assignee_name}" if task.assignee_name else "Not assigned yet"
    look = "bt-text bt-assigning" if assigning else "bt-quiet"
    st.html(html.heading("Questions & Comments") + html.paragraph(who, look) + thread)
    is_biller = tasks.is_biller(actor, task.practice_id)
    if task.status is Status.COMPLETED or not (is_biller or may(actor, Verb.ASK, task.practice_id)):
        return
    state = kept_text.opened(Form.ANSWER if is_biller else Form.QUESTION, task, actor)
    hint = "Answer the practice" if is_biller else "Ask the biller a question"
    if assigning:
        hint = "A comment that goes with it"
    kept_text.area(
        "Answer" if is_biller else "Question or comment", state, actor, height=72,
        label_visibility="collapsed", placeholder=hint,
    )  # fmt: skip
    if assigning:
        _finish_assigning(task, assigning, state, actor)
        return
    lossless_widgets.button(
        "Submit answer" if is_biller else "Submit question",
        partial(
            _send, notes.answer if is_biller else notes.ask, state,
            "Answer sent." if is_biller else "Question sent.",
        ),
        key=f"submit_{task.id}", actor=actor,
    )  # fmt: skip


def _finish_assigning(
    task: Task, assigning: Assigning, state: kept_text.Text, actor: Person
) -> None:
    """Draw Finish Assigning, which also sends the comment in the field, and Cancel."""

    def finish(now: Person) -> str:
        try:
            workflow.assign(
                session.connection(), task.id, to=assigning.to, seen=assigning.seen,
                comment=kept_text.now(state), drafts_sent=state.drafts_sent, actor=now,
                now=session.now(),
            )  # fmt: skip
        finally:
            _end_assigning()
        kept_text.sent(state)
        if assigning.to is None:
            return "The task is unassigned."
        return f"Assigned to {assigning.name.removesuffix(' (you)')}."

    with st.container(horizontal=True, gap="xsmall"):
        lossless_widgets.button(
            "Finish Assigning", finish, key=f"finish_{task.id}", actor=actor, type="primary"
        )
        st.button("Cancel", key=f"cancel_{task.id}", on_click=_end_assigning)


def _end_assigning() -> None:
    ASSIGNING.take()


def _notes(task: Task, actor: Person, written: list[Note]) -> None:
    """Draw the notes to and from the biller, and the biller's field for writing one."""
    zone = session.zone(actor, task.practice_id)
    blocks = [
        html.heading(name) + html.thread(found, zone)
        for name, channel in (
            ("Notes to Biller", Channel.TO_BILLER),
            ("Notes from Biller", Channel.FROM_BILLER),
        )
        if (found := [n for n in written if n.channel is channel])
    ]
    if blocks:
        st.html(Markup().join(blocks))
    if not may(actor, Verb.WRITE_AS_BILLER, task.practice_id):
        return
    state = kept_text.opened(Form.BILLER, task, actor)
    kept_text.area(
        "Notes from Biller", state, actor, height=72,
        placeholder="What the practice should know about this charge",
    )  # fmt: skip
    lossless_widgets.button(
        "Add note", partial(_send, notes.write_from_biller, state, "Note added."),
        key=f"note_{task.id}", actor=actor,
    )  # fmt: skip


def _reopen(task: Task, actor: Person) -> None:
    with st.popover("Reopen task"):
        state = kept_text.opened(Form.REASON, task, actor)
        kept_text.line("Why is it reopened?", state, actor)

        def reopen(now: Person) -> str:
            workflow.reopen(
                session.connection(),
                task.id,
                reason=kept_text.now(state),
                actor=now,
                now=session.now(),
            )
            kept_text.sent(state)
            return "The task is open again."

        lossless_widgets.button(
            "Reopen", reopen, key=f"reopen_{task.id}", actor=actor, type="primary"
        )


def _send(verb: Any, state: kept_text.Text, done: str, actor: Person) -> str:
    verb(
        session.connection(), state.task.id, kept_text.now(state), token=state.token,
        drafts_sent=state.drafts_sent, actor=actor, now=session.now(),
    )  # fmt: skip
    kept_text.sent(state)
    return done
