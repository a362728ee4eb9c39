"""The files that rows name: documents and imported files, each stored under its SHA-256."""

from __future__ import annotations

from dataclasses import dataclass

from lib.store.database import Connection
from lib.store.files import DOCUMENTS, INTAKE


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of content: the folder it is stored in, and the table that names it."""

    folder: str
    table: str
    noun: str


KINDS = (Kind(DOCUMENTS, "document", "document"), Kind(INTAKE, "intake_file", "imported file"))


def named(con: Connection, kind: Kind) -> dict[str, list[int]]:
    """Return the ids of the rows that name each SHA-256."""
    found: dict[str, list[int]] = {}
    for id_, sha256 in con.rows(f"SELECT id, sha256 FROM {kind.table} ORDER BY id"):
        found.setdefault(sha256, []).append(id_)
    return found
