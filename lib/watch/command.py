"""python -m lib watch: import every file that appears in a folder."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime

from lib import command_options
from lib.errors import StoreInUse, StoreStopped, WrongDataFolder
from lib.intake.command_imports import ZONE_HELP, WrongUsage
from lib.store import process_store
from lib.terminal import Parser, complain, say
from lib.upkeep.command import answer_all
from lib.watch.stop_signals import StopRequests
from lib.watch.watcher import EVERY, QUIET, Watcher


def main(arguments: Sequence[str], *, now: datetime) -> int:
    """Watch until SIGINT or SIGTERM. Return 0 after one of these, 1 if the folder or the store
    cannot be used or, with --once, a file did not come in, 2 for wrong usage. Prints no patient."""
    wanted = _parser().parse_args(arguments)
    try:
        return _watch(wanted, StopRequests())
    except WrongUsage as problem:
        complain(f"python -m lib watch: {problem}")
        return 2
    except (StoreInUse, WrongDataFolder) as problem:
        complain(str(problem))
        return 1
    except OSError as problem:
        complain(
            f"{wanted.folder} cannot be used any more: {problem.strerror}. Files that are in stay "
            "in; the rest is as it was."
        )
        return 1
    finally:
        process_store.close_stores()


def _parser() -> Parser:
    parser = Parser(
        prog="python -m lib watch",
        description="Bring in every file that appears in FOLDER once it is whole. Files that are "
        "in are moved to FOLDER/done, refused ones to FOLDER/failed with a report beside them. "
        "Hidden, temporary and partial files (.tmp, .part, ~) are left alone. Ctrl-C ends it.",
        epilog="Exit code: 0 it was ended, 1 FOLDER or the data folder cannot be used (or, with "
        "--once, a file is not in), 2 wrong usage.",
    )
    parser.add_argument("folder", metavar="FOLDER", type=command_options.path)
    parser.add_argument(
        "--practice", metavar="NAME", help="made if new; needed only where there are several"
    )
    parser.add_argument("--time-zone", metavar="ZONE", help=ZONE_HELP)
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


def _watch(wanted: argparse.Namespace, over: StopRequests) -> int:
    if not wanted.folder.is_dir():
        complain(f"{wanted.folder} is not a folder.")
        return 1
    store = process_store.open_store()
    watcher = Watcher(
        store, wanted.folder, wanted.practice, timezone=wanted.time_zone, quiet=wanted.quiet,
        is_once=wanted.once,
    )  # fmt: skip
    if wanted.once:
        first, second = watcher.look(over), over.is_asked() or _again(watcher, over, wanted.every)
        return 0 if first and second else 1
    say(f"Watching {wanted.folder} for {watcher.practice}. Ctrl-C ends it.")
    complaint = ""
    while not over.is_asked():
        said = ""
        try:
            store.look_after()
            answer_all(store)  # what other commands ask of the process that holds the data folder
            watcher.look(over)
        except StoreStopped as problem:  # it comes back by itself
            said = str(problem)
        if said and said != complaint:
            complain(said)
        complaint = said
        over.wait(wanted.every)
    return 0


def _again(watcher: Watcher, over: StopRequests, every: float) -> bool:
    """Look a second time, which imports what did not change since the first look."""
    over.wait(every)
    return watcher.look(over)
