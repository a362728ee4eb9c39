"""Saved documents: stored once by content, searched, attached to tasks."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import date, datetime

from lib import access, document_rows, history, tasks
from lib.access import Verb
from lib.document_rows import StoredFile
from lib.errors import (
    DocumentFileChanged,
    DocumentFileMissing,
    DuplicateDocument,
    NoSuchDocument,
    NothingWritten,
    OtherPatient,
    WrongDocument,
    WrongInput,
)
from lib.file_type_detection import DOCUMENT_LABELS, look, safe_name
from lib.history_event_kinds import EventKind
from lib.models import Document, DocumentDetails, DocumentStatus, Person, Resolution, Task
from lib.store import writer_scope
from lib.store.database import Connection, transaction
from lib.store.files import DOCUMENTS
from lib.store.idempotency import FormSubmission, has_completed, is_repeat, keep_result, result

MAX_BYTES = 10 * 1024 * 1024
PAGE_SIZE = document_rows.PAGE_SIZE


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
    """Return one page of fifty documents, and how many match in all.

    Each word must be the ID or part of the file name, the name, the label, the date as MM/DD/YYYY
    or the patient's name; "ID 23" finds only that document. The one whose ID was typed comes first,
    then the newest.
    """
    seen = access.may_anywhere(actor, Verb.SEE_PATIENTS)
    return document_rows.matching(
        con,
        query,
        practice_ids=[p for p in seen if practice_id in (None, p)],
        label=label,
        status=status,
        page=page,
    )


def get(con: Connection, document_id: int, *, actor: Person) -> Document:
    """Return one document. Raises NoSuchDocument, for another practice's document too."""
    found = document_rows.by_id(con, document_id)
    if found is None:
        raise NoSuchDocument
    access.require(actor, Verb.SEE_PATIENTS, found.practice_id, NoSuchDocument())
    return found


def content(con: Connection, document_id: int, *, actor: Person) -> tuple[Document, bytes]:
    """Return the document and its file as it was saved: the bytes that are checked are the bytes
    that are sent.

    Raises NoSuchDocument and what `read_content` raises.
    """
    document = get(con, document_id, actor=actor)
    return document, read_content(con, document.id, document.sha256)


def read_content(con: Connection, document_id: int, sha256: str) -> bytes:
    """Return the file of a document as it was saved; at most ten megabytes.

    Raises DocumentFileMissing, or DocumentFileChanged where it is not the one that was saved.
    """
    try:
        found = con.store.files.read(DOCUMENTS, sha256)
    except FileNotFoundError as problem:
        raise DocumentFileMissing(document_id) from problem
    except OSError as problem:
        raise DocumentFileMissing(document_id, "cannot be read") from problem
    if hashlib.sha256(found).hexdigest() != sha256:
        raise DocumentFileChanged(document_id)
    return found


def attached(con: Connection, task_id: int, *, actor: Person) -> list[Document]:
    """Return the documents attached to a task, oldest first. Raise NoSuchTask."""
    tasks.require_seen(con, task_id, actor=actor)
    return document_rows.of_task(con, task_id)


def recommended_name(patient_name: str, day: date, label: str) -> str:
    """Return LASTNAME_FIRSTNAME_YYYY-MM-DD_LABEL, the form the billers recommend."""
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
    details: DocumentDetails,
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
    file = checked(content, file_name, details)
    sent = FormSubmission(token, "upload", actor, (practice_id, patient_id, file, details))
    send(con, content, file)
    with transaction(con, of=writer_scope.of_practice(practice_id)):
        if is_repeat(con, sent, now=now):
            return result(con, sent)
        document_id = add(
            con, content, file, details, practice_id=practice_id, patient_id=patient_id, task=None,
            actor=actor, now=now,
        )  # fmt: skip
        keep_result(con, sent, document_id)
        return document_id


