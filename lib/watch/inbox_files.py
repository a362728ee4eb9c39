"""Files in a watched folder: which are meant to be imported, and moving one away."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

from lib.store import durable_files

DONE, FAILED = "done", "failed"
REPORT = ".report.txt"
UNFINISHED = (  # how programs name a file they have not finished, and our own reports
    ".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp", ".lock",
    REPORT,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileStat:
    """What a file looks like from outside; while two looks differ, somebody is writing it."""

    inode: int
    size: int
    changed_at: float  # seconds since 1970


def look(path: Path) -> FileStat | None:
    """Return how the file looks now, or None if it is gone or is not a plain file."""
    try:
        found = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return FileStat(found.st_ino, found.st_size, found.st_mtime_ns / 1e9)


def is_being_written(path: Path) -> bool:
    """Return True if some program has the file open for writing; False also where nobody can tell.

    Linux grants a read lease only on a file that nobody writes. Source: fcntl(2), F_SETLEASE.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        # sent to us if somebody opens the file meanwhile; ignored unless handled, unlike SIGIO
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as problem:
        return problem.errno == errno.EAGAIN
    finally:
        os.close(handle)
    return False


def waiting(folder: Path) -> Iterator[tuple[Path, FileStat]]:
    """Yield, by name, the files in the folder itself that are meant to be imported."""
    for path in sorted(folder.iterdir()):
        if is_meant(path.name) and (seen := look(path)):
            yield path, seen


def is_meant(name: str) -> bool:
    """Return False for hidden, temporary and partial files."""
    lower = name.lower()
    return not (lower.startswith((".", "~")) or lower.endswith(("~", *UNFINISHED)))


def put_away(path: Path, folder: Path, day: date) -> Path:
    """Move an imported file to `folder`/done/`day`/, under a name that is free there."""
    shelf = folder / DONE / day.isoformat()
    shelf.mkdir(parents=True, exist_ok=True)
    return _move(path, shelf)


def set_aside(path: Path, folder: Path, sentence: str) -> Path:
    """Move a rejected file to `folder`/failed/, with the sentence beside it.

    The report is written first: a file is never there without one.
    """
    shelf = folder / FAILED
    shelf.mkdir(parents=True, exist_ok=True)
    place = next(place for place in _places(path.name, shelf) if not place.exists())
    report = place.with_name(place.name + REPORT)
    durable_files.write(report, f"{sentence}\n".encode())
    moved = _move(path, shelf)
    if moved != place:  # somebody took the name meanwhile
        report.replace(moved.with_name(moved.name + REPORT))
    return moved


def _places(name: str, shelf: Path) -> Iterator[Path]:
    """Yield NAME, NAME-2, NAME-3 …, the number before the extension; short enough for a report
    beside it."""
    ending = Path(name).suffix
    stem = name.removesuffix(ending) if ending else name
    while len(os.fsencode(f"{stem}-99999{ending}{REPORT}")) > 255:
        stem, ending = (stem[:-1], ending) if len(stem) > 1 else (stem, ending[:-1])
    for number in count(1):
        yield shelf / (f"{stem}{ending}" if number == 1 else f"{stem}-{number}{ending}")


def _move(path: Path, shelf: Path) -> Path:
    """Rename the file into the folder `shelf`; never over another file."""
    for place in _places(path.name, shelf):
        try:
            # reserves the name
            os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            continue
        try:
            path.replace(place)
        except BaseException:
            place.unlink()
            raise
        durable_files.sync_folder(shelf)
        return place
    raise AssertionError("there is always another name")
