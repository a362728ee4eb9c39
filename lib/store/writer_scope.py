"""Whose rows a transaction writes. Writers of one scope wait for each other, others need not."""

from __future__ import annotations

from typing import Literal, NamedTuple

Owner = Literal["whole", "record", "practice", "person", "task", "charge", "document", "day_note"]


class WriterScope(NamedTuple):
    """What a writer has to itself until its transaction ends.

    A store in PostgreSQL keeps writers of one practice apart from each other, and whoever writes
    WHOLE from everybody. A task, charge, document or note of a day stands for its practice, which
    never changes. In DuckDB's file one writer runs at a time, whatever its scope.
    """

    owner: Owner
    id: int = 0


WHOLE = WriterScope("whole")  # every row there is
RECORD = WriterScope("record")  # the end of the record of who saw and did what


def of_practice(practice_id: int) -> WriterScope:
    """Return the scope of what belongs to a practice."""
    return WriterScope("practice", practice_id)


def of_person(person_id: int) -> WriterScope:
    """Return the scope of what belongs to nobody but one person: drafts, when they were here."""
    return WriterScope("person", person_id)


def of_task(task_id: int) -> WriterScope:
    """Return the scope of the practice of a task."""
    return WriterScope("task", task_id)


def of_charge(charge_id: int) -> WriterScope:
    """Return the scope of the practice of a charge."""
    return WriterScope("charge", charge_id)


def of_document(document_id: int) -> WriterScope:
    """Return the scope of the practice of a document."""
    return WriterScope("document", document_id)


def of_day_note(note_id: int) -> WriterScope:
    """Return the scope of the practice of a note on a day."""
    return WriterScope("day_note", note_id)
