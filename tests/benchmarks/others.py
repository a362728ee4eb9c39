"""python -m tests.benchmarks.others [TASKS …]: the queue beside what one would use instead.

The same rows are asked the same questions by HTTP or WebSocket, in turn, from the click until the
tasks are there: our list; Datasette on SQLite with indexes and full-text search; and a page of
plain Streamlit with pandas (tests/benchmarks/bare/plain_pandas.py). Each round asks for another
type, payer and word. Datasette is measured where its program is found. Never a test.

What our page and the plain one draw after the tasks is left out: our menu's counts come 60 ms
later, so that the browser can paint the tasks first.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from urllib.parse import unquote, urlencode

import pandas
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from lib import sessions
from lib.store.duckdb.store import DuckDBStore
from tests import server
from tests.benchmarks import stores
from tests.benchmarks.crowd import Session
from tests.benchmarks.figures import median, table
from tests.benchmarks.pages import WORDS
from tests.server import Server, free_port

ROUNDS = 8
STEPS = ("open the list", "one type", "one payer", "search a word", "page 2", "one task")
COLUMNS = (
    "id, type, status, is_open, title, claim_number, patient_name, payer_name, provider_name, "
    "codes, CAST(amount AS DOUBLE) AS amount, due_on, date_of_service, requested_on, assignee_id"
)
INDEXES = ("is_open, due_on, id", "is_open, type, due_on", "is_open, payer_name, due_on")
SEARCHED = "title, claim_number, patient_name, payer_name, provider_name, codes"

# A step, in a round; returns milliseconds until what was asked for was there.
Answer = Callable[[str, int], Awaitable[float]]


def main() -> None:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.others")
    parser.add_argument("sizes", type=int, nargs="*", default=[10_000, 1_000_000])
    for size in parser.parse_args().sizes:
        with tempfile.TemporaryDirectory() as folder, ExitStack() as ends:
            asyncio.run(_compare(size, Path(folder), ends))


async def _compare(size: int, folder: Path, ends: ExitStack) -> None:
    source = stores.generated(size)
    who = stores.staff(source)[0]
    shutil.copytree(source, folder / "data")
    rows = _Rows(folder)
    ours = ends.enter_context(server.running(folder / "data"))
    plain = ends.enter_context(_plain(rows.parquet))
    datasette = ends.enter_context(_datasette(rows.sqlite))
    async with AsyncExitStack() as sockets:
        asked: dict[str, Answer] = {
            "Billing Tasks": _List(await _session(sockets, ours, ours.sign_in(who.id)), rows).ours,
            "plain Streamlit": _List(await _session(sockets, plain, ""), rows).plain,
        }
        if datasette:
            asked["Datasette"] = _Table(datasette, rows).ask
        took: dict[tuple[str, str], list[float]] = {
            (name, step): [] for name in asked for step in STEPS
        }
        for turn in range(ROUNDS):
            for step in STEPS:
                for name, ask in asked.items():
                    took[name, step].append(await ask(step, turn))
    print(f"\n{size:,} tasks; load {os.getloadavg()[0]:.1f}\n")
    medians = {step: [median(took[name, step]) for name in asked] for step in STEPS}
    medians["sum"] = [sum(column) for column in zip(*medians.values(), strict=True)]
    shown = [[step, *(f"{value:.0f}" for value in values)] for step, values in medians.items()]
    print(table(["ms, median", *asked], shown), flush=True)


class _Rows:
    """The tasks of a store, for the others; and what each round asks for."""

    def __init__(self, folder: Path) -> None:
        self.parquet, self.sqlite = folder / "tasks.parquet", folder / "tasks.sqlite"
        with closing(DuckDBStore(folder / "data")) as store:
            con = store.connection()
            names, rows = con.read(f"SELECT {COLUMNS} FROM task ORDER BY id", {})
            every = pandas.DataFrame(rows, columns=names)
            every.to_parquet(self.parquet)
            self.payers = [row[0] for row in con.rows("SELECT DISTINCT payer_name FROM task")]
            self.types = [row[0] for row in con.rows("SELECT DISTINCT type FROM task")]
            self.ids = [row[0] for row in con.rows("SELECT id FROM task WHERE is_open LIMIT 50")]
        with closing(sqlite3.connect(self.sqlite)) as lite:
            every.to_sql("task", lite, index=False)
            lite.execute("CREATE UNIQUE INDEX task_id ON task (id)")
            for number, columns in enumerate(INDEXES):
                lite.execute(f"CREATE INDEX task_{number} ON task ({columns})")
            lite.execute(f"CREATE VIRTUAL TABLE task_fts USING fts5 ({SEARCHED}, content=task)")
            lite.execute("INSERT INTO task_fts (task_fts) VALUES ('rebuild')")
            lite.execute("ANALYZE")
            lite.commit()


class _List:
    """A page of Streamlit, ours or the plain one, as one browser tab asks it."""

    def __init__(self, session: Session, rows: _Rows) -> None:
        self.session, self.rows = session, rows

    async def ours(self, step: str, turn: int) -> float:
        """Do the step in our list."""
        session = self.session
        session.values, done = {}, {}
        match step:
            case "open the list" if turn == 0:
                return (await session.load()).shown
            case "one type":
                labels = session.options["type"]
                session.values = {"type": labels[turn % len(labels)]}
            case "one payer":
                session.values = {"payer": self.rows.payers[turn % len(self.rows.payers)]}
            case "search a word":
                session.values = {"q": WORDS[turn % len(WORDS)]}
            case "page 2":
                done = {"kind": "page", "page": 2}
            case "one task":
                done = {"kind": "open", "record": self.rows.ids[turn]}
        click = await session.ask(step, done)
        return click.took if step == "one task" else click.shown  # its panel is drawn last

    async def plain(self, step: str, turn: int) -> float:
        """Do the step in the plain page."""
        rows = self.rows
        self.session.values = {
            "one type": {"type": rows.types[turn % len(rows.types)]},
            "one payer": {"payer": rows.payers[turn % len(rows.payers)]},
            "search a word": {"q": WORDS[turn % len(WORDS)]},
            "page 2": {"from": "2"},
            "one task": {"to": str(rows.ids[turn])},
        }.get(step, {})
        return (await self.session.ask(step, {})).shown


class _Table:
    """Datasette's pages of the same rows."""

    def __init__(self, port: int, rows: _Rows) -> None:
        self.port, self.rows, self.next = port, rows, ""

    async def ask(self, step: str, turn: int) -> float:
        """Ask for the page of the step."""
        rows, began = self.rows, time.perf_counter()
        query = {"is_open": "1", "_sort": "due_on", "_size": "50"}
        more = {
            "one type": {"type": rows.types[turn % len(rows.types)]},
            "one payer": {"payer_name": rows.payers[turn % len(rows.payers)]},
            "page 2": {"_next": self.next},
        }
        if step == "one task":
            await self._get(f"/tasks/task/{rows.ids[turn]}")
        elif step == "search a word":
            found = {"_search": WORDS[turn % len(WORDS)], "_sort": "due_on", "_size": "50"}
            await self._get(f"/tasks/task?{urlencode(found)}")
        else:
            said = await self._get(f"/tasks/task?{urlencode(query | more.get(step, {}))}")
            if step == "open the list":
                self.next = unquote(re.findall(r"_next=([^&\"]+)", said)[0])
        return (time.perf_counter() - began) * 1000

    async def _get(self, path: str) -> str:
        return await asyncio.to_thread(_page, self.port, path)


