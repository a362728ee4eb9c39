"""Backlog, forecast: when it is cleared, and how much by a date, if coming days are like past."""

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from lib.backlog import forecast
from lib.backlog.calendar_periods import Unit
from lib.backlog.forecast import PastDay
from lib.store import backlog_copy
from lib.ui import report, report_figures, report_flow, session, url_widgets
from lib.ui.report import Page
from lib.ui.report_links import Part

MAX_AHEAD = 365
YEAR = 364  # days, whole weeks
NOT_RECORDED = "no completed task recorded"


def past(part: Part) -> list[PastDay]:
    """Return the days that are drawn from."""
    return forecast.days_of(part.tables["forecast_days"])


def year(part: Part) -> list[PastDay]:
    counted_in = backlog_copy.of(session.connection().store, now=session.now())
    con = counted_in.store.connection()
    found: list[PastDay] = con.store.cached(
        ("backlog", "past", YEAR, part.view),
        lambda: forecast.days_of(forecast.past(con, part.view, YEAR)),
    )
    return found


def has_completions(part: Part) -> bool:
    """Return True where something was completed in the days that are drawn from."""
    return any(day.completed for day in past(part))


def day_of(part: Part, took: int | None) -> tuple[str, int | None]:
    """Return the day as the table says it, and the number of days after the report; a forecast
    from days without a completion says that, and no number."""
    if not has_completions(part):
        return NOT_RECORDED, None
    if took is None:
        return f"not within {forecast.HORIZON} days", None
    return f"{part.view.today + timedelta(days=took):%m/%d/%Y}", took


def draw(frame: pd.DataFrame, numbers: Sequence[str], alt: str) -> None:
    """Draw a small table with its numbers to the right, and a dash where there is none."""
    st.dataframe(
        frame.astype(dict.fromkeys(numbers, "Int64")), hide_index=True, width=640, alt=alt,
        column_config=dict.fromkeys(numbers, st.column_config.NumberColumn(format="localized")),
        placeholder="–",
    )  # fmt: skip


def cleared(page: Page) -> None:
    st.subheader("When is the backlog cleared?", anchor=False)
    st.caption(
        f"{forecast.RUNS:,} runs; each coming day is one of the last {forecast.PAST_DAYS} whole "
        "days, drawn with its completions and arrivals together (seed "
        f"{forecast.SEED}: the same past gives the same answer). P85: cleared by then in 85 of "
        "100 runs."
    )
    url_widgets.bind("arrivals", ["on", "off"], default="on")
    arrivals = st.segmented_control(
        "What comes in meanwhile", ["on", "off"], key="arrivals", required=True,
        on_change=url_widgets.save,
        args=("arrivals",), kwargs={"default": "on"},
        format_func={"on": "Counted", "off": "Left out"}.__getitem__,
    )  # fmt: skip
    foretold = [
        forecast.clearing(past(part), page.sums(part).tasks, arrivals=arrivals != "off")
        for part in page.parts
    ]
    rows = [
        (name, *(each for part, took in zip(page.parts, days, strict=True)
                 for each in day_of(part, took)))
        for name, days in (
            ("P50", [found.p50 for found in foretold]),
            ("P85", [found.p85 for found in foretold]),
            ("P95", [found.p95 for found in foretold]),
        )
    ]  # fmt: skip
    columns = ["Certainty", "Cleared by", "Days", "Period before: cleared by", "Days then"]
    frame = pd.DataFrame(rows, columns=columns)
    draw(frame, ["Days", "Days then"], "When the backlog is cleared")
    said = f"Period before: what was foretold at the end of {page.before.view.today:%m/%d/%Y}."
    st.caption(session.escape_markdown(said))


def by_a_date(page: Page) -> None:
    st.subheader("How many are completed by a date?", anchor=False)
    st.caption("At least so many, in 50, 85 or 95 of 100 runs.")
    fallback = page.view.today + timedelta(days=14)
    try:
        asked = date.fromisoformat(url_widgets.get("by") or "")
    except ValueError:
        asked = fallback
    ahead = min(max((asked - page.view.today).days, 1), MAX_AHEAD)
    chosen = st.date_input("By", page.view.today + timedelta(days=ahead), key="by_date",
                           format="MM/DD/YYYY", width=140,
                           min_value=page.view.today + timedelta(days=1),
                           max_value=page.view.today + timedelta(days=MAX_AHEAD))  # fmt: skip
    if isinstance(chosen, date) and chosen != page.view.today + timedelta(days=ahead):
        url_widgets.filter_by({"by": chosen.isoformat()})
        ahead = (chosen - page.view.today).days
    now, then = (
        forecast.completed_within(past(part), ahead) if has_completions(part) else [None] * 3
        for part in page.parts
    )
    frame = pd.DataFrame(
        {"Certainty": ["P50", "P85", "P95"], "At least": now, "Period before: at least": then}
    )
    draw(frame, ["At least", "Period before: at least"], "How many are completed")
    said = f"Period before: as many days after {page.before.view.today:%m/%d/%Y}."
    for part in page.parts:
        if not has_completions(part):
            said += f" {'There' if part.is_before else 'This period'}: {NOT_RECORDED}."
    st.caption(session.escape_markdown(said))


def tested(page: Page) -> None:
    st.subheader("Would it have held before?", anchor=False)
    st.caption(
        "For each past week with 91 days before it: was at least as much completed in the next two "
        "weeks as was promised with 85%?"
    )
    found = forecast.backtest(year(page.now))
    if found.rate is None:
        st.text("There is not enough past to tell.")
        return
    st.text(
        f"Held {found.held} of {found.tried} times: {found.rate:.0%}, where {found.expected:.0%} "
        "was promised."
    )


def drawn_from(page: Page) -> None:
    report.heading("forecast_days")
    came = "Assigned" if "Assigned" in page.table("forecast_days").names else "Received"
    done, new = (sum(page.table("forecast_days").column(name)) for name in ("Completed", came))
    report_flow.over_time(
        page, ["Completed", came], name="forecast_days", key="drawn_from", unit=Unit.DAY,
        finding=f"{done:,} completed and {new:,} {came.lower()} in {forecast.PAST_DAYS} days",
    )  # fmt: skip
    report_figures.evidence(page, "forecast_days")


page = report.begin("Forecast", "Forecast")
if page.view.is_one_person:
    st.info("Of one person: what is handed on to others is not foretold.")
if not has_completions(page.now):
    st.info("Nothing was completed in the last 91 days: nothing can be foretold from them.")
else:
    cleared(page)
    by_a_date(page)
    tested(page)
    drawn_from(page)
