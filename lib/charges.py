"""The charge behind a task: read it, save it, or save it and complete the task."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from lib import (
    access,
    charge_form,
    drafts,
    history,
    notes,
    payers_claim_number,
    scrubber,
    tasks,
    us_formats,
)
from lib.access import Verb
from lib.charge_form import FIELD_LABELS
from lib.drafts import Form
from lib.earlier_claims import keep_earlier
from lib.errors import ChargeChanged, ChargeProblems, NoSuchCharge, WrongInput
from lib.history_event_kinds import EventKind
from lib.models import (
    CHARGE_COLUMNS,
    Charge,
    FieldChange,
    Patient,
    Person,
    Problem,
    Resolution,
    ServiceLine,
    Task,
)
from lib.store import writer_scope
from lib.store.database import Connection, transaction
from lib.store.idempotency import FormSubmission, has_completed, is_repeat
from lib.store.search_match import each_word_in, parameters, words

_COLUMNS = ", ".join(CHARGE_COLUMNS)


def get(con: Connection, charge_id: int, *, actor: Person) -> Charge:
    """Return one charge with its lines. Raise NoSuchCharge, for another practice's charge too."""
    found = con.records(
        Charge, f"SELECT {_COLUMNS} FROM charge WHERE id = $charge_id", charge_id=charge_id
    )
    if not found:
        raise NoSuchCharge
    access.require(actor, Verb.SEE_PATIENTS, found[0].practice_id, NoSuchCharge())
    lines = con.records(
        ServiceLine,
        """
        SELECT date_from, date_to, procedure, modifiers, pointers, units, unit_charge, total
        FROM service_line WHERE charge_id = $charge_id ORDER BY position
        """,
        charge_id=charge_id,
    )
    name, code = con.rows("SELECT name, code FROM payer WHERE id = $id", id=found[0].payer_id)[0]
    payer = charge_form.payer_text(name, code)
    return dataclasses.replace(found[0], lines=tuple(lines), payer=payer)


def patient(con: Connection, patient_id: int, *, actor: Person) -> Patient:
    """Return the patient of a charge or task. Raise NoSuchCharge for another practice's patient."""
    found = con.records(
        Patient,
        """
        SELECT id, practice_id, last_name, first_name, birth_date, sex
        FROM patient WHERE id = $patient_id
        """,
        patient_id=patient_id,
    )
    if not found:
        raise NoSuchCharge
    access.require(actor, Verb.SEE_PATIENTS, found[0].practice_id, NoSuchCharge())
    return found[0]


def payers(con: Connection, practice_id: int, *, actor: Person) -> dict[str, int]:
    """Return the practice's payers, each as the window shows it, with its id, by name."""
    access.require(actor, Verb.SEE_PATIENTS, practice_id, NoSuchCharge())
    rows = con.rows(
        "SELECT id, name, code FROM payer WHERE practice_id = $practice_id ORDER BY name, id",
        practice_id=practice_id,
    )
    found: dict[str, int] = {}
    for id_, name, code in rows:
        found.setdefault(charge_form.payer_text(name, code), id_)
    return found


_FOUND_BY = """
    lower(concat_ws(' ', patient.last_name, patient.first_name, claim_number, payer.name))
"""


def search(
    con: Connection, query: str, practice_id: int, *, actor: Person
) -> list[tuple[int, int, str]]:
    """Return at most thirty charges as (charge id, patient id, one line about it), newest first.

    Every word of the query is part of the patient's name, the claim number or the payer's name.
    """
    access.require(actor, Verb.SEE_PATIENTS, practice_id, NoSuchCharge())
    found = con.rows(
        f"""
        SELECT charge.id, patient.id, patient.last_name, patient.first_name, claim_number,
               charge.date_from, payer.name, filed_total
        FROM charge
        JOIN patient ON patient.id = charge.patient_id
        JOIN payer ON payer.id = charge.payer_id
        WHERE charge.practice_id = $practice_id
          AND {each_word_in(_FOUND_BY)}
        ORDER BY charge.date_from DESC NULLS LAST, charge.id DESC
        LIMIT 30
        """,
        practice_id=practice_id,
        **parameters(words(query)),
    )
    return [
        (
            row[0],
            row[1],
            f"{row[2]}, {row[3]} · {row[4]} · {row[5]:%m/%d/%Y} · {row[6]} · {row[7]:,.2f}"
            if row[5]
            else f"{row[2]}, {row[3]} · {row[4]} · {row[6]} · {row[7]:,.2f}",
        )
        for row in found
    ]


