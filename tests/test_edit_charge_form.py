"""Problems stand beside the field they are about, wherever empty fields lie between; what an editor
sends is taken only where it is of this form."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import charge_form
from lib.models import Problem
from lib.ui import edit_charge_form
from lib.ui.edit_charge_state import Editing
from tests.given import CHARGE
from tests.test_edit_charge_state import Opened, opened

__all__ = ["opened"]


def state() -> Editing:
    return Editing(CHARGE, charge_form.to_form(CHARGE))


@given(st.lists(st.sampled_from(["", " ", "E11.9", "I10"]), max_size=12))
def test_a_diagnosis_of_the_charge_is_found_in_the_form(codes: list[str]) -> None:
    form = state()
    form.form["diagnoses"] = codes
    filled = [code for code in codes if code.strip()]

    for place, code in enumerate(filled):
        assert codes[edit_charge_form._diagnosis_in_form(form, str(place))] == code
    assert edit_charge_form._diagnosis_in_form(form, "30") == 30


def test_a_service_line_of_the_charge_is_found_in_the_form() -> None:
    form = state()
    form.form["lines"].insert(1, dict(charge_form.EMPTY_LINE))

    assert [edit_charge_form._line_in_form(form, place) for place in range(4)] == [0, 2, 2, 3]


def test_fields_are_marked_by_the_kind_of_their_problem_and_lines_mark_themselves(
    opened: Opened,
) -> None:
    form, task, *_ = opened
    problems = [
        Problem("rendering_npi", "Ten digits.", "a"),
        Problem("diagnoses.1", "Not a code.", "b"),
        Problem("lines.0.procedure", "No such code.", "c"),
        Problem("member_id", "Odd.", "d", is_blocking=False),
    ]

    marked = edit_charge_form._marked(form, problems, task, is_blocking=True)
    known = edit_charge_form._marked(form, problems, task, is_blocking=False)

    end = f"_{task.id}_{form.stamp}"
    assert marked == [f"rendering_npi{end}", f"diagnosis_1{end}"]
    assert known == [f"member_id{end}"]


def test_what_the_line_editor_sends_is_taken_field_by_field() -> None:
    form = state()

    edit_charge_form._take_lines(
        form, {"typed": {"stamp": form.stamp, "lines": [{"procedure": "99214" * 9, "evil": "x"}]}}
    )

    (line,) = form.form["lines"]
    assert set(line) == set(charge_form.EMPTY_LINE)
    assert line["procedure"] == ("99214" * 9)[:20]


@pytest.mark.parametrize(
    "editor",
    [
        None, {}, {"typed": None}, {"typed": {"stamp": "another form", "lines": []}},
        {"typed": {"lines": []}}, {"typed": {"stamp": "this", "lines": "no list"}},
        {"typed": {"stamp": "this", "lines": [{}] * (charge_form.MAX_LINES + 1)}},
    ],
)  # fmt: skip
def test_lines_of_another_form_too_many_or_none_leave_the_form_as_it_is(editor: Any) -> None:
    form = state()
    form.stamp = "this"

    edit_charge_form._take_lines(form, editor)

    assert form.form["lines"] == charge_form.to_form(CHARGE)["lines"]


def test_what_was_typed_wrong_blocks_only_once_somebody_asks(opened: Opened) -> None:
    form, task, _, ana = opened
    form.form["hospitalized_from"] = "soon"

    _, before = edit_charge_form.found_in(form, task, ana)
    form.is_checked = True
    _, after = edit_charge_form.found_in(form, task, ana)

    assert "hospitalized_from" not in {problem.field for problem in before}
    assert "hospitalized_from" in {problem.field for problem in after}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"unit_charge": "12,5"}, "unit_charge"),
        ({"units": "two"}, "units"),
        ({"from": "13/45/2026"}, "date_from"),
        ({"to": "tomorrow"}, "date_to"),
        ({"from": "13/45/2026", "to": ""}, "date_from"),
        ({"pointers": "A ?"}, "pointers"),
    ],
)
def test_what_cannot_be_read_in_a_line_is_told_once_and_not_by_what_follows_from_it(
    opened: Opened, typed: dict[str, str], field: str
) -> None:
    form, task, _, ana = opened
    form.form["lines"][0] |= typed
    form.is_checked = True

    fields = [problem.field for problem in edit_charge_form.found_in(form, task, ana)[1]]

    assert [each for each in fields if each.startswith("lines.0")] == [f"lines.0.{field}"]
