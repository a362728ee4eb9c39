"""Which charge a task is about: why it was chosen, which others are possible, and a person's
choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lib import access, history, tasks
from lib.access import Verb
from lib.errors import AlreadyCompleted, ChargeChosen, NoSuchCharge, NoSuchTask
from lib.history_event_kinds import EventKind
from lib.intake.charges import claim_payments, learned_numbers
from lib.intake.charges.payers_and_patients import Payers
from lib.intake.charges.replacement_claims import show_charges
from lib.intake.matching import claim_matcher, known_charges, task_claim_facts
from lib.intake.matching.claim_facts import ClaimFacts, stated
from lib.intake.matching.claim_matcher import PAYER, PAYERS_NUMBER, Agreement, Candidate, Comparison
from lib.intake.matching.claim_numbers import lookup_key
from lib.intake.matching.known_charges import KnownCharge
from lib.intake.records import Party
from lib.models import Person, Status, Task
from lib.store import search_index, writer_scope
from lib.store.database import Connection, transaction, utc
from lib.store.idempotency import FormSubmission, is_repeat

MAX_OPTIONS = 12  # charges offered to choose from


@dataclass(frozen=True, slots=True)
class EarlierTask:
    """A completed task about the same claim."""

    id: int
    title: str
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Option:
    """A charge that a task could be about."""

    charge_id: int
    line: str  # "01/10/2025 · DOE, JANE · ANY PLAN · 150.00 · C1"
    comparison: Comparison
    content: str = ""  # "99213-25, 87880 · REED, ADA · a.837"
    is_present: bool = False  # the task has it already, and nobody said that it is right


@dataclass(frozen=True, slots=True)
class Basis:
    """Why a task has its charge, or which charge it could get."""

    comparison: Comparison | None = None  # of the charge with what the message says
    chosen_by: str | None = None
    chosen_at: datetime | None = None
    options: tuple[Option, ...] = ()
    earlier: EarlierTask | None = None
    lacking: tuple[str, ...] = ()  # of patient, day and payer: what the file does not prove

    @property
    def is_certain(self) -> bool:
        """Return True if a person chose the charge, or nothing makes it doubtful and the file names
        patient, day and payer."""
        return self.chosen_by is not None or bool(
            self.comparison and not self.comparison.doubts and not self.lacking
        )


def basis(con: Connection, task: Task) -> Basis:
    """Return why the task has its charge and, where that is in doubt, what else it could be about.

    The caller has read the task. For a task made by hand only the earlier task is returned.
    """
    earlier = _earlier(con, task)
    facts = task_claim_facts.of_task(con, task.id)
    if facts is None:
        return Basis(earlier=earlier)
    who, when = _chosen(con, task)
    if task.charge_id is None:
        options = () if task.status is Status.COMPLETED else _options(con, task, facts)
        return Basis(None, who, when, options, earlier)
    [(_, candidate)] = known_charges.known(con, [task.charge_id])
    comparison = claim_matcher.compare(facts, candidate)
    proven = learned_numbers.proven(con, [task.charge_id]).get(task.charge_id, set())
    lacking = learned_numbers.lacking(comparison, facts, proven)
    if learned_numbers.doubtful(con, [task.charge_id]):
        lacking = (*lacking, PAYERS_NUMBER)
    found = Basis(comparison, who, when, (), earlier, lacking)
    if found.is_certain:
        return found
    options = tuple(
        each for each in _options(con, task, facts)
        if each.is_present or (
            task.status is not Status.COMPLETED and (comparison.doubts or each.comparison.agrees)
        )
    )  # fmt: skip
    return replace(found, options=options)


def choose(
    con: Connection,
    task_id: int,
    charge_id: int,
    *,
    seen: int | None,
    token: str,
    actor: Person,
    now: datetime,
) -> None:
    """Set the task's charge, with its history. What was typed for the previous charge is dropped.
    The charge the task has already is confirmed, also on a completed task.

    `seen` is the charge the task had when it was read. Raises ChargeChosen where it has another by
    now, AlreadyCompleted, NoSuchCharge, NotAllowed or NoSuchTask.
    """
    with transaction(con, of=writer_scope.of_task(task_id)):
        task = tasks.get(con, task_id, actor=actor)
        access.require(actor, Verb.CHOOSE_CHARGE, task.practice_id, NoSuchTask())
        if is_repeat(
            con, FormSubmission(token, "choose charge", actor, (task_id, charge_id)), now=now
        ):
            return
        is_present = charge_id == task.charge_id
        if task.status is Status.COMPLETED and not is_present:
            raise AlreadyCompleted(task.completed_by)
        if task.charge_id != seen:
            raise ChargeChosen(_chosen(con, task)[0], _line_of(con, task.charge_id))
        practice_id = con.value("SELECT practice_id FROM charge WHERE id = $id", id=charge_id)
        if practice_id != task.practice_id:
            raise NoSuchCharge
        [(held, candidate)] = known_charges.known(con, [charge_id])
        facts = task_claim_facts.of_task(con, task_id) or ClaimFacts()
        if not is_present:
            show_charges(con, {task_id: held}, now=now)
            search_index.index(con, [task_id])
            con.execute("DELETE FROM draft WHERE task_id = $id", id=task_id)
        con.execute(
            "INSERT INTO charge_choice VALUES ($task_id, $practice_id, $charge_id, $by, $now)",
            task_id=task_id,
            practice_id=practice_id,
            charge_id=charge_id,
            by=actor.id,
            now=now,
        )
        _teach(con, task, held, candidate, facts, now)
        _record(con, task, charge_id, claim_matcher.compare(facts, candidate), actor, now)


def _record(
    con: Connection,
    task: Task,
    charge_id: int,
    comparison: Comparison,
    actor: Person,
    now: datetime,
) -> None:
    against = "; ".join(
        f"{fact.name}: the file says {fact.stated}, the charge {fact.held}"
        for fact in comparison.disagreements
    )
    history.record(
        con,
        EventKind.CHARGE_CHOSEN,
        practice_id=task.practice_id,
        task_id=task.id,
        charge_id=charge_id,
        actor_id=actor.id,
        now=now,
        field="Charge",
        old=_line_of(con, task.charge_id) if charge_id != task.charge_id else None,
        new=_line_of(con, charge_id),
        detail=against or None,
    )


def _teach(
    con: Connection,
    task: Task,
    held: KnownCharge,
    candidate: Candidate,
    facts: ClaimFacts,
    now: datetime,
) -> None:
    """Store what the choice shows: the payer's number for the claim, and the payer's name for
    itself."""
    shown = con.value("SELECT payer_claim_number FROM charge WHERE id = $id", id=held.charge_id)
    if task.charge_id is not None:
        learned_numbers.forget(con, task.charge_id, facts)
    payers = learned_numbers.payers(facts.payer_numbers, candidate)
    confirmed = (shown,) if task.charge_id == held.charge_id else ()
    rows = [
        {
            "practice_id": task.practice_id,
            "charge_id": held.charge_id,
            "kind": kind,
            "number": number,
            "number_key": lookup_key(number),
            "is_proven": True,
            "recorded_at": now,
        }
        for kind, numbers in (
            ("payer", stated(*payers, *filter(None, confirmed))),
            ("trace", facts.trace_numbers),
        )
        for number in numbers
    ]
    con.insert("charge_number", rows)
    claim_payments.move(con, task, facts, candidate)
    is_new = claim_matcher.compare(facts, candidate).of(PAYER) is Agreement.DISAGREES
    known = Payers(con, task.practice_id).find_named(Party(last=facts.payer_name))
    is_other = facts.payer_name.casefold() in {each.casefold() for each in candidate.other_payers}
    if is_new and not known and not is_other:
        con.execute(
            "INSERT INTO payer_alias VALUES ($practice_id, $payer_id, $name, $now)",
            practice_id=task.practice_id,
            payer_id=held.payer_id,
            name=facts.payer_name,
            now=now,
        )


def _chosen(con: Connection, task: Task) -> tuple[str | None, datetime | None]:
    """Return who chose the task's present charge, and when."""
    row = con.row(
        """
        SELECT person.name, chosen_at FROM charge_choice
        JOIN person ON person.id = chosen_by
        WHERE task_id = $task_id AND charge_id = $charge_id
        ORDER BY chosen_at DESC LIMIT 1
        """,
        task_id=task.id,
        charge_id=task.charge_id,
    )
    return (row[0], utc(row[1])) if row else (None, None)


