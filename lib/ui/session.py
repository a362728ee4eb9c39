"""Who looks at the page, the store behind it, the clock, and messages that outlive a run."""

from __future__ import annotations

import re
import string
import time
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lib import accounts, people, sessions
from lib.errors import NotSignedIn
from lib.models import Colleague, Person, Practice
from lib.store import process_store
from lib.store.database import Connection
from lib.ui import html, session_state, streamlit_patches, unprocessed_browser_events
from lib.ui.session_state import Kept, KeptOrNew

_NOBODY_CLICKED = Kept[datetime]("nobody_clicked")  # when a page was last drawn by itself
_ONE_RUN = timedelta(seconds=3)  # longer than a page is drawn
_UNSEEN = "\u2060"  # a word joiner: no width, and no line breaks at it
_MADE_OF_TEXT = re.compile(
    r":(?=[\w+-]+:|/|material|streamlit)"  # http://, :emoji:, :material/icon:
    r"|www(?=\.)|[-.\w+](?=@)"  # links to sites and to mailboxes
    r"|(?<!\S)[<>~-](?=[->=])|(?<!\S)<-(?=>)",  # " -> " and the like
    re.IGNORECASE,
)


Message = tuple[Literal["success", "error"], str]


class _Shown(NamedTuple):
    at: float  # seconds, of the clock that only goes on
    page: str
    message: Message
    seconds: int  # on screen
    is_again: bool = False  # to be shown once more


PERSON_ID = Kept[int]("person_id")  # for whom everything else is kept
_TOKEN = Kept[str | None]("token")  # of the cookie the page came with
_MESSAGES = KeptOrNew[list[Message]]("messages", list)
_UNSAID = KeptOrNew[list[tuple[int, str]]]("unsaid", list)
# The task, the button and the sentence of the last refusal, which stays below the button.
REFUSED = Kept[tuple[int, str, str]]("refused")
PAGE = Kept[str]("page_drawn")  # which is drawn, or was drawn last
_TOAST_SECONDS = Kept[int]("toast_seconds")  # of the last one
_SHOWN = KeptOrNew[list[_Shown]]("shown_toasts", list)  # of late
PAINTED_BY_THEN = 1.0  # seconds, on the page that said it
_DRAWN_BY_THEN = 3.0  # seconds, on the next one


def connection() -> Connection:
    """Return this run's own connection to the store."""
    return process_store.connection()


def has_accounts() -> bool:
    """Return True if people sign in with accounts of their own, not by choosing a name."""
    con = connection()
    return bool(con.store.cached("has_accounts", lambda: accounts.are_there_any(con)))


def now() -> datetime:
    """Return the time, aware and in UTC."""
    return datetime.now(UTC)


def person_or_sign_in() -> Person:
    """Return who is signed in, for the frame. Anybody else gets a way to sign in, and nothing
    more."""
    try:
        return _person()
    except NotSignedIn as problem:
        session_state.clear()
        st.warning(escape_markdown(str(problem)))
        st.html(html.paragraph(html.link("/sign-in", "Sign in")))
        st.stop()


def person() -> Person:
    """Return who is signed in: the first line of every page, fragment and dialog.

    For anybody else the frame draws the whole page again, so that nothing of it remains.
    """
    try:
        return _person()
    except NotSignedIn:
        st.rerun()


def same_person(before: Person) -> Person:
    """Return who is signed in, as they are now, for a callback.

    Raises NotSignedIn if that is not the person for whom the page was drawn.
    """
    actor = _of_cookie()
    if actor.id != before.id:
        raise NotSignedIn
    return actor


def is_whole_page() -> bool:
    """Return True in a run that draws the whole page, not only a fragment."""
    context = get_script_run_ctx()
    return context is not None and not context.fragment_ids_this_run


def note_that_nobody_clicked() -> None:
    """Note that the run which begins now is not somebody's doing, so that it keeps no session
    alive."""
    _NOBODY_CLICKED.put(now())


def _of_cookie() -> Person:
    con = connection()
    token = st.context.cookies.get(sessions.COOKIE)
    if token is None and streamlit_patches.is_page_gone():
        token = _TOKEN.get()  # Streamlit knows no cookie any more; what the page said last counts
    elif token != _TOKEN.get():
        _TOKEN.put(token)
    nobody = _NOBODY_CLICKED.get()
    is_use = nobody is None or now() - nobody > _ONE_RUN
    person_id = sessions.session_of(con, token, now=now(), is_use=is_use)
    actor: Person | None = con.store.cached(
        ("person", person_id), lambda: people.person(con, person_id)
    )
    if actor is None:
        raise NotSignedIn
    return actor


