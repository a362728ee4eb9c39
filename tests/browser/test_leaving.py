"""A link that is clicked while a press leads to another page opens its page, and a part of a page
that finds no place ends nothing. Looks at `lib/web/frontend_files.py` and
`lib/ui/streamlit_patches.py`."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import WebSocketRoute, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.conftest import Sit
from tests.browser.scene import Scene
from tests.browser.test_verbs import press_and_go

STREAM = re.compile("/_stcore/stream")


class LossyStream:
    """What the server sends; once `loses` is set, the next block within a block is lost."""

    loses = False

    def take(self, page: WebSocketRoute) -> None:
        """Stand between a page and the server."""
        server = page.connect_to_server()

        def hear(message: str | bytes) -> None:
            if self.loses and isinstance(message, bytes):
                said = ForwardMsg.FromString(message)
                if said.delta.HasField("add_block") and len(said.metadata.delta_path) > 3:
                    self.loses = False
                    return
            page.send(message)

        server.on_message(hear)


def test_a_part_that_finds_no_place_is_left_out_and_the_next_page_is_whole(
    scene: Scene, sit: Sit
) -> None:
    desk = sit(scene, scene.cast.ben)
    stream = LossyStream()
    desk.page.route_web_socket(STREAM, stream.take)
    desk.go(f"/?task={scene.cast.of_ben.id}")
    expect(desk.page.get_by_role("button", name="Continue Task")).to_be_enabled()
    desk.stand()

    stream.loses = True
    desk.press("Continue Task")
    expect(desk.page.get_by_role("heading", name="Edit Charge", exact=True)).to_be_visible()
    desk.page.get_by_role("link", name="Documents", exact=True).click()

    expect(desk.page.get_by_role("button", name="Add document")).to_be_visible()
    assert not stream.loses
    assert desk.problems == []


@pytest.mark.cases(2)
@pytest.mark.parametrize("delay", [0, 20, 50, 80, 110, 140])
def test_a_link_opens_its_page_while_a_press_leads_to_another_one(
    scene: Scene, sit: Sit, delay: int
) -> None:
    desk = sit(scene, scene.cast.ben, f"/?task={scene.cast.of_ben.id}")
    expect(desk.page.get_by_role("button", name="Continue Task")).to_be_enabled()
    desk.stand()

    press_and_go(desk, "Continue Task", "Documents", delay)

    expect(desk.page.get_by_role("button", name="Add document")).to_be_visible()
    desk.rest()
    assert desk.path == "/documents"
    assert desk.problems == []
