"""The files of one folder, look after look: each is imported once it is complete, then moved."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from lib.errors import BillingError, NotWritten
from lib.import_report_models import ImportReport
from lib.intake.command_imports import OUR_DISK
from lib.store import durable_files
from lib.watch import inbox_files
from lib.watch.inbox_files import FileStat

SETTLED = 5.0  # seconds; nothing in a table says where it ends, so half of one looks complete

Bring = Callable[[str, Path], ImportReport]  # imports a file, given its name and its content


class Outcome(StrEnum):
    """What became of a file in one look."""

    IN = "in"
    KNOWN = "known"
    REFUSED = "refused"
    LEFT = "left"  # it may still be written
    WAITS = "waits"  # for room on one of our disks


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of one file."""

    outcome: Outcome
    report: ImportReport
    moved_to: Path | None = None


@dataclass(slots=True)
class _Seen:
    look: FileStat
    since: float  # on the clock that never jumps


class Folder:
    """A folder that is looked at repeatedly.

    A file that no program has open for writing and that has not changed for a while is imported.
    One that is rejected may still be arriving (many programs write slowly, or give a file its full
    size first): it is tried again at every look, and set aside only when nothing about it has
    changed for `quiet` seconds.
    """

    def __init__(self, path: Path, snapshot: Path, *, quiet: float, is_once: bool) -> None:
        """Prepare to look at `path`.

        `snapshot` is where a file is copied before it is read, so that it does not change
        meanwhile. `is_once`: nobody will look for `quiet` seconds, so the file's modification time
        has to do.
        """
        self.path = path
        self.snapshot = snapshot
        self.quiet = quiet
        self.is_once = is_once
        self._seen: dict[Path, _Seen] = {}

    def look(
        self, bring: Bring, today: Callable[[], date], is_over: Callable[[], bool]
    ) -> Iterator[Handled]:
        """Import and move every file that is ready, yielding what became of each. `is_over` ends
        the look early."""
        before, self._seen = self._seen, {}
        for path, look in inbox_files.waiting(self.path):
            known = before.get(path)
            if known is None or known.look != look:
                self._seen[path] = _Seen(look, time.monotonic())
                continue
            self._seen[path] = known
            if not self.is_once and self._unchanged(known) < min(self.quiet, SETTLED):
                continue
            if not is_over() and (handled := self._take(path, known, bring, today)):
                yield handled

    def _take(
        self, path: Path, seen: _Seen, bring: Bring, today: Callable[[], date]
    ) -> Handled | None:
        name = _shown(path.name)
        if inbox_files.is_being_written(path):
            why = f"{name} was refused: a program is still writing it."
            return Handled(Outcome.LEFT, ImportReport(name, "", None, refused=why))
        try:
            return self._handled(path, seen, self._brought(name, path, bring), today)
        except OUR_DISK as problem:  # not the file's fault: it stays and comes in by itself
            return _waiting(name, problem)
        except OSError as problem:
            if durable_files.has_no_room(problem):  # its own disk has no room for done/ or failed/
                return _waiting(name, NotWritten())
            raise

    def _brought(self, name: str, path: Path, bring: Bring) -> ImportReport:
        """Import the file and return its report. Raise one of OUR_DISK if it did not come in for
        reasons that are not the file's."""
        try:
            durable_files.write(self.snapshot, durable_files.pieces_of(path))
        except OSError as problem:
            why = f"{name} was refused: it cannot be read ({problem.strerror})."
            return ImportReport(name, "", None, refused=why)
        try:
            return bring(name, self.snapshot)
        finally:
            self.snapshot.unlink(missing_ok=True)

    def _handled(
        self, path: Path, seen: _Seen, report: ImportReport, today: Callable[[], date]
    ) -> Handled | None:
        """Move the file to where its report says."""
        if inbox_files.look(path) != seen.look:  # written, replaced or removed meanwhile
            return None
        if not report.refused:
            outcome = Outcome.KNOWN if report.already_imported else Outcome.IN
            return Handled(outcome, report, inbox_files.put_away(path, self.path, today()))
        if not self._is_quiet(seen):
            return Handled(Outcome.LEFT, report)
        return Handled(
            Outcome.REFUSED, report, inbox_files.set_aside(path, self.path, str(report.refused))
        )

    def _is_quiet(self, seen: _Seen) -> bool:
        """Return True if nothing about the file has changed for long enough."""
        if self.is_once:
            return abs(time.time() - seen.look.changed_at) >= self.quiet
        return self._unchanged(seen) >= self.quiet

    def _unchanged(self, seen: _Seen) -> float:
        """Return for how many seconds nothing about the file has changed."""
        return time.monotonic() - seen.since


def _waiting(name: str, problem: BillingError) -> Handled:
    return Handled(Outcome.WAITS, ImportReport(name, "", None, refused=str(problem)))


def _shown(name: str) -> str:
    """Return the name in a form that can be printed and stored: some systems allow any bytes in
    one."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "�" for letter in text)
