"""Paint of the Backlog's Overview, beside a bare Streamlit page with the same charts.

python -m tests.benchmarks.backlog_paint [--tasks 1000000] [--samples 12]

From the start of the navigation to the frame in which every chart and table is there and the run
is over; the servers in turn, each time with another first day, so that nothing was counted before.
Also while a colleague's question on Explore, a cross join of millions, is running; and both times
how long the server alone takes to answer, for a browser paints on another computer.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from lib import sessions
from lib.snapshot import explore
from lib.store.duckdb.store import DuckDBStore
from tests import chromium, server
from tests.benchmarks import stores
from tests.benchmarks.figures import median, p95
from tests.server import Server

COMMAND = (sys.executable, "-m", "tests.benchmarks.bare.app", "backlog_page.py")
CROSS = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range <> b.range + 1"
DRAWN = """() => new Promise((resolve) => {
    const look = () => {
        const charts = document.querySelectorAll('[data-testid="stVegaLiteChart"] svg')
        const table = document.querySelector('[data-testid="stDataFrame"] canvas')
        const over = document.querySelector('[data-test-script-state="notRunning"]')
        if (charts.length >= 2 && table && over) resolve(performance.now())
        else requestAnimationFrame(look)
    }
    look()
})"""


def main() -> None:
    """Print the medians, and how many times the bare page that is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--samples", type=int, default=12)
    asked = parser.parse_args()
    folder = stores.generated(asked.tasks)
    person = stores.staff(folder)[0]
    store = DuckDBStore(folder)
    file = explore.copy_of(
        store.connection(), tuple(person.practice_ids), actor=person, now=datetime.now(UTC)
    )
    store.close()
    (stores.BUILD / "bench-bare").mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack, sync_playwright() as playwright:
        bare = stack.enter_context(server.running(stores.BUILD / "bench-bare", command=COMMAND))
        ours = stack.enter_context(server.running(folder))
        browser = chromium.launch(playwright)
        took: dict[str, list[float]] = {
            "bare": [], "Backlog": [], "while a cross join runs": [],
        }  # fmt: skip
        answers: dict[str, list[float]] = {"the server alone": [], "the same beside it": []}
        for number in range(asked.samples + 1):  # the first of each is a warm-up
            day = date(2026, 5, 1) + timedelta(days=2 * number)
            took["bare"].append(_load(browser, bare, f"/?since={day}", None))
            took["Backlog"].append(_load(browser, ours, f"/backlog?since={day}", person.id))
            with _question(file):
                path = f"/backlog?since={day - timedelta(days=1)}"
                took["while a cross join runs"].append(_load(browser, ours, path, person.id))
            # Other days again, near enough to cost the same.
            day -= timedelta(days=365)
            answers["the server alone"].append(_answered(ours, day, person.id))
            with _question(file):
                day -= timedelta(days=1)
                answers["the same beside it"].append(_answered(ours, day, person.id))
        browser.close()
    least = median(took["bare"][1:])
    for name, values in took.items():
        print(f"{name:<26}{median(values[1:]):6.0f} ms, p95 {p95(values[1:]):6.0f} ms, "
              f"{median(values[1:]) / least:.2f} x bare")  # fmt: skip
    for name, values in answers.items():
        print(f"{name:<26}{median(values[1:]):6.0f} ms, p95 {p95(values[1:]):6.0f} ms")


@contextmanager
def _question(file: Path) -> Iterator[None]:
    """Have a cross join run while the block does."""
    running = explore.ask(file, CROSS, now=datetime.now(UTC))
    time.sleep(1)  # it has read its copy by then
    try:
        yield
    finally:
        running.stop()
        running.output.close()


def _answered(at: Server, day: date, person_id: int) -> float:
    """Return the milliseconds from asking for the Overview to the end of its run."""
    with ThreadPoolExecutor(1) as apart:  # this thread has a loop already, Playwright's
        asked = apart.submit(asyncio.run, _asked(at, f"since={day}", at.sign_in(person_id)))
    return asked.result()


async def _asked(at: Server, query: str, token: str) -> float:
    async with connect(
        at.address.replace("http", "ws", 1) + "/_stcore/stream",
        additional_headers={"Cookie": f"{sessions.COOKIE}={token}", "Origin": at.address},
        subprotocols=[Subprotocol("streamlit")],
        max_size=None,
    ) as socket:
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_name = "backlog"
        message.rerun_script.context_info.timezone = "America/Chicago"
        message.rerun_script.context_info.url = f"{at.address}/backlog?{query}"
        began = time.perf_counter()
        await socket.send(message.SerializeToString())
        while True:
            said = ForwardMsg.FromString(await socket.recv(decode=False))
            if said.WhichOneof("type") == "script_finished":
                return (time.perf_counter() - began) * 1000


def _load(browser: Browser, at: Server, path: str, person_id: int | None) -> float:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    if person_id is not None:
        context.add_cookies(
            [{"name": sessions.COOKIE, "value": at.sign_in(person_id), "url": at.address}]
        )
    page = context.new_page()
    page.goto(at.address + path)
    took = float(page.evaluate(DRAWN))
    context.close()
    return took


if __name__ == "__main__":
    main()
