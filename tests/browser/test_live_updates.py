"""The list and the panel follow what others do, and nothing moves under the hands of who types."""

from __future__ import annotations

import re
import time

from playwright.sync_api import APIResponse, Route, expect

from lib.models import TaskType
from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.scene import Scene

SOON = 10_000  # milliseconds within which a page follows

# How far the list is scrolled, and where the field stands.
STANDS = """() => {
    const list = [...document.querySelectorAll("*")].map((one) => one.shadowRoot)
        .find((root) => root?.querySelector(".scroller")).querySelector(".scroller")
    const field = document.querySelector(".st-key-details_box textarea")
    return [list.scrollTop, field.getBoundingClientRect().top, field.selectionStart]
}"""


def assign(desk: Desk, to: str) -> None:
    desk.press("Assign")
    desk.page.get_by_role("menuitem", name=to).click()
    desk.press("Finish Assigning")
    desk.is_told("Assigned to")


def test_list_and_panel_follow_others_but_never_under_a_form(scene: Scene, sit: Sit) -> None:
    task, other = scene.fresh(TaskType.PATIENT), scene.fresh(TaskType.PATIENT)
    ana, ben = (sit(scene, each, "", again=True) for each in (scene.cast.ana, scene.cast.ben))
    ana.open(task)
    ana.go(f"/?task={task.id}&page=2")
    expect(ana.history()).to_have_count(1)
    ben.open(task)
    assign(ben, "Ben")

    expect(ana.panel.get_by_text("Assigned to Ben")).to_be_visible(timeout=SOON)
    expect(ana.panel.locator(".bt-story li")).to_have_count(2)
    expect(ana.panel.locator(".bt-story li").last).to_be_visible()  # it stays open
    badge = ana.panel.locator(".bt-badge")
    question = ana.field("Question or comment")
    question.press_sequentially("Which card", delay=20)
    ana.page.mouse.move(500, 500)
    ana.page.mouse.wheel(0, 240)
    ana.page.wait_for_function(f"({STANDS})()[0] > 100")
    before = ana.page.evaluate(STANDS)
    ben.type("Question or comment", "The blue one?")
    ben.press("Submit question")
    ben.is_told("Question sent.")

    said = ana.page.get_by_text("Ben changed this task.")
    expect(said).to_be_visible(timeout=SOON)
    expect(badge).to_have_text("Open")
    expect(ana.panel.get_by_text("The blue one?")).to_have_count(0)
    expect(question).to_be_focused()
    assert ana.page.evaluate(STANDS) == before
    question.press_sequentially(" is it", delay=20)
    waiting = ana.menu_count("Waiting on biller")
    ben.open(other)
    ben.type("Question or comment", "And this?")
    ben.press("Submit question")
    ben.is_told("Question sent.")
    count = ana.menu("Waiting on biller").locator(".count")
    expect(count).to_have_text(str(waiting + 1), timeout=SOON)  # what is beside the form follows
    assert ana.page.evaluate(STANDS)[0] == before[0]
    expect(badge).to_have_text("Open")

    ana.press("Show")

    expect(said).to_be_hidden()
    expect(badge).to_have_text("Waiting on biller")
    expect(ana.panel.get_by_text("The blue one?")).to_be_visible()
    expect(question).to_have_value("Which card is it")


def test_a_row_that_others_change_follows_and_the_chosen_one_stays_chosen(
    scene: Scene, sit: Sit
) -> None:
    other = scene.fresh(TaskType.PATIENT)
    ana, ben = sit(scene, scene.cast.ana), sit(scene, scene.cast.ben)
    ana.go(f"/?q={other.claim}")
    row = ana.row(other)
    row.click()
    expect(ana.panel.get_by_role("heading", name=other.title)).to_be_visible()
    ana.close()
    row.focus()
    ben.open(other)
    assign(ben, "Ben")

    expect(row.get_by_role("cell").last).to_have_text("Ben", timeout=SOON)
    expect(row).to_be_focused()


