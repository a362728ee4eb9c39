"""Every page at the width of a desk, a tablet and a phone: nothing broken, raw or cut."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from lib.models import TaskType
from lib.ui import html
from tests.browser.conftest import Sit
from tests.browser.desk import NARROW, PHONE, SMALL, WIDE
from tests.browser.scene import Scene

PAGES = (
    "/",
    "/?status=Completed&task={completed}",
    "/?q=nobody+like+this",
    "/edit_charge?task={of_ben}",
    "/edit_charge",
    "/find_document?task={document}",
    "/documents?document=1",
    "/backlog",
    "/import",
    "/new_task",
    "/export",
    "/settings",
    "/flow",
    "/aging",
    "/workload",
    "/waiting",
    "/explore",
    "/print_task?task={of_ben}",
    "/print_list",
)
RAW = re.compile(
    r"Traceback|Something went wrong|\[object|\b(None(?! yet)|nan|NaN|NaT|null|undefined)\b"
)


# A chart follows the width of its page a moment later.
SETTLED = 5  # seconds
SETTLING = 700  # milliseconds in which the menu folds

TOO_WIDE = """() => [document.documentElement, document.body,
        ...document.querySelectorAll('[data-testid="stMain"], .stMainBlockContainer')]
    .filter((one) => one.scrollWidth > one.clientWidth + 1)
    .map((one) => `${one.tagName}.${one.className}: ${one.scrollWidth}`)"""


def too_wide(page: Page) -> list[str]:
    """Return the parts that are wider than their place, once everything had time to follow the
    width."""
    found: list[str] = page.evaluate(TOO_WIDE)
    end = time.monotonic() + SETTLED
    while found and time.monotonic() < end:
        page.wait_for_timeout(100)
        found = page.evaluate(TOO_WIDE)
    return found


# Fields that show less than what they hold.
_CUT = """() => [...document.querySelectorAll(".st-key-charge_fields input")]
    .filter((one) => one.scrollWidth > one.clientWidth)
    .map((one) => `${one.ariaLabel}: ${one.value}`)"""


def test_a_charge_is_read_whole_on_a_small_screen(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ben, f"/edit_charge?task={still.cast.of_ben.id}")

    for size in (SMALL, WIDE, NARROW):
        desk.page.set_viewport_size({"width": size[0], "height": size[1]})
        desk.rest()
        expect(desk.field("Patient")).to_have_value("JONES, HUGO · born 02/29/1980")
        assert desk.page.evaluate(_CUT) == [], size


# Cells of the service lines that show less than the longest that is usual in them.
_CUT_IN_LINES = """() => {
    const usual = { from: "12/28/2026", to: "12/28/2026", procedure: "G0439", m1: "WW", m2: "QW",
        m3: "GG", m4: "26", pointers: "A B C D", units: "999.5", unit_charge: "12,345.67" }
    const within = (node) => [...node.querySelectorAll("*")].flatMap((one) =>
        one.shadowRoot ? [...one.shadowRoot.querySelectorAll("table input")] : [])
    return within(document).filter((one) => {
        one.value = usual[one.classList[0]]
        return one.scrollWidth > one.clientWidth
    }).map((one) => one.classList[0])
}"""


def test_a_service_line_is_read_whole_on_a_small_screen(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ben, f"/edit_charge?task={still.cast.of_ben.id}")
    expect(desk.page.get_by_role("table", name="Service lines")).to_be_visible()

    for size in (SMALL, WIDE, NARROW, PHONE):
        desk.page.set_viewport_size({"width": size[0], "height": size[1]})
        desk.rest()
        assert desk.page.evaluate(_CUT_IN_LINES) == [], size


# Names in the legends of charts that end outside their chart.
_CUT_IN_LEGENDS = """() => [...document.querySelectorAll("svg.marks")].flatMap((chart) =>
    [...chart.querySelectorAll(".role-legend-label text")].filter((name) =>
        name.getBoundingClientRect().right > chart.getBoundingClientRect().right)
    .map((name) => name.textContent))"""


@pytest.mark.parametrize("path", ["/aging", "/workload", "/flow"])
def test_a_legend_is_read_whole_on_a_phone(still: Scene, sit: Sit, path: str) -> None:
    desk = sit(still, still.cast.ana, path, again=True)
    desk.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    expect(desk.page.locator(".role-legend-label text").first).to_be_visible()
    desk.page.wait_for_timeout(SETTLING)

    assert desk.page.evaluate(_CUT_IN_LEGENDS) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_every_width_and_says_nothing_raw(still: Scene, sit: Sit, path: str) -> None:
    cast = still.cast
    document = cast.untouched[TaskType.DOCUMENTS][0]
    desk = sit(
        still,
        cast.ana,
        path.format(completed=cast.completed.id, of_ben=cast.of_ben.id, document=document.id),
    )

    for width, height in (WIDE, SMALL, NARROW, PHONE):
        desk.page.set_viewport_size({"width": width, "height": height})
        expect(desk.page.get_by_text("Ana", exact=True).first).to_be_visible()
        desk.rest()
        assert too_wide(desk.page) == []
        assert not RAW.search(desk.text), desk.text
    assert desk.problems == []


# How many entries the menu shows, and those that lie over who is signed in.
_MENU_AND_CORNER = """() => {
    const corner = document.querySelector(".st-key-who").getBoundingClientRect()
    const shown = [...document.querySelectorAll('[data-testid="stTopNav"] > *')]
        .filter((one) => one.checkVisibility({ opacityProperty: true }) && one.offsetWidth)
    const over = shown.filter((one) => one.getBoundingClientRect().right > corner.left)
    return [shown.length, over.map((one) => one.innerText)]
}"""


@pytest.mark.cases(1)
@pytest.mark.parametrize("path", ["/", "/causes"])
@pytest.mark.parametrize("name", ["", "Maximiliana Featherstonehaugh-Cholmondeley"])
def test_the_menu_leaves_room_for_who_is_signed_in(
    still: Scene, sit: Sit, path: str, name: str
) -> None:
    desk = sit(still, still.cast.ana, path)
    if name:
        desk.page.locator(".st-key-who b").evaluate(
            "(one, name) => { one.textContent = name }", name
        )
        desk.page.locator(".bt-short-name").evaluate("(one) => { one.className = '' }")

    for width in (1440, 1290, 1270, 1180, 1024, 900, 780):
        desk.page.set_viewport_size({"width": width, "height": 800})
        desk.page.wait_for_timeout(SETTLING)
        shown, over = desk.page.evaluate(_MENU_AND_CORNER)
        assert shown > 1, width
        assert over == [], width


@pytest.mark.parametrize("name", ["Ana Ruiz", "Gina Ross", "Carla Moss", "Mariana Diaz"])
def test_the_name_of_who_is_signed_in_is_read_whole(still: Scene, sit: Sit, name: str) -> None:
    desk = sit(still, still.cast.ana)
    corner = desk.page.locator(".st-key-who .stHtml").first
    actor = replace(still.cast.ana, name=name)
    drawn = html.render("signed_in", actor=actor, role="", place="", has_account=True)
    corner.evaluate("(one, drawn) => { one.innerHTML = drawn }", drawn)

    for width in (1440, 1270, 1024, 780, 390):
        desk.page.set_viewport_size({"width": width, "height": 800})
        assert corner.evaluate("(one) => one.scrollWidth - one.clientWidth") == 0, width
