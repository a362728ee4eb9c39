"""A DuckDB file with the rows of a store in PostgreSQL, as they are at one moment: what a backup
keeps, what is verified, and what analysts count."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lib.errors import BillingError, NotWritten
from lib.store import durable_files
from lib.store.database import Store
from lib.store.duckdb.store import DuckDBStore
from lib.store.row_transfer import Differs, copy_rows

MEMORY = "512MB"
LEFT = ".copy-"  # how the name of a temporary copy's folder begins


class NotCopied(BillingError):
    """What arrived in the copy is not what was read."""


@contextmanager
def written(
    store: Store, folder: Path, *, is_compared: bool = True
) -> Iterator[DuckDBStore]:  # fmt: skip
    """Write the file into an empty folder while people work, and yield it open.

    Each row is read again and compared, unless the file is only counted in. Raises NotCopied, and
    NotWritten where there is no room.
    """
    try:
        copy = DuckDBStore(folder, memory_limit=MEMORY)
    except OSError as problem:
        raise durable_files.not_written(problem) from problem
    try:
        con = copy.connection()
        try:
            with store.at_one_moment() as source:
                copy_rows(source, con, is_compared=is_compared)
        except Differs as problem:
            raise NotCopied(f"The database was not copied: the table {problem}.") from problem
        finally:
            con.close()
        yield copy
    finally:
        copy.close()


@contextmanager
def beside(store: Store, *, is_compared: bool = True) -> Iterator[DuckDBStore]:
    """Yield a copy, as `written` makes it, in a temporary folder in the data folder; it is deleted
    at the end."""
    try:
        place = Path(tempfile.mkdtemp(prefix=LEFT, dir=store.folder))
    except OSError as problem:
        raise durable_files.not_written(problem) from problem
    try:
        with written(store, place / "data", is_compared=is_compared) as copy:
            yield copy
    except OSError as problem:
        if durable_files.has_no_room(problem):
            raise NotWritten from problem
        raise
    finally:
        shutil.rmtree(place, ignore_errors=True)
