"""Backlog, aging: how long pending tasks have waited, what is due, what may be too late."""

from lib.ui import report, report_figures
from lib.ui.report import Page


def ages(page: Page) -> None:
    report.heading("pending_by_age")
    table = page.table("pending_by_age").dicts()
    total = sum(row["Tasks"] for row in table)
    old = sum(row["Tasks"] for row in table if row["Age"] == "Over 90 days")
    report_figures.bars(
        page, "pending_by_age", "Age", key="ages",
        finding=f"{old:,} of {total:,} have waited over 90 days",
    )  # fmt: skip


def due(page: Page) -> None:
    report.heading("pending_by_due_date")
    rows = page.table("pending_by_due_date").dicts()
    late = sum(row["Tasks"] for row in rows if row["Due"] == "overdue")
    report_figures.bars(
        page, "pending_by_due_date", "Due", key="due", finding=f"{late:,} are overdue",
    )  # fmt: skip


def most(page: Page, name: str, column: str) -> str:
    """Return which row has most tasks, and how many of all."""
    rows = page.table(name).dicts()
    total = sum(row["Tasks"] for row in rows)
    first = max(rows, key=lambda row: int(row["Tasks"]), default=None)
    if first is None:
        return ""
    return f"Most: {report_figures.said(page, first, column)}, {first['Tasks']:,} of {total:,}"


def kinds(page: Page) -> None:
    report.heading("pending_by_type")
    report_figures.bars(
        page, "pending_by_type", "Type", key="types",
        finding=most(page, "pending_by_type", "Type"),
    )  # fmt: skip
    report.heading("pending_by_payer")
    report_figures.bars(
        page, "pending_by_payer", "Payer", key="payers", most=12,
        finding=most(page, "pending_by_payer", "Payer"),
    )  # fmt: skip


page = report.begin("Aging", "Aging")
ages(page)
due(page)
report.heading("pending_by_filing_limit")
report_figures.filing_bars(page)
kinds(page)
report_figures.shown(page, "oldest")
