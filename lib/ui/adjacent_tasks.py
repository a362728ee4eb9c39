"""The tasks next to one in the listed view: which one comes next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lib import queue
from lib.models import Person, TaskFilter
from lib.ui import filters, lossless_widgets, session
from lib.ui.task_list import desk_of, place


@dataclass(frozen=True, slots=True)
class View:
    """What the list shows, according to the address."""

    wanted: TaskFilter
    order: str
    descending: bool


def view(actor: Person) -> View:
    """Return the view that the address of a window still carries."""
    desk = desk_of(actor)
    says = filters.state(filters.options(desk))
    wanted, _ = filters.read_for_store(says, desk)
    order, descending, _ = place(says)
    return View(wanted, order, descending)


def next_task(shown: View, task_id: int, actor: Person) -> int | None:
    """Return the task after this one in the view, or None after the last; also where this one is no
    longer in the view, since starting it made it somebody's. Called from a callback; it uses no
    Streamlit."""
    return queue.next_after(
        session.connection(), shown.wanted, task_id, actor=actor, order=shown.order,
        descending=shown.descending,
    )  # fmt: skip


def go_on(shown: View, task_id: int, actor: Person, complete: Callable[[], object]) -> str:
    """Complete the task and go to the next one of the view, or to the list after the last. Return
    the sentence that says so."""
    following = next_task(shown, task_id, actor)
    complete()
    if following is None:
        lossless_widgets.leave("tasks")
        return "Task completed. It was the last one of this view."
    lossless_widgets.leave("edit_charge", task=str(following))
    return "Task completed."