def search_patients(
    con: Connection, query: str, practice_id: int, *, actor: Person
) -> list[tuple[int, str]]:
    """Return at most thirty patients as (id, name and birth date), by name."""
    access.require(actor, Verb.SEE_PATIENTS, practice_id, NoSuchCharge())
    found = con.rows(
        f"""
        SELECT id, last_name, first_name, birth_date FROM patient
        WHERE practice_id = $practice_id
          AND {each_word_in("lower(concat_ws(' ', last_name, first_name))")}
        ORDER BY last_name, first_name, id
        LIMIT 30
        """,
        practice_id=practice_id,
        **parameters(words(query)),
    )
    return [
        (row[0], f"{row[1]}, {row[2]}" + (f" · born {row[3]:%m/%d/%Y}" if row[3] else ""))
        for row in found
    ]


def differences(before: Charge, after: Charge) -> list[FieldChange]:
    """Return what differs in the second charge, as the window names it."""
    changes = [
        FieldChange(
            name,
            label,
            us_formats.show(getattr(before, name)),
            us_formats.show(getattr(after, name)),
        )
        for name, label in FIELD_LABELS.items()
        if getattr(before, name) != getattr(after, name)
    ]
    if before.diagnoses != after.diagnoses:
        changes.append(
            FieldChange(
                "diagnoses", "Diagnoses", " ".join(before.diagnoses), " ".join(after.diagnoses)
            )
        )
    for place in range(max(len(before.lines), len(after.lines))):
        old = _line(before.lines, place)
        new = _line(after.lines, place)
        if old != new:
            changes.append(FieldChange("lines", f"Service line {place + 1}", old, new))
    return changes


def save(
    con: Connection,
    task_id: int,
    charge: Charge,
    *,
    opened: Charge,
    note: str,
    token: str,
    drafts_sent: Sequence[str] = (),
    actor: Person,
    now: datetime,
) -> list[Problem]:
    """Save unfinished work: the charge as typed and the note, in one transaction.

    `opened` is the charge as it was when the form opened, `drafts_sent` the drafts that end with
    it. Return what the scrubber finds; nothing of it blocks here. Raises ChargeChanged if somebody
    saved the charge meanwhile.
    """
    with transaction(con, of=writer_scope.of_task(task_id)):
        task = tasks.workable(con, task_id, actor=actor)
        found = _checked(charge, task, actor, now)
        if not is_repeat(
            con, FormSubmission(token, "save", actor, (task_id, charge, note)), now=now
        ):
            _store(con, task, charge, opened=opened, actor=actor, now=now)
            notes.add_to_biller(con, task, note, actor=actor, now=now)
            tasks.take_up_answer(con, task)
        drafts.end(con, task_id, form=Form.CHARGE, writers=drafts_sent, actor=actor)
    return found


