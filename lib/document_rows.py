"""The rows of documents and attachments: the only SQL that reads or writes them.

Nothing here checks permissions: the verbs in lib/documents.py and lib/task_documents.py do, inside
whose transactions the rows are written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from lib.file_type_detection import safe_name
from lib.models import Document, DocumentDetails, DocumentStatus
from lib.store.database import Connection
from lib.store.search_match import PARAMETERS, parameters, words
from lib.us_formats import parse_date

PAGE_SIZE = 50

_COLUMNS = """
    document.id, document.practice_id, document.sha256, document.media_type, document.size,
    document.file_name, document.name, document.label, document.status, document.document_date,
    document.notes, document.patient_id,
    concat_ws(', ', patient.last_name, patient.first_name) AS patient_name,
    document.created_at, person.name AS created_by
"""
_JOINS = """
    LEFT JOIN patient ON patient.id = document.patient_id
    LEFT JOIN person ON person.id = document.created_by
"""
# The texts by which a document is found, in lower case, and its date as it is shown.
_FOUND_BY = """
    lower(concat_ws(' ', document.file_name, document.name, document.label, patient.last_name,
        patient.first_name)) AS found_by,
    concat(lpad(CAST(extract(month FROM document_date) AS VARCHAR), 2, '0'), '/',
           lpad(CAST(extract(day FROM document_date) AS VARCHAR), 2, '0'), '/',
           CAST(extract(year FROM document_date) AS VARCHAR)) AS shown_on
"""
_EACH_WORD = " ".join(
    f"""
        AND (${word} IS NULL OR strpos(found_by, ${word}) > 0 OR CAST(id AS VARCHAR) = ${word}
             OR (strpos(${word}, '/') > 0 AND strpos(shown_on, ${word}) > 0))
    """
    for word in PARAMETERS
)
_SHOWN_ID = re.compile(r"(?:\bid|#)[\s:#]{0,4}0{0,9}(\d{1,18})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file written to the store before a row names it."""

    sha256: str
    media_type: str
    size: int  # bytes
    name: str  # the name under which it is downloaded


def _read(con: Connection, sql: str, **parameters: Any) -> list[Document]:
    """Return documents with names that fit their types, whatever is stored: a PDF may have been
    uploaded as Invoice.bat."""
    return [
        replace(found, file_name=safe_name(found.file_name, found.media_type))
        for found in con.records(Document, sql, **parameters)
    ]


def by_id(con: Connection, document_id: int) -> Document | None:
    """Return the document, or None."""
    found = _read(
        con,
        f"SELECT {_COLUMNS} FROM document {_JOINS} WHERE document.id = $document_id",
        document_id=document_id,
    )
    return found[0] if found else None


def by_content(con: Connection, practice_id: int, sha256: str) -> tuple[int, str] | None:
    """Return id and name of the practice's document with that content, or None."""
    found = con.row(
        "SELECT id, name FROM document WHERE practice_id = $practice_id AND sha256 = $sha256",
        practice_id=practice_id,
        sha256=sha256,
    )
    return (found[0], found[1]) if found else None


def of_task(con: Connection, task_id: int) -> list[Document]:
    """Return what is attached to a task, oldest first."""
    if not con.row("SELECT 1 FROM attachment WHERE task_id = $task_id", task_id=task_id):
        return []  # true of most tasks; the joins below take four times as long
    return _read(
        con,
        f"""
        SELECT {_COLUMNS} FROM attachment
        JOIN document ON document.id = attachment.document_id {_JOINS}
        WHERE attachment.task_id = $task_id
        ORDER BY attached_at, document.id
        """,
        task_id=task_id,
    )


