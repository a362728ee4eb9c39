"""Holidays of a practice: the days beside Saturdays and Sundays that are no business days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from lib import access, audit_log
from lib.access import Verb
from lib.audit_log import Activity, Line
from lib.errors import NoSuchPractice, WrongInput
from lib.models import Person
from lib.store.database import Connection, transaction

LONGEST_NAME = 60
YEARS = range(2000, 2100)


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day on which a practice is closed."""

    day: date
    name: str


def federal(year: int) -> list[Holiday]:
    """Return the federal holidays of the United States in that year (5 U.S.C. 6103), with the days
    on which those of a weekend are observed. Raise WrongInput for a year outside YEARS."""
    import holidays

    if year not in YEARS:
        raise WrongInput(f"Name a year from {YEARS[0]} to {YEARS[-1]}.")
    found = holidays.country_holidays("US", years=year)
    return [Holiday(day, name) for day, name in sorted(found.items()) if day.year == year]


def find(con: Connection, practice_id: int, *, actor: Person | None) -> list[Holiday]:
    """Return the holidays of a practice, by day; `actor` is None on the command line. Raise
    NoSuchPractice."""
    if actor is not None:
        access.require(actor, Verb.SEE, practice_id, NoSuchPractice())
    return con.records(
        Holiday,
        """
        SELECT day, name FROM holiday
        WHERE practice_id = $practice_id AND removed_at IS NULL ORDER BY day
        """,
        practice_id=practice_id,
    )


def add(
    con: Connection, practice_id: int, days: Sequence[Holiday], *, actor: Person | None,
    now: datetime,
) -> int:  # fmt: skip
    """Add the days that the practice does not have yet. Return how many those are.

    Raises WrongInput for a day without a name, NotAllowed, NoSuchPractice.
    """
    _require(actor, practice_id)
    with transaction(con):
        return write_added(con, practice_id, days, actor_id=actor.id if actor else None, now=now)


def write_added(
    con: Connection, practice_id: int, days: Sequence[Holiday], *, actor_id: int | None,
    now: datetime,
) -> int:  # fmt: skip
    """Do what `add` does. The caller's verb opens the transaction, and has asked whether the actor
    may. Raises WrongInput."""
    tidy = [Holiday(each.day, " ".join(each.name.split())) for each in days]
    if any(not each.name or len(each.name) > LONGEST_NAME for each in tidy):
        raise WrongInput(f"Type a name of the holiday of at most {LONGEST_NAME} characters.")
    if any(each.day.year not in YEARS for each in tidy):
        raise WrongInput(f"Name a day from {YEARS[0]} to {YEARS[-1]}.")
    held = {each.day for each in find(con, practice_id, actor=None)}
    new = list({each.day: each for each in tidy if each.day not in held}.values())
    for each in new:
        con.execute(
            "INSERT INTO holiday (practice_id, day, name, written_at) "
            "VALUES ($practice_id, $day, $name, $now)",
            practice_id=practice_id, day=each.day, name=each.name, now=now,
        )  # fmt: skip
    if new:
        said = ", ".join(f"{each.day} {each.name}" for each in new)
        _note(con, practice_id, f"holidays added: {said}", actor_id, now)
    return len(new)


def remove(
    con: Connection, practice_id: int, day: date, *, actor: Person | None, now: datetime
) -> None:
    """Make a business day of a holiday. Raises WrongInput where it is none, NotAllowed,
    NoSuchPractice."""
    _require(actor, practice_id)
    with transaction(con):
        write_removed(con, practice_id, day, actor_id=actor.id if actor else None, now=now)


def write_removed(
    con: Connection, practice_id: int, day: date, *, actor_id: int | None, now: datetime
) -> None:
    """Do what `remove` does. The caller's verb opens the transaction, and has asked whether the
    actor may. Raises WrongInput."""
    held = {each.day: each for each in find(con, practice_id, actor=None)}
    if day not in held:
        raise WrongInput(f"{day} is no holiday of the practice.")
    con.execute(
        "UPDATE holiday SET removed_at = $now "
        "WHERE practice_id = $practice_id AND day = $day AND removed_at IS NULL",
        practice_id=practice_id, day=day, now=now,
    )  # fmt: skip
    _note(con, practice_id, f"holiday removed: {day} {held[day].name}", actor_id, now)


def _require(actor: Person | None, practice_id: int) -> None:
    if actor is not None:
        access.require(actor, Verb.MANAGE_PRACTICE, practice_id, NoSuchPractice())


def _note(
    con: Connection, practice_id: int, said: str, actor_id: int | None, now: datetime
) -> None:
    audit_log.write(con, Line(Activity.PRACTICE_CHANGED, now, actor_id, practice_id, detail=said))
