"""The filters above the list. They live in the URL: a copied link opens the same view."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Literal

import streamlit as st

from lib import formats, people
from lib.backlog import midnight
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
# Set by links from the Backlog page; shown as chips that can be taken away.
DAY_KEYS = ("created_since", "created_until", "completed_since", "completed_until", "pending_on")


@dataclass(frozen=True, slots=True)
class Desk:
    """Who filters, with whom, and which payers and providers there are to choose from."""

    actor: Person
    colleagues: Sequence[Colleague]
    choices: Callable[[Person], tuple[list[str], list[str]]]  # payers, providers; asked when needed


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter above the list: its name in the URL, how it is drawn, and what it means.

    `options` gives what can be chosen; without it anything can be typed. `read` turns what was
    chosen or typed into fields of TaskFilter; what cannot be understood is None.
    """

    key: str
    label: str
    width: int  # pixels
    read: Callable[[str, Desk], dict[str, Any] | None]
    options: Callable[[Desk], Sequence[str]] | None = None
    is_search: bool = False
    problem: str = ""  # the sentence where `read` does not understand


def _assignees(desk: Desk) -> list[str]:
    names = people.display_names(desk.colleagues)
    return [ME, NOBODY, *(names[c.id] for c in desk.colleagues if c.id != desk.actor.id)]


def _assignee(name: str, desk: Desk) -> dict[str, Any]:
    if name == ME:
        return {"assignee_id": desk.actor.id}
    if name == NOBODY:
        return {"unassigned": True}
    names = people.display_names(desk.colleagues)
    return {"assignee_id": next((each for each, said in names.items() if said == name), 0)}


def _amount(field: str) -> Callable[[str, Desk], dict[str, Any] | None]:
    def read(text: str, _: Desk) -> dict[str, Any] | None:
        amount = formats.parse_money(text)
        return None if amount is None else {field: amount}

    return read


def _age(name: str, desk: Desk) -> dict[str, Any]:
    at_least, at_most = AGES[name]
    today, zone = session.today(desk.actor), session.zone(desk.actor)
    days = {"created_before": midnight(today - timedelta(days=at_least - 1), zone)}
    if at_most is not None:
        days["created_from"] = midnight(today - timedelta(days=at_most), zone)
    return days


def _practice(name: str, desk: Desk) -> dict[str, Any]:
    practices = (m.practice for m in desk.actor.memberships)
    return {"practice_id": next((each.id for each in practices if each.name == name), 0)}


_DOLLARS = "Write “{label}” in dollars, such as 150 or 1,250.00."
PRACTICE = Filter(
    "practice",
    "Practice",
    0,
    _practice,
    lambda desk: [m.practice.name for m in desk.actor.memberships],
)
# Every filter, in the order in which they stand above the list.
FILTERS = (
    Filter("q", "Search tasks", 204, lambda text, _: {"words": words(text)}, is_search=True),
    Filter("status", "Status", 112, lambda name, _: {"statuses": STATUSES[name]},
           lambda _: list(STATUSES)),
    Filter("type", "Type", 118, lambda name, _: {"types": (TYPES[name],)}, lambda _: list(TYPES)),
    Filter("assignee", "Assignee", 142, _assignee, _assignees),
    Filter("payer", "Payer", 116, lambda name, _: {"payer": name},
           lambda desk: desk.choices(desk.actor)[0]),
    Filter("provider", "Provider", 116, lambda name, _: {"provider": name},
           lambda desk: desk.choices(desk.actor)[1]),
    Filter("age", "Age", 98, _age, lambda _: list(AGES)),
    Filter("from", "Amount from", 96, _amount("amount_from"), problem=_DOLLARS),
    Filter("to", "Amount to", 96, _amount("amount_to"), problem=_DOLLARS),
)  # fmt: skip
KEYS = tuple(each.key for each in (*FILTERS, PRACTICE))


def options(desk: Desk) -> FilterOptions:
    """Return what each filter may say, asked of the store only where it is needed."""
    return {each.key: partial(each.options, desk) for each in (*FILTERS, PRACTICE) if each.options}


def choose_practice(known: FilterOptions) -> None:
    """Let somebody with several practices choose one, at the top of the left menu."""
    names = known[PRACTICE.key]()
    if len(names) > 1:
        with st.sidebar:
            _select(PRACTICE, names, "stretch", hint="All practices")


