"""python -m lib export: what the practice answered, as a file."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from lib import people
from lib.errors import BillingError, DocumentFileProblem, WrongInput
from lib.export.period import Period, period
from lib.export.replacement_claims import claims_file, review
from lib.export.zip_file import write_zip
from lib.intake.recognize import count
from lib.models import Practice
from lib.store import process
from lib.store.database import Connection

ENDINGS = (".zip", ".x12")


def main(arguments: Sequence[str], *, now: datetime) -> int:
    """Write the file: 0 it is there and whole, 1 it is not, 2 wrong usage. Names no patient."""
    wanted = _parser().parse_args(arguments)
    try:
        con = process.open_store().connection()
        practice = _practice(con, wanted.practice)
        today = now.astimezone(ZoneInfo(practice.timezone)).date()
        days = period(con, practice.id, *_days(wanted, today), actor=None)
        left_out: list[DocumentFileProblem] = []
        print(_write(con, days, Path(wanted.out), now, left_out))
        for problem in left_out:
            print(f"not in the file: {problem.for_operator}", file=sys.stderr)
        return 1 if left_out else 0
    except WrongInput as problem:
        print(f"python -m lib export: {problem}", file=sys.stderr)
        return 2
    except BillingError as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"{wanted.out} cannot be written: {problem.strerror}.", file=sys.stderr)
        return 1
    finally:
        process.close_stores()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lib export",
        description="Write what was completed on some days: tasks with notes and documents "
        "(FILE.zip), or the changed charges as 837P claims that replace those filed (FILE.x12).",
        epilog="Exit code: 0 the file is there and whole, 1 it could not be written or lacks "
        "documents that are missing or changed on disk, 2 wrong usage.",
    )
    parser.add_argument("--practice", metavar="NAME", help="needed only where there are several")
    parser.add_argument("--since", metavar="YYYY-MM-DD", type=_day, required=True)
    parser.add_argument("--until", metavar="YYYY-MM-DD", type=_day, help="that day included; today")
    parser.add_argument("--out", metavar="FILE", required=True, help="ends in .zip or .x12")
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a day (YYYY-MM-DD)") from None


def _days(wanted: argparse.Namespace, today: date) -> tuple[date, date]:
    if not wanted.out.lower().endswith(ENDINGS):
        raise WrongInput("--out must end in .zip (completed tasks) or .x12 (claims to replace).")
    return wanted.since, wanted.until or today


def _practice(con: Connection, name: str | None) -> Practice:
    """The practice of that name, or the only one. Raises WrongInput."""
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
) -> str:
    """Write the file under another name first, so that it is there whole or not at all."""
    if path.suffix.lower() == ".zip":
        ids, chunks = write_zip(con, days, actor=None, now=now, left_out=left_out)
        said = f"{path}: {count(len(ids), 'completed task')}"
    else:
        found = review(con, days)
        chunks = claims_file(con, days, actor=None, now=now)
        said = "\n".join(
            [
                f"{path}: {count(found.claims, 'claim')} to replace",
                *(f"  {count(times, 'claim')}: {said}" for said, times in found.remarks),
            ]
        )
    _save(path, chunks)
    return said


def _save(path: Path, chunks: Iterator[bytes]) -> None:
    temporary = path.with_name(f".{path.name}.part")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
