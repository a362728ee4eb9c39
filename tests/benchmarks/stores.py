"""Generated practices of any size, made once and kept under build/."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from lib import people
from lib.access import Verb, may_anywhere
from lib.models import Person
from lib.store.duckdb.store import DuckDBStore
from lib.store.process_store import ROOT

BUILD = ROOT / "build"
COMPLETE = "complete"  # a file beside the store, absent if generating was interrupted


def generated(tasks: int) -> Path:
    """Return the data folder of a practice of that many tasks, generated if it is not there yet."""
    folder = BUILD / f"bench-{tasks}"
    if not (folder / COMPLETE).exists():
        for left in folder.glob("billing.*"):
            left.unlink()
        subprocess.run(
            [sys.executable, "-m", "lib", "generate", "--tasks", str(tasks)],
            cwd=ROOT,
            env=os.environ | {"BILLING_TASKS_DATA": str(folder)},
            stdout=sys.stderr,
            check=True,
        )
        (folder / COMPLETE).touch()
    return folder


def staff(folder: Path) -> list[Person]:
    """Return who may work on the tasks of that store, which no other process may have open."""
    with closing(DuckDBStore(folder)) as store:
        everybody = people.sample_people(store.connection())
    return [person for person in everybody if may_anywhere(person, Verb.WORK)]
