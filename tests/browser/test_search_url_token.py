"""What one searches for is a patient's name: it stands in no address, history or title."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.scene import Scene

PATIENT = "GREEN"
ID = re.compile(r"w[0-9a-f]{16}")


def visited(desk: Desk) -> str:
    """Every address the tab went to, its title, and what the browser can go back to."""
    tree = desk.page.context.new_cdp_session(desk.page).send("Page.getNavigationHistory")
    return str([(entry["url"], entry["title"]) for entry in tree["entries"]])


@pytest.mark.cases(1)
@pytest.mark.parametrize(
    ("page", "field", "key"),
    [("/", "Search tasks", "q"), ("/documents", "Search documents", "doc_q")],
)  # fmt: skip
def test_words_searched_for_are_in_no_address_and_come_back_with_it(
    still: Scene, sit: Sit, page: str, field: str, key: str
) -> None:
    desk = sit(still, still.cast.ana, page)
    desk.field(field).fill(PATIENT)
    desk.page.keyboard.press("Enter")
    expect(desk.page).to_have_url(re.compile(f"{key}=w[0-9a-f]{{16}}"))
    desk.rest()
    found = desk.rows.all_text_contents()

    desk.page.reload()
    desk.rest()
    expect(desk.field(field)).to_have_value(PATIENT)
    assert desk.rows.all_text_contents() == found
    desk.field(field).fill("")
    desk.page.keyboard.press("Enter")
    expect(desk.page).not_to_have_url(re.compile(f"{key}="))
    desk.rest()
    desk.page.go_back()
    expect(desk.field(field)).to_have_value(PATIENT)
    desk.rest()

    assert ID.fullmatch(desk.query[key])
    assert PATIENT not in visited(desk)


def test_a_link_with_words_in_it_is_led_to_one_without(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ana, f"/?q={PATIENT}&type=Coding")

    expect(desk.field("Search tasks")).to_have_value(PATIENT)
    assert desk.query["type"] == "Coding"
    assert PATIENT not in visited(desk)


def test_a_colleague_who_is_sent_the_link_sees_the_same_view_without_the_words(
    still: Scene, sit: Sit
) -> None:
    ana = sit(still, still.cast.ana, f"/?q={PATIENT}&type=Coding")
    ben = sit(still, still.cast.ben, ana.page.url.removeprefix(still.server.address))

    expect(ben.page.get_by_test_id("stAlert")).to_contain_text("Type them again")
    expect(ben.field("Type")).to_have_value("Coding")
    expect(ben.field("Search tasks")).to_have_value("")
    expect(ben.rows).to_have_count(26)
    ben.field("Search tasks").fill(PATIENT)
    ben.page.keyboard.press("Enter")
    expect(ben.page.get_by_test_id("stAlert")).to_have_count(0)
    expect(ben.rows).to_have_count(ana.rows.count())


def test_the_same_person_finds_the_words_in_another_tab_and_another_person_does_not(
    still: Scene, sit: Sit
) -> None:
    ana = sit(still, still.cast.ana, f"/?q={PATIENT}")
    link = ana.page.url.removeprefix(still.server.address)

    expect(sit(still, still.cast.ana, link).field("Search tasks")).to_have_value(PATIENT)
    carla = sit(still, still.cast.carla, link)
    expect(carla.page.get_by_test_id("stAlert")).to_contain_text("Type them again")
    assert PATIENT not in carla.page.content()
