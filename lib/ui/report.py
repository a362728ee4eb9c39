"""What every Backlog page shares: filters, period and the one before, as-of line, notes on days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import NoReturn
from urllib.parse import urlencode

import streamlit as st

from lib import people, us_formats
from lib.access import Verb, may_anywhere
from lib.backlog import day_notes, flow, measures, pending_tasks, report_url
from lib.backlog.calendar_periods import Preset, Unit
from lib.backlog.day_notes import DayNote
from lib.backlog.measures import NUMBERS, Number
from lib.backlog.report_scope import Table, View
from lib.models import Person
from lib.store import backlog_copy
from lib.store.idempotency import new_token
from lib.ui import (
    filters,
    lossless_widgets,
    page_switching,
    practice_switch,
    report_prefetch,
    session,
    session_state,
    url_widgets,
)
from lib.ui.report_links import Part
from lib.ui.session_state import KeptOrNew
from lib.ui.task_list import choices, colleagues_of

_NOTING = KeptOrNew("day_note_form", new_token)  # a sent form is emptied by a new key


@dataclass(frozen=True, slots=True)
class Page:
    """The report that is asked for, and who asks."""

    report: report_url.Report
    actor: Person
    names: dict[int, str]  # of people, by id
    notes: tuple[DayNote, ...]
    now: Part
    before: Part
    law: flow.LittlesLaw | None
    counted_at: datetime
    line: str  # "As of …"

    @property
    def view(self) -> View:
        """Return the period and the filters the page shows."""
        return self.report.view

    @property
    def parts(self) -> tuple[Part, Part]:
        """Return the period and the one before it."""
        return self.now, self.before

    def about(self) -> str:
        """Return the filters and the moment, for the subtitle of a chart."""
        says = [url_widgets.get(key) for key in report_url.FILTER_KEYS]
        chosen = ", ".join(text for text in says if text)
        return f"{chosen} · {self.line}" if chosen else self.line

    def table(self, name: str) -> Table:
        """Return one number of the period."""
        return self.now.tables[name]

    def sums(self, part: Part | None = None) -> pending_tasks.Summary:
        """Return the sums of pending tasks at the moment of the period, or of the one before."""
        return pending_tasks.sums((part or self.now).tables["summary"])


def begin(title: str, page: str) -> Page:
    """Draw the head of a Backlog page: filters, period and as-of line. Return the report that its
    address asks for, with the numbers of `page`, a name in `measures.PAGES`."""
    with st.sidebar:
        actor = practice_switch.choose(session.person(), width="stretch")
    colleagues = colleagues_of(actor)
    says = {key: url_widgets.get(key) for key in (*report_url.FILTER_KEYS, *report_url.PERIOD_KEYS)}
    con = session.connection()
    counted_in = backlog_copy.of(con.store, now=session.now())
    counted_at = counted_in.copied_at or session.now()
    report = report_url.read(says, actor, colleagues, counted_at)
    view = report.view
    counting = report_prefetch.begin(counted_in.store, page, view)
    known = filters.options(filters.Desk(actor, colleagues, choices))
    st.header(title, anchor=False)
    filters.choose_of_report(known)
    _choose_period(has_bars_over_time="flow" in measures.PAGES[page])
    for problem in report.problems:
        st.warning(session.escape_markdown(problem))
    with st.spinner("Counting…"):
        found = report_prefetch.wait(counting)
    before = measures.earlier(view)
    on = None if report.is_now else url_widgets.get("as_of")
    now = Part(view, found.now, on, on, is_before=False)
    then = Part(before, found.before, before.today.isoformat(), on, is_before=True)
    line = _as_of(report, now, counted_at)
    st.caption(
        f"This period: {now.label}. Period before: {then.label}. A click on a bar or a number of "
        "tasks opens them."
    )
    if view.is_filtered:
        st.caption(
            "Charts over time count, on every day, the tasks that the filters let through now. "
            "Only correcting a task's payer, type, provider or amount changes days that are over; "
            "a link to these numbers keeps them."
            if report.is_now
            else "Charts over time count, on every day, the tasks that the filters let through at "
            "the moment of this report."
        )
    notes = tuple(day_notes.notes(con, view.practice_ids, actor=actor))
    return Page(
        report,
        actor,
        people.display_names(colleagues),
        notes,
        now,
        then,
        found.law,
        counted_at,
        line,
    )


def same_reader(page: Page) -> None:
    """Draw the whole page again, from a part of it, unless who reads it is the person, with the
    practices, for whom it was counted."""
    if practice_switch.narrowed(session.person()) != page.actor:
        st.rerun()


def _as_of(report: report_url.Report, now: Part, counted_at: datetime) -> str:
    """Draw how much is pending as of when, with a link to the same numbers next year. Return the
    line."""
    view, found = report.view, pending_tasks.sums(now.tables["summary"])
    moment = view.as_of if not report.is_now else counted_at
    when = (
        f"the end of {view.today:%m/%d/%Y}"
        if view.closes_day
        else f"{us_formats.moment(moment, report.zone)} {moment.astimezone(report.zone):%Z}"
    )
    line = (
        f"As of {when} · {us_formats.plural(found.tasks, 'task')} · ${found.requested:,.2f} "
        f"requested · ${found.held:,.2f} held"
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="as_of_line"):
        st.text(line)
        if report.is_now:
            _link("Link to these numbers", as_of=report_url.address_of(moment, report.zone))
        else:
            st.button("Back to now", type="tertiary", key="to_now", on_click=_to_now)
    return line


def _to_now() -> None:
    url_widgets.filter_by({"as_of": None})


def _link(label: str, **changes: str) -> None:
    says = url_widgets.everything()
    query = {key: says[key] for key in says if key not in report_url.STRAYS} | changes
    st.link_button(label, f"?{urlencode(query)}", type="tertiary")


def _choose_period(*, has_bars_over_time: bool) -> None:
    with st.container(horizontal=True, key="period", gap="xsmall", vertical_alignment="bottom"):
        url_widgets.bind("weeks", list(Preset), default=Preset.HALF)
        st.segmented_control(
            "Period", list(Preset), key="weeks", on_change=_preset, label_visibility="collapsed",
        )  # fmt: skip
        for key, label in (("since", "From"), ("until", "Until"), ("as_of", "As of")):
            _day(key, label)
        if not has_bars_over_time:
            return
        url_widgets.bind("unit", list(Unit), default=Unit.WEEK)
        st.segmented_control(
            "Bars", list(Unit), key="unit", required=True, label_visibility="collapsed",
            format_func=lambda unit: Unit(unit).label, on_change=url_widgets.save, args=("unit",),
            kwargs={"default": Unit.WEEK},
        )  # fmt: skip


def _preset() -> None:
    chosen = session_state.widget("weeks")
    url_widgets.filter_by(
        {"weeks": None if chosen == Preset.HALF else chosen, "since": None, "until": None}
    )


def _day(key: str, label: str) -> None:
    asked = (url_widgets.get(key) or "")[:10]
    try:
        value: date | None = date.fromisoformat(asked)
    except ValueError:
        value = None
    if session_state.widget(f"day_{key}") != value:
        session_state.set_widget(f"day_{key}", value)
    st.date_input(
        label, value=None, key=f"day_{key}", format="MM/DD/YYYY", width=128, on_change=_put_day,
        args=(key,), max_value="today",
    )  # fmt: skip


def _put_day(key: str) -> None:
    value = session_state.widget(f"day_{key}")
    url_widgets.filter_by({key: value.isoformat() if value else None})


def heading(name: str) -> Number:
    """Draw a number's question as a heading, its definition below it, and which of the chosen
    filters do not count there. Return the number."""
    number = NUMBERS[name]
    st.subheader(number.question, anchor=False)
    ignored = [
        each.word
        for each in filters.FILTERS
        if each.word in number.ignores and url_widgets.get(each.key)
    ]
    more = f" The {' and '.join(ignored)} does not count here." if ignored else ""
    st.caption(session.escape_markdown(number.definition + more))
    return number


def open_list(**changes: str | None) -> NoReturn:
    """Open the list with exactly the tasks of a bar. `changes` says what the bar stands for; the
    filters and the moment are those of the report, whose address stays as it was for Back."""
    nothing: dict[str, str | None] = dict.fromkeys(
        (*filters.DAY_KEYS, "page", "sort", "task", "q", "status", "age")
    )
    kept = {"as_of": url_widgets.get("as_of")}
    had_by = {"had_by": _had_by()} if url_widgets.get("assignee") else {}
    wanted = {**nothing, **kept, **had_by, **changes}
    if not any(wanted.get(key) for key in report_url.MOMENT_KEYS):
        wanted["had_by"] = "anybody"  # pending at the moment of the report, whoever had it
    page_switching.go("tasks", **wanted)


def _had_by() -> str | None:
    actor = practice_switch.narrowed(session.person())
    says = {"assignee": url_widgets.get("assignee")}
    view = report_url.read(says, actor, colleagues_of(actor), session.now()).view
    return "none" if view.unassigned else str(view.person_id)


def day_note_form(page: Page) -> None:
    """Draw a way to put a note on a day, and to take one away."""
    practices = [p for p in may_anywhere(page.actor, Verb.NOTE_DAYS) if p in page.view.practice_ids]
    if not practices:
        return
    with st.expander("Notes on days"):
        _write_day_note(page, practices)
        for note in page.notes:
            if note.practice_id in practices:
                lossless_widgets.button(
                    session.escape_markdown(f"Remove: {note.day:%m/%d/%Y} {note.text}"),
                    partial(_remove_day_note, note.id), key=f"note_{note.id}", actor=page.actor,
                    type="tertiary",
                )  # fmt: skip


def _write_day_note(page: Page, practices: list[int]) -> None:
    token = _NOTING.ensure()

    def do(now: Person) -> str:
        says = session_state.typed()
        practice = says.get(f"practice_{token}") or practices[0]
        con = session.connection()
        day_notes.write(
            con, practice, says[f"day_{token}"], says[f"text_{token}"], actor=now,
            now=session.now(),
        )  # fmt: skip
        _NOTING.take()
        return "Note added."

    with (
        st.form(f"day_note_{token}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        st.date_input(
            "Day", value=page.view.today, format="MM/DD/YYYY", width=128, key=f"day_{token}"
        )
        st.text_input("What happened", max_chars=day_notes.MAX_LENGTH, key=f"text_{token}")
        if len(practices) > 1:
            st.selectbox(
                "Practice of the note", practices, width=220, key=f"practice_{token}",
                format_func=lambda p: session.escape_markdown(
                    session.practice_of(page.actor, p).name
                ),
            )  # fmt: skip
        lossless_widgets.submit("Add note", do, key=f"day_note_{token}", actor=page.actor)


def _remove_day_note(note_id: int, actor: Person) -> str:
    day_notes.remove(session.connection(), note_id, actor=actor, now=session.now())
    return "Note removed."
