"""The biller's side: answering, Notes from Biller, tasks written by hand."""

from __future__ import annotations

import re
from datetime import date, timedelta

from playwright.sync_api import expect

from lib.models import TaskType
from tests.browser.conftest import Sit
from tests.browser.scene import Scene


def test_a_question_is_answered_and_notes_from_the_biller_are_read_beside_the_charge(
    scene: Scene, sit: Sit
) -> None:
    task = scene.fresh(TaskType.INSURANCE)
    ana, dora = sit(scene, scene.cast.ana, "", again=True), sit(scene, scene.cast.dora)
    ana.open(task)
    ana.type("Question or comment", "Which date?")
    ana.press("Submit question")
    ana.is_told("Question sent.")

    dora.menu("Questions to answer").click()
    expect(dora.row(task)).to_contain_text("Waiting on biller")
    dora.open(task)
    expect(dora.panel).to_contain_text("Which date?")
    expect(dora.panel.locator(".bt-badge")).to_have_text("Waiting on biller")
    for button in ("Start Task", "Assign", "Submit question"):
        expect(dora.page.get_by_role("button", name=button, exact=True)).to_have_count(0)
    dora.type("Answer", "The 13th.")
    dora.press("Submit answer")
    dora.is_told("Answer sent.")
    dora.type("Notes from Biller", "The payer called <twice>.")
    dora.press("Add note")
    dora.is_told("Note added.")
    expect(dora.panel.locator(".bt-badge")).to_have_text("Answered")

    expect(ana.panel).to_contain_text("The 13th.", timeout=10_000)  # nobody reloads
    expect(ana.panel.locator(".bt-badge")).to_have_text("Answered")
    expect(ana.row(task)).to_contain_text("Answered")
    ana.menu("Answered").click()
    expect(ana.page).to_have_url(re.compile("status=Answered"))
    expect(ana.row(task)).to_contain_text("Answered")
    ana.press("Start Task")
    expect(ana.page.get_by_role("heading", name="Edit Charge", exact=True)).to_be_visible()
    expect(ana.page.get_by_text("The payer called <twice>.")).to_be_visible()
    expect(ana.page.get_by_text("The 13th.")).to_be_visible()
    ana.press("Back to tasks")
    expect(ana.panel.locator(".bt-badge")).to_have_text("In progress")


def test_the_biller_cannot_work_on_a_task_by_its_address_either(scene: Scene, sit: Sit) -> None:
    task = scene.cast.untouched[TaskType.CODING][0]
    desk = sit(scene, scene.cast.dora, f"/edit_charge?task={task.id}")

    expect(desk.page.get_by_text("Nobody is working on this task yet")).to_be_visible()
    expect(desk.field("Authorization number")).to_be_disabled()
    expect(desk.field("Line 1 Units")).not_to_be_editable()
    expect(desk.page.get_by_role("button", name="Add line")).to_be_disabled()
    for button in ("Start Task", "Save", "Save and Complete", "Check codes"):
        expect(desk.page.get_by_role("button", name=button, exact=True)).to_have_count(0)


def test_a_task_about_a_charge_is_written_by_hand(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.dora)
    desk.press("New task")
    expect(desk.page.get_by_role("heading", name="New task")).to_be_visible()

    desk.choose("Type", "Coding")
    desk.type("Subject", "Explain modifier 25")
    desk.press("Create task")
    desk.is_told("Write the instructions first.")
    desk.type("Instructions", "Say why *25* was used.")
    desk.press("Create task")
    desk.is_told("Choose the charge or the patient")
    desk.type("Find the charge", "N015")
    desk.field("Charge").click()
    desk.page.get_by_role("option").filter(has_text="N015").click()
    due = f"{date.today() + timedelta(days=200):%m/%d/%Y}"  # noqa: DTZ011 - a year away at most
    desk.type("Due", due)
    desk.press("Create task")

    desk.is_told("Task created.")
    expect(desk.panel.get_by_role("heading", name="Explain modifier 25")).to_be_visible()
    expect(desk.panel).to_contain_text("Say why *25* was used.")
    expect(desk.panel.locator(".bt-facts")).to_contain_text("N015")
    expect(desk.panel.locator(".bt-facts")).to_contain_text(f"{due} (named by the biller)")


def test_a_documents_task_is_about_a_patient_and_names_the_label(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.dora, "/new_task")

    desk.choose("Type", "Documents")
    desk.page.get_by_role("radio", name="Patient").click()
    desk.type("Find the patient", "green emma")
    desk.field("Patient").click()
    desk.page.get_by_role("option").filter(has_text="GREEN, EMMA").first.click()
    desk.type("Subject", "Card of the new plan")
    desk.type("Instructions", "Both sides, please.")
    desk.choose("Document requested", "Insurance card")
    desk.press("Create task")

    desk.is_told("Task created.")
    facts = desk.panel.locator(".bt-facts")
    expect(facts).to_contain_text("GREEN, EMMA")
    expect(facts).to_contain_text("Insurance card")
    expect(desk.panel).to_contain_text("Documents")


def test_practice_staff_do_not_write_tasks(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.ben)
    expect(desk.rows.first).to_be_visible()
    expect(desk.page.get_by_role("button", name="New task")).to_have_count(0)

    desk.go("/new_task")

    expect(desk.page.get_by_text("Tasks are written by the biller and the billing")).to_be_visible()
    expect(desk.page.get_by_role("button", name="Create task")).to_have_count(0)
