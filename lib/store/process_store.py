"""The one store of this process: opened by whoever starts the process, used by everyone."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from lib.errors import OnlyOnDuckDB, WrongDataFolder
from lib.store import backlog_copy, file_places, interruption, permissions
from lib.store.data_folder_lock import DATABASE, TEMPORARY, missing_database, owner_of
from lib.store.database import Connection, Store
from lib.store.duckdb.store import MEMORY, DuckDBStore

DATABASE_VARIABLE = "BILLING_TASKS_DATABASE"  # postgresql://…; without it a file in the data folder
FILES_VARIABLE = "BILLING_TASKS_FILES"  # s3://bucket/prefix; without it folders beside the database
SERVER_VARIABLE = "AWS_ENDPOINT_URL"  # where that bucket is not Amazon's
BACKUP_VARIABLE = "BILLING_TASKS_BACKUP"  # the folder that backups are written to
ADDRESS_VARIABLE = "BILLING_TASKS_ADDRESS"  # where people open the app, for links to hand over
ROOT = Path(__file__).parents[2]
_open: dict[Path, Store] = {}


def data_folder() -> Path:
    """Return the folder named by BILLING_TASKS_DATA, or `data/` beside app.py. Raises
    WrongDataFolder for a name that no folder can have, or that DuckDB does not take."""
    named = os.environ.get("BILLING_TASKS_DATA") or str(ROOT / "data")
    try:
        named.encode()
        folder = Path(named).resolve()
        with suppress(FileNotFoundError, NotADirectoryError):  # whoever opens it says that
            folder.stat()
    except UnicodeEncodeError:
        raise WrongDataFolder(f"The data folder's name {named} is not text in UTF-8.") from None
    except FileNotFoundError:
        raise WrongDataFolder(
            f"The data folder {named} is named within the current folder, which is gone."
        ) from None
    except (OSError, RuntimeError) as problem:  # a loop of links is a RuntimeError
        why = problem.strerror if isinstance(problem, OSError) else "its links lead in a circle"
        raise WrongDataFolder(
            f"The data folder {named} cannot be used: {why}.{owner_of(Path(named))}"
        ) from None
    return folder


def address() -> str:
    """Return the address at which people open the app, without a path."""
    return (os.environ.get(ADDRESS_VARIABLE) or "http://127.0.0.1:8501").rstrip("/")


def backup_folder() -> Path:
    """Return the folder named by BILLING_TASKS_BACKUP, or `backups/` in the data folder."""
    named = os.environ.get(BACKUP_VARIABLE)
    return Path(named).absolute() if named else data_folder() / "backups"


def open_store(folder: Path | None = None, *, memory_limit: str = MEMORY) -> Store:
    """Return the process's store, opening it on the first call."""
    close_to_others()
    folder = folder or data_folder()
    if folder not in _open:
        permissions.tighten(folder)
        bind_files(folder)
        address = database_address()
        opened: Store = (
            open_in_postgres(folder, address)
            if address
            else DuckDBStore(folder, memory_limit=memory_limit)
        )
        try:
            _keep_temporary_files(folder, is_shared=not opened.is_in_file)
        except WrongDataFolder:
            opened.close()
            raise
        _open[folder] = opened
    return _open[folder]


def require_data() -> None:
    """Raise WrongDataFolder where the folder that is named holds no data, for commands that read or
    keep what is there: of a name that is mistyped they would make a new store. A database in
    PostgreSQL, which somebody made under that name, is another matter.

    What else can be wrong with a folder is said by whoever opens it.
    """
    folder = data_folder()
    if database_address():
        return
    try:
        if not (folder.exists() and missing_database(folder)):
            (folder / DATABASE).stat()
    except (FileNotFoundError, NotADirectoryError):
        raise WrongDataFolder(
            f"{folder} holds no data of Billing Tasks, and nothing was made there. Name the data "
            "folder in BILLING_TASKS_DATA. `make run` or `python -m lib import` begins a new one."
        ) from None
    except OSError:
        return


def database_address() -> str:
    """Return the address of the PostgreSQL database that is named, or an empty text."""
    return os.environ.get(DATABASE_VARIABLE, "").strip()


def bind_files(folder: Path) -> None:
    """Bind the folder to the bucket that is named for documents and files, or to none. Raises
    WrongDataFolder."""
    address = os.environ.get(FILES_VARIABLE, "").strip()
    file_places.bind(folder, address, files_server())


def files_server() -> str:
    """Return the URL of the server of buckets; an empty text for Amazon's own."""
    server = os.environ.get(SERVER_VARIABLE, "").strip()
    if not server:  # what speaks to buckets reads it too, and breaks off at one that is empty
        os.environ.pop(SERVER_VARIABLE, None)
    return server


def require_file() -> None:
    """Raise OnlyOnDuckDB where the data is not in a DuckDB file, before anything is opened."""
    if database_address():
        raise OnlyOnDuckDB


def open_in_postgres(folder: Path, address: str) -> Store:
    """Return the store in the database at that address, whose files are in the folder. Raises
    WrongDataFolder."""
    if not address.startswith(("postgresql://", "postgres://")):
        shown = re.sub(r"^(\w+://)?.*@", r"\1…@", address)  # a password does not get into a log
        raise WrongDataFolder(
            f"{shown} is not the address of a PostgreSQL database: postgresql://user@host/name."
        )
    try:
        from lib.store.postgres.store import PostgresStore
    except ImportError:
        raise WrongDataFolder(
            "What speaks to PostgreSQL is not installed: .venv/bin/python -m pip install "
            "--require-hashes -r requirements-postgres.txt"
        ) from None
    return PostgresStore(folder, address)


def close_to_others() -> None:
    """Let no other user read what this process writes from now on, DuckDB's files included."""
    os.umask(0o077)


def store() -> Store:
    """Return the open store. Raise WrongDataFolder if none is open."""
    if len(_open) != 1:
        raise WrongDataFolder("No data folder is open. Start the app with `make run`.")
    return next(iter(_open.values()))


def connection() -> Connection:
    """Return a connection to the open store, for the calling thread."""
    return store().connection()


def close_stores() -> None:
    """Close the open store, at the end of the process."""
    interruption.hold()
    while _open:
        store = _open.popitem()[1]
        backlog_copy.end(store)
        store.close()
    tempfile.tempdir = None


def _keep_temporary_files(folder: Path, *, is_shared: bool) -> None:
    """Put this process's temporary files in the data folder. An upload is one until it is complete,
    and the system's folder is neither ours nor encrypted with our data.

    Files left there by a process that died are deleted. Processes that share the folder have one of
    their own each.
    """
    own = folder / TEMPORARY
    try:
        if is_shared:
            own = _own_place(own)
        else:
            if own.is_dir() and not own.is_symlink():
                shutil.rmtree(own)
            own.mkdir(mode=0o700)
    except OSError:
        raise WrongDataFolder(
            f"{own} cannot be emptied. Remove it and start the app again: nothing that counts is "
            "kept there."
        ) from None
    tempfile.tempdir = str(own)


def _own_place(top: Path) -> Path:
    """Make a folder in `top` that this process holds while it lives; delete those that nobody
    holds."""
    top.mkdir(mode=0o700, exist_ok=True)
    with (top / "starting").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        for held in top.glob("*/held"):
            with held.open("r+") as trial, suppress(BlockingIOError):
                fcntl.flock(trial, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(held.parent)
        own = Path(tempfile.mkdtemp(dir=top))
        handle = os.open(own / "held", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)  # until this process ends
    return own