def test_a_press_on_the_history_counts_though_it_is_drawn_anew_under_it(
    still: Scene, sit: Sit
) -> None:
    desk = sit(still, still.cast.ana, f"/?status=Completed&task={still.cast.completed.id}")
    summary = desk.panel.locator(".bt-story summary")
    summary.hover()
    desk.page.mouse.down()
    # As a page that is drawn anew does, where a line more is in it.
    desk.page.evaluate(
        """() => {
            const box = document.querySelector(".bt-story").parentElement
            box.innerHTML = box.innerHTML.replace(/History \\(\\d+\\)/, "History (99)")
        }"""
    )
    desk.page.mouse.up()

    expect(desk.panel.get_by_text("History (99)")).to_be_visible()
    expect(desk.panel.locator(".bt-story li").first).to_be_visible()


def test_who_has_a_window_open_is_told_that_the_task_was_taken_over(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.PATIENT)
    ben, ana = (sit(scene, each, "", again=True) for each in (scene.cast.ben, scene.cast.ana))
    ben.start(task)
    ben.field("Location").press_sequentially(" Annex", delay=20)
    ana.open(task)
    assign(ana, "Ana (you)")

    said = ben.page.get_by_text("Ana changed this task.")
    expect(said).to_be_visible(timeout=SOON)
    expect(ben.field("Location")).to_be_focused()
    expect(ben.field("Location")).to_have_value(re.compile("Annex"))
    ben.press("Show")
    expect(ben.page.get_by_text("Ana took this task over on")).to_be_visible()
    expect(ben.page.locator(".bt-changes")).to_contain_text("Annex")


def test_a_press_that_comes_with_the_last_text_is_answered_though_others_changed_the_task(
    scene: Scene, sit: Sit
) -> None:
    task = scene.fresh(TaskType.PATIENT)
    ana, ben = (sit(scene, each, "", again=True) for each in (scene.cast.ana, scene.cast.ben))
    ana.start(task)
    location = ana.field("Location")
    location.press_sequentially(" Annex", delay=20)
    ben.open(task)
    ben.type("Question or comment", "Which card?")
    ben.press("Submit question")
    ben.is_told("Question sent.")
    expect(ana.page.get_by_text("Ben changed this task.")).to_be_visible(timeout=SOON)
    location.press_sequentially(" 2", delay=20)

    ana.page.evaluate(
        """() => {
            document.activeElement.blur()
            document.querySelector(".st-key-actions [class*='st-key-verb_save_'] button").click()
        }"""
    )

    ana.is_told("Saved.")
    expect(location).to_have_value(re.compile("Annex 2$"))


def test_news_of_one_task_that_come_late_are_not_told_under_another(scene: Scene, sit: Sit) -> None:
    task, other = scene.fresh(TaskType.PATIENT), scene.fresh(TaskType.PATIENT)
    ana, ben = sit(scene, scene.cast.ana), sit(scene, scene.cast.ben)
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        answer = route.fetch()
        if not held and "Ben changed" in answer.text():
            held.append((route, answer))
        else:
            route.fulfill(response=answer)

    ana.go("/?type=Patient+information")
    ana.row(task).click()
    ana.field("Question or comment").press_sequentially("Which", delay=20)
    ana.page.route("**/news?*", hold)
    ben.open(task)
    assign(ben, "Ben")
    until = time.monotonic() + SOON / 1000
    while not held and time.monotonic() < until:
        ana.page.wait_for_timeout(100)
    ana.row(other).click()
    expect(ana.panel.get_by_role("heading", name=other.title)).to_be_visible()
    expect(ana.page.locator("html")).to_have_attribute("data-panel", str(other.id))
    ana.field("Question or comment").press_sequentially("And this", delay=20)
    route, answer = held[0]
    route.fulfill(response=answer)
    ana.page.wait_for_timeout(500)

    expect(ana.page.get_by_text("Ben changed this task.")).to_be_hidden()
    ana.page.unroute("**/news?*")
