"""The Import page: a table of tasks is matched, brought in, corrected and brought back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Sit
from tests.browser.desk import PHONE, Desk
from tests.browser.scene import Scene
from tests.browser.test_live_updates import SOON
from tests.browser.test_verbs import VERBS_IN_CALLBACKS, press_and_go

TABLE = (
    "Sort;Matter;Number;When\n"
    "Coding;Check the modifier;S1;01/02/2025\n"
    "Gossip;Nothing;S2;01/02/2025\n"
)
KNOWN = (
    "Type,Title,Claim Number,Date of Service\n"
    "Coding,Check the modifier,S1,03/15/2026\n"
    "Gossip,Nothing,S2,03/15/2026\n"
)


def drop(desk: Desk, name: str, text: str) -> None:
    content = {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    desk.page.locator("input[type=file]").set_input_files(content)  # type: ignore[arg-type]
    expect(desk.page.get_by_text(f"Columns of {name}")).to_be_visible()
    desk.rest()


def match(desk: Desk, field: str, column: str) -> None:
    page = desk.page
    desk.drop_down(page.get_by_role("combobox", name=field, exact=True))
    page.get_by_role("option", name=column).click()
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def refused_rows(page: Page) -> str:
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download the refused rows").click()
    return Path(waiting.value.path()).read_text(encoding="utf-8-sig")


def test_what_a_file_would_bring_and_why_rows_are_refused_is_read_on_a_phone(
    scene: Scene, sit: Sit
) -> None:
    desk = sit(scene, scene.cast.carla, "/import")
    page = desk.page
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})

    drop(desk, "what_the_clearinghouse_sent_us_in_march.csv", KNOWN)
    result = page.locator("table.bt-report td").last
    expect(result).to_have_text("Ready but for 1 row")
    page.get_by_text("refused", exact=False).filter(has_text="1 row of").click()
    reason = page.get_by_role("table").filter(has_text="Why it was refused")
    expect(reason).to_be_visible()

    for shown in (page.locator("table.bt-report td").first, result):
        box = shown.bounding_box()
        assert box
        assert box["x"] + box["width"] <= PHONE[0]
    assert reason.evaluate("(one) => one.parentElement.getBoundingClientRect().right") <= PHONE[0]


def test_columns_are_matched_saved_and_refused_rows_brought_back(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.carla, "/import")
    page = desk.page
    expect(page.get_by_text("X12 up to 200 MB each, tables and FHIR up to 50 MB")).to_be_visible()
    expect(page.get_by_text("200MB per file")).to_be_hidden()

    drop(desk, "first.csv", TABLE)
    expect(page.get_by_text("no column is known to hold the type")).to_have_count(1)
    match(desk, "Type (needed)", "Sort · text · Coding · Gossip")
    match(desk, "Subject", "Matter · text")
    match(desk, "Claim number", "Number · text")
    match(desk, "Date of service", "When · dates")
    page.get_by_text("Day first: 31/01").click()
    desk.rest()
    page.get_by_role("button", name="Save this mapping").click()
    expect(page.get_by_test_id("stToastText")).to_contain_text("Mapping saved")
    page.get_by_role("button", name="Import 1 file").click()
    expect(page.get_by_text("1 row of first.csv refused")).to_be_visible()
    expect(page.get_by_text("“Sort” is “Gossip”, which is no type of task")).to_be_visible()

    drop(desk, "corrected.csv", refused_rows(page).replace("Gossip", "Documents"))
    page.get_by_role("button", name="Import 1 file").click()
    expect(page.get_by_role("button", name="Import 1 file")).to_have_count(0)
    report = page.locator("table.bt-report")
    expect(report.get_by_role("row", name="corrected.csv")).to_contain_text("Imported")
    desk.rest()

    desk.go("/?q=S2")
    expect(page.get_by_role("row", name="Nothing")).to_contain_text("02/01/2025")


def test_another_practice_gets_no_refused_rows(scene: Scene) -> None:
    server = scene.server
    ana, carla = scene.token(scene.cast.ana), scene.token(scene.cast.carla)

    assert server.ask("/imports/refused/1").status == 401
    assert server.ask("/imports/refused/1", token="made-up").status == 401
    for path in ("/imports/refused/999999", f"/imports/refused/{2**70}", "/imports/x"):
        for token in (ana, carla):
            assert server.ask(path, token=token).status == 404


@pytest.mark.long(held_by=VERBS_IN_CALLBACKS)
@pytest.mark.parametrize("delay", [0, 5, 10, 20, 80])
def test_what_is_pressed_counts_whatever_is_clicked_right_after(
    scene: Scene, sit: Sit, delay: int
) -> None:
    """Rita has several practices, and the file columns: nothing of it was changed."""
    desk = sit(scene, scene.cast.rita, "/import?practice=Southside+Clinic")
    claim = f"QUICK{delay + 1}"
    table = f"Type,Subject,Claim number,Other{claim}\nCoding,Left at once,{claim},x\n"
    drop(desk, f"{claim}.csv", table)
    expect(desk.page.get_by_role("button", name="Import 1 file")).to_be_enabled()
    desk.stand()
    press_and_go(desk, "Save this mapping", "Documents", delay)
    desk.is_told("Mapping saved")

    desk.go("/import?practice=Southside+Clinic")
    drop(desk, f"{claim}.csv", table)
    expect(desk.page.get_by_role("button", name="Import 1 file")).to_be_enabled()
    desk.rest()
    press_and_go(desk, "Import 1 file", "Documents", delay)
    desk.page.wait_for_timeout(300)
    desk.go(f"/?q={claim}")
    expect(desk.rows.filter(has_text="Left at once")).to_have_count(1, timeout=SOON)
