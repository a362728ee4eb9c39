"""What surrounds every page: the page map, the style, and who is signed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from lib.access import Verb, may_anywhere
from lib.models import Person
from lib.ui import html, keyboard, practice_switch

# What the theme cannot say. They are part of the page that the browser gets first, so that nothing
# moves when they come.
COLD_LOAD = Path(__file__).parent / "cold_load.css"
STYLES = tuple(Path(__file__).parent / f"{name}.css" for name in ("palette", "frame", "paper"))

LIST = "Medical Billing Tasks"
_ROW = 31  # pixels: 2.1875 of the font size, 14
_MOST_ROWS = 16  # of a table before it scrolls: all types and each of them, of two periods


def table_height(rows: int) -> int:
    """Return the pixels that Streamlit gives a table of so many rows, to be told before it is
    drawn: then nothing below it moves when it comes. One without rows says so in a row."""
    return _ROW * (min(max(rows, 1), _MOST_ROWS) + 1) + 2


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page: where its file and address are, and which verb one needs to be offered it."""

    group: str
    file: str
    title: str
    needs: Verb
    address: str = ""
    is_hidden: bool = False  # a window that opens from a task

    @property
    def url_path(self) -> str:
        """Return the last part of its address."""
        return self.address or self.file


_SHOWS_PATIENTS = Verb.SEE_PATIENTS
PAGES = (
    PageEntry("Tasks & Messages", "tasks", LIST, Verb.SEE),
    PageEntry("Backlog", "backlog", "Overview", Verb.SEE),
    PageEntry("Backlog", "backlog_flow", "Flow", Verb.SEE, "flow"),
    PageEntry("Backlog", "backlog_aging", "Aging", Verb.SEE, "aging"),
    PageEntry("Backlog", "backlog_causes", "Causes", Verb.SEE, "causes"),
    PageEntry("Backlog", "backlog_workload", "Workload", Verb.SEE, "workload"),
    PageEntry("Backlog", "backlog_waiting", "Waiting", Verb.SEE, "waiting"),
    PageEntry("Backlog", "backlog_forecast", "Forecast", Verb.SEE, "forecast"),
    PageEntry("Backlog", "backlog_explore", "Explore", Verb.SEE, "explore"),
    PageEntry("", "documents", "Documents", _SHOWS_PATIENTS),
    PageEntry("", "import_files", "Import", _SHOWS_PATIENTS, "import"),
    PageEntry("", "export", "Export", _SHOWS_PATIENTS),
    PageEntry("", "settings", "Settings", Verb.SEE),
    PageEntry("Administration", "manage_people", "People", Verb.MANAGE_PEOPLE),
    PageEntry("Administration", "practices", "Practices", Verb.MANAGE_PRACTICE),
    PageEntry("Administration", "activity", "Activity", Verb.SEE_WHO_SAW),
    PageEntry("", "edit_charge", "Edit Charge", _SHOWS_PATIENTS, is_hidden=True),
    PageEntry("", "find_document", "Find Document", _SHOWS_PATIENTS, is_hidden=True),
    PageEntry("", "new_task", "New Task", _SHOWS_PATIENTS, is_hidden=True),
    PageEntry("", "print_list", "Tasks on paper", _SHOWS_PATIENTS, is_hidden=True),
    PageEntry("", "print_task", "Task on paper", _SHOWS_PATIENTS, is_hidden=True),
)


def pages(folder: Path, actor: Person) -> Mapping[str, Sequence[st.Page]]:
    """Return the page map of what the actor may see in some practice. Windows that open from a task
    have an address and no place in the menu."""
    groups: dict[str, list[st.Page]] = {}
    for entry in PAGES:
        if may_anywhere(actor, entry.needs):
            groups.setdefault(entry.group, []).append(
                st.Page(
                    folder / f"{entry.file}.py",
                    title=entry.title,
                    url_path=entry.url_path,
                    default=entry.title == LIST,
                    visibility="hidden" if entry.is_hidden else "visible",
                )
            )
    return groups


def may_open(url_path: str, actor: Person) -> bool:
    """Return True if the address, which is empty for the list, leads to a page that the actor may
    see in some practice."""
    return not url_path or any(
        entry.url_path == url_path and may_anywhere(actor, entry.needs) for entry in PAGES
    )


def is_of_backlog(url_path: str) -> bool:
    """Return True for a page of the Backlog."""
    return any(entry.url_path == url_path for entry in PAGES if entry.group == "Backlog")


def signed_in_as(actor: Person, *, has_account: bool, is_window: bool) -> None:
    """Draw name, role, the keys and the way out, in the upper right corner of a page or a task's
    window; the name of somebody with an account of their own leads there."""
    role, place = practice_switch.role_and_place(actor)
    with st.container(key="who", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(
            html.render("signed_in", actor=actor, role=role, place=place, has_account=has_account)
        )
        keyboard.draw(is_window=is_window)
        st.html(html.link("/sign-out", "Sign out"))
