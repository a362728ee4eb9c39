"""`python -m lib practice`: the practices of a data folder, and the time zone of one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime

from lib import people, practice_settings
from lib.errors import StoreInUse, WrongDataFolder, WrongInput
from lib.store import process_store


def main(arguments: Sequence[str], *, now: datetime) -> int:
    """Run the command. Return 0 if it is done, 1 if it could not be, 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m lib practice",
        description="List the practices of the data folder, or set the time zone of one.",
    )
    parser.add_argument("--name", help="which practice; needed only where there are several")
    parser.add_argument(
        "--time-zone", "--timezone", metavar="ZONE", help="its zone, such as America/New_York"
    )
    asked = parser.parse_args(arguments)
    try:
        con = process_store.open_store().connection()
        held = people.practices(con)
        if asked.time_zone:
            named = [p for p in held if asked.name is None or p.name == asked.name]
            if len(named) != 1:
                names = "; ".join(p.name for p in held) or "there is none yet"
                print(f"Name one practice with --name: {names}.", file=sys.stderr)
                return 2
            practice_settings.set_timezone(con, named[0].id, asked.time_zone, actor=None, now=now)
        for practice in people.practices(con):
            assumed = practice_settings.is_timezone_assumed(con, practice.id)
            note = " (assumed: set it with --time-zone)" if assumed else ""
            print(f"{practice.name}: {practice.timezone}{note}")
    except (StoreInUse, WrongDataFolder, WrongInput) as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        process_store.close_stores()
    return 0
