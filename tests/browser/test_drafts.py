"""Whatever a page says is kept is read back from the store, round after round."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from playwright.sync_api import expect

from lib.models import TaskType
from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.scene import Scene, letter

KEPT = "What you typed is kept as a draft."


def says_it_is_kept(desk: Desk) -> None:
    desk.rest()
    expect(desk.page.get_by_text(KEPT)).to_be_visible()


@pytest.mark.cases(1)
@pytest.mark.parametrize("rounds", [3, 6])
def test_what_is_typed_after_a_reload_is_kept_too_round_after_round(
    scene: Scene, sit: Sit, rounds: int
) -> None:
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(scene.fresh(TaskType.AUTHORIZATION))

    for number in ("one", "four", "seven", "eleven", "fifteen", "thirteen")[:rounds]:
        desk.type("Authorization number", f"ROUND-{number}")
        desk.type("Notes to Biller", f"Note {number}")
        desk.type("Line 1 Units", str(len(number)))
        desk.type("Diagnosis C", f"R5{len(number)}")
        says_it_is_kept(desk)
        desk.reload()
        expect(desk.field("Authorization number")).to_have_value(f"ROUND-{number}")
        expect(desk.field("Notes to Biller")).to_have_value(f"Note {number}")
        expect(desk.field("Line 1 Units")).to_have_value(str(len(number)))
        expect(desk.field("Diagnosis C")).to_have_value(f"R5{len(number)}")


def test_what_was_typed_and_taken_back_does_not_come_again(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(scene.fresh(TaskType.AUTHORIZATION))
    desk.type("Authorization number", "WRONG")
    says_it_is_kept(desk)
    desk.reload()

    desk.type("Authorization number", "")
    expect(desk.page.get_by_text(KEPT)).to_be_hidden()
    desk.reload()

    expect(desk.field("Authorization number")).to_have_value("")


def test_a_field_that_still_has_the_cursor_is_kept(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(scene.fresh(TaskType.AUTHORIZATION))

    for name, text in (
        ("Authorization number", "CURSOR-1"),
        ("Notes to Biller", "The cursor is here."),
        ("Line 1 Unit charge", "77.00"),
    ):
        desk.field(name).focus()
        desk.page.keyboard.press("Control+a")
        desk.page.keyboard.type(text, delay=20)
        says_it_is_kept(desk)
        expect(desk.field(name)).to_be_focused()
        desk.reload()
        expect(desk.field(name)).to_have_value(text)


@pytest.mark.cases(1)
@pytest.mark.parametrize("rounds", [1, 3])
def test_what_is_typed_just_before_the_page_is_left_is_kept(
    scene: Scene, sit: Sit, rounds: int
) -> None:
    desk = sit(scene, scene.cast.ana, "")
    desk.start(scene.fresh(TaskType.AUTHORIZATION))

    for number, name in enumerate(("Location", "Notes to Biller", "Line 1 Units") * rounds):
        desk.field(name).fill(str(11 + number))
        # before, while and after the page sends it
        desk.page.wait_for_timeout(120 * number // rounds)
        desk.page.reload()
        desk.stand()
        expect(desk.field(name)).to_have_value(str(11 + number))

    desk.field("Location").fill("As it was closed")
    address = desk.page.url
    desk.page.close(run_before_unload=True)
    desk.page = desk.page.context.new_page()
    desk.page.goto(address)
    desk.stand()
    expect(desk.field("Location")).to_have_value("As it was closed")


def test_what_a_page_tells_after_it_has_gone_is_kept(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.ana)
    task = scene.fresh(TaskType.AUTHORIZATION)
    desk.start(task)
    desk.field("Location").fill("Before")
    with desk.page.expect_request("**/typed") as sent:
        desk.page.evaluate("dispatchEvent(new Event('pagehide'))")
    told: Any = sent.value.post_data_json
    desk.page.goto("about:blank")
    told["said"] = dict.fromkeys(told["said"], "Afterwards")
    desk.page.wait_for_timeout(1000)  # Streamlit has noticed by then that the page is gone

    answer = desk.page.context.request.post(
        f"{scene.server.address}/typed", data=json.dumps(told),
        headers={"Sec-Fetch-Site": "same-origin", "Origin": scene.server.address},
    )  # fmt: skip
    desk.go(f"/edit_charge?task={task.id}")

    assert answer.status == 204
    expect(desk.field("Location")).to_have_value("Afterwards")


def test_only_the_own_browser_tells_what_was_typed_last(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.ana, "")
    desk.start(scene.fresh(TaskType.AUTHORIZATION))
    desk.field("Location").fill("Ours")
    with desk.page.expect_request("**/typed") as sent:
        desk.page.evaluate("dispatchEvent(new Event('pagehide'))")
    said: Any = sent.value.post_data_json
    assert list(said["said"].values()) == ["Ours"]
    stranger = sit(scene, scene.cast.ben)
    ask = """async (said) => (await fetch("/typed", {method: "POST", body: said})).status"""

    theirs = {"session": said["session"], "said": dict.fromkeys(said["said"], "Theirs")}
    assert stranger.page.evaluate(ask, json.dumps(theirs)) == 204
    for body in ("", "{}", "[]", '{"session": 1, "said": {}}', '{"session": "", "said": [1]}'):
        assert stranger.page.evaluate(ask, body) == 400
    assert stranger.page.evaluate(ask, "x" * 65_537) == 413
    desk.rest()
    desk.reload()

    expect(desk.field("Location")).to_have_value("Ours")
    no_fields = {"session": said["session"], "said": {"verb_save": "1", "task_list": "x"}}
    assert desk.page.evaluate(ask, json.dumps(no_fields)) == 204
    expect(desk.field("Location")).to_have_value("Ours")
    stranger.problems.clear()  # the answers it was refused with


def test_two_tabs_of_one_person_do_not_share_a_draft(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.AUTHORIZATION)
    first = sit(scene, scene.cast.ana, "", again=True)
    first.start(task)
    second = sit(scene, scene.cast.ana, f"/edit_charge?task={task.id}")
    first.type("Authorization number", "FIRST-TAB")
    says_it_is_kept(first)
    second.type("Location", "Second tab")
    says_it_is_kept(second)

    first.reload()

    expect(first.field("Location")).to_have_value("Second tab")
    expect(first.field("Authorization number")).to_have_value("")
    expect(first.page.get_by_text("You also typed into this charge in another tab")).to_be_visible()
    first.press("Show that one")
    expect(first.field("Authorization number").last).to_have_value("FIRST-TAB")
    expect(first.field("Authorization number")).to_have_count(1)  # the other form has left the page
    expect(first.field("Authorization number")).to_have_value("FIRST-TAB")
    expect(first.field("Location")).to_have_value("")
    first.press("Save and Complete")
    first.is_told("Task completed.")
    expect(first.history().filter(has_text="→ FIRST-TAB")).to_have_count(1)


def test_a_question_survives_another_task_the_window_and_a_reload(scene: Scene, sit: Sit) -> None:
    task, other = scene.fresh(TaskType.AUTHORIZATION), scene.fresh(TaskType.CODING)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.open(task)
    question = desk.field("Question or comment")
    question.fill("Which visit")
    desk.page.wait_for_timeout(600)
    desk.open(other)
    expect(question).to_have_value("")
    desk.open(task)
    expect(question).to_have_value("Which visit")
    question.press_sequentially(" do you", delay=10)
    desk.press("Start Task")
    expect(desk.page.get_by_role("heading", name="Edit Charge", exact=True)).to_be_visible()
    desk.press("Back to tasks")
    expect(question).to_have_value("Which visit do you")

    for word in (" mean", " by", " that?"):
        question.press("End")
        question.press_sequentially(word, delay=10)
        time.sleep(0.6)  # a person looks up before reloading
        desk.reload()
        expect(question).to_have_value(re.compile(f"{re.escape(word)}$"))

    desk.press("Submit question")
    desk.is_told("Question sent.")
    expect(desk.panel.get_by_text("Which visit do you mean by that?")).to_be_visible()
    desk.reload()
    expect(question).to_have_value("")


# The script that listens to what is typed comes two seconds late.
_LATE = """() => {
    const Own = Blob
    window.Blob = function (parts, options) {
        const isLate = String(parts?.[0]).includes("window.billingTyping = ")
        const wait = isLate ? ["await new Promise((go) => setTimeout(go, 2000))\\n"] : []
        return new Own([...wait, ...(parts ?? [])], options)
    }
    window.Blob.prototype = Own.prototype
}"""


def test_what_is_typed_before_the_page_listens_is_kept(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.AUTHORIZATION)
    desk = sit(scene, scene.cast.ana, "")
    desk.page.add_init_script(f"({_LATE})()")
    desk.go(f"/?q={task.claim}")
    desk.row(task).click()
    expect(desk.panel.get_by_role("heading", name=task.title)).to_be_visible()
    question = desk.field("Question or comment")
    question.fill("Which visit")
    assert not desk.page.evaluate("Boolean(window.billingTyping)")
    while not desk.page.evaluate("Boolean(window.billingTyping)"):
        desk.page.wait_for_timeout(100)
    desk.page.wait_for_timeout(600)

    desk.reload()

    expect(question).to_have_value("Which visit")


@pytest.mark.cases(1)
@pytest.mark.parametrize("rounds", ["1", "123"])
def test_the_billers_answer_and_note_survive_a_reload(scene: Scene, sit: Sit, rounds: str) -> None:
    task = scene.fresh(TaskType.AUTHORIZATION)
    desk = sit(scene, scene.cast.dora, "", again=True)
    desk.open(task)
    for round_ in rounds:
        desk.type("Answer", f"Answer {round_}")
        desk.type("Notes from Biller", f"Note {round_}")
        desk.rest()
        desk.reload()
        expect(desk.field("Answer")).to_have_value(f"Answer {round_}")
        expect(desk.field("Notes from Biller")).to_have_value(f"Note {round_}")

    desk.press("Submit answer")
    desk.is_told("Answer sent.")

    expect(desk.field("Notes from Biller")).to_have_value(f"Note {rounds[-1]}")


def test_a_comment_typed_while_assigning_goes_with_it(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.AUTHORIZATION)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.open(task)
    expect(desk.panel).to_contain_text("Not assigned yet")
    desk.press("Assign")
    desk.page.get_by_role("menuitem", name="Ben").click()
    expect(desk.panel).to_contain_text("Assigning Task to Ben")
    expect(desk.panel).not_to_contain_text("Not assigned yet")
    desk.field("Question or comment").fill("You know this payer.")

    desk.press("Finish Assigning")

    desk.is_told("Assigned to Ben.")
    expect(desk.panel).to_contain_text("You know this payer.")
    expect(desk.field("Question or comment")).to_have_value("")
    expect(desk.panel.locator(".bt-badge")).to_have_text("Open")


def test_the_note_for_a_claim_that_is_not_held_survives_a_reload(scene: Scene, sit: Sit) -> None:
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(scene.cast.not_held.pop())
    for round_ in ("1", "2", "3"):
        desk.type("Notes to Biller", f"Sent {round_}")
        desk.rest()
        desk.reload()
        expect(desk.field("Notes to Biller")).to_have_value(f"Sent {round_}")


def test_what_is_typed_of_a_file_and_of_a_new_task_survives_two_reloads(
    scene: Scene, sit: Sit
) -> None:
    task = scene.fresh(TaskType.DOCUMENTS)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task, "Find Document")
    desk.put_file("mine.pdf", letter("Typed twice"))
    desk.choose("Label", "Office notes")
    for text in ("Page 2", "Page 2 is missing."):
        notes = desk.field("Notes")
        notes.fill("")
        notes.press_sequentially(text, delay=20)  # the cursor stays
        desk.page.wait_for_timeout(600)
        desk.reload()
        expect(desk.field("Label")).to_have_value("Office notes")
        expect(desk.field("Notes")).to_have_value(text)
        expect(desk.field("Name")).to_have_value(re.compile("OFFICE-NOTES$"))
    desk.put_file("mine.pdf", letter("Typed twice"))
    desk.press("Upload and Complete")
    desk.is_told("Document uploaded, task completed.")

    desk.go("/new_task")
    for text in ("Which card", "Which card is it?"):
        desk.field("Subject").fill("Card")
        field = desk.field("Instructions")
        field.fill("")
        field.press_sequentially(text, delay=20)
        desk.page.wait_for_timeout(600)
        desk.reload()
        expect(desk.field("Instructions")).to_have_value(text)
        expect(desk.field("Subject")).to_have_value("Card")
    desk.field("Find the charge").fill(task.claim)
    desk.drop_down(desk.page.get_by_role("combobox", name="Charge", exact=True))
    desk.page.get_by_role("option").filter(has_text=task.claim).click()
    desk.press("Create task")
    desk.is_told("Task created.")
    expect(desk.panel).to_contain_text("Which card is it?")
    desk.go("/new_task")
    expect(desk.field("Instructions")).to_have_value("")


def test_what_is_pasted_into_a_field_that_has_no_room_for_it_is_said_not_swallowed(
    still: Scene, sit: Sit
) -> None:
    charge = sit(still, still.cast.ben, f"/edit_charge?task={still.cast.of_ben.id}")
    new = sit(still, still.cast.dora, "/new_task")
    for desk, name, more in (
        (charge, "Notes to Biller", 4_001),
        (charge, "Member ID", 120),
        (new, "Subject", 101),
        (new, "Instructions", 9_000),
    ):
        field = desk.page.get_by_role("textbox", name=name, exact=True)
        before = field.input_value()
        field.focus()
        desk.page.keyboard.press("End")

        desk.page.keyboard.insert_text("x" * more)  # in one, as the clipboard does

        said = f"this field takes fewer than {len(before) + more:,} characters"
        expect(desk.page.get_by_text(said)).to_be_visible()
        assert field.input_value() == before
