"""Our own browser components: each is a .js and a .css beside this file, and a function here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

_HERE = Path(__file__).parent


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


_record_list = st.components.v2.component(
    "billing_record_list",
    html=_text("record_list.html"),
    css=_text("record_list.css"),
    js=_text("record_list.js"),
)
_task_menu = st.components.v2.component(
    "billing_task_menu",
    html=_text("task_menu.html"),
    css=_text("task_menu.css"),
    js=_text("task_menu.js"),
)
_line_editor = st.components.v2.component(
    "billing_line_editor",
    html=_text("line_editor.html"),
    css=_text("line_editor.css"),
    js=_text("line_editor.js"),
)

_document_frame = st.components.v2.component(
    "billing_document_frame",
    html=_text("document_frame.html"),
    css=_text("document_frame.css"),
    js=_text("document_frame.js"),
)
_chart_tools = st.components.v2.component(
    "billing_chart_tools",
    html=_text("chart_tools.html"),
    css=_text("chart_tools.css"),
    js=_text("chart_tools.js"),
)
_follow = st.components.v2.component(
    "billing_follow",
    html=_text("follow.html"),
    css=_text("follow.css"),
    js=_text("follow.js"),
)
_keyboard = st.components.v2.component(
    "billing_keyboard",
    html=_text("keyboard.html"),
    css=_text("keyboard.css"),
    js=_text("keyboard.js"),
)
_print_button = st.components.v2.component(
    "billing_print_button",
    html=_text("print_button.html"),
    css=_text("print_button.css"),
    js=_text("print_button.js"),
)
_form_guard = st.components.v2.component("billing_form_guard", js=_text("form_guard.js"))


class Column(NamedTuple):
    """One column of a list, by its `name`.

    Where the list is narrower than what its columns need together, they give way one by one, the
    highest `gives_way` first; those with 0 stay.
    """

    name: str
    label: str
    width: str  # CSS
    needs: int  # pixels
    gives_way: int = 0


def task_list(
    data: dict[str, Any], columns: Sequence[Column], on_action: Callable[[], None]
) -> None:
    """Draw the list of tasks. A click is the `action` of the widget `task_list`: open, close, sort
    or page."""
    record_list(
        {"label": "Tasks", **data},
        columns,
        key="task_list",
        on_action=on_action,
    )


def record_list(
    data: dict[str, Any], columns: Sequence[Column], *, key: str, on_action: Callable[[], None]
) -> None:
    """Draw a list of records, one row each; without an `order` its columns cannot be sorted."""
    shown = [column._asdict() for column in columns]
    _record_list(key=key, data={**data, "columns": shown}, on_action_change=on_action)


def task_menu(data: dict[str, Any], on_view: Callable[[], None]) -> None:
    """Draw the left menu. A click is the `view` of the widget `task_menu`."""
    _task_menu(key="task_menu", data=data, on_view_change=on_view)


def line_editor(data: dict[str, Any], *, key: str, on_typed: Callable[[], None]) -> None:
    """Draw the service lines as editable cells. The widget's `typed` has what is typed as `lines`,
    and as `stamp` that of the `data` on which it was typed."""
    _line_editor(key=key, data=data, on_typed_change=on_typed)


def document_frame(address: str, name: str, *, key: str) -> None:
    """Draw a PDF, by its address under /documents/, in the browser's own viewer."""
    _document_frame(key=key, data={"address": address, "name": name})


def chart_tools(chart: str, name: str) -> None:
    """Offer the chart with that key as an SVG file of that name, and its bars by keyboard."""
    _chart_tools(key=f"{chart}_tools", data={"chart": chart, "name": name})


def follow(data: dict[str, Any], *, key: str, on_news: Callable[[], None]) -> None:
    """Have the fragment around it drawn anew once there is news."""
    _follow(key=key, data=data, on_news_change=on_news)


def form_guard(*, wrong: Sequence[str] = (), known: Sequence[str] = (), key: str) -> None:
    """Send what is typed while the cursor is still in the field. Mark the fields with the keys in
    `wrong` as wrong, and those in `known` as wrong since the claim came in."""
    _form_guard(key=key, data={"wrong": list(wrong), "known": list(known)})


def keyboard(data: dict[str, Any]) -> None:
    """Draw the link that opens the list of keys, listen to them, and keep the cursor."""
    _keyboard(key="keyboard", data=data)


def print_button() -> None:
    """Draw the button that opens the browser's window for printing."""
    _print_button(key="print_button", data={})
