"""Backlog, people: who has and who completed what. By name: a count alone ranks nobody."""

import streamlit as st

from lib.backlog import link
from lib.models import Resolution, TaskType
from lib.ui import charts, report
from lib.ui.report import Page


def pending_of_people(page: Page) -> None:
    report.heading("pending_by_person")
    rows = page.counted("pending_by_person").dicts()
    names = {row["Person"]: page.names.get(row["Person"], row["Name"]) for row in rows}
    names[None] = link.NOBODY
    frame = report.frame_of(page.counted("pending_by_person"))
    frame = frame.assign(Name=[names[row["Person"]] for row in rows])
    opens = {
        names[row["Person"]]: report.pending_bar(
            page, had_by=str(row["Person"]) if row["Person"] else "none"
        )
        for row in rows
    }
    nobody = sum(row["Tasks"] for row in rows if row["Person"] is None)
    picked = charts.bars(
        frame.assign(Amount=frame["Requested"].astype(float)) if rows else frame,
        ["Waiting on practice", "Waiting on biller"], finding=f"{nobody:,} have nobody",
        about=page.about(), key="assignees",
    )  # fmt: skip
    if picked in opens:
        report.open_list(**opens[picked])
    report.evidence(page, "pending_by_person", frame=frame, opens=opens)


def completions(page: Page) -> None:
    report.heading("completions_by_person")
    rows = page.counted("completions_by_person").dicts()
    frame = report.frame_of(page.counted("completions_by_person"))
    frame = frame.assign(Name=[page.names.get(row["Person"], row["Name"]) for row in rows])
    st.dataframe(frame, hide_index=True, alt="Completions by person and type")
    days = {
        "completed_since": page.view.since.isoformat(),
        "completed_until": page.view.until.isoformat(),
    }
    opens = {
        f"{name}: {kind.label}": days | {"had_by": str(row["Person"]), "bar_type": kind.label}
        for row, name in zip(rows, frame["Name"], strict=True)
        for kind in TaskType
        if row[kind.label] and row["Person"]
    }
    report.evidence(page, "completions_by_person", frame=frame, opens=opens)


def resolutions(page: Page) -> None:
    report.heading("resolutions")
    frame = report.frame_of(page.counted("resolutions"))
    labels = {each.value: each.label for each in Resolution} | {"": "Not recorded"}
    frame = frame.assign(Resolution=[labels.get(each, each) for each in frame["Resolution"]])
    st.dataframe(frame, hide_index=True, alt="Completions by resolution")
    report.evidence(page, "resolutions", frame=frame)


page = report.begin("People")
pending_of_people(page)
completions(page)
resolutions(page)
