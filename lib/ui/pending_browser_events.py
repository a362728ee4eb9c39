"""What browsers have sent and no callback has heard yet.

A page that is reloaded or left sends what was typed last, and its session ends; the next page is
another session, which may ask for the draft a moment before the first one has stored it.
"""

from __future__ import annotations

import threading
import time

_LATE = 2.0  # seconds after which a request is not waited for: Streamlit dropped it, or it writes
_PATIENCE = 0.5  # seconds a page waits

_changed = threading.Condition()
_sent: dict[str, float] = {}  # when each session sent something, by its Streamlit id


def send(session_id: str) -> None:
    """Note that a session has sent something that a callback must hear."""
    with _changed:
        _sent[session_id] = time.monotonic()


def is_sent(session_id: str) -> bool:
    """Return True if a callback has yet to hear this session."""
    with _changed:
        at = _sent.get(session_id)
        return at is not None and time.monotonic() - at < _LATE


def last_sent(session_id: str) -> float | None:
    """Return when it sent what a callback is about to hear, for `hear`."""
    with _changed:
        return _sent.get(session_id)


def hear(session_id: str, sent_at: float | None) -> None:
    """Note that callbacks have heard what a session sent by then."""
    with _changed:
        if sent_at is not None and _sent.get(session_id) == sent_at:
            del _sent[session_id]
            _changed.notify_all()


def wait(session_id: str) -> None:
    """Wait, for half a second at most, until callbacks have heard what other sessions sent before
    now."""
    with _changed:
        now = time.monotonic()
        for other in [one for one, at in _sent.items() if now - at >= _LATE]:
            del _sent[other]
        waited = {one: at for one, at in _sent.items() if one != session_id}
        _changed.wait_for(
            lambda: not any(_sent.get(one) == at for one, at in waited.items()), _PATIENCE
        )
