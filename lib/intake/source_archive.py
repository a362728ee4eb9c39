"""Files as they came, kept for good under their SHA-256, and single segments of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from lib.errors import RefusedFile
from lib.intake.source_file import SourceFile, path_of
from lib.intake.x12 import reader
from lib.intake.x12.reader import Unreadable
from lib.intake.x12.transactions import Message
from lib.store import files
from lib.store.database import Store

MAX_TEXT = 100_000  # characters of a message that was set aside; the file itself holds all


def keep(store: Store, raw: SourceFile) -> None:
    """Write and sync the file under its SHA-256, before the caller's transaction ends.

    Raises NotWritten where there is no room for it, RefusedFile where it has become another one.
    """
    path = path_of(store, raw.sha256)
    if files.keep(path, raw.sha256, _unchanged(raw)):
        store.if_rolled_back(lambda: files.take_back(path))


def _unchanged(raw: SourceFile) -> Iterator[bytes]:
    """The file's pieces once more. Raises RefusedFile where they are not what was read before."""
    digest = hashlib.sha256()
    for piece in raw.pieces():
        digest.update(piece)
        yield piece
    if digest.hexdigest() != raw.sha256:
        raise RefusedFile(
            f"{raw.name} was refused: somebody changed it while it was read. Bring it in again."
        )


def segments(raw: SourceFile, first: int, last: int) -> Iterator[str]:
    """The segments from `first` to `last` (counted from 1) as they stand in the file."""
    try:
        yield from reader.segments(raw.text(), first, last)
    except Unreadable:
        return


def quarantined_text(raw: SourceFile, found: Sequence[Message]) -> dict[int, str]:
    """The text of each message that was set aside, by its first segment; long ones are cut."""
    texts: dict[int, str] = {}
    for message in found if raw.is_interchange else []:
        lines, size = [], 0
        for line in segments(raw, message.first, message.last):
            size += len(line)
            if size > MAX_TEXT:
                lines.append(f"… (cut here; segments go on to {message.last})")
                break
            lines.append(line)
        texts[message.first] = "\n".join(lines)
    return texts
