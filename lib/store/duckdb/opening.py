"""Open the database file; each thing that can stand in the way has its own sentence and advice."""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from pathlib import Path

import duckdb

from lib.errors import NotWritten, WrongDataFolder
from lib.store.data_folder_lock import CONTENT, DATABASE, LOG, missing_database, owner_of
from lib.store.duckdb import metadata_blocks
from lib.store.duckdb.errors import is_damage, is_full_disk, where_damaged

# How other files begin that were seen in the database's place.
_OTHER_FILES = {
    b"SQLite format 3\0": "a SQLite database",
    b"PK\x03\x04": "a ZIP archive, or an Excel or Word file",
    b"\x1f\x8b": "a compressed file (gzip)",
    b"%PDF-": "a PDF",
    b"PAR1": "a Parquet file",
}
RESTORE = "Restore a backup: python -m lib restore --from FOLDER."


def make_folder(folder: Path) -> None:
    """Make the data folder if it is missing. Raises WrongDataFolder, NotWritten."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        refuse_what_is_missing(folder)
        (folder / CONTENT[0]).mkdir(exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as problem:
        if is_full_disk(problem):
            raise NotWritten from problem
        raise WrongDataFolder(
            f"The data folder {folder} cannot be made or written: {problem.strerror}."
            f"{owner_of(folder)}"
        ) from problem


def refuse_what_is_missing(folder: Path) -> None:
    """Raise WrongDataFolder where the folder shows that its database has been removed."""
    witness = missing_database(folder)
    if witness:
        raise WrongDataFolder(
            f"{folder / DATABASE} is missing, though {witness} beside it shows that it was there. "
            "Put it back, or restore a backup into an empty folder. Nothing was changed."
        )


def open_database(file: Path, memory_limit: str) -> duckdb.DuckDBPyConnection:
    """Open the database, creating it with its list of migrations if there is none.

    Raises WrongDataFolder with the sentence for what is wrong, NotWritten on a full disk.
    """
    _refuse_what_is_seen(file)
    metadata_blocks.put_back(file)
    root: duckdb.DuckDBPyConnection | None = None
    try:
        root = duckdb.connect(
            str(file),
            config={
                "memory_limit": memory_limit,
                "threads": os.cpu_count() or 2,
                # An import writes what it has to the file sooner: 120 MB less at 600,000 claims.
                "write_buffer_row_group_count": 1,
                "python_enable_replacements": False,
                "enable_external_access": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        _refuse_another_programs(file, root)
        root.execute("SET TimeZone = 'UTC'")
        # Closing writes the file only if it is still the one that was opened (Store.close).
        root.execute("PRAGMA disable_checkpoint_on_shutdown")
        root.execute("SET lock_configuration = true")
        root.execute(
            "CREATE TABLE IF NOT EXISTS schema_migration "
            "(name VARCHAR PRIMARY KEY, applied_at TIMESTAMP NOT NULL)"
        )
        root.execute("SELECT name FROM schema_migration").fetchall()  # damage often shows only now
        return root
    except WrongDataFolder:
        if root:
            root.close()
        raise
    except duckdb.Error as problem:
        if root:
            root.close()
        if is_full_disk(problem):
            raise NotWritten from problem
        raise WrongDataFolder(_why(file, problem)) from problem


def _refuse_another_programs(file: Path, root: duckdb.DuckDBPyConnection) -> None:
    """Raise WrongDataFolder for a database that has tables and no list of migrations."""
    names = {row[0] for row in root.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if names and "schema_migration" not in names:
        raise WrongDataFolder(
            f"{file} is a DuckDB database, but not one of Billing Tasks: it has tables and no list "
            "of migrations. Move it away. Where it was Billing Tasks' own, restore a backup: "
            "python -m lib restore --from FOLDER. Nothing was changed."
        )


def _other_kind(file: Path) -> str | None:
    """Return in words what the file is, if it is seen not to be a database of DuckDB's."""
    with suppress(OSError), file.open("rb") as opened:
        start = opened.read(4096)
        for sign, kind in _OTHER_FILES.items():
            if start.startswith(sign):
                return kind
        with suppress(UnicodeDecodeError):
            text = start.decode("utf-8-sig")
            if all(sign.isprintable() or sign in "\r\n\t" for sign in text):
                return "a text file"
    return None


def _refuse_what_is_seen(file: Path) -> None:
    """Raise WrongDataFolder for what shows without opening the database: kind, size and owner."""
    log = file.with_name(LOG)
    for path in (file, log):
        if not path.exists():
            continue
        if not path.is_file():
            raise WrongDataFolder(f"{path} is not a file. Move it away and put the database there.")
        if not os.access(path, os.R_OK | os.W_OK):
            raise WrongDataFolder(
                f"{path} cannot be {'written' if os.access(path, os.R_OK) else 'read'}."
                f"{owner_of(path) or _read_only(path)}"
            )
    if file.exists() and file.stat().st_size == 0:
        raise WrongDataFolder(
            f"{file} is empty: a copy that broke off or a full disk left nothing in it. {RESTORE} "
            "Where there never was any data, delete the file."
        )


def _read_only(path: Path) -> str:
    return (
        f" It is read-only: allow writing with chmod u+rw {path.name}, or, where the whole disk is "
        "read-only, have it mounted for writing."
    )


def _why(file: Path, problem: duckdb.Error) -> str:
    """Return the sentence for the error with which DuckDB refused to open a file."""
    said = str(problem)
    holder = re.search(r"PID (\d+)", said)
    who = f" (process {holder[1]})" if holder else ""
    where = where_damaged(problem)
    log = file.with_name(LOG)
    sentences = {
        "Could not set lock": (
            f"{file} is in use by another program{who}. Close it there and start again."
        ),
        "created with a newer version": (
            f"{file} was made by a newer DuckDB than this one ({duckdb.__version__}). Start the "
            "newer Billing Tasks again, or restore a backup that this one made."
        ),
        "does not match database file": _other_log(file, log),
        "does not match the database file": _other_log(file, log),
        "replaying WAL": (
            f"The log {log} is damaged ({where}). Changes that were confirmed last are in it. Keep "
            f"a copy of both files. {RESTORE}"
        ),
        "Permission denied": (
            f"{file} cannot be opened: this user may not write it.{owner_of(file)}"
        ),
    }
    for words, sentence in sentences.items():
        if words in said:
            return sentence
    if kind := _other_kind(file):
        return (
            f"{file} is {kind}, no database of Billing Tasks. Move it away, and put the database "
            f"back. {RESTORE}"
        )
    place = f" ({where})" if is_damage(problem) else ", or it is no database of Billing Tasks"
    return f"{file} cannot be opened: it is damaged{place}. {RESTORE}"


def _other_log(file: Path, log: Path) -> str:
    return (
        f"{log.name} is the log of another database than {file}, or of an older copy of it. The "
        "two belong together: put back the pair as it was. Where the log is not this database's, "
        "move it away."
    )
