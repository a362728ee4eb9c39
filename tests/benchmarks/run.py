"""`make bench`: how fast the pages are, beside a bare Streamlit page with the same widgets.

Prints Markdown tables and keeps the figures in build/bench.json. Wall times on a busy computer
say little; the ratios are taken from samples that alternate within one run.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from contextlib import ExitStack
from typing import Any

from tests import server
from tests.benchmarks import crowd, pages, stores
from tests.benchmarks.figures import median, p95, table

BARE = "bare page"
BARE_COMMAND = (sys.executable, "-m", "tests.benchmarks.bare.app")


def main() -> None:
    """Run the benchmark, print its tables, and keep its figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.run", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--samples", type=int, default=20, help="of each step; 0 leaves it out")
    parser.add_argument("--people", type=int, default=50, help="at once; 0 leaves it out")
    parser.add_argument("--seconds", type=float, default=60, help="of the load")
    wanted = parser.parse_args()
    folders = {f"{size:,} tasks": stores.generated(size) for size in wanted.sizes}
    staff = {name: stores.staff(folder) for name, folder in folders.items()}
    result: dict[str, Any] = {}
    if wanted.samples:
        with ExitStack() as stack:
            stores.BUILD.joinpath("bench-bare").mkdir(parents=True, exist_ok=True)
            bare = server.running(stores.BUILD / "bench-bare", command=BARE_COMMAND)
            servers = {BARE: stack.enter_context(bare)} | {
                name: stack.enter_context(server.running(folder))
                for name, folder in folders.items()
            }
            who = {BARE: None} | {name: staff[name][0].id for name in folders}
            result["pages"] = pages.measure(servers, who, wanted.samples)
        print(_pages(result["pages"]), flush=True)
    if wanted.people:
        name = list(folders)[-1]
        with server.running(folders[name]) as running:
            load = crowd.measure(
                [running], staff[name], count=wanted.people, seconds=wanted.seconds
            )
        result["load"] = dataclasses.asdict(load)
        print(_load(name, load), flush=True)
    stores.BUILD.joinpath("bench.json").write_text(json.dumps(result, indent=1))


def _pages(found: dict[str, pages.Samples]) -> str:
    names = [name for name in found if name != BARE]
    heads = ["Milliseconds, p50 / p95", BARE]
    for name in names:
        heads += [name, "× bare"]
    rows = []
    for step, bare in found[BARE].items():
        row = [step, _both(bare)]
        for name in names:
            values = found[name][step]
            row += [_both(values), f"{median(values) / median(bare):.2f}"]
        rows.append(row)
    return table(heads, rows) + "\n"


def _load(name: str, load: crowd.Load) -> str:
    kinds: dict[str, list[float]] = {"every click": [click.took for click in load.clicks]}
    for click in (*load.clicks, *load.loads):
        kinds.setdefault(click.kind, []).append(click.took)
    heads = [f"{load.sessions} people, {name}", "n", "p50 ms", "p95 ms", "longest"]
    rows = [
        [kind, str(len(took)), f"{median(took):.0f}", f"{p95(took):.0f}", f"{max(took):.0f}"]
        for kind, took in kinds.items()
    ]
    budget = 300 + 2 * load.sessions
    return table(heads, rows) + (
        f"\n\nServer memory: {load.rss_before:.0f} MB before, {load.rss_after:.0f} MB with "
        f"{load.sessions} sessions, {load.rss_peak:.0f} MB at most; the budget is {budget} MB.\n"
    )


def _both(values: list[float]) -> str:
    return f"{median(values):.0f} / {p95(values):.0f}"


if __name__ == "__main__":
    main()
