"""DuckDB's errors that a person can do something about, as sentences."""

from __future__ import annotations

import errno
import logging
import os
import re

import duckdb

from lib.errors import BillingError, NotWritten, StoreDamaged

LOG = logging.getLogger("billing_tasks")

_NO_ROOM = tuple(os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_NOT_WRITTEN = (
    *_NO_ROOM,
    "Could not write",
    "Could not truncate",
    "Could not sync",
    "fsync failed",
)
_DAMAGED = ("Corrupt", "does not match stored checksum", "Could not read enough bytes")
# What may be quoted about damage in a log: numbers and DuckDB's own words, no value and no path.
_CHECKSUM = re.compile(
    r"computed checksum \d+ does not match stored checksum \d+( in block at location \d+)?"
    r"|attempted to read \d+ bytes from location \d+"
)


def told(problem: duckdb.Error) -> BillingError | None:
    """Return what to raise for a full disk, or for damage (which is also logged); None for anything
    else."""
    if is_full_disk(problem):
        return NotWritten()
    if is_damage(problem):
        where = where_damaged(problem)
        LOG.error("the store is damaged: %s", where)
        return StoreDamaged(where)
    return None


def is_full_disk(problem: BaseException) -> bool:
    """Return True if DuckDB could not write for want of room or because the disk failed."""
    return any(words in str(problem) for words in _NOT_WRITTEN)


def is_damage(problem: BaseException) -> bool:
    """Return True if what DuckDB read is not what it wrote."""
    return any(words in str(problem) for words in _DAMAGED)


def where_damaged(problem: BaseException) -> str:
    """Return the part of DuckDB's message that locates the damage, and nothing else of it."""
    found = _CHECKSUM.search(str(problem))
    return found[0] if found else "a part of the file cannot be read"