def _earlier(con: Connection, task: Task) -> EarlierTask | None:
    # Two queries by id: a join would read every task there is.
    earlier_id = con.value("SELECT earlier_task_id FROM task WHERE id = $id", id=task.id)
    if earlier_id is None:
        return None
    row = con.row(
        """
        SELECT id, title, completed_at FROM task
        WHERE id = $id AND practice_id = $practice_id
        """,
        id=earlier_id,
        practice_id=task.practice_id,
    )
    return EarlierTask(row[0], row[1], utc(row[2]) if row[2] else None) if row else None


def _options(con: Connection, task: Task, facts: ClaimFacts) -> tuple[Option, ...]:
    """Return the charges that share a number with the message, and those of its patient and day."""
    charges = known_charges.charges(con, task.practice_id, [facts])
    ids = {each.charge_id for each in charges.candidates(facts)}
    ids |= _same_visit(con, task, facts)
    ids |= {task.charge_id} if task.charge_id is not None else set()
    pairs = known_charges.known(con, sorted(ids))
    match = claim_matcher.match(facts, [candidate for _, candidate in pairs])
    lines = {held.charge_id: known_charges.line(held, candidate) for held, candidate in pairs}
    content = _content(con, list(lines))
    return tuple(
        Option(
            each.candidate.charge_id,
            lines[each.candidate.charge_id],
            each,
            content.get(each.candidate.charge_id, ""),
            each.candidate.charge_id == task.charge_id,
        )
        for each in sorted(
            match.compared, key=lambda each: each.candidate.charge_id != task.charge_id
        )
    )[:MAX_OPTIONS]


