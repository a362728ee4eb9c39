"""The next task is the one after this one in the view that is listed."""

from __future__ import annotations

from lib import queue
from lib.models import TaskFilter, TaskType
from lib.store.database import Store
from lib.ui.next_task import View, next_task
from tests.conftest import Cast
from tests.given import add_task, add_tasks


def view(page: int = 1, **wanted: object) -> View:
    return View(TaskFilter(**wanted), "title", False, page)  # type: ignore[arg-type]


def test_the_next_task_follows_in_the_order_of_the_view(served: Store, cast: Cast) -> None:
    con = served.connection()
    c, a, b = (add_task(con, cast.practice, title=title) for title in "CAB")

    assert [next_task(view(), each, cast.ana) for each in (a, b, c)] == [b, c, None]
    backwards = View(TaskFilter(), "title", True, 1)
    assert next_task(backwards, c, cast.ana) == b


def test_after_the_last_of_a_page_comes_the_first_of_the_next(served: Store, cast: Cast) -> None:
    rows = [{"title": f"{n:03}"} for n in range(queue.PAGE_SIZE + 1)]
    ids = add_tasks(served.connection(), cast.practice, rows)

    assert next_task(view(), ids[queue.PAGE_SIZE - 1], cast.ana) == ids[queue.PAGE_SIZE]
    assert next_task(view(page=2), ids[queue.PAGE_SIZE], cast.ana) is None


def test_a_task_that_is_not_in_the_view_is_followed_by_its_first(served: Store, cast: Cast) -> None:
    con = served.connection()
    coding = add_task(con, cast.practice)
    other = add_task(con, cast.practice, type=TaskType.PATIENT)

    assert next_task(view(types=(TaskType.CODING,)), other, cast.ana) == coding
    assert next_task(view(types=(TaskType.PROVIDER,)), other, cast.ana) is None


def test_a_task_of_another_practice_is_never_next(served: Store, cast: Cast) -> None:
    con = served.connection()
    mine = add_task(con, cast.practice, title="A")
    add_task(con, cast.other_practice, title="B")

    assert next_task(view(), mine, cast.ana) is None
