"""What a message asks of the practice, whatever its format: which of it is new, and its rows.

A parser of any format makes Requests (pure). A request is known again by its key; one that is a
later answer to a claim whose task is still open becomes history of that task.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from lib.intake import known_charges, previous_system
from lib.intake.import_context import ImportContext
from lib.intake.known_charges import Charges, KnownCharge, OpenTask
from lib.intake.known_records import Payers
from lib.intake.records import Party, Request
from lib.models import Status, Turn
from lib.store import search_terms
from lib.store.database import Connection, Value
from lib.store.search_words import claim_shape

ANSWERS = ("835", "277CA")  # sources whose tasks take every later answer to their claim


@dataclass(frozen=True, slots=True)
class FollowUp:
    """An answer to a claim whose task is open already, or is made from the same file."""

    request: Request
    task_id: int | None
    of: str  # the key of the request that makes the task; empty where the task is held


@dataclass(slots=True)
class RequestPlan:
    """What becomes of the requests of a message."""

    new: list[Request] = field(default_factory=list)
    later: list[FollowUp] = field(default_factory=list)
    known: int = 0

    @property
    def amount(self) -> Decimal:
        """US dollars of the new tasks."""
        return sum((each.amount or Decimal(0) for each in self.new), Decimal("0.00"))


def plan(con: Connection, practice_id: int, requests: Iterable[Request]) -> RequestPlan:
    """Which of the requests are new, which are later answers, and which were here before."""
    wanted: dict[str, Request] = {}
    found = RequestPlan()
    for request in _named(con, practice_id, requests):
        if request.key in wanted:
            found.known += 1
        wanted.setdefault(request.key, request)
    for key in known(con, practice_id, list(wanted)):
        found.known += 1
        del wanted[key]
    charges = known_charges.charges(con, practice_id, [r.claim_number for r in wanted.values()])
    tasks = known_charges.open_tasks(
        con, practice_id, [r.claim_number for r in wanted.values() if r.history]
    )
    made: dict[tuple[str, int | None], list[Request]] = {}
    for request in wanted.values():
        charge = charges.find(request.claim_number, request.whole)
        claim = (request.claim_number, charge.charge_id if charge else None)
        task = _open_task(request, charge, tasks.get(request.claim_number, []))
        first = _joined(request, charge, made.get(claim, []))
        if task:
            found.later.append(FollowUp(request, task.id, ""))
        elif first:
            found.later.append(FollowUp(request, None, first.key))
        elif not request.is_history:
            found.new.append(request)
            made.setdefault(claim, []).append(request)
    return found


def _named(con: Connection, practice_id: int, requests: Iterable[Request]) -> list[Request]:
    """The requests; one that names its claim by the payer's number alone gets ours, if held."""
    found = list(requests)
    payers = {r.payer_claim_number for r in found if r.payer_claim_number and not r.claim_number}
    ours = known_charges.claim_numbers(con, practice_id, list(payers))
    return [
        replace(each, claim_number=ours.get(each.payer_claim_number, ""))
        if ours and not each.claim_number
        else each
        for each in found
    ]


def fresh(con: Connection, practice_id: int, requests: Iterable[Request]) -> list[Request]:
    """The requests that would each make a new task."""
    return plan(con, practice_id, requests).new


def add(con: Connection, planned: RequestPlan, source: ImportContext) -> None:
    """Write the tasks, the later answers and their history; inside a transaction."""
    ids = con.next_ids("task", len(planned.new)) if planned.new else []
    by_key = {request.key: id_ for id_, request in zip(ids, planned.new, strict=True)}
    _add_tasks(con, planned.new, ids, source)
    for later in planned.later:
        task_id = later.task_id if later.task_id is not None else by_key[later.of]
        answer(con, task_id, later.request, source)


def answer(con: Connection, task_id: int, request: Request, source: ImportContext) -> None:
    """Add a later answer to the history of an open task, inside a transaction.

    What was said before it no longer proposes to complete the task.
    """
    con.execute(
        """
        UPDATE task SET proposal = NULL, proposal_at = NULL, version = version + 1
        WHERE id = $task_id AND proposal IS NOT NULL
        """,
        task_id=task_id,
    )
    remember(con, task_id, request.key, request.segment_number, source)
    event = source.event("answered again", request.segment_number, task_id=task_id)
    con.insert("event", [event | {"detail": f"{request.history} {event['detail']}."}])


def remember(
    con: Connection, task_id: int, key: str, segment_number: int, source: ImportContext
) -> None:
    """Keep what was said about a task's claim, so that it is known again."""
    con.execute(
        """
        INSERT INTO task_answer (practice_id, task_id, answer_key, intake_file_id, segment_number,
                                 recorded_at)
        VALUES ($practice_id, $task_id, $key, $file_id, $segment_number, $now)
        """,
        practice_id=source.practice.id,
        task_id=task_id,
        key=key,
        file_id=source.file_id,
        segment_number=segment_number,
        now=source.now,
    )