def _content(con: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return in a line each what tells apart charges of one number, patient and day: service lines,
    provider, and the file they came with."""
    rows = con.rows(
        """
        SELECT charge.id,
               string_agg(concat_ws('-', procedure, nullif(array_to_string(modifiers, '-'), '')),
                          ', ' ORDER BY position),
               coalesce(nullif(rendering_name, ''), billing_name), coalesce(intake_file.name, '')
        FROM charge
        LEFT JOIN service_line ON service_line.charge_id = charge.id
        LEFT JOIN intake_file ON intake_file.id = charge.intake_file_id
        WHERE charge.id IN (SELECT unnest($ids::BIGINT[]))
        GROUP BY charge.id, rendering_name, billing_name, intake_file.name
        """,
        ids=list(ids),
    )
    return {id_: " · ".join(filter(None, told)) for id_, *told in rows}


def _same_visit(con: Connection, task: Task, facts: ClaimFacts) -> set[int]:
    last_name = facts.patient_name.partition(",")[0].strip()
    if facts.dates[0] is None or not last_name:
        return set()
    rows = con.rows(
        """
        SELECT charge.id FROM charge JOIN patient ON patient.id = charge.patient_id
        WHERE charge.practice_id = $practice_id AND charge.date_from <= $last
          AND coalesce(charge.date_to, charge.date_from) >= $first
          AND lower(patient.last_name) = lower($name)
        ORDER BY charge.id DESC LIMIT 12
        """,
        practice_id=task.practice_id,
        first=facts.dates[0],
        last=facts.dates[1] or facts.dates[0],
        name=last_name,
    )
    return {row[0] for row in rows}


def _line_of(con: Connection, charge_id: int | None) -> str | None:
    found = known_charges.known(con, [charge_id]) if charge_id is not None else []
    return known_charges.line(*found[0]) if found else None
