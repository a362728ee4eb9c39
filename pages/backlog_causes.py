"""Backlog, causes: which payers refuse with which codes, and what comes back."""

import streamlit as st

from lib.ui import charts, report
from lib.ui.report import Page

MOST = 15


def causes(page: Page) -> None:
    report.heading("causes")
    view = page.view
    rows = page.counted("causes").dicts()
    frame = report.frame_of(page.counted("causes")).head(MOST)
    frame = frame.assign(Name=[f"{row['Payer']} · {row['Code']}" for row in rows[:MOST]])
    days = {"created_since": view.since.isoformat(), "created_until": view.until.isoformat()}
    opens = {
        f"{row['Payer']} · {row['Code']}": days | {"bar_payer": row["Payer"], "code": row["Code"]}
        for row in rows
        if row["Payer"]
    }
    first = f"Most often: {rows[0]['Payer']} with {rows[0]['Code']}" if rows else "No codes"
    picked = charts.bars(
        frame.assign(Amount=frame["Requested"].astype(float)) if rows else frame, ["Tasks"],
        finding=first, about=page.about(), key="causes",
    )  # fmt: skip
    if picked in opens:
        report.open_list(**opens[picked])
    report.evidence(page, "causes", opens=opens)


def denials(page: Page) -> None:
    report.heading("denials_by_payer")
    table = page.counted("denials_by_payer")
    if not table.rows:
        st.caption("Not recorded: no remittance answered a claim in this period.")
        return
    st.dataframe(report.frame_of(table), hide_index=True, alt="Denials by payer")
    report.evidence(page, "denials_by_payer")
    report.heading("recovered_after_tasks")
    st.dataframe(report.frame_of(page.counted("recovered_after_tasks")), hide_index=True,
                 alt="Money recovered")  # fmt: skip
    report.evidence(page, "recovered_after_tasks")


page = report.begin("Causes")
causes(page)
denials(page)
