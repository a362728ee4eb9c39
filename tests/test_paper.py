"""Tasks on paper: every row of the list, and a task with its charge, notes and history."""

from __future__ import annotations

import re

import pytest

from lib import notes, queue
from lib.store.database import Store
from lib.ui import paper
from lib.ui.filters import DAY_KEYS, KEYS, Desk
from tests.conftest import NOON, Cast
from tests.given import add_task, add_task_of_charge
from tests.pages import Visit


def test_all_rows_of_the_list_are_printed_and_each_sheet_says_whose_they_are(
    store: Store, cast: Cast
) -> None:
    con = store.connection()
    for number in range(queue.PAGE_SIZE + 1):
        add_task(con, cast.practice, title=f"Task number {number:03}")

    with Visit(store, cast.ana) as visit:
        visit.page("print_list")
        said = visit.words()

    assert all(f"Task number {number:03}" in said for number in range(queue.PAGE_SIZE + 1))
    assert f"{queue.PAGE_SIZE + 1} tasks" in said
    assert "Contains patient data" in said
    assert "Printed by Ana" in said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "Pending"),
        ({"type": "Coding"}, "Pending · Type: Coding"),
        ({"status": "Completed"}, "Status: Completed"),
        ({"completed_since": "2025-03-03", "completed_until": "2025-03-09", "type": "Coding"},
         "Only tasks completed 03/03/2025 to 03/09/2025 · Type: Coding"),
    ],
)  # fmt: skip
def test_a_list_on_paper_says_which_tasks_it_is_of(
    store: Store, cast: Cast, asked: dict[str, str], said: str
) -> None:
    desk = Desk(cast.ana, [], lambda _: ([], []))
    with Visit(store, cast.ana):
        says = {**dict.fromkeys((*KEYS, *DAY_KEYS)), **asked}

        assert paper._about(says, desk) == said


def test_a_list_that_is_too_long_for_paper_says_so(
    store: Store, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    con = store.connection()
    monkeypatch.setattr(paper, "MOST", 2)
    for number in range(3):
        add_task(con, cast.practice, title=f"Task number {number}")

    with Visit(store, cast.ana) as visit:
        visit.page("print_list")
        said = visit.words()

    assert "Only the first 2 are printed" in said
    assert "Task number 2" not in said


def test_a_task_on_paper_has_its_charge_notes_and_history(store: Store, cast: Cast) -> None:
    con = store.connection()
    task_id = add_task_of_charge(con, cast.practice)
    notes.ask(con, task_id, "Which line is meant?", token="q", actor=cast.ana, now=NOON)

    with Visit(store, cast.ana) as visit:
        visit.page("print_task", task=str(task_id))
        said = visit.words()

    for part in ("Service lines", "Diagnoses", "Which line is meant?", "History", "Printed by Ana"):
        assert part in said


def test_another_practices_task_is_not_printed(store: Store, cast: Cast) -> None:
    task_id = add_task_of_charge(store.connection(), cast.practice)

    with Visit(store, cast.carla) as visit:
        visit.page("print_task", task=str(task_id))
        said = visit.words()

    assert "Service lines" not in said


def test_a_charge_on_paper_has_what_its_lines_and_all_of_them_come_to(
    store: Store, cast: Cast
) -> None:
    task_id = add_task_of_charge(store.connection(), cast.practice)  # of the lines in `given`

    with Visit(store, cast.ana) as visit:
        visit.page("print_task", task=str(task_id))
        said = visit.words()

    cells = re.findall(r'<t[dh] class=\\?"right\\?">([^<]*)</t[dh]>', said)
    assert cells[-7:] == ["1", "140.00", "140.00", "3", "33.33", "100.00", "240.00"]
    assert "11 Office" in said
