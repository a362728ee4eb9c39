"""Take a data folder over into a PostgreSQL database, and compare every row and file."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from lib import audit_log_integrity
from lib.errors import BillingError
from lib.store import interruption
from lib.store.database import Connection, Store, transaction
from lib.store.row_transfer import Differs, copy_rows
from lib.upkeep import referenced_files
from lib.upkeep.referenced_files import KINDS

SETTINGS = "openid.toml"


class NotMoved(BillingError):
    """Nothing was moved; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What is in the database now, and a sentence for each file that was not there to be copied."""

    tables: int
    rows: int
    files: int
    findings: tuple[str, ...]


def move(source: Store, target: Store) -> Moved:
    """Copy every file, row and number of `source`, a data folder, into `target`, a database without
    data, while nobody writes in either.

    The rows are read again and compared before they are committed. Raises NotMoved where the target
    holds data, or something there is not as it is here: then it is as empty as before, and the move
    can be made again.
    """
    here, there = source.connection(), target.connection()
    with source.exclusive(), transaction(there, doing="a store that is moved here"):
        for table in ("practice", "person", "activity"):
            if there.row(f"SELECT 1 FROM {table} LIMIT 1"):
                raise NotMoved("The database holds data already. Name an empty one.")
        files, findings = _copy_files(here, source, target)
        try:
            copied = copy_rows(here, there)
        except Differs as problem:
            raise NotMoved(f"The table {problem}. Nothing was moved.") from problem
        if sentences := [*audit_log_integrity.broken(there)]:
            raise NotMoved(f"{sentences[0]} Nothing was moved.")
        if audit_log_integrity.end(here) != audit_log_integrity.end(there):
            raise NotMoved("The record does not end as it did. Nothing was moved.")
        interruption.hold()
    target.note_many_rows()
    return Moved(copied.tables, copied.rows, files, tuple(findings))


def _copy_files(con: Connection, source: Store, target: Store) -> tuple[int, list[str]]:
    """Copy the files that rows name, but for those that are there already. Return how many are
    there, and a sentence for each that is missing or was changed."""
    count, findings = 0, []
    for kind in KINDS:
        for sha256, ids in referenced_files.named(con, kind).items():
            if source.files.size(kind.folder, sha256) is not None:
                target.files.keep(kind.folder, sha256, source.files.pieces(kind.folder, sha256))
            if not target.files.problem(kind.folder, sha256):
                count += 1
            else:
                findings.append(f"The file of {kind.noun} {ids[0]} is missing or was changed.")
    if (source.folder / SETTINGS).exists():
        shutil.copy2(source.folder / SETTINGS, target.folder / SETTINGS)
    return count, findings
