"""Several people at one task, and one person who clicks twice."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from lib.models import TaskType
from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.scene import Scene

# The labels and buttons over which the bar lies that says who changed the task.
_LIES_OVER = """() => {
    const inside = [...document.querySelectorAll(".st-key-follow_window *")]
        .map((one) => one.shadowRoot?.querySelector(".follow"))
    const bar = inside.find(Boolean).getBoundingClientRect()
    return [...document.querySelectorAll(".stMain label, .stMain button")].filter((one) => {
        const box = one.getBoundingClientRect()
        return box.width && box.bottom > bar.top && box.top < bar.bottom
            && box.right > bar.left && box.left < bar.right
    }).map((one) => one.innerText)
}"""


def presses_at_once(*desks: Desk) -> None:
    """Both press Start Task before either page can have heard of the other."""
    for desk in desks:
        expect(desk.page.get_by_role("button", name="Start Task", exact=True)).to_be_enabled()
        desk.rest()
    for desk in desks:
        desk.page.evaluate(
            """() => [...document.querySelectorAll('.st-key-details_box button')]
                .find((one) => one.innerText.trim() === 'Start Task').click()"""
        )


def test_of_two_people_who_press_start_exactly_one_gets_the_task(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.CODING)
    desks = {
        each.name: sit(scene, each, "", again=True) for each in (scene.cast.ana, scene.cast.ben)
    }
    for desk in desks.values():
        desk.open(task)

    presses_at_once(*desks.values())

    for desk in desks.values():
        edit = desk.page.get_by_role("heading", name="Edit Charge", exact=True)
        started = desk.panel.locator(".bt-badge").filter(has_text="In progress")
        expect(edit.or_(started)).to_be_visible()
        desk.rest()
    winners = [name for name, desk in desks.items() if desk.path == "/edit_charge"]
    assert len(winners) == 1
    winner = winners[0]
    loser = desks["Ben" if winner == "Ana" else "Ana"]
    loser.is_told(f"{winner} is already working on this task.")
    expect(loser.panel.locator(".bt-badge")).to_have_text("In progress")
    expect(loser.panel).to_contain_text(f"Assigned to {winner}")
    expect(loser.row(task)).to_contain_text(winner)
    loser.go(f"/edit_charge?task={task.id}")
    expect(
        loser.page.get_by_text(f"{winner} is working on this task; you can read it.")
    ).to_be_visible()
    expect(loser.field("Authorization number")).to_be_disabled()
    expect(loser.page.get_by_role("button", name="Save and Complete")).to_have_count(0)


def test_what_somebody_else_changed_is_shown_field_by_field(scene: Scene, sit: Sit) -> None:
    first, second = scene.cast.shared_charge  # two tasks about one charge
    ana, ben = (sit(scene, each, "", again=True) for each in (scene.cast.ana, scene.cast.ben))
    ana.start(first)
    ana.press("Back to tasks")
    ben.start(second)
    ben.type("Location", "Harbor Street")
    ben.press("Save")
    ben.is_told("Saved.")
    ana.press("Continue Task")
    expect(ana.field("Location")).to_have_value("Harbor Street")  # nothing of an older form
    ana.type("Authorization number", "OF-ANA")
    ana.type("Member ID", "MEMBER-OF-ANA")
    ben.type("Member ID", "MEMBER-OF-BEN")
    ben.type("Location", "Main Street")
    ben.press("Save")
    ben.is_told("Saved.")

    ana.press("Save and Complete")

    expect(ana.page.get_by_text("Ben changed this charge while you had it open.")).to_be_visible()
    rows = ana.page.locator(".bt-changes tr")
    expect(rows).to_have_text(
        [
            re.compile("Field.*When you opened it.*Saved by Ben.*Yours"),
            re.compile(r"Member ID\s*MEM0001\s*MEMBER-OF-BEN\s*MEMBER-OF-ANA"),
            re.compile(r"Location\s*Harbor Street\s*Main Street\s*Harbor Street"),
        ]
    )
    expect(ana.field("Authorization number")).to_have_value("OF-ANA")

    ana.press("Keep what I typed, take the rest from them")
    expect(rows).to_have_count(0)
    expect(ana.field("Member ID")).to_have_count(1)  # the form as it was has left the page
    expect(ana.field("Member ID")).to_have_value("MEMBER-OF-ANA")
    expect(ana.field("Location")).to_have_value("Main Street")
    expect(ana.field("Authorization number")).to_have_value("OF-ANA")

    ben.type("Location", "Side Street")
    ben.press("Save")
    ben.is_told("Saved.")
    ana.press("Save")
    expect(ana.page.get_by_text("Ben changed this charge")).to_be_visible()
    ana.press("Take theirs, drop what I typed")
    expect(rows).to_have_count(0)
    expect(ana.field("Location")).to_have_count(1)
    expect(ana.field("Location")).to_have_value("Side Street")
    expect(ana.field("Member ID")).to_have_value("MEMBER-OF-BEN")
    expect(ana.field("Authorization number")).to_have_value("")
    ana.press("Save and Complete")  # asks once: nothing was changed on this task
    expect(ana.page.get_by_text("Complete it all the same?")).to_be_visible()
    ana.press("Save and Complete")
    ana.is_told("Task completed.")


def test_the_conflict_with_ones_own_other_task_names_nobody_else(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.CODING)
    first = sit(scene, scene.cast.ana, "", again=True)
    first.start(task)
    second = sit(scene, scene.cast.ana, f"/edit_charge?task={task.id}")
    first.type("Location", "First tab")
    second.type("Location", "Second tab")
    second.press("Save")
    second.is_told("Saved.")

    first.press("Save and Complete")

    expect(first.page.get_by_text("You saved this charge in another tab or task")).to_be_visible()
    expect(first.page.get_by_text("Ana changed this charge")).to_have_count(0)
    expect(first.page.locator(".bt-changes tr")).to_have_text(
        [
            re.compile("Field.*When you opened it.*Saved in another tab.*Yours"),
            re.compile(r"Location\s*–?.*\s*Second tab\s*First tab"),
        ]
    )


def test_somebody_whose_task_is_taken_over_is_told_and_hands_over_what_he_typed(
    scene: Scene, sit: Sit
) -> None:
    task = scene.fresh(TaskType.AUTHORIZATION)
    ben, ana = (sit(scene, each, "", again=True) for each in (scene.cast.ben, scene.cast.ana))
    ben.start(task)
    ben.type("Authorization number", "OF-BEN")
    ana.open(task)
    ana.press("Assign")
    ana.page.get_by_role("menuitem", name="Ana (you)").click()
    ana.press("Finish Assigning")
    ana.is_told("Assigned to Ana.")
    ben.type("Notes to Biller", "I called them.")
    expect(ben.page.get_by_text("Ana changed this task.")).to_be_visible()
    assert ben.page.evaluate(_LIES_OVER) == []
    ben.press("Show")

    expect(ben.page.get_by_text("Ana took this task over on")).to_be_visible()
    expect(ben.page.get_by_text("Nothing you typed here was saved.")).to_be_visible()
    rows = ben.page.locator(".bt-changes tr")
    expect(rows.nth(1)).to_have_text(re.compile(r"Authorization number\s*–\s*OF-BEN"))
    expect(rows.nth(2)).to_have_text(re.compile(r"Notes to Biller\s*–\s*I called them\."))
    for _ in range(2):
        ben.reload()
        expect(ben.page.get_by_text("Ana took this task over on")).to_be_visible()
        expect(rows.nth(2)).to_have_text(re.compile(r"I called them\."))
    ben.press("Hand it over to Ana")

    ben.is_told("What you typed is a comment on the task now.")
    expect(rows).to_have_count(0)
    ana.reload()
    expect(ana.panel).to_contain_text("Authorization number: nothing → OF-BEN")
    expect(ana.panel).to_contain_text("Note to the biller: I called them.")
    expect(ana.panel).to_contain_text("Assigned to Ana")


def test_a_press_after_a_take_over_is_answered_in_place(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.AUTHORIZATION)
    ben, ana = (sit(scene, each, "", again=True) for each in (scene.cast.ben, scene.cast.ana))
    ben.start(task)
    ben.type("Authorization number", "OF-BEN")
    ana.open(task)
    ana.press("Assign")
    ana.page.get_by_role("menuitem", name="Ana (you)").click()
    ana.press("Finish Assigning")
    ana.is_told("Assigned to Ana.")

    ben.press("Save and Complete")

    expect(ben.page.get_by_text("Ana took this task over on")).to_be_visible()
    expect(ben.page.locator(".bt-changes")).to_contain_text("OF-BEN")
    ben.press("Discard what I typed")
    expect(ben.page.get_by_text("Ana took this task over on")).to_have_count(0)
    ben.reload()
    expect(ben.page.locator(".bt-changes")).to_have_count(0)


def test_a_double_click_on_save_and_complete_completes_once(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.CODING)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)
    desk.type("Notes to Biller", "Said once.")

    desk.page.get_by_role("button", name="Save and Complete").dblclick()

    desk.is_told("Task completed.")
    expect(desk.panel.locator(".bt-badge")).to_have_text("Completed")
    assert desk.path == "/"
    expect(desk.history().filter(has_text="Status: In progress → Completed")).to_have_count(1)
    expect(desk.panel.get_by_text("Said once.")).to_have_count(1)
    expect(desk.page.get_by_text("has completed this task")).to_have_count(0)


def test_a_click_elsewhere_during_save_and_complete_loses_nothing(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.CODING)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)
    desk.type("Authorization number", "KEPT-1")

    desk.page.evaluate(
        """() => {
            const press = (text) => [...document.querySelectorAll('button')]
                .find((one) => one.innerText.includes(text)).click()
            press('Save and Complete')
            press('Back to tasks')
        }"""
    )

    desk.is_told("Task completed.")
    expect(desk.panel.locator(".bt-badge")).to_have_text("Completed")
    expect(desk.history().filter(has_text="→ KEPT-1")).to_have_count(1)
