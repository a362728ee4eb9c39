"""The files that rows name: documents and imported files, each stored under its SHA-256."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lib.store.database import Connection

_NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of content: the folder it is stored in, and the table that names it."""

    folder: str
    table: str
    noun: str


KINDS = (Kind("documents", "document", "document"), Kind("intake", "intake_file", "imported file"))


def path_in(folder: Path, kind: Kind, sha256: str) -> Path:
    """Return where content of that kind is stored in a data folder or a backup."""
    return folder / kind.folder / sha256[:2] / sha256


def named(con: Connection, kind: Kind) -> dict[str, list[int]]:
    """Return the ids of the rows that name each SHA-256."""
    found: dict[str, list[int]] = {}
    for id_, sha256 in con.rows(f"SELECT id, sha256 FROM {kind.table} ORDER BY id"):
        found.setdefault(sha256, []).append(id_)
    return found


def lying_in(folder: Path, kind: Kind) -> Iterator[Path]:
    """Yield every file below the folder of that kind, including unfinished ones."""
    top = folder / kind.folder
    if top.is_dir():
        for place, _, names in os.walk(top):
            yield from (Path(place) / name for name in sorted(names))


def is_named_well(path: Path) -> bool:
    """Return True if the path fits its name: ab/abcdef… of 64 digits."""
    return bool(_NAME.fullmatch(path.name)) and path.parent.name == path.name[:2]
