"""`python -m lib snapshot --to FOLDER`: the copy for analysts, while people work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from lib import command_options, people
from lib.errors import BillingError, NotWritten, StoreInUse
from lib.snapshot import copies
from lib.store import data_folder_lock, durable_files, process_store
from lib.store.database import Connection
from lib.terminal import Parser, complain, say


def main(arguments: Sequence[str], *, now: datetime) -> int:
    """Run the command. Return 0 if the copy is written, 1 if it could not be, 2 for wrong usage."""
    parser = Parser(
        prog="python -m lib snapshot",
        description="Write Parquet files and a DuckDB file that count as the store does and name "
        "nobody. The app may run meanwhile.",
    )
    parser.add_argument(
        "--to", metavar="FOLDER", type=command_options.path, required=True, help="where to"
    )
    parser.add_argument("--practice", metavar="NAME", help="only this practice; all of them unless")
    asked = parser.parse_args(arguments)
    try:
        process_store.require_data()
        try:
            con = process_store.open_store().connection()
            return _write(con, asked.to, asked.practice, now)
        except StoreInUse:
            with copies.beside(process_store.data_folder()) as store:
                return _write(store.connection(), asked.to, asked.practice, now)
    except BillingError as problem:
        complain(str(problem))
        return 1
    finally:
        process_store.close_stores()


def _write(con: Connection, folder: Path, practice: str | None, now: datetime) -> int:
    held = people.practices(con)
    wanted = [each.id for each in held if practice in (None, each.name)]
    if not wanted:
        names = "; ".join(each.name for each in held)
        complain(
            f"There is no practice of that name; there is: {names}."
            if held
            else "There is no practice yet, so there is nothing to copy."
        )
        return 2 if held else 1
    if data_folder_lock.is_cleared(folder, process_store.data_folder()):
        complain(
            f"{folder} is a folder of the data itself, and what is none of its files is deleted "
            "there. Name another one."
        )
        return 1
    try:
        counts = copies.write(con, folder, wanted, now=now)
    except NotWritten as problem:
        complain(durable_files.why_not_written(folder, problem))
        return 1
    say(f"{folder}: {counts['task']:,} tasks, {counts['event']:,} lines of history, "
        f"{counts['claim_answer']:,} answers of payers; nobody is named.")  # fmt: skip
    return 0
