"""Two charges agree with a denial: the task offers both, one click chooses, and it says why."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.scene import Scene
from tests.x12_texts import answer, claim, file_835, file_837


def bring(desk: Desk, *files: tuple[str, bytes]) -> None:
    page = desk.page
    for name, raw in files:
        page.locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "text/plain", "buffer": raw}
        )
        page.get_by_role("button", name="Import 1 file").click()
        expect(page.locator("table.bt-report")).to_contain_text("Imported")


def test_a_charge_that_the_file_leaves_open_is_confirmed_with_one_click(
    scene: Scene, sit: Sit
) -> None:
    desk = sit(scene, scene.cast.carla, "/import")
    page = desk.page
    number = "CONFIRM1"
    table = f"Claim #,Patient,DOB,Denial Code,Room\n{number},GREEN,02/29/1980,CO-197,12\n"

    bring(desk, ("one.837", file_837(claim(number))), ("list.csv", table.encode()))
    expect(page.get_by_text("Columns not read: “Room”.").last).to_be_visible()

    desk.go(f"/?q={number}")
    page.get_by_role("row", name="No authorization on file").click()
    page.wait_for_url("**task=**")
    desk.rest()
    open_ = (
        "The file leaves the date of service and the payer open. Confirm the charge to export it"
    )
    expect(page.get_by_text(open_)).to_be_visible(timeout=15_000)
    page.get_by_role("button", name="Confirm this charge").click()

    desk.is_told("Confirmed.")
    expect(page.get_by_role("button", name="Confirm this charge")).to_have_count(0)
    page.get_by_text("Why this charge").click()
    expect(page.get_by_text(re.compile("Chosen by Carla"))).to_be_visible()


def test_a_charge_is_chosen_with_one_click_and_says_who_chose_it(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.carla, "/import")
    page = desk.page
    number = "CHOICE1"
    other = [part.replace("99213:25", "99213:59") for part in claim(number)]
    denied = answer(number, codes=("CAS*CO*197*200",))

    bring(desk, ("two.837", file_837(claim(number), other)), ("no.835", file_835(denied)))
    expect(page.locator(".bt-remarks").last).to_contain_text("Could be several charges: 1 task")

    desk.go(f"/?q={number}")
    page.get_by_role("row", name="No authorization on file").click()
    page.wait_for_url("**task=**")
    desk.rest()
    buttons = page.get_by_role("button", name="Choose this charge")
    expect(page.get_by_text(f"200.00 · {number}")).to_have_count(2, timeout=15_000)
    for lines in ("99213-25, 87880", "99213-59, 87880"):  # what tells them apart
        expect(page.get_by_text(f"{lines} · NORTHSIDE · two.837")).to_be_visible()
    buttons.first.click()

    desk.is_told("The task is about this charge now.")
    expect(buttons).to_have_count(0)
    page.get_by_text("Why this charge").click()
    expect(page.get_by_text(re.compile("Chosen by Carla"))).to_be_visible()
    expect(page.get_by_text(re.compile("Agree: claim number CHOICE1"))).to_be_visible()
