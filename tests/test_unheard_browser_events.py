"""A page waits until what another session sent before it is heard, and no longer."""

from __future__ import annotations

import threading
import time

from lib.ui import unheard_browser_events


def test_a_page_waits_until_another_session_is_heard() -> None:
    unheard_browser_events.send("left", "ana")
    sent_at, order = unheard_browser_events.last_sent("left"), []

    def hear() -> None:
        order.append("heard")
        unheard_browser_events.hear("left", sent_at)

    threading.Timer(0.05, hear).start()
    unheard_browser_events.wait("new", "ana")
    order.append("drawn")

    assert order == ["heard", "drawn"]
    assert not unheard_browser_events.is_sent("left")


def test_what_was_sent_while_a_callback_ran_is_still_to_be_heard() -> None:
    unheard_browser_events.send("busy", "ana")
    before = unheard_browser_events.last_sent("busy")
    unheard_browser_events.send("busy", "ana")

    unheard_browser_events.hear("busy", before)

    assert unheard_browser_events.is_sent("busy")
    unheard_browser_events.hear("busy", unheard_browser_events.last_sent("busy"))
    assert not unheard_browser_events.is_sent("busy")


def test_a_page_waits_neither_for_itself_nor_for_ever() -> None:
    unheard_browser_events.send("stuck", "ana")

    unheard_browser_events.wait("stuck", "ana")  # would wait half a second
    unheard_browser_events.wait("new", "ana")

    assert unheard_browser_events.is_sent("stuck")
    unheard_browser_events.hear("stuck", unheard_browser_events.last_sent("stuck"))


def test_a_page_waits_for_nobody_elses_press() -> None:
    unheard_browser_events.send("of Ben", "ben")
    began = time.monotonic()

    unheard_browser_events.wait("new", "ana")

    assert time.monotonic() - began < 0.2  # half a second where it waits
    unheard_browser_events.hear("of Ben", unheard_browser_events.last_sent("of Ben"))
