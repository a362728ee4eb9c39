"""Charts of the notebook pages: a question, its definition, bars that open the list, evidence."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, NoReturn

import altair as alt
import pandas as pd
import streamlit as st

from lib.ui import filters, navigation

_PICK = "pick"
_NOTHING = '<p class="bt-quiet bt-none">No task matches these filters.</p>'
_COLORS = {"Arrived": "#8aa4d6", "Completed": "#3f8f6b", "Pending at its end": "#1d4ed8"}


def section(question: str, definition: str) -> None:
    """The question a chart answers, and what exactly is counted."""
    st.html(
        f'<h2 class="bt-title">{escape(question)}</h2><p class="bt-quiet">{escape(definition)}</p>'
    )


def weekly(frame: pd.DataFrame, series: Sequence[str], *, key: str) -> tuple[str, str] | None:
    """Bars a week; the bar that was clicked as (the week's first day in ISO form, series)."""
    if not frame[list(series)].any(axis=None):
        st.html(_NOTHING)
        return None
    long = frame.melt("Week of", list(series), "Series", "Tasks")
    long["Day"] = [f"{day:%m/%d/%Y}" for day in long["Week of"]]
    long["Week"] = [day.isoformat() for day in long["Week of"]]
    step = max(1, len(frame) // 7)
    labels = [day.isoformat() for day in frame["Week of"]][::-1][::step]
    pick = alt.selection_point(_PICK, fields=["Week", "Series"])
    bars = (
        alt.Chart(long)
        .mark_bar(cursor="pointer", cornerRadiusEnd=1)
        .encode(
            x=alt.X(
                "Week:O",
                title=None,
                axis=alt.Axis(
                    values=labels, labelExpr="timeFormat(toDate(datum.value), '%b %d')",
                    labelAngle=0, ticks=False,
                ),
            ),
            xOffset=alt.XOffset("Series:N", sort=list(series)),
            y=alt.Y("Tasks:Q", title=None, axis=alt.Axis(tickMinStep=1)),
            color=alt.Color(
                "Series:N",
                scale=alt.Scale(domain=list(series), range=[_COLORS[name] for name in series]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            opacity=alt.condition(pick, alt.value(1), alt.value(0.45)),
            tooltip=[
                alt.Tooltip("Day", title="Week of"), "Series", alt.Tooltip("Tasks", format=","),
            ],
        )
        .add_params(pick)
        .properties(height=220)
    )  # fmt: skip
    chosen = _chosen(bars, key, ", ".join(series) + " per week")
    return (chosen["Week"], chosen["Series"]) if chosen else None


def bars(frame: pd.DataFrame, *, key: str) -> str | None:
    """One horizontal bar a row, in the frame's order; the name of the bar that was clicked."""
    if not frame["Tasks"].any():
        st.html(_NOTHING)
        return None
    pick = alt.selection_point(_PICK, fields=["Name"])
    chart = (
        alt.Chart(frame)
        .mark_bar(cursor="pointer", color="#1d4ed8", cornerRadiusEnd=1)
        .encode(
            y=alt.Y("Name:N", sort=None, title=None, axis=alt.Axis(labelLimit=170, ticks=False)),
            x=alt.X("Tasks:Q", title=None, axis=alt.Axis(tickMinStep=1, tickCount=4)),
            opacity=alt.condition(pick, alt.value(1), alt.value(0.45)),
            tooltip=[
                "Name", alt.Tooltip("Tasks", format=","), alt.Tooltip("Amount", format="$,.2f"),
            ],
        )
        .add_params(pick)
        .properties(height=220)
    )  # fmt: skip
    chosen = _chosen(chart, key, "Tasks by name")
    return chosen["Name"] if chosen else None


def _chosen(chart: Any, key: str, alt_text: str) -> dict[str, str] | None:
    event: Any = st.altair_chart(
        chart, on_select="rerun", selection_mode=_PICK, key=key, alt=alt_text
    )
    picked = event.selection.get(_PICK) or []
    return picked[0] if picked else None


def evidence(frame: pd.DataFrame, sql: str) -> None:
    """The numbers behind a chart, and the query that gave them."""
    with st.expander("Table and SQL"):
        st.dataframe(frame, hide_index=True, alt="The numbers of the chart")
        st.code(sql.strip(), language="sql")


def open_list(**changes: str | None) -> NoReturn:
    """Open the list with the filters of this page and those of the bar."""
    cleared: dict[str, str | None] = dict.fromkeys((*filters.DAY_KEYS, "page", "sort", "task"))
    navigation.go("tasks", **{"weeks": None, **cleared, **changes})