async def _session(sockets: AsyncExitStack, running: Server, token: str) -> Session:
    socket = await sockets.enter_async_context(
        connect(
            running.address.replace("http", "ws", 1) + "/_stcore/stream",
            additional_headers={
                "Cookie": f"{sessions.COOKIE}={token}", "Origin": running.address
            },
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
        )
    )  # fmt: skip
    return Session(socket, running.address + "/", Random(1))


@contextmanager
def _plain(parquet: Path) -> Iterator[Server]:
    port = free_port()
    command = (
        sys.executable, "-m", "streamlit", "run", "tests/benchmarks/bare/plain_pandas.py",
        "--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}",
        "--", str(parquet),
    )  # fmt: skip
    with server.running(parquet.parent / "plain", command=command, port=port) as running:
        yield running


@contextmanager
def _datasette(database: Path) -> Iterator[int | None]:
    """Yield the port of Datasette, or None where it is not installed."""
    program = shutil.which("datasette")
    if program is None:
        print("Datasette is not installed: pip install datasette, in an environment of its own")
        yield None
        return
    port = free_port()
    named = database.rename(database.with_name("tasks.db"))
    process = subprocess.Popen(
        [program, "serve", "--immutable", named, "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    try:
        _wait(port)
        yield port
    finally:
        server.stop(process)


def _page(port: int, path: str) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        said = answer.read().decode()
    finally:
        connection.close()
    if answer.status != HTTPStatus.OK:
        raise RuntimeError(f"{answer.status} for {path}: {said[:500]}")
    return said


def _wait(port: int) -> None:
    until = time.monotonic() + server.PATIENCE
    while True:
        try:
            _page(port, "/-/versions.json")
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    main()
