"""The keys: what each does, in the words of the list that `?` opens, and what it presses.

The browser's part is `components/keyboard.js`; moving in a list is the list's own
(`components/record_list.js`). The README's table is held to this one by a test.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from lib.ui import components


@dataclass(frozen=True, slots=True)
class Key:
    """One key: `press` as the browser names it; `targets` are CSS selectors, of which the first
    that can be seen is pressed, or gets the cursor if it is a field."""

    shown: str
    says: str
    press: str = ""
    targets: tuple[str, ...] = ()
    is_of_task: bool = False  # waits until the panel shows the task of the chosen row
    else_presses: str = ""  # the "main" button around the cursor, or its "form" button, without any


@dataclass(frozen=True, slots=True)
class Group:
    """Keys that work at the same place."""

    place: str
    keys: tuple[Key, ...]


GROUPS = (
    Group("Everywhere", (
        Key("?", "Show this list of keys"),
        Key("/", "Search", "/", (
            ".st-key-q input", ".st-key-doc_q input", "[class*='st-key-documents_'] input",
        )),
        Key("F6, Shift+F6", "Go to the next part of the page, or back"),
        Key("Esc", "Close what is open; in a field, leave the field"),
    )),
    Group("In a list", (
        Key("j or ↓, k or ↑", "Go to the first row, then down or up"),
        Key("Enter", "Open the row"),
        Key("n, p", "Open the next row, or the one before it"),
        Key("t", "New task", "t", (".st-key-new_task_button button",)),
    )),
    Group("With a task open", (
        Key("e", "Start, continue or take over the task", "e", (
            "[class*='st-key-verb_start_'] button",
        ), is_of_task=True),
        Key("a", "Assign it", "a", ("[class*='st-key-assign_'] button",), is_of_task=True),
        Key("q", "Write a question, comment or answer; in a window, the note to the biller", "q", (
            ".st-key-details_box textarea",
            ".st-key-beside_charge textarea", ".st-key-window_note textarea",
        ), is_of_task=True),
    )),
    Group("In a window or form", (
        Key("Ctrl+S", "Save", "Ctrl+s", (
            "[role='dialog'] [class*='st-key-verb_send_'] button",
            "[role='dialog'] [class*='st-key-verb_upload_only_'] button",
            ".st-key-actions [class*='st-key-verb_save_'] button",
            ".st-key-find_own [class*='st-key-verb_upload_only_'] button",
        ), else_presses="form"),
        Key("Ctrl+Enter", "Save and complete, or send what is typed", "Ctrl+Enter", (
            "[class*='st-key-verb_complete_'] button",
            "[class*='st-key-verb_finish_'] button",
            "[class*='st-key-verb_submit_'] button",
        ), else_presses="main"),
        Key("Ctrl+Shift+Enter", "Complete and open the next task", "Ctrl+Shift+Enter", (
            "[class*='st-key-verb_next_'] button",
            "[class*='st-key-verb_done_next_'] button",
        )),
        Key("Esc", "Outside a field, go back to the tasks; what is typed is kept"),
    )),
)  # fmt: skip

# The parts of the pages that F6 goes through, where they can be seen; in the page's own order.
PARTS = (
    "[data-testid='stSidebarUserContent']",
    ".st-key-filters",
    ".st-key-task_list", ".st-key-document_list", ".st-key-import_list",
    ".st-key-details_box",
    ".st-key-charge_fields", ".st-key-charge_diagnoses", "[class*='st-key-lines_']",
    ".st-key-beside_charge",
    ".st-key-attached_box", ".st-key-find_saved", ".st-key-find_own",
    ".st-key-actions",
)  # fmt: skip

# Where the cursor goes when what had it is gone: the first of these that can be seen. The keys are
# those of what had it.
AFTER = {
    "assign_": (".st-key-details_box textarea",),
    "verb_finish_": ("[class*='st-key-assign_'] button",),
    "cancel_": ("[class*='st-key-assign_'] button",),
    "verb_submit_": (".st-key-details_box textarea",),
    "open_attach_": ("[class*='st-key-open_attach_'] button",),
}
# What appears after a press, and where the cursor goes then.
ARRIVALS = {"[class*='st-key-verb_finish_'] button": (".st-key-details_box textarea",)}
# Where it goes on a page that was just opened by a key.
FIRST = (
    ".st-key-edit_body .bt-wrong input",
    ".st-key-edit_body [data-testid='stTextInput'] input:not([disabled])",
    ".st-key-find_body input:not([disabled])",
    ".st-key-new_type input",
    ".st-key-back button",
)


def draw(*, is_window: bool) -> None:
    """Draw the link that opens the list of keys, and listen to them. In a task's window, hide what
    may be left of the page before."""
    components.keyboard(
        {
            "groups": [asdict(group) for group in GROUPS],
            "parts": list(PARTS),
            "after": AFTER,
            "arrivals": ARRIVALS,
            "first": list(FIRST),
            "isWindow": is_window,
        }
    )


def table() -> list[tuple[str, str, str]]:
    """Return place, key and meaning of each key, as the README lists them."""
    return [(group.place, key.shown, key.says) for group in GROUPS for key in group.keys]


def pressed() -> dict[str, Any]:
    """Return what each key presses, by the key."""
    return {key.press: key.targets for group in GROUPS for key in group.keys if key.press}
