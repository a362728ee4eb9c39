"""What files bring, or would bring: one row a file, remarks on it, and rejected rows."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lib import us_formats
from lib.import_report_models import MAX_PREVIEWED, ImportReport
from lib.ui import html, session

MAX_SHOWN = 200  # rejected rows of a file; the download has all of them


def table(reports: Sequence[ImportReport], *, is_done: bool) -> None:
    """Draw one row a file: what comes in, or why nothing does."""
    came = "New" if is_done else "Would come in"
    heads = (
        "File", "Format", f"{came}: charges", f"{came}: tasks", "Amount", "Rows refused", "Result",
    )  # fmt: skip
    rows = [
        (
            report.file,
            report.format or "",
            f"{report.charges_new:,}",
            f"{report.tasks_new:,}",
            us_formats.dollars(report.tasks_amount),
            f"{len(report.refused_rows):,}",
            _result(report, is_done=is_done),
        )
        for report in reports
    ]
    st.html(html.table(heads, rows, right=range(2, 6), style="bt-report"))


def remarks(reports: Sequence[ImportReport], *, is_done: bool) -> None:
    """Draw what is to be said of each file: what it holds, what to look at, and its tasks."""
    for report in reports:
        if report.refused:
            st.error(session.escape_markdown(report.refused))
        if report.summary or report.matched or report.warnings:
            st.html(
                html.heading(report.file)
                + html.bullets((*report.summary, *report.matched), "bt-remarks bt-said")
                + html.bullets(report.warnings, "bt-remarks")
            )
        if report.tasks:
            _tasks(report)
        if report.refused_rows:
            _refused_rows(report, is_done=is_done)


def _tasks(report: ImportReport) -> None:
    """Draw which charge each new task would be about, and why."""
    count, name = us_formats.plural(len(report.tasks), "task"), session.escape_markdown(report.file)
    with st.expander(f"Charges of {count} in {name}"):
        rows = [(each.title, each.claim_number, each.charge, each.why) for each in report.tasks]
        st.html(html.table(("Task", "Claim in the file", "Charge", "Why"), rows))
        if len(rows) == MAX_PREVIEWED:
            st.caption(f"The first {len(rows)} are shown.")


def _refused_rows(report: ImportReport, *, is_done: bool) -> None:
    """Draw the rejected rows with line and reason; after the import, also as a file to correct."""
    count = us_formats.plural(len(report.refused_rows), "row")
    with st.expander(
        f"{count} of {session.escape_markdown(report.file)} refused", expanded=is_done
    ):
        rows = [
            (str(row.line), row.reason, row.text[:300]) for row in report.refused_rows[:MAX_SHOWN]
        ]
        st.html(html.table(("Line", "Why it was refused", "What stands there"), rows))
        if len(report.refused_rows) > MAX_SHOWN:
            st.caption(f"The first {MAX_SHOWN} of {len(report.refused_rows):,} are shown.")
        if report.file_id is not None:
            st.html(html.render("refused_rows_link", file_id=report.file_id))
        elif not is_done:
            st.caption(
                "Once the file is imported they can be downloaded, corrected and brought in."
            )


def _result(report: ImportReport, *, is_done: bool) -> str:
    if report.refused:
        return "Refused; nothing of it is kept" if is_done else "Would be refused"
    if report.already_imported:
        return "Imported before; nothing changes"
    done = "Imported" if is_done else "Ready"
    if not report.refused_rows:
        return done
    return f"{done} but for {us_formats.plural(len(report.refused_rows), 'row')}"
