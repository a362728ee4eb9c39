"""Work on a Task, as the reference numbers it: from the list into Edit Charge and back."""

from __future__ import annotations

from decimal import Decimal

from playwright.sync_api import expect

from lib.models import TaskType
from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.scene import Scene, Ticket


def completed_in_list(desk: Desk, task: Ticket) -> None:
    """Back in the list, where the task displays as Completed."""
    desk.is_told("Task completed.")
    assert desk.path == "/"
    expect(desk.row(task)).to_contain_text("Completed")
    expect(desk.panel).to_contain_text("Completed by Ana")


def test_a_task_is_worked_on_step_by_step(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.AUTHORIZATION)
    desk = sit(scene, scene.cast.ana, "")
    desk.go(f"/?q={task.claim}&type=Authorization+%26+referral&status=Pending+and+completed")

    desk.row(task).click()
    expect(desk.panel).to_contain_text("Task Instructions")
    expect(desk.panel).to_contain_text("Look for an authorization")
    desk.press("Start Task")
    expect(desk.page.get_by_role("heading", name="Edit Charge", exact=True)).to_be_visible()
    assert (desk.path, desk.query["task"]) == ("/edit_charge", str(task.id))
    expect(desk.page.get_by_text("You are working on this task.")).to_be_visible()

    desk.page.get_by_text("Task Details", exact=True).click()
    details = desk.page.locator(".bt-summary")
    expect(details).to_contain_text("Task Instructions")
    expect(details).to_contain_text("Look for an authorization")
    box, first = details.bounding_box(), desk.field("Patient").bounding_box()
    assert box
    assert first
    assert box["y"] + box["height"] <= first["y"]  # it covers no field

    desk.type("Authorization number", "AUTH-7")
    desk.type("Admission date", "1/12/2025")
    desk.type("Notes to Biller", "Found it in the <letter> of *May*.")
    desk.press("Save and Complete")

    completed_in_list(desk, task)
    expect(desk.field("Search tasks")).to_have_value(task.claim)
    assert {**desk.query, "q": ""} == {
        "q": "",
        "type": "Authorization & referral",
        "status": "Pending and completed",
        "task": str(task.id),
    }
    expect(desk.panel).to_contain_text("Found it in the <letter> of *May*.")
    history = desk.history()
    expect(history.filter(has_text="Authorization number: nothing → AUTH-7")).to_be_visible()
    expect(history.filter(has_text="Admission date: nothing → 01/12/2025")).to_be_visible()
    expect(history.filter(has_text="Status: In progress → Completed")).to_be_visible()
    expect(history.filter(has_text="Assignee: nothing → Ana")).to_be_visible()


def test_the_last_field_counts_even_where_save_is_pressed_from_inside_it(
    scene: Scene, sit: Sit
) -> None:
    task = scene.fresh(TaskType.AUTHORIZATION)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)

    desk.field("Authorization number").fill("LAST-1")
    desk.press("Save and Complete")

    completed_in_list(desk, task)
    expect(desk.history().filter(has_text="→ LAST-1")).to_be_visible()


def test_a_line_typed_last_counts_even_where_save_is_pressed_from_inside_it(
    scene: Scene, sit: Sit
) -> None:
    task = scene.fresh(TaskType.CHARGE)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)

    desk.field("Line 2 Units").fill("3")
    desk.press("Save and Complete")

    completed_in_list(desk, task)
    expect(desk.history().filter(has_text="2 × 40.00 = 80.00 → ")).to_contain_text(
        "3 × 40.00 = 120.00"
    )


def test_save_keeps_unfinished_work_and_the_task(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.AUTHORIZATION)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)

    desk.type("Authorization number", "HALF-1")
    desk.type("Notes to Biller", "More tomorrow.")
    desk.press("Save")

    desk.is_told("Saved.")
    expect(desk.field("Notes to Biller")).to_have_value("")
    expect(desk.page.get_by_text("More tomorrow.")).to_be_visible()
    desk.press("Back to tasks")
    expect(desk.row(task)).to_contain_text("In progress")
    desk.press("Continue Task")
    expect(desk.field("Authorization number")).to_have_value("HALF-1")


def test_save_moves_no_button_and_each_save_is_said(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.ana, "")
    desk.start(scene.fresh(TaskType.AUTHORIZATION))
    desk.page.evaluate(
        """() => {
            window.places = new Set()
            const look = () => {
                for (const one of document.querySelectorAll(".st-key-actions button"))
                    if (one.innerText === "Save") places.add(one.getBoundingClientRect().top)
                requestAnimationFrame(look)
            }
            look()
        }"""
    )

    for number in ("FIRST", "SECOND"):
        desk.type("Authorization number", number)
        desk.press("Save")
        desk.is_told("Saved.")

    assert len(desk.page.evaluate("[...places]")) == 1


def test_lines_are_typed_on_after_a_save(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(scene.fresh(TaskType.CODING))
    once = Decimal(desk.total.inner_text())
    twice = once + once - 80  # the second line's 80.00 stays

    for units, total in (("2", f"{twice}"), ("1", f"{once}"), ("2", f"{twice}")):
        desk.type("Line 1 Units", units)
        expect(desk.total).to_have_text(total)
        desk.press("Save")
        desk.is_told("Saved.")
        desk.reload()
        expect(desk.total).to_have_text(total)
        desk.type("Line 1 Units", "7")
        desk.type("Line 1 Units", units)


def test_check_codes_says_a_sentence_beside_the_wrong_field(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.PROVIDER)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)
    desk.type("Rendering NPI", "1679576723")
    desk.type("Diagnosis C", "XX")
    desk.type("Line 1 Modifier 2", "7")

    desk.press("Check codes")

    npi = desk.page.get_by_text("1679576723 is not a valid NPI: its check digit is wrong.")
    expect(npi).to_be_visible()
    field, sentence = desk.field("Rendering NPI").bounding_box(), npi.bounding_box()
    assert field is not None
    assert sentence is not None
    assert 0 < sentence["y"] - field["y"] < 60
    assert abs(sentence["x"] - field["x"]) < 20
    expect(desk.page.get_by_text("XX does not have the form of an ICD-10")).to_be_visible()
    expect(desk.page.get_by_text("7 is not a modifier")).to_be_visible()
    desk.is_told("3 problems to correct before the task can be completed.")


