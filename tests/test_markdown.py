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
    "FIELD_LABELS['payer']", "FIELD_LABELS['place_of_service']", "FIELD_LABELS[name]",
    "OPTION_LABELS[name]", "wanted.label", "READ_WHOLE", "place", "about.lower()", "about",
    # the Backlog pages' own questions, units, days and figures
    "' and '.join(ignored)", "name", "Unit(unit).label", "number.question",
    "now.with_biller", "now.due_soon", "more.pop('name', 'flow')",
    "flow.ONE_PERSON", "forecast.PAST_DAYS", "forecast.RUNS",
    "forecast.SEED",
    "now.label", "then.label", "each.label", "each.tip or None",
    "time.monotonic()", "each",
    "ORDERS[order]", "label", "meaning", "title", "which.label",
    "con",  # of copies.write and day_notes.write, which draw nothing
    # counts, days and sentences of the Backlog pages
    "{'on': 'Counted', 'off': 'Left out'}",
}  # fmt: skip
DRAWING = sorted(m for m in MODULES if is_in(m, "lib.ui", "lib.web", "lib.frame", "pages"))


def surfaces(part: ast.AST) -> Iterator[ast.expr]:
    """Everything in a part of the source that Streamlit reads as Markdown."""
    for call in ast.walk(part):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        name = call.func.attr
        if name in SURFACES and not ast.unparse(call.func).startswith(PARTS):
            yield from call.args[1:2] if name == "progress" else call.args[:1]
            yield from (word.value for word in call.keywords if word.arg in HELD)
            if name in READS_OPTIONS:
                yield from (word.value for word in call.keywords if word.arg == "format_func")


def assigned(part: ast.AST) -> dict[str, list[ast.expr]]:
    """Return what each name is set to in a part of the source, wherever that is."""
    values: dict[str, list[ast.expr]] = {}
    for node in ast.walk(part):
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and node.value:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for name, value in _pairs(target, node.value):
                    values.setdefault(name, []).append(value)
    return values


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, its_value in zip(target.elts, value.elts, strict=True):
            yield from _pairs(one, its_value)


def parts_of(source: str) -> set[str]:
    """Return what the source hands to Markdown that is neither written out nor made plain; what a
    name says is what it is set to, in its function or else at the top."""
    tree = ast.parse(source)
    functions = [each for each in tree.body if isinstance(each, (ast.FunctionDef, ast.ClassDef))]
    top = ast.Module([each for each in tree.body if each not in functions], [])
    of_all, found = assigned(top), set()
    for part in (top, *functions):
        values, seen = of_all | assigned(part), set[str]()
        waiting = [each for surface in surfaces(part) for each in unescaped(surface)]
        while waiting:
            if (each := waiting.pop()) in seen:
                continue
            seen.add(each)
            if each in values:
                waiting += [piece for value in values[each] for piece in unescaped(value)]
            else:
                found.add(each)
    return found


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
            "min",
            "chr",
            "us_formats.plural",
            "st.get_option",
            "st.segmented_control",  # one of its options, which are looked at
            "session.connection",  # of what has a name of Streamlit's, and draws nothing
        ):
            return
        case _:
            yield ast.unparse(node)


@pytest.mark.parametrize("module", DRAWING)
def test_no_text_of_people_is_read_as_markdown(module: str) -> None:
    assert parts_of(MODULES[module].read_text(encoding="utf-8")) <= OURS


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
        "tip = None\nif others:\n    tip = f'{who.name} has it'\nst.button('A', help=tip)",
        "label, tip = 'Take over', task.title\nst.button(label, help=tip)",
        "what = 'Of '\nwhat += person.name\nst.caption(what)",
    ],
)
def test_a_text_that_is_not_made_plain_is_seen(source: str) -> None:
    assert parts_of(source)


@given(st.text())
def test_plain_text_says_what_it_said(text: str) -> None:
    """Nothing but backslashes, what has no width, and white space at line ends is added or lost."""
    shown = escape_markdown(text).replace("\u2060", "")
    said = re.sub(r"\\([!-/:-@[-`{-~])", r"\1", shown)

    assert "".join(said.split()) == "".join(text.replace("\u2060", "").split())
