"""What surrounds every page: the page map, the style, and who is signed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import streamlit as st

from lib.models import Person

_STYLE = (Path(__file__).parent / "frame.css").read_text(encoding="utf-8")


LIST = "Medical Billing Tasks"


def style() -> None:
    """Add the CSS that the theme cannot express."""
    st.html(f"<style>{_STYLE}</style>")


def pages(folder: Path) -> Mapping[str, Sequence[st.Page]]:
    """Return the page map. Windows that open from a task have an address and no place in the
    menu."""
    return {
        "Tasks & Messages": [
            st.Page(folder / "tasks.py", title=LIST, url_path="tasks", default=True),
        ],
        "": [
            st.Page(folder / "documents.py", title="Documents", url_path="documents"),
            st.Page(folder / "backlog.py", title="Backlog", url_path="backlog"),
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
        ],
    }


def signed_in_as(actor: Person) -> None:
    """Draw name, role and the way out, in the upper right corner."""
    role = actor.memberships[0].role.label
    places = " · ".join(m.practice.name for m in actor.memberships)
    with st.container(key="who"):
        st.html(
            f'<span title="{escape(actor.email)}"><b>{escape(actor.name)}</b> '
            f"<i>{escape(role)} · {escape(places)}</i></span> "
            '<a href="/sign-out" target="_self">Sign out</a>'
        )
