"""A task changes hands and is given back; after one is completed, work goes on where it stood."""

from __future__ import annotations

import re
import time

from playwright.sync_api import expect

from lib.models import TaskType
from tests.browser.conftest import Sit
from tests.browser.desk import PATIENCE, Desk
from tests.browser.scene import Scene

TOP = """() => [...document.querySelectorAll("*")].map((one) => one.shadowRoot)
    .find((root) => root?.querySelector(".scroller"))?.querySelector(".scroller").scrollTop"""


def stands_at(desk: Desk, wanted: int) -> None:
    """Assert that the list is scrolled so far, or soon will be."""
    until = time.monotonic() + PATIENCE / 1000
    while (top := desk.page.evaluate(TOP)) != wanted and time.monotonic() < until:
        desk.page.wait_for_timeout(50)
    assert top == wanted


def test_a_task_is_taken_over_given_back_and_left_to_nobody(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.CHARGE)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.open(task)
    desk.press("Assign")
    expect(desk.page.get_by_role("menuitem")).to_have_text(["Ana (you)", "Ben"])
    desk.page.get_by_role("menuitem", name="Ben").click()
    expect(desk.panel).not_to_contain_text("Not assigned yet")
    desk.press("Finish Assigning")
    desk.is_told("Assigned to Ben.")

    desk.press("Take over")
    expect(desk.page.get_by_text("You are working on this task.")).to_be_visible()
    desk.press("Undo start")
    desk.is_told("The task is as it was before you started it.")
    desk.press("Back to tasks")
    expect(desk.panel.get_by_text("Assigned to Ben")).to_be_visible()
    expect(desk.panel.locator(".bt-badge")).to_have_text("Open")
    expect(desk.history().filter(has_text="Taken over")).to_have_count(1)

    desk.press("Take over")
    desk.type("Location", "Annex")
    expect(desk.page.get_by_text("What you typed is kept as a draft.")).to_be_visible()
    expect(desk.page.get_by_role("button", name="Undo start")).to_have_count(0)
    desk.press("Back to tasks")
    expect(desk.panel.get_by_text("Assigned to Ana")).to_be_visible()
    desk.press("Assign")
    desk.page.get_by_role("menuitem", name="Unassigned").click()
    expect(desk.panel.get_by_text("Making the task unassigned")).to_be_visible()
    desk.press("Finish Assigning")
    desk.is_told("The task is unassigned.")
    expect(desk.panel.get_by_text("Not assigned yet")).to_be_visible()
    expect(desk.panel.locator(".bt-badge")).to_have_text("Open")


def test_after_completing_the_next_one_opens_and_the_list_stands_where_it_stood(
    scene: Scene, sit: Sit
) -> None:
    desk = sit(scene, scene.cast.ben, "/?type=Charge+%26+dates&assignee=Unassigned&sort=title")
    row = scene.take(desk.rows, 3)
    second = str(row.locator("xpath=following-sibling::tr[1]").get_attribute("data-record"))
    row.click()
    desk.press("Start Task")
    expect(desk.page.get_by_text("You are working on this task.")).to_be_visible()
    desk.type("Notes to Biller", "Sent again.")
    desk.press("Complete and next")

    desk.is_told("Task completed.")
    expect(desk.page).to_have_url(re.compile(rf"edit_charge\?.*task={second}\b"))
    expect(desk.page.get_by_text("Nobody is working on this task yet")).to_be_visible()
    expect(desk.field("Notes to Biller")).to_have_value("")

    desk.go("/?sort=title&assignee=Unassigned")
    desk.rows.first.hover()
    desk.page.mouse.wheel(0, 400)
    stands_at(desk, 400)
    row = scene.take(desk.rows, 18)
    chosen = str(row.get_attribute("data-record"))
    row.click()
    desk.press("Start Task")
    expect(desk.page.get_by_text("You are working on this task.")).to_be_visible()
    desk.type("Notes to Biller", "Sent again.")
    desk.press("Save and Complete")
    desk.is_told("Task completed.")

    stands_at(desk, 400)
    expect(desk.page.locator(f'tr[data-record="{chosen}"]')).to_have_count(0)


def test_the_list_stands_where_it_was_scrolled_to_though_the_task_was_chosen_elsewhere(
    scene: Scene, sit: Sit
) -> None:
    desk = sit(scene, scene.cast.ben, "/?sort=title&assignee=Unassigned")
    row = scene.take(desk.rows, 2)
    chosen = str(row.get_attribute("data-record"))
    row.click()
    expect(desk.page).to_have_url(re.compile(rf"task={chosen}\b"))
    desk.rows.first.hover()
    desk.page.mouse.wheel(0, 500)
    stands_at(desk, 500)
    desk.press("Start Task")
    expect(desk.page.get_by_text("You are working on this task.")).to_be_visible()
    desk.type("Notes to Biller", "Sent again.")
    desk.press("Save and Complete")
    desk.is_told("Task completed.")

    desk.page.wait_for_function(
        "() => document.activeElement.shadowRoot?.activeElement?.tagName === 'TR'"
    )
    stands_at(desk, 500)


def test_the_task_of_a_colleague_is_read_and_taken_over_from_the_panel(
    scene: Scene, sit: Sit
) -> None:
    task = scene.fresh(TaskType.CHARGE)
    ben, desk = (sit(scene, each, "", again=True) for each in (scene.cast.ben, scene.cast.ana))
    ben.start(task)
    desk.open(task)
    expect(desk.panel.get_by_text("Ben is working on this task.")).to_be_visible()
    expect(desk.page.get_by_role("button", name="Start Task")).to_have_count(0)

    desk.press("Read charge")
    expect(desk.page.get_by_text("Ben is working on this task; you can read it.")).to_be_visible()
    expect(desk.field("Location")).to_be_disabled()
    desk.press("Back to tasks")
    expect(desk.panel.get_by_text("Assigned to Ben")).to_be_visible()
    desk.press("Take over")
    expect(desk.page.get_by_text("You are working on this task.")).to_be_visible()
    desk.press("Back to tasks")
    expect(desk.panel.get_by_text("Assigned to Ana")).to_be_visible()
    expect(desk.history().filter(has_text="Taken over")).to_have_count(1)
