"""A denial comes in, then the payment: the task says so, shows both files, and is completed."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Sit
from tests.browser.scene import Scene
from tests.x12_texts import answer, file_835


def test_a_payment_is_proposed_on_the_task_and_accepted(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.carla, "/import")
    page = desk.page
    denied = file_835(answer("PROPOSED1"))
    paid = file_835(
        answer("PROPOSED1", status="1", control="P2", codes=()), control="000000002"
    ).replace(b"*200*0*", b"*200*180*")

    for name, raw in (("denied.835", denied), ("paid.835", paid)):
        page.locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "text/plain", "buffer": raw}
        )
        page.get_by_role("button", name="Import 1 file").click()
        expect(page.locator("table.bt-report")).to_contain_text("Imported")

    desk.go("/?q=PROPOSED1")
    page.get_by_role("row", name="No authorization on file").click()
    page.wait_for_url("**task=**")
    desk.rest()
    expect(page.locator(".bt-proposal")).to_contain_text("paid 180.00 US dollars", timeout=15_000)
    page.get_by_text("Source", exact=True).click()
    expect(page.get_by_text("denied.835, segment 8", exact=True)).to_be_visible()
    expect(page.get_by_text("paid.835, segment 8", exact=True)).to_be_visible()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the text").click()
    expect(opened.value.locator("body")).to_contain_text("CLP*PROPOSED1*4*200*0**12*PAYER1~")
    opened.value.close()
    page.get_by_role("button", name="Complete", exact=True).click()

    desk.is_told("Task completed.")
    expect(page.get_by_text(re.compile("Completed by Carla"))).to_be_visible()
