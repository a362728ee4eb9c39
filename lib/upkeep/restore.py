"""Restore a backup into an empty data folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from lib import audit_log
from lib.audit_log import Activity, Line
from lib.errors import NotEmpty, NotWritten, WrongDataFolder
from lib.store import data_folder_lock, durable_files, file_places, interruption
from lib.store.database import Connection, Store, transaction
from lib.store.duckdb import opening
from lib.store.duckdb.store import DuckDBStore
from lib.store.files import Folder
from lib.upkeep.move import move
from lib.upkeep.referenced_files import KINDS
from lib.upkeep.verify import LEFT, Findings, verify

STALE = (
    "Everybody is signed out, and one-time links no longer work.",
    "Accounts are as on the day of the backup: deactivate or remove again whoever was since, and "
    "have passwords that were changed since changed again.",
)


def restore(backup: Path, folder: Path, *, now: datetime) -> tuple[str, ...]:
    """Copy a backup into an empty data folder and open it once, which migrates an older one to this
    version, and ends the sessions and one-time links that it holds. Return what is wrong with it,
    as sentences.

    Raises NotEmpty, WrongDataFolder where it is no backup or its database is damaged, NotWritten
    where there is no room; then the folder is as empty as before.
    """
    found = _sound(backup)
    opening.make_folder(folder)
    taken = data_folder_lock.Place(folder)
    taken.take()
    try:
        _refuse_data(folder)
        _copy(backup, folder, now)
    finally:
        taken.let_go(is_clean=True)
    return found.of_content


def restore_into_database(backup: Path, store: Store, *, now: datetime) -> tuple[str, ...]:
    """Copy a backup into an empty database in PostgreSQL and its data folder, as `restore` does
    into a folder.

    Raises NotMoved where the database holds data, and what `restore` raises; then it is as empty as
    before.
    """
    found = _sound(backup)
    with _place(store.folder) as place:
        for kind in KINDS:
            (place / kind.folder).symlink_to(backup / kind.folder)
        with _restored_database(backup, place, now) as opened:
            move(opened, store)  # which names no file that `found` does not
    return found.of_content


@contextmanager
def _place(folder: Path) -> Iterator[Path]:
    """Yield a folder in the data folder, in which the database gets ready."""
    place = Path(tempfile.mkdtemp(prefix=LEFT, dir=folder))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _restored_database(backup: Path, place: Path, now: datetime) -> Iterator[DuckDBStore]:
    """Yield the backup's database, copied and migrated, with nothing in it that opens."""
    for name in (data_folder_lock.LOG, data_folder_lock.DATABASE):
        if (backup / name).exists():
            durable_files.write(place / name, durable_files.pieces_of(backup / name))
    opened = DuckDBStore(place)
    try:
        _end_what_opens(opened.connection(), backup.name, now)
        yield opened
    finally:
        opened.close()


def _sound(backup: Path) -> Findings:
    """Return what is wrong with the files and records of a backup. Raise WrongDataFolder where it
    is none, or its database is damaged."""
    if not (backup / data_folder_lock.DATABASE).is_file():
        raise WrongDataFolder(
            f"{backup} is no backup: {data_folder_lock.DATABASE} is not in it. "
            "Name the folder of one backup."
        )
    found = verify(backup)
    if found.of_database:
        raise WrongDataFolder(
            f"{backup.name} was not restored, since it is damaged. {' '.join(found.of_database)}"
        )
    return found


def _end_what_opens(con: Connection, name: str, now: datetime) -> None:
    """End every session and one-time link, which may have ended since the backup was made, and
    forget who has to wait before the next sign-in."""
    with transaction(con):
        con.execute("UPDATE session SET ended_at = $now WHERE ended_at IS NULL", now=now)
        con.execute("UPDATE invitation SET ended_at = $now WHERE ended_at IS NULL", now=now)
        con.execute("UPDATE membership_offer SET token_hash = NULL")
        con.execute("DELETE FROM sign_in_attempts")
        audit_log.write(con, Line(Activity.RESTORED, now, detail=name))


def _copy(backup: Path, folder: Path, now: datetime) -> None:
    try:
        for kind in KINDS:
            for found in Folder(backup).lying(kind.folder):
                if found.sha256:
                    file_places.of(folder).keep(
                        kind.folder, found.sha256, Folder(backup).pieces(kind.folder, found.sha256)
                    )
        with _place(folder) as place:
            with _restored_database(backup, place, now):
                pass
            if (place / data_folder_lock.LOG).exists():  # closing could not write all of it
                raise NotWritten
            interruption.hold()
            made = place / data_folder_lock.DATABASE
            made.replace(folder / made.name)  # last: without it there is no data folder
        durable_files.sync_folder(folder)
    except BaseException:
        _clear(folder)
        raise


def _refuse_data(folder: Path) -> None:
    """Raise NotEmpty if the folder holds data."""
    for name in (*(kind.folder for kind in KINDS), data_folder_lock.DATABASE, data_folder_lock.LOG):
        path = folder / name
        if path.is_file() or (path.is_dir() and any(path.rglob("*"))):
            raise NotEmpty(str(folder))


def _clear(folder: Path) -> None:
    for kind in KINDS:
        shutil.rmtree(folder / kind.folder, ignore_errors=True)
    for name in (data_folder_lock.LOG, data_folder_lock.DATABASE):
        (folder / name).unlink(missing_ok=True)
