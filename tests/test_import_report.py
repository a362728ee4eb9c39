"""The report says in a word what became of each file."""

from __future__ import annotations

import pytest

from lib.import_report_models import ImportReport, RefusedRow
from lib.ui import import_report

FINE = ImportReport("a.txt", "", "837P")
REFUSED = ImportReport("a.txt", "", None, refused="It is no X12.")
NOT_ALL = ImportReport("a.csv", "", "Table", refused_rows=(RefusedRow(2, "a", "b"),) * 3)
KNOWN = ImportReport("a.txt", "", "837P", already_imported=True)


@pytest.mark.parametrize(
    ("report", "before", "after"),
    [
        (FINE, "Ready", "Imported"),
        (NOT_ALL, "Ready but for 3 rows", "Imported but for 3 rows"),
        (REFUSED, "Would be refused", "Refused; nothing of it is kept"),
        (KNOWN, "Imported before; nothing changes", "Imported before; nothing changes"),
    ],
)
def test_a_file_is_said_to_be_what_it_is_before_and_after(
    report: ImportReport, before: str, after: str
) -> None:
    assert import_report._result(report, is_done=False) == before
    assert import_report._result(report, is_done=True) == after
