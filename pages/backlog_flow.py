"""Backlog, flow: what came in and what left, over time."""

import streamlit as st

from lib.backlog import flow
from lib.ui import charts, report, session
from lib.ui.report import Page

OPENS = {"Received": "created", "Assigned": "created", "Completed": "completed",
         "Reopened": "reopened"}  # fmt: skip


def open_bar(picked: tuple[str, str, str] | None) -> None:
    if picked is None:
        return
    since, until, series = picked
    if series == "Pending":
        report.open_list(pending_on=until)
    name = OPENS[series]
    report.open_list(**{f"{name}_since": since, f"{name}_until": until})


def in_and_out(page: Page) -> None:
    report.heading("flow")
    if page.view.is_one_person:
        st.caption(flow.ONE_PERSON)
    table = page.counted("flow")
    frame = report.frame_of(table)
    came = "Received" if "Received" in frame else "Assigned"
    total = {name: int(frame[name].sum()) for name in (came, "Completed", "Reopened")}
    net = total[came] + total["Reopened"] - total["Completed"]
    open_bar(charts.over_time(
        frame, [came, "Completed", "Reopened"],
        finding=f"{total['Completed']:,} completed, {total[came]:,} {came.lower()}: net {net:+,}",
        about=page.about(), key="weeks_flow", notes=page.notes, unit=page.view.unit,
    ))  # fmt: skip
    found = flow.bars(table)
    open_bar(charts.over_time(
        frame, ["Pending"],
        finding=f"{found[-1].pending:,} pending at the end, {found[0].pending:,} at the beginning",
        about=page.about(), key="weeks_pending", notes=page.notes, unit=page.view.unit,
    ))  # fmt: skip
    report.evidence(page, "flow", opens={
        f"{bar.begins_on:%m/%d/%Y}: {word.lower()}": {
            f"{OPENS[word]}_since": bar.begins_on.isoformat(),
            f"{OPENS[word]}_until": bar.ends_on.isoformat(),
        }
        for bar in reversed(found) for word in (came, "Completed", "Reopened")
    })  # fmt: skip


def cumulative(page: Page) -> None:
    report.heading("cumulative_flow")
    frame = report.frame_of(page.counted("cumulative_flow"))
    gap = int(frame["Received so far"].iloc[-1] - frame["Completed so far"].iloc[-1])
    charts.over_time(
        frame, ["Received so far", "Completed so far"], kind="line",
        finding=f"{gap:,} lie between what came in and what left", about=page.about(),
        key="cumulative", notes=page.notes, unit=page.view.unit,
    )  # fmt: skip
    report.evidence(page, "cumulative_flow")


def times(page: Page) -> None:
    for name in ("lead_and_cycle_time", "first_response", "handoffs_and_reopens"):
        report.heading(name)
        st.dataframe(
            report.typed(report.frame_of(page.counted(name))), hide_index=True, alt="The numbers"
        )
        report.evidence(page, name)


def littles_law(page: Page) -> None:
    st.subheader("Is the backlog steady?", anchor=False)
    st.caption(
        "Little's law: average pending = completed a day × days a task takes. It holds where as "
        "much comes in as leaves and pending stays about the same; over whole days of the period. "
        "Source: J. D. C. Little, Operations Research 9 (1961)."
    )
    found = flow.littles_law(session.connection(), page.view)
    if not found.is_steady:
        st.text(f"Not steady: {'; '.join(found.failed)}.")
        return
    st.text(
        f"Steady: {found.pending:,.1f} pending ÷ {found.completed:,.2f} completed a day = "
        f"{found.days or 0:,.1f} days; measured {found.measured or 0:,.1f} days."
    )


page = report.begin("Flow")
in_and_out(page)
cumulative(page)
times(page)
littles_law(page)
report.day_note_form(page)
