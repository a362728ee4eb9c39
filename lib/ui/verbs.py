"""Buttons that change something, and fields whose text is kept: what was pressed or typed counts,
whatever is clicked next.

Streamlit leaves a run at its next `st` call once a click elsewhere asks for the whole page, and the
press of a button with it. Callbacks come before any of that, also where the press and the click
elsewhere are taken together; what is done in them must not touch Streamlit before it is done, but
for `typed`, which does not yield.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException, get_script_run_ctx

from lib.errors import BillingError, NotSignedIn
from lib.models import Person
from lib.store.database import Store
from lib.ui import navigation, session

LEAVE = "leave_to"  # where a verb that is done leads, told to the page that is drawn next
SOON = 0.6  # seconds a verb waits for other writers without a word

Verb = Callable[[Person], str]  # does it, and returns the sentence that says so


def button(label: str, do: Verb, *, key: str, actor: Person, **look: Any) -> None:
    """A button whose verb is done, or said to be not done, whatever is clicked next."""
    done: list[bool] = []
    st.button(
        label, key=f"verb_{key}", on_click=_do, args=(do, actor, session.toasts(), done), **look
    )


def _do(do: Verb, actor: Person, said: list[session.Message], done: list[bool]) -> None:
    """Do it once: a second click on a button that was not drawn anew yet is the same press."""
    if done:
        return
    _do_now(do, actor, said, done)
    if _is_left():  # the click elsewhere was quicker: no page is drawn after this
        session.say_what_no_form_says(None)
        undisturbed(session.show_toasts)


def _is_left() -> bool:
    """True where the fragment that this run is for is not on the page any more."""
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


def typed(key: str) -> str | None:
    """What a field says now, in a callback; None where the page does not have it."""
    value = st.session_state.to_dict().get(key)
    return None if value is None else str(value)


def keep_typed(actor: Person, keep: Callable[[Person], None]) -> None:
    """Keep what was typed, from a field's callback; nobody's, once that person is signed out."""
    with suppress(NotSignedIn):  # the page that is drawn next says so
        keep(session.same_person(actor))


def leave(page: str, **changes: str | None) -> None:
    """Go to another page once the run that comes next is drawn; from a verb that is done."""
    undisturbed(lambda: st.session_state.update({LEAVE: (page, changes)}))


def settle() -> None:
    """Go where a verb that is done leads, or draw the whole page anew where one has something to
    say: the first line, after the person, of a fragment with verbs."""
    page, changes = st.session_state.pop(LEAVE, (None, {}))
    if page:
        navigation.go(page, **changes)
    if session.toasts():
        st.rerun()


def undisturbed(act: Callable[[], object]) -> None:
    """Do something with Streamlit that a click elsewhere must not keep from being done; the click
    is heard right after it."""
    later = []
    while True:
        try:
            act()
            break
        except RerunException as click:
            later.append(click.rerun_data)
    context = get_script_run_ctx()
    for data in later:
        if context and context.script_requests:
            context.script_requests.request_rerun(data)


def _say_what_is_waited_for(store: Store) -> None:
    """Writers come one after another: say for whom this one waits, where it takes long."""
    doing = store.wait_for_writer(SOON)
    if doing:
        text = f"Waiting for {doing} to be written. This comes next."
        undisturbed(
            lambda: st.toast(session.escape_markdown(text), icon=":material/hourglass_empty:")
        )
