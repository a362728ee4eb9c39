"""`python -m lib generate --tasks N`: one plausible practice of any size, for measuring.

Everything is drawn inside DuckDB by the SQL texts in this folder. The hash of an id and a salt is
the only source of chance, so the same number of tasks at the same moment gives the same practice.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from time import monotonic

from lib import people, practice_holidays
from lib.errors import StoreInUse, WrongDataFolder
from lib.generate import sample_value_tables
from lib.models import Role
from lib.practice_holidays import federal
from lib.samples.value_lists import SamplePerson, read
from lib.store import interruption, process_store, search_index
from lib.store.database import Connection, Value, transaction
from lib.terminal import Parser, complain, say

PRACTICE = "Generated practice"
ZONE = "America/Chicago"
MOST = 100_000_000  # tasks
BATCH = 100_000  # tasks in one transaction
WEEKS = 104  # of history


def generate(
    con: Connection, count: int, *, now: datetime, say: Callable[[str], None] = say
) -> None:
    """Fill an empty store with one practice of `count` tasks, as it would be at `now`.

    Raises WrongDataFolder where the store already holds a practice.
    """
    if people.practices(con):
        raise WrongDataFolder(
            f"The data folder {con.store.folder} already holds a practice. "
            "Name an empty one with BILLING_TASKS_DATA."
        )
    interruption.if_stopped(
        f"Stopped: a part of the practice may be in {con.store.folder}, and is of no use. Name an "
        "empty folder next time."
    )
    clock = monotonic()
    began = now - timedelta(weeks=WEEKS)
    practice_id = people.add_practice(con, PRACTICE, timezone=ZONE, now=began)
    staff = _hire(con, practice_id, began)
    closed = [day for year in range(began.year, now.year + 1) for day in federal(year)]
    practice_holidays.add(con, practice_id, closed, actor=None, now=began)
    patients = max(count // 3, 1)
    with transaction(con):
        billing_npi = sample_value_tables.add_payers(con, practice_id)
        sample_value_tables.fill(
            con, [person for role in (Role.MANAGER, Role.STAFF) for person in staff[role]]
        )
        _insert(con, "patient", practice_id=practice_id, patients=patients)
    today = now.astimezone(UTC).date()
    for first in range(1, count + 1, BATCH):
        last = min(first + BATCH - 1, count)
        with transaction(con):
            con.execute(_sql("drawn_line"), first=first, last=last)
            con.execute(
                _sql("drawn"),
                first=first,
                last=last,
                count=count,
                patients=patients,
                days=WEEKS * 5 + min(today.weekday(), 5),
                monday=today - timedelta(days=today.weekday(), weeks=WEEKS),
                now=now,
            )
            biller, manager = staff[Role.BILLER][0], staff[Role.MANAGER][0]
            _insert(con, "charge", practice_id=practice_id, npi=billing_npi, name=PRACTICE)
            _insert_next(con, "service_line", practice_id=practice_id)
            _insert(con, "task", practice_id=practice_id, biller_id=biller)
            search_index.index(con, range(first, last + 1))
            _insert_next(
                con, "event", practice_id=practice_id, biller_id=biller, manager_id=manager
            )
            con.execute(_sql("reopened_completion"))
            _insert_next(con, "note", practice_id=practice_id, biller_id=biller)
            if last == count:
                interruption.hold()
        say(f"{last:,} of {count:,} tasks, {monotonic() - clock:.0f} s")
    con.execute("CHECKPOINT")


def main(arguments: Sequence[str], *, now: datetime) -> int:
    """Run the command. Return 0 when it is done, 1 if the data folder cannot be used, 2 for wrong
    usage."""
    parser = Parser(
        prog="python -m lib generate",
        description="Fill an empty data folder with a generated practice.",
    )
    parser.add_argument("--tasks", type=_positive, default=10_000, help="how many (10000)")
    wanted = parser.parse_args(arguments)
    process_store.require_file()
    try:
        store = process_store.open_store(memory_limit="2GB")
        generate(store.connection(), wanted.tasks, now=now)
    except (StoreInUse, WrongDataFolder) as problem:
        complain(str(problem))
        return 1
    finally:
        process_store.close_stores()
    size = (store.folder / "billing.duckdb").stat().st_size
    say(f"{store.folder}: {wanted.tasks:,} tasks, {size / 1e6:.0f} MB")
    return 0


def _positive(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"{text} is not a number of tasks: give 1 to {MOST:,}")
    return int(text)


def _hire(con: Connection, practice_id: int, began: datetime) -> dict[Role, list[int]]:
    """Insert the people of the generated practice. Return their ids by role."""
    staff: dict[Role, list[int]] = {role: [] for role in Role}
    for one in read("people", SamplePerson):
        if one.practice == "generated":
            roles = {practice_id: one.role}
            person_id = people.add_person(
                con, one.name, one.email, roles, is_sample=True, now=began
            )
            staff[one.role].append(person_id)
    return staff


@cache
def _sql(name: str) -> str:
    return Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8")


def _insert(con: Connection, table: str, **parameters: Value) -> None:
    """Insert the rows of one batch, with ids of our own, and move the table's sequence past
    them."""
    added = int(con.value(_sql(table), **parameters))
    con.value(f"SELECT count(nextval('{table}_id')) FROM range($added)", added=added)


def _insert_next(con: Connection, table: str, **parameters: Value) -> None:
    """Insert as `_insert` does, for a table whose ids continue those of earlier batches."""
    before = con.value(f"SELECT coalesce(max(id), 0) FROM {table}")
    _insert(con, table, before=before, **parameters)