def upload_and_complete(
    con: Connection,
    task_id: int,
    content: bytes,
    file_name: str,
    *,
    details: DocumentDetails,
    resolution: Resolution = Resolution.DOCUMENT_SENT,
    token: str,
    actor: Person,
    now: datetime,
) -> None:
    """Save a document, attach it and complete the task, in one transaction. Raises WrongDocument,
    DuplicateDocument, AlreadyCompleted or NotYourTask."""
    tasks.require_seen(con, task_id, actor=actor)
    file = checked(content, file_name, details)
    sent = FormSubmission(token, "upload and complete", actor, (task_id, file, details))
    send(con, content, file)
    with transaction(con, of=writer_scope.of_task(task_id)):
        if has_completed(con, sent, task_id, now=now):
            return
        task = tasks.workable(con, task_id, actor=actor)
        add_to_task(con, task, content, file, details, actor=actor, now=now)
        tasks.mark_completed(con, task, resolution=resolution, actor=actor, now=now)


def attach_and_complete(
    con: Connection,
    task_id: int,
    document_id: int,
    *,
    is_other_patient_confirmed: bool = False,
    resolution: Resolution = Resolution.DOCUMENT_SENT,
    token: str,
    actor: Person,
    now: datetime,
) -> None:
    """Attach a saved document and complete the task, in one transaction.

    Raises what `attachable` raises.
    """
    said = (task_id, document_id, is_other_patient_confirmed)
    sent = FormSubmission(token, "attach and complete", actor, said)
    tasks.require_seen(con, task_id, actor=actor)
    check_file(con, document_id, actor=actor)
    with transaction(con, of=writer_scope.of_task(task_id)):
        if has_completed(con, sent, task_id, now=now):
            return
        task, document = attachable(
            con, task_id, document_id, is_confirmed=is_other_patient_confirmed, actor=actor
        )
        link(con, task, document, actor=actor, now=now)
        tasks.mark_completed(con, task, resolution=resolution, actor=actor, now=now)


def check_file(con: Connection, document_id: int, *, actor: Person) -> None:
    """Raise DocumentFileMissing or DocumentFileChanged for a document that nobody could read.

    Call it outside of a transaction: it reads the whole file, and other writers would wait.
    """
    content(con, document_id, actor=actor)


def attachable(
    con: Connection, task_id: int, document_id: int, *, is_confirmed: bool, actor: Person
) -> tuple[Task, Document]:
    """Return the task and the document that its assignee may attach to it.

    Raises AlreadyCompleted, NotYourTask, NoSuchDocument, or OtherPatient for a document of another
    patient until that `is_confirmed`.
    """
    task = tasks.workable(con, task_id, actor=actor)
    document = get(con, document_id, actor=actor)
    if document.practice_id != task.practice_id:
        raise NoSuchDocument
    if is_of_other_patient(document, task) and not is_confirmed:
        raise OtherPatient(document.patient_name or "", task.patient_name)
    return task, document


def is_of_other_patient(document: Document, task: Task) -> bool:
    """Return True where the document is of a patient and the task is about another one. A task
    whose claim is not held here knows its patient by name only."""
    if document.patient_id is None or document.patient_id == task.patient_id:
        return False
    if task.patient_id is not None:
        return True
    names = [(document.patient_name or "").casefold(), task.patient_name.casefold()]
    return bool(names[1]) and _plain(names[0]) != _plain(names[1])


def refusal(content: bytes) -> str | None:
    """Return the sentence that says why this content is not kept, or None where it is."""
    return _looked_at(content)[1]


def _looked_at(content: bytes) -> tuple[str, str | None]:
    """Return the media type of content that can be kept, or why it cannot. Takes up to a second."""
    if len(content) > MAX_BYTES:
        return "", (
            f"This file has {len(content) / 1_000_000:.1f} MB; at most 10 MB can be kept. "
            "Scan it at a lower resolution or split it."
        )
    seen = look(content)
    return seen.media_type or "", seen.refusal


