"""Assign a Task, as the reference numbers it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from lib.models import TaskType
from tests.browser.conftest import Sit
from tests.browser.scene import Scene
from tests.browser.test_verbs import VERBS_IN_CALLBACKS, press_and_go


def test_a_task_is_assigned_step_by_step(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.PATIENT)
    desk = sit(scene, scene.cast.ana, "/documents")

    desk.press("Tasks & Messages")
    desk.page.get_by_role("menuitem", name="Medical Billing Tasks").click()
    expect(desk.rows).to_have_count(50)
    desk.type("Search tasks", task.claim)
    row = desk.row(task)
    expect(row.get_by_role("cell").last).to_have_text("")
    row.click()
    expect(desk.panel.get_by_role("heading", name=task.title)).to_be_visible()
    expect(desk.panel).to_contain_text("Not assigned yet")
    desk.press("Assign")
    expect(desk.page.get_by_role("menuitem")).to_have_text(["Ana (you)", "Ben"])
    desk.page.get_by_role("menuitem", name="Ben").click()

    confirmation = desk.panel.get_by_text("Assigning Task to Ben")
    expect(confirmation).to_be_visible()
    above, comment = confirmation.bounding_box(), desk.field("Question or comment").bounding_box()
    assert above is not None
    assert comment is not None
    assert above["y"] < comment["y"]

    desk.press("Finish Assigning")

    expect(desk.panel.get_by_text("Assigned to Ben")).to_be_visible()
    expect(confirmation).to_be_hidden()
    head = desk.panel.get_by_text("Questions & Comments").bounding_box()
    below = desk.panel.get_by_text("Assigned to Ben").bounding_box()
    assert head is not None
    assert below is not None
    assert head["y"] < below["y"]
    expect(row.get_by_role("cell").last).to_have_text("Ben")

    desk.close()

    expect(desk.panel).to_be_hidden()
    expect(row.get_by_role("cell").last).to_have_text("Ben")
    assert "task" not in desk.query


def test_cancel_is_a_way_out_of_assigning(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.PATIENT)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.open(task)
    desk.press("Assign")
    desk.page.get_by_role("menuitem", name="Ben").click()

    desk.press("Cancel")

    expect(desk.panel.get_by_text("Assigning Task to")).to_be_hidden()
    expect(desk.panel.get_by_text("Not assigned yet")).to_be_visible()
    desk.reload()
    expect(desk.panel.get_by_text("Not assigned yet")).to_be_visible()


def test_a_question_assigns_the_task_to_whoever_asks(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.INSURANCE)
    desk = sit(scene, scene.cast.ben, "", again=True)
    desk.open(task)

    desk.type("Question or comment", "Which card did they *show* <b>you</b>?")
    desk.press("Submit question")

    expect(desk.panel.get_by_text("Assigned to Ben")).to_be_visible()
    expect(desk.panel).to_contain_text("Which card did they *show* <b>you</b>?")
    expect(desk.row(task).get_by_role("cell").last).to_have_text("Ben")
    expect(desk.row(task)).to_contain_text("Waiting on biller")
    expect(desk.field("Question or comment")).to_have_value("")


def test_an_empty_question_is_refused_with_a_sentence(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.INSURANCE)
    desk = sit(scene, scene.cast.ben, "", again=True)
    desk.open(task)

    desk.press("Submit question")

    desk.is_told("Write your question first.")
    expect(desk.panel.get_by_text("Not assigned yet")).to_be_visible()


def test_an_assignment_that_changed_meanwhile_is_not_overwritten(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.PATIENT)
    ana, ben = (sit(scene, each, "", again=True) for each in (scene.cast.ana, scene.cast.ben))
    ana.open(task)
    ana.press("Assign")
    ana.page.get_by_role("menuitem", name="Ana (you)").click()
    expect(ana.panel.get_by_text("Assigning Task to Ana (you)")).to_be_visible()
    ben.open(task)
    ben.type("Question or comment", "Which plan?")
    ben.press("Submit question")
    expect(ben.panel.get_by_text("Assigned to Ben")).to_be_visible()

    ana.press("Finish Assigning")

    ana.is_told("Somebody else assigned this task meanwhile.")
    expect(ana.panel.get_by_text("Assigned to Ben")).to_be_visible()


@pytest.mark.long(held_by=VERBS_IN_CALLBACKS)
@pytest.mark.parametrize("delay", [-1, 30])
def test_an_assignment_counts_whatever_is_clicked_right_after(
    scene: Scene, sit: Sit, delay: int
) -> None:
    task = scene.fresh(TaskType.PATIENT)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.open(task)
    desk.press("Assign")
    desk.page.get_by_role("menuitem", name="Ben").click()
    expect(desk.panel.get_by_text("Assigning Task to Ben")).to_be_visible()
    desk.field("Question or comment").fill("Call her first.")

    press_and_go(desk, "Finish Assigning", "Documents", delay)

    desk.is_told("Assigned to Ben.")
    desk.open(task)
    expect(desk.panel.get_by_text("Assigned to Ben")).to_be_visible()
    expect(desk.panel.get_by_text("Call her first.")).to_have_count(1)
