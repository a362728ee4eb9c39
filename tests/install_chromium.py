"""Make sure that there is a Chromium for the browser tests: `python -m tests.install_chromium`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from playwright.sync_api import sync_playwright

from tests import chromium

NONE = (
    "The browser tests need a Chromium: install the package chromium or Google Chrome, "
    "or set BILLING_TASKS_CHROMIUM to the path of one."
)


def main() -> int:
    """Install a Chromium if none is there. Return 0 if there is one at the end, else 1."""
    if is_there():
        return 0
    print("Installing a Chromium for the browser tests …", flush=True)
    for install in (from_playwright, from_debian):
        install()
        if is_there():
            return 0
    print(NONE, file=sys.stderr)
    return 1


def is_there() -> bool:
    """Return True if a Chromium starts."""
    with sync_playwright() as playwright:
        return chromium.find(playwright.chromium) is not None


def from_playwright() -> None:
    """Install Playwright's own Chromium."""
    _run([sys.executable, "-m", "playwright", "install", "chromium"])


def from_debian() -> None:
    """Install the packages of Chromium, given apt-get and root without a password."""
    if not shutil.which("apt-get"):
        return
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not as_root or shutil.which("sudo"):
        _run([*as_root, "apt-get", "update"])
        install = [*as_root, "apt-get", "install", "-y", "--no-install-recommends"]
        _run([*install, "chromium"])
        _run([*install, chromium.SHELL])


def _run(command: list[str]) -> None:
    subprocess.run(command, capture_output=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