def check_words(details: DocumentDetails) -> None:
    """Raise NothingWritten without a name, WrongInput without a label of DOCUMENT_LABELS."""
    if not details.name.strip():
        raise NothingWritten("a name for the document")
    if details.label not in DOCUMENT_LABELS:
        raise WrongInput("Choose a label for the document.")


def checked(content: bytes, file_name: str, details: DocumentDetails) -> StoredFile:
    """Return how content that can be kept is stored, with the details it is to have.

    Raises WrongDocument, and what `check_words` raises.
    """
    check_words(details)
    media_type, problem = _looked_at(content)
    if problem:
        raise WrongDocument(problem)
    sha256 = hashlib.sha256(content).hexdigest()
    return StoredFile(sha256, media_type, len(content), safe_name(file_name, media_type))


def send(con: Connection, content: bytes, file: StoredFile) -> None:
    """Send the content to a bucket, where files are in one. Call it outside of a transaction: it
    takes as long as the network, and other writers would wait.

    Where no row comes to name it, `lib/upkeep/sweep.py` takes it. Raises FilesUnreachable.
    """
    con.store.files.send(DOCUMENTS, file.sha256, content)


def add(
    con: Connection,
    content: bytes,
    file: StoredFile,
    details: DocumentDetails,
    *,
    practice_id: int,
    patient_id: int | None,
    task: Task | None,
    actor: Person,
    now: datetime,
) -> int:
    """Write the content, insert its document inside the caller's transaction, return its id; the
    caller has called `send` before it.

    If the transaction is rolled back, the file goes too, unless somebody who writes at the same
    time could have found it there: then `lib/upkeep/sweep.py` takes it. Raises DuplicateDocument
    where the practice has that content, NotWritten where the disk has no room for it.
    """
    held = document_rows.by_content(con, practice_id, file.sha256)
    store = con.store  # where a file that was damaged or lost becomes whole again
    is_new = store.files.keep_sent(DOCUMENTS, file.sha256, file.size, content)
    if held:
        raise DuplicateDocument(*held)
    if is_new and con.is_alone:
        con.if_rolled_back(lambda: store.files.take_back(DOCUMENTS, file.sha256))
    details = replace(details, name=details.name.strip(), notes=details.notes.strip())
    document_id = document_rows.insert(
        con, file, details, practice_id=practice_id, patient_id=patient_id, actor_id=actor.id,
        now=now,
    )  # fmt: skip
    history.record(
        con,
        EventKind.UPLOADED,
        practice_id=practice_id,
        task_id=task.id if task else None,
        document_id=document_id,
        actor_id=actor.id,
        now=now,
        detail=details.name,
    )
    return document_id


def add_to_task(
    con: Connection,
    task: Task,
    content: bytes,
    file: StoredFile,
    details: DocumentDetails,
    *,
    actor: Person,
    now: datetime,
) -> int:
    """Add a document of the task's patient and attach it, inside the caller's transaction."""
    document_id = add(
        con, content, file, details, practice_id=task.practice_id, patient_id=task.patient_id,
        task=task,
        actor=actor, now=now,
    )  # fmt: skip
    link(con, task, get(con, document_id, actor=actor), actor=actor, now=now)
    return document_id


def link(con: Connection, task: Task, document: Document, *, actor: Person, now: datetime) -> None:
    """Attach the document inside the caller's transaction, with its history; once."""
    if not document_rows.attach(con, document, task.id, actor_id=actor.id, now=now):
        return
    tasks.take_up_answer(con, task)
    of_whom = f" (of {document.patient_name})" if is_of_other_patient(document, task) else ""
    history.record(
        con,
        EventKind.ATTACHED,
        practice_id=task.practice_id,
        task_id=task.id,
        document_id=document.id,
        actor_id=actor.id,
        now=now,
        detail=f"{document.name}{of_whom}",
    )
