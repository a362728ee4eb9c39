from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from jinja2 import UndefinedError

from lib.history_event_kinds import EventKind
from lib.models import Channel, Event, Note, Status, Turn
from lib.ui import html
from tests.test_architecture import ROOT, SOURCES
from tests.test_task_list import ROW

CHICAGO = ZoneInfo("America/Chicago")
NOON = datetime(2025, 3, 3, 18, 0, tzinfo=UTC)
SCRIPT = "<script>alert(1)</script>"
# `<html` is no tag here: tables that are saved as web pages are told by it.
TAG = re.compile(
    r"</?(a|abbr|article|aside|b|body|br|button|code|dd|details|div|dl|dt|em|footer|form|h[1-6]"
    r"|head|header|hr|i|iframe|img|input|label|li|link|main|meta|nav|ol|option|p|pre|s|script"
    r"|section|select|small|span|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea"
    r"|tfoot|th|thead|time|title|tr|u|ul|video)\b|<!doctype|<!--"
)
TEMPLATES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "lib").rglob("templates/*.html"))


def test_a_pending_task_that_waits_for_the_biller_says_so() -> None:
    waiting = replace(ROW, turn=Turn.BILLER)

    assert html.state(waiting) == ("biller", "Waiting on biller")
    assert html.state(replace(waiting, status=Status.COMPLETED)) == ("completed", "Completed")
    assert html.state(replace(ROW, status=Status.IN_PROGRESS)) == ("in_progress", "In progress")


def test_a_task_that_the_biller_answered_says_so() -> None:
    assert html.state(replace(ROW, is_answered=True)) == ("answered", "Answered")


def test_facts_without_a_value_are_left_out() -> None:
    shown = html.facts([("Payer", "Aim"), ("Provider", "")])

    assert "<dt>Payer</dt><dd>Aim</dd>" in shown
    assert "Provider" not in shown


def test_what_people_wrote_is_text_and_never_html() -> None:
    note = Note(1, Channel.QUESTION, SCRIPT, SCRIPT, NOON)
    event = Event(EventKind.CHANGED, SCRIPT, SCRIPT, SCRIPT, SCRIPT, SCRIPT, NOON)

    for shown in (
        html.thread([note], CHICAGO), html.story([event], CHICAGO), html.facts([(SCRIPT, SCRIPT)]),
    ):  # fmt: skip
        assert "&lt;script&gt;" in shown
        assert "<script" not in shown


def test_history_says_when_in_the_zone_of_the_practice_and_from_what_to_what() -> None:
    event = Event(EventKind.CHANGED, "Payer", None, "Aim", None, None, NOON)
    shown = html.story([event], CHICAGO)

    assert "03/03/2025 12:00 PM" in shown
    assert "Payer: <s>nothing</s> → Aim" in shown
    assert "From a file" in shown


def test_nothing_is_said_of_a_source_there_is_none_of() -> None:
    assert html.origin([], CHICAGO, "/origin/task/1").strip() == ""


def test_a_value_a_template_does_not_get_is_a_bug_that_shows() -> None:
    with pytest.raises(UndefinedError):
        html.render("badge", style="open")


def test_days_and_dollars_have_one_form_in_templates() -> None:
    template = html._TEMPLATES.from_string("{{ day | day }}")

    assert template.render(day=date(2025, 3, 3)) == "03/03/2025"


def texts(tree: ast.AST) -> Iterator[str]:
    """Every text that is no docstring; of an f-string, what is written out in it."""
    docstrings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node not in docstrings
        ):
            yield node.value


def objections(module: str, source: str) -> list[str]:
    """Return what makes HTML outside of a template, as sentences."""
    tree = ast.parse(source)
    found = [f"{module} writes {text!r}" for text in texts(tree) if TAG.search(text)]
    found += [f"{module} styles {text!r}" for text in texts(tree) if "style=" in text]
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) if any(name.name == "html" for name in names):
                found.append(f"{module} escapes by hand")
            case ast.ImportFrom(module="html", level=0):
                found.append(f"{module} escapes by hand")
            case ast.Call(func=func, args=[_, *_]) if ast.unparse(func).endswith("Markup"):
                found.append(f"{module} calls a text HTML")
            case ast.Call(func=ast.Attribute(attr="html"), args=[block]) if not is_made(block):
                found.append(f"{module} draws {ast.unparse(block)}")
    return found


