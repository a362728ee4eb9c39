"""The left menu and the list of tasks, filled from the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import streamlit as st

from lib import queue, us_formats
from lib.access import Verb, may_anywhere
from lib.backlog import report_url
from lib.models import Colleague, Person, Role, TaskFilter, TaskPage, TaskRow, TaskType
from lib.ui import (
    components,
    filters,
    html,
    live_updates,
    page_switching,
    practice_switch,
    session,
    session_state,
    url_widgets,
)
from lib.ui.filters import Desk

_MENU = [
    ("all", "All tasks"),
    ("mine", "My tasks"),
    ("unassigned", "Unassigned"),
    ("waiting", "Waiting on biller"),
    ("answered", "Answered"),
    *((kind.value, kind.label) for kind in TaskType),
    ("completed", "Completed"),
]
_OF_BILLER = [
    ("all", "All tasks"),
    ("waiting", "Questions to answer"),
    *((kind.value, kind.label) for kind in TaskType),
    ("completed", "Completed"),
]
_FIRST_OF_GROUP = (TaskType.CODING.value, "completed")
_STATUS = {"waiting": "Waiting on biller", "answered": "Answered", "completed": "Completed"}


def entries(actor: Person) -> list[tuple[str, str]]:
    """Return the entries of the left menu: of the biller's side for whoever is on no other."""
    is_biller = all(m.role is Role.BILLER for m in actor.memberships)
    return _OF_BILLER if is_biller else _MENU


def view_filters(view: str) -> dict[str, str | None]:
    """Return the filters behind an entry of the left menu; the others stay as they are."""
    return {
        "assignee": {"mine": report_url.ME, "unassigned": report_url.NOBODY}.get(view),
        "type": TaskType(view).label if view in set(TaskType) else None,
        "status": _STATUS.get(view),
    }


def current_view(says: dict[str, str | None]) -> str | None:
    """Return the entry of the left menu that matches the filters, if there is one."""
    return next(
        (
            view
            for view, _ in _MENU
            if all(says[key] == value for key, value in view_filters(view).items())
        ),
        None,
    )


@st.fragment(key="menu")
def menu() -> None:
    """Draw the left menu with a count on each entry."""
    actor = practice_switch.narrowed(session.person())
    asked = url_widgets.everything()
    says = {key: asked.get(key) for key in filters.KEYS}
    found = _counts(actor.practice_ids, actor)
    shown = [
        {
            "view": view,
            "label": label,
            "count": f"{found[view]:,}",
            "first": view in _FIRST_OF_GROUP,
        }
        for view, label in entries(actor)
    ]
    components.task_menu({"entries": shown, "current": current_view(says)}, _on_view)


def _on_view() -> None:
    chosen = session_state.told("task_menu", "view")
    if chosen and chosen["view"] in dict(_MENU):
        url_widgets.adopt_browser_url(chosen)
        none = dict.fromkeys(("sort", *filters.DAY_KEYS))
        url_widgets.filter_by({**none, **view_filters(chosen["view"])})
        st.rerun()


