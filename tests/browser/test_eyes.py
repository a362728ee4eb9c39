"""What one sees: in light and dark, on a desk and a phone, on paper, and while a page loads."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from lib.models import TaskType
from tests.browser.conftest import Sit
from tests.browser.desk import PHONE, SMALL, WIDE, Desk, give_session, strange_browser
from tests.browser.scene import Scene
from tests.browser.test_layout import too_wide

LEAST_CONTRAST = 4.5  # WCAG AA, also for what cannot be used
MOST_SHIFT = 0.1
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
GROUNDS: dict[Literal["light", "dark"], str] = {
    "light": "rgb(255, 255, 255)", "dark": "rgb(15, 23, 42)",
}  # fmt: skip
COLD = (  # who opens what, and how wide their window is
    ("ana", "/", WIDE),
    ("ben", "/edit_charge?task={of_ben}", WIDE),
    ("rita", "/backlog", WIDE),  # who chooses among practices
    ("ana", "/causes", WIDE),
    ("ana", "/documents", WIDE),
    ("ana", "/import", WIDE),
    ("ana", "/?task={of_ben}", SMALL),
    ("ana", "/find_document?task={document}", SMALL),
    ("ben", "/edit_charge?task={of_ben}", PHONE),
    ("ana", "/backlog", PHONE),
)

_SHIFTS = """() => {
    window.shift = 0
    new PerformanceObserver((seen) => {
        for (const one of seen.getEntries()) if (!one.hadRecentInput) window.shift += one.value
    }).observe({ type: "layout-shift", buffered: true })
}"""


def address(path: str, scene: Scene) -> str:
    """Return the path with the ids of the scene in it."""
    document = scene.cast.untouched[TaskType.DOCUMENTS][0].id
    return path.format(
        of_ben=scene.cast.of_ben.id, completed=scene.cast.completed.id, document=document
    )


@pytest.mark.cases(3)
@pytest.mark.parametrize(("who", "path", "size"), COLD)
def test_a_page_that_loads_for_the_first_time_moves_little_and_asks_for_nothing_missing(
    browser: Browser, still: Scene, who: str, path: str, size: tuple[int, int]
) -> None:
    context = strange_browser(browser)  # without anything kept from an earlier page
    give_session(context, still, still.token(getattr(still.cast, who)))
    context.add_init_script(f"({_SHIFTS})()")
    page = context.new_page()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    missing: list[str] = []
    page.on("response", lambda one: missing.append(one.url) if one.status >= 400 else None)
    desk = Desk(page, still.server)

    desk.go(address(path, still))
    page.wait_for_timeout(1500)  # what comes late, such as charts
    shift = float(page.evaluate("window.shift"))
    print(f"{path} at {size[0]} pixels moved {shift:.3f}")
    problems = desk.problems
    context.close()

    assert (missing, problems) == ([], [])
    assert shift < MOST_SHIFT


def faint_texts(desk: Desk) -> dict[str, list[str]]:
    """Return the texts of the page that can hardly be read: in light, then in dark."""
    found: dict[str, list[str]] = {}
    for scheme, ground in GROUNDS.items():
        desk.page.emulate_media(color_scheme=scheme)
        if desk.page.locator(".stApp").count():  # a page of our own, without Streamlit, has none
            expect(desk.page.locator(".stApp")).to_have_css("background-color", ground)
            desk.stand()
        found[scheme] = desk.page.evaluate(CONTRAST, LEAST_CONTRAST)
    return found


def test_every_text_stands_out_in_light_and_in_dark(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ben, "")
    faint: dict[str, dict[str, list[str]]] = {}
    for path in (
        "/?task={of_ben}", "/?status=Completed&task={completed}", "/edit_charge?task={of_ben}",
        "/edit_charge?task={completed}", "/find_document?task={document}", "/documents?document=1",
        "/backlog", "/import", "/export", "/settings", "/new_task", "/print_task?task={of_ben}",
    ):  # fmt: skip
        desk.move(address(path, still))
        faint[path] = faint_texts(desk)
    desk.move(address("/edit_charge?task={of_ben}", still))
    desk.press("Attach a document")  # the button in the dialog cannot be used yet
    form = desk.page.get_by_role("dialog")
    expect(form.get_by_role("button", name="Attach")).to_be_disabled()
    desk.stand()
    faint["a dialog"] = faint_texts(desk)
    desk.page.goto(f"{still.server.address}/sign-out")
    faint["/sign-out"] = faint_texts(desk)

    assert {path: texts for path, texts in faint.items() if any(texts.values())} == {}


def widths(page: Page) -> dict[str, float]:
    """Return the columns of the list that can be seen, with their widths in pixels."""
    found: dict[str, float] = {}
    for head in page.locator("thead th").all():
        box = head.bounding_box()
        if box:
            found[(head.get_attribute("class") or "").split()[0]] = box["width"]
    return found


def test_columns_give_way_in_their_order_and_task_and_patient_stay_readable(
    still: Scene, sit: Sit
) -> None:
    desk = sit(still, still.cast.ana)
    expect(desk.rows.first).to_be_visible()
    assert len(widths(desk.page)) == 10

    desk.page.set_viewport_size({"width": SMALL[0], "height": SMALL[1]})
    desk.rows.first.click()
    expect(desk.panel).to_be_visible()
    expect(desk.page.locator("thead th.status")).to_be_hidden()
    beside_panel = widths(desk.page)
    desk.close()
    desk.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    expect(desk.page.locator("thead th.amount")).to_be_hidden()
    desk.stand()
    on_phone = widths(desk.page)
    for found in (beside_panel, on_phone):
        assert set(found) == {"title", "patient", "due"}
        assert found["title"] >= 150
        assert found["patient"] >= 100

    desk.go("/import")
    expect(desk.rows.first).to_contain_text("remittance")
    assert widths(desk.page)["name"] >= 150
    assert too_wide(desk.page) == []


def test_a_list_and_a_task_become_paper(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ana)
    count = int(desk.foot.locator("strong").first.inner_text().replace(",", ""))
    with desk.page.expect_popup() as opened:
        desk.page.get_by_role("link", name="Print", exact=True).click()
    paper = opened.value
    expect(paper.locator(".bt-paper tbody tr")).to_have_count(count)  # not only those of one page
    paper.emulate_media(media="print")
    for gone in ("stHeader", "stSidebar"):
        expect(paper.get_by_test_id(gone)).to_be_hidden()
    expect(paper.get_by_role("button")).to_have_count(0)
    expect(paper.locator(".bt-foot")).to_contain_text("Printed by Ana")
    assert paper.pdf().count(b"/Type /Page\n") > 1
    paper.close()

    desk.go(f"/?task={still.cast.of_ben.id}")
    with desk.page.expect_popup() as opened:
        desk.panel.get_by_role("link", name="Print", exact=True).click()
    expect(opened.value.locator(".bt-paper")).to_contain_text("Service lines")
    expect(opened.value.locator(".bt-story li").first).to_be_visible()
    opened.value.close()

    desk.go(f"/edit_charge?task={still.cast.of_ben.id}")  # printed as it stands, from a dark screen
    desk.page.emulate_media(media="print", color_scheme="dark")
    expect(desk.page.locator(".stApp")).to_have_css("background-color", "rgb(255, 255, 255)")
    assert desk.page.evaluate(CONTRAST, LEAST_CONTRAST) == []

    desk.page.emulate_media(media="screen", color_scheme="dark")
    desk.go("/flow")  # charts and tables, which the browser paints
    chart, table = (
        desk.page.get_by_test_id(each).first for each in ("stVegaLiteChart", "stDataFrame")
    )
    expect(chart.locator("svg")).to_be_visible()
    expect(table.locator("canvas").first).to_be_attached()
    assert lightness(table) < 60
    desk.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    desk.page.emulate_media(media="print", color_scheme="dark")
    for gone in (".st-key-period", ".st-key-evidence_flow"):
        expect(desk.page.locator(gone)).to_be_hidden()
    for painted in (chart, table):
        assert lightness(painted) > 220


# Within the margins of a US Letter sheet that lies across.
PAPER = 11 * 96 - 2 * 12 / 25.4 * 96

_ON_PAPER = """() => [...document.querySelectorAll(".stMain canvas, .stMain svg.marks")]
    .map((one) => one.offsetWidth || Number(one.getAttribute("width")))
    .reduce((most, one) => Math.max(most, one))
    * getComputedStyle(document.querySelector(".stMainBlockContainer")).zoom"""


@pytest.mark.parametrize("path", ["/backlog", "/flow", "/causes", "/explore"])
def test_charts_and_tables_of_a_wide_screen_are_whole_on_paper(
    still: Scene, sit: Sit, path: str
) -> None:
    desk = sit(still, still.cast.ana, path)
    page = desk.page
    expect(page.locator(".stMain canvas").first).to_be_attached()
    desk.rest()

    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.wait_for_timeout(200)  # in which a table takes the width that paper gives it
    assert page.evaluate(_ON_PAPER) <= PAPER
    sheets = page.pdf(prefer_css_page_size=True)
    if path != "/explore":  # whose tables have room on an upright sheet
        [sheet, *_] = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", sheets)
        assert float(sheet[0]) > float(sheet[1])


def lightness(part: Locator) -> float:
    """Return the mean lightness of what one sees of it, 0 to 255."""
    return float(np.asarray(Image.open(BytesIO(part.screenshot())).convert("L")).mean())
