"""Saved documents: stored once by content, searched, attached to tasks."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from datetime import date, datetime
from pathlib import Path

from lib import access, history, tasks
from lib.access import Verb
from lib.document_types import DOCUMENT_LABELS, media_type_of
from lib.errors import (
    DuplicateDocument,
    NoSuchDocument,
    NothingWritten,
    NotWritten,
    WrongDocument,
    WrongInput,
)
from lib.models import Document, DocumentStatus, EventKind, Person, Task
from lib.store.database import Connection, transaction
from lib.store.idempotency import FormSubmission, has_completed, is_repeat, keep_result, result
from lib.store.search_words import words

MAX_BYTES = 10 * 1024 * 1024
PAGE_SIZE = 50

_COLUMNS = """
    document.id, document.practice_id, document.sha256, document.media_type, document.size,
    document.file_name, document.name, document.label, document.status, document.document_date,
    document.notes, document.patient_id,
    concat_ws(', ', patient.last_name, patient.first_name) AS patient_name,
    document.created_at, person.name AS created_by
"""


def find(
    con: Connection,
    query: str,
    *,
    actor: Person,
    practice_id: int | None = None,
    label: str | None = None,
    status: DocumentStatus | None = None,
    page: int = 1,
) -> tuple[list[Document], int]:
    """One page of fifty documents, newest first, and how many there are.

    Every word is part of the file name, the name, the label, the patient's name, or is the ID.
    """
    practices = [p for p in actor.practice_ids if practice_id in (None, p)]
    condition = """
        list_contains($practices, document.practice_id)
        AND ($label IS NULL OR label = $label)
        AND ($status IS NULL OR document.status = $status)
        AND len(list_filter($words, lambda w: NOT (CAST(document.id AS VARCHAR) = w OR contains(
            lower(concat_ws(' ', file_name, document.name, label, patient.last_name,
                            patient.first_name)), w)))) = 0
    """
    values = {
        "practices": practices,
        "label": label,
        "status": status,
        "words": list(words(query)),
    }
    joins = """
        FROM document
        LEFT JOIN patient ON patient.id = document.patient_id
        LEFT JOIN person ON person.id = document.created_by
    """
    rows = con.records(
        Document,
        f"""
        SELECT {_COLUMNS} {joins} WHERE {condition}
        ORDER BY document.created_at DESC, document.id DESC LIMIT $size OFFSET $start
        """,
        **values,
        size=PAGE_SIZE,
        start=(page - 1) * PAGE_SIZE,
    )
    return rows, int(con.value(f"SELECT count(*) {joins} WHERE {condition}", **values))


def get(con: Connection, document_id: int, *, actor: Person) -> Document:
    """One document. Raises NoSuchDocument, for another practice's document too."""
    found = con.records(
        Document,
        f"""
        SELECT {_COLUMNS} FROM document
        LEFT JOIN patient ON patient.id = document.patient_id
        LEFT JOIN person ON person.id = document.created_by
        WHERE document.id = $document_id
        """,
        document_id=document_id,
    )
    if not found:
        raise NoSuchDocument
    access.require(actor, Verb.SEE, found[0].practice_id, NoSuchDocument())
    return found[0]


def content(con: Connection, document_id: int, *, actor: Person) -> tuple[Document, Path]:
    """The document and the path of its content. Raises NoSuchDocument."""
    document = get(con, document_id, actor=actor)
    return document, path_of(con, document.sha256)


def path_of(con: Connection, sha256: str) -> Path:
    """Where content with that hash lies."""
    return con.store.documents / sha256[:2] / sha256


def attached(con: Connection, task_id: int, *, actor: Person) -> list[Document]:
    """The documents attached to a task, oldest first. Raises NoSuchTask."""
    tasks.require_seen(con, task_id, actor=actor)
    if not con.row("SELECT 1 FROM attachment WHERE task_id = $task_id", task_id=task_id):
        return []  # as for most tasks: the joins below take four times as long
    return con.records(
        Document,
        f"""
        SELECT {_COLUMNS} FROM attachment
        JOIN document ON document.id = attachment.document_id
        LEFT JOIN patient ON patient.id = document.patient_id
        LEFT JOIN person ON person.id = document.created_by
        WHERE attachment.task_id = $task_id
        ORDER BY attached_at, document.id
        """,
        task_id=task_id,
    )


