"""The notebook for analysts runs on a copy and counts what the pages count."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lib.backlog import pending_tasks
from lib.snapshot import copies
from lib.store.database import Connection
from lib.store.process_store import ROOT
from tests.conftest import Cast
from tests.histories import live, view, world
from tests.test_backlog import SPRING

NOTEBOOK = ROOT / "docs" / "analyst.ipynb"


@pytest.mark.duckdb
@pytest.mark.slow
def test_the_notebook_runs_and_says_what_the_pages_say(
    con: Connection, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = world(con, cast)
    live(where, SPRING - timedelta(days=30), SPRING, 120)
    now = datetime(2025, 3, 26, 18, tzinfo=UTC)
    copies.write(con, tmp_path, list(where.practices), now=now)
    monkeypatch.setenv("BILLING_TASKS_COPY", str(tmp_path))
    monkeypatch.chdir(ROOT)
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    said: dict[str, Any] = {}

    for cell in cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []  # no numbers of anybody in the file
            exec(compile("".join(cell["source"]), cell["id"], "exec"), said)

    here = pending_tasks.sums(pending_tasks.summary(con, view(where, now.date())))
    row = said["summary"].iloc[0]
    assert (row["Pending"], row["Waiting on biller"], row["Held"]) == (
        here.tasks, here.with_biller, here.held,
    )  # fmt: skip
    said["copy"].close()
