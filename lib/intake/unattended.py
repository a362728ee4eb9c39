"""What the import commands share: which practice they are for, and importing one file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from lib import people
from lib.errors import (
    BillingError,
    NotCertain,
    NotWritten,
    StoreClosing,
    StoreDamaged,
    StoreMoved,
    StoreStopped,
)
from lib.import_reports import ImportReport
from lib.intake import imports
from lib.models import TaskType
from lib.store.database import Connection, transaction

FIRST_PRACTICE = "My practice"
# Our store's problems, no fault of the file: it is tried again.
OUR_DISK = (NotWritten, NotCertain, StoreStopped, StoreDamaged, StoreMoved, StoreClosing)


class WrongUsage(BillingError):
    """A command was called wrongly; the message says what is missing."""


def practice_name(con: Connection, name: str | None) -> str:
    """Return the practice to import into. Raise WrongUsage if it must be named and is not."""
    if name is not None:
        if not name.strip():
            raise WrongUsage("--practice needs a name.")
        return name.strip()
    held = [practice.name for practice in people.practices(con)]
    if len(held) > 1:
        raise WrongUsage(
            f"there are several practices; name one with --practice: {'; '.join(held)}"
        )
    return held[0] if held else FIRST_PRACTICE


def bring(
    con: Connection,
    practice: str,
    name: str,
    file: bytes | Path,
    *,
    now: datetime,
    type_for_all: TaskType | None = None,
) -> ImportReport:
    """Import a file into the practice of that name, which the first file for it creates.

    `type_for_all` is the type of every row of a table that names none.
    """
    held = {each.name.casefold(): each.id for each in people.practices(con)}
    practice_id = held.get(practice.casefold())
    is_new = practice_id is None
    if practice_id is None:
        practice_id = people.add_practice(con, practice, now=now)
    report = None
    try:
        report = imports.apply(
            con, name, file, actor=None, practice_id=practice_id, now=now, keeps_refused=False,
            type_for_all=type_for_all,
        )  # fmt: skip
    finally:
        if is_new and (report is None or report.refused):  # a rejected file creates no practice
            with transaction(con):
                con.execute("DELETE FROM practice WHERE id = $id", id=practice_id)
    return report
