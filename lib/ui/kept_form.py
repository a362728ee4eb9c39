"""Forms of several fields whose content is a draft until they are sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

from lib import drafts
from lib.drafts import Draft, Form
from lib.errors import BillingError
from lib.models import Person
from lib.store.idempotency import new_token
from lib.ui import lossless_widgets, session, session_state
from lib.ui.session_state import KeptEach


@dataclass
class KeptForm:
    """One open form: its fields by name, each with the key of its widget."""

    form: Form
    task_id: int  # drafts.NO_TASK for a task that is not made yet
    keys: Mapping[str, str]
    writer: str = field(default_factory=new_token)  # the name of its draft
    seen: Draft | None = None  # the draft the form was filled from
    is_filled: bool = False  # by a draft, so that no field has another default
    not_kept: str = ""  # why it could not be stored


_OPEN = KeptEach[KeptForm]("kept_form")


def opened(
    form: Form, task_id: int, keys: Mapping[str, str], actor: Person,
    read: Mapping[str, Callable[[str], object]],
) -> KeptForm:  # fmt: skip
    """Return the form, its fields filled with what was typed before. `read` turns the kept text of
    a choice into what can be chosen. Call it before the fields are drawn."""
    place = _OPEN.of(form, task_id)
    found = place.get()
    if found is not None and found.keys == keys:
        return found
    found = KeptForm(form, task_id, keys)
    kept = drafts.kept(session.connection(), task_id, form=form, actor=actor)
    if kept:
        found.seen, found.is_filled = kept[0], True
        for name, value in kept[0].content.items():
            if name in keys and not session_state.has_widget(keys[name]):
                session_state.set_widget(keys[name], read.get(name, str)(value))
    place.put(found)
    return found


def heard(state: KeptForm, actor: Person) -> Callable[[], None]:
    """Return the callback of every field, which keeps what the form says."""
    return partial(_hear, state, actor)


def _hear(state: KeptForm, actor: Person) -> None:
    lossless_widgets.keep_typed(actor, partial(_keep, state))


def _keep(state: KeptForm, actor: Person) -> None:
    says: dict[str, Any] = session_state.typed()
    content = {name: says[key] for name, key in state.keys.items() if says.get(key) is not None}
    try:
        drafts.keep(
            session.connection(), state.task_id, content, form=state.form, writer=state.writer,
            seen=state.seen, actor=actor, now=session.now(),
        )  # fmt: skip
    except BillingError as problem:
        state.not_kept = str(problem)
        return
    state.seen, state.not_kept = None, ""


def say_whether_kept(state: KeptForm) -> None:
    """Say so if what is typed could not be stored."""
    if state.not_kept:
        st.error(
            session.escape_markdown(f"What you typed is not kept as a draft: {state.not_kept}")
        )


def sent(state: KeptForm, actor: Person) -> None:
    """End the draft of a form that was sent."""
    writers = [state.writer, *([state.seen.writer] if state.seen else [])]
    drafts.drop(session.connection(), state.task_id, form=state.form, writers=writers, actor=actor)
    _OPEN.of(state.form, state.task_id).take()
