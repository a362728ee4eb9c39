"""What a task was in the system it comes from: when it was received, and who works on it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from lib import people
from lib.intake.import_context import ImportContext
from lib.models import Colleague
from lib.store.database import Connection


def received_at(day: date | None, source: ImportContext) -> datetime:
    """Return noon, in the practice, of the day a request arrived in the other system; else now."""
    if day is None:
        return source.now
    noon = datetime.combine(day, time(12), ZoneInfo(source.practice.timezone))
    return min(noon, source.now)


def assignees(con: Connection, practice_id: int, names: Iterable[str]) -> dict[str, Colleague]:
    """Return the colleague meant by each name ("Ana Ruiz" or "Ruiz, Ana"). Names of nobody here, or
    of two people, are left out."""
    by_name: dict[str, set[Colleague]] = {}
    for each in people.takers(con, practice_id):
        first, _, last = each.name.rpartition(" ")
        for name in (each.name, f"{last}, {first}" if first else each.name):
            by_name.setdefault(name.casefold(), set()).add(each)
    meant = {name: by_name.get(name.casefold(), set()) for name in set(names)}
    return {name: next(iter(found)) for name, found in meant.items() if len(found) == 1}
