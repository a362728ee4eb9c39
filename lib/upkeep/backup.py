"""Make backups while people work, and delete those that are no longer kept."""

from __future__ import annotations

import json
import os
import shutil
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from lib import access, history
from lib.access import Verb
from lib.errors import BackupFailed, BillingError, NoSuchPractice, NotWritten
from lib.history_event_kinds import EventKind
from lib.models import Person
from lib.store import data_folder_lock, database_copy, durable_files, interruption
from lib.store.database import Connection, Store, transaction
from lib.store.duckdb.store import file_of
from lib.store.files import Files, Folder
from lib.upkeep import backup_retention, referenced_files
from lib.upkeep.referenced_files import KINDS, Kind
from lib.upkeep.verify import MANIFEST, copy_database, in_own_process

PART = ".part"  # suffix of an unfinished backup's name
_ONE_AT_A_TIME = threading.Lock()  # each begins by deleting what is unfinished


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup, and what was found wrong with the data while it was made."""

    folder: Path
    findings: tuple[str, ...]


def make(store: Store, to: Path, *, now: datetime) -> Backup:
    """Write a backup into a new folder in `to`; delete those that are no longer kept.

    Writers wait while the database is copied, which takes a fraction of a second for each 100 MB;
    nobody waits where it is in PostgreSQL, and a DuckDB file with its rows is written.
    Files that the previous backup already has are linked, not copied. Raises NotWritten where there
    is no room, BackupFailed where `to` cannot be used or the copy is damaged; then nothing of the
    new backup is left, and no older one is deleted.
    """
    with _ONE_AT_A_TIME:
        return _make(store, to, now)


def make_by_hand(
    con: Connection, practice_id: int, to: Path, *, actor: Person, now: datetime
) -> Backup:
    """Make a backup for somebody who pressed the button, and record it in the history.

    Raises NotAllowed, NoSuchPractice, and whatever `make` raises.
    """
    access.require(actor, Verb.BACK_UP, practice_id, NoSuchPractice())
    made = make(con.store, to, now=now)
    with transaction(con):
        history.record(
            con, EventKind.BACKED_UP, practice_id=practice_id, actor_id=actor.id, now=now,
            detail=made.folder.name,
        )  # fmt: skip
    return made


def _make(store: Store, to: Path, now: datetime) -> Backup:
    if data_folder_lock.is_cleared(to, store.folder):
        raise BackupFailed(
            f"{to} is a folder of the data itself, and what is none of its files is deleted there. "
            "Name another one."
        )
    try:
        name = _unused_name(to, now)
    except OSError as problem:
        raise _failed(to, problem) from problem
    part = to / f".{name}{PART}"
    try:
        _begin(to, part)
        findings = _fill(store, part, _newest(to), now)
        interruption.hold()
        part.replace(to / name)
        durable_files.sync_folder(to)
    except OSError as problem:
        raise _failed(to, problem) from problem
    finally:
        shutil.rmtree(part, ignore_errors=True)
    for old in backup_retention.too_many(path.name for path in to.iterdir()):
        shutil.rmtree(to / old)
    return Backup(to / name, tuple(findings))


def _unused_name(to: Path, now: datetime) -> str:
    while (to / backup_retention.name_at(now)).exists():  # of another person, in this very second
        now += timedelta(seconds=1)
    return backup_retention.name_at(now)


def _failed(to: Path, problem: OSError) -> BillingError:
    if durable_files.has_no_room(problem):
        return NotWritten()
    return BackupFailed(f"{to} cannot be written: {problem.strerror}.")


def last_made(to: Path) -> datetime | None:
    """Return when the newest backup in that folder was made."""
    newest = _newest(to)
    return backup_retention.moment_of(newest.name) if newest else None


def _begin(to: Path, part: Path) -> None:
    """Make the folder for an unfinished backup; delete what an earlier process left unfinished."""
    durable_files.make_folder(to)
    for left in to.glob(f".billing-tasks-*{PART}"):
        shutil.rmtree(left)
    part.mkdir(mode=0o700)


def _newest(to: Path) -> Path | None:
    """Return the newest backup in the folder."""
    if not to.is_dir():
        return None
    made = [path for path in to.iterdir() if backup_retention.moment_of(path.name)]
    return max(made, key=lambda path: path.name, default=None)


def _fill(store: Store, part: Path, before: Path | None, now: datetime) -> list[str]:
    named = _copy_database(store, part)
    findings: list[str] = []
    for kind in KINDS:
        for sha256, ids in named[kind].items():
            if not _take_over(store.files, before, part, kind, sha256):
                findings.append(f"The file of {kind.noun} {ids[0]} is missing or was changed.")
    _sync(part)
    _refuse_damage(part)
    _write_manifest(part, {kind.folder: len(named[kind]) for kind in KINDS}, findings, now)
    return findings


def _copy_database(store: Store, part: Path) -> dict[Kind, dict[str, list[int]]]:
    """Copy the database, and return the files that its rows name."""
    if not store.is_in_file:
        with database_copy.written(store, part) as copy:
            there = copy.connection()
            named = {kind: referenced_files.named(there, kind) for kind in KINDS}
            there.close()
        return named
    with store.exclusive():
        store.check()
        file_of(store).checkpoint()  # if a reader prevents it, the log is copied too
        con = store.connection()
        try:
            copy_database(store.folder, part)
            return {kind: referenced_files.named(con, kind) for kind in KINDS}
        finally:
            con.close()


def _take_over(files: Files, before: Path | None, part: Path, kind: Kind, sha256: str) -> bool:
    """Bring one file into the backup, linked from the previous one if that has it. Return False if
    it is missing or has changed. A changed file is copied all the same: it may be all there is."""
    to = Folder(part).path(kind.folder, sha256)
    durable_files.make_folder(to.parent)
    older = Folder(before or part).path(kind.folder, sha256)
    size = files.size(kind.folder, sha256)
    with suppress(OSError):  # not there, or the disk has no links
        if size == older.stat().st_size:
            os.link(older, to)
            return True
    if size is not None:
        durable_files.write(to, files.pieces(kind.folder, sha256))
        if durable_files.sha256_of(to) == sha256:
            return True
    if before and older.is_file() and durable_files.sha256_of(older) == sha256:
        durable_files.write(to, durable_files.pieces_of(older))
    return False


def _sync(part: Path) -> None:
    """Make the copied database and the names in every folder durable."""
    for name in (data_folder_lock.DATABASE, data_folder_lock.LOG):
        if (part / name).exists():
            handle = os.open(part / name, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
    for found, _, _ in os.walk(part):
        durable_files.sync_folder(Path(found))


def _refuse_damage(part: Path) -> None:
    """Raise BackupFailed where the copied database is damaged."""
    code, lines = in_own_process(part, "--database-only")
    if code:
        raise BackupFailed(
            f"No backup was made, since the database is damaged. {lines[0]} Older ones were kept."
        )


def _write_manifest(part: Path, counts: dict[str, int], findings: list[str], now: datetime) -> None:
    said = {
        "made_at": now.isoformat(),
        "database_sha256": durable_files.sha256_of(part / data_folder_lock.DATABASE),
        **counts,
        "findings": findings,
    }
    durable_files.write(part / MANIFEST, json.dumps(said, indent=1).encode())
