"""Backlog, causes: which payers refuse with which codes, and what comes back."""

import streamlit as st

from lib.backlog import report_url
from lib.ui import report, report_figures
from lib.ui.report import Page


def causes(page: Page) -> None:
    report.heading("causes")
    rows = page.table("causes").dicts()
    first = f"{rows[0]['Payer'] or report_url.NOT_NAMED} with {rows[0]['Code']}" if rows else ""
    report_figures.bars(
        page, "causes", "Code", key="causes", finding=f"Most often: {first}",
        series=("Tasks",),
    )  # fmt: skip


def denials(page: Page) -> None:
    report.heading("denials_by_payer")
    if not page.table("denials_by_payer").rows and not page.before.tables["denials_by_payer"].rows:
        st.caption("Not recorded: no remittance answered a claim in this period.")
        return
    st.caption("These are answers of payers, not tasks: they open no list.")
    report_figures.draw(page, "denials_by_payer")
    report_figures.evidence(page, "denials_by_payer", is_shown=True)
    report_figures.shown(page, "recovered_after_tasks")


page = report.begin("Causes", "Causes")
causes(page)
denials(page)
