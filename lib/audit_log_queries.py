"""Read the record: who did and saw what, of a person, a patient, a kind or a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lib import access, us_formats
from lib.access import Verb
from lib.audit_log import Activity
from lib.errors import NotAllowed
from lib.history_event_kinds import EventKind
from lib.models import Person
from lib.store.database import Connection

MOST = 500  # lines that a page shows
MOST_PATIENTS = 50  # of one name
COLUMNS = ("When", "Who", "What", "Task", "Patient", "About", "Before", "After", "Practice")


class Group(StrEnum):
    """What lines can be asked for; the value is shown, and stands in the address of the file."""

    LOOKS = "Looks"
    CHANGES = "Changes"
    SIGN_INS = "Sign-ins"
    REFUSALS = "Refusals"
    RIGHTS = "Rights"


KINDS: dict[Group, frozenset[Activity]] = {
    Group.LOOKS: frozenset(
        {Activity.SAW_TASK, Activity.SAW_CHARGE, Activity.SAW_DOCUMENT, Activity.SAW_SOURCE,
         Activity.PRINTED_TASK, Activity.PRINTED_LIST, Activity.COPIED, Activity.EXPORTED}
    ),
    Group.CHANGES: frozenset({Activity.PRACTICE_CHANGED}),
    Group.SIGN_INS: frozenset(
        {Activity.SIGNED_IN, Activity.SIGNED_OUT, Activity.SIGN_IN_REFUSED, Activity.CREDENTIAL_SET}
    ),
    Group.REFUSALS: frozenset({Activity.REFUSED, Activity.SIGN_IN_REFUSED}),
    Group.RIGHTS: frozenset(
        {Activity.INVITED, Activity.LINK_MADE, Activity.LINK_MAILED, Activity.ROLE_CHANGED,
         Activity.JOINED, Activity.LEFT, Activity.AWAY, Activity.DEACTIVATED,
         Activity.REACTIVATED, Activity.REMOVED, Activity.RESTORED}
    ),
}  # fmt: skip


# Kinds whose sentences name days, as history keeps them.
_WITH_DAYS = frozenset({Activity.PRACTICE_CHANGED, EventKind.SETTING_CHANGED, EventKind.DAY_NOTED})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are asked for; what is not set chooses nothing."""

    since: datetime | None = None
    until: datetime | None = None  # not included
    person_id: int | None = None  # who did it, or whose account it is about
    group: Group | None = None
    patient_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line, as people read it."""

    happened_at: datetime
    actor: str | None
    kind: str
    is_change: bool
    person: str | None
    task_id: int | None
    patient: str | None
    detail: str | None
    field: str | None
    old: str | None
    new: str | None
    practice: str | None

    @property
    def what(self) -> str:
        """Return what happened."""
        return EventKind(self.kind).sentence if self.is_change else Activity(self.kind).label

    def cells(self) -> list[str]:
        """Return what stands in each of COLUMNS after the first, which is when."""
        about = " · ".join(said for said in (self.person, self.field, self.detail) if said)
        told = [about, self.old or "", self.new or ""]
        if self.kind in _WITH_DAYS:
            told = [us_formats.with_days(each) for each in told]
        return [
            self.actor or ("A file" if self.is_change else "Nobody signed in"), self.what,
            str(self.task_id or ""), self.patient or "", *told, self.practice or "",
        ]  # fmt: skip


def find(
    con: Connection, wanted: Wanted, *, actor: Person, most: int | None = MOST
) -> list[LogLine]:
    """Return the lines of the actor's practices, newest first. The patients in a file that was
    exported, a line each, are left out of a limited list unless patients are asked for: the export
    itself is in it.

    An actor whose role may only ask who saw a patient has to name patients. Raises NotAllowed.
    """
    verb = Verb.SEE_WHO_SAW if wanted.patient_ids else Verb.SEE_ACTIVITY
    practices = access.may_anywhere(actor, verb)
    if not practices:
        raise NotAllowed(verb.value, whom=access.whom_to_ask(verb))
    kinds = KINDS[wanted.group] if wanted.group else frozenset(Activity) - {Activity.CHANGES}
    return con.records(
        LogLine,
        """
        WITH theirs AS (
            SELECT DISTINCT person_id FROM membership
            WHERE list_contains($practices, practice_id)
        ), lines AS (
            SELECT id AS place, 1 AS turn, happened_at, actor_id, kind, false AS is_change,
                   person_id, practice_id, task_id, patient_id, detail, NULL AS field,
                   NULL AS old, NULL AS new
            FROM activity
            WHERE list_contains($kinds, kind)
              AND ($with_exported OR kind <> $exported OR patient_id IS NULL)
              AND (list_contains($practices, practice_id) OR practice_id IS NULL AND (
                   person_id IN (SELECT person_id FROM theirs) OR person_id IS NULL
                   AND (actor_id IS NULL OR actor_id IN (SELECT person_id FROM theirs))))
            UNION ALL
            SELECT event.id, 0, happened_at, actor_id, kind, true, NULL, event.practice_id, task_id,
                   coalesce(task.patient_id, charge.patient_id, document.patient_id), detail, field,
                   old_value, new_value
            FROM event
            LEFT JOIN task ON task.id = event.task_id
            LEFT JOIN charge ON charge.id = event.charge_id
            LEFT JOIN document ON document.id = event.document_id
            WHERE $with_changes AND list_contains($practices, event.practice_id)
              AND ($since IS NULL OR happened_at >= $since)
        )
        SELECT happened_at, who.name AS actor, kind, is_change, whom.name AS person, task_id,
               patient.last_name || ', ' || patient.first_name AS patient, lines.detail, field, old,
               new, practice.name AS practice
        FROM lines
        LEFT JOIN person AS who ON who.id = actor_id
        LEFT JOIN person AS whom ON whom.id = lines.person_id
        LEFT JOIN patient ON patient.id = lines.patient_id
        LEFT JOIN practice ON practice.id = lines.practice_id
        WHERE ($since IS NULL OR happened_at >= $since)
          AND ($until IS NULL OR happened_at < $until)
          AND ($person_id IS NULL OR actor_id = $person_id OR lines.person_id = $person_id)
          AND (NOT $of_patients OR list_contains($patients, lines.patient_id))
        ORDER BY happened_at DESC, turn, place DESC
        LIMIT $most
        """,
        practices=practices,
        kinds=sorted(kinds),
        with_changes=wanted.group in (None, Group.CHANGES),
        since=wanted.since,
        until=wanted.until,
        person_id=wanted.person_id,
        of_patients=bool(wanted.patient_ids),
        with_exported=bool(wanted.patient_ids) or most is None,
        exported=Activity.EXPORTED,
        patients=list(wanted.patient_ids) or [0],
        most=most if most is not None else 2**31 - 1,
    )


def patients(con: Connection, words: str, *, actor: Person) -> list[tuple[int, str]]:
    """Return the patients whose name has all these words, as (id, name), at most MOST_PATIENTS."""
    practices = access.may_anywhere(actor, Verb.SEE_WHO_SAW)
    found = con.rows(
        """
        SELECT id, last_name || ', ' || first_name FROM patient
        WHERE list_contains($practices, practice_id)
          AND NOT EXISTS (SELECT 1 FROM (SELECT unnest($words::VARCHAR[]) AS word) AS typed
                          WHERE strpos(lower(last_name || ' ' || first_name), word) = 0)
        ORDER BY last_name, first_name, id LIMIT $most
        """,
        practices=practices or [0],
        words=words.lower().replace(",", " ").split() or [""],
        most=MOST_PATIENTS,
    )
    return [(int(id_), str(name)) for id_, name in found]


def patient_name(con: Connection, patient_id: int, *, actor: Person) -> str | None:
    """Return the name of a patient of the actor's practices, or None."""
    found: str | None = con.value(
        """
        SELECT last_name || ', ' || first_name FROM patient
        WHERE id = $id AND list_contains($practices, practice_id)
        """,
        id=patient_id,
        practices=access.may_anywhere(actor, Verb.SEE_WHO_SAW) or [0],
    )
    return found


def people(con: Connection, *, actor: Person) -> list[tuple[int, str]]:
    """Return everybody of the practices whose activity the actor sees, as (id, name), by name."""
    found = con.rows(
        """
        SELECT DISTINCT person.id, person.name
        FROM membership JOIN person ON person.id = membership.person_id
        WHERE list_contains($practices, membership.practice_id) ORDER BY person.name, person.id
        """,
        practices=access.may_anywhere(actor, Verb.SEE_ACTIVITY) or [0],
    )
    return [(int(id_), str(name)) for id_, name in found]
