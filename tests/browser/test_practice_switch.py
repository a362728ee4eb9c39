"""One practice of several is chosen once, and every page shows it alone."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.scene import Scene


def switch(desk: Desk) -> Locator:
    return desk.page.get_by_role("combobox", name="Practice", exact=True)


def walk_to(desk: Desk, page: str) -> None:
    """Go by the menu, as a person does: an address that is opened begins a new session."""
    desk.page.get_by_test_id("stTopNavLinkContainer").get_by_role("link", name=page).click()
    desk.page.wait_for_url(re.compile(f"/{page.lower()}"))
    desk.stand()


def test_the_chosen_practice_goes_along_from_page_to_page(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.rita)
    here = desk.page.locator(".st-key-who")
    expect(here).to_contain_text("Biller, Administrator · 2 practices")
    every = desk.menu_count("All tasks")
    assert every > 100

    desk.choose("Practice", "Southside Clinic")
    expect(desk.page.get_by_text("Nothing is waiting.")).to_be_visible()
    expect(here).to_contain_text("Administrator · Southside Clinic")
    assert desk.query == {"practice": "Southside Clinic"}
    expect(desk.page.get_by_role("button", name="All tasks 0", exact=True)).to_be_visible()
    assert desk.page.get_by_role("columnheader", name="Practice").count() == 0

    walk_to(desk, "Documents")
    expect(desk.rows).to_have_count(1)
    expect(desk.rows).to_contain_text("Letter of Southside")
    walk_to(desk, "Import")
    expect(desk.rows).to_have_count(1)
    assert desk.page.get_by_text("Choose the practice").count() == 0
    walk_to(desk, "Settings")
    expect(switch(desk)).to_have_value("Southside Clinic")
    walk_to(desk, "Export")
    expect(desk.page.get_by_text("0 tasks with 0 documents")).to_be_visible()

    walk_to(desk, "Documents")
    desk.page.get_by_role("button", name="Clear value").click()
    expect(desk.rows).to_have_count(5)
    walk_to(desk, "Export")
    expect(desk.page.get_by_text("Choose a practice.")).to_be_visible()
    desk.choose("Practice", "Northside Clinic")
    expect(desk.page.get_by_text("4 tasks with 0 documents")).to_be_visible()


def test_an_address_names_the_practice_and_going_back_takes_it_away(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.rita, "/activity?practice=Southside+Clinic")
    with desk.page.expect_download() as saved:
        desk.page.get_by_role("link", name="Save as CSV").click()
    said = saved.value.path().read_text(encoding="utf-8-sig")
    assert "Letter of Southside" in said and "OPERATIVE" not in said
    desk.go("/manage_people?practice=Northside+Clinic")
    expect(
        desk.page.get_by_text("Northside Clinic: Your role cannot manage people.")
    ).to_be_visible()

    desk.go("/")
    every = desk.menu_count("All tasks")
    desk.choose("Practice", "Southside Clinic")
    expect(desk.page.get_by_text("Nothing is waiting.")).to_be_visible()
    desk.page.go_back()
    expect(desk.rows.first).to_be_visible()
    expect(desk.menu("All tasks")).to_contain_text(str(every))
    assert not desk.problems