def recommended_name(patient_name: str, day: date, label: str) -> str:
    """LASTNAME_FIRSTNAME_YYYY-MM-DD_LABEL, the form the billers recommend."""
    last, _, first = patient_name.partition(",")
    parts = [_plain(last), _plain(first), day.isoformat(), _plain(label)]
    return "_".join(part for part in parts if part)


def _plain(text: str) -> str:
    return re.sub(r"[^0-9A-Z]+", "-", text.upper()).strip("-")


def upload(
    con: Connection,
    content: bytes,
    file_name: str,
    *,
    practice_id: int,
    name: str,
    label: str,
    status: DocumentStatus,
    document_date: date,
    notes: str,
    patient_id: int | None,
    token: str,
    actor: Person,
    now: datetime,
) -> int:
    """Save a document and return its id.

    Raises WrongDocument for content that is not kept, DuplicateDocument for content that is
    already saved in the practice, WrongInput for another practice's patient.
    """
    access.require(actor, Verb.KEEP_DOCUMENTS, practice_id, NoSuchDocument())
    if patient_id is not None and not con.rows(
        "SELECT id FROM patient WHERE id = $patient_id AND practice_id = $practice_id",
        patient_id=patient_id,
        practice_id=practice_id,
    ):
        raise WrongInput("There is no such patient.")
    media_type = _checked(content, name, label)
    sha256 = _write(con, content)
    about = (sha256, file_name, name, label, status, document_date, notes)
    sent = FormSubmission(token, "upload", actor, (practice_id, patient_id, *about))
    with transaction(con):
        if is_repeat(con, sent, now=now):
            return result(con, sent)
        document_id = _add(
            con, sha256, media_type, len(content), file_name, practice_id=practice_id, name=name,
            label=label, status=status, document_date=document_date, notes=notes,
            patient_id=patient_id, task=None, actor=actor, now=now,
        )  # fmt: skip
        keep_result(con, sent, document_id)
        return document_id


def upload_and_complete(
    con: Connection,
    task_id: int,
    content: bytes,
    file_name: str,
    *,
    name: str,
    label: str,
    status: DocumentStatus,
    document_date: date,
    notes: str,
    token: str,
    actor: Person,
    now: datetime,
) -> None:
    """Save a document, attach it and complete the task, in one transaction.

    Raises WrongDocument, DuplicateDocument, AlreadyCompleted or NotYourTask.
    """
    media_type = _checked(content, name, label)
    task = tasks.get(con, task_id, actor=actor)
    sha256 = _write(con, content)
    about = (sha256, file_name, name, label, status, document_date, notes)
    sent = FormSubmission(token, "upload and complete", actor, (task_id, *about))
    with transaction(con):
        if has_completed(con, sent, task_id, now=now):
            return
        task = tasks.workable(con, task_id, actor=actor)
        document_id = _add(
            con, sha256, media_type, len(content), file_name, practice_id=task.practice_id,
            name=name, label=label, status=status, document_date=document_date, notes=notes,
            patient_id=task.patient_id, task=task, actor=actor, now=now,
        )  # fmt: skip
        _attach(con, task, document_id, name, actor=actor, now=now)
        tasks.mark_completed(con, task, actor=actor, now=now)


def attach_and_complete(
    con: Connection, task_id: int, document_id: int, *, token: str, actor: Person, now: datetime
) -> None:
    """Attach a saved document and complete the task, in one transaction."""
    sent = FormSubmission(token, "attach and complete", actor, (task_id, document_id))
    with transaction(con):
        if has_completed(con, sent, task_id, now=now):
            return
        task = tasks.workable(con, task_id, actor=actor)
        document = get(con, document_id, actor=actor)
        if document.practice_id != task.practice_id:
            raise NoSuchDocument
        _attach(con, task, document.id, document.name, actor=actor, now=now)
        tasks.mark_completed(con, task, actor=actor, now=now)


