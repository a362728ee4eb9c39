"""A PostgreSQL that cuts its connections off, dies of a killed process, and is started again."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import psycopg

from tests.postgres import Server
from tests.torture.processes import run_for
from tests.torture.scene import Scene

FORGIVEN = ("DatabaseUnreachable", "MaybeSaved", "StoreStopped", "WrongDataFolder")
WORK = 1.5  # seconds of each turn


def torture(scene: Scene, server: Server, turns: int) -> None:
    """Do one of these to the server, several times a turn, while people work; compare after it."""
    ways = {
        "connections cut": lambda: _cut(server),
        "server restarted": lambda: _restart(scene, server),
        "server process killed": lambda: _kill_one(scene, server),
    }
    for turn in range(turns):
        name = list(ways)[turn % len(ways)]
        ends = time.monotonic() + WORK
        processes = scene.start(forgiven=FORGIVEN)
        while time.monotonic() < ends:
            run_for(processes, scene.random.uniform(0.05, 0.5))
            ways[name]()
            scene.ledger.said[name] += 1
        run_for(processes, 0.5)
        for process in processes:
            process.kill()
        _wait_for(server)
        scene.settle(processes, f"{name}, turn {turn}")
    scene.verify("after the connections were cut")


def _cut(server: Server) -> None:
    with psycopg.connect(server.address, autocommit=True) as con:
        con.execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name LIKE 'billing-tasks%' AND random() < 0.7
            """
        )


def _restart(scene: Scene, server: Server) -> None:
    server.stop(signal.SIGQUIT)
    time.sleep(scene.random.choice([0.0, 0.3]))
    server.start()


def _kill_one(scene: Scene, server: Server) -> None:
    """Kill a process of the server, which ends all the others and recovers."""
    with suppress(psycopg.Error), psycopg.connect(server.address, autocommit=True) as con:
        rows = con.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'billing-tasks%'"
        ).fetchall()
        if rows:
            with suppress(ProcessLookupError):
                os.kill(scene.random.choice(rows)[0], signal.SIGKILL)
    _wait_for(server)


def _wait_for(server: Server) -> None:
    while True:
        try:
            psycopg.connect(server.address).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
