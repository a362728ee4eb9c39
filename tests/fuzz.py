"""How long the tests run that draw or damage files at random: `make fuzz` makes it longer."""

from __future__ import annotations

import os


def examples(usual: int) -> int:
    """Return how many examples a test draws: `usual`, or BILLING_TASKS_FUZZ if that is set."""
    return int(os.environ.get("BILLING_TASKS_FUZZ") or usual)
