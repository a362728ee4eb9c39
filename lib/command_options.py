"""What options of several commands hold, read for argparse."""

from __future__ import annotations

import argparse
from datetime import date


def day(text: str) -> date:
    """Return the day that an option names. Raises argparse.ArgumentTypeError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a day (YYYY-MM-DD)") from None
