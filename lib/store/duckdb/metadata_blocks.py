"""Keep what a checkpoint writes anew in place, so that one that breaks off damages nothing.

DuckDB writes a new state into free blocks and names it in a header last, so that the old state
stays whole till then. But where a block of metadata has room left, new metadata is written into it,
and with it all of the block, 262,144 bytes at once. Where power, disk or process ends in the middle
of that, the checksum of a block in use is wrong, and the database cannot be opened. Source: DuckDB,
metadata_manager.cpp (ConvertToTransient, Flush); of 137 blocks that were half written on trial the
database lost 48, all of metadata.

So a copy of these blocks and of the headers lies beside the database before anything is committed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from lib.errors import NotWritten
from lib.store import durable_files
from lib.store.block_checksums import BLOCK, HEADER, HEADERS, is_whole
from lib.store.data_folder_lock import BLOCKS
from lib.store.duckdb.errors import LOG

MAGIC = b"Billing Tasks: blocks of metadata\n"
_DIGEST = hashlib.sha256().digest_size
_PLACE = 8  # bytes of the place of a block in the file
_ALL_HEADERS = HEADER * HEADERS


class MetadataBlocks:
    """The copy beside one database that this process has open."""

    def __init__(self, database: Path) -> None:
        self._database, self._copy = database, database.with_name(BLOCKS)
        self._handle: int | None = None  # kept open: closing it would end DuckDB's lock of the file
        self._headers = b""  # of the state that was copied

    def keep(self, root: duckdb.DuckDBPyConnection) -> None:
        """Copy the blocks unless that was done since the last checkpoint. The caller keeps others
        from writing. Where there is no room, the next checkpoint goes without."""
        try:
            if self._handle is None:
                self._handle = os.open(self._database, os.O_RDONLY | os.O_CLOEXEC)
            headers = os.pread(self._handle, _ALL_HEADERS, 0)
            if headers == self._headers:
                return
            with root.cursor() as cursor:
                found = cursor.execute("SELECT block_id FROM pragma_metadata_info()").fetchall()
            content = self._content(headers, [row[0] for row in found])
            durable_files.write(self._copy, content, has_one_writer=True)
        except NotWritten:  # as whoever writes now will hear
            return
        except (OSError, duckdb.Error) as problem:
            LOG.error("blocks of metadata were not copied: %s", type(problem).__name__)
        else:
            self._headers = headers

    def let_go(self, *, is_clean: bool) -> None:
        """Close the file, which DuckDB has closed. A clean end has nothing left to put back."""
        if self._handle is not None:
            os.close(self._handle)
        self._handle, self._headers = None, b""
        if is_clean:
            self._copy.unlink(missing_ok=True)

    def _content(self, headers: bytes, block_ids: list[int]) -> Iterator[bytes]:
        assert self._handle is not None
        digest = hashlib.sha256()
        for piece in (MAGIC, headers):
            digest.update(piece)
            yield piece
        for id_ in block_ids:
            at = _ALL_HEADERS + id_ * BLOCK
            piece = at.to_bytes(_PLACE, "little") + os.pread(self._handle, BLOCK, at)
            digest.update(piece)
            yield piece
        yield digest.digest()


def put_back(database: Path) -> int:
    """Put back what a checkpoint has left half written, before the database is opened. Return how
    many blocks and headers that were.

    What is whole is left alone, and so is a database that another program has open or that is in
    another state than the copy. Raises NotWritten where the disk takes nothing.
    """
    kept = _kept(database.with_name(BLOCKS))
    if not kept or not database.exists():
        return 0
    with _held(database) as handle:
        if handle is None:
            return 0
        half_written = []
        for at, content in kept.items():
            found = os.pread(handle, len(content), at)
            if found == content:
                continue
            if not is_whole(found):
                half_written.append(at)
            elif at < _ALL_HEADERS:  # a later state
                return 0
        try:
            for at in half_written:
                _write(handle, kept[at], at)
            os.fsync(handle)
        except OSError as problem:
            raise durable_files.not_written(problem) from problem
    if half_written:
        LOG.error("%d half-written blocks of the database were put back", len(half_written))
    return len(half_written)


def _kept(copy: Path) -> dict[int, bytes]:
    """Return the headers and blocks that were copied by their places, the headers first; nothing
    where there is no whole copy."""
    try:
        content = copy.read_bytes()
    except OSError:
        return {}
    body, digest = content[:-_DIGEST], content[-_DIGEST:]
    if not body.startswith(MAGIC) or hashlib.sha256(body).digest() != digest:
        return {}
    kept = {n * HEADER: body[(at := len(MAGIC) + n * HEADER) : at + HEADER] for n in range(HEADERS)}
    for at in range(len(MAGIC) + _ALL_HEADERS, len(body), _PLACE + BLOCK):
        block = at + _PLACE
        kept[int.from_bytes(body[at:block], "little")] = body[block : block + BLOCK]
    return kept


@contextmanager
def _held(database: Path) -> Iterator[int | None]:
    """Yield the file for writing, locked as DuckDB locks it; None where another program has it."""
    handle = os.open(database, os.O_RDWR | os.O_CLOEXEC)
    try:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield None
        else:
            yield handle
    finally:
        os.close(handle)


def _write(handle: int, content: bytes, at: int) -> None:
    while content:
        written = os.pwrite(handle, content, at)
        content, at = content[written:], at + written
