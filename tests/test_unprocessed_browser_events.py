"""A page waits until what another session sent before it is heard, and no longer."""

from __future__ import annotations

import threading
import time

from lib.ui import unprocessed_browser_events


def test_a_page_waits_until_another_session_is_heard() -> None:
    unprocessed_browser_events.send("left", "ana")
    sent_at, order = unprocessed_browser_events.last_sent("left"), []

    def hear() -> None:
        order.append("heard")
        unprocessed_browser_events.hear("left", sent_at)

    threading.Timer(0.05, hear).start()
    unprocessed_browser_events.wait("new", "ana")
    order.append("drawn")

    assert order == ["heard", "drawn"]
    assert not unprocessed_browser_events.is_sent("left")


def test_what_was_sent_while_a_callback_ran_is_still_to_be_heard() -> None:
    unprocessed_browser_events.send("busy", "ana")
    before = unprocessed_browser_events.last_sent("busy")
    unprocessed_browser_events.send("busy", "ana")

    unprocessed_browser_events.hear("busy", before)

    assert unprocessed_browser_events.is_sent("busy")
    unprocessed_browser_events.hear("busy", unprocessed_browser_events.last_sent("busy"))
    assert not unprocessed_browser_events.is_sent("busy")


def test_a_page_waits_neither_for_itself_nor_for_ever() -> None:
    unprocessed_browser_events.send("stuck", "ana")

    unprocessed_browser_events.wait("stuck", "ana")  # would wait a second and a half
    unprocessed_browser_events.wait("new", "ana")

    assert unprocessed_browser_events.is_sent("stuck")
    unprocessed_browser_events.hear("stuck", unprocessed_browser_events.last_sent("stuck"))


def test_a_page_waits_for_nobody_elses_press() -> None:
    unprocessed_browser_events.send("of Ben", "ben")
    began = time.monotonic()

    unprocessed_browser_events.wait("new", "ana")

    assert time.monotonic() - began < 0.2  # a second and a half where it waits
    unprocessed_browser_events.hear("of Ben", unprocessed_browser_events.last_sent("of Ben"))
