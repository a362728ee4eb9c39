"""The import log: when each file came in, from whom, what it brought, and what was rejected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lib import access
from lib.access import Verb, may_anywhere
from lib.errors import NoSuchFile
from lib.models import Person
from lib.store.database import Connection

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """One file as it was imported."""

    id: int
    practice_id: int
    name: str
    sha256: str
    format: str
    charges_new: int
    tasks_new: int
    tasks_amount: Decimal  # US dollars
    imported_at: datetime
    imported_by: str | None  # None for the command line or a watched folder
    set_aside: int  # rejected messages; a table's rejected rows count as one


@dataclass(frozen=True, slots=True)
class FileMessage:
    """One message of a file with what there is to say of it: why it did not simply come in, or what
    it accepts."""

    id: int
    kind: str
    outcome: str  # applied (a receipt that accepts), quarantined, duplicate or recorded
    sentence: str
    first_segment: int  # of a table, the first rejected row
    last_segment: int
    segment_number: int | None  # the one the sentence is about
    has_text: bool


_COLUMNS = """
    intake_file.id, intake_file.practice_id, intake_file.name, sha256, format, charges_new,
    tasks_new, tasks_amount, imported_at, person.name AS imported_by,
    (SELECT count(*) FROM intake_message
     WHERE intake_file_id = intake_file.id AND outcome = 'quarantined') AS set_aside
"""


def find(con: Connection, *, actor: Person, page: int = 1) -> tuple[list[ImportedFile], int]:
    """Return one page of fifty files, newest first, of the practices the actor imports for, and how
    many files there are in all."""
    practices = may_anywhere(actor, Verb.IMPORT)
    count = con.value(
        "SELECT count(*) FROM intake_file WHERE list_contains($practices, practice_id)",
        practices=practices,
    )
    found = con.records(
        ImportedFile,
        f"""
        SELECT {_COLUMNS}
        FROM intake_file LEFT JOIN person ON person.id = imported_by
        WHERE list_contains($practices, intake_file.practice_id)
        ORDER BY intake_file.id DESC
        LIMIT $size OFFSET $start
        """,
        practices=practices,
        size=PAGE_SIZE,
        start=(page - 1) * PAGE_SIZE,
    )
    return found, int(count)


def get(con: Connection, file_id: int, *, actor: Person) -> tuple[ImportedFile, list[FileMessage]]:
    """Return one file, and those of its messages of which there is something to say, in the file's
    order.

    Raises NoSuchFile, for another practice's file too, and NotAllowed.
    """
    found = con.records(
        ImportedFile,
        f"""
        SELECT {_COLUMNS}
        FROM intake_file LEFT JOIN person ON person.id = imported_by
        WHERE intake_file.id = $file_id
        """,
        file_id=file_id,
    )
    if not found:
        raise NoSuchFile
    access.require(actor, Verb.IMPORT, found[0].practice_id, NoSuchFile())
    return found[0], con.records(
        FileMessage,
        """
        SELECT id, kind, outcome, sentence, first_segment, last_segment, segment_number,
               raw IS NOT NULL AS has_text
        FROM intake_message
        WHERE intake_file_id = $file_id AND (outcome <> 'applied' OR sentence <> '')
        ORDER BY first_segment, id
        """,
        file_id=file_id,
    )


def text(con: Connection, message_id: int, *, actor: Person) -> str:
    """Return the text of a rejected message, a line a segment.

    Raises NoSuchFile where there is none, for another practice's message too, and NotAllowed.
    """
    found = con.row(
        "SELECT practice_id, raw FROM intake_message WHERE id = $id AND raw IS NOT NULL",
        id=message_id,
    )
    if not found:
        raise NoSuchFile
    access.require(actor, Verb.IMPORT, found[0], NoSuchFile())
    return str(found[1])
