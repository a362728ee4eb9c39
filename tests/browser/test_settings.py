"""The Settings page: chosen by the manager, read by everybody else."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Sit
from tests.browser.scene import Scene
from tests.browser.test_verbs import VERBS_IN_CALLBACKS, press_and_go


def test_the_manager_chooses_what_becomes_a_task(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.carla, "/settings")
    other = sit(scene, scene.cast.carla, "/settings")
    page = desk.page

    page.get_by_text("Line denials").click()
    days = page.get_by_role("textbox", name=re.compile("Days to answer"))
    days.fill("2,5")
    page.get_by_role("button", name="Save settings").click()
    desk.is_told("Choose between 1 and 365 days to answer a request.")
    days.fill("21")
    press_and_go(desk, "Save settings", "Documents", -1)
    desk.is_told("2 settings saved.")
    desk.go("/settings")

    expect(page.get_by_text("Carla · ")).to_have_count(2)
    expect(page.get_by_text(re.compile(r"Line denials: off → on$"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"Days to answer: 30 → 21$"))).to_be_visible()
    expect(page.get_by_role("checkbox", name=re.compile("Line denials"))).to_be_checked()
    expect(page.get_by_role("checkbox", name=re.compile("Recoupments"))).not_to_be_checked()

    # The other tab still shows what was there before: it overwrites nothing.
    other.page.get_by_text("Recoupments").click()
    other.page.get_by_role("button", name="Save settings").click()
    other.is_told("Somebody else changed the settings meanwhile")
    expect(other.page.get_by_role("checkbox", name=re.compile("Line denials"))).to_be_checked()
    expect(other.page.get_by_role("checkbox", name=re.compile("Recoupments"))).not_to_be_checked()


@pytest.mark.long(held_by=VERBS_IN_CALLBACKS)
@pytest.mark.parametrize("delay", [-1, 30])
def test_each_form_counts_whatever_is_clicked_right_after(
    scene: Scene, sit: Sit, delay: int
) -> None:
    desk = sit(scene, scene.cast.carla, "/settings")
    zone = "America/Denver" if delay < 0 else "Pacific/Honolulu"
    desk.choose("Time zone", zone)
    desk.rest()
    press_and_go(desk, "Save time zone", "Documents", delay)
    desk.is_told(f"Days are counted in {zone}.")

    desk.go("/settings")
    desk.rest()
    desk.drop_down(desk.page.get_by_role("combobox", name="Payer to change", exact=True))
    # what another test brought in may have a second payer of that name, told apart by its ID
    desk.page.get_by_role("option", name=re.compile("^PLAINS HEALTH")).first.click()
    desk.field("Days").fill(str(100 + delay))
    desk.field("Source").fill("Provider manual, p. 12")
    desk.page.get_by_role("spinbutton", name="month, Verified").click()
    desk.page.keyboard.type("02032026")
    press_and_go(desk, "Save filing limit", "Documents", delay)
    desk.is_told("Filing limit saved.")
    desk.go("/settings")
    expect(desk.page.get_by_text(f"{100 + delay} days (Provider manual, p. 12")).to_be_visible()
    expect(desk.page.get_by_text(f"→ {zone}").first).to_be_visible()


def test_others_read_the_settings_and_cannot_change_them(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ben, "/settings")

    expect(desk.page.get_by_text("Settings are changed by the billing manager.")).to_be_visible()
    expect(desk.page.get_by_role("button", name="Save settings")).to_be_disabled()
    for box in desk.page.get_by_role("checkbox").all():
        expect(box).to_be_disabled()


def test_everybody_reads_by_which_rules_answers_become_tasks(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ben, "/settings")

    desk.page.get_by_text("How answers of payers are read").click()

    row = desk.page.get_by_role(
        "row", name="Claim status (CLP02) is 4 and nothing was paid, whatever the adjustments say"
    )
    expect(row).to_contain_text("a task, always")
    expect(desk.page.get_by_role("row", name="The category is A2")).to_contain_text("accepted")