def _person() -> Person:
    actor = _of_cookie()
    before = PERSON_ID.get()
    if before != actor.id:
        if before is not None:
            session_state.clear()
        context = get_script_run_ctx(suppress_warning=True)
        if context:  # a page that was just left may have more to say
            unprocessed_browser_events.wait(
                context.session_id, unprocessed_browser_events.owner_of(context.user_info)
            )
        PERSON_ID.put(actor.id)
    return actor


def colleagues(practice_id: int) -> tuple[Colleague, ...]:
    """Return everybody of that practice who may have tasks, by name, also who was deactivated."""
    con = connection()
    found: tuple[Colleague, ...] = con.store.cached(
        ("colleagues", practice_id), lambda: tuple(people.colleagues(con, practice_id))
    )
    return found


def practice_of(actor: Person, practice_id: int) -> Practice:
    """Return one of the actor's practices."""
    return next(m.practice for m in actor.memberships if m.practice.id == practice_id)


def zone(actor: Person, practice_id: int | None = None) -> ZoneInfo:
    """Return the time zone in which days are counted: the practice's, or the person's first one."""
    practice = actor.memberships[0].practice
    if practice_id is not None:
        practice = practice_of(actor, practice_id)
    return ZoneInfo(practice.timezone)


def today(actor: Person, practice_id: int | None = None) -> date:
    """Return today's date in that zone."""
    return now().astimezone(zone(actor, practice_id)).date()


def toasts() -> list[Message]:
    """Return the list of messages to show on the next run. Fetch it *before* a write: a click
    elsewhere may end this run right after it."""
    return _MESSAGES.ensure()


def unsaid() -> list[tuple[int, str]]:
    """Return the refusals, by task id, that a task's form has yet to show; they are said elsewhere
    if the person left it."""
    return _UNSAID.ensure()


def say_what_no_form_says(task_id: int | None) -> None:
    """Turn refusals into messages, except those that the form of `task_id` is about to show."""
    waiting = unsaid()
    toasts().extend(("error", text) for task, text in waiting if task != task_id)
    waiting[:] = [(task, text) for task, text in waiting if task == task_id]


def say_again(page: str) -> None:
    """Have what was just said, and what was said on another page than this one, said once more.

    The browser drops all of a page that is left, or that is asked for anew before it was drawn, and
    with it a message that came too late to be drawn there. What was shown a moment ago is therefore
    shown again, as it was: on screen it stays one.
    """
    now = time.monotonic()
    _SHOWN.put(
        [
            each._replace(
                is_again=each.is_again or each.page != page or now - each.at < PAINTED_BY_THEN
            )
            for each in _SHOWN.ensure()
            if each.is_again or now - each.at < _DRAWN_BY_THEN
        ]
    )


def show_toasts() -> None:
    """Show once what earlier runs had to say.

    Streamlit shows nothing new for a toast equal to one still on screen, so the second of two
    "Saved." would vanish with the first. Each is therefore shown for another time than the four
    before it, which are more than are said in eight seconds.
    """
    now, page, shown = time.monotonic(), PAGE.get() or "", _SHOWN.ensure()
    for place, each in enumerate(shown):
        if each.is_again:
            _toast(each.message, each.seconds)
            shown[place] = each._replace(at=now, page=page, is_again=False)
    waiting = toasts()
    while waiting:
        seconds = 8 + ((_TOAST_SECONDS.get() or 7) - 7) % 5  # 8, 9, 10, 11, 12, 8 …
        _toast(waiting[0], seconds)
        _TOAST_SECONDS.put(seconds)
        shown.append(_Shown(now, page, waiting.pop(0), seconds))


def _toast(message: Message, seconds: int) -> None:
    kind, text = message
    icon = ":material/check_circle:" if kind == "success" else ":material/error:"
    st.toast(escape_markdown(text), icon=icon, duration=seconds)


def forget_files() -> None:
    """Drop the files that were chosen in this tab: Streamlit keeps them until the tab is closed."""
    context = get_script_run_ctx()
    if context:
        context.uploaded_file_mgr.remove_session_files(context.session_id)


def escape_markdown(text: str) -> str:
    """Return people's text for a Markdown surface so that it reads as it was typed.

    Every mark is escaped. What Markdown or Streamlit recognizes even so (links, icons, emoji,
    arrows) is broken up by an invisible character.
    """
    apart = _MADE_OF_TEXT.sub(lambda found: found[0] + _UNSEEN, text)
    one_paragraph = re.sub(r"\s*\n\s*", "\n", apart.strip())
    return "".join("\\" + sign if sign in string.punctuation else sign for sign in one_paragraph)
