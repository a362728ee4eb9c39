"""A verb that was pressed is done, or said to be not done, whatever is clicked next."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import FilePayload, expect

from lib.models import TaskType
from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.scene import Scene
from tests.x12_texts import DOCTOR, claim, file_837

# Holds for every verb what is tried here with some of them, and with all in `make test-all`.
VERBS_IN_CALLBACKS = "tests/test_verbs_in_callbacks.py::test_no_page_writes_while_it_is_drawn"

# Presses one button and clicks elsewhere so many milliseconds later, as a quick hand does.
_BOTH = """([verb, elsewhere, delay]) => {
    const find = (text) => [...document.querySelectorAll("button, a")]
        .find((one) => one.innerText.trim().endsWith(text))
    find(verb).click()
    const go = () => {
        const there = find(elsewhere)
        there?.click()
        return Boolean(there)
    }
    return delay < 0 ? go() : new Promise((done) => setTimeout(() => done(go()), delay))
}"""


def press_and_go(desk: Desk, verb: str, elsewhere: str, delay: int) -> bool:
    """Click both; return whether the second was still there after the delay in milliseconds."""
    return bool(desk.page.evaluate(_BOTH, [verb, elsewhere, delay]))


@pytest.mark.cases(2)
@pytest.mark.parametrize("delay", [-1, 0, 20, 60, 100])
@pytest.mark.parametrize("elsewhere", ["Documents", "Back to tasks"])
def test_save_and_complete_counts_whatever_is_clicked_right_after(
    scene: Scene, sit: Sit, elsewhere: str, delay: int
) -> None:
    task = scene.fresh(TaskType.CODING)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)
    desk.type("Authorization number", "QUICK")

    press_and_go(desk, "Save and Complete", elsewhere, delay)

    desk.is_told("Task completed.")
    desk.open(task)
    expect(desk.panel.locator(".bt-badge")).to_have_text("Completed")
    expect(desk.history().filter(has_text="→ QUICK")).to_have_count(1)


@pytest.mark.cases(1)
@pytest.mark.parametrize("delay", [0, 40, 80])
def test_a_press_that_comes_after_the_page_was_left_counts(
    scene: Scene, sit: Sit, delay: int
) -> None:
    task = scene.fresh(TaskType.CODING)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)
    desk.type("Authorization number", "LATE")

    if press_and_go(desk, "Documents", "Save and Complete", delay):
        desk.is_told("Task completed.")


def test_what_is_typed_last_counts_where_two_clicks_follow_at_once(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.CODING)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)
    places = [
        place.bounding_box()
        for place in (
            desk.page.get_by_role("button", name="Save and Complete"),
            desk.page.get_by_role("link", name="Documents"),
        )
    ]
    desk.field("Authorization number").fill("LAST WORD")

    for place in places:
        assert place is not None
        desk.page.mouse.click(place["x"] + 20, place["y"] + 10)

    desk.is_told("Task completed.")
    desk.open(task)
    expect(desk.history().filter(has_text="→ LAST WORD")).to_have_count(1)


@pytest.mark.cases(1)
@pytest.mark.parametrize("delay", [-1, 0, 60])
def test_a_refusal_is_said_wherever_one_is_by_then(scene: Scene, sit: Sit, delay: int) -> None:
    task = scene.fresh(TaskType.PROVIDER)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)
    desk.type("Rendering NPI", "123")

    press_and_go(desk, "Save and Complete", "Documents", delay)

    # In the header of the other page, or beside the form where one did not get away.
    said = desk.page.get_by_text("One problem must be corrected before the task can be completed.")
    expect(said.first).to_be_attached()
    desk.go(f"/edit_charge?task={task.id}")
    expect(desk.field("Rendering NPI")).to_have_value("123")


@pytest.mark.cases(1)
@pytest.mark.parametrize("delay", [-1, 0, 60])
def test_a_question_is_sent_whatever_is_clicked_right_after(
    scene: Scene, sit: Sit, delay: int
) -> None:
    task = scene.fresh(TaskType.PROVIDER)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.open(task)
    desk.type("Question or comment", "Who referred her?")

    press_and_go(desk, "Submit question", "Backlog", delay)

    desk.is_told("Question sent.")
    desk.open(task)
    expect(desk.panel.get_by_text("Who referred her?")).to_have_count(1)
    expect(desk.field("Question or comment")).to_have_value("")


@pytest.mark.long(held_by=VERBS_IN_CALLBACKS)
@pytest.mark.parametrize("delay", [-1, 30])
def test_a_document_is_attached_whatever_is_clicked_right_after(
    scene: Scene, sit: Sit, delay: int
) -> None:
    task = scene.fresh(TaskType.DOCUMENTS)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task, "Find Document")
    desk.field("Search documents").fill("scan-0001")
    desk.page.get_by_text("GREEN_EMMA_2025-01-13_OPERATIVE-REPORT").click()
    expect(desk.page.get_by_role("button", name="Attach", exact=True)).to_be_enabled()

    press_and_go(desk, "Attach", "Documents", delay)

    desk.is_told("Document attached.")
    desk.go(f"/find_document?task={task.id}")
    expect(desk.page.get_by_text("1 document attached")).to_be_visible()
    press_and_go(desk, "Complete and next", "Documents", delay)
    desk.is_told("Task completed.")
    desk.open(task)
    expect(desk.panel.locator(".bt-badge")).to_have_text("Completed")


@pytest.mark.long(held_by=VERBS_IN_CALLBACKS)
@pytest.mark.parametrize("delay", [-1, 0, 60])
def test_a_note_on_a_day_is_kept_or_said_to_be_missing_whatever_is_clicked_right_after(
    scene: Scene, sit: Sit, delay: int
) -> None:
    today = datetime.now(ZoneInfo("America/Chicago")).date()
    desk = sit(scene, scene.cast.ana, "/flow")

    def note(text: str) -> None:
        desk.page.get_by_text("Notes on days").click()
        desk.field("What happened").fill(text)

    note(f"New clearinghouse {delay}")
    press_and_go(desk, "Add note", "Documents", delay)
    desk.is_told("Note added.")
    desk.go("/backlog")
    said = desk.page.get_by_text(f"▲ {today:%m/%d/%Y}: New clearinghouse {delay}")
    expect(said.first).to_be_visible()
    note("")
    press_and_go(desk, "Add note", "Documents", delay)
    desk.is_told("Write what happened that day first.")
    desk.go("/backlog")
    desk.page.get_by_text("Notes on days").click()
    expect(desk.page.get_by_role("button", name=f"New clearinghouse {delay}")).to_be_visible()
    press_and_go(desk, f"New clearinghouse {delay}", "Documents", delay)
    desk.is_told("Note removed.")
    desk.go("/backlog")
    expect(desk.page.get_by_text("Notes on days")).to_be_visible()
    expect(said).to_have_count(0)


@pytest.mark.long(held_by=VERBS_IN_CALLBACKS)
@pytest.mark.parametrize("delay", [-1, 0, 60])
def test_a_question_is_saved_or_said_to_have_no_name_whatever_is_clicked_right_after(
    scene: Scene, sit: Sit, delay: int
) -> None:
    desk = sit(scene, scene.cast.ana, "/explore")
    asked = f"SELECT {delay} AS delay"
    desk.type("SQL", asked)
    desk.press("Save this question")
    press_and_go(desk, "Save", "Documents", delay)
    desk.is_told("Write a name and the question first.")
    desk.go("/explore")
    desk.type("SQL", asked)
    desk.press("Save this question")
    desk.type("Name", f"Mine {delay}")
    press_and_go(desk, "Save", "Documents", delay)
    desk.is_told("Question saved.")
    desk.go("/explore")
    desk.choose("Start from", f"Saved: Mine {delay}")
    expect(desk.field("SQL")).to_have_value(asked)


def test_completing_without_change_or_note_asks_once(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(scene.fresh(TaskType.CODING))

    desk.press("Save and Complete")

    question = desk.page.get_by_text("Complete it all the same?")
    expect(question).to_be_visible()
    expect(question).to_have_css("font-weight", "600")  # not as quiet as what is kept
    assert desk.path == "/edit_charge"
    desk.press("Save and Complete")
    desk.is_told("Task completed.")


def test_a_refused_save_moves_no_button_and_marks_the_fields(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(scene.fresh(TaskType.PROVIDER))
    desk.type("Rendering NPI", "123")
    desk.type("Diagnosis A", "XX")
    payer = desk.page.get_by_role("combobox", name="Payer", exact=True)
    desk.drop_down(payer)
    desk.page.keyboard.type("Prairie New")
    desk.page.keyboard.press("Enter")
    button = desk.page.get_by_role("button", name="Save and Complete")
    before = button.bounding_box()

    button.click()
    expect(desk.page.get_by_text("problems must be corrected before")).to_be_visible()
    desk.rest()

    assert button.bounding_box() == before
    for name in ("Rendering NPI", "Diagnosis A"):
        expect(desk.field(name)).to_have_attribute("aria-invalid", "true")
    expect(payer).to_have_attribute("aria-invalid", "true")
    expect(desk.page.get_by_text("write a new one with its payer ID")).to_be_visible()
    expect(desk.field("Billing NPI")).not_to_have_attribute("aria-invalid", "true")
    expect(desk.page.get_by_text("such as E11.9 or S83.501A")).to_be_visible()
    desk.type("Diagnosis A", "J02.9")
    expect(desk.field("Diagnosis A")).not_to_have_attribute("aria-invalid", "true")
    desk.type("Rendering NPI", DOCTOR)
    expect(desk.field("Rendering NPI")).not_to_have_attribute("aria-invalid", "true")
    desk.drop_down(payer)
    desk.page.keyboard.press("Control+a")
    desk.page.keyboard.type("Prairie New (60054)")
    desk.page.keyboard.press("Enter")
    expect(payer).not_to_have_attribute("aria-invalid", "true")
    button.click()
    desk.is_told("Task completed.")
    expect(desk.history().filter(has_text="→ Prairie New (60054)")).to_have_count(1)


def test_a_press_while_a_file_is_imported_is_done_before_the_file_is_in(
    scene: Scene, sit: Sit
) -> None:
    task = scene.fresh(TaskType.PROVIDER)
    ana = sit(scene, scene.cast.ana, "", again=True)
    carla = sit(scene, scene.cast.carla, "/import")
    ana.start(task)
    ana.type("Authorization number", "DURING")
    many = file_837(*(claim(f"L{number}") for number in range(12_000)), control="000000901")
    carla.page.locator('input[type="file"]').set_input_files(
        [FilePayload(name="many.txt", mimeType="text/plain", buffer=many)]
    )
    expect(carla.page.get_by_role("button", name="Import 1 file")).to_be_enabled(timeout=60_000)
    carla.rest()
    carla.press("Import 1 file")
    expect(carla.page.get_by_test_id("stProgress")).to_be_visible()

    press_and_go(ana, "Save and Complete", "Documents", 1500)

    ana.is_told("Task completed.")
    expect(carla.page.get_by_test_id("stProgress")).to_be_visible()
    ana.open(task)
    expect(ana.panel.locator(".bt-badge")).to_have_text("Completed")
    expect(ana.history().filter(has_text="→ DURING")).to_have_count(1)
