"""The filters above the list. They live in the URL: a copied link opens the same view."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from lib import people, us_formats
from lib.backlog import report_url
from lib.backlog.pending_tasks import AGES, DUE, FILING, SIDES
from lib.backlog.report_url import ME, NOBODY
from lib.models import Colleague, Person, Resolution, Status, TaskFilter, TaskType, Turn
from lib.store import backlog_copy
from lib.store.search_match import words
from lib.ui import session, url_widgets

_PENDING = (Status.OPEN, Status.IN_PROGRESS)
# What each choice of the status filter means, as fields of TaskFilter.
STATUSES: dict[str, dict[str, Any]] = {
    "Pending": {"statuses": _PENDING},
    "Open": {"statuses": (Status.OPEN,)},
    "In progress": {"statuses": (Status.IN_PROGRESS,)},
    "Waiting on biller": {"statuses": _PENDING, "turn": Turn.BILLER},
    "Answered": {"statuses": _PENDING, "answered": True},
    "Completed": {"statuses": (Status.COMPLETED,)},
    "Pending and completed": {"statuses": tuple(Status)},
}
TYPES = {kind.label: kind for kind in TaskType}
FilterOptions = Mapping[str, Callable[[], Sequence[str]]]  # a filter's key -> what it may say
# Set by links from the Backlog pages; shown as a sentence that can be taken away.
DAY_KEYS = report_url.BAR_KEYS


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
    is_of_today: bool = False  # it says how tasks are today: the Backlog pages do without it
    problem: str = ""  # the sentence where `read` does not understand

    @property
    def word(self) -> str:
        """Return the word this filter stands for."""
        return "search" if self.is_search else self.label.lower()


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
        amount = us_formats.parse_money(text)
        return None if amount is None else {field: amount}

    return read


def _age(name: str, desk: Desk) -> dict[str, Any]:
    at_least, at_most = AGES[name]
    as_of = report_url.moment({}, desk.actor.memberships[0].practice, session.now())[0]
    return {"age_from": at_least, "age_to": at_most, "as_of": as_of}


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
    Filter("q", "Search tasks", 190, lambda text, _: {"words": words(text)},
           is_search=True, is_of_today=True),
    Filter("status", "Status", 128, lambda name, _: STATUSES[name],
           lambda _: list(STATUSES), is_of_today=True),
    Filter("type", "Type", 118, lambda name, _: {"types": (TYPES[name],)}, lambda _: list(TYPES)),
    Filter("assignee", "Assignee", 142, _assignee, _assignees),
    Filter("payer", "Payer", 116, lambda name, _: {"payer": name},
           lambda desk: desk.choices(desk.actor)[0]),
    Filter("provider", "Provider", 116, lambda name, _: {"provider": name},
           lambda desk: desk.choices(desk.actor)[1]),
    Filter("age", "Age", 98, _age, lambda _: list(AGES), is_of_today=True),
    Filter("from", "Amount from", 96, _amount("amount_from"), problem=_DOLLARS),
    Filter("to", "Amount to", 96, _amount("amount_to"), problem=_DOLLARS),
)  # fmt: skip
KEYS = tuple(each.key for each in (*FILTERS, PRACTICE))


def options(desk: Desk) -> FilterOptions:
    """Return what each filter may say, asked of the store only where it is needed."""
    return {each.key: partial(each.options, desk) for each in (*FILTERS, PRACTICE) if each.options}


def choose(known: FilterOptions, desk: Desk) -> None:
    """Draw the filters of the list in one row."""
    with st.container(horizontal=True, key="filters", gap="xsmall"):
        for each in FILTERS:
            _draw(each, known)
    say_where_words_are_forgotten("q")
    _bar_chosen(desk)


def choose_of_report(known: FilterOptions) -> None:
    """Draw the filters that count on every Backlog page: none of today's status, age or words."""
    with st.container(horizontal=True, key="filters", gap="xsmall"):
        for each in FILTERS:
            if not each.is_of_today:
                _draw(each, known)
    ignored = [each.word for each in FILTERS if each.is_of_today and url_widgets.get(each.key)]
    if ignored:
        st.caption(
            f"The {' and '.join(ignored)} of the list does not count here: it says how tasks are "
            "today."
        )


def say_where_words_are_forgotten(key: str) -> None:
    """Say that a link searched for something, where the words are not known."""
    if url_widgets.is_forgotten(key):
        st.info(
            "This link searches for words, which stay with the person who typed them. Type them "
            "again; everything else is as in the link."
        )


def _bar_chosen(desk: Desk) -> None:
    """Draw what a bar of a Backlog page stood for, and a way to take it away."""
    if parts := bar_words({key: url_widgets.get(key) for key in (*DAY_KEYS, "practice")}, desk):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            is_past = any(url_widgets.get(key) for key in ("at", "pending_on", "gone_on", "as_of"))
            then = " Amounts are those requested then." if is_past else ""
            st.text(f"Only tasks {', '.join(parts)}.{then}")
            st.button("Show all days", key="all_days", type="tertiary", on_click=_all_days)


