"""The filters above the list. They live in the URL: a copied link opens the same view."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

import streamlit as st

from lib import people
from lib.backlog import midnight
from lib.formats import parse_date, parse_money, show
from lib.models import Colleague, Person, Status, TaskFilter, TaskType
from lib.store.search_words import words
from lib.ui import session, url

STATUSES: dict[str, tuple[Status, ...]] = {
    "Pending": (Status.OPEN, Status.IN_PROGRESS),
    "Open": (Status.OPEN,),
    "In progress": (Status.IN_PROGRESS,),
    "Completed": (Status.COMPLETED,),
    "Pending and completed": tuple(Status),
}
# Days since the request arrived, both ends included.
AGES: dict[str, tuple[int, int | None]] = {
    "0–7 days": (0, 7),
    "8–30 days": (8, 30),
    "31–60 days": (31, 60),
    "61–90 days": (61, 90),
    "Over 90 days": (91, None),
}
TYPES = {kind.label: kind for kind in TaskType}
ME, NOBODY = "Me", "Unassigned"
FilterOptions = Mapping[str, Callable[[], Sequence[str]]]  # a filter's key -> what it may say

# Every filter's key, which is its name in the URL.
KEYS = ("q", "status", "type", "assignee", "payer", "provider", "age", "from", "to", "practice")
# Set by links from the Backlog page; shown as chips that can be taken away.
DAY_KEYS = ("created_since", "created_until", "completed_since", "completed_until", "pending_on")


def options(
    actor: Person,
    colleagues: Sequence[Colleague],
    choices: Callable[[Person], tuple[list[str], list[str]]],
) -> FilterOptions:
    """What each filter that is not free text may say; `choices` gives the payers and providers,
    and is asked only where they are needed."""
    names = people.display_names(colleagues)
    assignees = [ME, NOBODY, *(names[c.id] for c in colleagues if c.id != actor.id)]
    return {
        "status": lambda: list(STATUSES),
        "type": lambda: list(TYPES),
        "assignee": lambda: assignees,
        "payer": lambda: choices(actor)[0],
        "provider": lambda: choices(actor)[1],
        "age": lambda: list(AGES),
        "practice": lambda: [m.practice.name for m in actor.memberships],
    }


def choose_practice(known: FilterOptions) -> None:
    """Somebody with several practices chooses one, at the top of the left menu."""
    names = known["practice"]()
    if len(names) > 1:
        with st.sidebar:
            _select("Practice", "practice", names, "stretch", hint="All practices")


def choose(known: FilterOptions) -> None:
    """Draw the filters in one row."""
    with st.container(horizontal=True, key="filters", gap="xsmall"):
        url.bind("q")
        st.text_input(
            "Search tasks", key="q", type="search", width=204, max_chars=100,
            label_visibility="collapsed", placeholder="Search ( / )",
            on_change=url.save, args=("q",),
        )  # fmt: skip
        _select("Status", "status", known["status"](), 112)
        _select("Type", "type", known["type"](), 118)
        _select("Assignee", "assignee", known["assignee"](), 142)
        _select("Payer", "payer", known["payer"](), 116)
        _select("Provider", "provider", known["provider"](), 116)
        _select("Age", "age", known["age"](), 98)
        _amount("Amount from", "from")
        _amount("Amount to", "to")
    _days_chosen()


def _days_chosen() -> None:
    """The days a bar of the Backlog page stood for, and a way to take them away."""
    says = {key: url.get(key) or "" for key in DAY_KEYS}
    parts = [
        f"{word} {show(parse_date(says[since]))} to {show(parse_date(says[until]))}"
        for word, since, until in (
            ("arrived", "created_since", "created_until"),
            ("completed", "completed_since", "completed_until"),
        )
        if says[since]
    ]
    if says["pending_on"]:
        parts.append(f"pending at the end of {show(parse_date(says['pending_on']))}")
    if parts:
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.text(f"Only tasks {' and '.join(parts)}.")
            st.button("Show all days", key="all_days", type="tertiary", on_click=_all_days)


def _all_days() -> None:
    url.filter_by(dict.fromkeys(DAY_KEYS))


def _select(
    label: str, key: str, names: Sequence[str], width: int | Literal["stretch"], *, hint: str = ""
) -> None:
    url.bind(key, names)
    st.selectbox(
        label, names, index=None, key=key, placeholder=hint or label, width=width,
        label_visibility="collapsed", on_change=url.save, args=(key,),
    )  # fmt: skip


def _amount(label: str, key: str) -> None:
    url.bind(key)
    st.text_input(
        label, key=key, placeholder=label, width=96, label_visibility="collapsed", max_chars=14,
        on_change=url.save, args=(key,),
    )  # fmt: skip


def state(known: FilterOptions) -> dict[str, str | None]:
    """What the filters say now, by the names they have in the URL: also before they are drawn."""
    asked = url.everything()
    found = {key: asked.get(key) for key in DAY_KEYS}
    for key in KEYS:
        text = asked.get(key)
        found[key] = text if text and (key not in known or text in known[key]()) else None
    return found


def read(
    says: dict[str, str | None], actor: Person, colleagues: Sequence[Colleague]
) -> tuple[TaskFilter, list[str]]:
    """The filter these values mean, and a sentence for each that cannot be understood."""
    problems: list[str] = []
    values: dict[str, Any] = {
        "statuses": STATUSES.get(says["status"] or "Pending", STATUSES["Pending"]),
        "payer": says["payer"],
        "provider": says["provider"],
        "words": words(says["q"] or ""),
    }
    if kind := TYPES.get(says["type"] or ""):
        values["types"] = (kind,)
    if says["assignee"] == ME:
        values["assignee_id"] = actor.id
    elif says["assignee"] == NOBODY:
        values["unassigned"] = True
    elif says["assignee"]:
        names = people.display_names(colleagues)
        values["assignee_id"] = next(
            (i for i, name in names.items() if name == says["assignee"]), 0
        )
    for key, name in (("from", "amount_from"), ("to", "amount_to")):
        if text := says[key]:
            values[name] = parse_money(text)
            if values[name] is None:
                problems.append(f"Write “Amount {key}” in dollars, such as 150 or 1,250.00.")
    if says["practice"]:
        values["practice_id"] = next(
            (m.practice.id for m in actor.memberships if m.practice.name == says["practice"]), 0
        )
    values |= _days(says, actor)
    if any(says[key] for key in DAY_KEYS) and not says["status"]:
        values["statuses"] = tuple(Status)
    return TaskFilter(**values), problems


def _days(says: dict[str, str | None], actor: Person) -> dict[str, datetime]:
    """Ages and days as moments: a day begins at midnight in the practice's time zone.

    Both can be asked for at once: then a task must have arrived within both.
    """
    zone = session.zone(actor)
    found: dict[str, datetime] = {}
    if age := AGES.get(says["age"] or ""):
        today = session.today(actor)
        found["created_before"] = midnight(today - timedelta(days=age[0] - 1), zone)
        if age[1] is not None:
            found["created_from"] = midnight(today - timedelta(days=age[1]), zone)
    for key, name, shift in (
        ("created_since", "created_from", 0),
        ("created_until", "created_before", 1),
        ("completed_since", "completed_from", 0),
        ("completed_until", "completed_before", 1),
        ("pending_on", "pending_at", 1),
    ):
        try:
            day = date.fromisoformat(says[key] or "")
            moment = midnight(day + timedelta(days=shift), zone)
        except (ValueError, OverflowError):
            continue
        narrower = max if shift == 0 else min
        found[name] = narrower(moment, found.get(name, moment))
    return found


def with_statuses(wanted: TaskFilter, statuses: tuple[Status, ...]) -> TaskFilter:
    """The same filter for other statuses: a count over time has no status of today."""
    return dataclasses.replace(wanted, statuses=statuses)
