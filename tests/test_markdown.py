"""People's text on Markdown surfaces: found in the source, so that a new one is found too."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.ui.session import escape_markdown
from tests.test_architecture import MODULES, is_in

# Streamlit reads these as Markdown: the first argument, and what is named `HELD`.
SURFACES = frozenset(
    {"badge", "button", "caption", "checkbox", "date_input", "dialog", "download_button", "error",
     "expander", "feedback", "file_uploader", "form_submit_button", "header", "info",
     "link_button", "markdown", "menu_button", "metric", "multiselect", "number_input",
     "page_link", "pills", "popover", "progress", "radio", "segmented_control", "select_slider",
     "selectbox", "slider", "spinner", "status", "subheader", "success", "table", "tabs",
     "text_area", "text_input", "time_input", "title", "toast", "toggle", "warning", "write"}
)  # fmt: skip
HELD = frozenset({"label", "help", "text", "captions", "body", "title"})
READS_OPTIONS = frozenset({"menu_button", "pills", "radio", "segmented_control"})
PARTS = ("import_report.table", "html.")  # of ours, by the same names; html.* is no Markdown
OURS = {  # what we write on the screen ourselves
    "KINDS", "FIELD_LABELS['payer']", "FIELD_LABELS['place_of_service']", "FIELD_LABELS[name]",
    "OPTION_LABELS[name]", "wanted.label", "MAX_SHOWN",
    # the Backlog pages' own questions, units, days and figures
    "' and '.join(ignored)", "name", "what", "Unit(unit).label", "number.question",
    "now.with_biller", "now.due_soon", "before.since", "before.until", "tip", "view.until",
    "view.since", "more", "us_formats.plural(len(frame), 'row')",
    "flow.ONE_PERSON", "forecast.PAST_DAYS", "forecast.RUNS",
    "forecast.SEED", "now",
    "now.label", "then.label", "each.label", "each.said(each.now)", "each.tip or None",
    "NEEDED", "rows", "time.monotonic()", "begun",
    "ORDERS[order]", "_caption(document)", "about", "about.lower()", "count", "label", "meaning",
    "said", "task.status", "title", "which.label",
    "con",  # of copies.write and day_notes.write, which draw nothing
    # counts, days and sentences of the Backlog pages
    "{'on': 'Counted', 'off': 'Left out'}",
}  # fmt: skip
DRAWING = sorted(m for m in MODULES if is_in(m, "lib.ui", "lib.web", "lib.frame", "pages"))


def surfaces(source: str) -> Iterator[ast.expr]:
    """Everything in the source that Streamlit reads as Markdown."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        name = call.func.attr
        if name in SURFACES and not ast.unparse(call.func).startswith(PARTS):
            yield from call.args[1:2] if name == "progress" else call.args[:1]
            yield from (word.value for word in call.keywords if word.arg in HELD)
            if name in READS_OPTIONS:
                yield from (word.value for word in call.keywords if word.arg == "format_func")


def unescaped(node: ast.expr) -> Iterator[str]:
    """Yield the parts of an expression that are neither written out here nor made plain."""
    match node:
        case ast.Constant():
            return
        case ast.JoinedStr(values=parts):
            for part in parts:
                yield from unescaped(part)
        case ast.FormattedValue(value=value):
            yield from unescaped(value)
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other):
            yield from (*unescaped(one), *unescaped(other))
        case ast.Lambda(body=body) | ast.ListComp(elt=body):
            yield from unescaped(body)
        case ast.DictComp(value=body):
            yield from unescaped(body)
        case ast.Attribute(value=body, attr="__getitem__"):
            yield from unescaped(body)
        case ast.Call(func=func) if ast.unparse(func) in (
            "session.escape_markdown",
            "escape_markdown",
            "len",
            "chr",
        ):
            return
        case _:
            yield ast.unparse(node)


@pytest.mark.parametrize("module", DRAWING)
def test_no_text_of_people_is_read_as_markdown(module: str) -> None:
    found = {
        part
        for surface in surfaces(MODULES[module].read_text(encoding="utf-8"))
        for part in unescaped(surface)
    }

    assert found <= OURS


@pytest.mark.parametrize(
    "source",
    [
        "st.menu_button('Assign', ids, format_func=lambda c: names[c])",
        "st.warning(str(problem))",
        "column.button(f'Use {name}')",
        "st.radio('Documents', ids, captions=[d.name for d in found])",
        "st.text_input('Name', help=note)",
        "st.pills('Who', ids, format_func=names.__getitem__)",
        "st.progress(0.5, f'Reading {file}')",
        "st.expander('Rows of ' + file)",
        "st.toast(text)",
    ],
)
def test_a_text_that_is_not_made_plain_is_seen(source: str) -> None:
    assert [part for surface in surfaces(source) for part in unescaped(surface)]


@given(st.text())
def test_plain_text_says_what_it_said(text: str) -> None:
    """Nothing but backslashes, what has no width, and white space at line ends is added or lost."""
    shown = escape_markdown(text).replace("\u2060", "")
    said = re.sub(r"\\([!-/:-@[-`{-~])", r"\1", shown)

    assert "".join(said.split()) == "".join(text.replace("\u2060", "").split())
