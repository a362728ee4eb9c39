"""Imported files as they came, kept for good under their SHA-256, and single segments of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from lib.errors import NotCertain, RefusedFile
from lib.intake.files.source_file import SourceFile
from lib.intake.x12 import segment_reader
from lib.intake.x12.segment_reader import Unreadable
from lib.intake.x12.transaction_reader import Message
from lib.store.database import Connection, Store
from lib.store.files import INTAKE

MAX_TEXTS = 20_000_000  # characters of everything that was rejected in one file
MAX_TEXT = 100_000  # characters of a rejected message; the file itself holds all


class SourceFileProblem(Exception):
    """An imported file is not on the disk as it came in; `for_operator` says so for a log."""

    def __init__(self, sha256: str, what: str) -> None:
        self.for_operator = f"imported file {sha256} {what} on disk"
        super().__init__(f"The imported file {what} on disk. Have it restored from a backup.")


@contextmanager
def sent(con: Connection, raw: SourceFile) -> Iterator[None]:
    """Have the file in the bucket, where files are in one, before the block's transaction begins;
    take it back where the block fails. One import runs at a time, so nobody else finds it there.

    Raises as `keep` does.
    """
    files = con.store.files
    is_new = files.send(INTAKE, raw.sha256, _unchanged(raw))
    try:
        yield
    except NotCertain:  # its row may be there
        raise
    except BaseException:
        if is_new:
            files.take_back(INTAKE, raw.sha256)
        raise


def keep(con: Connection, raw: SourceFile) -> None:
    """Write and sync the file under its SHA-256, before the caller's transaction ends; where files
    are in a bucket, make sure that it is there.

    Raises NotWritten where there is no room for it, RefusedFile where its content has changed since
    it was read.
    """
    files = con.store.files
    if files.keep_sent(INTAKE, raw.sha256, raw.size, _unchanged(raw)):
        con.if_rolled_back(lambda: files.take_back(INTAKE, raw.sha256))


def kept(store: Store, name: str, sha256: str) -> SourceFile:
    """Return the file with that hash, as it came in. Raises SourceFileProblem where it is missing
    or was changed since."""
    try:
        raw = SourceFile(name, partial(store.files.pieces, INTAKE, sha256))
    except FileNotFoundError:
        raise SourceFileProblem(sha256, "is missing") from None
    except OSError:
        raise SourceFileProblem(sha256, "cannot be read") from None
    if raw.sha256 != sha256:
        raise SourceFileProblem(sha256, "was changed")
    return raw


def _unchanged(raw: SourceFile) -> Iterator[bytes]:
    """Yield the file's pieces again. Raise RefusedFile if they differ from what was read before."""
    digest = hashlib.sha256()
    for piece in raw.pieces():
        digest.update(piece)
        yield piece
    if digest.hexdigest() != raw.sha256:
        raise RefusedFile(
            f"{raw.name} was refused: somebody changed it while it was read. Bring it in again."
        )


def segments(raw: SourceFile, first: int, last: int) -> Iterator[str]:
    """Yield the segments from `first` to `last` (counted from 1) as they stand in the file."""
    try:
        yield from segment_reader.segments(raw.text(), first, last)
    except Unreadable:
        return


def quarantined_text(raw: SourceFile, found: Sequence[Message]) -> dict[int, str]:
    """Return the text of each rejected message, by its first segment; long ones are cut.

    The file is read once, however many there are.
    """
    wanted = sorted((each.first, each.last) for each in found) if raw.is_interchange else []
    texts: dict[int, list[str]] = {first: [] for first, _ in wanted}
    if not wanted:
        return {}
    waiting = iter(wanted)
    (first, last), size, room = next(waiting), 0, MAX_TEXTS
    for number, line in enumerate(segments(raw, first, wanted[-1][1]), first):
        if number > last:
            (first, last), size = next(waiting), 0
        if number >= first and size <= MAX_TEXT:
            size += len(line)
            room -= len(line)
            is_over = size > MAX_TEXT or room < 0
            size += MAX_TEXT if is_over else 0
            texts[first].append(f"… (cut here; segments go on to {last})" if is_over else line)
    return {first: "\n".join(lines) for first, lines in texts.items()}
