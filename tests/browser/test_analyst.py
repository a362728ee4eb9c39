"""An analyst counts everything and sees nobody: nothing sent to the browser names a patient."""

from __future__ import annotations

import pytest
from playwright.sync_api import WebSocket, expect

from lib.ui import navigation
from tests.browser.conftest import Sit
from tests.browser.scene import FIRST, LAST, Scene

PATIENTS = [*LAST, *(name for name in FIRST if len(name) > 3), "MEM0", "1980-02-29", "02/29/1980",
            "19800229"]  # fmt: skip
NOT_FOR_ANALYSTS = ("documents", "import", "answers", "edit_charge", "find_document", "new_task")
PAGES = [
    *(page.url_path for page in navigation.PAGES if page.group == "Backlog"),
    "", "?sort=patient", "settings",
    "?status=Pending+and+completed&q=N001", *NOT_FOR_ANALYSTS,
]  # fmt: skip
FEW = ["?sort=patient", "waiting", "?status=Pending+and+completed&q=N001", *NOT_FOR_ANALYSTS]


@pytest.mark.cases(1)
@pytest.mark.parametrize("pages", [FEW, PAGES], ids=["some", "each"])
def test_no_page_sends_an_analyst_anything_of_a_patient(
    still: Scene, sit: Sit, pages: list[str]
) -> None:
    """`tests/test_pages.py` draws each of them for an analyst without a browser."""
    desk = sit(still, still.cast.alan, "/settings")
    received: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: received.append(_text(frame)))

    desk.page.on("websocket", listen)
    ticket = still.cast.completed
    for path in [*pages, f"?task={ticket.id}", f"edit_charge?task={ticket.id}"]:
        received.clear()
        shown = desk.go(f"/{path}")
        assert shown
        assert (shown.status == 404) is (path.partition("?")[0] in NOT_FOR_ANALYSTS)
        if shown.status != 404:
            desk.rest()
        below = desk.page.locator('[class*="st-key-evidence_"]')
        for summary in below.locator("summary").all():
            summary.evaluate("(one) => one.click()")
        expect(below.locator("code")).to_have_count(below.count())
        everything = desk.text + "".join(received)
        assert len(everything) > 100, path
        assert [name for name in PATIENTS if name in everything] == [], path
    charge = f"/origin/task/{ticket.id}"
    document = f"/documents/{next(iter(still.cast.documents.values()))}/x.pdf"
    for address in (charge, document):
        answer = still.server.ask(address, token=still.token(still.cast.alan))
        assert answer.status >= 400
        assert [name for name in PATIENTS if name in answer.text] == []


def _text(frame: str | bytes) -> str:
    return frame if isinstance(frame, str) else frame.decode("utf-8", errors="replace")


def test_somebody_of_the_practice_does_see_them(still: Scene, sit: Sit) -> None:
    """What the test above looks for is there for others."""
    desk = sit(still, still.cast.ben, "/?status=Pending+and+completed")
    expect(desk.rows.first).to_be_visible()

    assert [name for name in PATIENTS if name in desk.text]
