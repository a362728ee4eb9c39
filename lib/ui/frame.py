"""What surrounds every page: the page map, the style, and who is signed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from lib.access import Verb, may_anywhere
from lib.models import Person
from lib.ui import html, keyboard

# What the theme cannot say. They are part of the page that the browser gets first, so that nothing
# moves when they come.
STYLES = tuple(Path(__file__).parent / f"{name}.css" for name in ("palette", "frame", "paper"))

LIST = "Medical Billing Tasks"
BACKLOG = {
    "backlog": "Overview",
    "backlog_flow": "Flow",
    "backlog_aging": "Aging",
    "backlog_causes": "Causes",
    "backlog_people": "People",
    "backlog_waiting": "Waiting",
    "backlog_forecast": "Forecast",
    "backlog_explore": "Explore",
}


def pages(folder: Path, actor: Person) -> Mapping[str, Sequence[st.Page]]:
    """Return the page map. Windows that open from a task have an address and no place in the menu;
    who sees no patient has the pages without them."""
    every = _every_page(folder)
    if may_anywhere(actor, Verb.SEE_PATIENTS):
        return every
    return every | {"": [page for page in every[""] if page.url_path == "settings"]}


def _every_page(folder: Path) -> dict[str, list[st.Page]]:
    return {
        "Tasks & Messages": [
            st.Page(folder / "tasks.py", title=LIST, url_path="tasks", default=True),
        ],
        "Backlog": [
            st.Page(folder / f"{name}.py", title=title, url_path=name.removeprefix("backlog_"))
            for name, title in BACKLOG.items()
        ],
        "": [
            st.Page(folder / "documents.py", title="Documents", url_path="documents"),
            st.Page(folder / "import_files.py", title="Import", url_path="import"),
            st.Page(folder / "export.py", title="Export", url_path="export"),
            st.Page(folder / "settings.py", title="Settings", url_path="settings"),
            st.Page(
                folder / "edit_charge.py",
                title="Edit Charge",
                url_path="edit_charge",
                visibility="hidden",
            ),
            st.Page(
                folder / "find_document.py",
                title="Find Document",
                url_path="find_document",
                visibility="hidden",
            ),
            st.Page(
                folder / "new_task.py", title="New Task", url_path="new_task", visibility="hidden"
            ),
            st.Page(
                folder / "print_list.py",
                title="Tasks on paper",
                url_path="print_list",
                visibility="hidden",
            ),
            st.Page(
                folder / "print_task.py",
                title="Task on paper",
                url_path="print_task",
                visibility="hidden",
            ),
        ],
    }


def signed_in_as(actor: Person) -> None:
    """Draw name, role, the keys and the way out, in the upper right corner."""
    role = actor.memberships[0].role.label
    places = " · ".join(m.practice.name for m in actor.memberships)
    with st.container(key="who", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(html.render("signed_in", actor=actor, role=role, places=places))
        keyboard.draw()
        st.html(html.link("/sign-out", "Sign out"))
