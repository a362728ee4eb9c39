"""A table of a report as a file to take along: CSV with plain numbers, Excel, Parquet."""

from __future__ import annotations

import csv
import io
import re

from lib.backlog.report_scope import Table, View

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}


def file_name(practice: str, metric: str, view: View) -> str:
    """Return `practice_metric_as-of`, without anything a file system minds."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", practice).strip("-").lower() or "practice"
    return f"{name}_{metric}_{view.today.isoformat()}"


def content(table: Table, kind: str) -> bytes:
    """Return the table in one of KINDS."""
    if kind == "csv":
        return _csv(table)
    if kind == "xlsx":
        return _excel(table)
    return _parquet(table)


def _csv(table: Table) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.names)
    writer.writerows([_safe(value) for value in row] for row in table.rows)
    return text.getvalue().encode("utf-8-sig")


def _safe(value: object) -> object:
    """Return the cell; a text that a spreadsheet would run as a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


def _excel(table: Table) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Table")
    sheet.append(list(table.names))
    for row in table.rows:
        sheet.append([_safe(value) for value in row])
    result = io.BytesIO()
    book.save(result)
    return result.getvalue()


def _parquet(table: Table) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = [[row[place] for row in table.rows] for place in range(len(table.names))]
    result = io.BytesIO()
    pq.write_table(pa.table(columns, names=list(table.names)), result)
    return result.getvalue()
