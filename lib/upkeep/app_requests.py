"""How a command asks the process that holds the data folder: one file with the question, one with
the answer. The folder is closed to other users, so nobody else can ask."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from lib.errors import StoreInUse
from lib.store import durable_files, interruption

FOLDER = "requests"
HEARD = 15.0  # seconds within which the process must have taken the question
GOES_ON = "Stopped waiting: Billing Tasks, which runs, goes on with what it was asked."
EVERY = 0.2  # seconds between two looks


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the name of a command, the folder it is given, if any, and its other
    arguments."""

    command: str
    folder: str | None = None
    arguments: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The lines to print, the exit code, and what to print to standard error."""

    lines: tuple[str, ...]
    code: int
    complaints: tuple[str, ...] = ()


def ask(data: Path, question: Question, in_use: StoreInUse, is_there: Callable[[], bool]) -> Answer:
    """Ask the process that holds the data folder, and wait for its answer.

    `is_there` says whether that process still holds the folder. Raises `in_use` where the process
    answers no such questions; an import, for example, does not.
    """
    name = secrets.token_hex(8)
    asked, taken, answered = (data / FOLDER / f"{name}.{what}" for what in ("ask", "taken", "done"))
    durable_files.write(asked, json.dumps(asdict(question)).encode())
    until = time.monotonic() + HEARD
    try:
        while not answered.exists():
            if (asked.exists() and time.monotonic() > until) or not is_there():
                raise in_use
            time.sleep(EVERY)
        interruption.hold()
        said = json.loads(answered.read_text(encoding="utf-8"))
        return Answer(tuple(said["lines"]), said["code"], tuple(said.get("complaints", ())))
    except KeyboardInterrupt:
        try:
            asked.unlink()
        except FileNotFoundError:
            interruption.if_stopped(GOES_ON)
        raise
    finally:
        for path in (asked, taken, answered):
            path.unlink(missing_ok=True)


def answer_all(data: Path, do: Callable[[Question], Answer]) -> None:
    """Answer the waiting questions. Only the process that holds the data folder calls this."""
    folder = data / FOLDER
    if not folder.is_dir():
        return
    for asked in sorted(folder.glob("*.ask")):
        taken = asked.with_suffix(".taken")
        with suppress(FileNotFoundError):  # whoever asked has given up
            asked.rename(taken)
            question = Question(**json.loads(taken.read_text(encoding="utf-8")))
            said = do(question)
            answered = asked.with_suffix(".done")
            durable_files.write(answered, json.dumps(asdict(said)).encode())
            if not taken.exists():  # whoever asked waits no more
                answered.unlink(missing_ok=True)
