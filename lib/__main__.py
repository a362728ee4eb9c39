"""The command line: python -m lib COMMAND …"""

from __future__ import annotations

import importlib
import os
import sys
from datetime import UTC, datetime

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


def main(arguments: list[str]) -> int:
    """Run one command. Return 0 if it did all of it, 1 if it could not, 2 for wrong usage."""
    if arguments and arguments[0] in COMMANDS:
        module, _, name = COMMANDS[arguments[0]][0].partition(":")
        run = getattr(importlib.import_module(module), name or "main")
        try:
            code = int(run(arguments[1:], now=datetime.now(UTC)))
            sys.stdout.flush()
            return code
        except BillingError as problem:
            print(problem, file=sys.stderr)
        except BrokenPipeError:  # whoever read the output, such as `head`, has enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except Exception as problem:  # a bug; its message may quote a patient
            print(f"Something went wrong on our side: {places(problem)}", file=sys.stderr)
        return 1
    is_help = arguments[:1] in (["-h"], ["--help"])
    print(_usage(), file=sys.stdout if is_help else sys.stderr)
    return 0 if is_help else 2


def _usage() -> str:
    commands = (f"  {name:<10} {what}" for name, (_, what) in COMMANDS.items())
    return "\n".join(["usage: python -m lib COMMAND …", *commands, "COMMAND --help says more."])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
