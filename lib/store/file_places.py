"""Which files belong to a data folder: those in it, or those in the bucket that it is bound to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lib.errors import WrongDataFolder
from lib.store import durable_files
from lib.store.data_folder_lock import owner_of
from lib.store.files import BOUND, KINDS, Files, FilesUnreachable, Folder

if TYPE_CHECKING:
    from lib.store.bucket import Bucket


@dataclass(frozen=True, slots=True)
class _Bound:
    """What a data folder says of its bucket."""

    address: str  # s3://bucket/prefix
    server: str  # its URL; "" for Amazon's own
    identity: str


def of(folder: Path) -> Files:
    """Return the files of a data folder or backup."""
    said = _bound(folder)
    return _bucket(said.address, said.server) if said else Folder(folder)


def bind(folder: Path, address: str, server: str) -> None:
    """Bind a data folder to the bucket at `address`, s3://bucket/prefix, of a server, or to none.

    Raises WrongDataFolder where its files are elsewhere, or the bucket is another store's or cannot
    be reached.
    """
    said = _bound(folder)
    if not address:
        if said:
            raise WrongDataFolder(
                f"The documents and files of {folder} are in {said.address}: name it with "
                "BILLING_TASKS_FILES."
            )
        return
    durable_files.make_folder(folder)
    if said is None and any(next(Folder(folder).lying(kind), None) for kind in KINDS):
        raise WrongDataFolder(
            f"{folder} holds documents and files of its own, which would not be found in "
            f"{address}. Make a backup, and restore it into an empty folder with "
            "BILLING_TASKS_FILES."
        )
    try:
        identity = _bucket(address, server).identity(is_new=said is None)
    except FilesUnreachable as problem:
        raise WrongDataFolder(
            f"{str(problem).partition(',')[0]}. See that {address} is there, that AWS_ENDPOINT_URL "
            "names its server, and that its key (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) is "
            "right."
        ) from problem
    if not identity or (said and identity != said.identity):
        raise WrongDataFolder(
            f"{address} holds the files of another store than {folder}. Name the bucket and prefix "
            "that are its own; a new store needs an empty prefix."
        )
    bound = _Bound(address, server, identity)
    if bound != said:
        durable_files.write(folder / BOUND, json.dumps(asdict(bound)).encode())


def _bound(folder: Path) -> _Bound | None:
    try:
        return _Bound(**json.loads((folder / BOUND).read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as problem:
        raise WrongDataFolder(
            f"{folder / BOUND} cannot be read: {problem.strerror}.{owner_of(folder / BOUND)}"
        ) from problem
    except (OSError, ValueError, TypeError) as problem:
        raise WrongDataFolder(f"{folder / BOUND} cannot be read. Restore it.") from problem


def _bucket(address: str, server: str) -> Bucket:
    try:
        from lib.store.bucket import Bucket
    except ImportError:
        raise WrongDataFolder(
            "What speaks to a bucket is not installed: .venv/bin/python -m pip install "
            "--require-hashes -r requirements-s3.txt"
        ) from None
    return Bucket(address, server)
