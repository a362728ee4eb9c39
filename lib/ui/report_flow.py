"""What came in and left over time, as charts whose bars open their tasks."""

from __future__ import annotations

from typing import Any

import pandas as pd

from lib.backlog import flow
from lib.backlog.report_scope import Table
from lib.ui import charts, report, report_figures, report_links
from lib.ui.report import Page


def frame_of(table: Table) -> pd.DataFrame:
    """Return the rows of a table over time as pandas draws them."""
    return pd.DataFrame([list(row) for row in table.rows], columns=list(table.names))


def over_time(page: Page, series: list[str], *, finding: str, key: str, **more: Any) -> None:
    """Draw a bar for each day, week or month; a click on one opens its tasks."""
    name, unit = more.pop("name", "flow"), more.pop("unit", page.view.unit)
    picked = charts.over_time(
        frame_of(page.table(name)), series, finding=finding, about=page.about(), key=key,
        notes=page.notes, unit=unit, **more,
    )  # fmt: skip
    if picked:
        since, until, each = picked
        part = page.before if each == charts.BEFORE else page.now
        column = series[0] if each == charts.BEFORE else each
        wanted = report_links.CELLS[name](part, {"From": since, "Until": until}, column)
        if wanted is not None:
            report.open_list(**wanted)


def pending_over_time(page: Page, *, key: str) -> None:
    """Draw what was pending at the end of each day, week or month, the period before beside."""
    found = flow.bars(page.table("flow"))
    over_time(
        page, ["Pending"], key=key, before=frame_of(page.before.tables["flow"]),
        finding=f"Pending went from {found[0].pending:,} to {found[-1].pending:,}",
    )  # fmt: skip
    report_figures.evidence(page, "flow")