def known(con: Connection, practice_id: int, keys: Sequence[str]) -> set[str]:
    """Those keys of which the practice holds a task or a later answer."""
    rows = con.rows(
        """
        SELECT request_key FROM task
        WHERE practice_id = $practice_id
          AND request_key IN (SELECT unnest($wanted::VARCHAR[]))
        UNION
        SELECT answer_key FROM task_answer
        WHERE practice_id = $practice_id
          AND answer_key IN (SELECT unnest($wanted::VARCHAR[]))
        """,
        practice_id=practice_id,
        wanted=list(keys),
    )
    return {key for (key,) in rows}


def _open_task(
    request: Request, charge: KnownCharge | None, tasks: Sequence[OpenTask]
) -> OpenTask | None:
    """The open task that this answer belongs to, the newest first."""
    if not request.history:
        return None
    for task in tasks:
        if charge and task.charge_id is not None:
            is_same = charge.charge_id == task.charge_id
        else:
            is_same = _could_be(request, task.patient_name, task.date_of_service)
        if is_same and _takes(request, task.source, task.type, task.request_key or ""):
            return task
    return None


def _joined(
    request: Request, charge: KnownCharge | None, made: Sequence[Request]
) -> Request | None:
    """The request of the same file and claim whose task takes this answer."""
    if not request.history or not request.claim_number:
        return None
    for each in made:
        is_same = charge or _could_be(request, each.patient_name, each.date_of_service)
        if is_same and _takes(request, each.source, each.type, each.key):
            return each
    return None


def _could_be(request: Request, patient_name: str, day: date | None) -> bool:
    """True unless it is about another patient or another day: where no claim is held, its number
    may be that of an account with many claims."""
    names = {name.casefold() for name in (request.patient_name, patient_name) if name}
    days = {each for each in (request.date_of_service, day) if each}
    return len(names) < 2 and len(days) < 2


def _takes(request: Request, source: str, type_: str, key: str) -> bool:
    """True where a task of that source, type and key is told a later answer to its claim."""
    if request.same:
        return key.startswith(request.same)
    return source in ANSWERS or type_ == request.type


def _add_tasks(
    con: Connection, new: Sequence[Request], ids: Sequence[int], source: ImportContext
) -> None:
    if not new:
        return
    charges = known_charges.charges(con, source.practice.id, [r.claim_number for r in new])
    patients = known_charges.patients(con, source.practice.id, [r.patient_name for r in new])
    payers = Payers(con, source.practice.id)
    takers = previous_system.assignees(con, source.practice.id, [r.assignee_name for r in new])
    pairs = list(zip(ids, new, strict=True))
    con.insert(
        "task",
        [
            {"id": id_}
            | _task_row(request, charges, patients, payers, source)
            | {"assignee_id": taker.id if (taker := takers.get(request.assignee_name)) else None}
            for id_, request in pairs
        ],
    )
    search_terms.index(con, ids)
    con.insert(
        "event",
        [source.event("created", request.segment_number, task_id=id_) for id_, request in pairs],
    )
    con.insert(
        "event",
        [
            source.event("assigned", request.segment_number, task_id=id_)
            | {"field": "Assignee", "old_value": None, "new_value": taker.name}
            for id_, request in pairs
            if (taker := takers.get(request.assignee_name))
        ],
    )


def _task_row(
    request: Request,
    charges: Charges,
    patients: known_charges.Patients,
    payers: Payers,
    source: ImportContext,
) -> dict[str, Value]:
    charge = charges.find(request.claim_number, request.whole)
    payer_id: int | None
    patient_id: int | None
    if charge:
        payer_id, payer_name = charge.payer_id, charge.payer_name
        patient_id, patient_name = charge.patient_id, charge.patient_name
        provider_name = charge.provider_name
    else:
        known = payers.find_named(Party(last=request.payer_name, code=request.payer_code))
        payer_id, payer_name = known or (None, request.payer_name)
        patient_id = patients.find(request.patient_name, request.birth_date)
        patient_name, provider_name = request.patient_name, request.provider_name
    due_on, due_rule = _due(request, source)
    return {
        "practice_id": source.practice.id,
        "type": request.type,
        "status": Status.OPEN,
        "is_open": True,
        "turn": Turn.PRACTICE,
        "title": request.title,
        "instructions": request.instructions,
        "charge_id": charge.charge_id if charge else None,
        "patient_id": patient_id,
        "payer_id": payer_id,
        "claim_number": request.claim_number,
        "patient_name": patient_name,
        "payer_name": payer_name,
        "provider_name": provider_name,
        "date_of_service": (charge and charge.date_from) or request.date_of_service,
        "amount": request.amount,
        "due_on": due_on,
        "due_rule": due_rule,
        "document_label": request.document_label,
        "source": request.source,
        "codes": request.codes,
        "request_key": request.key,
        "intake_file_id": source.file_id,
        "segment_number": request.segment_number,
        "claim_shape": claim_shape(request.claim_number),
        "created_at": previous_system.received_at(request.received_on, source),
        "created_by": source.actor_id,
    }


def _due(request: Request, source: ImportContext) -> tuple[date, str]:
    if request.due_on:
        return request.due_on, request.due_rule
    days = source.practice.due_days
    since = request.asked_in if request.asked_on else "import"
    return (
        (request.asked_on or source.today) + timedelta(days=days),
        f"{days} days after the {since}, the practice's own rule",
    )
