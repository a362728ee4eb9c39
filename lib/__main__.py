"""The command line: python -m lib COMMAND …"""

from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType

from lib import terminal
from lib.errors import BillingError
from lib.web.logs import places

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


STOPPED = "Stopped before it was done: what was not finished is not kept."


def main(arguments: list[str]) -> int:
    """Run one command. Return 0 if it did all of it, 1 if it could not, 2 for wrong usage, 130 or
    143 where Ctrl-C (SIGINT) or SIGTERM ended it."""
    if not arguments or arguments[0] not in COMMANDS:
        is_help = arguments[:1] in (["-h"], ["--help"])
        terminal.say(*_usage()) if is_help else terminal.complain(*_usage())
        return 0 if is_help else 2
    with _stop_signals() as received:
        try:
            code = _run(arguments[0], arguments[1:])
            return _stopped(received) if code and received else code
        except BaseException as problem:
            if received:  # whatever became of it on its way: DuckDB makes a RuntimeError of it
                return _stopped(received)
            if isinstance(problem, BillingError):
                terminal.complain(str(problem))
            elif isinstance(problem, Exception):  # a bug; its message may quote a patient
                terminal.complain(f"Something went wrong on our side: {places(problem)}")
            else:
                raise
            return 1


def _stopped(received: list[int]) -> int:
    terminal.complain(STOPPED)
    return 128 + received[0]


def _run(command: str, arguments: list[str]) -> int:
    module, _, name = COMMANDS[command][0].partition(":")
    run = getattr(importlib.import_module(module), name or "main")
    code = int(run(arguments, now=datetime.now(UTC)))
    if lost := terminal.unwritten():
        terminal.complain(f"What this command says could not be written: {lost}. It did its work.")
        return code or 1
    return code


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """Let Ctrl-C and SIGTERM end the block by KeyboardInterrupt, which rolls back what is open.
    Yield the list that they are noted in; `watch` and `serve` handle them themselves."""
    received: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        raise KeyboardInterrupt

    handled = [each for each in (signal.SIGINT, signal.SIGTERM)
               if signal.getsignal(each) is not signal.SIG_IGN]  # fmt: skip
    before = {each: signal.signal(each, stop) for each in handled}
    try:
        yield received
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _usage() -> list[str]:
    commands = (f"  {name:<10} {what}" for name, (_, what) in COMMANDS.items())
    return ["usage: python -m lib COMMAND …", *commands, "COMMAND --help says more."]


if __name__ == "__main__":
    terminal.prepare()
    sys.exit(main(sys.argv[1:]))