def save_and_complete(
    con: Connection,
    task_id: int,
    charge: Charge,
    *,
    opened: Charge,
    note: str,
    resolution: Resolution = Resolution.CORRECTED,
    token: str,
    actor: Person,
    now: datetime,
) -> None:
    """Save the charge and the note and complete the task, with the history of all three, or do
    nothing.

    A problem that the charge came in with does not block, and is recorded. Raises ChargeProblems,
    ChargeChanged, AlreadyCompleted or NotYourTask; the same token a second time changes nothing.
    """
    sent = FormSubmission(token, "save and complete", actor, (task_id, charge, note))
    with transaction(con, of=writer_scope.of_task(task_id)):
        if has_completed(con, sent, task_id, now=now):
            return
        task = tasks.workable(con, task_id, actor=actor)
        problems = _checked(charge, task, actor, now)
        stopping = scrubber.blocking(charge, problems)
        if stopping:
            raise ChargeProblems(stopping)
        _store(con, task, charge, opened=opened, actor=actor, now=now)
        notes.add_to_biller(con, task, note, actor=actor, now=now)
        if problems:
            history.record(
                con,
                EventKind.KNOWN_PROBLEMS,
                practice_id=task.practice_id,
                task_id=task.id,
                charge_id=charge.id,
                actor_id=actor.id,
                now=now,
                detail=" ".join(problem.sentence for problem in problems),
            )
        tasks.mark_completed(con, task, resolution=resolution, actor=actor, now=now)


def has_work(con: Connection, task_id: int, *, actor: Person) -> bool:
    """Return True if something was changed on the task, or said to the biller, since it came in."""
    tasks.require_seen(con, task_id, actor=actor)
    return bool(
        con.value(
            """
            SELECT count(*) FROM event
            WHERE task_id = $task_id AND kind IN ('changed', 'noted to the biller')
            """,
            task_id=task_id,
        )
    )


def today_of(task: Task, actor: Person, now: datetime) -> date:
    """Return today's date in the task's practice."""
    practice = next(m.practice for m in actor.memberships if m.practice.id == task.practice_id)
    return now.astimezone(ZoneInfo(practice.timezone)).date()


def _checked(charge: Charge, task: Task, actor: Person, now: datetime) -> list[Problem]:
    if task.charge_id != charge.id:
        raise NoSuchCharge
    return scrubber.check_charge(charge, today=today_of(task, actor, now))


def _store(
    con: Connection, task: Task, charge: Charge, *, opened: Charge, actor: Person, now: datetime
) -> None:
    """Write the charge, with a line of history for each changed field, unless somebody else has
    changed it since it was opened."""
    if problem := changed_since(con, opened, actor=actor):
        raise problem
    current = get(con, charge.id, actor=actor)
    changes = differences(current, charge)
    if not changes and current.is_edited:
        return
    days = [day for line in charge.lines for day in (line.date_from, line.date_to) if day]
    first, last = min(days, default=None), max(days, default=None)
    was = (current.payer, current.member_id, current.date_from, current.date_to)
    if not current.is_edited or was != (charge.payer, charge.member_id, first, last):
        keep_earlier(con, charge.id, now=now)
    fields = {name: getattr(charge, name) for name in FIELD_LABELS if name != "payer"}
    assignments = ", ".join(f"{name} = ${name}" for name in fields)
    con.execute(
        f"""
        UPDATE charge SET {assignments}, diagnoses = $diagnoses, date_from = $date_from,
            date_to = $date_to, is_edited = true, version = version + 1
        WHERE id = $charge_id
        """,
        **fields,
        diagnoses=list(charge.diagnoses),
        date_from=first,
        date_to=last,
        charge_id=charge.id,
    )
    if current.payer != charge.payer:
        _change_payer(con, current, charge.payer, now=now)
    if current.lines != charge.lines:
        con.execute("DELETE FROM service_line WHERE charge_id = $charge_id", charge_id=charge.id)
        con.insert(
            "service_line",
            [
                {
                    "practice_id": charge.practice_id,
                    "charge_id": charge.id,
                    "position": place,
                    **dataclasses.asdict(line),
                }
                for place, line in enumerate(charge.lines, 1)
            ],
        )
    keep_total(con, current, charge, now=now)
    tasks.follow_charge(
        con,
        charge.id,
        provider_name=charge.rendering_name or charge.billing_name,
        date_of_service=first,
        now=now,
    )
    for change in changes:
        history.record(
            con,
            EventKind.CHANGED,
            practice_id=task.practice_id,
            task_id=task.id,
            charge_id=charge.id,
            actor_id=actor.id,
            now=now,
            field=change.label,
            old=change.before or None,
            new=change.now or None,
        )


