"""python -m tests.benchmarks.crowds: 1, 25, 50 and 100 people at once, on DuckDB and on PostgreSQL.

Each is a WebSocket session that clicks every five seconds. DuckDB's file has one process; a
PostgreSQL of its own, on the same computer and with all that keeps its data, has 1, 2 and 4, and
each person stays with one of them. Never a test.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from lib.store import process_store
from lib.store.duckdb.store import DuckDBStore
from lib.upkeep.move import move
from tests import postgres, server
from tests.benchmarks import crowd, stores
from tests.benchmarks.both_stores import SAFE
from tests.benchmarks.figures import median, p95, table

PROCESSES = (1, 2, 4)


def main() -> None:
    """Print the table, a line as soon as it is measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.crowds")
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--people", type=int, nargs="+", default=[1, 25, 50, 100])
    parser.add_argument("--seconds", type=float, default=40, help="of each load")
    wanted = parser.parse_args()
    folder = stores.generated(wanted.tasks)
    staff = stores.staff(folder)
    rows = []
    with tempfile.TemporaryDirectory() as place, ExitStack() as ends:
        there = Path(place)
        begun = ends.enter_context(postgres.started(Path(tempfile.gettempdir()), **SAFE))
        shutil.copytree(folder, there / "data")
        settings: list[tuple[str, int, dict[str, str]]] = [("DuckDB", 1, {})]
        if begun:
            address = postgres.new_database(begun.address)
            _move(there / "data", there / "moved", address)
            told = {process_store.DATABASE_VARIABLE: address}
            settings += [("PostgreSQL", count, told) for count in PROCESSES]
        for engine, processes, environment in settings:
            one = None
            for people in wanted.people:
                data = there / ("moved" if environment else "data")
                with _servers(data, processes, environment) as running:
                    load = crowd.measure(running, staff, count=people, seconds=wanted.seconds)
                took = [click.took for click in load.clicks]
                one = one or p95(took)
                rows.append([
                    f"{engine}, {processes}", str(people), str(len(took)), f"{median(took):.0f}",
                    f"{p95(took):.0f}", f"{max(took):.0f}", f"{p95(took) / one:.1f}",
                    f"{load.rss_peak:.0f}",
                ])  # fmt: skip
                print(" | ".join(rows[-1]), flush=True)
    heads = ["store, processes", "people", "clicks", "p50 ms", "p95 ms", "longest", "× one", "MB"]
    print(f"\n{wanted.tasks:,} tasks\n\n{table(heads, rows)}")


def _move(folder: Path, to: Path, address: str) -> None:
    to.mkdir()
    with (
        closing(DuckDBStore(folder)) as source,
        closing(process_store.open_in_postgres(to, address)) as target,
    ):
        assert not move(source, target).findings


@contextmanager
def _servers(
    folder: Path, processes: int, environment: dict[str, str]
) -> Iterator[Sequence[server.Server]]:
    with ExitStack() as ends:
        yield [
            ends.enter_context(server.running(folder, environment=environment))
            for _ in range(processes)
        ]


if __name__ == "__main__":
    main()
