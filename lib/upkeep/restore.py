"""Restore a backup into an empty data folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from lib.errors import NotEmpty, NotWritten, WrongDataFolder
from lib.store import data_folder_lock, database_opening, durable_files
from lib.store.database import Store
from lib.upkeep.referenced_files import KINDS, lying_in
from lib.upkeep.verify import verify


def restore(backup: Path, folder: Path) -> tuple[str, ...]:
    """Copy a backup into an empty data folder and open it once, which migrates an older one to this
    version. Return what is wrong with it, as sentences.

    Raises NotEmpty, WrongDataFolder where it is no backup or its database is damaged, NotWritten
    where there is no room; then the folder is as empty as before.
    """
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
    database_opening.make_folder(folder)
    taken = data_folder_lock.Place(folder)
    taken.take()
    try:
        _refuse_data(folder)
        _copy(backup, folder)
    finally:
        taken.let_go(is_clean=True)
    Store(folder).close()
    return found.of_content


def _copy(backup: Path, folder: Path) -> None:
    try:
        for kind in KINDS:
            for path in lying_in(backup, kind):
                durable_files.write(
                    folder / path.relative_to(backup), durable_files.pieces_of(path)
                )
        for name in (
            data_folder_lock.LOG,
            data_folder_lock.DATABASE,
        ):  # last: without it there is no data folder
            if (backup / name).exists():
                durable_files.write(folder / name, durable_files.pieces_of(backup / name))
    except (NotWritten, OSError):
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
