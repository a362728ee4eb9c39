"""A day's work by keyboard: few keys, a ring around what has the cursor, and never no cursor."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from lib.models import TaskType
from tests.browser.conftest import Sit
from tests.browser.desk import PHONE, SMALL, Desk
from tests.browser.scene import Scene, Ticket, letter

MOST_KEYS = 12  # beside what is typed, for one task from load to completed

# What has the cursor: its tag and its words; through the shadow roots of our components.
_HAS_CURSOR = """() => {
    let one = document.activeElement
    while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement
    return [one.tagName, (one.innerText || one.ariaLabel || one.placeholder || "").trim()]
}"""

# Holds Ctrl+Shift+Enter, and presses it once more as soon as the page has another task.
_HOLDS = """() => {
    const press = (repeat) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {
        key: "Enter", ctrlKey: true, shiftKey: true, repeat, bubbles: true, composed: true,
        cancelable: true,
    }))
    const button = () => document.querySelector("[class*='st-key-verb_next_'] button")
    const head = () => document.querySelector(".st-key-window_head h1 + span")?.textContent
    const [before, first] = [head(), button().parentElement.closest("[class*='verb_next_']")]
    press(false)
    const held = setInterval(() => press(true), 30)
    setTimeout(() => clearInterval(held), 5000)
    new MutationObserver((_, watch) => {
        const now = head()
        if (!now || now === before || !button() || !button().getClientRects().length) return
        if (button().closest("[class*='verb_next_']").className === first.className) return
        watch.disconnect()
        press(false)
    }).observe(document.body, { subtree: true, childList: true, characterData: true })
}"""
UNSEEN = 600  # milliseconds after which what is shown has been seen

# What has the cursor and how it shows it: outline, shadow or border, on it or close around it.
_RING = """() => {
    let one = document.activeElement
    while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement
    const name = `${one.tagName} ${(one.innerText || one.ariaLabel || "").trim().slice(0, 30)}`
    const looks = (at) => {
        const style = getComputedStyle(at)
        return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)
            || (style.boxShadow !== "none" && !/rgba\\(0, 0, 0, 0\\)/.test(style.boxShadow))
    }
    const box = one.getBoundingClientRect()
    let scrolled = 0
    for (let at = one; at; at = at.parentElement ?? at.getRootNode().host) scrolled += at.scrollTop
    const isAround = one.matches("[type=search], [role=combobox]")
    const isShown = looks(one) || (isAround && looks(one.parentElement))
    return [name, isShown, box.left, box.top + scrolled, box.right, box.bottom + scrolled]
}"""

# What has the cursor, whether it is in the bar at the foot of a window, and where both stand.
_AND_BAR = """() => {
    let one = document.activeElement
    while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement
    const bar = document.querySelector(".st-key-actions")
    return [one.ariaLabel || one.innerText, bar.contains(one), one.getBoundingClientRect().bottom,
        bar.getBoundingClientRect().top]
}"""


def read(desk: Desk) -> None:
    """Wait until the page is drawn and somebody has seen it, as a key that completes demands."""
    desk.rest()
    desk.page.wait_for_timeout(UNSEEN)


@dataclass
class Hands:
    """Somebody at a keyboard; `keys` counts what they press beside what they type."""

    page: Page
    keys: int = 0

    def press(self, *keys: str) -> None:
        """Press one key after another."""
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1

    @property
    def has_cursor(self) -> tuple[str, str]:
        """Return the tag and the words of what has the cursor."""
        tag, words = self.page.evaluate(_HAS_CURSOR)
        return tag, words

    def waits_for(self, tag: str, words: str = "") -> None:
        """Wait until something of that tag, with these words, has the cursor."""
        self.page.wait_for_function(
            f"([tag, words]) => {{ const [now, said] = ({_HAS_CURSOR})();"
            " return now === tag && said.includes(words) }",
            arg=[tag, words],
        )


def begun_by_key(desk: Desk, task: Ticket) -> Hands:
    """Start the only task of a list by keyboard."""
    expect(desk.row(task)).to_be_visible()
    expect(desk.page.get_by_role("button", name="Keys", exact=True)).to_be_visible()
    hands = Hands(desk.page)

    hands.press("j")
    hands.waits_for("TR", task.title)
    hands.press("Enter")
    expect(desk.panel.get_by_role("heading", name=task.title)).to_be_visible()
    hands.press("e")
    return hands


def test_one_task_from_load_to_completed_takes_few_keys_and_the_cursor_is_never_lost(
    scene: Scene, sit: Sit
) -> None:
    task = scene.fresh(TaskType.CODING)
    desk = sit(scene, scene.cast.ana, f"/?q={task.claim}")
    hands = begun_by_key(desk, task)
    hands.waits_for("INPUT", "Member ID")
    desk.stand()
    hands.press("F6", "F6")  # over the diagnoses to the lines
    hands.waits_for("INPUT", "Line 1 From")
    hands.press("Tab", "Tab")
    hands.waits_for("INPUT", "Line 1 Procedure")
    desk.page.keyboard.type("99214")
    read(desk)
    hands.press("Control+Enter")
    desk.is_told("Task completed.")
    print(f"{hands.keys} keys from load to completed")
    assert hands.keys <= MOST_KEYS

    desk.go(f"/?q={task.claim}&status=Completed")
    desk.row(task).click()
    expect(desk.history().filter(has_text="99214").first).to_be_visible()


def test_assigning_asking_and_closing_leave_the_cursor_where_one_goes_on(
    scene: Scene, sit: Sit
) -> None:
    task = scene.fresh(TaskType.PATIENT)
    desk = sit(scene, scene.cast.ana, f"/?q={task.claim}")
    expect(desk.row(task)).to_be_visible()
    expect(desk.page.get_by_role("button", name="Keys", exact=True)).to_be_visible()
    hands = Hands(desk.page)

    hands.press("?")
    expect(desk.page.get_by_role("heading", name="Keys")).to_be_visible()
    hands.press("Escape")
    desk.page.get_by_role("button", name="Keys", exact=True).click()  # also by mouse
    hands.press("Escape")
    hands.waits_for("BUTTON", "Keys")
    hands.press("n")
    expect(desk.panel.get_by_role("heading", name=task.title)).to_be_visible()
    hands.press("a")
    hands.waits_for("DIV", "Ana (you)")
    hands.press("ArrowDown")
    hands.waits_for("DIV", "Ben")
    hands.press("Enter")
    hands.waits_for("TEXTAREA", "")
    desk.page.keyboard.type("even such letters as a, e and n")  # they are text here
    hands.press("Control+Enter")
    desk.is_told("Assigned to Ben.")
    hands.waits_for("BUTTON", "Assign")
    hands.press("q")
    hands.waits_for("TEXTAREA", "")
    hands.press("Escape")
    hands.waits_for("TR", task.title)
    hands.press("Escape")
    expect(desk.panel).to_be_hidden()
    hands.waits_for("TR", task.title)
    hands.press("/")
    hands.waits_for("INPUT", "Search")
    expect(desk.row(task)).to_contain_text("Ben")


def test_saving_completes_nothing_and_a_key_that_is_held_completes_one_task(
    scene: Scene, sit: Sit
) -> None:
    task, first, second = (
        scene.fresh(kind) for kind in (TaskType.DOCUMENTS, TaskType.INSURANCE, TaskType.INSURANCE)
    )
    desk = sit(scene, scene.cast.ben, "")
    desk.start(task, "Find Document")
    press = desk.page.keyboard.press
    desk.put_file("note.pdf", letter(f"Note of {task.claim}"))
    desk.choose("Label", "Office notes")
    desk.field("Notes").fill("Page 2 is missing.")
    press("Control+s")
    desk.is_told("Document uploaded and attached.")
    expect(desk.page.get_by_role("button", name="Complete Task", exact=True)).to_be_enabled()
    desk.stand()
    press("Control+s")  # there is nothing to save
    desk.rest()
    assert desk.path == "/find_document"
    read(desk)
    press("Control+Shift+Enter")
    desk.is_told("Task completed.")

    for each in (first, second):
        desk.start(each)
    desk.go("/?assignee=Me&status=In+progress&type=Insurance+%26+eligibility")
    if desk.rows.first.get_attribute("data-record") == str(second.id):
        first, second = second, first
    desk.row(first).click()
    desk.press("Continue Task")
    expect(desk.page.get_by_text("You are working on this task.")).to_be_visible()
    desk.field("Authorization number").fill("A-78")
    read(desk)
    desk.page.evaluate(_HOLDS)
    # Said for some seconds only, so it is looked for first.
    expect(desk.page.get_by_role("status").filter(has_text="Ctrl+Shift+Enter")).to_have_text(
        "Ctrl+Shift+Enter did nothing: the page had just changed. Press it again."
    )
    desk.is_told("Task completed.")
    expect(desk.page.locator(".st-key-window_head")).to_contain_text(second.claim)
    read(desk)

    expect(desk.page.get_by_text("You are working on this task.")).to_be_visible()
    assert desk.query["task"] == str(second.id)


def test_saving_keeps_the_cursor_and_escape_leads_back(scene: Scene, sit: Sit) -> None:
    task = scene.fresh(TaskType.CHARGE)
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(task)
    hands = Hands(desk.page)

    desk.field("Authorization number").fill("A-77")
    read(desk)
    hands.press("Control+s")
    desk.is_told("Saved.")
    expect(desk.field("Authorization number")).to_have_value("A-77")
    hands.waits_for("BUTTON", "Save")
    desk.press("Attach a document")
    expect(desk.page.get_by_role("dialog")).to_be_visible()
    hands.press("Escape")
    expect(desk.page.get_by_role("dialog")).to_be_hidden()
    hands.waits_for("BUTTON", "Attach a document")
    hands.press("Escape")
    expect(desk.rows.first).to_be_visible()
    assert desk.path == "/"
    hands.waits_for("TR")


def test_a_dialog_is_saved_and_a_window_begun_by_the_keys_that_the_list_names(
    scene: Scene, sit: Sit
) -> None:
    desk = sit(scene, scene.cast.ana, f"/documents?document={scene.cast.documents['lab-77.pdf']}")
    hands = Hands(desk.page)
    dialog = desk.page.get_by_role("dialog")
    desk.press("Edit details")
    notes = dialog.get_by_label("Notes", exact=True)
    notes.fill("Came by fax.")
    read(desk)
    hands.press("Control+s")
    desk.is_told("Document saved.")
    expect(dialog).to_have_count(0)
    expect(desk.page.get_by_text("Came by fax.", exact=True)).to_be_visible()

    task = scene.fresh(TaskType.CODING)
    desk.go(f"/edit_charge?task={task.id}")
    expect(desk.page.get_by_text("Nobody is working on this task yet")).to_be_visible()
    read(desk)
    hands.press("e")
    expect(desk.page.get_by_text("You are working on this task.")).to_be_visible()


def test_a_heading_and_a_page_that_are_pressed_by_key_keep_the_cursor(
    still: Scene, sit: Sit
) -> None:
    desk = sit(still, still.cast.ana)
    hands = Hands(desk.page)
    amount = desk.page.get_by_role("columnheader").get_by_role("button", name="Amount")

    for order in ("descending", "ascending"):
        amount.focus()
        hands.press("Enter")
        expect(desk.page.locator(f"th.amount[aria-sort={order}]")).to_be_visible()
        hands.waits_for("BUTTON", "Amount")
    desk.page.get_by_role("button", name="Page 2", exact=True).focus()
    hands.press("Enter")
    expect(desk.page.get_by_text("51–100", exact=True)).to_be_visible()
    hands.waits_for("BUTTON", "2")
    hands.press("Tab", "Tab")  # over page 3
    hands.waits_for("BUTTON", "›")
    hands.press("Enter")
    expect(desk.page.get_by_text("101–149", exact=True)).to_be_visible()
    hands.waits_for("BUTTON", "3")  # there is no page after it


def test_the_cursor_stays_among_the_lines_when_one_is_removed_by_key(
    scene: Scene, sit: Sit
) -> None:
    desk = sit(scene, scene.cast.ana, "", again=True)
    desk.start(scene.fresh(TaskType.CODING))
    hands = Hands(desk.page)
    lines = desk.page.locator(".lines tr[data-place]")
    count = lines.count()

    desk.press("Add line")
    expect(lines).to_have_count(count + 1)
    desk.page.get_by_role("button", name=f"Remove line {count + 1}").focus()
    hands.press("Enter")
    expect(lines).to_have_count(count)
    hands.waits_for("BUTTON", "×")
    desk.rest()

    while lines.count():
        left = lines.count()
        hands.press("Enter")
        expect(lines).to_have_count(left - 1)
    hands.waits_for("BUTTON", "Add line")


def faults(desk: Desk, most: int) -> list[str]:
    """Return the controls that the Tab key reaches and that do not show that they have the cursor,
    or that stand before the one reached before them: above it, and not in a column to its right."""
    found: list[str] = []
    before: list[float] = []
    for _ in range(most):
        desk.page.keyboard.press("Tab")
        name, is_shown, *box = desk.page.evaluate(_RING)
        if name.startswith("BODY"):
            break
        if not is_shown:
            found.append(f"{name} shows nothing")
        left, top, _, bottom = box
        if before:
            is_above, is_beside = bottom <= before[1] + 2, bottom > before[1] + 2 > top + 4
            is_left = left < before[0]
            if (is_above or (is_beside and top < before[3] and bottom <= before[3])) and is_left:
                found.append(f"{name} comes after what stands below it")
        before = box
    return found


def test_whatever_the_tab_key_reaches_shows_that_it_has_the_cursor(still: Scene, sit: Sit) -> None:
    desk = sit(still, still.cast.ben, f"/?task={still.cast.of_ben.id}")
    assert faults(desk, 60) == []

    desk.go(f"/edit_charge?task={still.cast.of_ben.id}")
    assert faults(desk, 70) == []

    desk.go("/documents?document=1")
    assert [name for name in faults(desk, 25) if not re.match("IFRAME", name)] == []


@pytest.mark.cases(1)
@pytest.mark.parametrize("size", [PHONE, SMALL], ids=["phone", "small"])
def test_whatever_the_tab_key_reaches_stands_clear_of_the_bar(
    still: Scene, sit: Sit, size: tuple[int, int]
) -> None:
    desk = sit(still, still.cast.ben, f"/edit_charge?task={still.cast.of_ben.id}")
    desk.page.set_viewport_size({"width": size[0], "height": size[1]})
    desk.stand()
    hidden = []
    desk.field("Member ID").focus()
    for _ in range(70):
        desk.page.keyboard.press("Tab")
        name, is_in_bar, bottom, bar = desk.page.evaluate(_AND_BAR)
        if is_in_bar:
            break
        if bottom > bar:
            hidden.append(name)

    assert is_in_bar
    assert hidden == []


def test_a_note_to_the_biller_takes_few_keys_with_a_charge_and_without_one(
    scene: Scene, sit: Sit
) -> None:
    desk = sit(scene, scene.cast.ana)
    for task in (scene.fresh(TaskType.CODING), scene.cast.not_held.pop()):
        desk.go(f"/?q={task.claim}")
        hands = begun_by_key(desk, task)
        expect(desk.page.get_by_text("You are working on this task.")).to_be_visible()
        desk.stand()
        if hands.has_cursor[0] == "INPUT":
            hands.press("Escape")
        hands.press("q")
        hands.waits_for("TEXTAREA", "")
        desk.page.keyboard.type("It is right as it was filed.")
        read(desk)
        hands.press("Control+Enter")
        desk.is_told("Task completed.")

        assert hands.keys <= MOST_KEYS // 2


def test_a_link_that_the_tab_key_meets_before_the_charge_leads_past_it_to_the_note(
    still: Scene, sit: Sit
) -> None:
    desk = sit(still, still.cast.ben, f"/edit_charge?task={still.cast.of_ben.id}")
    link = desk.page.get_by_role("link", name="Skip to the note to the biller")
    expect(desk.field("Notes to Biller")).to_be_editable()
    desk.stand()
    assert "inset" in link.evaluate("(one) => getComputedStyle(one).clipPath")

    desk.page.locator(".st-key-window_head summary").focus()
    desk.page.keyboard.press("Tab")
    expect(link).to_be_focused()
    assert link.evaluate("(one) => getComputedStyle(one).clipPath") == "none"
    desk.page.keyboard.press("Enter")

    expect(desk.field("Notes to Biller")).to_be_focused()
    assert "#" not in desk.page.url
