"""Make Streamlit handle every click and every text before it turns to the next request.

Streamlit 1.67.0, which is pinned, drops what came with a request in seven places:

- a run that has just begun is abandoned for a newer request before its callbacks were called;
- a callback is ended in its middle for a newer request, wherever it touches Streamlit, be it to
  read a value of the session;
- of two requests that wait together only the newer one's fields count, which has none of a page
  that is being left;
- a request of a fragment is dropped once the page it stood on was left, although the browser may
  send the press of a button after the click on a link that followed it;
- while the next page is still to be drawn, such a request takes that page's place: the link is
  dropped, or a page is drawn and then emptied for a fragment that it does not have;
- a run that leads to another page, or asks to be drawn anew, takes the place of the page that the
  person has asked for meanwhile: the link is dropped;
- a session whose browser went away is stopped, with what it had just sent.

So a press of *Save and Complete* did nothing if a click elsewhere followed within a few hundred
milliseconds, and what was typed just before a reload could be lost.

It also draws a page that is asked for just after a fragment was drawn, by the same thread, into
the fragment's own container, a dialog or a column. The browser has no such place: it goes white.
`tests/browser/test_verbs.py` and `tests/test_streamlit_patches.py` show it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from streamlit.delta_generator_singletons import (
    context_dg_stack,
    get_default_dg_stack_value,
)
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime import exists, get_instance
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils import script_requests
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState

from lib.ui import unprocessed_browser_events

# A field's id ends with its key; kept fields are keyed by the token of their form, what a button of
# a task goes by is keyed by the task.
_KEPT = re.compile(
    r"-[a-z][a-z0-9_]*_[0-9a-f]{32}$|-(lines|document|resolution|attached|uploaded)_\d+$"
    r"|-(file|label|status|date|name|notes)_task_\d+_\d+$|-query$"
)
_PRACTICE = re.compile(r"-practice$")  # goes along from page to page (`practice_switch`)

# Which page the person asked for last, kept at Streamlit's own session; None once a run has led to
# another one.
_PAGE, _QUERY = "_page_now", "_query_now"

_of_two = script_requests._coalesce_widget_states
_ask = script_requests.ScriptRequests._request_rerun_locked
_request = AppSession.request_rerun
_stop = AppSession.request_script_stop
_run = ScriptRunner._run_script


def _of_both(old: WidgetStates | None, new: WidgetStates | None) -> WidgetStates | None:
    """Return what both requests say; where both say something, the newer counts. Of the older one
    only fields whose text is kept and the choice of a practice count, not the filters of a page
    that was left."""
    both = _of_two(old, new)
    if old is None or both is None:
        return both
    known = {state.id for state in both.widgets}
    found = WidgetStates()
    found.CopyFrom(both)
    found.widgets.extend(
        state
        for state in old.widgets
        if state.id not in known and (_KEPT.search(state.id) or _PRACTICE.search(state.id))
    )
    return found


def _give_way(self: script_requests.ScriptRequests, new_data: RerunData) -> bool:
    """Take a request, but for one of the script's own where the person has asked for a page since:
    theirs counts. What comes from the browser says what its fields say; the script's says nothing
    of them."""
    asked, context = self._rerun_data, get_script_run_ctx(suppress_warning=True)
    is_waiting = self._state is ScriptRequestType.RERUN and asked.widget_states is not None
    if (
        is_waiting
        and new_data.widget_states is None
        and context is not None
        and script_requests._is_full_app_rerun(asked)
        and asked.page_script_hash not in ("", context.page_script_hash)
    ):
        return True
    return _ask(self, new_data)


def _hear_first(
    self: SafeSessionState,
    fresh_widget_states: WidgetStates | None,
    *,
    replay_trigger_states: WidgetStates | None = None,
    replay_trigger_values: Mapping[str, Any] | None = None,
    is_history_navigation: bool = False,
) -> None:
    """Call the callbacks of a request at once and to their end; Streamlit's own method looks for a
    newer request first, and so does whatever of Streamlit a callback touches."""
    runner = getattr(self._yield_callback, "__self__", None)
    context = get_script_run_ctx(suppress_warning=True)
    session_id = context.session_id if context else ""
    sent_at = unprocessed_browser_events.last_sent(session_id)
    try:
        with self._lock, _not_ended(runner):
            self._state.on_script_will_rerun(
                fresh_widget_states,
                replay_trigger_states=replay_trigger_states,
                replay_trigger_values=replay_trigger_values,
                is_history_navigation=is_history_navigation,
            )
    finally:
        if runner is None or runner._requests._state is not ScriptRequestType.RERUN:
            # Nothing that was sent since waits behind this.
            unprocessed_browser_events.hear(session_id, sent_at)


def _stop_if_heard(self: AppSession) -> None:
    """Stop the session of a browser that has gone, unless a callback is still to run."""
    if not unprocessed_browser_events.is_sent(self.id):
        _stop(self)


@contextmanager
def _not_ended(runner: ScriptRunner | None) -> Iterator[None]:
    """Keep newer requests from ending the run while callbacks are called."""
    if runner is None:
        yield
        return
    before, runner._execing = runner._execing, False
    try:
        yield
    finally:
        runner._execing = before


def _request_or_follow(self: AppSession, client_state: ClientState | None) -> None:
    """Handle what was pressed or typed in a fragment that is gone, or is about to go, on the page
    that was asked for since."""
    if client_state is None:
        _request(self, None)
        return
    if not client_state.fragment_id:
        setattr(self, _PAGE, (client_state.page_script_hash, client_state.page_name))
        setattr(self, _QUERY, client_state.query_string)
    elif _is_left(self, client_state):
        counted = [state for state in client_state.widget_states.widgets if _counts(state)]
        if client_state.is_auto_rerun or not counted:
            return
        client_state = _on_page_now(self, client_state, counted)
    if any(_counts(state) for state in client_state.widget_states.widgets):
        unprocessed_browser_events.send(
            self.id, unprocessed_browser_events.owner_of(self._user_info)
        )
    _request(self, client_state)


def _is_left(session: AppSession, asked: ClientState) -> bool:
    """Return whether a fragment is gone, or will be: a run is leading to another page."""
    if not session.has_fragment(asked.fragment_id):
        return True
    page = getattr(session, _PAGE, None)
    wanted = page[0] if page and session._scriptrunner is not None else None
    return wanted not in (None, "", asked.page_script_hash)  # "": the first page, asked for by name


def _run_in_its_place(self: ScriptRunner, rerun_data: RerunData) -> None:
    """Run a page at the top, not in the container of the fragment that this thread drew last, and
    what was pressed in a fragment of a page that a run has left since on the page that is there."""
    context_dg_stack.set(get_default_dg_stack_value())
    here, said = self._pages_manager.current_page_script_hash, rerun_data.widget_states
    if rerun_data.fragment_id_queue and here not in ("", rerun_data.page_script_hash):
        counted = [state for state in said.widgets if _counts(state)] if said else []
        if rerun_data.is_auto_rerun or not counted:
            return
        rerun_data = replace(
            rerun_data,
            fragment_id_queue=[],
            page_script_hash=here,
            query_string=_query_now(self._session_state._state),
            widget_states=WidgetStates(widgets=counted),
        )
    _run(self, rerun_data)


def _counts(state: WidgetState) -> bool:
    """Return whether a press or a kept text must be handled whatever page is there by then."""
    return script_requests._has_active_trigger_value(state) or bool(_KEPT.search(state.id))


def _on_page_now(
    session: AppSession, asked: ClientState, counted: list[WidgetState]
) -> ClientState:
    now = ClientState()
    now.CopyFrom(asked)
    now.fragment_id = ""
    page = getattr(session, _PAGE, None)
    if page is None:  # a run led here
        now.page_script_hash = session._pages_manager.current_page_script_hash
        now.query_string = _query_now(session._session_state)
    else:
        now.page_script_hash, now.page_name = page
        now.query_string = getattr(session, _QUERY)
    del now.widget_states.widgets[:]
    now.widget_states.widgets.extend(counted)
    return now


def _query_now(state: SessionState) -> str:
    """Return the query of the page that was drawn last; a session's own is told it later."""
    return urlencode(state.query_params.to_dict())


