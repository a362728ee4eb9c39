"""The command line: python -m lib COMMAND …"""

from __future__ import annotations

import signal

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until `handled`: nothing has begun

import importlib
import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from lib import terminal
from lib.errors import BillingError
from lib.store import interruption
from lib.store.data_folder_lock import owner_of
from lib.store.interruption import Stops

# The command -> the module that runs it, and what it does. A module is imported only when it is
# needed; its `main(arguments, now=…)`, or the function named, returns the exit code.
COMMANDS = {
    "import": ("lib.intake.command", "bring files of claims, remittances and requests in"),
    "watch": ("lib.watch.command", "bring in every file that appears in a folder"),
    "check": (
        "lib.upkeep.command:main_check",
        "list tasks whose charge disagrees with their file",
    ),
    "export": ("lib.export.command", "write completed tasks, or claims to replace, to a file"),
    "snapshot": ("lib.snapshot.command", "write a copy for analysts that names nobody"),
    "people": ("lib.upkeep.command:main_people", "list, add, deactivate people who sign in"),
    "practice": ("lib.upkeep.command:main_practice", "list the practices, add or change one"),
    "sample": ("lib.samples", "fill an empty data folder with the two sample practices"),
    "generate": ("lib.generate", "fill an empty data folder with a practice of any size"),
    "backup": ("lib.upkeep.command:main_backup", "write a backup, while people work"),
    "move": ("lib.upkeep.move_command", "take a data folder over into a PostgreSQL database"),
    "restore": ("lib.upkeep.command:main_restore", "bring a backup back into an empty folder"),
    "verify": ("lib.upkeep.command:main_verify", "compare what is on disk with what was written"),
    "activity": (
        "lib.upkeep.command:main_activity",
        "say where the record of who saw what ends, or remove what is old",
    ),
    "sweep": ("lib.upkeep.command:main_sweep", "delete files that nothing refers to"),
    "reindex": ("lib.upkeep.command:main_reindex", "write anew what the search has to know"),
    "serve": ("lib.web.serve_command", "serve the app on this computer"),
}


def main(arguments: list[str]) -> int:
    """Run one command. Return 0 if it did all of it, 1 if it could not, 2 for wrong usage, 130 or
    143 where Ctrl-C (SIGINT) or SIGTERM ended it."""
    with interruption.handled() as stops:
        return ended(arguments, stops)


def ended(arguments: list[str], stops: Stops) -> int:
    """Run one command to its end, whatever that is."""
    if not arguments or arguments[0] not in COMMANDS:
        if arguments[:1] in (["-h"], ["--help"]):
            terminal.say(*_usage())
            return 0
        unknown = [f"python -m lib: there is no command {arguments[0]}."] if arguments else []
        terminal.complain(*_usage(), *unknown)
        return 2
    try:
        code = _run(arguments[0], arguments[1:])
        return _stopped(stops) if code and stops.is_interrupted else code
    except BaseException as problem:
        if stops.is_interrupted:  # whatever became of it: DuckDB makes a RuntimeError of it
            return _stopped(stops)
        if isinstance(problem, BillingError):
            terminal.complain(str(problem))
        elif isinstance(problem, PermissionError) and problem.filename:
            whose = owner_of(Path(os.fsdecode(problem.filename)))
            terminal.complain(f"{problem.filename} cannot be read or written by this user.{whose}")
        elif isinstance(problem, Exception):  # a bug; its message may quote a patient
            from lib.web.logs import places

            terminal.complain(f"Something went wrong on our side: {places(problem)}")
        else:
            raise
        return 1


def _stopped(stops: Stops) -> int:
    terminal.complain(stops.sentence)
    return 128 + stops.number


def _run(command: str, arguments: list[str]) -> int:
    module, _, name = COMMANDS[command][0].partition(":")
    run = getattr(importlib.import_module(module), name or "main")
    code = int(run(arguments, now=datetime.now(UTC)))
    if lost := terminal.unwritten():
        terminal.complain(f"What this command says could not be written: {lost}. It did its work.")
        return code or 1
    return code


def _usage() -> list[str]:
    commands = (f"  {name:<10} {what}" for name, (_, what) in COMMANDS.items())
    return ["usage: python -m lib COMMAND …", *commands, "COMMAND --help says more."]


if __name__ == "__main__":
    terminal.prepare()
    logging.getLogger("psycopg").addHandler(logging.NullHandler())  # its sentences are ours
    with interruption.handled(then=signal.SIG_IGN) as received:  # what it says is how it ended
        ended_with = ended(sys.argv[1:], received)
    sys.exit(ended_with)
