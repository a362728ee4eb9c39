"""Backlog, waiting: which side each task waits on, and how long each side takes."""

import streamlit as st

from lib.backlog.pending import SIDES
from lib.ui import charts, report
from lib.ui.report import Page


def now(page: Page) -> None:
    report.heading("waiting")
    rows = page.counted("waiting").dicts()
    frame = report.frame_of(page.counted("waiting"))
    frame = frame.assign(Name=[SIDES[row["Waiting on"]] for row in rows])
    opens = {
        SIDES[row["Waiting on"]]: report.pending_bar(page, side=row["Waiting on"]) for row in rows
    }
    biller = sum(row["Tasks"] for row in rows if row["Waiting on"] == "biller")
    picked = charts.bars(
        frame.assign(Amount=frame["Requested"].astype(float)) if rows else frame, ["Tasks"],
        finding=f"{biller:,} wait on the biller", about=page.about(), key="sides",
    )  # fmt: skip
    if picked in opens:
        report.open_list(**opens[picked])
    report.evidence(page, "waiting", opens=opens)


def taken(page: Page) -> None:
    report.heading("time_on_each_side")
    frame = report.frame_of(page.counted("time_on_each_side"))
    frame = frame.assign(**{"Waited on": [SIDES[each] for each in frame["Waited on"]]})
    st.dataframe(frame, hide_index=True, alt="Days on each side")
    report.evidence(page, "time_on_each_side", frame=frame)


page = report.begin("Waiting")
now(page)
taken(page)
