"""Let a page follow what others do: what it shows is drawn anew, and a form says who changed its
task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import streamlit as st

from lib import changes_since
from lib.errors import NoSuchTask
from lib.models import Person
from lib.ui import components, lossless_widgets, page_switching, session, session_state
from lib.ui.session_state import KeptEach

FRAGMENTS = frozenset({"list", "menu", "details", "window"})  # what can be drawn anew by itself
_SEEN = KeptEach[int]("seen_of_task")  # the last event of a task as it is on screen


def latest(actor: Person) -> int:
    """Return the last event, to be asked before what is shown is read."""
    return changes_since.latest(session.connection(), actor=actor)


def latest_of_task(task_id: int, actor: Person) -> int:
    """Return the last event of a task, to be asked before the task is read. Raises NoSuchTask."""
    return changes_since.latest_of_task(session.connection(), task_id, actor=actor)


def latest_of_window(actor: Person) -> int:
    """Return the last event of the task that a window is opened from; 0 if there is none."""
    task_id = page_switching.task_in_url()
    with suppress(NoSuchTask):  # the window says so
        return 0 if task_id is None else latest_of_task(task_id, actor)
    return 0


def follow(fragments: Sequence[str], seen: int) -> None:
    """Draw these fragments anew once somebody has changed something in the practice."""
    _follow(fragments, seen, None, is_form=False, on_news=None)


def follow_task(
    fragment: str, task_id: int, seen: int, *, is_form: bool = False,
    on_news: Callable[[], None] | None = None,
) -> None:  # fmt: skip
    """Draw the fragment anew once somebody has changed its task or the charge.

    While somebody has typed there, or `is_form`, a line says who changed it instead, so that
    nothing moves under their hands; `on_news` is called when they ask to see it.
    """
    _SEEN.of(task_id).put(seen)
    _follow([fragment], seen, task_id, is_form=is_form, on_news=on_news)


def stay(task_id: int, actor: Person) -> None:
    """Leave the page as it is while somebody types and others have changed the task: the last line
    of the callback of a field. A press that came with the text is answered on the page, and what
    asks for the whole page, such as a way out of it, gets the whole page."""
    if session.is_whole_page() or lossless_widgets.is_pressed():
        return
    seen = _SEEN.of(task_id).get()
    with suppress(NoSuchTask):
        if seen is not None and latest_of_task(task_id, actor) > seen:
            st.rerun("still")


@st.fragment(key="still")
def still() -> None:
    """Draw nothing: what `stay` has drawn in place of what would move."""


def _follow(
    fragments: Sequence[str], seen: int, task_id: int | None, *, is_form: bool,
    on_news: Callable[[], None] | None,
) -> None:  # fmt: skip
    key = f"follow_{fragments[0]}"

    def hear() -> None:
        session.note_that_nobody_clicked()
        if on_news:
            on_news()
        asked = (session_state.told(key, "news") or {}).get("fragments", [])
        wanted = [name for name in asked if name in FRAGMENTS]
        if wanted:
            st.rerun(wanted)

    components.follow(
        {"fragments": list(fragments), "seen": seen, "task": task_id, "isForm": is_form},
        key=key,
        on_news=hear,
    )
