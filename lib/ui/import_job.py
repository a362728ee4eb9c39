"""Import files beside the page, so that it can show their progress and notice Cancel. Each file
comes in whole or not at all."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import streamlit as st

from lib import us_formats
from lib.errors import BillingError
from lib.import_report_models import ImportReport
from lib.intake import imports
from lib.intake.files.non_x12_formats import TableOptions
from lib.intake.imports import Progress
from lib.models import Person
from lib.store import process_store
from lib.store.database import Connection
from lib.ui import session

OFTEN = 0.5  # seconds between two checks of a job


@dataclass(frozen=True)
class Waiting:
    """One file to import, or the report on one that cannot be."""

    name: str
    content: bytes = field(repr=False)
    choice: TableOptions | None
    report: ImportReport
    is_ready: bool


class _Cancelled(Exception):
    """Somebody pressed Cancel."""


class Job:
    """An import that runs in a thread of its own; the page reads what it reports."""

    def __init__(
        self, waiting: Sequence[Waiting], *, actor: Person, practice_id: int, now: datetime
    ) -> None:
        self.waiting, self.actor, self.practice_id, self.now = waiting, actor, practice_id, now
        self.reports: list[ImportReport] = []
        self.progress: Progress | None = None  # of the file being imported
        self.problem: BaseException | None = None
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="import", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Return True until the last file is done."""
        return self._thread.is_alive()

    @property
    def is_cancelled(self) -> bool:
        """Return True if somebody pressed Cancel."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Leave out the file being imported, and those after it."""
        self._cancelled.set()

    def _run(self) -> None:
        con = process_store.connection()
        try:
            for each in self.waiting:
                self.progress = None
                self.reports.append(self._one(con, each) if each.is_ready else each.report)
        except BaseException as problem:  # shown by the page, like any bug of a page
            self.problem = problem
        finally:
            con.close()

    def _one(self, con: Connection, each: Waiting) -> ImportReport:
        try:
            self._watch(None)
            return imports.apply(
                con, each.name, each.content, actor=self.actor, practice_id=self.practice_id,
                now=self.now, choice=each.choice, watch=self._watch,
            )  # fmt: skip
        except _Cancelled:
            why = f"{each.name} was left out: the import was cancelled. Nothing of it was kept."
        except BillingError as problem:
            why = str(problem)
        return replace(
            each.report, charges_new=0, tasks_new=0, refused=why, warnings=(), refused_rows=()
        )

    def _watch(self, progress: Progress | None) -> None:
        self.progress = progress
        if self._cancelled.is_set():
            raise _Cancelled


@st.fragment(run_every=OFTEN)
def show(job: Job) -> None:
    """Draw the progress of the job, and Cancel; draw the page anew when it has ended."""
    session.person()
    if not job.is_running:
        st.rerun()
    at = min(len(job.reports), len(job.waiting) - 1)
    progress, name = job.progress, session.escape_markdown(job.waiting[at].name)
    share = progress.done / progress.size if progress and progress.size else 0.0
    said = f"Importing {name} ({at + 1} of {len(job.waiting)})"
    if progress and progress.waits_for:
        other = session.escape_markdown(progress.waits_for)
        said = f"{name} waits for {other} to be written ({at + 1} of {len(job.waiting)})"
    if progress and (progress.charges or progress.tasks):
        charges, tasks = (
            us_formats.plural(progress.charges, "charge"),
            us_formats.plural(progress.tasks, "task"),
        )
        said += f": {charges}, {tasks}"
    st.progress(min((at + min(share, 1.0)) / len(job.waiting), 1.0), said)
    if job.is_cancelled:
        st.caption("Cancelling …")
    else:
        st.button("Cancel", on_click=job.cancel, key="cancel_import")
