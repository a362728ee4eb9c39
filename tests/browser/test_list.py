"""The list: what it counts, how it is filtered, sorted, paged, linked to and driven by keyboard.

Everything is counted in a store where nobody works: 140 denials of 100 to 139 dollars, and nine
other pending tasks of 200 dollars.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from lib.models import TaskType
from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.scene import CLAIMS, FIRST_DENIED, PAYERS, Scene

PLACES = range(FIRST_DENIED, CLAIMS)
BY_HAND = (7, 14, 3, 1, 1, 8)  # the claims of the tasks that Dora wrote and nobody completed
EVERYTHING = "149tasks ·$18,730.00"


def of_payer(number: int) -> int:
    """Pending tasks of that payer; the three claims that are not held here are of the first."""
    held = [place for place in (*PLACES, *BY_HAND) if place % 3 == number]
    return len(held) + (3 if number == 0 else 0)


def shows(desk: Desk, count: int) -> None:
    """Assert that the list has exactly so many tasks on all its pages, and as many rows as fit on
    this one."""
    expect(desk.foot.locator("strong").first).to_have_text(f"{count:,}")
    expect(desk.rows).to_have_count(min(count, 50))


def test_the_left_menu_counts_and_opens_its_views(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ana, again=True)
    counts = {
        "All tasks": 149,
        "My tasks": 1,
        "Unassigned": 147,
        "Waiting on biller": 1,
        "Answered": 0,
        "Coding": 26,
        "Patient information": 20,
        "Insurance & eligibility": 20,
        "Authorization & referral": 20,
        "Provider": 20,
        "Charge & dates": 23,
        "Documents": 20,
        "Completed": 4,
    }
    entries = desk.page.get_by_role("navigation", name="Views of the queue").get_by_role("button")
    expect(entries).to_have_text([f"{name} {count}" for name, count in counts.items()])
    expect(desk.foot).to_have_text(EVERYTHING)

    for entry, query in (
        ("My tasks", {"assignee": "Me"}),
        ("Unassigned", {"assignee": "Unassigned"}),
        ("Waiting on biller", {"status": "Waiting on biller"}),
        ("Charge & dates", {"type": "Charge & dates"}),
        ("Completed", {"status": "Completed"}),
        ("All tasks", {}),
    ):
        desk.menu(entry).click()
        shows(desk, counts[entry])
        expect(desk.menu(entry)).to_have_attribute("aria-current", "page")
        assert desk.query == query


@pytest.mark.cases(3)
@pytest.mark.parametrize(
    ("label", "option", "key", "count"),
    [
        ("Status", "In progress", "status", 1),
        ("Status", "Pending and completed", "status", 153),
        ("Type", "Provider", "type", 20),
        ("Assignee", "Me", "assignee", 1),
        ("Payer", PAYERS[0], "payer", of_payer(0)),
        ("Provider", "STONE, ADA", "provider", 70 + 4),
        ("Age", "8–30 days", "age", 28 + 6),  # three came in then; their remittances are of 2025
    ],
)
def test_a_filter_lets_through_what_it_says(
    still: Scene, sit: Sit, label: str, option: str, key: str, count: int
) -> None:
    desk = sit(still, still.cast.ana, again=True)

    desk.choose(label, option)

    shows(desk, count)
    assert desk.query == {key: option}
    desk.reload()
    shows(desk, count)
    expect(desk.field(label)).to_have_value(option)


def test_what_is_cut_off_in_a_row_is_read_in_full_by_whoever_points_at_it(
    still: Scene, sit: Sit
) -> None:
    desk = sit(still, still.cast.ana, again=True)
    desk.page.set_viewport_size({"width": 1024, "height": 768})
    row = desk.rows.filter(has_text="Review procedure code or modifier").first
    cut, whole = row.locator("td.title"), row.locator("td.amount")

    cut.hover()
    expect(cut).to_have_attribute("title", "Review procedure code or modifier")
    whole.hover()
    assert whole.get_attribute("title") is None


def test_amounts_are_a_range_and_must_be_dollars(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ana, again=True)

    desk.type("Amount from", "138.50")
    shows(desk, 4 + 9)
    desk.type("Amount to", "$150")
    shows(desk, 4)
    expect(desk.foot).to_contain_text("$556.00")
    desk.type("Amount to", "12,5")

    expect(desk.page.get_by_text("Write “Amount to” in dollars")).to_be_visible()


def test_the_search_box_finds_claim_patient_task_payer_and_provider(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ana, again=True)

    for query, count in (
        ("n123", 1),
        ("holt frank", sum(p % 8 == 1 and p % 10 == 1 for p in (*PLACES, *BY_HAND))),
        ("no authorization on file", 20),
        ("river health", of_payer(2)),
        ("stone", 70 + 4),
        ("stone no authorization on file", 10),
    ):
        desk.type("Search tasks", query)
        shows(desk, count)
        assert desk.query.keys() == {"q"}
    desk.type("Search tasks", "nobody like this")
    expect(desk.page.get_by_text("No task matches these filters.")).to_be_visible()
    expect(desk.foot).to_have_text("0tasks ·$0.00")


def test_columns_sort_both_ways_over_all_pages(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ana, again=True)
    amount = desk.page.get_by_role("columnheader", name="Amount")

    amount.get_by_role("button").click()
    expect(desk.rows.first.locator("td.amount")).to_have_text("200.00")
    expect(amount).to_have_attribute("aria-sort", "descending")
    amount.get_by_role("button").click()
    expect(desk.rows.first.locator("td.amount")).to_have_text("100.00")
    assert desk.query == {"sort": "amount"}
    desk.page.get_by_role("button", name="Page 3").click()
    expect(desk.rows.last.locator("td.amount")).to_have_text("200.00")
    desk.page.get_by_role("columnheader", name="Assignee").get_by_role("button").click()

    expect(desk.rows.first.locator("td.assignee")).to_have_text("Ana")
    expect(desk.rows.nth(1).locator("td.assignee")).to_have_text("Ben")
    expect(desk.rows.nth(2).locator("td.assignee")).to_have_text("")
    assert desk.query == {"sort": "assignee"}


def test_fifty_a_page_and_the_total_is_of_all_pages(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ana, again=True)
    shows(desk, 149)
    seen = set(desk.rows.evaluate_all("all => all.map((row) => row.dataset.record)"))

    for page, range_ in ((2, "51–100"), (3, "101–149")):
        desk.page.get_by_role("button", name=f"Page {page}", exact=True).click()
        expect(desk.page.get_by_text(range_, exact=True)).to_be_visible()
        expect(desk.foot).to_have_text(EVERYTHING)
        seen |= set(desk.rows.evaluate_all("all => all.map((row) => row.dataset.record)"))

    assert len(seen) == 149
    assert desk.query == {"page": "3"}
    desk.choose("Type", "Coding")
    shows(desk, 26)
    assert desk.query == {"type": "Coding"}


def test_a_copied_link_opens_the_same_view_after_signing_in(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ana, "/?provider=STONE%2C+ADA&sort=-amount&page=2")
    expect(desk.page.get_by_text("51–")).to_be_visible()
    texts = desk.rows.all_text_contents()
    assert len(texts) == 24
    desk.rows.nth(3).click()
    expect(desk.panel).to_be_visible()
    expect(desk.page).to_have_url(re.compile("task="))
    link = desk.page.url.removeprefix(desk.server.address)

    other = sit(still, still.cast.ana, link, elsewhere=True)
    assert other.path == "/sign-in"
    other.page.get_by_role("button", name="Ana Billing manager").click()
    other.rest()

    assert other.page.url.removeprefix(other.server.address) == link
    expect(other.field("Provider")).to_have_value("STONE, ADA")
    expect(other.panel.locator(".bt-facts")).to_have_text(
        desk.panel.locator(".bt-facts").inner_text(), use_inner_text=True
    )
    assert other.rows.all_text_contents() == texts
    desk.reload()
    expect(desk.rows.nth(3)).to_have_attribute("aria-selected", "true")
    assert desk.rows.all_text_contents() == texts


def test_the_back_button_takes_back_a_filter_and_an_opened_task(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ana, again=True)
    desk.choose("Type", "Coding")
    shows(desk, 26)
    expect(desk.page).to_have_url(re.compile(r"\?type=Coding$"))
    desk.rows.first.click()
    expect(desk.panel).to_be_visible()
    expect(desk.page).to_have_url(re.compile("task="))

    desk.page.go_back()
    expect(desk.panel).to_be_hidden()
    shows(desk, 26)
    desk.page.go_back()
    shows(desk, 149)
    expect(desk.field("Type")).to_have_value("")
    desk.page.go_forward()

    shows(desk, 26)
    expect(desk.field("Type")).to_have_value("Coding")


def test_the_back_button_comes_back_from_edit_charge_to_the_filtered_list(
    still: Scene, sit: Sit
) -> None:
    task = still.cast.of_ben
    desk = sit(still, still.cast.ben, f"/?assignee=Me&task={task.id}")
    desk.press("Continue Task")
    expect(desk.page.get_by_role("heading", name="Edit Charge", exact=True)).to_be_visible()
    assert desk.query == {"assignee": "Me", "task": str(task.id)}

    desk.page.go_back()

    expect(desk.panel).to_contain_text(task.title)
    shows(desk, 1)
    expect(desk.field("Assignee")).to_have_value("Me")


def test_the_list_is_driven_by_keyboard(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ana)
    press = desk.page.keyboard.press
    expect(desk.rows.first).to_be_visible()  # it comes late where the machine is busy
    desk.field("Amount to").focus()
    for _ in range(11):  # past ten headings
        press("Tab")
    expect(desk.rows.first).to_be_focused()
    press("ArrowDown")
    press("ArrowDown")
    press("ArrowUp")
    expect(desk.rows.nth(1)).to_be_focused()
    press("End")
    expect(desk.rows.last).to_be_focused()
    press("Home")
    expect(desk.rows.first).to_be_focused()
    press("ArrowDown")
    press("Enter")
    expect(desk.rows.nth(1)).to_have_attribute("aria-selected", "true")
    expect(desk.panel).to_contain_text(desk.rows.nth(1).locator("td.title").inner_text())
    press("Escape")
    expect(desk.panel).to_be_hidden()
    expect(desk.rows.nth(1)).to_have_attribute("aria-selected", "false")
    press("/")

    expect(desk.field("Search tasks")).to_be_focused()
    expect(desk.field("Search tasks")).to_have_value("")


def test_every_row_says_what_the_list_promises(still: Scene, sit: Sit) -> None:
    task = still.cast.untouched[TaskType.DOCUMENTS][0]
    desk = sit(still, still.cast.ana, f"/?q={task.claim}")

    shows(desk, 1)
    cells = desk.row(task).get_by_role("cell").all_inner_texts()

    number = int(task.claim[1:])
    assert cells[:6] == [
        task.title, "Documents", task.patient, PAYERS[number % 3], "01/13/2025",
        f"{100 + number % 40}.00",
    ]  # fmt: skip
    assert re.fullmatch(r"\d+ d", cells[6])
    assert re.fullmatch(r"\d\d/\d\d/20\d\d", cells[7])
    assert cells[8:] == ["Open", ""]


def test_a_change_of_several_filters_is_one_step_back(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ana, "/?assignee=Me")
    desk.rest()

    desk.menu("Coding").click()
    expect(desk.field("Type")).to_have_value("Coding")
    assert desk.query == {"type": "Coding"}
    desk.rest()  # nobody goes back within the sixty milliseconds in which the page still runs
    desk.page.go_back()

    expect(desk.field("Assignee")).to_have_value("Me")
    expect(desk.field("Type")).to_have_value("")
    assert desk.query == {"assignee": "Me"}


def test_a_click_right_after_a_filter_keeps_the_filter(still: Scene, sit: Sit) -> None:
    """The row is clicked in the very frame in which the list is drawn."""
    desk = sit(still, still.cast.ana)
    expect(desk.rows.first).to_be_visible()
    for kind in ("Coding", "Provider", "Documents", "Charge & dates"):
        desk.page.evaluate(
            """kind => {
                const host = [...document.querySelectorAll(".st-key-task_list *")]
                    .find((one) => one.shadowRoot)
                const body = host.shadowRoot.querySelector("tbody")
                new MutationObserver((_, watch) => {
                    if (body.rows[0]?.querySelector(".type")?.textContent !== kind) return
                    watch.disconnect()
                    body.rows[0].click()
                }).observe(body, { childList: true })
            }""",
            kind,
        )
        desk.choose("Type", kind)
        expect(desk.panel.get_by_role("button", name="Start Task")).to_be_visible()
        desk.rest()
        expect(desk.field("Type")).to_have_value(kind)
        assert desk.query["type"] == kind
        assert "task" in desk.query
        desk.close()


@pytest.mark.cases(1)
@pytest.mark.parametrize("pressed", ["row", "heading", "menu"])
def test_a_press_counts_though_the_page_is_drawn_anew_under_it(
    still: Scene, sit: Sit, pressed: str
) -> None:
    desk = sit(still, still.cast.ana)
    row = desk.rows.nth(5)
    record = row.get_attribute("data-record") or ""
    heading = desk.page.get_by_role("columnheader").get_by_role("button", name="Amount")
    box = {"row": row, "heading": heading, "menu": desk.menu("Unassigned")}[pressed].bounding_box()
    assert box is not None
    desk.field("Search tasks").fill("N134")

    desk.page.mouse.move(box["x"] + 20, box["y"] + 10)
    desk.page.mouse.down()
    shows(desk, 1)  # the search counts once its field is left
    desk.rest()
    desk.page.mouse.up()

    says = {
        "row": {"task": record},
        "heading": {"sort": "-amount"},
        "menu": {"assignee": "Unassigned"},
    }[pressed]
    expect(desk.page).to_have_url(re.compile("q=w[0-9a-f]{16}&"))
    assert {**desk.query, "q": "N134"} == {"q": "N134", **says}
    expect(desk.field("Search tasks")).to_have_value("N134")
    desk.rest()
    assert desk.panel.is_visible() is (pressed == "row")


@pytest.mark.cases(1)
@pytest.mark.parametrize("clicked", ["row", "menu"])
def test_a_click_right_after_typing_into_the_search_keeps_the_search(
    still: Scene, sit: Sit, clicked: str
) -> None:
    """The click leaves the field: what was typed and what was clicked arrive as one."""
    desk = sit(still, still.cast.ana)
    record = desk.rows.nth(5).get_attribute("data-record")
    desk.field("Search tasks").fill("GREEN")
    desk.page.evaluate(
        """clicked => {
            const root = (key) => [...document.querySelectorAll(`.st-key-${key} *`)]
                .find((one) => one.shadowRoot).shadowRoot
            document.activeElement.blur()
            if (clicked === "row") root("task_list").querySelectorAll("tbody tr")[5].click()
            else root("task_menu").querySelector('[data-view="mine"]').click()
        }""",
        clicked,
    )

    if clicked == "row":
        expect(desk.panel.get_by_role("button", name="Start Task")).to_be_visible()
        expect(desk.page).to_have_url(re.compile("q=w[0-9a-f]{16}&task="))
        assert {**desk.query, "q": "GREEN"} == {"q": "GREEN", "task": record}
    else:
        expect(desk.page).to_have_url(re.compile("assignee=Me"))
        assert {**desk.query, "q": "GREEN"} == {"q": "GREEN", "assignee": "Me"}
    expect(desk.field("Search tasks")).to_have_value("GREEN")
