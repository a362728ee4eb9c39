"""Backlog, overview: what a manager reads in a minute, each figure beside the period before."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import streamlit as st

from lib.backlog import days, flow, times
from lib.backlog.days import Unit
from lib.backlog.view import View
from lib.models import TaskType
from lib.ui import charts, report, session
from lib.ui.report import Page


def earlier(view: View) -> View:
    """Return the same report at the end of the day before the period began, over the period
    before."""
    since, until = days.before(view.since, view.until)
    return replace(
        view, since=since, until=until, today=until, closes_day=True,
        as_of=view.as_of - (view.today - until) + timedelta(days=1),
    )  # fmt: skip


def figure(label: str, now: int | Decimal, then: int | Decimal | None, *, money: bool = False,
           tip: str = "", good: str = "inverse") -> None:  # fmt: skip
    """Draw one figure with its change since the period before; fewer is better unless `good`
    says."""
    shown = f"\\${now:,.2f}" if money else f"{now:,}"
    delta = None
    if then is not None:
        change = now - then
        delta = f"{'-' if change < 0 else '+'}{'$' if money else ''}{abs(change):,}"
    st.metric(label, shown, delta, delta_color=good, help=tip, border=True)  # type: ignore[arg-type]


def figures(page: Page) -> None:
    """Draw pending, dollars, overdue, oldest, net flow and lead time, with their trends."""
    con, view = session.connection(), page.view
    before = earlier(view)
    now, then = page.summary(), page.summary(before)
    lead = times.p85_lead(con, view)
    lead_before = times.p85_lead(con, before)
    whole = replace(view, unit=Unit.MONTH)
    net = sum(bar.received + bar.reopened - bar.completed for bar in flow.bars(
        flow.over_time(con, whole)))  # fmt: skip
    net_before = sum(bar.received + bar.reopened - bar.completed for bar in flow.bars(
        flow.over_time(con, replace(before, unit=Unit.MONTH))))  # fmt: skip
    st.caption(
        f"{view.since:%m/%d/%Y} to {view.until:%m/%d/%Y}; changes against "
        f"{before.since:%m/%d/%Y} to {before.until:%m/%d/%Y}."
    )
    with st.container(horizontal=True, key="figures", gap="small"):
        figure("Pending", now.tasks, then.tasks, tip=f"{now.with_biller} wait on the biller.")
        figure("Held", now.held, then.held, money=True, tip="Each charge once.")
        figure("Overdue", now.overdue, then.overdue, tip=f"\\${now.overdue_dollars:,.2f} requested")
        figure("Oldest, days", now.oldest or 0, then.oldest or 0)
        figure("Net flow", net, net_before, tip="Received and reopened less completed.")
        figure("P85 lead time, days", lead or 0, lead_before, tip="Request to completion.")
    st.caption(
        f"{now.with_biller:,} of the pending tasks wait on the biller · {now.due_soon:,} are due "
        "in the next 7 days."
    )


def changed(page: Page) -> None:
    """Draw where the backlog grew or shrank since the period before."""
    before = earlier(page.view)
    now = {row["Type"]: row["Tasks"] for row in page.counted("pending_by_type").dicts()}
    then = {row["Type"]: row["Tasks"] for row in page.counted("pending_by_type", before).dicts()}
    moved = sorted(
        ((now.get(k, 0) - then.get(k, 0), k) for k in {*now, *then}), key=lambda pair: -abs(pair[0])
    )
    said = [f"{TaskType(k).label} {change:+,}" for change, k in moved if change][:3]
    st.subheader("What changed, and where?", anchor=False)
    st.text("; ".join(said) if said else "Nothing changed by type since the period before.")


def over_time(page: Page) -> None:
    report.heading("flow")
    table = page.counted("flow")
    frame = report.frame_of(table)
    found = flow.bars(table)
    first, last = found[0].pending, found[-1].pending
    finding = f"Pending went from {first:,} to {last:,}"
    picked = charts.over_time(
        frame, ["Pending"], finding=finding, about=page.about(), key="overview_pending",
        notes=page.notes, unit=page.view.unit,
    )  # fmt: skip
    if picked:
        report.open_list(pending_on=picked[1])
    report.evidence(page, "flow")


def at_risk(page: Page) -> None:
    report.heading("pending_by_filing_limit")
    report.filing_bars(page)


page = report.begin("Backlog")
figures(page)
changed(page)
over_time(page)
at_risk(page)
report.heading("summary")
report.evidence(page, "summary")
report.day_note_form(page)
