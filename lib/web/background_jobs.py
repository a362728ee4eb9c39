"""What runs beside the pages: check the data folder, answer commands, make the backups that are
due, and the copies in which the Backlog counts."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from lib import audit_log
from lib.errors import BillingError, StoreClosing, WrongInput
from lib.store import backlog_copy, process_store
from lib.store.database import Store
from lib.terminal import say
from lib.upkeep import backup
from lib.upkeep.command import answer_all
from lib.web import error_reporting, serve_command

LOOK = 1.0  # seconds between two checks of the folder, and of what commands ask
STOPPING = 2.0  # seconds that stopping waits for work in progress
LATE = 2  # a backup is late when the last one is this many times as old as it should be


class Upkeep:
    """Looks after a server's store; `health` reads what it found."""

    def __init__(self, store: Store, to: Path | None, every: timedelta) -> None:
        self.store, self.to, self.every = store, to, every
        self.began = datetime.now(UTC)
        self.moved: BillingError | None = None  # the folder is not the one that was opened
        self.backup_problem: str | None = None  # of the last attempt
        self._tried_at: datetime | None = None

    @property
    def last_backup(self) -> datetime | None:
        """Return when the newest backup was made, or None."""
        return backup.last_made(self.to) if self.to else None

    def is_backup_late(self, now: datetime) -> bool:
        """Return True if backups are made and none is recent."""
        return self.to is not None and now - (self.last_backup or self.began) > LATE * self.every

    def look_after(self) -> None:
        """Check that the folder is still the one that was opened, and log when that changes."""
        problem: BillingError | None = None
        try:
            self.store.look_after()
        except BillingError as found:
            problem = found
        if (problem is None) is not (self.moved is None):
            say(str(problem or "The data is there again."))
        self.moved = problem

    def serve_commands(self) -> None:
        """Answer what commands have asked, and make a backup if one is due."""
        answer_all(self.store)
        now = datetime.now(UTC)
        if not self.moved:
            with suppress(StoreClosing):
                self.settle_activity(now)
        if self.to is None or self.moved or now - self._last_try() < self.every:
            return
        try:
            if not self.store.leads("backup"):  # another process makes them
                return
            self._tried_at = now
            made = backup.make(self.store, self.to, now=now)
            self.backup_problem = " ".join(made.findings) or None
        except StoreClosing:
            return
        except BillingError as problem:
            self.backup_problem = str(problem)
        if self.backup_problem:
            say(f"Backup: {self.backup_problem}")

    def keep_counted(self) -> None:
        """Have a copy to count in. Where none can be made, whoever counts is told why."""
        with suppress(BillingError):
            backlog_copy.keep(self.store, now=datetime.now(UTC))

    def settle_activity(self, now: datetime) -> None:
        """Write the looks that wait, and put new changes into the record's chain."""
        con = self.store.connection()
        try:
            audit_log.settle(con, now=now)
        finally:
            con.close()

    def _last_try(self) -> datetime:
        """Return when a backup was last tried or made; a failed one is tried again sooner."""
        made = self.last_backup or datetime.min.replace(tzinfo=UTC)
        if self._tried_at is None:
            return made
        sooner = self.every - min(self.every, timedelta(minutes=10))
        return max(made, self._tried_at - (sooner if self.backup_problem else timedelta()))


_current: Upkeep | None = None


def current() -> Upkeep | None:
    """Return the upkeep of this server's store, while it runs."""
    return _current


@contextmanager
def looked_after(store: Store) -> Iterator[None]:
    """Look after the store for the duration of the block."""
    global _current  # noqa: PLW0603 - a process serves one store
    named = os.environ.get(process_store.BACKUP_VARIABLE)
    upkeep = Upkeep(store, Path(named) if named else None, timedelta(hours=_hours()))
    ended = threading.Event()
    threads = [
        threading.Thread(target=_repeat, args=(step, ended), name=name, daemon=True)
        for name, step in (
            ("look after", upkeep.look_after),
            ("upkeep", upkeep.serve_commands),
            ("counting", upkeep.keep_counted),
        )
    ]
    _current = upkeep
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        until = monotonic() + STOPPING
        for thread in threads[:2]:  # a copy that is being made ends with the store
            thread.join(max(until - monotonic(), 0))
        if not upkeep.moved:
            _write_looks_that_wait(upkeep, until)
        _current = None


def _write_looks_that_wait(upkeep: Upkeep, until: float) -> None:
    """Write who saw what, as far as that was put off: what a process remembers ends with it."""
    problem = ""
    while waiting := audit_log.looks_that_wait(upkeep.store):
        try:
            upkeep.settle_activity(datetime.now(UTC))
        except BillingError as found:
            problem = str(found)
        if problem or monotonic() > until:
            say(f"{waiting} looks at patients' data are not in the record. {problem}")
            return


def _hours() -> float:
    """Return the hours between two backups. Raises WrongInput."""
    said = os.environ.get(serve_command.BACKUP_HOURS_VARIABLE) or str(serve_command.BACKUP_HOURS)
    try:
        hours = float(said)
    except ValueError:
        hours = 0
    if not 0 < hours < 10_000:
        raise WrongInput(f"{serve_command.BACKUP_HOURS_VARIABLE} must be a number of hours, as 24.")
    return hours


def _repeat(step: Callable[[], None], ended: threading.Event) -> None:
    """Repeat the step. A bug is reported once, and the step is tried again."""
    reported = ""
    while not ended.wait(LOOK):
        try:
            step()
            reported = ""
        except Exception as problem:
            if repr(problem) != reported and not ended.is_set():
                error_reporting.report(problem)
            reported = repr(problem)
