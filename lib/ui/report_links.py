"""What each figure of the Backlog pages opens: the parameters of the list that hold its tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from lib.backlog import report_url
from lib.backlog.report_scope import Table, View
from lib.models import TaskType

Opens = dict[str, str | None]  # parameters of the list
Row = Mapping[str, Any]
SIDES = {"Waiting on practice": "practice", "Waiting on biller": "biller"}
HAPPENED = {
    "Received": "created", "Assigned": "created", "Completed": "completed",
    "Reopened": "reopened", "Handed on": "left", "Asked for": "asked",
}  # fmt: skip
NOW = "now"  # the moment of a report that names none
_OF_PENDING = {*SIDES, "Tasks", "Requested"}
_KINDS = {kind.label for kind in TaskType}


@dataclass(frozen=True, slots=True)
class Part:
    """The period, or the one before it: its tables, and what opens the tasks behind a figure."""

    view: View
    tables: Mapping[str, Table]
    on: str | None  # the moment of its pending tasks, as addresses say it; None: now
    report_on: str | None  # that of the report
    is_before: bool

    @property
    def label(self) -> str:
        """Return which days these are."""
        return f"{self.view.since:%m/%d/%Y} to {self.view.until:%m/%d/%Y}"

    def pending(self, **narrow: str | None) -> Opens:
        """Return what opens the tasks that were pending at its moment."""
        moment = {"pending_on": self.on} if self.on else {}
        return {**moment, **narrow}

    def during(self, what: str, **narrow: str | None) -> Opens:
        """Return what opens the tasks to which this happened in its days."""
        return {**self._in(what, self.view.since, self.view.until), **narrow}

    def in_bar(self, what: str, row: Row) -> Opens:
        """Return what opens the tasks to which this happened in one day, week or month."""
        return self._in(what, row["From"], row["Until"])

    def told(self, on: str | None) -> Opens:
        """Return a parameter that says which moment's values filters ask of a task, if any do."""
        return {"told_on": on or NOW} if self.view.is_filtered else {}

    def at_the_end_of(self, day: date, key: str) -> Opens:
        """Return a parameter that says the end of that day, or the moment of the report where that
        comes first."""
        is_running = day >= self.view.today and not self.view.closes_day
        on = self.on if is_running else day.isoformat()
        if key == "gone_on":  # without a value it would not be asked for at all
            return {key: on or (day + timedelta(days=1)).isoformat()}
        return {key: on} if on else {}

    def _in(self, what: str, since: date, until: date) -> Opens:
        moment = {"at": self.on} if self.on else {}
        days = {f"{what}_since": since.isoformat(), f"{what}_until": until.isoformat()}
        return {**moment, **days}


# What opens the tasks behind one cell, by its part, row and column; None where it counts no tasks.
Cell = Callable[[Part, Row, str], Opens | None]


def _pending(column: str, narrow: Callable[[Row], Opens]) -> Cell:
    """Return what opens the cells of a table of pending tasks, whose rows differ by `column`."""

    def opens(part: Part, row: Row, name: str) -> Opens | None:
        if name not in _OF_PENDING | {column}:
            return None
        side: Opens = {"side": SIDES[name]} if name in SIDES else {}
        return part.pending(**narrow(row), **side)

    return opens


def _summed(part: Part, row: Row, column: str) -> Opens | None:
    narrow: dict[str, Opens] = {
        "Pending": {}, "Requested": {}, "Held": {}, "Waiting on biller": {"side": "biller"},
        "Overdue": {"due": "overdue"}, "Overdue amount": {"due": "overdue"},
        "Due in 7 days": {"due": "soon"}, "Oldest, days": {"days": str(row["Oldest, days"])},
    }  # fmt: skip
    return part.pending(**narrow[column]) if column in narrow else None


def flow(part: Part, row: Row, column: str) -> Opens | None:
    """Return what opens one cell of the flow, which is counted of both periods together."""
    opens = _over_time(part, row, column)
    return None if opens is None else {**opens, **part.told(part.report_on)}


