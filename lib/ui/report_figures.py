"""Charts and tables of the Backlog pages: every figure opens exactly the tasks that it counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from lib.backlog import report_url
from lib.backlog.measures import NUMBERS
from lib.backlog.pending_tasks import AGES, DUE, FILING, SIDES
from lib.models import Resolution, TaskType
from lib.ui import charts, navigation, report, url_widgets
from lib.ui.report import Page
from lib.ui.report_links import CELLS, Cell, Opens, Part, Row

KINDS = {"CSV": "csv", "Excel": "xlsx", "Parquet": "parquet"}
FIGURE = 172  # pixels
MOST_WAYS = 500  # options in the select box that opens a cell's tasks

_TYPES = {kind.value: kind.label for kind in TaskType}
WORDS: dict[str, dict[Any, str]] = {
    "Type": _TYPES,
    "Waiting on": SIDES,
    "Waited on": SIDES,
    "Due": DUE,
    "Filing": FILING,
    "Payer": {"": report_url.NOT_NAMED},
    "Resolution": {each.value: each.label for each in Resolution} | {"": "Not recorded"},
}
_RANGES = {"Age": [*AGES], "Due": [*DUE.values()], "Filing": [*FILING.values()]}
_OF_ROWS = ("Period", "Task", "Type", "Name")  # what a row is about, in wide tables
_MONEY = ("Requested", "Held", "Overdue amount", "Denied amount", "Recovered", "Paid")


def rows(page: Page, name: str) -> list[tuple[Part, Row]]:
    """Return a number's rows, each with its part: first this period's, then the earlier one's."""
    parts = [part for part in page.parts if name in part.tables]
    return [(part, row) for part in parts for row in part.tables[name].dicts()]


def said(page: Page, row: Row, column: str) -> Any:
    """Return a cell in the words of the screen."""
    if column == "Name":
        return page.names.get(row["Person"], row["Name"]) if row["Person"] else report_url.NOBODY
    value = row[column]
    return WORDS[column].get(value, value) if column in WORDS else value


def frame_of(page: Page, name: str) -> pd.DataFrame:
    """Return a number's rows in the words of the screen, those of the period before at the end."""
    columns = [each for each in page.table(name).names if each != "Person"]
    found = rows(page, name)
    values = [[said(page, row, column) for column in columns] for _, row in found]
    frame = pd.DataFrame(values, columns=columns)
    if name in page.before.tables:
        periods = ["Period before" if part.is_before else "This period" for part, _ in found]
        frame.insert(0, "Period", periods)
    return frame


def _look(column: str, values: Any) -> Any:
    """Return how a column is formatted; None for the default."""
    if column in _OF_ROWS:
        return st.column_config.Column(pinned=True)  # stays where a wide table is scrolled
    if column in _MONEY:
        return st.column_config.NumberColumn(format="dollar")
    if any(isinstance(value, date) for value in values):
        return st.column_config.DateColumn(format="MM/DD/YYYY")
    if (
        column != "Task"
        and pd.api.types.is_numeric_dtype(values)
        and not pd.api.types.is_bool_dtype(values)
    ):
        return st.column_config.NumberColumn(format="localized")
    return None


def draw(page: Page, name: str) -> None:
    """Draw a number as a table; a click on a cell opens its tasks."""
    opens = CELLS.get(name)
    found = rows(page, name)
    if not found:
        charts.say_nothing()
        return
    frame = frame_of(page, name)
    looks = {
        str(each): look for each in frame if (look := _look(str(each), frame[each])) is not None
    }
    if opens is None:
        st.dataframe(
            frame, hide_index=True, alt=NUMBERS[name].question, column_config=looks,
            placeholder="–", height=navigation.table_height(len(frame)),
        )  # fmt: skip
        return
    event: Any = st.dataframe(
        frame, hide_index=True, alt=NUMBERS[name].question, key=f"cells_{name}",
        on_select="rerun", selection_mode="single-cell", column_config=looks,
        placeholder="–", height=navigation.table_height(len(frame)),
    )  # fmt: skip
    for place, column in event.selection.cells:
        part, row = found[place]
        wanted = _way(opens, part, row, column)
        if wanted is not None:
            report.open_list(**wanted)


def _way(opens: Cell, part: Part, row: Row, column: str) -> Opens | None:
    return opens(part, row, column) if row.get(column) else None


@st.fragment
def evidence(page: Page, name: str, *, is_shown: bool = False) -> None:
    """Draw an expander with the number's table (unless it `is_shown` already), a select box that
    opens its tasks by keyboard, its files and its SQL. What is in it is drawn once it is opened."""
    report.same_reader(page)
    with st.expander(
        "SQL and files" if is_shown else "Table, SQL and files",
        key=f"evidence_{name}",
        on_change="rerun",
    ) as inside:
        if not inside.open:
            return
        if name in CELLS:
            _by_keyboard(page, name, CELLS[name])
        if not is_shown:
            draw(page, name)
        with st.container(horizontal=True, gap="xsmall"):
            for label, kind in KINDS.items():
                st.link_button(label, f"/backlog-table/{name}.{kind}?{_query(page)}")
        st.code(page.table(name).sql, language="sql")


def _query(page: Page) -> str:
    known = {
        key: url_widgets.get(key) for key in (*report_url.FILTER_KEYS, *report_url.PERIOD_KEYS)
    }
    query = {key: value for key, value in known.items() if value}
    if page.report.is_now:
        query["as_of"] = report_url.address_of(page.counted_at, page.report.zone)
    return urlencode(query)


