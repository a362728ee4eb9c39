"""A few seconds of the torture (`tests/torture`, `make torture`): kills at random moments, and two
people on the same tasks."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import HAS_CLIENT, ON_POSTGRES
from tests.postgres import programs
from tests.test_command import ROOT

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
