"""Backlog, flow: what came in and what left, over time, and how long it took."""

import streamlit as st

from lib.backlog import flow
from lib.ui import report, report_figures, report_flow
from lib.ui.report import Page
from lib.ui.report_figures import Figure
from lib.ui.report_links import HAPPENED, Part


def total(part: Part, name: str, number: str = "flow") -> int:
    return int(sum(part.tables[number].column(name)))


def in_and_out(page: Page) -> None:
    report.heading("flow")
    if page.view.is_one_person:
        st.caption(flow.ONE_PERSON)
    came = "Assigned" if "Assigned" in page.table("flow").names else "Received"
    totals = {name: total(page.now, name) for name in (came, "Completed", "Reopened")}
    report_figures.figures([
        Figure(name, totals[name], total(page.before, name),
               page.now.during(HAPPENED[name]),
               good="normal" if name == "Completed" else "inverse")
        for name in totals
    ])  # fmt: skip
    net = totals[came] + totals["Reopened"] - totals["Completed"]
    report_flow.over_time(
        page, list(totals), key="weeks_flow",
        finding=f"{totals['Completed']:,} completed, {totals[came]:,} {came.lower()}: net {net:+,}",
    )  # fmt: skip
    report_flow.pending_over_time(page, key="weeks_pending")


def asked_for(page: Page) -> None:
    report.heading("asked_for")
    count = total(page.now, "Asked for", "asked_for")
    report_flow.over_time(
        page, ["Asked for"], name="asked_for", key="asked_for",
        finding=f"{count:,} were asked for in the period",
        before=report_flow.frame_of(page.before.tables["asked_for"]),
    )  # fmt: skip
    report_figures.evidence(page, "asked_for")


def cumulative(page: Page) -> None:
    report.heading("cumulative_flow")
    last = page.table("cumulative_flow").dicts()[-1]
    gap = last["Received so far"] - last["Completed so far"]
    report_flow.over_time(
        page, ["Received so far", "Completed so far"], name="cumulative_flow", kind="line",
        finding=f"{gap:,} lie between what came in and what left", key="cumulative",
    )  # fmt: skip
    report_figures.evidence(page, "cumulative_flow")


def littles_law(page: Page) -> None:
    st.subheader("Is the backlog steady?", anchor=False)
    st.caption(
        "Little's law: average pending = completed a day × days a task takes. It holds where as "
        "much comes in as leaves and pending stays about the same; over whole days of the period. "
        "Source: J. D. C. Little, Operations Research 9 (1961)."
    )
    found = page.law
    if found is None or not found.is_steady:
        st.text(f"Not steady: {'; '.join(found.failed if found else ())}.")
        return
    st.text(
        f"Steady: {found.pending:,.1f} pending ÷ {found.completed:,.2f} completed a day = "
        f"{found.days or 0:,.1f} days; measured {found.measured or 0:,.1f} days."
    )


page = report.begin("Flow", "Flow")
in_and_out(page)
asked_for(page)
cumulative(page)
for name in ("lead_and_cycle_time", "first_response", "handoffs_and_reopens"):
    report_figures.shown(page, name)
littles_law(page)
report.day_note_form(page)
