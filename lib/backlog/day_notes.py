"""What happened on a day, as a note that stands on every chart over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from lib import access, history
from lib.access import Verb
from lib.errors import NoSuchPractice, NothingWritten, WrongInput
from lib.history_event_kinds import EventKind
from lib.models import Person
from lib.store import writer_scope
from lib.store.database import Connection, transaction

MAX_LENGTH = 80


@dataclass(frozen=True, slots=True)
class DayNote:
    """A note on one day of a practice, shown on every chart over time."""

    id: int
    practice_id: int
    day: date
    text: str
    author: str


def notes(con: Connection, practice_ids: tuple[int, ...], *, actor: Person) -> list[DayNote]:
    """Return the notes of those of these practices that are the actor's, by day."""
    return con.records(
        DayNote,
        """
        SELECT day_note.id, practice_id, day, text, person.name AS author
        FROM day_note JOIN person ON person.id = day_note.author_id
        WHERE practice_id = ANY($practices) ORDER BY day, day_note.id
        """,
        practices=[p for p in practice_ids if p in actor.practice_ids],
    )


def write(
    con: Connection, practice_id: int, day: date, text: str, *, actor: Person, now: datetime
) -> None:
    """Put a note on a day of the practice. Raises NotAllowed, NothingWritten or WrongInput."""
    access.require(actor, Verb.NOTE_DAYS, practice_id, NoSuchPractice())
    text = " ".join(text.split())
    if not text:
        raise NothingWritten("what happened that day")
    if len(text) > MAX_LENGTH:
        raise WrongInput(f"Say it in at most {MAX_LENGTH} letters.")
    with transaction(con, of=writer_scope.of_practice(practice_id)):
        con.execute(
            """
            INSERT INTO day_note (practice_id, day, text, author_id, written_at)
            VALUES ($practice_id, $day, $text, $actor_id, $now)
            """,
            practice_id=practice_id,
            day=day,
            text=text,
            actor_id=actor.id,
            now=now,
        )
        history.record(
            con, EventKind.DAY_NOTED, practice_id=practice_id, actor_id=actor.id, now=now,
            field="Note", new=text, detail=day.isoformat(),
        )  # fmt: skip


def remove(con: Connection, note_id: int, *, actor: Person, now: datetime) -> None:
    """Take a note away; its history stays."""
    with transaction(con, of=writer_scope.of_day_note(note_id)):
        found = con.row("SELECT practice_id, text, day FROM day_note WHERE id = $id", id=note_id)
        access.require(
            actor, Verb.NOTE_DAYS, found[0] if found else 0, WrongInput("There is no such note.")
        )
        assert found is not None
        con.execute("DELETE FROM day_note WHERE id = $id", id=note_id)
        history.record(
            con, EventKind.DAY_NOTED, practice_id=found[0], actor_id=actor.id, now=now,
            field="Note", old=found[1], detail=found[2].isoformat(),
        )  # fmt: skip
