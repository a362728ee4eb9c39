"""What is left of a record for somebody who sees no patient. Pure."""

from __future__ import annotations

from dataclasses import replace

from lib.access import Verb, may
from lib.models import Person, TaskRow


def task_row(row: TaskRow, actor: Person) -> TaskRow:
    """Return the line as this person may see it: what somebody wrote in a title may be a name."""
    if may(actor, Verb.SEE_PATIENTS, row.practice_id):
        return row
    return replace(row, title=row.type.label, patient_name="", date_of_service=None)
