"""A page waits until what another session sent before it is heard, and no longer."""

from __future__ import annotations

import threading
import time

from lib.ui import pending_browser_events


def test_a_page_waits_until_another_session_is_heard() -> None:
    pending_browser_events.send("left", "ana")
    sent_at, order = pending_browser_events.last_sent("left"), []

    def hear() -> None:
        order.append("heard")
        pending_browser_events.hear("left", sent_at)

    threading.Timer(0.05, hear).start()
    pending_browser_events.wait("new", "ana")
    order.append("drawn")

    assert order == ["heard", "drawn"]
    assert not pending_browser_events.is_sent("left")


def test_what_was_sent_while_a_callback_ran_is_still_to_be_heard() -> None:
    pending_browser_events.send("busy", "ana")
    before = pending_browser_events.last_sent("busy")
    pending_browser_events.send("busy", "ana")

    pending_browser_events.hear("busy", before)

    assert pending_browser_events.is_sent("busy")
    pending_browser_events.hear("busy", pending_browser_events.last_sent("busy"))
    assert not pending_browser_events.is_sent("busy")


def test_a_page_waits_neither_for_itself_nor_for_ever() -> None:
    pending_browser_events.send("stuck", "ana")

    pending_browser_events.wait("stuck", "ana")  # would wait half a second
    pending_browser_events.wait("new", "ana")

    assert pending_browser_events.is_sent("stuck")
    pending_browser_events.hear("stuck", pending_browser_events.last_sent("stuck"))


def test_a_page_waits_for_nobody_elses_press() -> None:
    pending_browser_events.send("of Ben", "ben")
    began = time.monotonic()

    pending_browser_events.wait("new", "ana")

    assert time.monotonic() - began < 0.2  # half a second where it waits
    pending_browser_events.hear("of Ben", pending_browser_events.last_sent("of Ben"))
