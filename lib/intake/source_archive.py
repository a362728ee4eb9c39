"""Files as they came, kept for good under their SHA-256, and single segments of them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence

from lib.intake.source_file import SourceFile, path_of
from lib.intake.x12 import reader
from lib.intake.x12.reader import Unreadable
from lib.intake.x12.transactions import Message
from lib.store.database import Store

MAX_TEXT = 100_000  # characters of a message that was set aside; the file itself holds all


def keep(store: Store, raw: SourceFile) -> None:
    """Write and sync the file under its SHA-256, before any row knows of it."""
    path = path_of(store, raw.sha256)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{raw.sha256}.{secrets.token_hex(4)}.part")
    try:
        with unfinished.open("wb") as file:
            for piece in raw.pieces():
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


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