def _change_payer(con: Connection, charge: Charge, text: str, *, now: datetime) -> None:
    """Move the charge and its pending tasks to another payer of the practice, a new one where it
    is typed with its ID.

    The number that the earlier payer gave the claim stays one by which it is found, and is none of
    the new payer's. A payer that the charge comes back to gave its number before.
    """
    known = con.rows(
        "SELECT id, name, code FROM payer WHERE practice_id = $practice_id ORDER BY id",
        practice_id=charge.practice_id,
    )
    found = [row[:2] for row in known if charge_form.payer_text(*row[1:]) == text]
    if not found:
        typed = charge_form.payer_typed(text)
        if typed is None:
            raise WrongInput(f"There is no payer “{text}” in this practice.")
        found = [(con.next_ids("payer", 1)[0], typed[0])]
        con.insert(
            "payer",
            [
                {
                    "id": found[0][0],
                    "practice_id": charge.practice_id,
                    "code": typed[1],
                    "name": typed[0],
                }
            ],
        )
    payer_id, name = found[0]
    con.execute(
        "UPDATE charge SET payer_id = $payer_id WHERE id = $charge_id",
        payer_id=payer_id,
        charge_id=charge.id,
    )
    payers_claim_number.refresh(con, [charge.id])
    tasks.follow_charge(con, charge.id, payer_id=payer_id, payer_name=name, now=now)


def keep_total(con: Connection, before: Charge, after: Charge, *, now: datetime) -> None:
    """Remember what a charge came to before it was changed, inside the caller's transaction."""
    if before.total != after.total:
        con.execute(
            "INSERT INTO charge_total VALUES ($charge_id, $practice_id, $was, $became, $now)",
            charge_id=before.id,
            practice_id=before.practice_id,
            was=before.total,
            became=after.total,
            now=now,
        )


def changed_since(con: Connection, opened: Charge, *, actor: Person) -> ChargeChanged | None:
    """Return who changed what of a charge since it was opened; None if nobody did."""
    current = get(con, opened.id, actor=actor)
    if current.version == opened.version or not (theirs := differences(opened, current)):
        return None
    return ChargeChanged(_last_editor(con, opened.id, actor), theirs)


def _last_editor(con: Connection, charge_id: int, actor: Person) -> str:
    """Return who last changed the charge; empty if that was the actor, in another tab."""
    return str(
        con.value(
            """
            SELECT CASE WHEN kind <> 'changed' THEN 'A claim that replaces it'
                        WHEN actor_id = $actor_id THEN '' ELSE person.name END
            FROM event LEFT JOIN person ON person.id = event.actor_id
            WHERE charge_id = $charge_id AND kind IN ('changed', 'replaced')
            ORDER BY event.id DESC LIMIT 1
            """,
            charge_id=charge_id,
            actor_id=actor.id,
        )
    )


def _line(lines: Sequence[ServiceLine], place: int) -> str:
    if place >= len(lines):
        return ""
    return show_line(lines[place])


def show_line(line: ServiceLine) -> str:
    """Return one service line as text, as its history shows it."""
    days = us_formats.show(line.date_from)
    if line.date_to != line.date_from:
        days = f"{days}–{us_formats.show(line.date_to)}"
    code = " ".join((line.procedure, *line.modifiers))
    letters = "".join(charge_form.letter(pointer) for pointer in line.pointers)
    units = charge_form.amount_of(line.units)
    return f"{days} {code} {letters} {units} × {line.unit_charge} = {line.total}"
