"""The data folder on the disk: which process holds it, and whether it and its log are still the
ones that were opened."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path

from lib.errors import LogMissing, NotWritten, StoreInUse, StoreMoved, WrongDataFolder
from lib.store.durable_files import PIECE, has_no_room

DATABASE = "billing.duckdb"
LOG = "billing.duckdb.wal"
BLOCKS = "billing.duckdb.blocks"  # what a checkpoint writes in place: duckdb/metadata_blocks.py
LOCK = "billing.lock"
CONTENT = ("documents", "intake")  # folders of files that the database names
TEMPORARY = "temporary"  # files needed only while a process runs

Identity = tuple[int, int]  # device and inode: they survive renaming


class Place:
    """A data folder that this process holds, from `take` until `let_go`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database, self.log = folder / DATABASE, folder / LOG
        self._lock: int | None = None
        self._name_lock: tuple[int, Path] | None = None
        self._known: tuple[Identity, Identity] | None = None
        self._log: int | None = None  # kept open: closing it would end DuckDB's lock of the log
        self._log_read = (0, 0, 0)  # its inode, and the bytes and checksum of what was read of it

    def take(self) -> None:
        """Lock the folder for this process. Raise StoreInUse if another one holds it."""
        self._lock = _flock(self.folder / LOCK)
        try:
            held = self._refuse_lost_log()
            # A new folder of the same name, made after this one was moved or deleted, does not
            # contain our lock, so the name itself is locked too.
            self._name_lock = _lock_name(self.folder)
            self._mark(held if self.log.exists() else "")
        except BaseException:
            self.let_go(is_clean=False)
            raise

    def refuse_name_in_use(self) -> None:
        """Raise StoreInUse if another process holds a folder of this name, wherever that is now."""
        if taken := _lock_name(self.folder):
            handle, path = taken
            path.unlink(missing_ok=True)
            os.close(handle)

    def share(self) -> None:
        """Hold the folder together with other processes. Raise StoreInUse if one holds it alone."""
        self._lock = _flock(self.folder / LOCK, fcntl.LOCK_SH)

    def is_taken(self) -> bool:
        """Return True if another process holds the folder."""
        try:
            handle = os.open(self.folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(handle)
        return False

    def remember(self) -> None:
        """Record which folder and file were opened, for `check`."""
        self._known = (_identity(self.folder), _identity(self.database))

    def check(self) -> None:
        """Raise StoreMoved where the folder or the database is gone or has been replaced."""
        try:
            found = (_identity(self.folder), _identity(self.database))
        except OSError as problem:
            raise StoreMoved(str(self.folder)) from problem
        if found != self._known:
            raise StoreMoved(str(self.folder))

    def note_log(self) -> None:
        """Record after a commit how much the log holds, so that the next start notices its loss."""
        with suppress(NotWritten, WrongDataFolder):  # what was committed is saved all the same
            self._mark(self._held_by_log())

    def has_lost_log(self) -> bool:
        """Return True if somebody deleted the log while it was open; False also where nobody can
        tell."""
        deleted = f"{self.log} (deleted)"
        with suppress(OSError):  # no /proc: not Linux
            return any(
                _target(link) == deleted and link.name != str(self._log)
                for link in Path("/proc/self/fd").iterdir()
            )
        return False

    def let_go(self, *, is_clean: bool) -> None:
        """Release the folder. A clean end leaves nothing that only the log holds."""
        self._close_log()
        if self._lock is not None:
            if is_clean:
                with suppress(OSError):
                    os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None
        if self._name_lock is not None:
            handle, path = self._name_lock
            path.unlink(missing_ok=True)
            os.close(handle)
            self._name_lock = None

    def _refuse_lost_log(self) -> str:
        """Return what the lock file says of the log. Raise LogMissing where the previous process
        ended without closing, had written to the log since its last checkpoint, and the log
        or its end is gone."""
        assert self._lock is not None
        lines = os.pread(self._lock, 100, 0).decode("ascii", "replace").splitlines()
        said = lines[0].split() if lines else []
        if said[1:2] != ["log"] or not self.database.exists():
            return " log"
        if not self.log.exists():
            if self.database.stat().st_mtime_ns <= os.fstat(self._lock).st_mtime_ns:
                raise LogMissing(self.log.name, self.folder / LOCK)
            return ""
        if said[3:4] == [str(self.database.stat().st_mtime_ns)]:  # no checkpoint since
            if self.log.stat().st_size < int(said[2]):
                raise LogMissing(self.log.name, self.folder / LOCK, "shorter than it was")
            with self.log.open("rb") as log:
                checksum = _checksum(log.fileno(), 0, int(said[2]), 0)
            if said[4:] != [str(checksum)]:
                raise LogMissing(self.log.name, self.folder / LOCK, "damaged")
        # What follows in the log was never confirmed, and is cut off when it is read.
        return f" {' '.join(said[1:])}"

    def _held_by_log(self) -> str:
        """Return how many bytes the log holds, when the database was written last, and the checksum
        of the log: DuckDB takes a log with a wrong length in it for one that ends there."""
        with suppress(OSError):
            found, (inode, size, checksum) = self.log.stat(), self._log_read
            if self._log is None or inode != found.st_ino or found.st_size < size:
                self._close_log()
                self._log = os.open(self.log, os.O_RDONLY | os.O_CLOEXEC)
                size = checksum = 0
            checksum = _checksum(self._log, size, found.st_size, checksum)
            self._log_read = (found.st_ino, found.st_size, checksum)
            return f" log {found.st_size} {self.database.stat().st_mtime_ns} {checksum}"
        self._close_log()  # DuckDB has moved its content into the database
        return ""

    def _close_log(self) -> None:
        if self._log is not None:
            os.close(self._log)
            self._log = None

    def _mark(self, held: str) -> None:
        """Write into the lock file who holds the folder, and what the log holds."""
        if self._lock is None:
            return
        content = f"{os.getpid()}{held}\n".encode()
        try:
            os.pwrite(self._lock, content, 0)
            os.ftruncate(self._lock, len(content))
        except OSError as problem:
            if not has_no_room(problem):
                raise WrongDataFolder(
                    f"{self.folder / LOCK} cannot be written: {problem.strerror}."
                ) from problem
            raise NotWritten from problem


def missing_database(folder: Path) -> str | None:
    """Return the name of what shows that a database was in this folder, if none is there now."""
    if (folder / DATABASE).exists():
        return None
    if (folder / LOG).exists():
        return LOG
    for name in CONTENT:
        if any(path.is_file() for path in (folder / name).glob("*/*")):
            return f"{name}/"
    return None


def is_cleared(path: Path, folder: Path) -> bool:
    """Return True for a path within that data folder where files that are nobody's are deleted."""
    cleared = (folder / name for name in (*CONTENT, TEMPORARY))
    return any(path.resolve().is_relative_to(each) for each in cleared)


def owner_of(path: Path) -> str:
    """Return a sentence naming the other user whom `path`, or the first folder above it that can be
    seen, belongs to; empty where it is ours."""
    try:
        owner = path.stat().st_uid
    except OSError:
        return owner_of(path.parent) if path != path.parent else ""
    if owner == os.geteuid():
        return ""
    return (
        f" It belongs to {_user(owner)} and Billing Tasks runs as {_user(os.geteuid())}: "
        "start it as that user, or give the data folder and all in it to this one."
    )


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _flock(path: Path, kind: int = fcntl.LOCK_EX) -> int:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        if has_no_room(problem):
            raise NotWritten from problem
        raise WrongDataFolder(
            f"{path} cannot be written: {problem.strerror}.{owner_of(path)}"
        ) from problem
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError as problem:
        holder = os.pread(handle, 40, 0).decode(errors="replace").split()
        os.close(handle)
        raise StoreInUse(f"process {holder[0] if holder else 'unknown'}") from problem
    return handle


def _lock_name(folder: Path) -> tuple[int, Path] | None:
    """Lock the folder's name, in the folder for temporary files. Return None where that is
    impossible."""
    digest = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:24]
    name = f"billing-tasks-{os.getuid()}-{digest}.lock"
    while True:
        try:
            path = Path(tempfile.gettempdir()) / name
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError:
            return None  # the lock inside the folder must do
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            holder = os.pread(handle, 40, 0).decode(errors="replace").strip()
            os.close(handle)
            raise StoreInUse(f"process {holder or 'unknown'}") from problem
        if _is_same(handle, path):  # and not one that its holder deleted meanwhile
            break
        os.close(handle)
    with suppress(OSError):  # the holder is named only in the message
        os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle, path


def _checksum(handle: int, start: int, end: int, before: int) -> int:
    """Return the CRC-32 of a file up to `end`, where `before` is the one up to `start`."""
    while start < end and (piece := os.pread(handle, min(PIECE, end - start), start)):
        before = zlib.crc32(piece, before)
        start += len(piece)
    return before


def _is_same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except OSError:
        return False


def _identity(path: Path) -> Identity:
    found = path.stat()
    return found.st_dev, found.st_ino


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
