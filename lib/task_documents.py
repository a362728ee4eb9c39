"""Documents on a task before it is completed: attached, and detached again."""

from __future__ import annotations

from datetime import datetime

from lib import document_rows, documents, history, tasks
from lib.errors import NotAttached, NothingAttached, WrongInput
from lib.history_event_kinds import EventKind
from lib.models import DocumentDetails, Person, Resolution, TaskType
from lib.store import writer_scope
from lib.store.database import Connection, transaction
from lib.store.idempotency import FormSubmission, has_completed, is_repeat, keep_result, result


def attach(
    con: Connection,
    task_id: int,
    document_id: int,
    *,
    is_other_patient_confirmed: bool = False,
    actor: Person,
    now: datetime,
) -> None:
    """Attach a saved document; one that is already attached stays so.

    Raises DocumentFileMissing, DocumentFileChanged and whatever `documents.attachable` raises.
    """
    tasks.require_seen(con, task_id, actor=actor)
    documents.check_file(con, document_id, actor=actor)
    with transaction(con, of=writer_scope.of_task(task_id)):
        task, document = documents.attachable(
            con, task_id, document_id, is_confirmed=is_other_patient_confirmed, actor=actor
        )
        documents.link(con, task, document, actor=actor, now=now)


def upload_and_attach(
    con: Connection,
    task_id: int,
    content: bytes,
    file_name: str,
    *,
    details: DocumentDetails,
    token: str,
    actor: Person,
    now: datetime,
) -> int:
    """Save a document of the task's patient, attach it and return its id, in one transaction.

    Raises WrongDocument, DuplicateDocument, AlreadyCompleted or NotYourTask.
    """
    tasks.require_seen(con, task_id, actor=actor)
    file = documents.checked(content, file_name, details)
    sent = FormSubmission(token, "upload and attach", actor, (task_id, file, details))
    documents.send(con, content, file)
    with transaction(con, of=writer_scope.of_task(task_id)):
        if is_repeat(con, sent, now=now):
            return result(con, sent)
        task = tasks.workable(con, task_id, actor=actor)
        document_id = documents.add_to_task(con, task, content, file, details, actor=actor, now=now)
        keep_result(con, sent, document_id)
        return document_id


def detach(
    con: Connection, task_id: int, document_id: int, *, actor: Person, now: datetime
) -> None:
    """Detach a document from a pending task. It stays among the saved ones, and the history says
    so.

    Raises AlreadyCompleted, NotYourTask, NoSuchDocument, or NotAttached if it is detached already.
    """
    with transaction(con, of=writer_scope.of_task(task_id)):
        task = tasks.workable(con, task_id, actor=actor)
        document = documents.get(con, document_id, actor=actor)
        if not document_rows.detach(con, document_id, task_id):
            raise NotAttached
        tasks.take_up_answer(con, task)
        history.record(
            con,
            EventKind.DETACHED,
            practice_id=task.practice_id,
            task_id=task_id,
            document_id=document_id,
            actor_id=actor.id,
            now=now,
            detail=document.name,
        )


def complete(
    con: Connection,
    task_id: int,
    *,
    resolution: Resolution = Resolution.DOCUMENT_SENT,
    token: str,
    actor: Person,
    now: datetime,
) -> None:
    """Complete a Documents task with what is attached to it.

    Raises NothingAttached, AlreadyCompleted, NotYourTask; DocumentFileMissing or
    DocumentFileChanged if a file is no longer what was attached.
    """
    attached = documents.attached(con, task_id, actor=actor)
    for document in attached:
        documents.check_file(con, document.id, actor=actor)
    sent = FormSubmission(token, "complete with documents", actor, (task_id,))
    with transaction(con, of=writer_scope.of_task(task_id)):
        if has_completed(con, sent, task_id, now=now):
            return
        task = tasks.workable(con, task_id, actor=actor)
        if task.type is not TaskType.DOCUMENTS:
            raise WrongInput("Complete this task with its charge.")
        if not documents.attached(con, task_id, actor=actor):
            raise NothingAttached
        tasks.mark_completed(con, task, resolution=resolution, actor=actor, now=now)
