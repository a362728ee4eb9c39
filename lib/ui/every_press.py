"""Lets Streamlit hear every press and every text before it turns to the next click.

Streamlit 1.67.0, which is pinned, drops what came with a request in two places: a run that was just
begun is left for a newer request before its callbacks were called, and of two requests that wait
together the newer one's fields count, which has none of a page that is being left. So a press of
*Save and Complete* came to nothing where a click elsewhere followed within some hundred ms.
`tests/browser/test_verbs.py` sees it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner_utils import script_requests
from streamlit.runtime.state.safe_session_state import SafeSessionState

# The id of a field ends with its key; kept fields are keyed by the token of their form.
_KEPT = re.compile(r"-[a-z][a-z0-9_]*_[0-9a-f]{32}$|-lines_\d+$")

_of_two = script_requests._coalesce_widget_states


def _of_both(old: WidgetStates | None, new: WidgetStates | None) -> WidgetStates | None:
    """Return what both requests say; the newer counts where both say something. Of the older one
    only fields whose text is kept, not the filters of a page that was left."""
    both = _of_two(old, new)
    if old is None or both is None:
        return both
    known = {state.id for state in both.widgets}
    found = WidgetStates()
    found.CopyFrom(both)
    found.widgets.extend(
        state for state in old.widgets if state.id not in known and _KEPT.search(state.id)
    )
    return found


def _hear_first(
    self: SafeSessionState,
    fresh_widget_states: WidgetStates | None,
    *,
    replay_trigger_states: WidgetStates | None = None,
    replay_trigger_values: Mapping[str, Any] | None = None,
    is_history_navigation: bool = False,
) -> None:
    """Call the callbacks of a request that was taken; Streamlit's own looks for a newer first."""
    with self._lock:
        self._state.on_script_will_rerun(
            fresh_widget_states,
            replay_trigger_states=replay_trigger_states,
            replay_trigger_values=replay_trigger_values,
            is_history_navigation=is_history_navigation,
        )


def listen() -> None:
    """Make it so for this process; a second time changes nothing."""
    setattr(script_requests, "_coalesce_widget_states", _of_both)  # noqa: B010
    setattr(SafeSessionState, "on_script_will_rerun", _hear_first)  # noqa: B010