def _by_keyboard(page: Page, name: str, opens: Cell) -> None:
    ways: dict[str, Opens] = {}
    for part, row in rows(page, name):
        columns = [each for each in row if each not in ("Person", "Until")]
        words = [str(said(page, row, each)) for each in columns[:2] if not _is_number(row[each])]
        for column in columns:
            wanted = _way(opens, part, row, column) if _is_number(row[column]) else None
            if wanted is not None:
                before = "Period before: " if part.is_before else ""
                told = " · ".join([*words, f"{column} {row[column]:,}"])
                ways.setdefault(f"{before}{told}", wanted)
    if not ways:
        return
    chosen = st.selectbox(
        "Open the tasks of", list(ways)[:MOST_WAYS], index=None, key=f"open_{name}", width=420,
        placeholder="Choose a figure",
    )  # fmt: skip
    if chosen:
        report.open_list(**ways[chosen])


def _is_number(value: object) -> bool:
    return value is not None and not isinstance(value, (str, bool)) and not hasattr(value, "year")


def bars(
    page: Page, name: str, column: str, *, key: str, finding: str,
    series: tuple[str, ...] = charts.SIDES, most: int = 15,
) -> None:  # fmt: skip
    """Draw a bar for each row, that of the period before beside it; a click on a part of a bar
    opens its tasks."""
    names: dict[str, dict[bool, tuple[Part, Row]]] = {}
    for part, row in rows(page, name):
        called = str(said(page, row, "Name" if column == "Person" else column))
        if column == "Code":
            called = f"{said(page, row, 'Payer')} · {called}"
        names.setdefault(called, {})[part.is_before] = part, row
    shown = [(called, names[called]) for called in in_order(column, names)][:most]
    marks = [
        charts.Mark(called, each, int(row[each]), row.get("Requested"))
        for called, both in shown
        if False in both
        for _, row in [both[False]]
        for each in series
    ]
    marks += [
        charts.Mark(called, charts.BEFORE, int(row["Tasks"]), row.get("Requested"))
        for called, both in shown
        if True in both
        for _, row in [both[True]]
    ]
    picked = charts.bars(
        marks, series, finding=finding, about=page.about(), key=key, before=page.before.label
    )
    if picked and picked[0] in names:
        called, each = picked
        part, row = names[called][each == charts.BEFORE]
        wanted = CELLS[name](part, row, "Tasks" if each == charts.BEFORE else each)
        if wanted is not None:
            report.open_list(**wanted)
    evidence(page, name)


def in_order(column: str, names: Iterable[str]) -> list[str]:
    """Return the names of bars in the order of their ranges, where the column has ranges: one that
    only the period before has stands between the others."""
    ranges = _RANGES.get(column)
    return sorted(names, key=ranges.index) if ranges else list(names)


def filing_bars(page: Page) -> None:
    """Draw bars of pending tasks by what is left of the payer's filing limit."""
    rows = page.table("pending_by_filing_limit").dicts()
    risk = sum(
        (row["Requested"] for row in rows if row["Filing"] in ("past", "week", "month")), Decimal(0)
    )
    unknown = sum(row["Tasks"] for row in rows if row["Filing"] == "unknown")
    if any(row["Filing"] != "unknown" for row in rows):
        finding = f"${risk:,.2f} requested with 30 days left or fewer"
        finding += f", {unknown:,} without a recorded limit" if unknown else ""
    else:
        finding = f"No limit is recorded for these {unknown:,}"
    bars(page, "pending_by_filing_limit", "Filing", key="filing", finding=finding)


def shown(page: Page, name: str) -> None:
    """Draw a number that has no chart: its question, its table, its SQL and files."""
    report.heading(name)
    draw(page, name)
    evidence(page, name, is_shown=True)


def figures(shown: Sequence[Figure]) -> None:
    """Draw figures side by side, each with its change since the period before; a press on one that
    counts tasks opens them."""
    with st.container(horizontal=True, key="figures", gap="small"):
        for place, each in enumerate(shown):
            with st.container(border=True, gap="xxsmall", width=FIGURE, height="stretch"):
                is_same = each.now == each.then
                st.metric(
                    each.label, each.said(each.now), each.change, help=each.tip or None,
                    delta_color="off" if is_same else each.good,
                    delta_arrow="off" if is_same else "auto",
                )  # fmt: skip
                if each.opens is not None and st.button(
                    "Show tasks",
                    type="tertiary",
                    key=f"figure_{place}",
                    disabled=not each.now,
                    help=f"Open the tasks of “{each.label}”",
                ):
                    report.open_list(**each.opens)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure beside that of the period before."""

    label: str
    now: int | Decimal | None  # None: there is nothing that it could be of
    then: int | Decimal | None
    opens: Opens | None = None  # None: it counts no tasks
    is_money: bool = False
    tip: str = ""
    good: Literal["normal", "inverse", "off"] = "inverse"  # fewer is better, unless it says

    def said(self, value: int | Decimal | None) -> str:
        """Return a value as it is shown; its dollar sign is escaped, or Markdown would begin a
        formula there."""
        if value is None:
            return "–"
        return f"\\${value:,.2f}" if self.is_money else f"{value:,}"

    @property
    def change(self) -> str | None:
        """Return what changed since the period before; None where there is nothing to compare."""
        if self.now is None or self.then is None:
            return None
        change = self.now - self.then
        if not change:
            return "no change"
        return f"{'-' if change < 0 else '+'}{'$' if self.is_money else ''}{abs(change):,}"
