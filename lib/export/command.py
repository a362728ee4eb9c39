"""python -m lib export: write a file of what the practice did."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from lib import command_options, people
from lib.errors import BillingError, DocumentFileProblem, NotWritten, WrongInput
from lib.export.charges_to_refile import claims_file, review
from lib.export.completed_tasks_zip import write_zip
from lib.export.period import Period, period
from lib.intake.files.parsed_file import count
from lib.models import Practice
from lib.store import durable_files as store_files
from lib.store import interruption, process_store
from lib.store.database import Connection
from lib.terminal import Parser, complain, say

ENDINGS = (".zip", ".x12")


def main(arguments: Sequence[str], *, now: datetime) -> int:
    """Write the file. Return 0 if it is complete, 1 if it is not, 2 for wrong usage. Names no
    patient."""
    wanted = _parser().parse_args(arguments)
    try:
        process_store.require_data()
        con = process_store.open_store().connection()
        practice = _practice(con, wanted.practice)
        today = now.astimezone(ZoneInfo(practice.timezone)).date()
        days = period(con, practice.id, *_days(wanted, today), actor=None)
        left_out: list[DocumentFileProblem] = []
        say(*_write(con, days, wanted.out, now, left_out))
        for problem in left_out:
            complain(f"not in the file: {problem.for_operator}")
        return 1 if left_out else 0
    except WrongInput as problem:
        complain(f"python -m lib export: {problem}")
        return 2
    except NotWritten as problem:
        complain(store_files.why_not_written(wanted.out, problem))
        return 1
    except BillingError as problem:
        complain(str(problem))
        return 1
    finally:
        process_store.close_stores()


def _parser() -> Parser:
    parser = Parser(
        prog="python -m lib export",
        description="Write what was completed on some days: tasks with notes and documents "
        "(FILE.zip), or the changed charges as 837P claims that replace those filed (FILE.x12).",
        epilog="Exit code: 0 the file is there and whole, 1 it could not be written or lacks "
        "documents that are missing or changed on disk, 2 wrong usage.",
    )
    parser.add_argument("--practice", metavar="NAME", help="needed only where there are several")
    parser.add_argument("--since", metavar="YYYY-MM-DD", type=command_options.day, required=True)
    parser.add_argument(
        "--until", metavar="YYYY-MM-DD", type=command_options.day, help="that day included; today"
    )
    parser.add_argument(
        "--out", metavar="FILE", type=command_options.path, required=True,
        help="ends in .zip or .x12",
    )  # fmt: skip
    return parser


def _days(wanted: argparse.Namespace, today: date) -> tuple[date, date]:
    if wanted.out.suffix.lower() not in ENDINGS:
        raise WrongInput("--out must end in .zip (completed tasks) or .x12 (claims to replace).")
    return wanted.since, wanted.until or today


def _practice(con: Connection, name: str | None) -> Practice:
    """Return the practice of that name, or the only one. Raise WrongInput if there is none."""
    held = people.practices(con)
    names = "; ".join(practice.name for practice in held)
    if name is None:
        if len(held) == 1:
            return held[0]
        raise WrongInput(f"name one practice with --practice: {names or 'there is none yet'}.")
    for practice in held:
        if practice.name.casefold() == name.strip().casefold():
            return practice
    raise WrongInput(f"there is no practice of that name; there is: {names or 'none yet'}.")


def _write(
    con: Connection, days: Period, path: Path, now: datetime, left_out: list[DocumentFileProblem]
) -> list[str]:
    """Write the file under a temporary name first, so that it is there whole or not at all. Return
    the lines that say what is in it."""
    if path.suffix.lower() == ".zip":
        ids, chunks = write_zip(con, days, actor=None, now=now, left_out=left_out)
        said = [f"{path}: {count(len(ids), 'completed task')}"]
    else:
        found = review(con, days)
        chunks = claims_file(con, days, actor=None, now=now)
        said = [
            f"{path}: {count(found.claims, 'claim')} to replace",
            *(f"  {count(times, 'claim')}: {remark}" for remark, times in found.remarks),
        ]
    store_files.write(path, chunks, makes_folder=False, before_rename=interruption.hold)
    return said
