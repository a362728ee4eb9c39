"""What browsers have sent and no callback has heard yet.

A page that is reloaded or left sends what was typed last, and its session ends; the next page is
another session, which may ask for the draft a moment before the first one has stored it. It waits
for that one, and for no page of anybody else: pages belong together that came with the same cookie.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import NamedTuple

_LATE = 2.0  # seconds after which a request is not waited for: Streamlit dropped it, or it writes
_PATIENCE = 1.5  # seconds a page waits


class _Sent(NamedTuple):
    at: float
    owner: str  # whose browser it was


_changed = threading.Condition()
_sent: dict[str, _Sent] = {}  # what each session sent last, by its Streamlit id


def owner_of(user_info: Mapping[str, object]) -> str:
    """Return whose browser a page of Streamlit's is in, as the gate told it
    (`server.trustedUserHeaders`)."""
    return str(user_info.get("session") or "")


def send(session_id: str, owner: str) -> None:
    """Note that a session has sent something that a callback must hear."""
    with _changed:
        _sent[session_id] = _Sent(time.monotonic(), owner)


def is_sent(session_id: str) -> bool:
    """Return True if a callback has yet to hear this session."""
    with _changed:
        sent = _sent.get(session_id)
        return sent is not None and time.monotonic() - sent.at < _LATE


def last_sent(session_id: str) -> float | None:
    """Return when it sent what a callback is about to hear, for `hear`."""
    with _changed:
        sent = _sent.get(session_id)
        return sent.at if sent else None


def hear(session_id: str, sent_at: float | None) -> None:
    """Note that callbacks have heard what a session sent by then."""
    with _changed:
        sent = _sent.get(session_id)
        if sent is not None and sent.at == sent_at:
            del _sent[session_id]
            _changed.notify_all()


def wait(session_id: str, owner: str) -> None:
    """Wait, for a second and a half at most, until callbacks have heard what other sessions of the
    same owner sent before now."""
    with _changed:
        now = time.monotonic()
        for late in [each for each, sent in _sent.items() if now - sent.at >= _LATE]:
            del _sent[late]
        waited = {
            each: sent for each, sent in _sent.items() if each != session_id and sent.owner == owner
        }
        _changed.wait_for(
            lambda: not any(_sent.get(each) == sent for each, sent in waited.items()), _PATIENCE
        )
