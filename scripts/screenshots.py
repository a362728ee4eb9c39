"""Take the README's screenshots from a fresh sample practice: `make screenshots`."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from lib.store.process_store import ROOT
from tests import chromium, server

SCREENS = ROOT / "docs" / "screens"


def main() -> None:
    """Sign in as the sample's billing manager and photograph each page at 1440 × 900."""
    SCREENS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "data"
        subprocess.run(
            [sys.executable, "-m", "lib", "sample"],
            check=True, cwd=ROOT, env={"BILLING_TASKS_DATA": str(folder), "PATH": ""},
        )  # fmt: skip
        with server.running(folder) as running, sync_playwright() as playwright:
            browser = chromium.launch(playwright)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(running.address)
            page.get_by_role("button", name=re.compile("Ana Ruiz")).click()
            _walk(page, running.address)
            browser.close()


def _walk(page: Page, address: str) -> None:
    _settle(page)
    page.get_by_role("row").nth(3).click()
    _shoot(page, "tasks")
    page.goto(f"{address}/?type=Coding&assignee=Unassigned")
    _settle(page)
    page.get_by_role("row").nth(1).click()
    page.get_by_role("button", name="Start Task").click()
    page.get_by_role("button", name="Save and Complete").wait_for()
    _shoot(page, "edit_charge")
    page.goto(f"{address}/?type=Documents&assignee=Unassigned")
    _settle(page)
    page.get_by_role("row").nth(1).click()
    page.get_by_role("button", name="Start Task").click()
    page.get_by_text("Or add one from your computer").wait_for()
    _shoot(page, "find_document")
    page.goto(f"{address}/backlog")
    _shoot(page, "backlog")
    page.goto(f"{address}/documents")
    _shoot(page, "documents")
    page.goto(f"{address}/import")
    page.get_by_role("row").nth(4).click()
    _shoot(page, "import")


def _settle(page: Page) -> None:
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.locator(".stSkeleton").first.wait_for(state="hidden")
    page.wait_for_timeout(1500)


def _shoot(page: Page, name: str) -> None:
    _settle(page)
    page.screenshot(path=SCREENS / f"{name}.png")


if __name__ == "__main__":
    main()