def refusal(content: bytes) -> str | None:
    """The sentence that says why this content is not kept, or None where it is."""
    if len(content) > MAX_BYTES:
        return (
            f"This file has {len(content) / 1024 / 1024:.1f} MB; at most 10 MB can be kept. "
            "Scan it at a lower resolution or split it."
        )
    if media_type_of(content) is None:
        return (
            "This file is not a PDF, TIFF, PNG, JPEG or Word document, whatever its name says, or "
            "it is damaged or holds macros. Save it as one of these and choose it again."
        )
    return None


def check_words(name: str, label: str) -> None:
    """Raise NothingWritten without a name, WrongInput without a label of LABELS."""
    if not name.strip():
        raise NothingWritten("a name for the document")
    if label not in DOCUMENT_LABELS:
        raise WrongInput("Choose a label for the document.")


def _checked(content: bytes, name: str, label: str) -> str:
    check_words(name, label)
    if problem := refusal(content):
        raise WrongDocument(problem)
    return media_type_of(content) or ""


def _write(con: Connection, content: bytes) -> str:
    """Write and sync the content under its SHA-256, before any row knows of it.

    Raises NotWritten where there is no room for it.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    path = path_of(con, sha256)
    if path.exists() and path.stat().st_size == len(content):
        return sha256
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{sha256}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as problem:
        raise NotWritten from problem
    finally:
        temporary.unlink(missing_ok=True)
    for folder in (path.parent, con.store.documents):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    return sha256


def _held(con: Connection, practice_id: int, sha256: str) -> tuple[int, str] | tuple[None, None]:
    found = con.row(
        "SELECT id, name FROM document WHERE practice_id = $practice_id AND sha256 = $sha256",
        practice_id=practice_id,
        sha256=sha256,
    )
    return (found[0], found[1]) if found else (None, None)


def _add(
    con: Connection,
    sha256: str,
    media_type: str,
    size: int,
    file_name: str,
    *,
    practice_id: int,
    name: str,
    label: str,
    status: DocumentStatus,
    document_date: date,
    notes: str,
    patient_id: int | None,
    task: Task | None,
    actor: Person,
    now: datetime,
) -> int:
    held, held_name = _held(con, practice_id, sha256)
    if held is not None:
        raise DuplicateDocument(held, held_name or "")
    document_id = int(
        con.value(
            """
            INSERT INTO document (practice_id, sha256, media_type, size, file_name, name, label,
                status, document_date, notes, patient_id, created_at, created_by)
            VALUES ($practice_id, $sha256, $media_type, $size, $file_name, $name, $label,
                $status, $document_date, $notes, $patient_id, $now, $actor_id)
            RETURNING id
            """,
            practice_id=practice_id,
            sha256=sha256,
            media_type=media_type,
            size=size,
            file_name=re.split(r"[/\\]", file_name)[-1][:200] or "document",
            name=name.strip(),
            label=label,
            status=status,
            document_date=document_date,
            notes=notes.strip(),
            patient_id=patient_id,
            now=now,
            actor_id=actor.id,
        )
    )
    history.record(
        con,
        EventKind.UPLOADED,
        practice_id=practice_id,
        task_id=task.id if task else None,
        document_id=document_id,
        actor_id=actor.id,
        now=now,
        detail=name.strip(),
    )
    return document_id


def _attach(
    con: Connection, task: Task, document_id: int, name: str, *, actor: Person, now: datetime
) -> None:
    con.execute(
        """
        INSERT INTO attachment VALUES ($task_id, $document_id, $practice_id, $now, $actor_id)
        ON CONFLICT DO NOTHING
        """,
        task_id=task.id,
        document_id=document_id,
        practice_id=task.practice_id,
        now=now,
        actor_id=actor.id,
    )
    history.record(
        con,
        EventKind.ATTACHED,
        practice_id=task.practice_id,
        task_id=task.id,
        document_id=document_id,
        actor_id=actor.id,
        now=now,
        detail=name,
    )
