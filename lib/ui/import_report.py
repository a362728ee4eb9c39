"""What files bring, or would bring: one row a file, warnings about it, and rejected rows."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from lib import formats
from lib.models import ImportReport
from lib.ui import session

MAX_SHOWN = 200  # rejected rows of a file; the download has all of them


def table(reports: Sequence[ImportReport], *, is_done: bool) -> None:
    """Draw one row a file: what comes in, or why nothing does."""
    came = "New" if is_done else "Would come in"
    names = ("File", "Format", f"{came}: charges", f"{came}: tasks", "Amount", "Rows refused")
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{escape(text)}</td>" for text in (each.file, each.format or ""))
        + "".join(
            f'<td class="right">{text}</td>'
            for text in (
                f"{each.charges_new:,}",
                f"{each.tasks_new:,}",
                formats.dollars(each.tasks_amount),
                f"{len(each.refused_rows):,}",
            )
        )
        + f"<td>{_result(each, is_done=is_done)}</td></tr>"
        for each in reports
    )
    heads = "".join(
        f'<th class="{"right" if place > 1 else ""}">{name}</th>'
        for place, name in enumerate(names)
    )
    st.html(
        f'<table class="bt-changes bt-report"><thead><tr>{heads}<th>Result</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
    for report in reports:
        if report.refused:
            st.error(session.escape_markdown(report.refused))
        if report.summary or report.matched or report.warnings:
            said = "".join(
                f"<li>{escape(each)}</li>"
                for each in (*report.summary, *report.matched, *report.warnings)
            )
            st.html(
                f'<p class="bt-head">{escape(report.file)}</p><ul class="bt-remarks">{said}</ul>'
            )
        if report.refused_rows:
            _refused_rows(report, is_done=is_done)


def _refused_rows(report: ImportReport, *, is_done: bool) -> None:
    """Draw the rejected rows with line and reason; after the import, also as a file to correct."""
    count = formats.plural(len(report.refused_rows), "row")
    with st.expander(
        f"{count} of {session.escape_markdown(report.file)} refused", expanded=is_done
    ):
        rows = "".join(
            f"<tr><td>{row.line}</td><td>{escape(row.reason)}</td><td>{escape(row.text[:300])}</td></tr>"
            for row in report.refused_rows[:MAX_SHOWN]
        )
        st.html(
            '<table class="bt-changes"><thead><tr><th>Line</th><th>Why it was refused</th>'
            f"<th>What stands there</th></tr></thead><tbody>{rows}</tbody></table>"
        )
        if len(report.refused_rows) > MAX_SHOWN:
            st.caption(f"The first {MAX_SHOWN} of {len(report.refused_rows):,} are shown.")
        if report.file_id is not None:
            st.html(
                f'<a class="bt-download" href="/imports/refused/{report.file_id}" download>'
                "Download the refused rows</a> <span class='bt-quiet'>Correct them and bring the "
                "file in: rows that are in already make no second task.</span>"
            )
        elif not is_done:
            st.caption(
                "Once the file is imported they can be downloaded, corrected and brought in."
            )


def _result(report: ImportReport, *, is_done: bool) -> str:
    if report.refused:
        return "Refused; nothing of it is kept" if is_done else "Would be refused"
    if report.already_imported:
        return "Imported before; nothing changes"
    return "Imported" if is_done else "Ready"
