"""The engine of the Explore page: a process of its own that answers one question and ends.

Reads the question from standard input and writes JSON. External access is off and the configuration
locked before the question is parsed. One thread, the processor only while nobody else wants it,
limits of memory and of what it writes: a cross join of millions slows nobody else down, and is
stopped from outside.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

MAX_ROWS = 10_000
MEMORY = "256MB"
MOST_MEMORY = 2_000_000_000  # bytes of this process, rows on their way out included
MOST_WRITTEN = 21_000_000  # bytes; the app shows less
MOST_WORK = 20  # seconds of the processor


def main() -> None:
    """Answer the question with {"names", "types", "rows", "is_cut"} or {"problem"}."""
    give_way()  # before anything is loaded
    import duckdb

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_WORK, MOST_WORK))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_WRITTEN, MOST_WRITTEN))
    file = sys.argv[1]
    question = sys.stdin.read()
    try:
        said = answer(file, question)
    except duckdb.Error as problem:
        said = {"problem": _sentence(problem)}
    json.dump(said, sys.stdout, default=_plain)


def give_way() -> None:
    """Let every other process go first, for the processor and for the disk."""
    os.nice(19)
    if hasattr(os, "sched_setscheduler"):  # Linux; its disk requests are then idle ones too
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def answer(file: str, question: str) -> dict[str, Any]:
    """Return what one statement finds, at most MAX_ROWS rows. Raises duckdb.Error."""
    import duckdb

    con = duckdb.connect(
        file,
        read_only=True,
        config={
            "enable_external_access": False, "autoinstall_known_extensions": False,
            "autoload_known_extensions": False, "python_enable_replacements": False,
            "allow_community_extensions": False, "threads": 1, "memory_limit": MEMORY,
            "temp_directory": "", "max_temp_directory_size": "0B",
        },
    )  # fmt: skip
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET lock_configuration = true")
    statements = con.extract_statements(question)
    if len(statements) != 1:
        return {"problem": "Ask one statement at a time."}
    if statements[0].type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        return {"problem": "Only questions are answered here: begin with SELECT or WITH."}
    found = con.execute(statements[0])
    columns = found.description or []
    rows = found.fetchmany(MAX_ROWS + 1)
    return {
        "names": [column[0] for column in columns],
        "types": [str(column[1]) for column in columns],
        "rows": rows[:MAX_ROWS],
        "is_cut": len(rows) > MAX_ROWS,
    }


def _sentence(problem: duckdb.Error) -> str:
    import duckdb

    text = str(problem)
    if isinstance(problem, duckdb.OutOfMemoryException):
        return f"This question needs more than {MEMORY} of memory. Ask for fewer rows or columns."
    if isinstance(problem, duckdb.PermissionException) or "disabled" in text:
        return "Nothing outside the copy can be read or written here."
    return text.splitlines()[0][:400]


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value)


if __name__ == "__main__":
    main()
