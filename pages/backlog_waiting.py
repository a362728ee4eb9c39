"""Backlog, waiting: which side each task waits for, and how long each side takes."""

from lib.ui import report, report_figures
from lib.ui.report import Page


def now(page: Page) -> None:
    report.heading("waiting")
    rows = page.table("waiting").dicts()
    biller = sum(row["Tasks"] for row in rows if row["Waiting on"] == "biller")
    report_figures.bars(
        page, "waiting", "Waiting on", key="sides", finding=f"{biller:,} wait on the biller",
        series=("Tasks",),
    )  # fmt: skip


page = report.begin("Waiting", "Waiting")
now(page)
report_figures.shown(page, "time_on_each_side")
