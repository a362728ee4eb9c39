"""The export period: which practice's tasks, completed from which day to which."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lib import access, audit_log, history
from lib.access import Verb
from lib.audit_log import Activity, Line
from lib.errors import NoSuchPractice, WrongInput
from lib.history_event_kinds import EventKind
from lib.models import Event, Person, Practice
from lib.store.database import Connection, transaction

FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)  # a calendar ends, and zones reach a day beyond


@dataclass(frozen=True, slots=True)
class Period:
    """The days on which tasks were completed, both included, by the practice's calendar."""

    practice: Practice
    since: date
    until: date

    @property
    def begins(self) -> datetime:
        """Return the first moment of the period."""
        return datetime.combine(self.since, time(), self.zone)

    @property
    def ends(self) -> datetime:
        """Return the first moment after the period."""
        return datetime.combine(self.until + timedelta(days=1), time(), self.zone)

    @property
    def zone(self) -> ZoneInfo:
        """Return the practice's time zone."""
        return ZoneInfo(self.practice.timezone)

    @property
    def name(self) -> str:
        """Return the name of a file for this period, without its extension."""
        kept = (letter if letter.isalnum() else "-" for letter in self.practice.name)
        words = [word for word in "".join(kept).split("-") if word]
        return f"answers_{'-'.join(words)}_{self.since}_{self.until}"


def period(
    con: Connection, practice_id: int, since: date, until: date, *, actor: Person | None
) -> Period:
    """Return the period, for somebody who may export it; `actor` is None on the command line.

    Raises NoSuchPractice, NotAllowed, or WrongInput for days in the wrong order.
    """
    if actor:
        access.require(actor, Verb.EXPORT, practice_id, NoSuchPractice())
    found = con.records(
        Practice,
        "SELECT id, name, timezone, due_days FROM practice WHERE id = $id",
        id=practice_id,
    )
    if not found:
        raise NoSuchPractice
    if since > until:
        raise WrongInput("The first day must not come after the last one.")
    if since < FIRST or until > LAST:
        raise WrongInput(f"Choose days from {FIRST:%m/%d/%Y} to {LAST:%m/%d/%Y}.")
    return Period(found[0], since, until)


def exports(con: Connection, wanted: Period) -> list[Event]:
    """Return the practice's five latest exports, the newest first."""
    return con.records(
        Event,
        """
        SELECT kind, field, old_value AS old, new_value AS new, detail, person.name AS actor,
               happened_at
        FROM event LEFT JOIN person ON person.id = event.actor_id
        WHERE practice_id = $practice_id AND kind = 'exported'
        ORDER BY event.id DESC LIMIT 5
        """,
        practice_id=wanted.practice.id,
    )


def record_export(
    con: Connection, wanted: Period, what: str, *, patient_ids: Collection[int] = (),
    actor: Person | None, now: datetime,
) -> None:  # fmt: skip
    """Record in the history who exported what, and in the record of looks each patient in it,
    before the first byte of it is sent."""
    said = f"{what}, completed {wanted.since:%m/%d/%Y} to {wanted.until:%m/%d/%Y}"
    practice_id, actor_id = wanted.practice.id, actor.id if actor else None
    with transaction(con):
        history.record(
            con, EventKind.EXPORTED, practice_id=practice_id, actor_id=actor_id, now=now,
            detail=said,
        )  # fmt: skip
        lines = [
            Line(Activity.EXPORTED, now, actor_id, practice_id, patient_id=patient_id, detail=said)
            for patient_id in sorted(patient_ids)
        ]
        if lines:
            audit_log.write(con, *lines)
