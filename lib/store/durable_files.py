"""Write a file durably: all of it is there or none of it, and a full disk becomes its own error.

Everything this program writes beside the database goes through here: documents, imported files,
exports, backups, reports of a watched folder.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lib.errors import NotWritten

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
NO_RIGHT = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
PIECE = 1 << 20  # bytes


def write(
    path: Path,
    content: bytes | Iterable[bytes],
    *,
    makes_folder: bool = True,
    has_one_writer: bool = False,
    before_rename: Callable[[], None] = lambda: None,
) -> None:
    """Write the content under a temporary name, sync it, rename it to `path`, and sync the folder.

    A missing folder is made if `makes_folder` allows it; an existing file is replaced only by a
    complete one, after `before_rename` was called. Where one process alone writes the file, what an
    earlier one left of it is written over. Raises NotWritten where the disk takes no more; whatever
    reading the pieces raises is passed on. Either way nothing of the new file is left behind.
    """
    pieces = [content] if isinstance(content, bytes) else content
    if makes_folder:
        with _our_disk():
            make_folder(path.parent)
    # The temporary name has a fixed length: a long file name has no room for an ending.
    temporary = path.with_name(f".{path.name if has_one_writer else secrets.token_hex(8)}.part")
    is_new = os.O_TRUNC if has_one_writer else os.O_EXCL
    with _our_disk():
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | is_new, 0o600)
    try:
        try:
            for piece in pieces:
                with _our_disk():
                    _write_all(handle, piece)
            with _our_disk():
                os.fsync(handle)
        finally:
            os.close(handle)
        before_rename()
        with _our_disk():
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def keep(path: Path, sha256: str, content: bytes | Iterable[bytes]) -> bool:
    """Write content under its SHA-256 unless an intact copy is there; a damaged one is replaced.

    Return True if there was no file. Raises NotWritten as `write` does.
    """
    is_new = not path.is_file()
    if is_new or sha256_of(path) != sha256:
        write(path, content)
    return is_new


def make_folder(folder: Path) -> None:
    """Make the folder and its missing parents, each synced into the folder above it."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where its file system supports it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems cannot sync a folder
            os.fsync(handle)
    finally:
        os.close(handle)


def pieces_of(path: Path) -> Iterator[bytes]:
    """Yield the content of a file, a megabyte at a time."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    digest = hashlib.sha256()
    for piece in pieces_of(path):
        digest.update(piece)
    return digest.hexdigest()


def has_no_room(problem: BaseException | None) -> bool:
    """Return True if the error, or one of its causes, says that the disk is full."""
    while problem:
        if isinstance(problem, OSError) and problem.errno in NO_ROOM:
            return True
        problem = problem.__cause__
    return False


def not_written(problem: OSError) -> NotWritten:
    """Return what to say of a disk that could not be written: that it may be full, or that we have
    no right to."""
    if problem.errno not in NO_RIGHT:
        return NotWritten()
    return NotWritten("since Billing Tasks has no right to. Whoever runs it has to give it that.")


def why_not_written(path: Path | str, problem: NotWritten) -> str:
    """Return what to say where whoever named the path can choose another one: what is wrong with
    it, unless the disk is full."""
    cause = problem.__cause__
    if isinstance(cause, OSError) and not has_no_room(cause):
        return f"{path} cannot be written: {cause.strerror}."
    return str(problem)


@contextmanager
def _our_disk() -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise not_written(problem) from problem


def _write_all(handle: int, content: bytes) -> None:
    """Write all of `content`: a disk that fills up accepts a part first and only then reports
    it."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]
