"""Run a command as `python -m lib` does, and send it SIGTERM at a certain moment.

python -m tests.stopped_at MARK before|after|rename N COMMAND …: before or after the N-th commit, or
before the N-th file gets its name. MARK is a file that is there afterwards if the signal was sent.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from lib import __main__, terminal
from lib.store import interruption, process_store
from lib.store.database import Connection
from lib.store.duckdb.store import DuckDBConnection


def main() -> None:
    """Run the command that the arguments name."""
    mark, moment, number, *command = sys.argv[1:]
    left = int(number)

    def come(now: str) -> None:
        nonlocal left
        if now != moment:
            return
        left -= 1
        if left == 0:
            Path(mark).touch()
            os.kill(os.getpid(), signal.SIGTERM)

    kind: Any = DuckDBConnection
    if process_store.database_address():
        from lib.store.postgres.connection import PostgresConnection

        kind = PostgresConnection
    end = kind.end

    def ended(con: Connection, *, is_kept: bool) -> None:
        if is_kept:
            come("before")
        end(con, is_kept=is_kept)
        if is_kept:
            come("after")

    def audited(event: str, _: tuple[Any, ...]) -> None:
        if event == "os.rename":
            come("rename")

    kind.end = ended
    sys.addaudithook(audited)
    terminal.prepare()
    with interruption.handled(then=signal.SIG_IGN) as stops:
        code = __main__.ended(command, stops)
    sys.exit(code)


if __name__ == "__main__":
    main()
