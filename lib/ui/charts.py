"""Charts of the Backlog pages: the finding as title, bars that open the list.

Colours differ for colour-blind people and stand at least 3:1 against white and against the dark
ground; `tests/test_charts.py` computes it. Streamlit draws a chart of one mark only where its bars
can be clicked, so the period before is a grey bar beside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from lib.backlog import report_url
from lib.backlog.day_notes import DayNote
from lib.ui import components

_PICK = "pick"
BEFORE = "Period before"
SIDES = ("Waiting on practice", "Waiting on biller")
COLORS = {
    "Received": "#c2700a", "Assigned": "#c2700a", "Completed": "#0d8a72", "Reopened": "#8a6bd0",
    "Handed on": "#4f7fd9", "Asked for": "#c2700a", "Pending": "#3b74ee",
    "Waiting on practice": "#3b74ee", "Waiting on biller": "#c2700a", "Received so far": "#c2700a",
    "Completed so far": "#0d8a72", "Tasks": "#3b74ee", BEFORE: "#7b8794",
}  # fmt: skip
QUIET = {"light": "#566379", "dark": "#a3b2c7"}  # --bt-quiet of palette.css
AROUND = {"left": 6, "top": 6, "right": 12, "bottom": 6}  # pixels; a file ends there
AROUND_BARS = 160  # pixels of title, legend and axis: the height of a chart counts them


def say_nothing() -> None:
    """Draw the words that stand where a chart or a table would be without anything in it."""
    st.caption("No tasks to show.")


@dataclass(frozen=True, slots=True)
class Mark:
    """One part of a horizontal bar."""

    name: str
    series: str
    count: int
    amount: Decimal | None


def _titled(chart: Any, finding: str, about: str) -> Any:
    quiet = QUIET["dark" if st.context.theme.type == "dark" else "light"]
    title = alt.TitleParams(
        finding, subtitle=about, anchor="start", fontSize=14, subtitleFontSize=11, offset=8,
        subtitleColor=quiet,
    )  # fmt: skip
    return chart.properties(title=title, padding=AROUND)


def _color(series: Sequence[str]) -> Any:
    scale = alt.Scale(domain=list(series), range=[COLORS[name] for name in series])
    # On a phone one name below the other: side by side they would run off the chart.
    columns = alt.ExprRef(f"width < 400 ? 1 : {len(series)}")
    legend = alt.Legend(title=None, orient="top", columns=columns) if len(series) > 1 else None
    return alt.Color("Series:N", scale=scale, legend=legend)


def _bars_over_time(
    frame: pd.DataFrame, series: Sequence[str], before: pd.DataFrame | None
) -> pd.DataFrame:
    """Return a row a bar; one of the period before stands at the day of the bar it is beside."""
    rows = frame.to_dict("records")
    bars = [(row, row, name, row[name], row["Unfinished"]) for name in series for row in rows]
    if before is not None:
        beside = zip(rows, before.to_dict("records"), strict=False)
        bars += [(row, then, BEFORE, then[series[0]], False) for row, then in beside]
    return pd.DataFrame(
        {
            "At": [at["From"].isoformat() for at, *_ in bars],
            "From": [row["From"].isoformat() for _, row, *_ in bars],
            "Until": [row["Until"].isoformat() for _, row, *_ in bars],
            "Series": [name for _, _, name, *_ in bars],
            "Count": [count for *_, count, _ in bars],
            "Unfinished": [unfinished for *_, unfinished in bars],
            "Day": [f"{row['From']:%m/%d/%Y}" for _, row, *_ in bars],
            "State": ["not over yet" if each else "whole" for *_, each in bars],
        }
    )


def over_time(
    frame: pd.DataFrame, series: Sequence[str], *, finding: str, about: str, key: str,
    notes: Sequence[DayNote] = (), kind: str = "bar", unit: str = "week",
    before: pd.DataFrame | None = None,
) -> tuple[date, date, str] | None:  # fmt: skip
    """Draw bars or lines over days, weeks or months. Return the bar that was clicked as (first day,
    last day, series).

    A bar that goes on after the day of the report is drawn as an outline. `before` has the rows of
    the period before, of the first series."""
    if not frame[list(series)].to_numpy().any():
        say_nothing()
        return None
    shown = [*series, BEFORE] if before is not None else list(series)
    noted = _noted(frame, notes)
    step = max(1, len(frame) // 8)
    labels = [day.isoformat() for day in frame["From"]][::-1][::step]
    form = "%b %Y" if unit == "month" else "%b %d"
    marks = "+".join(f"(datum.value=='{day}'?' ▲':'')" for day in noted) or "''"
    axis = alt.Axis(
        values=sorted({*labels, *noted}), labelAngle=0, ticks=False, labelOverlap=True,
        labelExpr=f"utcFormat(toDate(datum.value), '{form}') + {marks}",
    )  # fmt: skip
    base = alt.Chart(_bars_over_time(frame, series, before)).encode(
        x=alt.X("At:O", title=f"First day of the {unit}" if unit != "day" else "Day", axis=axis),
        y=alt.Y("Count:Q", title="Tasks", axis=alt.Axis(tickMinStep=1)),
        color=_color(shown),
        tooltip=[
            alt.Tooltip("Day", title="From"), alt.Tooltip("Series"),
            alt.Tooltip("Count:Q", format=",", title="Tasks"),
            alt.Tooltip("State", title=unit.capitalize()),
        ],
    )  # fmt: skip
    if kind == "line":
        chart: Any = base.mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=50))
    else:
        outline = {"test": "datum.Unfinished", "value": 0.25}
        chart = base.mark_bar(cursor="pointer", cornerRadiusEnd=1, strokeWidth=1.5).encode(
            xOffset=alt.XOffset("Series:N", sort=shown),
            fillOpacity=alt.FillOpacityValue(1, condition=outline),
            stroke=_color(shown),
        )
    pick = alt.selection_point(_PICK, fields=["From", "Until", "Series"])
    chart = chart.add_params(pick).properties(height=320)
    with st.container(key=f"over_time_{key}"):  # keeps the place of a chart that comes late
        chosen = _chosen(_titled(chart, finding, about), key, finding)
    _say_notes(frame, notes)
    if not chosen:
        return None
    since, until = date.fromisoformat(chosen["From"]), date.fromisoformat(chosen["Until"])
    return since, until, chosen["Series"]


def _noted(frame: pd.DataFrame, notes: Sequence[DayNote]) -> dict[str, str]:
    """Return the bars on whose days a note stands, by their first day."""
    return {
        row["From"].isoformat(): note.text
        for _, row in frame.iterrows()
        for note in notes
        if row["From"] <= note.day <= row["Until"]
    }


def _say_notes(frame: pd.DataFrame, notes: Sequence[DayNote]) -> None:
    first, last = frame["From"].min(), frame["Until"].max()
    inside = [note for note in notes if first <= note.day <= last]
    if inside:
        st.text("\n".join(f"▲ {note.day:%m/%d/%Y}: {note.text}" for note in inside))


def names_drawn(marks: Sequence[Mark]) -> list[str]:
    """Return the names with a bar in either period, in their own order: an age that nobody has
    waited now stands between the others, not after them."""
    drawn = {mark.name for mark in marks if mark.count}
    return [name for name in dict.fromkeys(mark.name for mark in marks) if name in drawn]


def bars(
    marks: Sequence[Mark], series: Sequence[str], *, finding: str, about: str, key: str, before: str
) -> tuple[str, str] | None:
    """Draw one horizontal bar a name, its series side by side in it, beside that of the period
    `before`. Return the part that was clicked as (name, series)."""
    names = names_drawn(marks)
    marks = [mark for mark in marks if mark.count]
    if not any(mark.series != BEFORE for mark in marks):
        say_nothing()
        return None
    has_before = any(mark.series == BEFORE for mark in marks)
    shown = [*series, BEFORE] if has_before else list(series)
    frame = pd.DataFrame(
        {
            "Name": [mark.name for mark in marks],
            "Series": [mark.series for mark in marks],
            "Period": [before if mark.series == BEFORE else "this period" for mark in marks],
            "Count": [mark.count for mark in marks],
            "Amount": [float(mark.amount or 0) for mark in marks],
            "Told": [f"Name: {m.name}; Series: {m.series}; Tasks: {m.count:,}" for m in marks],
            "Place": [int(mark.series == BEFORE) for mark in marks],
            "Order": [shown.index(mark.series) for mark in marks],
        }
    )
    pick = alt.selection_point(_PICK, fields=["Name", "Series"])
    chart = (
        alt.Chart(frame)
        .mark_bar(cursor="pointer", cornerRadiusEnd=1)
        .encode(
            y=alt.Y("Name:N", sort=names, title=None, axis=alt.Axis(labelLimit=190, ticks=False)),
            yOffset=alt.YOffset("Place:O"),
            x=alt.X("Count:Q", title="Tasks", axis=alt.Axis(tickMinStep=1, tickCount=4),
                    scale=alt.Scale(nice=4)),
            color=_color(shown),
            order=alt.Order("Order:O"),
            description=alt.Description("Told:N"),
            tooltip=[
                *(alt.Tooltip(each) for each in ("Name", "Series", "Period")),
                alt.Tooltip("Count:Q", format=",", title="Tasks"),
                alt.Tooltip("Amount", format="$,.2f", title="Requested by the whole bar"),
            ],
        )
        .add_params(pick)
        .properties(height=44 * len(names) + AROUND_BARS)
    )  # fmt: skip
    with st.container(key=f"bars_{len(names)}_{key}"):  # keeps the place of so many bars
        chosen = _chosen(_titled(chart, finding, about), key, finding)
    return (chosen["Name"], chosen["Series"]) if chosen else None


def _chosen(chart: Any, key: str, alt_text: str) -> Mapping[str, str] | None:
    event: Any = st.altair_chart(
        chart, on_select="rerun", selection_mode=_PICK, key=key, alt=alt_text
    )
    name = re.sub(r"[^\w$%.,-]+", " ", alt_text)
    components.chart_tools(key, name, strays=report_url.STRAYS)
    picked = event.selection.get(_PICK) or []
    return picked[0] if picked else None
