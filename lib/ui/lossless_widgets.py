"""Buttons that change something, and fields whose text is kept: a click or a text counts, whatever
is clicked next.

When a click elsewhere asks for the whole page, Streamlit abandons the run at its next `st` call,
and with it the press of a button. Callbacks run before that, also if the press and the click
elsewhere are handled together, and are not abandoned (`streamlit_patches`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lib.errors import BillingError, NotSignedIn
from lib.models import Person
from lib.store.database import Store
from lib.ui import page_switching, session, session_state, url_widgets

SOON = 0.6  # seconds a verb waits for other writers silently

Verb = Callable[[Person], str]  # does the work, and returns the sentence that reports it


def button(label: str, do: Verb, *, key: str, actor: Person, **look: Any) -> None:
    """Draw a button whose verb is done, or reported as not done, whatever is clicked next."""
    st.button(label, key=f"verb_{key}", on_click=_do, args=_pressed(do, actor), **look)


def submit(label: str, do: Verb, *, key: str, actor: Person, **look: Any) -> None:
    """Draw the button of an `st.form`, whose verb counts as that of `button` does. It reads the
    fields as they are sent (`session_state.typed`), by keys that end with the token of the form: no
    others come along where the page is left in the same moment."""
    st.form_submit_button(label, key=f"verb_{key}", on_click=_do, args=_pressed(do, actor), **look)


def _pressed(do: Verb, actor: Person) -> tuple[Verb, Person, list[session.Message], list[bool]]:
    return do, actor, session.toasts(), []


def _do(do: Verb, actor: Person, said: list[session.Message], done: list[bool]) -> None:
    """Do it once: a second click on a button that was not redrawn yet is the same press."""
    if done:
        return
    _do_now(do, actor, said, done)
    if _is_left():  # the click elsewhere was quicker: no page is drawn after this
        session.say_what_no_form_says(None)
        session.show_toasts()


def _is_left() -> bool:
    """Return True if the fragment of this run is no longer on the page."""
    context = get_script_run_ctx()
    if context is None or not context.fragment_ids_this_run:
        return False
    known = context.fragment_storage
    return not any(known.contains(fragment) for fragment in context.fragment_ids_this_run)


def _do_now(do: Verb, actor: Person, said: list[session.Message], done: list[bool]) -> None:
    try:
        now = session.same_person(actor)
        _say_what_is_waited_for(session.connection().store)
        sentence = do(now)
    except BillingError as problem:
        said.append(("error", str(problem)))
        return
    done.append(True)
    if sentence:
        said.append(("success", sentence))


def is_pressed() -> bool:
    """Return True in a callback if a verb is pressed in the same request, done already or not."""
    said = session_state.typed()
    return any(value is True and key.startswith("verb_") for key, value in said.items())


def typed(key: str) -> str | None:
    """Return what a field says now, in a callback; None if the page does not have it."""
    value = session_state.typed().get(key)
    return None if value is None else str(value)


def keep_typed(actor: Person, keep: Callable[[Person], None]) -> None:
    """Keep what was typed, from a field's callback; not for somebody who has signed out."""
    with suppress(NotSignedIn):  # the page that is drawn next says so
        keep(session.same_person(actor))


def leave(page: str, **changes: str | None) -> None:
    """Go to another page once the next run is drawn; called by a verb that is done."""
    url_widgets.LEAVING.put((page, changes))


def settle() -> None:
    """Go where a finished verb leads, or draw the whole page anew if one has something to say and
    only its fragment is drawn: a whole page says it last. This is the first line, after the person,
    of a fragment with verbs."""
    leaving = url_widgets.LEAVING.take()
    if leaving:
        page, changes = leaving
        page_switching.go(page, **changes)
    context = get_script_run_ctx()
    if session.toasts() and context and context.fragment_ids_this_run:
        st.rerun()


def _say_what_is_waited_for(store: Store) -> None:
    """Show which other writer this verb waits for, if that takes long."""
    doing = store.wait_for_writer(SOON)
    if doing:
        text = f"Waiting for {doing} to be written. This comes next."
        st.toast(session.escape_markdown(text), icon=":material/hourglass_empty:")
