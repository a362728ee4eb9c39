"""What the import commands share: which practice they are for, and importing one file."""

from __future__ import annotations

import stat
from datetime import datetime
from pathlib import Path

from lib import people, practice_settings
from lib.errors import (
    BillingError,
    NotCertain,
    NotWritten,
    RefusedFile,
    StoreClosing,
    StoreDamaged,
    StoreMoved,
    StoreStopped,
)
from lib.import_report_models import ImportReport
from lib.intake import imports
from lib.models import TaskType
from lib.store import interruption
from lib.store.database import Connection, transaction

FIRST_PRACTICE = "My practice"
# Our store's problems, no fault of the file: it is tried again.
OUR_DISK = (NotWritten, NotCertain, StoreStopped, StoreDamaged, StoreMoved, StoreClosing)

_NO_FILES = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))


class WrongUsage(BillingError):
    """A command was called wrongly; the message says what is missing."""


ZONE_HELP = "of a practice that is made: the one in which its days are counted"


def practice_name(con: Connection, name: str | None, timezone: str | None) -> str:
    """Return the practice to import into, which the first file makes in that time zone.

    Raise WrongUsage if it must be named and is not, or if nobody says where a new one is.
    """
    held = {practice.name.casefold(): practice for practice in people.practices(con)}
    if name is not None and not name.strip():
        raise WrongUsage("--practice needs a name.")
    if name is None and len(held) > 1:
        names = "; ".join(practice.name for practice in held.values())
        raise WrongUsage(f"there are several practices; name one with --practice: {names}")
    if timezone is not None and timezone not in practice_settings.zones():
        raise WrongUsage(f"there is no time zone {timezone}. Name one such as America/New_York.")
    wanted = name.strip() if name else next((each.name for each in held.values()), FIRST_PRACTICE)
    known = held.get(wanted.casefold())
    if known is None and timezone is None:
        raise WrongUsage(
            f"{wanted} is new. Name its time zone with --time-zone, such as America/New_York."
        )
    return wanted


def other_zone(con: Connection, practice: str, timezone: str | None) -> str:
    """Return a sentence if the practice is known and counts its days in another time zone than the
    one named for a new practice; else an empty string."""
    held = {each.name.casefold(): each.timezone for each in people.practices(con)}
    zone = held.get(practice.casefold())
    if zone is None or timezone in {None, zone}:
        return ""
    return (
        f"{practice} counts its days in {zone}. `python -m lib practice --time-zone` changes that."
    )


def require_file(path: Path) -> None:
    """Raise RefusedFile for what is there and is no file: a pipe would be waited for, and can be
    read only once. Raises OSError where there is nothing."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        kind = next((what for is_kind, what in _NO_FILES if is_kind(mode)), "a device")
        raise RefusedFile(
            f"{path.name or path} was refused: it is {kind}, no file. Name the files themselves."
        )


def bring(
    con: Connection,
    practice: str,
    name: str,
    file: bytes | Path,
    *,
    now: datetime,
    timezone: str | None = None,
    type_for_all: TaskType | None = None,
) -> ImportReport:
    """Import a file into the practice of that name, which the first file for it creates in that
    time zone.

    `type_for_all` is the type of every row of a table that names none.
    """
    name = name.encode(errors="backslashreplace").decode()  # one that is no UTF-8 is kept as shown
    held = {each.name.casefold(): each.id for each in people.practices(con)}
    practice_id = held.get(practice.casefold())
    is_new = practice_id is None
    report = None
    try:
        if practice_id is None:
            with interruption.beforehand():
                practice_id = people.add_practice(con, practice, timezone=timezone, now=now)
        report = imports.apply(
            con, name, file, actor=None, practice_id=practice_id, now=now, keeps_refused=False,
            type_for_all=type_for_all,
        )  # fmt: skip
    finally:
        is_kept = report and not report.refused  # a rejected file creates no practice
        if is_new and practice_id is not None and not is_kept:
            with transaction(con):
                con.execute("DELETE FROM practice WHERE id = $id", id=practice_id)
    return report
