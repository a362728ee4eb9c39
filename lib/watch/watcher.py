"""Look at one folder repeatedly, and print what became of each file."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from lib import people
from lib.import_report_models import ImportReport
from lib.intake.command import print_line
from lib.intake.command_imports import WrongUsage, bring, other_zone, practice_name
from lib.store.data_folder_lock import is_cleared
from lib.store.database import Connection, Store
from lib.terminal import complain, say
from lib.watch import inbox_files
from lib.watch.file_tracker import Folder, Handled, Outcome

EVERY, QUIET = 2.0, 30.0  # seconds


class StopSignal(Protocol):
    """What says that it is time to end."""

    def is_asked(self) -> bool:
        """Return True if it is time to end."""

    def wait(self, seconds: float) -> bool:
        """Wait that long, or until it is time to end. Return True if it is."""


class Watcher:
    """Imports what appears in a folder, for one practice. Prints no patient."""

    def __init__(
        self,
        store: Store,
        path: Path,
        practice: str | None,
        *,
        timezone: str | None = None,
        quiet: float = QUIET,
        is_once: bool = False,
    ) -> None:
        """Prepare to watch the folder. Raise WrongUsage if the practice, or the time zone of a new
        one, must be named and is not. A known practice keeps its own zone, and a line says so."""
        if path.resolve() == store.folder or is_cleared(path, store.folder):
            raise WrongUsage(f"{path} is the data folder. Name another one for what comes in.")
        self.path = path
        self._con: Connection = store.connection()
        self.practice = practice_name(self._con, practice, timezone)
        if difference := other_zone(self._con, self.practice, timezone):
            complain(difference)
        self._timezone = timezone
        part = f"watched-{sha256(os.fsencode(path.absolute())).hexdigest()[:8]}.part"
        self._folder = Folder(path, store.folder / part, quiet=quiet, is_once=is_once)
        self._told: set[tuple[str, str]] = set()
        self._is_second = False  # another process watches the folder

    def look(self, over: StopSignal) -> bool:
        """Look once, unless another process watches this folder. Return True if every file that was
        ready came in or was known.

        Raises OSError where the folder can no longer be used.
        """
        if not self._con.store.leads(f"watch {self.path.absolute()}"):
            self._say_who_watches(is_me=False)
            return False
        self._say_who_watches(is_me=True)
        is_good = True
        for handled in self._folder.look(self._bring, self._today, over.is_asked):
            is_good &= handled.outcome in {Outcome.IN, Outcome.KNOWN}
            self._say(handled)
        return is_good

    def close(self) -> None:
        """Close the connection to the store."""
        self._con.close()

    def _say_who_watches(self, *, is_me: bool) -> None:
        """Print a line when that changes."""
        if self._is_second is is_me:
            self._is_second = not is_me
            say(
                f"{self.path} is watched here from now on."
                if is_me
                else f"Another process watches {self.path}; this one goes on when that one ends."
            )

    def _bring(self, name: str, file: Path) -> ImportReport:
        now = datetime.now(UTC)
        return bring(self._con, self.practice, name, file, now=now, timezone=self._timezone)

    def _today(self) -> date:
        held = {each.name.casefold(): each.timezone for each in people.practices(self._con)}
        return datetime.now(ZoneInfo(held.get(self.practice.casefold(), "UTC"))).date()

    def _say(self, handled: Handled) -> None:
        """Print one line a file, and only once for a file that waits."""
        report = handled.report
        if handled.outcome in {Outcome.LEFT, Outcome.WAITS}:
            said = (report.file, str(report.refused))
            if said not in self._told:
                self._told.add(said)
                say(_waited_for(handled))
            return
        self._told = {said for said in self._told if said[0] != report.file}
        print_line(report)
        if handled.outcome is Outcome.REFUSED and handled.moved_to:
            where = handled.moved_to.relative_to(self.path)
            say(f"           moved to {where}, the reason is beside it ({inbox_files.REPORT})")


def _waited_for(handled: Handled) -> str:
    """Return the line for a file that stays where it is."""
    report = handled.report
    if handled.outcome is Outcome.WAITS:
        return f"  waits    {report.file}: {report.refused} It is tried again by itself."
    return f"  left     {report.file} is not whole yet, or will be refused"