def choose(known: FilterOptions) -> None:
    """Draw the filters in one row."""
    with st.container(horizontal=True, key="filters", gap="xsmall"):
        for each in FILTERS:
            if each.options:
                _select(each, known[each.key](), each.width)
            else:
                _type(each)
    say_where_words_are_forgotten("q")
    _days_chosen()


def say_where_words_are_forgotten(key: str) -> None:
    """Say that a link searched for something, where the words are not known."""
    if url.is_forgotten(key):
        st.info(
            "This link searches for words, which stay with the person who typed them. Type them "
            "again; everything else is as in the link."
        )


def _days_chosen() -> None:
    """The days a bar of the Backlog page stood for, and a way to take them away."""
    says = {key: url.get(key) or "" for key in DAY_KEYS}
    parts = [
        f"{word} {_day(says[since])} to {_day(says[until])}"
        for word, since, until in (
            ("arrived", "created_since", "created_until"),
            ("completed", "completed_since", "completed_until"),
        )
        if says[since]
    ]
    if says["pending_on"]:
        parts.append(
            f"pending at the end of {formats.show(formats.parse_date(says['pending_on']))}"
        )
    if parts:
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.text(f"Only tasks {' and '.join(parts)}.")
            st.button("Show all days", key="all_days", type="tertiary", on_click=_all_days)


def _day(text: str) -> str:
    """Return a day of the address as people read it; nothing for what is no day."""
    return formats.day(formats.parse_date(text))


def _all_days() -> None:
    url.filter_by(dict.fromkeys(DAY_KEYS))


def _select(
    wanted: Filter, names: Sequence[str], width: int | Literal["stretch"], *, hint: str = ""
) -> None:
    url.bind(wanted.key, names)
    st.selectbox(
        wanted.label, names, index=None, key=wanted.key, placeholder=hint or wanted.label,
        width=width, label_visibility="collapsed", on_change=url.save, args=(wanted.key,),
    )  # fmt: skip


def _type(wanted: Filter) -> None:
    url.bind(wanted.key)
    st.text_input(
        wanted.label, key=wanted.key, width=wanted.width, label_visibility="collapsed",
        type="search" if wanted.is_search else "default",
        placeholder="Search ( / )" if wanted.is_search else wanted.label,
        max_chars=100 if wanted.is_search else 14,
        on_change=url.save, args=(wanted.key,),
    )  # fmt: skip


def state(known: FilterOptions) -> dict[str, str | None]:
    """What the filters say now, by the names they have in the URL: also before they are drawn."""
    asked = url.everything()
    found = {key: asked.get(key) for key in DAY_KEYS}
    for key in KEYS:
        text = asked.get(key)
        found[key] = text if text and (key not in known or text in known[key]()) else None
    return found


def read(says: dict[str, str | None], desk: Desk) -> tuple[TaskFilter, list[str]]:
    """Return the filter these values mean, and a sentence for each that cannot be understood."""
    problems: list[str] = []
    values: dict[str, Any] = {}
    for each in (*FILTERS, PRACTICE):
        if text := says[each.key]:
            fields = each.read(text, desk)
            values |= fields or {}
            if fields is None:
                problems.append(each.problem.format(label=each.label))
    has_days = any(says[key] for key in DAY_KEYS)
    values.setdefault("statuses", tuple(Status) if has_days else STATUSES["Pending"])
    return TaskFilter(**_narrowed(values, _days(says, desk.actor))), problems


def _narrowed(values: dict[str, Any], days: dict[str, datetime]) -> dict[str, Any]:
    """Join ages and days: where both are asked for, a task must have arrived within both."""
    for name, moment in days.items():
        narrower = max if name.endswith("_from") else min
        values[name] = narrower(moment, values.get(name, moment))
    return values


def _days(says: dict[str, str | None], actor: Person) -> dict[str, datetime]:
    """Return the days that links ask for as moments: a day begins at midnight in the practice's
    time zone."""
    zone = session.zone(actor)
    moments: dict[str, datetime] = {}
    for key, name, shift in (
        ("created_since", "created_from", 0),
        ("created_until", "created_before", 1),
        ("completed_since", "completed_from", 0),
        ("completed_until", "completed_before", 1),
        ("pending_on", "pending_at", 1),
    ):
        try:
            day = date.fromisoformat(says[key] or "")
            moments[name] = midnight(day + timedelta(days=shift), zone)
        except (ValueError, OverflowError):
            continue
    return moments


def with_statuses(wanted: TaskFilter, statuses: tuple[Status, ...]) -> TaskFilter:
    """The same filter for other statuses: a count over time has no status of today."""
    return dataclasses.replace(wanted, statuses=statuses)
