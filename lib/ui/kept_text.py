"""Text fields whose content is a draft until it is sent: questions, answers, notes, reasons."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

from lib import drafts, us_formats
from lib.drafts import Draft, Form
from lib.errors import BillingError
from lib.models import Person, Task
from lib.store.idempotency import new_token
from lib.ui import live_updates, lossless_widgets, session
from lib.ui.session_state import KeptEach


@dataclass
class Text:
    """One open field. Its token belongs to the form, and names its draft."""

    form: Form
    task: Task
    text: str = ""
    token: str = field(default_factory=new_token)
    kept: str = ""  # as the store has it
    seen: Draft | None = None  # the draft the field was filled from
    others: tuple[Draft, ...] = ()  # what the same person typed in other tabs
    not_kept: str = ""  # why it could not be stored

    @property
    def key(self) -> str:
        """Return the key of the widget."""
        return f"text_{self.form}_{self.token}"

    @property
    def drafts_sent(self) -> list[str]:
        """Return the drafts that end when the text is sent."""
        return [self.token, *([self.seen.writer] if self.seen else [])]


_TEXTS = KeptEach[Text]("text")


def opened(form: Form, task: Task, actor: Person) -> Text:
    """Return the field of this form and task, with what was typed into it before."""
    kept = _TEXTS.of(form, task.id)
    found = kept.get()
    if found is None:
        found = Text(form, task)
        before = drafts.kept(session.connection(), task.id, form=form, actor=actor)
        if before:
            _fill(found, before[0])
            found.others = tuple(before[1:])
        kept.put(found)
    found.task = task
    return found


def area(label: str, state: Text, actor: Person, **look: Any) -> None:
    """Draw a field of several lines; below it, what was typed in another tab."""
    state.text = st.text_area(
        label,
        state.text,
        key=state.key,
        max_chars=4000,
        on_change=_hear,
        args=(state, actor),
        **look,
    )
    _say(state, actor)


def line(label: str, state: Text, actor: Person, **look: Any) -> None:
    """Draw a field of one line."""
    state.text = st.text_input(
        label,
        state.text,
        key=state.key,
        max_chars=200,
        on_change=_hear,
        args=(state, actor),
        **look,
    )
    _say(state, actor)


def sent(state: Text) -> None:
    """Begin a new, empty text: the field's draft ended when it was sent."""
    state.text, state.kept, state.seen, state.not_kept = "", "", None, ""
    state.token = new_token()


def keep(state: Text, actor: Person) -> None:
    """Save what is typed, if it differs from what is stored."""
    if state.text == state.kept:
        return
    con, form, task_id = session.connection(), state.form, state.task.id
    try:
        if state.text.strip():
            drafts.keep(
                con, task_id, {"text": state.text}, form=form, writer=state.token,
                seen=state.seen, actor=actor, now=session.now(),
            )  # fmt: skip
        else:
            drafts.drop(con, task_id, form=form, writers=state.drafts_sent, actor=actor)
    except BillingError as problem:
        state.not_kept = str(problem)
        return
    state.kept, state.seen, state.not_kept = state.text, None, ""


def now(state: Text) -> str:
    """Return what the field says now, for the verb that sends it, since its click may come together
    with what was typed last."""
    text = lossless_widgets.typed(state.key)
    if text is not None:
        state.text = text
    return state.text


def _hear(state: Text, actor: Person) -> None:
    now(state)
    lossless_widgets.keep_typed(actor, partial(keep, state))
    if not state.not_kept:
        live_updates.stay(state.task.id, actor)


def _say(state: Text, actor: Person) -> None:
    if state.not_kept:
        st.error(
            session.escape_markdown(f"What you typed is not kept as a draft: {state.not_kept}")
        )
    zone = session.zone(actor, state.task.practice_id)
    for draft in state.others:
        when = us_formats.moment(draft.saved_at, zone)
        st.warning(
            session.escape_markdown(f"Typed in another tab on {when}: {draft.content['text']}")
        )
        with st.container(horizontal=True, gap="xsmall"):
            lossless_widgets.button(
                "Use that one", partial(_use, state, draft), key=f"use_{draft.writer}",
                actor=actor,
            )  # fmt: skip
            lossless_widgets.button(
                "Discard that one", partial(_discard, state, draft), key=f"drop_{draft.writer}",
                actor=actor,
            )  # fmt: skip


def _use(state: Text, draft: Draft, actor: Person) -> str:
    now(state)
    keep(state, actor)
    con = session.connection()
    found = drafts.kept(con, state.task.id, form=state.form, actor=actor)
    state.others = tuple(other for other in found if other.writer != draft.writer)
    state.token = new_token()
    _fill(state, draft)
    return ""


def _discard(state: Text, draft: Draft, actor: Person) -> str:
    con = session.connection()
    drafts.drop(con, state.task.id, form=state.form, writers=[draft.writer], actor=actor)
    state.others = tuple(other for other in state.others if other.writer != draft.writer)
    return "That draft is discarded."


def _fill(state: Text, draft: Draft) -> None:
    state.text = state.kept = str(draft.content["text"])
    state.seen = draft
