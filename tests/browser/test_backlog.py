"""The Backlog page: each bar is a filter, and opens the list with exactly the tasks it counts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.scene import Scene


def bars(desk: Desk, chart: str, saying: str = "Tasks:") -> Locator:
    return desk.page.locator(
        f'.st-key-{chart} [aria-roledescription="bar"][aria-label*="{saying}"]'
    )


def counted(bar: Locator) -> int:
    """What a bar says it counts."""
    found = re.search(r"(?:^|; )Tasks: ([\d,]+)", bar.get_attribute("aria-label") or "")
    assert found
    return int(found[1].replace(",", ""))


def lists_exactly(desk: Desk, count: int) -> None:
    expect(desk.foot.locator("strong").first).to_have_text(f"{count:,}")
    expect(desk.rows).to_have_count(min(count, 50))
    assert desk.path == "/"


@pytest.mark.parametrize(
    ("chart", "saying", "query"),
    [
        ("types", "Name: Coding", {"type": "Coding"}),
        ("assignees", "Name: Ben", {"assignee": "Ben"}),
        ("assignees", "Name: Unassigned", {"assignee": "Unassigned"}),
        ("ages", "Name: 61–90 days", {"age": "61–90 days"}),
    ],
)
def test_a_click_on_a_bar_opens_the_list_with_exactly_its_tasks(
    still: Scene, sit: Sit, chart: str, saying: str, query: dict[str, str]
) -> None:
    desk = sit(
        still, still.cast.ana, "/backlog?payer=PLAINS+HEALTH" if chart == "ages" else "/backlog"
    )
    bar = bars(desk, chart, saying)
    expect(bar).to_have_count(1)
    count = counted(bar)
    assert count > 0

    bar.click()

    lists_exactly(desk, count)
    assert desk.query == query | ({"payer": "PLAINS HEALTH"} if chart == "ages" else {})


@pytest.mark.parametrize(
    ("chart", "series", "says"),
    [
        ("weeks_pending", "Pending at its end", "pending at the end of"),
        ("weeks_flow", "Arrived", "Only tasks arrived"),
        ("weeks_flow", "Completed", "Only tasks completed"),
    ],
)
def test_a_bar_of_a_week_opens_the_tasks_of_that_week(
    still: Scene, sit: Sit, chart: str, series: str, says: str
) -> None:
    desk = sit(still, still.cast.ana, "/backlog")
    all_bars = bars(desk, chart, f"Series: {series}")
    expect(all_bars).to_have_count(26)
    weeks = [counted(bar) for bar in all_bars.all()]
    place = max(week for week in range(26) if weeks[week])

    all_bars.nth(place).click()

    lists_exactly(desk, weeks[place])
    expect(desk.page.get_by_text(says)).to_be_visible()
    desk.reload()
    lists_exactly(desk, weeks[place])
    desk.press("Show all days")
    lists_exactly(desk, 147)


def test_filters_and_weeks_live_in_the_url(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ana, "/backlog")
    expect(bars(desk, "types")).to_have_count(7)

    desk.choose("Provider", "STONE, ADA")
    desk.page.get_by_role("radio", name="13 weeks").click()
    expect(bars(desk, "weeks_pending")).to_have_count(13)
    desk.choose("Type", "Coding")
    expect(bars(desk, "types")).to_have_count(1)
    count = counted(bars(desk, "types"))

    assert desk.query == {"provider": "STONE, ADA", "weeks": "13 weeks", "type": "Coding"}
    desk.reload()
    expect(bars(desk, "weeks_pending")).to_have_count(13)
    expect(bars(desk, "types")).to_have_count(1)
    assert counted(bars(desk, "types")) == count
    bars(desk, "types").click()
    lists_exactly(desk, count)
    assert desk.query == {"provider": "STONE, ADA", "type": "Coding"}


def test_the_table_below_a_chart_says_the_same_and_the_query_is_shown(
    still: Scene, sit: Sit
) -> None:
    desk = sit(still, still.cast.ana, "/backlog")
    expect(bars(desk, "types")).to_have_count(7)
    evidence = desk.page.get_by_test_id("stExpander").nth(1)

    evidence.get_by_text("Table and SQL").click()

    expect(evidence.get_by_test_id("stCode")).to_contain_text("GROUP BY task.type")
    cells = evidence.locator('[data-testid^="glide-cell"]')
    expect(cells.first).to_be_attached()
    texts = cells.all_text_contents()
    table = dict(zip(texts[0::3], texts[1::3], strict=True))
    assert table["Coding"] == str(counted(bars(desk, "types", "Name: Coding"))) == "26"


def test_back_from_the_list_the_page_shows_what_its_address_says(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ana, "/backlog?payer=PLAINS+HEALTH")
    bar = bars(desk, "types", "Name: Coding")
    expect(bar).to_have_count(1)
    count = counted(bar)
    bar.click()
    lists_exactly(desk, count)
    expect(desk.field("Payer")).to_have_value("PLAINS HEALTH")

    desk.page.go_back()

    expect(bars(desk, "types")).to_have_count(1)
    assert desk.path == "/backlog"
    assert desk.query == {"payer": "PLAINS HEALTH", "type": "Coding"}
    expect(desk.field("Payer")).to_have_value("PLAINS HEALTH")
    expect(desk.field("Type")).to_have_value("Coding")
    assert counted(bars(desk, "types")) == count
