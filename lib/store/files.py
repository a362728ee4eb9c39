"""Write a file durably: it is there whole, or not at all, and a full disk is said in its sentence.

Everything that this program writes beside the database goes through here: documents, files that
came in, exports, backups, reports of a watched folder.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lib.errors import NotWritten

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
PIECE = 1 << 20  # bytes


def write(path: Path, content: bytes | Iterable[bytes], *, makes_folder: bool = True) -> None:
    """Write the content under another name, sync it, rename it to `path`, and sync the folder.

    A missing folder is made where `makes_folder` allows it, and a file that is there is replaced
    only by a whole one. Raises NotWritten where the disk takes no more; what reading the pieces
    raises is passed on. Either way nothing of the file is left.
    """
    pieces = [content] if isinstance(content, bytes) else content
    if makes_folder:
        with _our_disk():
            make_folder(path.parent)
    # The name's length does not depend on the file's: a long one has no room for an ending.
    temporary = path.with_name(f".{secrets.token_hex(8)}.part")
    with _our_disk():
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            for piece in pieces:
                with _our_disk():
                    _write_all(handle, piece)
            with _our_disk():
                os.fsync(handle)
        finally:
            os.close(handle)
        with _our_disk():
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def keep(path: Path, sha256: str, content: bytes | Iterable[bytes]) -> bool:
    """Write content that is known by its SHA-256, unless it is there as it should be: a file that
    is damaged is replaced. Return True where there was none. Raises NotWritten as `write` does."""
    is_new = not path.is_file()
    if is_new or sha256_of(path) != sha256:
        write(path, content)
    return is_new


def take_back(path: Path) -> None:
    """Delete a file that was kept for a row which was never written."""
    path.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make the folder and those above it, each synced into the one it is in."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where its file system can."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems cannot sync a folder
            os.fsync(handle)
    finally:
        os.close(handle)


def pieces_of(path: Path) -> Iterator[bytes]:
    """Read a file a megabyte at a time."""
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
    """Return True for an error that says that the disk is full, also as the cause of another."""
    while problem:
        if isinstance(problem, OSError) and problem.errno in NO_ROOM:
            return True
        problem = problem.__cause__
    return False


@contextmanager
def _our_disk() -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise NotWritten from problem


def _write_all(handle: int, content: bytes) -> None:
    """Write all of it: a disk that fills up takes a part first, and then says so."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]
