"""How long the tests that draw or damage files at random go on: `make fuzz` says longer."""

from __future__ import annotations

import os


def examples(usual: int) -> int:
    """The examples a test draws: `usual`, or BILLING_TASKS_FUZZ where that is set."""
    return int(os.environ.get("BILLING_TASKS_FUZZ") or usual)
