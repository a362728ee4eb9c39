"""What every Backlog page shares: filters, period, as-of line, tables with their SQL and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from lib import formats, people
from lib.access import Verb, may_anywhere
from lib.backlog import day_notes, link, pending
from lib.backlog.day_notes import DayNote
from lib.backlog.days import Preset, Unit
from lib.backlog.numbers import NUMBERS, Number
from lib.backlog.view import Table, View
from lib.errors import BillingError
from lib.models import Person, TaskType
from lib.ui import charts, filters, navigation, session, session_state, url
from lib.ui.task_list import choices, colleagues_of

KINDS = {"CSV": "csv", "Excel": "xlsx", "Parquet": "parquet"}


@dataclass(frozen=True, slots=True)
class Page:
    """The report that is asked for, and who asks."""

    report: link.Report
    actor: Person
    names: dict[int, str]  # of people, by id
    notes: tuple[DayNote, ...]
    line: str  # "As of …"

    @property
    def view(self) -> View:
        """Return the period and the filters the page shows."""
        return self.report.view

    def about(self) -> str:
        """Return the filters and the moment, for the subtitle of a chart."""
        says = [url.get(key) for key in link.FILTER_KEYS]
        chosen = ", ".join(text for text in says if text)
        return f"{chosen} · {self.line}" if chosen else self.line

    def counted(self, name: str, view: View | None = None) -> Table:
        """Return one number, counted once until the next commit."""
        con, wanted = session.connection(), view or self.view
        found: Table = con.store.cached(
            ("backlog", name, wanted), lambda: NUMBERS[name].table(con, wanted)
        )
        return found

    def summary(self, view: View | None = None) -> pending.Summary:
        """Return the sums of pending tasks at the end of the view."""
        con, wanted = session.connection(), view or self.view
        found: pending.Summary = con.store.cached(
            ("backlog", "summary record", wanted), lambda: pending.summary(con, wanted)[0]
        )
        return found


def begin(title: str) -> Page:
    """Draw the head of a Backlog page and return the report its address asks for."""
    actor = session.person()
    colleagues = colleagues_of(actor)
    known = filters.options(filters.Desk(actor, colleagues, choices))
    filters.choose_practice(known)
    st.header(title)
    filters.choose_of_report(known)
    _choose_period()
    says = {key: url.get(key) for key in (*link.FILTER_KEYS, *link.PERIOD_KEYS)}
    report = link.read(says, actor, colleagues, session.now())
    for problem in report.problems:
        st.warning(session.escape_markdown(problem))
    names = people.display_names(colleagues)
    con = session.connection()
    notes = tuple(day_notes.notes(con, report.view.practice_ids, actor=actor))
    page = Page(report, actor, names, notes, "")
    with st.spinner("Counting…"):
        found = page.summary()
    moment = report.view.as_of if not report.is_now else session.now()
    when = (
        f"the end of {report.view.today:%m/%d/%Y}"
        if report.view.closes_day
        else f"{formats.moment(moment, report.zone)} {moment.astimezone(report.zone):%Z}"
    )
    line = (
        f"As of {when} · {formats.plural(found.tasks, 'task')} · ${found.requested:,.2f} "
        f"requested · ${found.held:,.2f} held"
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text(line)
        if report.is_now:
            local = moment.astimezone(report.zone)
            _link("Link to these numbers", as_of=f"{local:%Y-%m-%dT%H:%M}")
        else:
            st.button("Back to now", type="tertiary", key="to_now", on_click=_to_now)
    return Page(report, actor, names, notes, line)


def _to_now() -> None:
    url.filter_by({"as_of": None})


def _link(label: str, **changes: str) -> None:
    query = {**url.everything(), **changes}
    st.link_button(label, f"?{urlencode(query)}", type="tertiary")


def _choose_period() -> None:
    with st.container(horizontal=True, key="period", gap="xsmall", vertical_alignment="bottom"):
        url.bind("weeks", list(Preset), default=Preset.HALF)
        st.segmented_control(
            "Period", list(Preset), key="weeks", on_change=_preset, label_visibility="collapsed",
        )  # fmt: skip
        for key, label in (("since", "From"), ("until", "Until"), ("as_of", "As of")):
            _day(key, label)
        url.bind("unit", list(Unit), default=Unit.WEEK)
        st.segmented_control(
            "Bars", list(Unit), key="unit", required=True, label_visibility="collapsed",
            format_func=lambda unit: Unit(unit).label, on_change=url.save, args=("unit",),
            kwargs={"default": Unit.WEEK},
        )  # fmt: skip


def _preset() -> None:
    chosen = session_state.widget("weeks")
    url.filter_by(
        {"weeks": None if chosen == Preset.HALF else chosen, "since": None, "until": None}
    )


def _day(key: str, label: str) -> None:
    asked = (url.get(key) or "")[:10]
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
    url.filter_by({key: value.isoformat() if value else None})


def heading(name: str) -> Number:
    """Draw the question of a number and what exactly is counted."""
    number = NUMBERS[name]
    st.subheader(number.question, anchor=False)
    st.caption(session.escape_markdown(number.definition))
    return number


def evidence(
    page: Page, name: str, *, frame: pd.DataFrame | None = None,
    opens: dict[str, Any] | None = None, view: View | None = None,
) -> None:  # fmt: skip
    """Draw the table behind a chart, its SQL, its files, and a way to its tasks by keyboard."""
    table = page.counted(name, view)
    with st.expander("Table and SQL"):
        if opens:
            chosen = st.selectbox(
                "Open the tasks of", list(opens), index=None, key=f"open_{name}", width=320,
                placeholder="Choose a bar",
            )  # fmt: skip
            if chosen:
                open_list(**opens[chosen])
        st.dataframe(
            frame_of(table) if frame is None else frame, hide_index=True, alt="The numbers above"
        )
        with st.container(horizontal=True, gap="xsmall"):
            for label, kind in KINDS.items():
                query = {k: v for k, v in url.everything().items() if k not in ("page", "task")}
                local = page.view.as_of.astimezone(page.report.zone)
                if not page.view.closes_day:
                    query["as_of"] = f"{local:%Y-%m-%dT%H:%M}"
                st.link_button(label, f"/backlog-table/{name}.{kind}?{urlencode(query)}")
        st.code(table.sql, language="sql")


def frame_of(table: Table) -> pd.DataFrame:
    """Return the table as pandas draws it, people without their numbers."""
    frame = pd.DataFrame([list(row) for row in table.rows], columns=list(table.names))
    return frame.drop(columns=[name for name in ("Person",) if name in frame])


def open_list(**changes: str | None) -> NoReturn:
    """Open the list with exactly the tasks of a bar: with the filters of the report, its moment
    and what the bar says. The report's own parameters stay, so that Back brings it as it was."""
    nothing: dict[str, str | None] = dict.fromkeys(
        (*filters.DAY_KEYS, "page", "sort", "task", "q", "status", "age")
    )
    kept = {"as_of": url.get("as_of")}
    had_by = {"had_by": _had_by()} if url.get("assignee") else {}
    wanted = {**nothing, **kept, **had_by, **changes}
    if not any(wanted.get(key) for key in link.MOMENT_KEYS):
        wanted["had_by"] = "anybody"  # pending at the moment of the report, whoever had it
    navigation.go("tasks", **wanted)


