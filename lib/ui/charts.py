"""Charts of the Backlog pages: the finding as title, bars that open the list.

Colours differ for colour-blind people and stand at least 3:1 against white and against dark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from lib.backlog.day_notes import DayNote

_PICK = "pick"
COLORS = {
    "Received": "#c2700a", "Assigned": "#c2700a", "Completed": "#0d8a72", "Reopened": "#7c5cc4",
    "Pending": "#2563eb", "Waiting on practice": "#2563eb", "Waiting on biller": "#c2700a",
    "Handed on": "#64748b", "Received so far": "#c2700a", "Completed so far": "#0d8a72",
    "Tasks": "#2563eb",
}  # fmt: skip
SIDES = ("Waiting on practice", "Waiting on biller")
NOTHING = "No task matches these filters."


def _titled(chart: Any, finding: str, about: str) -> Any:
    title = alt.TitleParams(
        finding, subtitle=about, anchor="start", fontSize=14, subtitleFontSize=11, offset=8,
    )  # fmt: skip
    return chart.properties(title=title)


def over_time(
    frame: pd.DataFrame, series: Sequence[str], *, finding: str, about: str, key: str,
    notes: Sequence[DayNote] = (), kind: str = "bar", unit: str = "week",
) -> tuple[str, str, str] | None:  # fmt: skip
    """Draw bars or lines over days, weeks or months. Return the bar that was clicked as (first day,
    last day, series). A bar that goes on after the day of the report is drawn paler."""
    if not frame[list(series)].to_numpy().any():
        st.caption(NOTHING)
        return None
    about_bar = ["From", "Until", "Unfinished"]
    long = frame[[*about_bar, *series]].melt(about_bar, list(series), "Series", "Count")
    long["Day"] = [f"{day:%m/%d/%Y}" for day in long["From"]]
    long["From"] = [day.isoformat() for day in long["From"]]
    long["Until"] = [day.isoformat() for day in long["Until"]]
    long["State"] = ["not over yet" if u else "whole" for u in long["Unfinished"]]
    noted = _noted(frame, notes)
    step = max(1, len(frame) // 8)
    labels = [day.isoformat() for day in frame["From"]][::-1][::step]
    form = "%b %Y" if unit == "month" else "%b %d"
    marks = "+".join(f"(datum.value=='{day}'?' ▲':'')" for day in noted) or "''"
    expression = f"utcFormat(toDate(datum.value), '{form}') + {marks}"
    scale = alt.Scale(domain=list(series), range=[COLORS[name] for name in series])
    axis = alt.Axis(
        values=sorted({*labels, *noted}), labelExpr=expression, labelAngle=0, ticks=False,
        labelOverlap=True,
    )  # fmt: skip
    base = alt.Chart(long).encode(
        x=alt.X("From:O", title=f"First day of the {unit}" if unit != "day" else "Day", axis=axis),
        y=alt.Y("Count:Q", title="Tasks", axis=alt.Axis(tickMinStep=1)),
        color=alt.Color("Series:N", scale=scale, legend=alt.Legend(title=None, orient="top")),
        tooltip=[
            alt.Tooltip("Day", title="From"), "Series",
            alt.Tooltip("Count:Q", format=",", title="Tasks"),
            alt.Tooltip("State", title=unit.capitalize()),
        ],
    )  # fmt: skip
    if kind == "line":
        chart = base.mark_line(point=True, strokeWidth=2)
        with st.container(key=f"over_time_{key}"):
            st.altair_chart(_sized(_titled(chart, finding, about)), key=key, alt=finding)
        _say_notes(frame, notes)
        return None
    pick = alt.selection_point(_PICK, fields=["From", "Until", "Series"])
    chart = (
        base.mark_bar(cursor="pointer", cornerRadiusEnd=1)
        .encode(
            xOffset=alt.XOffset("Series:N", sort=list(series)),
            fillOpacity=alt.condition("datum.Unfinished", alt.value(0.4), alt.value(1)),
            opacity=alt.condition(pick, alt.value(1), alt.value(0.45)),
        )
        .add_params(pick)
    )
    with st.container(key=f"over_time_{key}"):  # keeps the place of a chart that comes late
        chosen = _chosen(_sized(_titled(chart, finding, about)), key, finding)
    _say_notes(frame, notes)
    return (chosen["From"], chosen["Until"], chosen["Series"]) if chosen else None


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


def bars(
    frame: pd.DataFrame, series: Sequence[str], *, finding: str, about: str, key: str,
    unit: str = "Tasks",
) -> str | None:  # fmt: skip
    """Draw one horizontal bar a row, its series side by side in it. Return the name that was
    clicked."""
    if not len(frame) or not frame[list(series)].to_numpy().any():
        st.caption(NOTHING)
        return None
    frame = frame.assign(**{name: frame[name].astype(float) for name in series})
    names = list(frame["Name"])
    about_bar = [name for name in ("Name", "Amount") if name in frame]
    long = frame[[*about_bar, *series]].melt(about_bar, list(series), "Series", "Count")
    long = long[long["Count"] > 0]
    scale = alt.Scale(domain=list(series), range=[COLORS.get(name, "#2563eb") for name in series])
    legend = alt.Legend(title=None, orient="top") if len(series) > 1 else None
    pick = alt.selection_point(_PICK, fields=["Name"])
    tooltip = ["Name", "Series", alt.Tooltip("Count:Q", format=",", title=unit)]
    if "Amount" in long:
        tooltip.append(alt.Tooltip("Amount", format="$,.2f", title="Requested"))
    chart = (
        alt.Chart(long)
        .mark_bar(cursor="pointer", cornerRadiusEnd=1)
        .encode(
            y=alt.Y("Name:N", sort=names, title=None, axis=alt.Axis(labelLimit=190, ticks=False)),
            x=alt.X("Count:Q", title=unit, axis=alt.Axis(tickMinStep=1, tickCount=4)),
            color=alt.Color("Series:N", scale=scale, legend=legend),
            opacity=alt.condition(pick, alt.value(1), alt.value(0.45)),
            tooltip=tooltip,
        )
        .add_params(pick)
    )
    height = 30 * len(names) + 170
    with st.container(key=f"bars_{key}"):
        chosen = _chosen(_titled(chart, finding, about).properties(height=height), key, finding)
    return chosen["Name"] if chosen else None


def _sized(chart: Any) -> Any:
    return chart.properties(height=320)


def _chosen(chart: Any, key: str, alt_text: str) -> Mapping[str, str] | None:
    event: Any = st.altair_chart(
        chart, on_select="rerun", selection_mode=_PICK, key=key, alt=alt_text
    )
    picked = event.selection.get(_PICK) or []
    return picked[0] if picked else None