def is_made(block: ast.expr) -> bool:
    """Whether what is drawn comes from a template: by a call of ours, or added to what does."""
    match block:
        case ast.BinOp(left=one, right=other):
            return is_made(one) or is_made(other)
        case ast.Call(func=func):
            return ast.unparse(func) not in ("str", "session.escape_markdown", "''.join")
        case _:
            return False


@pytest.mark.parametrize("module", sorted(SOURCES))
def test_html_is_made_by_templates_alone(module: str) -> None:
    by_template = ["lib.ui.html calls a text HTML"] if module == "lib.ui.html" else []

    assert objections(module, SOURCES[module]) == by_template


@pytest.mark.parametrize(
    "source",
    [
        "from html import escape",
        "def f():\n    import html as h",
        "st.html(f'<p class=\"bt-quiet\">{name}</p>')",
        "rows = ''.join('<tr>' + cell for cell in cells)",
        "end = f'{text}</details>'",
        'page = """\n<section>\n"""',
        "block = quiet('x').replace('class=', 'style=\"color: red\" class=')",
        "def f():\n    'A docstring.'\n    return '<br>'",
        "st.html(Markup(name))",
        "st.html(markupsafe.Markup(name))",
        "st.html(task.title)",
        "st.html(str(problem))",
        "left.html(f'{name} {day}', width='stretch')",
        "st.html(''.join(blocks))",
    ],
)
def test_html_that_is_made_by_hand_is_seen(source: str) -> None:
    assert objections("pages.tasks", source)


@pytest.mark.parametrize(
    "source",
    [
        '"""Draws <p> and <table style=…>."""',
        'def f():\n    """Return a <span>."""',
        "from lib.ui import html",
        "number = struct.unpack('<H', two) if a < p else np.frombuffer(two, dtype='<u8')",
        "is_page = '<html' in head",
        "nothing = Markup()",
    ],
)
def test_what_is_no_html_is_not_objected_to(source: str) -> None:
    assert objections("pages.tasks", source) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_template_leaves_a_value_as_it_is_or_styles_by_hand(template: str) -> None:
    source = (ROOT / template).read_text(encoding="utf-8")

    assert not re.search(r"\|\s*safe\b|autoescape|\bstyle=", source)


def test_what_a_template_made_is_escaped_once_and_what_people_wrote_beside_it_too() -> None:
    link = html.link("/documents/1/a&b.pdf", SCRIPT, in_new_tab=True)

    assert html.bullets([link, SCRIPT], "bt-remarks") == (
        '<ul class="bt-remarks"><li><a href="/documents/1/a&amp;b.pdf" target="_blank" '
        'rel="noopener">&lt;script&gt;alert(1)&lt;/script&gt;</a></li>'
        "<li>&lt;script&gt;alert(1)&lt;/script&gt;</li></ul>"
    )
    assert html.quiet(link) == f'<p class="bt-quiet">{link}</p>'
    assert "<script" not in html.heading("Documents") + SCRIPT


def test_a_table_has_its_numbers_on_the_right() -> None:
    table = html.table(("File", "Rows"), [("a<b.csv", "12")], right=range(1, 2), style="bt-report")

    assert table.replace("\n", "") == (
        '<div class="bt-scrolled"><table class="bt-changes bt-report"><thead><tr><th>File</th>'
        '<th class="right">Rows</th></tr></thead><tbody><tr><td>a&lt;b.csv</td>'
        '<td class="right">12</td></tr></tbody></table></div>'
    )


def test_a_sentence_that_changes_is_said_by_screen_readers() -> None:
    assert html.status("Saved") == '<p class="bt-quiet" role="status">Saved</p>'
    assert html.heading("Documents", is_apart=True) == '<p class="bt-head bt-apart">Documents</p>'
    assert html.paragraph("Sign in") == "<p>Sign in</p>"


def test_a_list_of_nothing_is_nothing() -> None:
    assert not html.bullets([])
    assert not html.thread([], CHICAGO)
