"""Backlog, aging: how long pending tasks have waited, what is due, what may be too late."""

import streamlit as st

from lib.backlog.pending import DUE
from lib.models import TaskType
from lib.ui import report
from lib.ui.report import Page


def ages(page: Page) -> None:
    report.heading("pending_by_age")
    table = page.counted("pending_by_age").dicts()
    total = sum(row["Tasks"] for row in table)
    old = sum(row["Tasks"] for row in table if row["Age"] == "Over 90 days")
    finding = f"{old:,} of {total:,} have waited over 90 days"
    report.side_bars(page, "pending_by_age", "Age", key="ages", finding=finding,
                     opens=lambda row: {"waited": row["Age"]})  # fmt: skip


def due(page: Page) -> None:
    report.heading("pending_by_due_date")
    late = sum(
        r["Tasks"] for r in page.counted("pending_by_due_date").dicts() if r["Due"] == "overdue"
    )
    report.side_bars(page, "pending_by_due_date", "Due", key="due", finding=f"{late:,} are overdue",
                     opens=lambda row: {"due": row["Due"]}, names=DUE)  # fmt: skip


def kinds(page: Page) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        report.heading("pending_by_type")
        report.side_bars(
            page, "pending_by_type", "Type", key="types", finding="Pending tasks by type",
            opens=lambda row: {"bar_type": TaskType(row["Type"]).label},
            names={kind.value: kind.label for kind in TaskType},
        )  # fmt: skip
    with right:
        report.heading("pending_by_payer")
        report.side_bars(
            page, "pending_by_payer", "Payer", key="payers", finding="Pending tasks by payer",
            opens=lambda row: {"bar_payer": row["Payer"]}, most=12,
        )  # fmt: skip


page = report.begin("Aging")
ages(page)
due(page)
report.heading("pending_by_filing_limit")
report.filing_bars(page)
kinds(page)
report.heading("oldest")
st.dataframe(
    report.typed(report.frame_of(page.counted("oldest"))), hide_index=True, alt="Oldest tasks"
)
report.evidence(page, "oldest")
