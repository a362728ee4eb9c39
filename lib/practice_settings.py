"""What a practice decides for itself: its own deadline, and which answers become tasks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from lib import access, earlier_zones, history
from lib.access import Verb
from lib.errors import NoSuchPractice, SettingsChanged, WrongInput
from lib.history_event_kinds import EventKind
from lib.models import Event, Person, TaskOptions
from lib.store.database import Connection, transaction

DUE_DAYS = range(1, 366)
_US_ZONES = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix",
    "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu", "America/Puerto_Rico",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one practice."""

    due_days: int  # the practice's own deadline for requests that name no due date
    options: TaskOptions


OPTION_LABELS = {
    "due_days": "Days to answer",
    "partial_denials": "Partial denials",
    "line_denials": "Line denials",
    "reversals": "Reversals",
    "takebacks": "Recoupments",
}


def options(con: Connection, practice_id: int) -> TaskOptions:
    """Return which answers become tasks, for an import; none until the practice chooses some."""
    found = con.records(
        TaskOptions,
        """
        SELECT coalesce(partial_denials, false) AS partial_denials,
               coalesce(line_denials, false) AS line_denials,
               coalesce(reversals, false) AS reversals, coalesce(takebacks, false) AS takebacks
        FROM practice WHERE id = $id
        """,
        id=practice_id,
    )
    return found[0] if found else TaskOptions()


def read(con: Connection, practice_id: int, *, actor: Person | None) -> Settings:
    """Return the settings of one of the actor's practices; `actor` is None on the command line.
    Raise NoSuchPractice for any other."""
    if actor is not None:
        access.require(actor, Verb.SEE, practice_id, NoSuchPractice())
    days = con.value("SELECT due_days FROM practice WHERE id = $id", id=practice_id)
    return Settings(int(days), options(con, practice_id))


def change(
    con: Connection,
    practice_id: int,
    wanted: Settings,
    *,
    seen: Settings,
    actor: Person | None,
    now: datetime,
) -> int:
    """Write the settings that differ, each with its history. Return how many there were.

    `seen` is what the form showed when it opened; `actor` is None on the command line. Raises
    SettingsChanged if somebody else changed them meanwhile, WrongInput for an impossible number of
    days, NotAllowed, NoSuchPractice.
    """
    if actor is not None:
        access.require(actor, Verb.CHANGE_SETTINGS, practice_id, NoSuchPractice())
    with transaction(con):
        if read(con, practice_id, actor=actor) != seen:
            raise SettingsChanged
        return write(con, practice_id, wanted, actor_id=actor.id if actor else None, now=now)


def write(
    con: Connection, practice_id: int, wanted: Settings, *, actor_id: int | None, now: datetime
) -> int:
    """Write the settings that differ, each with its history. Return how many there were. The
    caller's verb opens the transaction. Raises WrongInput for an impossible number of days."""
    if wanted.due_days not in DUE_DAYS:
        raise WrongInput("Choose between 1 and 365 days to answer a request.")
    old, new = _values(read(con, practice_id, actor=None)), _values(wanted)
    changed = [name for name in OPTION_LABELS if old[name] != new[name]]
    for name in changed:
        con.execute(
            f"UPDATE practice SET {name} = $value WHERE id = $id",
            value=new[name],
            id=practice_id,
        )
        history.record(
            con,
            EventKind.SETTING_CHANGED,
            practice_id=practice_id,
            actor_id=actor_id,
            now=now,
            field=OPTION_LABELS[name],
            old=_word(old[name]),
            new=_word(new[name]),
        )
    return len(changed)


def changes(con: Connection, practice_id: int, *, actor: Person) -> list[Event]:
    """Return who changed which setting and when, newest first; the last fifty."""
    access.require(actor, Verb.SEE, practice_id, NoSuchPractice())
    return con.records(
        Event,
        """
        SELECT kind, field, old_value AS old, new_value AS new, detail,
               person.name AS actor, happened_at
        FROM event LEFT JOIN person ON person.id = event.actor_id
        WHERE kind = 'setting_changed' AND event.practice_id = $practice_id
        ORDER BY event.id DESC
        LIMIT 50
        """,
        practice_id=practice_id,
    )


def _values(settings: Settings) -> dict[str, int | bool]:
    found = {name: getattr(settings.options, name) for name in TaskOptions.__dataclass_fields__}
    return {"due_days": settings.due_days, **found}


def _word(value: int | bool) -> str:
    return ("off", "on")[value] if isinstance(value, bool) else str(value)


def is_timezone_assumed(con: Connection, practice_id: int) -> bool:
    """Return True where nobody has named the time zone of the practice."""
    sql = "SELECT coalesce(timezone_is_assumed, false) FROM practice WHERE id = $id"
    return bool(con.value(sql, id=practice_id))


def set_timezone(
    con: Connection, practice_id: int, timezone: str, *, actor: Person | None, now: datetime
) -> None:
    """Write the time zone in which the practice counts its days, with its history.

    `actor` is None on the command line. Raises WrongInput for a zone that does not exist,
    NotAllowed or NoSuchPractice.
    """
    if actor is not None:
        access.require(actor, Verb.CHANGE_SETTINGS, practice_id, NoSuchPractice())
    with transaction(con):
        write_timezone(con, practice_id, timezone, actor_id=actor.id if actor else None, now=now)


def write_timezone(
    con: Connection, practice_id: int, timezone: str, *, actor_id: int | None, now: datetime
) -> None:
    """Write the time zone with its history, unless somebody named it already. Days that are over
    stay as they were counted. The caller's verb opens the transaction. Raises WrongInput for a zone
    that does not exist."""
    if timezone not in zones():
        raise WrongInput(f"There is no time zone {timezone}. Name one such as America/New_York.")
    before = con.value("SELECT timezone FROM practice WHERE id = $id", id=practice_id)
    assumed = is_timezone_assumed(con, practice_id)
    if before == timezone and not assumed:
        return
    earlier_zones.note(con, practice_id, before, timezone, now=now)
    con.execute(
        "UPDATE practice SET timezone = $zone, timezone_is_assumed = false WHERE id = $id",
        zone=timezone,
        id=practice_id,
    )
    history.record(
        con, EventKind.SETTING_CHANGED, practice_id=practice_id, actor_id=actor_id, now=now,
        field="Time zone", old=f"{before} (assumed)" if assumed else before, new=timezone,
    )  # fmt: skip


def zones() -> list[str]:
    """Return the time zones there are, those of the United States first."""
    every = available_timezones()
    first = [zone for zone in _US_ZONES if zone in every]
    return [*first, *sorted(zone for zone in every - set(first) if "/" in zone)]
