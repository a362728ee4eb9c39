"""Write into the record what a page is about to show, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

from lib import audit_log
from lib.audit_log import Activity
from lib.errors import BillingError
from lib.models import Person, Task
from lib.store import process_store
from lib.ui import session, streamlit_patches

_AT_ONCE = 4  # looks being written; a further one waits for its turn


@contextmanager
def written_before_shown(task: Task, actor: Person) -> Iterator[None]:
    """Write that the actor sees a task while the block draws it. What the block draws goes to the
    browser once that is on disk; nothing of it does if it cannot be written."""
    now = session.now()

    def write() -> None:
        audit_log.saw(
            process_store.connection(), Activity.SAW_TASK, practice_id=task.practice_id,
            actor=actor, now=now, task_id=task.id, charge_id=task.charge_id,
            patient_id=task.patient_id,
        )  # fmt: skip

    with streamlit_patches.sent_after(_writers().submit(write)):
        yield


@cache
def _writers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="looks")


def at_task(task: Task, actor: Person, kind: Activity = Activity.SAW_TASK) -> None:
    """Write that the actor sees a task, and whose charge it is about."""
    audit_log.saw(
        session.connection(), kind, practice_id=task.practice_id, actor=actor, now=session.now(),
        task_id=task.id, charge_id=task.charge_id, patient_id=task.patient_id,
    )  # fmt: skip


def at_list(practice_id: int, count: int, actor: Person) -> None:
    """Write that the actor has a list of that many tasks on paper."""
    audit_log.saw(
        session.connection(), Activity.PRINTED_LIST, practice_id=practice_id, actor=actor,
        now=session.now(), detail=f"{count} tasks",
    )  # fmt: skip


def refused(problem: BillingError, actor: Person, task_id: int) -> None:
    """Write that the actor asked for a task that is not theirs, or is none."""
    audit_log.refused(
        session.connection(), problem, actor=actor, now=session.now(), what=f"task {task_id}"
    )
