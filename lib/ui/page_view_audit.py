"""Write into the record what a page is about to show, and what it refuses."""

from __future__ import annotations

from lib import audit_log
from lib.audit_log import Activity
from lib.errors import BillingError
from lib.models import Person, Task
from lib.ui import session


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
