"""Make Streamlit handle every click and every text before it turns to the next request.

Streamlit 1.67.0, which is pinned, drops what came with a request in two places: a run that has just
begun is abandoned for a newer request before its callbacks were called, and of two requests that
wait together only the newer one's fields count, which has none of a page that is being left. So a
press of *Save and Complete* did nothing if a click elsewhere followed within a few hundred
milliseconds. `tests/browser/test_verbs.py` shows it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner_utils import script_requests
from streamlit.runtime.state.safe_session_state import SafeSessionState

# A field's id ends with its key; kept fields are keyed by the token of their form.
_KEPT = re.compile(r"-[a-z][a-z0-9_]*_[0-9a-f]{32}$|-lines_\d+$")

_of_two = script_requests._coalesce_widget_states


def _of_both(old: WidgetStates | None, new: WidgetStates | None) -> WidgetStates | None:
    """Return what both requests say; where both say something, the newer counts. Of the older one
    only fields whose text is kept count, not the filters of a page that was left."""
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
    """Call the callbacks of a request at once; Streamlit's own method looks for a newer one
    first."""
    with self._lock:
        self._state.on_script_will_rerun(
            fresh_widget_states,
            replay_trigger_states=replay_trigger_states,
            replay_trigger_values=replay_trigger_values,
            is_history_navigation=is_history_navigation,
        )


def listen() -> None:
    """Replace both in this process; calling it twice changes nothing."""
    setattr(script_requests, "_coalesce_widget_states", _of_both)  # noqa: B010
    setattr(SafeSessionState, "on_script_will_rerun", _hear_first)  # noqa: B010
