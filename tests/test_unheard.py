"""A page waits until what another session sent before it is heard, and no longer."""

from __future__ import annotations

import threading

from lib.ui import unheard


def test_a_page_waits_until_another_session_is_heard() -> None:
    unheard.send("left")
    sent_at, order = unheard.last_sent("left"), []

    def hear() -> None:
        order.append("heard")
        unheard.hear("left", sent_at)

    threading.Timer(0.05, hear).start()
    unheard.wait("new")
    order.append("drawn")

    assert order == ["heard", "drawn"]
    assert not unheard.is_sent("left")


def test_what_was_sent_while_a_callback_ran_is_still_to_be_heard() -> None:
    unheard.send("busy")
    before = unheard.last_sent("busy")
    unheard.send("busy")

    unheard.hear("busy", before)

    assert unheard.is_sent("busy")
    unheard.hear("busy", unheard.last_sent("busy"))
    assert not unheard.is_sent("busy")


def test_a_page_waits_neither_for_itself_nor_for_ever() -> None:
    unheard.send("stuck")

    unheard.wait("stuck")  # would wait half a second
    unheard.wait("new")

    assert unheard.is_sent("stuck")
    unheard.hear("stuck", unheard.last_sent("stuck"))
