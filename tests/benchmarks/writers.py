"""python -m tests.benchmarks.writers [--practices 8] [--seconds 5]: changes a second on PostgreSQL.

In each practice one person writes comments as fast as they are taken, in two processes. Writers
wait once for those of their own practice and once for all, three times in turn, on a server that
writes to disk as one in use does. At the end the record has to cover all of it. Never a test.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from lib import audit_log, audit_log_integrity, notes, people
from lib.models import Person, Role
from lib.store.postgres.store import PostgresStore
from lib.store.writer_scope import WHOLE
from tests import postgres
from tests.benchmarks.both_stores import SAFE
from tests.benchmarks.figures import median, p95, table
from tests.given import add_task

PROCESSES, ROUNDS = 2, 3


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.writers")
    parser.add_argument("--practices", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--hands", help=argparse.SUPPRESS)  # what one of the processes is to do
    wanted = parser.parse_args()
    if wanted.hands:
        _write(**json.loads(wanted.hands))
        return
    with (
        postgres.started(Path(tempfile.gettempdir()), **SAFE) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        if server is None:
            raise SystemExit("PostgreSQL is not installed: python -m tests.install_postgres")
        _compare(Path(folder), postgres.new_database(server.address), wanted)


def _compare(folder: Path, address: str, wanted: argparse.Namespace) -> None:
    with closing(PostgresStore(folder, address)) as store:
        con, now = store.connection(), datetime.now(UTC)
        hands = []
        for number in range(wanted.practices):
            practice = people.add_practice(con, f"Practice {number}", now=now)
            roles = {practice: Role.MANAGER}
            email = f"m{number}@example.com"
            who = people.add_person(con, "Manager", email, roles, is_sample=True, now=now)
            hands.append((add_task(con, practice), who))
        print(f"{wanted.practices} practices, load {os.getloadavg()[0]:.1f}\n")
        found: dict[str, list[list[float]]] = {"their own practice": [], "all": []}
        for _ in range(ROUNDS):
            for waits_for, took in found.items():
                took.append(
                    _run(folder, address, hands, wanted.seconds, is_whole=waits_for == "all")
                )
        rows = [
            [
                waits_for,
                f"{median([len(each) for each in took]) / wanted.seconds:.0f}",
                f"{median([median(each) for each in took]):.1f}",
                f"{median([p95(each) for each in took]):.1f}",
            ]
            for waits_for, took in found.items()
        ]
        print(table(["Writers wait for", "changes a second", "p50 ms", "p95 ms"], rows))
        audit_log.settle(con, now=now)
        if said := list(audit_log_integrity.broken(con)):
            raise SystemExit(said[0])


def _run(
    folder: Path, address: str, hands: list[tuple[int, int]], seconds: float, *, is_whole: bool
) -> list[float]:
    """Return how many milliseconds each change took, of all processes."""
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.writers", "--hands", json.dumps({
                "folder": str(folder), "address": address, "hands": hands[number::PROCESSES],
                "is_whole": is_whole,
            })],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in range(PROCESSES)
    ]  # fmt: skip
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()  # it is ready
    begins = time.time() + 0.2
    took: list[float] = []
    with ThreadPoolExecutor(PROCESSES) as pool:
        told = f"{begins} {begins + seconds}\n"
        for said, _ in pool.map(lambda process: process.communicate(told), running):
            took += json.loads(said)
    return took


def _write(
    folder: str, address: str, hands: list[tuple[int, int]], *, is_whole: bool
) -> None:  # fmt: skip
    """Write comments until the end; print how many milliseconds each took."""
    with closing(PostgresStore(Path(folder), address)) as store:
        if is_whole:
            store.scope_of = lambda *_: WHOLE  # type: ignore[method-assign]
        actors: list[Person] = []
        for _, person_id in hands:
            actor = people.person(store.connection(), person_id)
            assert actor is not None
            actors.append(actor)

        print("ready", flush=True)
        begins, ends = map(float, sys.stdin.readline().split())

        def work(number: int) -> list[float]:
            took, (task_id, _) = [], hands[number]
            while time.time() < begins:
                time.sleep(0.001)
            while time.time() < ends:
                began = time.perf_counter()
                notes.comment(
                    store.connection(), task_id, "As fast as it goes", actor=actors[number],
                    token=os.urandom(8).hex(), now=datetime.now(UTC),
                )  # fmt: skip
                took.append((time.perf_counter() - began) * 1000)
            return took

        with ThreadPoolExecutor(len(hands)) as pool:
            print(json.dumps([each for took in pool.map(work, range(len(hands))) for each in took]))


if __name__ == "__main__":
    main()
