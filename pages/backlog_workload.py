"""Backlog, workload: who has and who completed what. By name: a count alone ranks nobody."""

from lib.ui import report, report_figures
from lib.ui.report import Page


def pending_of_people(page: Page) -> None:
    report.heading("pending_by_person")
    rows = page.table("pending_by_person").dicts()
    nobody = sum(row["Tasks"] for row in rows if row["Person"] is None)
    report_figures.bars(
        page, "pending_by_person", "Person", key="assignees", finding=f"{nobody:,} are unassigned",
        most=40,
    )  # fmt: skip


page = report.begin("Workload", "Workload")
pending_of_people(page)
for name in ("completions_by_person", "resolutions"):
    report_figures.shown(page, name)
