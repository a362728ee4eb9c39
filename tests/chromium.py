"""The Chromium for browser tests: an installed one, else Playwright's own.

One without any window of its own comes first: the same pages take a sixth less of a core.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Playwright

SHELL = "chromium-headless-shell"  # shows no PDF
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
SHORT_LIVED = (
    # A page of a test lives for seconds: optimizing its scripts costs more than it saves.
    "--js-flags=--no-opt --no-maglev",
    # What fetches scripts in the background compiles every one anew, beside the compiled ones that
    # are kept. Chromium takes the last such list only, so what Playwright says in its own of
    # 127.0.0.1 and of how a page is painted stands here again.
    "--disable-features=BackgroundResourceFetch,AvoidUnnecessaryBeforeUnloadCheckSync,"
    "DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,PaintHolding,"
    "ThirdPartyStoragePartitioning,OptimizationHints,NetworkTimeServiceQuerying,PreconnectToSearch",
)


def find(chromium: BrowserType, *, shows_pdf: bool = False) -> str | None:
    """Return the path of a Chromium that starts, or None. BILLING_TASKS_CHROMIUM can name one."""
    names = NAMES if shows_pdf else (SHELL, *NAMES)
    candidates = [os.environ.get("BILLING_TASKS_CHROMIUM"), *map(shutil.which, names), ON_A_MAC]
    candidates.append(chromium.executable_path)
    return next((path for path in candidates if path and _starts(path)), None)


def launch(playwright: Playwright, *more: str) -> Browser:
    """Start a Chromium without a window, with more flags where they are wanted."""
    path = find(playwright.chromium)
    return playwright.chromium.launch(executable_path=path, args=[*QUIET, *more])


def launch_with_pdf_viewer(chromium: BrowserType) -> Browser:
    """Start a Chromium that shows PDF files. Skip the test where there is none."""
    path = find(chromium, shows_pdf=True)
    if path is None:
        pytest.skip("There is no Chromium here that shows PDF files.")
    return chromium.launch(executable_path=path, args=list(QUIET))


def launch_profile(chromium: BrowserType, folder: Path, **options: Any) -> BrowserContext:
    """Start a Chromium whose profile is kept in `folder`.

    A page costs it half of what it costs a context of `launch`: only a profile on disk keeps
    compiled scripts from one page to the next.
    """
    return chromium.launch_persistent_context(
        folder, executable_path=find(chromium), args=[*QUIET, *SHORT_LIVED], **options
    )


def _starts(path: str) -> bool:
    if not Path(path).exists():
        return False
    try:
        return subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
