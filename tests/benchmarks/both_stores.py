"""python -m tests.benchmarks.both_stores [TASKS …]: DuckDB and PostgreSQL on the same rows.

Generates a practice of each size (10,000 and 1,000,000), moves a copy into a PostgreSQL of its own
that writes to disk as one in use does, and puts the same questions to both, in turn.
A note is committed before each question, so that nothing is answered from memory. Never a test.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from lib import charges, history, notes, people, queue, tasks, workflow
from lib.access import Verb, may_anywhere
from lib.backlog import measures
from lib.backlog.report_scope import View
from lib.intake import imports
from lib.models import Person, Status, TaskFilter, TaskType
from lib.store import backlog_copy, process_store
from lib.store.database import Store
from lib.store.duckdb.store import DuckDBStore
from lib.upkeep.move import move
from tests import postgres
from tests.benchmarks import intake, stores
from tests.benchmarks.figures import median, table

ROUNDS = 7
CLAIMS = 1_000  # of the imported file
# What a server in use does, and the tests' own server does not: nothing is lost in a power cut.
SAFE = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_wal_size": "1GB",
    "shared_buffers": "1GB",
}
PENDING = (Status.OPEN, Status.IN_PROGRESS)


def main() -> None:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.both_stores")
    parser.add_argument("sizes", type=int, nargs="*", default=[10_000, 1_000_000])
    wanted = parser.parse_args()
    with postgres.started(Path(tempfile.gettempdir()), **SAFE) as server:
        if server is None:
            raise SystemExit("PostgreSQL is not installed: python -m tests.install_postgres")
        for size in wanted.sizes:
            with tempfile.TemporaryDirectory() as folder:
                _compare(size, Path(folder), server.address)


def _compare(size: int, folder: Path, server: str) -> None:
    shutil.copytree(stores.generated(size), folder / "data")
    (folder / "moved").mkdir()
    began = time.perf_counter()
    with (
        closing(DuckDBStore(folder / "data")) as ours,
        closing(
            process_store.open_in_postgres(folder / "moved", postgres.new_database(server))
        ) as theirs,
    ):
        assert not move(ours, theirs).findings
        moved = time.perf_counter() - began
        print(f"\n{size:,} tasks; moved in {moved:.0f} s; load {os.getloadavg()[0]:.1f}\n")
        asked = {"DuckDB": _Asked(ours, folder), "PostgreSQL": _Asked(theirs, folder)}
        rows = []
        for name in asked["DuckDB"].questions():
            took: dict[str, list[float]] = {engine: [] for engine in asked}
            for _ in range(ROUNDS):
                for engine, each in asked.items():
                    each.forget()
                    took[engine].append(_milliseconds(each.questions()[name]))
            here, there = (median(took[engine]) for engine in asked)
            rows.append([name, f"{here:.1f}", f"{there:.1f}", f"{there / here:.1f}"])
        print(table(["ms, median", *asked, "×"], rows), flush=True)


class _Asked:
    """One store, and what is asked of it."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.con = store.connection()
        self.folder, self.files = folder / type(store).__name__, 0
        self.folder.mkdir()
        self.person = self._who()
        self.task_id = self._some_task()
        self.now = datetime.now(UTC)

    def questions(self) -> dict[str, Callable[[], object]]:
        """Return what is asked, by its name in the table."""
        page = partial(queue.find, self.con, actor=self.person)
        return {
            "list, pending": partial(page, TaskFilter(statuses=PENDING)),
            "list, one type, page 3": partial(
                page, TaskFilter(statuses=PENDING, types=(TaskType.CODING,)), page=3
            ),
            "search, every status": partial(page, TaskFilter(words=("garcia",))),
            "one task with its history": self._open,
            "save a note": self.forget,
            "save a charge": self._save,
            f"import {CLAIMS:,} claims": self._import,
            "counts of the menu": self._counts,
            "Overview of the Backlog": self._overview,
        }

    def forget(self) -> None:
        """Commit a note, after which nothing is answered from memory."""
        notes.comment(
            self.con, self.task_id, "Called the payer.", token=secrets.token_hex(8),
            actor=self.person, now=datetime.now(UTC),
        )  # fmt: skip

    def _who(self) -> Person:
        everybody = people.sample_people(self.con)
        return next(person for person in everybody if may_anywhere(person, Verb.IMPORT))

    def _some_task(self) -> int:
        """Start a task that has a charge, and return its id."""
        found = queue.find(self.con, TaskFilter(statuses=(Status.OPEN,)), actor=self.person)
        for row in found.rows:
            task = tasks.get(self.con, row.id, actor=self.person)
            if task.charge_id and task.assignee_id is None:
                workflow.start(self.con, row.id, actor=self.person, now=datetime.now(UTC))
                return row.id
        raise LookupError("no open task that nobody has has a charge")

    def _open(self) -> None:
        tasks.get(self.con, self.task_id, actor=self.person)
        notes.notes(self.con, self.task_id, actor=self.person)
        history.of_task(self.con, self.task_id, actor=self.person)

    def _save(self) -> None:
        charge_id = tasks.get(self.con, self.task_id, actor=self.person).charge_id
        assert charge_id is not None
        opened = charges.get(self.con, charge_id, actor=self.person)
        place = "22" if opened.place_of_service == "11" else "11"
        charges.save(
            self.con, self.task_id, replace(opened, place_of_service=place), opened=opened, note="",
            token=secrets.token_hex(8), actor=self.person, now=datetime.now(UTC),
        )  # fmt: skip

    def _import(self) -> None:
        self.files += 1
        path = self.folder / f"{self.files}.837"
        intake.write(path, CLAIMS)
        text = path.read_text(encoding="ascii").replace("CLM*C", f"CLM*N{self.files}")
        path.write_text(text, encoding="ascii")
        report = imports.apply(
            self.con, path.name, path, actor=None, practice_id=self.person.practice_ids[0],
            now=datetime.now(UTC),
        )  # fmt: skip
        assert report.charges_new == CLAIMS, report

    def _counts(self) -> None:
        queue.counts(self.con, self.person.practice_ids, actor=self.person)

    def _overview(self) -> None:
        now = datetime.now(UTC)
        counted = backlog_copy.of(self.con.store, now=self.now).store.connection()
        view = View(
            practice_ids=tuple(self.person.practice_ids), zone="UTC", as_of=now, today=now.date(),
            since=now.date() - timedelta(weeks=26), until=now.date(),
        )  # fmt: skip
        measures.counted(counted, "Overview", view)


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
