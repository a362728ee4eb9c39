"""The next task is the one after this one in the view that is listed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lib import queue, workflow
from lib.models import Status, TaskFilter
from lib.store.database import Store
from lib.ui.adjacent_tasks import View, next_task
from tests.conftest import NOON, Cast
from tests.given import add_task, add_tasks

PLAIN: dict[str, Any] = {"requested_on": None}
ROWS: list[dict[str, Any]] = [
    {"title": "Beta", "patient_name": "Ray, Ida", "due_on": date(2025, 4, 1)},
    {"title": "Alpha", "payer_name": "Zed", "amount": Decimal("9.00")},
    {"title": "Beta", "due_on": date(2025, 4, 1), "date_of_service": date(2025, 1, 2)},
    {"title": "Gamma", "status": Status.IN_PROGRESS, "assignee_id": 2},
    {"title": "Delta", "amount": Decimal("9.00"), "requested_on": date(2025, 1, 1)},
]


def view(**wanted: object) -> View:
    return View(TaskFilter(**wanted), "title", False)  # type: ignore[arg-type]


def test_the_next_task_follows_in_the_order_of_the_view(served: Store, cast: Cast) -> None:
    con = served.connection()
    c, a, b = (add_task(con, cast.practice, title=title) for title in "CAB")

    assert [next_task(view(), each, cast.ana) for each in (a, b, c)] == [b, c, None]
    backwards = View(TaskFilter(), "title", True)
    assert next_task(backwards, c, cast.ana) == b


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("order", queue.ORDERS)
def test_stepping_through_a_view_goes_the_way_of_the_list(
    served: Store, cast: Cast, order: str, descending: bool
) -> None:
    con = served.connection()
    add_tasks(con, cast.practice, [{**PLAIN, **row} for row in ROWS])
    wanted = TaskFilter()
    found = queue.find(con, wanted, actor=cast.ana, order=order, descending=descending)
    ids = [row.id for row in found.rows]

    steps = [next_task(View(wanted, order, descending), each, cast.ana) for each in ids]

    assert steps == [*ids[1:], None]


def test_after_the_last_of_a_page_comes_the_first_of_the_next(served: Store, cast: Cast) -> None:
    rows = [{"title": f"{n:03}"} for n in range(queue.PAGE_SIZE + 1)]
    ids = add_tasks(served.connection(), cast.practice, rows)

    assert next_task(view(), ids[queue.PAGE_SIZE - 1], cast.ana) == ids[queue.PAGE_SIZE]
    assert next_task(view(), ids[queue.PAGE_SIZE], cast.ana) is None


def test_a_task_that_work_took_out_of_the_view_is_followed_by_the_one_that_stood_after_it(
    served: Store, cast: Cast
) -> None:
    con = served.connection()
    ids = [add_task(con, cast.practice, title=title) for title in "ABCD"]
    unassigned = view(unassigned=True)

    workflow.start(con, ids[1], actor=cast.ana, now=NOON)

    assert next_task(unassigned, ids[1], cast.ana) == ids[2]
    workflow.start(con, ids[3], actor=cast.ana, now=NOON)
    assert next_task(unassigned, ids[3], cast.ana) is None


def test_a_task_of_another_practice_is_never_next(served: Store, cast: Cast) -> None:
    con = served.connection()
    mine = add_task(con, cast.practice, title="A")
    add_task(con, cast.other_practice, title="B")

    assert next_task(view(), mine, cast.ana) is None
