"""Rejected rows of tables, kept with the file they came in, to correct and import again."""

from __future__ import annotations

from pathlib import PurePath

from lib import access
from lib.access import Verb
from lib.errors import NoSuchFile
from lib.intake.files.parsed_file import FileSummary, count
from lib.intake.import_context import ImportContext
from lib.models import Person
from lib.store.database import Connection


def keep(con: Connection, tally: FileSummary, source: ImportContext) -> None:
    """Insert the rejected rows of a table, inside the transaction of its import."""
    rows = tally.refused_rows
    if not rows:
        return
    con.execute(
        """
        INSERT INTO intake_message (practice_id, intake_file_id, kind, identifiers, first_segment,
                                    last_segment, outcome, sentence, segment_number, raw,
                                    received_at)
        VALUES ($practice_id, $file_id, $kind, '', $first, $last, 'quarantined', $sentence, $first,
                $text, $now)
        """,
        practice_id=source.practice.id,
        file_id=source.file_id,
        kind=tally.format,
        first=rows[0].line,
        last=rows[-1].line,
        sentence=f"{count(len(rows), 'row')} refused, the first in line {rows[0].line}",
        text=tally.refused_text,
        now=source.now,
    )


def content(con: Connection, file_id: int, *, actor: Person) -> tuple[str, bytes]:
    """Return a name and a CSV, which Excel opens too, with the rejected rows of an imported file.

    Raises NoSuchFile, for another practice's file too, and NotAllowed.
    """
    found = file_id < 2**63 and con.row(
        """
        SELECT intake_file.practice_id, intake_file.name, intake_message.raw
        FROM intake_message JOIN intake_file ON intake_file.id = intake_file_id
        WHERE intake_file_id = $file_id AND kind IN ('CSV', 'XLSX')
          AND outcome = 'quarantined' AND raw IS NOT NULL
        """,
        file_id=file_id,
    )
    if not found:
        raise NoSuchFile
    practice_id, name, text = found
    access.require(actor, Verb.IMPORT, practice_id, NoSuchFile())
    return f"{PurePath(name).stem} refused rows.csv", text.encode("utf-8-sig")
