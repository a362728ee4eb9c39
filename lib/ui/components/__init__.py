"""Our own browser components: each is a .js and a .css beside this file, and a function here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer
from streamlit.runtime.scriptrunner import get_script_run_ctx

_HERE = Path(__file__).parent


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _component(name: str) -> ComponentRenderer:
    """Register the component that the files of this name make."""
    return st.components.v2.component(
        f"billing_{name}",
        html=_text(f"{name}.html"),
        css=_text(f"{name}.css"),
        js=_text(f"{name}.js"),
    )


_record_list = _component("record_list")
_task_menu = _component("task_menu")
_line_editor = _component("line_editor")
_document_frame = _component("document_frame")
_chart_tools = _component("chart_tools")
_follow = _component("follow")
_keyboard = _component("keyboard")
_print_button = _component("print_button")
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
    _line_editor(key=key, data={**data, "key": key}, on_typed_change=on_typed)


def document_frame(address: str, name: str, *, key: str) -> None:
    """Draw a PDF, by its address under /documents/, in the browser's own viewer."""
    _document_frame(key=key, data={"address": address, "name": name})


def chart_tools(chart: str, name: str, *, strays: Sequence[str]) -> None:
    """Offer the chart with that key as an SVG file of that name, and its bars by keyboard. Take the
    parameters `strays` out of the page's address."""
    data = {"chart": chart, "name": name, "strays": list(strays)}
    _chart_tools(key=f"{chart}_tools", data=data)


def follow(data: dict[str, Any], *, key: str, on_news: Callable[[], None]) -> None:
    """Have the fragment around it drawn anew once there is news."""
    _follow(key=key, data=data, on_news_change=on_news)


def form_guard(
    *, wrong: Sequence[str] = (), known: Sequence[str] = (), task_id: int | None = None, key: str
) -> None:
    """Send what is typed while the cursor is still in the field. Mark the fields with the keys in
    `wrong` as wrong, and those in `known` as wrong since the claim came in. Tell the keys that the
    panel of `task_id` is drawn up to here."""
    context = get_script_run_ctx(suppress_warning=True)
    session_id = context.session_id if context else ""
    _form_guard(
        key=key,
        data={"wrong": list(wrong), "known": list(known), "session": session_id, "task": task_id},
    )


def keyboard(data: dict[str, Any]) -> None:
    """Draw the link that opens the list of keys, listen to them, and keep the cursor."""
    _keyboard(key="keyboard", data=data)


def print_button() -> None:
    """Draw the button that opens the browser's window for printing."""
    _print_button(key="print_button", data={})
