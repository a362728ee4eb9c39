"""Imports that ended with the app: of such a file nothing came in, and somebody has to be told."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from lib import access
from lib.access import Verb, may_anywhere
from lib.errors import BillingError, NoSuchFile, NotCertain, NotWritten, StoreClosing
from lib.models import Person
from lib.store import interruption
from lib.store.database import Connection, transaction

_PROCESS = secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class UnfinishedImport:
    """A file whose import ended with the process that ran it."""

    id: str
    practice_id: int
    name: str
    began_at: datetime
    begun_by: str | None  # None for the command line or a watched folder


@contextmanager
def noted(
    con: Connection, name: str, sha256: str, *, practice_id: int, actor_id: int | None,
    now: datetime,
) -> Iterator[None]:  # fmt: skip
    """Have it on disk, while the block runs, that the file is being imported. Where there is no
    room for that, the import itself will say so."""
    con.store.leads(_lead(_PROCESS))
    id_ = secrets.token_hex(8)
    try:
        with (
            interruption.beforehand(),
            suppress(NotWritten),
            transaction(con, invalidates_cache=False),
        ):
            con.execute(
                """
                INSERT INTO unfinished_import
                VALUES ($id, $process, $practice_id, $name, $sha256, $now, $actor_id)
                """,
                id=id_, process=_PROCESS, practice_id=practice_id, name=name, sha256=sha256,
                now=now, actor_id=actor_id,
            )  # fmt: skip
        yield
    except (StoreClosing, NotCertain):
        raise
    except BaseException:
        _end(con, id_)
        raise
    _end(con, id_)


def _end(con: Connection, id_: str) -> None:
    """Take a note away. One that stays is passed over where the file came in."""
    with suppress(BillingError), transaction(con, invalidates_cache=False):
        con.execute("DELETE FROM unfinished_import WHERE id = $id", id=id_)


def lost(con: Connection, *, actor: Person) -> list[UnfinishedImport]:
    """Return the files, newest first, whose import ended with its process, of the practices that
    the actor imports for."""
    found = con.rows(
        """
        SELECT unfinished_import.id, practice_id, unfinished_import.name, began_at, person.name,
               process
        FROM unfinished_import LEFT JOIN person ON person.id = begun_by
        WHERE list_contains($practices, practice_id)
          AND NOT EXISTS (
              SELECT id FROM intake_file
              WHERE intake_file.practice_id = unfinished_import.practice_id
                AND intake_file.sha256 = unfinished_import.sha256
          )
        ORDER BY began_at DESC NULLS LAST, unfinished_import.id
        """,
        practices=may_anywhere(actor, Verb.IMPORT),
    )
    processes = {row[-1] for row in found} - {_PROCESS}
    gone = {each for each in processes if con.store.leads(_lead(each))}
    return [UnfinishedImport(*row[:-1]) for row in found if row[-1] in gone]


def dismiss(con: Connection, id_: str, *, actor: Person) -> None:
    """Take a note away that somebody has read; one that is gone stays gone.

    Raises NoSuchFile if it is of a practice that the actor does not import for.
    """
    with transaction(con, invalidates_cache=False):
        row = con.row("SELECT practice_id FROM unfinished_import WHERE id = $id", id=id_)
        if row:
            access.require(actor, Verb.IMPORT, row[0], NoSuchFile())
            con.execute("DELETE FROM unfinished_import WHERE id = $id", id=id_)


def _lead(process: str) -> str:
    return f"imports of {process}"
