"""The Backlog pages: each bar opens the list with exactly the tasks it counts, and Back brings the
report as it was."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect
from playwright.sync_api import TimeoutError as TooLate

from lib.ui.navigation import PAGES
from tests.browser.conftest import Sit
from tests.browser.desk import NARROW, Desk
from tests.browser.scene import Scene
from tests.test_export_web import LINK

# How many tables reach into what stands below them.
COVERED = """() => {
    const boxes = (name) => [...document.querySelectorAll(`[data-testid="${name}"]`)]
        .map((one) => one.getBoundingClientRect())
    return boxes("stDataFrameResizable").filter((table) => boxes("stExpander").some((below) =>
        below.top < table.bottom - 1 && below.bottom > table.bottom)).length
}"""


def bars(desk: Desk, chart: str, saying: str = "Tasks:") -> Locator:
    return desk.page.locator(
        f'.st-key-{chart} [aria-roledescription="bar"][aria-label*="{saying}"]'
    )


def counted(found: Locator) -> int:
    """Return what the parts of a bar count together."""
    total = 0
    for part in found.all():
        number = re.search(r"(?:^|; )Tasks: ([\d,]+)", part.get_attribute("aria-label") or "")
        assert number
        total += int(number[1].replace(",", ""))
    return total


def lists_exactly(desk: Desk, count: int) -> None:
    expect(desk.foot.locator("strong").first).to_have_text(f"{count:,}")
    expect(desk.rows).to_have_count(min(count, 50))
    assert desk.path == "/"


def test_a_click_on_a_bar_opens_the_list_with_exactly_its_tasks(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ana, "/aging?as_of=2026-01-01")
    expect(desk.page.get_by_text("No tasks to show.")).to_have_count(6)
    expect(desk.page.get_by_test_id("stDataFrame")).to_have_count(0)  # nor an empty table
    expect(desk.page.get_by_role("button", name="Weeks", exact=True)).to_have_count(
        0
    )  # no such bars
    for page, chart, saying, query in (
        ("aging", "types", "Name: Coding; Series: Waiting on practice", {"bar_type": "Coding"}),
        ("workload", "assignees", "Name: Unassigned; Series: Waiting on practice",
         {"had_by": "none", "side": "practice"}),
        ("aging?payer=PLAINS+HEALTH", "ages", "Name: 61–90 days; Series: Waiting on practice",
         {"waited": "61–90 days"}),
        ("waiting", "sides", "Name: The biller; Series: Tasks", {"side": "biller"}),
    ):  # fmt: skip
        desk.go(f"/{page}")
        bar = bars(desk, chart, saying)
        expect(bar).to_have_count(1)
        count = counted(bar)
        assert count > 0
        before = desk.page.url

        bar.click()

        lists_exactly(desk, count)
        assert desk.query.items() >= query.items()
        desk.page.go_back()
        expect(bar).to_have_count(1)
        assert counted(bar) == count
        desk.page.wait_for_url(before)


def test_bars_and_cells_are_reached_by_keyboard_and_a_chart_is_kept_as_svg(
    still: Scene, sit: Sit
) -> None:
    desk = sit(still, still.cast.ana, "/aging")
    every = bars(desk, "ages", "Series: Waiting on practice")
    expect(every.first).to_have_attribute("tabindex", "0")
    with desk.page.expect_download() as waiting:
        desk.page.locator(".st-key-ages_tools button").click()
    drawn = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert drawn.startswith("<svg") and "have waited over 90 days" in drawn and "As of " in drawn

    every.first.focus()
    desk.page.keyboard.press("ArrowDown")
    at = desk.page.locator("[aria-roledescription=bar]:focus")
    count = counted(at)
    desk.page.keyboard.press("Enter")

    lists_exactly(desk, count)
    desk.go("/workload")
    cells = desk.page.locator(".st-key-cells_resolutions")
    cells.scroll_into_view_if_needed()
    desk.stand()
    expect(cells.locator("canvas").first).to_be_visible()
    for _ in range(5):  # a table of cells hears a click some time after it is painted
        cells.evaluate("(one) => one.scrollIntoView({ block: 'center' })")
        box = cells.bounding_box()
        assert box
        desk.page.mouse.click(box["x"] + box["width"] * 0.8, box["y"] + 52)
        with suppress(TooLate):
            desk.page.wait_for_url("**ended=**", timeout=4_000)
            break
    expect(desk.foot.locator("strong").first).to_be_visible()
    desk.page.go_back()
    expect(desk.page.get_by_role("heading", name="Workload")).to_be_visible()

    below = desk.page.locator(".st-key-evidence_pending_by_person")
    desk.stand()
    below.locator("summary").press("Enter")
    expect(below.get_by_role("link", name="Parquet")).to_be_visible()
    expect(below.locator("code")).to_contain_text("SELECT")
    expect(below.locator("canvas").first).to_be_visible()
    desk.drop_down(below.get_by_role("combobox", name="Open the tasks of"))
    figure = desk.page.get_by_role("option").filter(has_text="Unassigned · Tasks").first
    count = int(figure.inner_text().split()[-1].replace(",", ""))
    figure.click()

    lists_exactly(desk, count)
    assert desk.query["had_by"] == "none"
    desk.page.go_back()
    expect(desk.page.get_by_role("heading", name="Workload")).to_be_visible()


@pytest.mark.cases(1)
@pytest.mark.parametrize(
    ("chart", "series", "says"),
    [
        ("weeks_pending", "Pending", "Only tasks pending now."),
        ("weeks_flow", "Received", "Only tasks received"),
        ("weeks_flow", "Completed", "Only tasks completed"),
    ],
)
def test_a_bar_of_a_week_opens_the_tasks_of_that_week_and_back_restores_the_report(
    still: Scene, sit: Sit, chart: str, series: str, says: str
) -> None:
    desk = sit(still, still.cast.ana, "/flow?weeks=13+weeks")
    every = bars(desk, chart, f"Series: {series}")
    expect(every).to_have_count(13)
    weeks = [counted(every.nth(n)) for n in range(13)]
    place = max(week for week in range(13) if weeks[week])

    every.nth(place).click()

    lists_exactly(desk, weeks[place])
    expect(desk.page.get_by_text(says)).to_be_visible()
    desk.reload()
    lists_exactly(desk, weeks[place])
    desk.page.go_back()
    expect(every).to_have_count(13)
    assert desk.path == "/flow"
    assert desk.query["weeks"] == "13 weeks"


def test_a_link_with_its_moment_shows_the_same_numbers(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ana, "/backlog")
    line = desk.page.get_by_text(re.compile(r"^As of .* held$"))
    said = line.first.inner_text()
    link = desk.page.get_by_role("link", name="Link to these numbers")
    address = link.get_attribute("href") or ""
    assert "as_of=" in address

    desk.go(f"/backlog?{address.partition('?')[2]}")

    expect(line.first).to_have_text(said)
    expect(desk.page.get_by_role("button", name="Back to now")).to_be_visible()


def test_a_table_is_taken_along_as_plain_numbers(still: Scene, sit: Sit) -> None:
    token = still.token(still.cast.ana)
    for kind, begins in (("csv", b"\xef\xbb\xbfType,"), ("xlsx", b"PK"), ("parquet", b"PAR1")):
        answer = still.server.ask(
            f"/backlog-table/pending_by_type.{kind}", token=token, headers=LINK
        )
        assert answer.status == 200
        assert answer.body.startswith(begins)
        assert re.search(
            rf'filename="northside-clinic_pending_by_type_\d{{4}}-\d\d-\d\d\.{kind}"',
            answer.headers["content-disposition"],
        )
    assert still.server.ask("/backlog-table/pending_by_type.csv").status == 401
    assert still.server.ask("/backlog-table/nothing.csv", token=token).status == 404
    other = still.server.ask(
        "/backlog-table/pending_by_type.csv", token=still.token(still.cast.carla), headers=LINK
    )
    assert other.text.strip().count("\n") == 0


@pytest.mark.cases(3)
@pytest.mark.parametrize("name", [page.url_path for page in PAGES if page.group == "Backlog"])
def test_every_page_stands_with_tasks_without_any_and_on_a_narrow_screen(
    still: Scene, sit: Sit, name: str
) -> None:
    path = f"/{name}"
    for person in (still.cast.ana, still.cast.carla):
        desk = sit(still, person, path)
        expect(desk.page.get_by_role("heading").first).to_be_visible()
        assert "Something went wrong" not in desk.text
        assert desk.page.evaluate(COVERED) == 0
    desk.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    desk.page.wait_for_function(
        """most => document.querySelector('[data-testid="stMain"]').scrollWidth <= most""",
        arg=NARROW[0],
    )


def test_explore_asks_the_copy_and_stops_what_takes_too_long(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.alan, "/explore")
    sql = desk.page.get_by_role("textbox", name="SQL")
    desk.press("Ask")
    expect(desk.page.get_by_text(re.compile(r"^\d+ rows$"))).to_be_visible()

    sql.fill("SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range <> b.range")
    sql.press("Tab")
    desk.rest()
    desk.press("Ask")
    desk.page.get_by_role("button", name="Stop").first.click()

    expect(desk.page.get_by_text("Stopped: as you asked.")).to_be_visible()
