"""What options of several commands hold, read for argparse."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from lib.terminal import is_text


def day(text: str) -> date:
    """Return the day that an option names. Raises argparse.ArgumentTypeError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a day (YYYY-MM-DD)") from None


def path(text: str) -> Path:
    """Return the folder or file that an option names. Raises argparse.ArgumentTypeError for a name
    that is empty, which would be the current folder, or that no database takes."""
    if not text:
        raise argparse.ArgumentTypeError("its name is empty")
    if not is_text(text):
        raise argparse.ArgumentTypeError(f"the name {text} is not text in UTF-8")
    found = Path(text)
    try:
        found.absolute()
    except FileNotFoundError:
        raise argparse.ArgumentTypeError(
            f"{text} is in the current folder, which is gone"
        ) from None
    return found
