"""Clicks in Chromium, timed inside the page, on several servers in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from lib import sessions
from lib.models import TaskType
from tests import chromium
from tests.server import Server

WARMUP = 2
TYPES = [kind.label for kind in TaskType]
WORDS = ["plan", "health", "insurance", "missing", "service", "mutual", "heartland", "prairie"]
PROBE = Path(__file__).with_name("probe.js")

Samples = dict[str, list[float]]  # step -> milliseconds


class Visitor:
    """One person at one server, with a browser of their own."""

    def __init__(self, browser: Browser, server: Server, person_id: int | None) -> None:
        self.browser = browser
        self.server = server
        self.person_id = person_id
        self.types = cycle(TYPES)
        self.words = cycle(WORDS)
        self.row = 0
        self.page = self._open()
        self.first_load(self.page)

    def steps(self) -> Mapping[str, Callable[[], float]]:
        """Return what is measured, in this order."""
        return {
            "first load": self.load,
            "row click → panel": self.open_row,
            "filter click → list": self.filter,
            "page 2": self.second_page,
            "filter: every status": self.every_status,
            "search, pending": self.search,
            "search, every status": self.search_everything,
        }

    def load(self) -> float:
        """Load the page in a browser that was never here before."""
        page = self._open()
        took = self.first_load(page)
        page.context.close()
        return took

    def first_load(self, page: Page) -> float:
        """Load the page, and return how long that took."""
        page.goto(self.server.address)
        took = float(page.evaluate("bench.loaded"))
        _settle(page)
        return took

    def open_row(self) -> float:
        """Open a task from the list and close it again."""
        self.row = self.row % 15 + 1
        self.page.bring_to_front()
        took = self._timed("bench.armPanel()", self.page.get_by_role("row").nth(self.row).click)
        self._ask()
        self.page.locator(".st-key-close_details button").first.click()
        self.page.locator(".st-key-details_box").wait_for(state="detached")
        _settle(self.page)
        return took

    def filter(self) -> float:
        """Choose another type."""
        return self._choose("Type", next(self.types))

    def second_page(self) -> float:
        """Go to page 2."""
        button = self.page.get_by_role("button", name="Page 2", exact=True)
        return self._timed("bench.armList('pointerdown')", button.click)

    def every_status(self) -> float:
        """List completed tasks too."""
        took = self._choose("Status", "Pending and completed")
        self._choose("Status", "Pending")
        self._clear("Type")
        return took

    def search(self) -> float:
        """Search the pending tasks for a word."""
        return self._search(next(self.words))

    def search_everything(self) -> float:
        """Search all tasks for a word."""
        self._search("")
        self._choose("Status", "Pending and completed")
        took = self._search(next(self.words))
        self._search("")
        self._clear("Status")
        return took

    def _open(self) -> Page:
        context = self.browser.new_context(viewport={"width": 1440, "height": 900})
        if self.person_id is not None:
            token = self.server.sign_in(self.person_id)
            context.add_cookies(
                [{"name": sessions.COOKIE, "value": token, "url": self.server.address}]
            )
        context.add_init_script(path=PROBE)
        return context.new_page()

    def _timed(self, arm: str, act: Callable[[], None]) -> float:
        self.page.evaluate(arm)
        act()
        took = float(self.page.evaluate("bench.done"))
        _settle(self.page)
        return took

    def _choose(self, label: str, option: str) -> float:
        self.page.bring_to_front()
        self.page.get_by_role("combobox", name=label).click()
        choice = self.page.get_by_role("option", name=option, exact=True)
        choice.wait_for()
        return self._timed("bench.armList('pointerdown')", choice.click)

    def _clear(self, label: str) -> None:
        self.page.locator(f".st-key-{label.lower()}").get_by_label("Clear").click()
        self.page.wait_for_timeout(100)
        _settle(self.page)

    def _ask(self) -> None:
        """Make a commit, which empties the store's cache, so that nothing measured was answered
        before."""
        self.page.get_by_placeholder("Ask the biller a question").fill("Which plan is it?")
        self.page.get_by_role("button", name="Submit question").click()
        self.page.wait_for_timeout(300)
        _settle(self.page)

    def _search(self, text: str) -> float:
        self.page.bring_to_front()
        field = self.page.get_by_role("searchbox", name="Search tasks")
        field.fill(text)
        return self._timed("bench.armList('keydown')", lambda: field.press("Enter"))


def _settle(page: Page) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def measure(
    servers: Mapping[str, Server], people_at: Mapping[str, int | None], samples: int
) -> dict[str, Samples]:
    """Return the samples by server and step. Every step goes round the servers before the next
    one."""
    found: dict[str, Samples] = {name: {} for name in servers}
    with _visitors(servers, people_at) as visitors:
        for number in range(WARMUP + samples):
            for step in next(iter(visitors.values())).steps():
                for name in _turned(list(visitors), number):
                    took = visitors[name].steps()[step]()
                    if number >= WARMUP:
                        found[name].setdefault(step, []).append(took)
    return found


def _turned(names: list[str], number: int) -> list[str]:
    """Return the names in another order each time, so that each begins in turn."""
    start = number % len(names)
    return names[start:] + names[:start]


@contextmanager
def _visitors(
    servers: Mapping[str, Server], people_at: Mapping[str, int | None]
) -> Iterator[dict[str, Visitor]]:
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        yield {name: Visitor(browser, server, people_at[name]) for name, server in servers.items()}
        browser.close()