def test_a_new_problem_blocks_until_it_is_corrected(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.PROVIDER)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)
    desk.type("Rendering NPI", "123")

    desk.press("Save and Complete")

    expect(desk.page.get_by_text("One problem must be corrected before")).to_be_visible()
    expect(desk.page.get_by_text("123 is not a valid NPI: an NPI has ten digits.")).to_be_visible()
    assert desk.path == "/edit_charge"

    desk.type("Rendering NPI", "1679 5767 22")
    expect(desk.page.get_by_text("123 is not a valid NPI")).to_be_hidden()
    desk.press("Save and Complete")

    completed_in_list(desk, task)


def test_a_problem_from_arrival_is_said_and_does_not_block(scene: Scene, sit: Sit) -> None:
    task = scene.cast.already_wrong
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)
    expect(desk.page.get_by_text("9921 does not have the form of a procedure")).to_be_visible()

    desk.press("Save and Complete")  # asks once, since nothing was changed
    expect(desk.page.get_by_text("Complete it all the same?")).to_be_visible()
    desk.press("Save and Complete")

    completed_in_list(desk, task)
    expect(desk.history().filter(has_text="Known problems")).to_contain_text(
        "9921 does not have the form of a procedure code"
    )


def test_a_claim_filed_with_another_total_shows_both_until_it_is_saved(
    scene: Scene, sit: Sit
) -> None:
    task = scene.cast.other_total
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)
    both = desk.page.get_by_text("The claim came in with a total of 210.00")
    expect(both).to_contain_text("its lines add up to 200.00")
    expect(desk.page.get_by_text("Filed with the claim 210.00")).to_be_visible()
    expect(desk.total).to_have_text("200.00")

    desk.press("Save")

    desk.is_told("Saved.")
    expect(both).to_be_hidden()
    expect(desk.page.get_by_text("Filed with the claim")).to_be_hidden()


def test_typed_work_survives_a_reload_of_the_browser(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.CHARGE)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)
    desk.type("Member ID", "NEW-MEMBER")
    desk.type("Notes to Biller", "Half a note")
    desk.type("Line 1 Unit charge", "99.50")
    desk.press("Check codes")  # what is typed is heard in its order: before this press
    expect(desk.page.locator("#toasts")).not_to_be_empty()
    expect(desk.page.get_by_text("What you typed is kept as a draft.")).to_be_visible()

    desk.reload()

    expect(desk.field("Member ID")).to_have_value("NEW-MEMBER")
    expect(desk.field("Notes to Biller")).to_have_value("Half a note")
    expect(desk.field("Line 1 Unit charge")).to_have_value("99.50")
    expect(desk.total).to_have_text("179.50")


def test_service_lines_are_added_and_removed_and_the_total_follows(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.CHARGE)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)
    once = Decimal(desk.total.inner_text())

    desk.press("Add line")
    expect(desk.field("Line 3 Procedure")).to_be_focused()
    desk.type("Line 3 Procedure", "g0439")
    desk.type("Line 3 Diagnoses", "a")
    desk.type("Line 3 Units", "1.5")
    desk.type("Line 3 Unit charge", "1,000.33")
    expect(desk.total).to_have_text(f"{once + Decimal('1500.50'):,}")
    desk.press("Remove line 1")
    expect(desk.field("Line 1 Procedure")).to_have_value("87880")
    expect(desk.total).to_have_text("1,580.50")
    desk.press("Save")
    desk.is_told("Saved.")
    desk.reload()

    expect(desk.field("Line 2 Procedure")).to_have_value("G0439")
    expect(desk.field("Line 3 Procedure")).to_have_count(0)
    expect(desk.total).to_have_text("1,580.50")


def test_a_decimal_comma_is_refused_with_a_sentence(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.CHARGE)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)

    desk.type("Line 1 Unit charge", "12,5")
    desk.press("Save and Complete")

    expect(
        desk.page.get_by_text("Write the unit charge in dollars, such as 151.00.")
    ).to_be_visible()
    expect(desk.field("Line 1 Unit charge")).to_have_attribute("aria-invalid", "true")
    expect(desk.field("Line 1 Unit charge")).to_have_value("12,5")
    assert desk.path == "/edit_charge"


def test_a_task_about_a_claim_that_is_not_held_is_completed_with_a_note(
    scene: Scene, sit: Sit
) -> None:
    task = scene.cast.not_held.pop()
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)
    expect(desk.page.get_by_text("not among the charges held here")).to_be_visible()

    desk.press("Save and Complete")
    desk.is_told("Write a note to the biller that says what was done first.")
    desk.type("Notes to Biller", "Sent by post.")
    desk.press("Save and Complete")

    completed_in_list(desk, task)


def test_a_completed_task_is_reopened_with_a_reason(scene: Scene, sit: Sit) -> None:
    task = scene.cast.completed
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.open(task)
    desk.press("Reopen task")
    desk.field("Why is it reopened?").fill("The payer wants more.")

    desk.press("Reopen")

    desk.is_told("The task is open again.")
    expect(desk.panel).to_contain_text("Assigned to Ben")
    expect(desk.row(task)).to_contain_text("In progress")
    expect(desk.history().filter(has_text="The payer wants more.")).to_be_visible()
