"""The backup section of the Settings page: when the last one was made, and a button to make one. It
is made beside the page, which goes on answering."""

from __future__ import annotations

import threading
from datetime import datetime
from functools import partial

import streamlit as st

from lib import us_formats
from lib.access import Verb, may
from lib.errors import BillingError
from lib.models import Person
from lib.store import process_store
from lib.ui import html, lossless_widgets, session
from lib.ui.session_state import Kept
from lib.upkeep import backup

OFTEN = 0.5  # seconds between two checks of a job


class Job:
    """A backup that is made in a thread of its own; what came of it is added to `said`."""

    def __init__(
        self, practice_id: int, *, actor: Person, said: list[session.Message], now: datetime
    ) -> None:
        self.problem: BaseException | None = None
        self._thread = threading.Thread(
            target=self._run, args=(practice_id, actor, said, now), name="back up", daemon=True
        )
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Return True until it is made, or is not."""
        return self._thread.is_alive()

    def _run(
        self, practice_id: int, actor: Person, said: list[session.Message], now: datetime
    ) -> None:
        con = process_store.connection()
        try:
            made = backup.make_by_hand(
                con, practice_id, process_store.backup_folder(), actor=actor, now=now
            )
            said.extend(("error", finding) for finding in made.findings)
            said.append(("success", f"The backup {made.folder.name} was made."))
        except BillingError as problem:
            said.append(("error", str(problem)))
        except BaseException as problem:  # shown by the page, like any bug of a page
            self.problem = problem
        finally:
            con.close()


JOB = Kept[Job]("backup_job")


def show(practice_id: int, actor: Person) -> None:
    """Draw the section, for people who may make a backup."""
    if not may(actor, Verb.BACK_UP, practice_id):
        return
    to = process_store.backup_folder()
    made = backup.last_made(to)
    zone = session.zone(actor, practice_id)
    said = f"Last backup: {us_formats.moment(made, zone)}." if made else "There is no backup yet."
    st.html(html.heading("Backup") + html.quiet(f"{said} It holds all practices."))
    job = JOB.get()
    lossless_widgets.button(
        "Back up now", partial(_begin, practice_id), key="back_up", actor=actor,
        disabled=bool(job and job.is_running),
    )  # fmt: skip


def _begin(practice_id: int, actor: Person) -> str:
    st.toast("Backing up …", icon=":material/hourglass_empty:")
    JOB.put(Job(practice_id, actor=actor, said=session.toasts(), now=session.now()))
    return ""


def follow() -> None:
    """Say on whatever page is open by then what came of a backup that this tab began."""
    job = JOB.get()
    if job is None:
        return
    if job.is_running:
        _wait(job)
        return
    JOB.take()
    if job.problem:
        raise job.problem


@st.fragment(run_every=OFTEN)
def _wait(job: Job) -> None:
    session.note_that_nobody_clicked()
    session.person()
    if not job.is_running:
        st.rerun()
