"""python -m lib watch: bring in every file that appears in a folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from lib import people, runtime
from lib.db import Connection
from lib.errors import StoreInUse, WrongDataFolder
from lib.intake.arrivals import WrongUsage, bring, practice_name
from lib.intake.command import print_line
from lib.models import ImportReport
from lib.watch import shelf
from lib.watch.ending import Ending
from lib.watch.folder import Folder, Handled, Outcome

EVERY, QUIET = 2.0, 30.0  # seconds


def main(arguments: Sequence[str], *, now: datetime) -> int:
    """Watch until SIGINT or SIGTERM: 0 it ended so, 1 the folder or the store cannot be used or,
    with --once, a file was not brought in; 2 wrong usage. Prints no patient."""
    wanted = _parser().parse_args(arguments)
    try:
        return _watch(wanted, Ending())
    except WrongUsage as problem:
        print(f"python -m lib watch: {problem}", file=sys.stderr)
        return 2
    except (StoreInUse, WrongDataFolder) as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        print(
            f"{wanted.folder} cannot be used any more: {problem.strerror}. Files that are in stay "
            "in; the rest is as it was.",
            file=sys.stderr,
        )
        return 1
    finally:
        runtime.close_stores()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lib watch",
        description="Bring in every file that appears in FOLDER once it is whole. Files that are "
        "in are moved to FOLDER/done, refused ones to FOLDER/failed with a report beside them. "
        "Hidden, temporary and partial files (.tmp, .part, ~) are left alone. Ctrl-C ends it.",
        epilog="Exit code: 0 it was ended, 1 FOLDER or the data folder cannot be used (or, with "
        "--once, a file is not in), 2 wrong usage.",
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument(
        "--practice", metavar="NAME", help="made if new; needed only where there are several"
    )
    parser.add_argument("--once", action="store_true", help="look, bring in, and end")
    parser.add_argument(
        "--every", metavar="SECONDS", type=_seconds, default=EVERY, help=f"between looks; {EVERY:g}"
    )
    parser.add_argument(
        "--quiet", metavar="SECONDS", type=_seconds, default=QUIET,
        help=f"a file that cannot be read is given up when nothing wrote it so long; {QUIET:g}",
    )  # fmt: skip
    return parser


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return value


def _watch(wanted: argparse.Namespace, over: Ending) -> int:
    if not wanted.folder.is_dir():
        print(f"{wanted.folder} is not a folder.", file=sys.stderr)
        return 1
    store = runtime.open_store()
    con = store.connection()
    name = practice_name(con, wanted.practice)
    snapshot = store.folder / "watched.part"
    folder = Folder(wanted.folder, snapshot, quiet=wanted.quiet, is_once=wanted.once)

    def bring_in(file_name: str, file: Path) -> ImportReport:
        return bring(con, name, file_name, file, now=datetime.now(UTC))

    if not wanted.once:
        print(f"Watching {wanted.folder} for {name}. Ctrl-C ends it.", flush=True)
    looks = 0
    is_bad = False
    told: set[tuple[str, str]] = set()
    while not over.is_asked():
        looks += 1
        for handled in folder.look(bring_in, lambda: _today(con, name), over.is_asked):
            is_bad |= handled.outcome in {Outcome.REFUSED, Outcome.LEFT}
            _say(handled, wanted.folder, told)
        if wanted.once and looks == 2:
            return 1 if is_bad else 0
        over.wait(wanted.every)
    return 0


def _today(con: Connection, practice: str) -> date:
    held = {each.name.casefold(): each.timezone for each in people.practices(con)}
    return datetime.now(ZoneInfo(held.get(practice.casefold(), "UTC"))).date()


def _say(handled: Handled, folder: Path, told: set[tuple[str, str]]) -> None:
    """One line a file, and one only for a file that is waited for."""
    report = handled.report
    if handled.outcome is Outcome.LEFT:
        said = (report.file, str(report.refused))
        if said not in told:
            told.add(said)
            print(f"  left     {report.file} is not whole yet, or will be refused", flush=True)
        return
    print_line(report)
    if handled.outcome is Outcome.REFUSED and handled.moved_to:
        where = handled.moved_to.relative_to(folder)
        print(f"           moved to {where}, the reason is beside it ({shelf.REPORT})")
    sys.stdout.flush()