def is_page_gone() -> bool:
    """Return True if the browser that this run is for has left its page."""
    context = get_script_run_ctx(suppress_warning=True)
    return bool(context and exists() and not get_instance().is_active_session(context.session_id))


def lead_elsewhere() -> None:
    """Note that this run leads to another page than the person asked for."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return
    requests = context.script_requests
    if requests is None or requests._state is ScriptRequestType.RERUN:
        return  # the person has asked for a page since
    session = _session(context.session_id)
    if session is not None:
        setattr(session, _PAGE, None)


def hear_last(session_id: str, owner: str, said: Mapping[str, str]) -> None:
    """Handle what fields whose text is kept said, by their keys, as their page was left.

    Nothing is done for a session that is gone or somebody else's, for keys it does not have, and
    for what is no kept text. Call it in the thread of Streamlit's event loop.
    """
    session = _session(session_id)
    if session is None or unprocessed_browser_events.owner_of(session._user_info) != owner:
        return
    fields = session._session_state
    widgets = []
    for key, text in said.items():
        state = WidgetState(id=fields.get_widget_id_from_key(key) or "")
        known = fields.get_widget_metadata(state.id)
        if known is None or not _KEPT.search(state.id):
            continue
        if known.value_type == "json_value":
            state.json_value = text
        elif known.value_type == "string_value":
            state.string_value = text
        else:
            continue
        widgets.append(state)
    if widgets:
        session.request_rerun(_on_page_now(session, ClientState(), widgets))


def _session(session_id: str) -> AppSession | None:
    sessions = getattr(get_instance(), "_session_mgr", None)  # not where Streamlit tests an app
    found = sessions and sessions.get_session_info(session_id)
    return found.session if found else None


def listen() -> None:
    """Replace them all in this process; calling it twice changes nothing."""
    setattr(AppSession, "request_rerun", _request_or_follow)  # noqa: B010
    setattr(AppSession, "request_script_stop", _stop_if_heard)  # noqa: B010
    setattr(ScriptRunner, "_run_script", _run_in_its_place)  # noqa: B010
    setattr(script_requests, "_coalesce_widget_states", _of_both)  # noqa: B010
    setattr(script_requests.ScriptRequests, "_request_rerun_locked", _give_way)  # noqa: B010
    setattr(SafeSessionState, "on_script_will_rerun", _hear_first)  # noqa: B010