def _had_by() -> str | None:
    actor = session.person()
    says = {"assignee": url.get("assignee")}
    view = link.read(says, actor, colleagues_of(actor), session.now()).view
    return "none" if view.unassigned else str(view.person_id)


def pending_bar(page: Page, **changes: str | None) -> dict[str, str | None]:
    """Return the parameters that open the tasks pending at the moment of this report."""
    as_of = url.get("as_of")
    return {"pending_on": as_of, **changes} if as_of else changes


def day_note_form(page: Page) -> None:
    """Draw a way to put a note on a day, and to take one away."""
    practices = [p for p in may_anywhere(page.actor, Verb.NOTE_DAYS) if p in page.view.practice_ids]
    if not practices:
        return
    with st.expander("Notes on days"):
        _write_day_note(page, practices)
        for note in page.notes:
            if note.practice_id in practices and st.button(
                session.escape_markdown(f"Remove: {note.day:%m/%d/%Y} {note.text}"),
                key=f"note_{note.id}", type="tertiary",
            ):  # fmt: skip
                _remove_day_note(page, note.id)


def _write_day_note(page: Page, practices: list[int]) -> None:
    with (
        st.form("day_note", border=False, clear_on_submit=True),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        day = st.date_input("Day", value=page.view.today, format="MM/DD/YYYY", width=128)
        text = st.text_input("What happened", max_chars=day_notes.MAX_LENGTH)
        practice = practices[0]
        if len(practices) > 1:
            practice = st.selectbox(
                "Practice of the note", practices, width=220,
                format_func=lambda p: session.escape_markdown(
                    session.practice_of(page.actor, p).name
                ),
            )  # fmt: skip
        sent = st.form_submit_button("Add note")
    if sent:
        con, now = session.connection(), session.now()
        _do(
            lambda: day_notes.write(con, practice, day, text, actor=page.actor, now=now),
            "Note added.",
        )


def _remove_day_note(page: Page, note_id: int) -> None:
    con, now = session.connection(), session.now()
    _do(lambda: day_notes.remove(con, note_id, actor=page.actor, now=now), "Note removed.")


def _do(verb: Callable[[], None], done: str) -> None:
    said = session.toasts()
    try:
        verb()
        said.append(("success", done))
    except BillingError as problem:
        said.append(("error", str(problem)))
    st.rerun()


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the words of the screen for types and sides."""
    labels = {kind.value: kind.label for kind in TaskType}
    if "Type" in frame:
        frame = frame.assign(Type=[labels.get(each, each) for each in frame["Type"]])
    if "Waiting on" in frame:
        sides = [pending.SIDES[each] for each in frame["Waiting on"]]
        frame = frame.assign(**{"Waiting on": sides})
    return frame


def side_bars(
    page: Page, name: str, column: str, *, key: str, finding: str,
    opens: Callable[[dict[str, Any]], dict[str, str | None]],
    names: Mapping[str, str] | None = None, most: int | None = None,
) -> None:  # fmt: skip
    """Draw bars of pending tasks, those that wait on the biller apart; each opens its tasks."""
    rows = page.counted(name).dicts()
    called = {
        row[column]: (names or {}).get(row[column], row[column] or "Not named") for row in rows
    }
    frame = frame_of(page.counted(name))
    frame = frame.assign(Name=list(called.values()))
    ways = {called[row[column]]: pending_bar(page, **opens(row)) for row in rows if row[column]}
    shown = frame.head(most) if most else frame
    picked = charts.bars(
        shown.assign(Amount=shown["Requested"].astype(float)), charts.SIDES, finding=finding,
        about=page.about(), key=key,
    )  # fmt: skip
    if picked in ways:
        open_list(**ways[picked])
    evidence(page, name, frame=frame.drop(columns=["Name"]).assign(**{column: frame["Name"]}),
             opens=ways)  # fmt: skip


def filing_bars(page: Page) -> None:
    """Draw bars of pending tasks by what is left of the payer's filing limit."""
    rows = page.counted("pending_by_filing_limit").dicts()
    risk = sum((row["Requested"] for row in rows if row["Filing"] in ("past", "week", "month")),
               Decimal(0))  # fmt: skip
    finding = f"${risk:,.2f} requested with 30 days left or fewer"
    side_bars(page, "pending_by_filing_limit", "Filing", key="filing", finding=finding,
              opens=lambda row: {"filing": row["Filing"]}, names=pending.FILING)  # fmt: skip