def matching(
    con: Connection,
    query: str,
    *,
    practice_ids: list[int],
    label: str | None,
    status: DocumentStatus | None,
    page: int,
) -> tuple[list[Document], int]:
    """Return one page of the documents that contain every word of the query, and how many there
    are.

    "ID 23" or "#23" finds only that document; "23" finds that document first.
    """
    shown_id = _SHOWN_ID.search(query)
    typed = [_as_shown(word) for word in words(_SHOWN_ID.sub(" ", query))]
    ids = [int(word) for word in typed if word.isascii() and word.isdigit() and len(word) < 19]
    values: dict[str, Any] = {
        "practices": practice_ids,
        "label": label,
        "status": status,
        "only": int(shown_id[1]) if shown_id else None,
        **parameters(typed),
    }
    condition = f"""
        FROM (
            SELECT {_COLUMNS}, {_FOUND_BY} FROM document {_JOINS}
            WHERE document.practice_id = ANY($practices)
              AND ($label IS NULL OR document.label = $label)
              AND ($status IS NULL OR document.status = $status)
              AND ($only IS NULL OR document.id = $only)
        ) AS found
        WHERE true {_EACH_WORD}
    """
    found = _read(
        con,
        f"""
        SELECT {", ".join(field.name for field in fields(Document))} {condition}
        ORDER BY CASE WHEN id = ANY(CAST($ids AS BIGINT[])) THEN 0 ELSE 1 END,
                 created_at DESC, id DESC
        LIMIT $size OFFSET $start
        """,
        **values,
        ids=ids,
        size=PAGE_SIZE,
        start=(page - 1) * PAGE_SIZE,
    )
    return found, int(con.value(f"SELECT count(*) {condition}", **values))


def _as_shown(word: str) -> str:
    """Return a word that is a date, such as 1/13/25, as dates are shown: 01/13/2025."""
    day = parse_date(word) if "/" in word else None
    return f"{day:%m/%d/%Y}" if day else word


def insert(
    con: Connection,
    file: StoredFile,
    details: DocumentDetails,
    *,
    practice_id: int,
    patient_id: int | None,
    actor_id: int,
    now: datetime,
) -> int:
    """Insert a document and return its id."""
    [document_id] = con.next_ids("document", 1)
    con.execute(
        """
        INSERT INTO document (id, practice_id, sha256, media_type, size, file_name, name, label,
            status, document_date, notes, patient_id, created_at, created_by)
        VALUES ($id, $practice_id, $sha256, $media_type, $size, $file_name, $name, $label,
            $status, $document_date, $notes, $patient_id, $now, $actor_id)
        """,
        id=document_id,
        practice_id=practice_id,
        sha256=file.sha256,
        media_type=file.media_type,
        size=file.size,
        file_name=file.name,
        name=details.name,
        label=details.label,
        status=details.status,
        document_date=details.document_date,
        notes=details.notes,
        patient_id=patient_id,
        now=now,
        actor_id=actor_id,
    )
    return document_id


def update(con: Connection, document_id: int, details: DocumentDetails) -> None:
    """Write a document's details."""
    con.execute(
        """
        UPDATE document SET name = $name, label = $label, status = $status,
            document_date = $document_date, notes = $notes, version = version + 1
        WHERE id = $document_id RETURNING id
        """,
        **{field.name: getattr(details, field.name) for field in fields(DocumentDetails)},
        document_id=document_id,
    )


def attach(
    con: Connection, document: Document, task_id: int, *, actor_id: int, now: datetime
) -> bool:
    """Insert the attachment. Return False if it was there."""
    return bool(
        con.rows(
            """
            INSERT INTO attachment (task_id, document_id, practice_id, attached_at, attached_by)
            VALUES ($task_id, $document_id, $practice_id, $now, $actor_id)
            ON CONFLICT (task_id, document_id) DO NOTHING RETURNING document_id
            """,
            task_id=task_id,
            document_id=document.id,
            practice_id=document.practice_id,
            now=now,
            actor_id=actor_id,
        )
    )


def detach(con: Connection, document_id: int, task_id: int) -> bool:
    """Delete the attachment. Return False if there was none."""
    return bool(
        con.rows(
            """
            DELETE FROM attachment WHERE task_id = $task_id AND document_id = $document_id
            RETURNING document_id
            """,
            task_id=task_id,
            document_id=document_id,
        )
    )
