"""Completed tasks with everything the practice did for them, read in batches as records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from lib.export.period import Period
from lib.models import Channel, TaskType
from lib.store.database import Connection

BATCH = 500  # tasks in memory at once


@dataclass(frozen=True, slots=True)
class Said:
    """A note on a task: who wrote it, and when."""

    task_id: int
    channel: Channel
    text: str
    author: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Changed:
    """A field of the charge that was changed while the task was open."""

    task_id: int
    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Attached:
    """A document attached to a task."""

    task_id: int
    document_id: int
    sha256: str
    media_type: str
    name: str


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    claim_number: str
    patient_name: str
    payer_name: str
    type: TaskType
    title: str
    date_of_service: date | None
    amount: Decimal | None
    completed_at: datetime
    completed_by: str | None


@dataclass(frozen=True, slots=True)
class CompletedTask:
    """One completed task, and what was done."""

    claim_number: str
    patient: str
    payer: str
    type: TaskType
    title: str
    date_of_service: date | None
    amount: Decimal | None  # US dollars
    completed_at: datetime
    completed_by: str
    notes: tuple[Said, ...]
    changes: tuple[Changed, ...]
    documents: tuple[Attached, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much an export of the period would hold, counted before it is made."""

    tasks: int
    documents: int
    changed_charges: int


_COMPLETED = """
    task.practice_id = $practice_id AND NOT task.is_open
    AND task.completed_at >= $begins AND task.completed_at < $ends
"""


# The file in which each charge was last filed: as it came, or as a later claim replaced it.
FILED = """
    SELECT charge.id AS charge_id, coalesce(later.intake_file_id, charge.intake_file_id) AS file_id,
           coalesce(later.segment_number, charge.segment_number) AS segment_number
    FROM charge
    LEFT JOIN (SELECT charge_id, max(id) AS id FROM charge_arrival WHERE frequency = '7'
               GROUP BY charge_id) AS latest ON latest.charge_id = charge.id
    LEFT JOIN charge_arrival AS later ON later.id = latest.id
"""


def counts(con: Connection, wanted: Period) -> Counts:
    """Return how many tasks, different documents and changed charges the period has."""
    tasks, documents, charges = con.rows(
        f"""
        WITH wanted AS (SELECT id, charge_id FROM task WHERE {_COMPLETED})
        SELECT (SELECT count(*) FROM wanted),
               (SELECT count(DISTINCT document_id) FROM attachment
                WHERE task_id IN (SELECT id FROM wanted)),
               (SELECT count(DISTINCT wanted.charge_id) FROM wanted
                JOIN event ON event.task_id = wanted.id
                WHERE event.kind = 'changed' AND event.charge_id = wanted.charge_id)
        """,
        **_values(wanted),
    )[0]
    return Counts(tasks, documents, charges)


def task_ids(con: Connection, wanted: Period) -> list[int]:
    """Return the completed tasks in the order in which they were completed."""
    return [
        row[0]
        for row in con.rows(
            f"SELECT id FROM task WHERE {_COMPLETED} ORDER BY completed_at, id", **_values(wanted)
        )
    ]


def changed_charges(con: Connection, wanted: Period, *, is_voided: bool = False) -> list[int]:
    """Return the charges changed on a task of the period, in the order in which they were filed;
    those that were voided are none to file again, and come only if they are asked for."""
    return [
        row[0]
        for row in con.rows(
            f"""
            WITH filed AS ({FILED})
            SELECT id FROM charge JOIN filed ON filed.charge_id = charge.id
            WHERE practice_id = $practice_id AND id IN (
                SELECT task.charge_id FROM task JOIN event ON event.task_id = task.id
                WHERE {_COMPLETED} AND event.kind = 'changed' AND event.charge_id = task.charge_id)
            AND coalesce(is_voided, false) = $is_voided
            ORDER BY filed.file_id, filed.segment_number, id
            """,
            is_voided=is_voided,
            **_values(wanted),
        )
    ]


def patients_of(what: Literal["task", "charge"], con: Connection, ids: list[int]) -> set[int]:
    """Return the patients whom these tasks or charges are about, as far as they are known."""
    return {
        row[0]
        for row in con.rows(
            f"""
            SELECT DISTINCT patient_id FROM {what}
            WHERE id IN (SELECT unnest($ids::BIGINT[])) AND patient_id IS NOT NULL
            """,
            ids=ids,
        )
    }


def answers(con: Connection, ids: list[int]) -> Iterator[CompletedTask]:
    """Yield these tasks with what was done, in order. A task reopened meanwhile is left out."""
    for start in range(0, len(ids), BATCH):
        yield from _batch(con, ids[start : start + BATCH])


def _values(wanted: Period) -> dict[str, object]:
    return {
        "practice_id": wanted.practice.id,
        "begins": wanted.begins,
        "ends": wanted.ends,
    }


def _batch(con: Connection, ids: list[int]) -> Iterator[CompletedTask]:
    rows = con.records(
        _Row,
        """
        SELECT task.id, claim_number, patient_name, payer_name, type, title, date_of_service,
               amount, completed_at, person.name AS completed_by
        FROM task LEFT JOIN person ON person.id = task.completed_by
        WHERE task.id IN (SELECT unnest($ids::BIGINT[])) AND NOT is_open
        ORDER BY completed_at, task.id
        """,
        ids=ids,
    )
    notes, changes, documents = _notes(con, ids), _changes(con, ids), _documents(con, ids)
    for row in rows:
        yield CompletedTask(
            claim_number=row.claim_number,
            patient=row.patient_name,
            payer=row.payer_name,
            type=row.type,
            title=row.title,
            date_of_service=row.date_of_service,
            amount=row.amount,
            completed_at=row.completed_at,
            completed_by=row.completed_by or "",
            notes=tuple(notes[row.id]),
            changes=tuple(changes[row.id]),
            documents=tuple(documents[row.id]),
        )


def _notes(con: Connection, ids: list[int]) -> dict[int, list[Said]]:
    found: dict[int, list[Said]] = defaultdict(list)
    for note in con.records(
        Said,
        """
        SELECT task_id, channel, text, person.name AS author, written_at
        FROM note JOIN person ON person.id = note.author_id
        WHERE task_id IN (SELECT unnest($ids::BIGINT[]))
        ORDER BY note.id
        """,
        ids=ids,
    ):
        found[note.task_id].append(note)
    return found


def _changes(con: Connection, ids: list[int]) -> dict[int, list[Changed]]:
    found: dict[int, list[Changed]] = defaultdict(list)
    for change in con.records(
        Changed,
        """
        SELECT task_id, field, old_value AS old, new_value AS new
        FROM event
        WHERE task_id IN (SELECT unnest($ids::BIGINT[])) AND kind = 'changed'
          AND field IS NOT NULL
        ORDER BY id
        """,
        ids=ids,
    ):
        found[change.task_id].append(change)
    return found


def _documents(con: Connection, ids: list[int]) -> dict[int, list[Attached]]:
    found: dict[int, list[Attached]] = defaultdict(list)
    for document in con.records(
        Attached,
        """
        SELECT task_id, document_id, sha256, media_type, document.name
        FROM attachment JOIN document ON document.id = attachment.document_id
        WHERE task_id IN (SELECT unnest($ids::BIGINT[]))
        ORDER BY attached_at, document_id
        """,
        ids=ids,
    ):
        found[document.task_id].append(document)
    return found
