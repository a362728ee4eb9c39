"""The tasks next to one in the listed view: which one comes next."""

from __future__ import annotations

from dataclasses import dataclass

from lib import queue
from lib.models import Person, TaskFilter
from lib.ui import filters, session
from lib.ui.task_list import desk_of, place


@dataclass(frozen=True, slots=True)
class View:
    """What the list shows, according to the address."""

    wanted: TaskFilter
    order: str
    descending: bool
    page: int


def view(actor: Person) -> View:
    """Return the view that the address of a window still carries."""
    desk = desk_of(actor)
    says = filters.state(filters.options(desk))
    wanted, _ = filters.read(says, desk)
    return View(wanted, *place(says))


def next_task(shown: View, task_id: int, actor: Person) -> int | None:
    """Return the task after this one in the view, or None after the last. Called from a callback,
    before the task leaves the view; it uses no Streamlit."""
    con = session.connection()

    def ids(page: int) -> list[int]:
        found = queue.find(
            con, shown.wanted, actor=actor, order=shown.order, descending=shown.descending,
            page=page,
        )  # fmt: skip
        return [row.id for row in found.rows]

    here = ids(shown.page)
    if task_id not in here:
        return next((other for other in here if other != task_id), None)
    after = here[here.index(task_id) + 1 :] or ids(shown.page + 1)
    return after[0] if after else None
