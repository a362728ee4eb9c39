from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from jinja2 import UndefinedError

from lib.event_kinds import EventKind
from lib.models import Channel, Event, Note, Status, Turn
from lib.ui import html

CHICAGO = ZoneInfo("America/Chicago")
NOON = datetime(2025, 3, 3, 18, 0, tzinfo=UTC)
SCRIPT = "<script>alert(1)</script>"


def test_a_pending_task_that_waits_for_the_biller_says_so() -> None:
    assert html.state(Status.OPEN, Turn.BILLER)[0] == "biller"
    assert html.state(Status.COMPLETED, Turn.BILLER) == ("completed", "Completed")
    assert html.state(Status.IN_PROGRESS, Turn.PRACTICE) == ("in_progress", "In progress")


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
