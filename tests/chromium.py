"""The Chromium for browser tests: an installed one, else Playwright's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ON_A_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
QUIET = (  # no traffic but what a test asks for
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find(playwright: Playwright) -> str | None:
    """Return the path of a Chromium that starts, or None. BILLING_TASKS_CHROMIUM can name one."""
    candidates = [os.environ.get("BILLING_TASKS_CHROMIUM"), *map(shutil.which, NAMES), ON_A_MAC]
    candidates.append(playwright.chromium.executable_path)
    return next((path for path in candidates if path and _starts(path)), None)


def launch(playwright: Playwright) -> Browser:
    """Start a Chromium without a window."""
    return playwright.chromium.launch(executable_path=find(playwright), args=list(QUIET))


def _starts(path: str) -> bool:
    if not Path(path).exists():
        return False
    try:
        return subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
