"""Backlog, overview: what a manager reads in a minute, each figure beside the period before."""

import streamlit as st

from lib.backlog import flow
from lib.models import TaskType
from lib.ui import report, report_figures, report_flow
from lib.ui.report import Page
from lib.ui.report_figures import Figure
from lib.ui.report_links import Part


def net(part: Part) -> int:
    """Return what came in and came back, less what was completed or handed on."""
    return sum(bar.came - bar.left for bar in flow.bars(part.tables["flow"]))


def lead(part: Part) -> int | None:
    row = part.tables["lead_time"].dicts()[0]
    return row["Lead, days P85"] if row["Completed tasks"] else None


def figures(page: Page) -> None:
    """Draw pending, dollars, overdue, oldest, net flow and lead time, with their trends."""
    now, then = page.sums(), page.sums(page.before)
    opens = page.now.pending
    days, days_before = lead(page.now), lead(page.before)
    report_figures.figures([
        Figure("Pending", now.tasks, then.tasks, opens(),
               tip=f"{now.with_biller:,} of them wait on the biller."),
        Figure("Held", now.held, then.held, opens(), is_money=True, tip="Each charge once."),
        Figure("Overdue", now.overdue, then.overdue, opens(due="overdue"),
               tip=f"\\${now.overdue_dollars:,.2f} requested"),
        Figure("Oldest, days", now.oldest, then.oldest, opens(days=str(now.oldest or 0))),
        Figure("Net flow", net(page.now), net(page.before),
               tip="Received and reopened less completed."),
        Figure("P85 lead time, days", days, days_before, page.now.during("done"),
               tip="Request to completion."),
    ])  # fmt: skip
    st.caption(
        f"{now.with_biller:,} of the pending tasks wait on the biller · {now.due_soon:,} are due "
        "in the next 7 days."
    )


def changed(page: Page) -> None:
    """Draw where the backlog grew or shrank since the period before."""
    now, then = (
        {row["Type"]: row["Tasks"] for row in part.tables["pending_by_type"].dicts()}
        for part in page.parts
    )
    moved = sorted(
        ((now.get(k, 0) - then.get(k, 0), k) for k in {*now, *then}), key=lambda pair: -abs(pair[0])
    )
    said = [f"{TaskType(k).label} {change:+,}" for change, k in moved if change][:3]
    st.subheader("What changed, and where?", anchor=False)
    st.text("; ".join(said) if said else "Nothing changed by type since the period before.")


page = report.begin("Backlog", "Overview")
figures(page)
changed(page)
report.heading("flow")
report_flow.pending_over_time(page, key="overview_pending")
report.heading("pending_by_filing_limit")
report_figures.filing_bars(page)
report_figures.shown(page, "summary")
report.day_note_form(page)
