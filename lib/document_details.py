"""Changes to the details of a saved document; its file stays as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from lib import access, document_rows, documents, history
from lib.access import Verb
from lib.errors import DocumentChanged, NoSuchDocument
from lib.history_event_kinds import EventKind
from lib.models import Document, DocumentDetails, DocumentStatus, Event, Person
from lib.store import writer_scope
from lib.store.database import Connection, transaction

# The fields that can be changed, as the form names them.
CHANGEABLE = {
    "name": "Name",
    "label": "Label",
    "status": "Status",
    "document_date": "Date",
    "notes": "Notes",
}


def change(
    con: Connection,
    document_id: int,
    *,
    details: DocumentDetails,
    seen: Document,
    actor: Person,
    now: datetime,
) -> int:
    """Write the changed details of a document, each with its history. Return how many there were.

    `seen` is the document as the form showed it. Raises DocumentChanged if somebody changed it
    meanwhile, NothingWritten without a name, WrongInput without a label, NoSuchDocument or
    NotAllowed.
    """
    documents.check_words(details)
    with transaction(con, of=writer_scope.of_document(document_id)):
        document = documents.get(con, document_id, actor=actor)
        access.require(actor, Verb.KEEP_DOCUMENTS, document.practice_id, NoSuchDocument())
        if document != seen:
            raise DocumentChanged
        wanted = replace(details, name=details.name.strip(), notes=details.notes.strip())
        changed = [
            (said, _shown(getattr(document, field)), _shown(getattr(wanted, field)))
            for field, said in CHANGEABLE.items()
            if getattr(document, field) != getattr(wanted, field)
        ]
        if changed:
            document_rows.update(con, document_id, wanted)
        for field, old, new in changed:
            history.record(
                con,
                EventKind.CHANGED,
                practice_id=document.practice_id,
                document_id=document_id,
                actor_id=actor.id,
                now=now,
                field=field,
                old=old or None,
                new=new or None,
            )
        return len(changed)


def changes(con: Connection, document_id: int, *, actor: Person) -> list[Event]:
    """Return who added the document, changed it or attached it to a task, newest first."""
    documents.get(con, document_id, actor=actor)
    return con.records(
        Event,
        """
        SELECT kind, field, old_value AS old, new_value AS new, detail,
               person.name AS actor, happened_at
        FROM event LEFT JOIN person ON person.id = event.actor_id
        WHERE document_id = $document_id
        ORDER BY event.id DESC
        """,
        document_id=document_id,
    )


def _shown(value: object) -> str:
    """Return a field's value as its history shows it."""
    if isinstance(value, DocumentStatus):
        return value.label
    return f"{value:%m/%d/%Y}" if isinstance(value, date) else str(value)