def bar_words(says: Mapping[str, str | None], desk: Desk) -> list[str]:
    """Return what a bar of a Backlog page stood for, in words; nothing for a plain list."""
    parts = [words for words, _ in report_url.selections(says, desk.actor, session.now())[:1]]
    parts += [f"{words[says[key]]}" for key, words in _BARS.items() if says[key] in words]
    if says["waited"] in AGES:
        parts.append(f"waiting {str(says['waited']).lower()}")
    if says["days"]:
        parts.append(f"asked for {says['days']} days before")
    if says["ended"]:
        label = _RESOLUTIONS.get(str(says["ended"]), str(says["ended"]))
        parts.append(f"ended as “{label}”")
    parts += [words for key, words in _SAYS_YES.items() if says[key]]
    if says["code"]:
        parts.append(f"with {says['code']}")
    parts += [str(says[key]) for key in ("bar_type", "bar_payer") if says[key]]
    if says["had_by"] and says["had_by"] != "anybody":
        names = people.display_names(desk.colleagues)
        who = says["had_by"]
        then = names.get(int(who), "somebody") if who.isdigit() and len(who) < 16 else "nobody"
        parts.append(f"of {then} then")
    return parts


_BARS: dict[str, dict[str | None, str]] = {
    "side": {key: f"waiting on {name.lower()}" for key, name in SIDES.items()},
    "due": {key: name.lower() for key, name in DUE.items()},
    "filing": {key: f"filing: {name.lower()}" for key, name in FILING.items()},
}


_RESOLUTIONS = {each.value: each.label for each in Resolution}
_SAYS_YES = {"came_back": "reopened since", "taken_up": "taken up since"}


def _all_days() -> None:
    url_widgets.filter_by(dict.fromkeys(DAY_KEYS))


def _draw(wanted: Filter, known: FilterOptions) -> None:
    if wanted.options:
        _select(wanted, known[wanted.key](), wanted.width)
    else:
        _type(wanted)


def _select(wanted: Filter, names: Sequence[str], width: int) -> None:
    url_widgets.bind(wanted.key, names)
    st.selectbox(
        wanted.label, names, index=None, key=wanted.key, placeholder=wanted.label,
        width=width, label_visibility="collapsed", on_change=url_widgets.save, args=(wanted.key,),
    )  # fmt: skip


def _type(wanted: Filter) -> None:
    url_widgets.bind(wanted.key)
    st.text_input(
        wanted.label, key=wanted.key, width=wanted.width, label_visibility="collapsed",
        type="search" if wanted.is_search else "default",
        placeholder="Search ( / )" if wanted.is_search else wanted.label,
        max_chars=100 if wanted.is_search else 14,
        on_change=url_widgets.save, args=(wanted.key,),
    )  # fmt: skip


def state(known: FilterOptions) -> dict[str, str | None]:
    """Return what the filters say now, by the names they have in the URL, even before they are
    drawn."""
    asked = url_widgets.everything()
    found = {key: asked.get(key) for key in DAY_KEYS}
    for key in KEYS:
        text = asked.get(key)
        found[key] = text if text and (key not in known or text in known[key]()) else None
    return found


def read_for_store(says: dict[str, str | None], desk: Desk) -> tuple[TaskFilter, list[str]]:
    """Return what `read` returns, as the store can run it: what a bar counted may have been counted
    elsewhere."""
    wanted, problems = read(says, desk)
    if wanted.selection:
        store = session.connection().store
        found = backlog_copy.resolved(store, wanted.selection, now=session.now())
        wanted = replace(wanted, selection=found)
    return wanted, problems


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
    problems += report_url.amounts_apart(values.get("amount_from"), values.get("amount_to"))
    values |= _of_bar(says, desk)
    values.setdefault("statuses", _PENDING)
    return TaskFilter(**values), problems


def _of_bar(says: dict[str, str | None], desk: Desk) -> dict[str, Any]:
    """Return the fields that say what a bar stood for; they stand over those of the filters."""
    values: dict[str, Any] = {"code": says.get("code")}
    if says.get("had_by"):  # who had the task then: who has it now may be another
        values |= {"assignee_id": None, "unassigned": False}
    if found := report_url.selections(says, desk.actor, session.now()):
        # What passed the filters then: a payer may have changed what it asks since.
        values |= {"types": (), "payer": None, "provider": None, "code": None,
                   "amount_from": None, "amount_to": None, "selection": found[0][1]}  # fmt: skip
    if any(says.get(key) for key in DAY_KEYS) and not says["status"]:
        values["statuses"] = tuple(Status)
    return values
