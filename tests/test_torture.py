"""A few seconds of the torture (`tests/torture`, `make torture`): kills at random moments, and two
people on the same tasks."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from datetime import timedelta
from random import Random

import pytest

from lib.intake import imports
from lib.store.database import Connection, transaction, utc
from tests.conftest import HAS_CLIENT, NOON, ON_POSTGRES, Cast
from tests.postgres import programs
from tests.test_command import ROOT
from tests.torture.changes import Importer
from tests.torture.contents import facts
from tests.torture.ledger import Ledger

pytestmark = pytest.mark.slow

HAS_POSTGRES = HAS_CLIENT and programs() is not None


@pytest.mark.parametrize(
    "store",
    [
        pytest.param(
            "duckdb", marks=pytest.mark.skipif(ON_POSTGRES, reason="runs with the tests on DuckDB")
        ),
        pytest.param(
            "postgres", marks=pytest.mark.skipif(not HAS_POSTGRES, reason="no PostgreSQL here")
        ),
    ],
)
def test_what_was_acknowledged_survives_kills_and_each_task_is_started_once(store: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.torture", "--store", store, "--kills", "5", "--turns", "0"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "kills 5" in done.stdout or "kills 6" in done.stdout
    assert "tasks two people raced for 150" in done.stdout


def imported(con: Connection, cast: Cast, ledger: Ledger, waits: float = 0) -> None:
    """Import claims and then their denials, each as if it had to wait so many seconds."""
    importer = Importer(con, Random(3), cast.ana, cast.practice)
    for n in (1, 2):
        while (change := importer.next(n, NOON + timedelta(microseconds=n))).name != "import":
            pass
        ledger.hear({"n": n, "name": change.name, "facts": change.facts})
        with con.store.importing("a sweep"):
            thread = threading.Thread(target=change.do)
            thread.start()
            time.sleep(waits)
        thread.join()
        ledger.hear({"n": n, "done": True})


def test_imports_that_had_to_wait_and_are_written_at_a_later_time_are_known_again(
    con: Connection, cast: Cast
) -> None:
    ledger = Ledger(facts(con.store))

    imported(con, cast, ledger, waits=imports.GROSS + 0.1)
    ledger.compare(facts(con.store), "after two imports that waited")

    assert ledger.findings == []
    earliest = con.value("SELECT min(happened_at) FROM event")
    assert utc(earliest) > NOON + timedelta(seconds=imports.GROSS)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM event WHERE id IN (SELECT max(id) FROM event GROUP BY kind)",
        "UPDATE event SET happened_at = '2025-01-01' WHERE id = (SELECT max(id) FROM event)",
        "UPDATE event SET kind = 'reopened' WHERE kind = 'created'",
    ],
)
def test_an_import_whose_history_is_not_whole_is_found(
    con: Connection, cast: Cast, damage: str
) -> None:
    ledger = Ledger(facts(con.store))

    imported(con, cast, ledger)
    with transaction(con):
        con.execute(damage)
    ledger.compare(facts(con.store), "after the damage")

    assert ledger.findings