@st.fragment(key="list")
def task_list() -> None:
    """Draw the list the filters ask for, with count, amount and pages."""
    actor = practice_switch.narrowed(session.person())
    desk = desk_of(actor)
    says = filters.state(filters.options(desk))
    seen = live_updates.latest(actor)
    wanted, problems = filters.read_for_store(says, desk)
    for problem in problems:
        st.warning(session.escape_markdown(problem))
    order, descending, page = place(says)
    found = _find(wanted, order, descending, page, actor)
    pages = max(1, -(-found.count // queue.PAGE_SIZE))
    if page > pages:
        page = pages
        found = _find(wanted, order, descending, page, actor)
    first = (page - 1) * queue.PAGE_SIZE + 1
    is_filtered = any(text for key, text in says.items() if key != filters.PRACTICE.key)
    components.task_list(
        {
            "rows": [_row(row, actor) for row in found.rows],
            "selected": page_switching.task_in_url(),
            "order": order,
            "descending": descending,
            "page": page,
            "pages": pages,
            "count": f"{found.count:,}",
            "countWord": "task ·" if found.count == 1 else "tasks ·",
            "amount": f"${found.amount:,.2f}",
            "range": f"{first:,}–{first + len(found.rows) - 1:,}" if found.rows else "",
            "empty": "No task matches these filters. Clear one to see more."
            if is_filtered
            else "Nothing is waiting. New requests appear here when they come in.",
            "view": f"{wanted}{order}{descending}{page}",
            "address": url_widgets.address(),
            "paper": _paper_address() if may_anywhere(actor, Verb.SEE_PATIENTS) else "",
        },
        columns(actor),
        _on_action,
    )
    live_updates.follow(["list", "menu"], seen)
    if not session.is_whole_page():  # another page or order, which nothing else on the page shows
        url_widgets.yield_to_browser()
        url_widgets.write()


def _paper_address() -> str:
    """Return the address of this list on paper, all its pages."""
    says = {
        key: text for key, text in url_widgets.everything().items() if key not in ("task", "page")
    }
    return f"/print_list?{urlencode(url_widgets.hidden(says))}"


def place(says: dict[str, str | None]) -> tuple[str, bool, int]:
    """Return sort order and page from the URL: `sort=amount` or `sort=-amount`, `page=2`."""
    fallback = "-completed" if says["status"] == "Completed" else "due"
    text = url_widgets.get("sort") or fallback
    if text.removeprefix("-") not in queue.ORDERS:
        text = fallback
    return text.removeprefix("-"), text.startswith("-"), url_widgets.page()


def _on_action() -> None:
    action = session_state.told("task_list", "action")
    if action is None:
        return
    url_widgets.adopt_browser_url(action)
    match action:
        case {"kind": "open", "record": int(task)}:
            url_widgets.change({"task": str(task)})
            url_widgets.write()
            page_switching.ASSIGNING.take()
            st.rerun("details")
        case {"kind": "close"}:
            page_switching.close_task()
        case {"kind": "sort", "order": str(order), "descending": bool(descending)}:
            url_widgets.filter_by({"sort": ("-" if descending else "") + order})
        case {"kind": "page", "page": int(page)}:
            url_widgets.change({"page": str(page)})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the list: its name (also that of its order), label, width, and text.

    Where there is no room for what all columns need, they give way one by one, the highest
    `gives_way` first; Task, Patient and Due stay.
    """

    name: str
    label: str
    width: str  # CSS
    text: Callable[[TaskRow, date, ZoneInfo], str]
    needs: int = 90  # pixels
    gives_way: int = 9
    is_for: Callable[[Person], bool] = lambda _: True  # who sees it


def _sees_patients(actor: Person) -> bool:
    return bool(may_anywhere(actor, Verb.SEE_PATIENTS))


COLUMNS = (
    Column("title", "Task", "28%", lambda row, *_: row.title, 150, 0),
    Column("type", "Type", "13%", lambda row, *_: row.type.label, 110, 8),
    Column("patient", "Patient", "13%", lambda row, *_: row.patient_name, 112, 0,
           is_for=_sees_patients),
    Column("payer", "Payer", "13%", lambda row, *_: row.payer_name, 105, 5),
    Column("service", "Service date", "88px", lambda row, *_: us_formats.day(row.date_of_service),
           88, 7, is_for=_sees_patients),
    Column("amount", "Amount", "84px", lambda row, *_: us_formats.dollars(row.amount), 84, 3),
    Column("age", "Age", "52px",
           lambda row, today, zone: f"{us_formats.age(row, today, zone)} d", 52, 6),
    Column("due", "Due", "84px", lambda row, *_: us_formats.day(row.due_on), 84, 0),
    Column("status", "Status", "124px", lambda row, *_: html.state(row)[1], 124, 1),
    Column("practice", "Practice", "11%", lambda row, *_: row.practice_name, 100, 2,
           is_for=lambda actor: len(actor.memberships) > 1),
    Column("assignee", "Assignee", "10%", lambda row, *_: row.assignee_name or "", 80, 4),
)  # fmt: skip


def columns(actor: Person) -> list[components.Column]:
    """Return the columns of the list as this person sees it."""
    return [
        components.Column(each.name, each.label, each.width, each.needs, each.gives_way)
        for each in COLUMNS
        if each.is_for(actor)
    ]


def _row(row: TaskRow, actor: Person) -> dict[str, Any]:
    zone = session.zone(actor, row.practice_id)
    today = session.today(actor, row.practice_id)
    return {
        **{each.name: each.text(row, today, zone) for each in COLUMNS if each.is_for(actor)},
        "id": row.id,
        "late": row.completed_at is None and row.due_on is not None and row.due_on < today,
        "state": html.state(row)[0],
    }


def _find(wanted: TaskFilter, order: str, descending: bool, page: int, actor: Person) -> TaskPage:
    con = session.connection()
    with_patients = may_anywhere(actor, Verb.SEE_PATIENTS)
    found: TaskPage = con.store.cached(
        # Two roles see one task differently: an analyst sees no patient.
        ("tasks", wanted, order, descending, page, *actor.practice_ids, "patients", *with_patients),
        lambda: queue.find(con, wanted, actor=actor, order=order, descending=descending, page=page),
    )
    return found


def _counts(practices: list[int], actor: Person) -> dict[str, int]:
    con = session.connection()
    found: dict[str, int] = con.store.cached(
        ("counts", actor.id, *practices), lambda: queue.counts(con, practices, actor=actor)
    )
    return found


def desk_of(actor: Person) -> Desk:
    """Return the person's desk: with whom they work, and what they can choose from."""
    return Desk(actor, colleagues_of(actor), choices)


def choices(actor: Person) -> tuple[list[str], list[str]]:
    """Return the payers and providers one can filter by."""
    con = session.connection()
    practices = actor.practice_ids
    found: tuple[list[str], list[str]] = con.store.cached(
        ("choices", *practices), lambda: queue.filter_choices(con, practices, actor=actor)
    )
    return found


def colleagues_of(actor: Person) -> list[Colleague]:
    """Return everybody who may have a task in the actor's practices, by name."""
    found = {c.id: c for p in actor.practice_ids for c in session.colleagues(p)}
    return sorted(found.values(), key=lambda colleague: colleague.name)
