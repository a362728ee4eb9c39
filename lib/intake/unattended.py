"""What commands that bring files in share: which practice they are for, and bringing one in."""

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
from lib.intake import imports
from lib.models import ImportReport, TaskType
from lib.store.database import Connection, transaction

FIRST_PRACTICE = "My practice"
# What is wrong with our store and is no fault of the file: it is tried again.
OUR_DISK = (NotWritten, NotCertain, StoreStopped, StoreDamaged, StoreMoved, StoreClosing)


class WrongUsage(BillingError):
    """A command was asked wrongly; the message says what is missing."""


def practice_name(con: Connection, name: str | None) -> str:
    """The practice to import into. Raises WrongUsage where it must be named and is not."""
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
    """Bring a file into the practice of that name, which is made with the first file for it.

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
        if is_new and (report is None or report.refused):  # a file that is refused makes none
            with transaction(con):
                con.execute("DELETE FROM practice WHERE id = $id", id=practice_id)
    return report