def over_time(part: Part, row: Row, column: str) -> Opens | None:
    """Return what opens one cell of a row a day, week or month."""
    opens = _over_time(part, row, column)
    return None if opens is None else {**opens, **part.told(part.on)}


def _over_time(part: Part, row: Row, column: str) -> Opens | None:
    if column in HAPPENED:
        return part.in_bar(HAPPENED[column], row)
    if column == "Pending":
        return part.at_the_end_of(row["Until"], "pending_on")
    if column == "Received so far":
        days = {"From": date(1900, 1, 1), "Until": row["Until"]}
        return {**part.at_the_end_of(row["Until"], "at"), **part.in_bar("created", days)}
    if column == "Completed so far" and not part.view.is_one_person:
        return part.at_the_end_of(row["Until"], "gone_on")
    return None


def _asked_for(part: Part, row: Row, column: str) -> Opens | None:
    opens = over_time(part, row, column)
    return None if opens is None else {**opens, "had_by": "anybody"}


def _done(part: Part, row: Row, column: str) -> Opens | None:
    if column in ("Type", "Period"):
        return None
    kind: Opens = {} if row["Type"] == "All" else {"bar_type": TaskType(row["Type"]).label}
    return part.during("done", **kind)


def _responded(part: Part, _: Row, column: str) -> Opens | None:
    taken_up: Opens = {} if column == "Came in" else {"taken_up": "yes"}
    return part.during("created", had_by="anybody", **taken_up)


def _again(part: Part, _: Row, column: str) -> Opens | None:
    which = {"Handed over at least once": "handed over", "Reopened at least once": "reopened",
             "Reopened, %": "reopened"}  # fmt: skip
    return part.during("done", done=which.get(column, "all"))


def _coded(part: Part, row: Row, column: str) -> Opens | None:
    if column not in _OF_PENDING:
        return None
    payer = row["Payer"] or report_url.NOT_NAMED
    return part.during("created", bar_payer=payer, code=row["Code"], had_by="anybody")


def _holder(row: Row) -> Opens:
    return {"had_by": str(row["Person"]) if row["Person"] else "none"}


def _completed(part: Part, row: Row, column: str) -> Opens | None:
    if column == "Reopened":
        return part.during("completed", came_back="yes", **_holder(row))
    if column in _KINDS:
        return part.during("completed", bar_type=column, **_holder(row))
    return part.during("completed", **_holder(row)) if column != "Name" else None


def _ended(part: Part, row: Row, column: str) -> Opens | None:
    if column != "Completions":
        return None
    return part.during("completed", ended=row["Resolution"] or report_url.NOT_RECORDED)


def _waited(part: Part, row: Row, _: str) -> Opens | None:
    return part.during("done", done="asked" if row["Waited on"] == "biller" else "all")


CELLS: dict[str, Cell] = {
    "summary": _summed,
    "flow": flow,
    "asked_for": _asked_for,
    "cumulative_flow": over_time,
    "forecast_days": over_time,
    "pending_by_type": _pending("Type", lambda row: {"bar_type": TaskType(row["Type"]).label}),
    "pending_by_payer": _pending(
        "Payer", lambda row: {"bar_payer": row["Payer"] or report_url.NOT_NAMED}
    ),
    "pending_by_person": _pending("Name", _holder),
    "pending_by_age": _pending("Age", lambda row: {"waited": row["Age"]}),
    "pending_by_due_date": _pending("Due", lambda row: {"due": row["Due"]}),
    "pending_by_filing_limit": _pending("Filing", lambda row: {"filing": row["Filing"]}),
    "oldest": lambda part, row, _: part.pending(bar_task=str(row["Task"])),
    "waiting": _pending("Waiting on", lambda row: {"side": row["Waiting on"]}),
    "time_on_each_side": _waited,
    "lead_and_cycle_time": _done,
    "lead_time": lambda part, _, __: part.during("done"),
    "first_response": _responded,
    "handoffs_and_reopens": _again,
    "causes": _coded,
    "completions_by_person": _completed,
    "resolutions": _ended,
}  # denials and what was recovered count answers of payers, which are no tasks
