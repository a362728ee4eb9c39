"""What a message asks of the practice, whatever its format: which of it is new, and its rows.

The parsers of all formats make Requests (pure). A request is recognized by its key. One that is a
later answer to a claim whose task is still open becomes history of that task.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lib import tasks
from lib.history_event_kinds import EventKind
from lib.intake.charges.payers_and_patients import Payers
from lib.intake.import_context import ImportContext
from lib.intake.matching import known_charges, known_patients, task_claim_facts
from lib.intake.matching.claim_facts import ANSWERS, is_numbered_otherwise
from lib.intake.matching.claim_matcher import Match, Outcome, compare
from lib.intake.matching.known_charges import Candidates, Charges, candidate_of
from lib.intake.matching.spelling_comparison import written_name
from lib.intake.matching.task_claim_facts import FileTask, could_be_others
from lib.intake.records import Party, Request
from lib.intake.tasks import (
    earlier_good_news,
    known_requests,
    listed_denials,
    previous_system_fields,
    rejected_batches,
    respelled_answers,
    task_updates,
)
from lib.intake.tasks.known_requests import News
from lib.intake.tasks.rejected_batches import RejectedBatches
from lib.models import Status, Turn
from lib.store.database import Connection, Value
from lib.store.search_match import claim_shape


@dataclass(frozen=True, slots=True)
class FollowUp:
    """An answer to a claim whose task is open already, or is created from the same file."""

    request: Request
    task_id: int | None
    of: str  # the key of the request that creates the task; empty if the task exists
    is_certain: bool = True  # False: it could be about another claim, and suggests nothing


@dataclass(slots=True)
class RequestPlan:
    """What becomes of a message's requests."""

    new: list[Request] = field(default_factory=list)
    later: list[FollowUp] = field(default_factory=list)
    moved: list[FollowUp] = field(default_factory=list)  # sent again, and asking something else now
    again: list[FollowUp] = field(default_factory=list)  # withdrawn, and asked for again
    overtaken: int = 0  # withdrawn by a later message that came in first
    known: int = 0
    matches: dict[str, Match] = field(default_factory=dict)  # by the key of the request
    charges: Charges = field(default_factory=Charges)
    # key -> a completed task of the same claim
    earlier: dict[str, int] = field(default_factory=dict)


def plan(
    con: Connection,
    practice_id: int,
    requests: Iterable[Request],
    charges: Charges | None = None,
    file_id: int | None = None,
) -> RequestPlan:
    """Return which requests are new, which are later answers, and which we had already.

    `charges` are those the requests could be about, if the caller has read them; `file_id` is the
    file that asks.
    """
    found = RequestPlan()
    wanted = _newest(requests, found)
    known = known_requests.find(con, practice_id, list(wanted.values()))
    rest = [each for key, each in wanted.items() if key not in known]
    charges = charges or known_charges.charges(con, practice_id, [each.about for each in rest])
    known |= respelled_answers.find(con, practice_id, rest, charges, file_id)
    _sort_known(con, known, wanted, found)
    _take_respelled(wanted, found)
    for key in known_requests.overtaken(con, practice_id, wanted.values()):
        del wanted[key]
        found.overtaken += 1
    about = {key: request.about for key, request in wanted.items()}
    found.charges = charges
    found.matches = {key: found.charges.match(facts) for key, facts in about.items()}
    matched = [match.charge_id for match in found.matches.values()]
    tasks = task_claim_facts.find(con, practice_id, about.values(), matched)
    made = _Made()
    batches = RejectedBatches(con, practice_id, wanted.values())
    for key, said in wanted.items():
        request, charge_id = said, found.matches[key].charge_id
        about_it = tasks.of(about[key], charge_id)
        of_claim = [each for each in about_it if not made.has_other_claim(request, each.id)]
        task_id = _open_task(request, of_claim, file_id)
        first = None if task_id else made.find(request, charge_id)
        if not (task_id or first):
            request = listed_denials.joined(batches.joined(said), of_claim)
            task_id = request.joins
        if not (task_id or first) and (first := batches.first(said)):
            request = rejected_batches.again(said)
        if task_id:
            is_certain = task_claim_facts.is_certain(found.matches[key], about[key], about_it)
            is_certain &= not any(
                each.could_be_of_other_visit(about[key]) for each in about_it if each.id == task_id
            )
            found.later.append(FollowUp(request, task_id, "", is_certain))
            made.follow(request, task_id)
        elif first:
            found.later.append(FollowUp(request, None, first.key))
            made.follow(request, first.key)
        elif not request.is_history:
            found.new.append(request)
            made.add(request, charge_id)
            batches.add(request)
            if earlier := batches.completed(request):
                found.earlier.setdefault(key, earlier)
    found.earlier |= _earlier(con, practice_id, found)
    return found


def _newest(requests: Iterable[Request], found: RequestPlan) -> dict[str, Request]:
    """Return the requests by key; of one that comes several times, the state sent last. Within one
    message the earliest due date counts."""
    wanted: dict[str, Request] = {}
    for request in requests:
        before = wanted.get(request.key)
        if before:
            found.known += 1
        if not before or _counts_before(request, before):
            wanted[request.key] = request
    return wanted


def _take_respelled(wanted: dict[str, Request], found: RequestPlan) -> None:
    """Take out of `wanted` what the same message asks before under another spelling."""
    for key, first in respelled_answers.alike(list(wanted.values())).items():
        request = wanted.pop(key)
        found.known += 1
        if _counts_before(request, wanted[first]):
            wanted[first] = replace(request, key=first)


def _counts_before(request: Request, before: Request) -> bool:
    """Return True if this state of a request counts, and not the one read before it."""
    if request.sent != before.sent:
        return request.sent.at >= before.sent.at
    return request.due_on is not None and (before.due_on is None or request.due_on < before.due_on)


def _sort_known(
    con: Connection, known: Mapping[str, int], wanted: dict[str, Request], found: RequestPlan
) -> None:
    """Take out of `wanted` the requests that we had already, by what is new in them; `known` are
    their tasks by key."""
    withdrawn = known_requests.withdrawn(con, set(known.values()))
    for key, task in known.items():
        request, is_withdrawn = wanted.pop(key), task in withdrawn
        news = known_requests.news(con, request, task, is_withdrawn=is_withdrawn)
        if news is News.MOVED:
            found.moved.append(FollowUp(request, task, ""))
        elif news is News.AGAIN and known_requests.is_open(con, task):
            found.again.append(FollowUp(request, task, ""))
        elif news is News.AGAIN:
            said = "|".join(filter(None, (request.sent.at, request.sent.message)))
            anew = f"{key}{known_requests.AGAIN}{said}"
            wanted[anew] = replace(request, key=anew, again_of=key)
            found.earlier[anew] = task
        else:
            found.known += 1


def add(con: Connection, planned: RequestPlan, source: ImportContext) -> int:
    """Insert the tasks, the later answers and their history; inside a transaction. Return how many
    new tasks are proposed to be completed by what came in before."""
    ids = con.next_ids("task", len(planned.new)) if planned.new else []
    by_key = {request.key: id_ for id_, request in zip(ids, planned.new, strict=True)}
    _add_tasks(con, planned, ids, source)
    charged = [(by_key[each.key], planned.matches[each.key].charge_id, each)
               for each in planned.new]  # fmt: skip
    told = [(id_, charge_id, each) for id_, charge_id, each in charged if charge_id is not None]
    ended = task_updates.tell_later(con, told, source)
    asked = [
        earlier_good_news.told_by(id_, each, charge_id)
        for id_, charge_id, each in charged
        if id_ not in ended and each.key not in planned.earlier
    ]
    for later in planned.later:
        task_id = later.task_id if later.task_id is not None else by_key[later.of]
        task_updates.answer(con, task_id, later.request, source, is_certain=later.is_certain)
        match = planned.matches[later.request.key]
        rejected_batches.name_claim(con, task_id, later.request, match, planned.charges, source)
        for key in later.request.also_keys:
            task_updates.remember(con, task_id, key, later.request.segment_number, source)
        if later.is_certain:
            asked.append(earlier_good_news.told_by(task_id, later.request, match.charge_id))
    for change, follow_ups in (
        (task_updates.move, planned.moved),
        (task_updates.ask_again, planned.again),
    ):
        for each in follow_ups:
            assert each.task_id is not None
            change(con, each.task_id, each.request, source)
    for request in planned.new:
        for key in filter(None, (request.again_of, *request.also_keys)):
            task_updates.remember(con, by_key[request.key], key, request.segment_number, source)
    return len(ended) + earlier_good_news.tell(con, asked, source)


class _Made:
    """The requests of one part of a file that create tasks, to be found by later ones of it."""

    def __init__(self) -> None:
        self._by_charge: dict[int, list[Request]] = {}
        self._told = Candidates(())
        self._requests: list[Request] = []
        # by task, or by the key of the request that creates it
        self._followed: dict[int | str, list[Request]] = {}

    def add(self, request: Request, charge_id: int | None) -> None:
        """Add a request that creates a task, with its charge."""
        if charge_id is not None:
            self._by_charge.setdefault(charge_id, []).append(request)
        else:
            self._told.add(candidate_of(request.about, len(self._requests)))
            self._requests.append(request)

    def follow(self, request: Request, of: int | str) -> None:
        """Add an answer that a task takes, by its id or by the key of its request."""
        self._followed.setdefault(of, []).append(request)

    def has_other_claim(self, request: Request, of: int | str) -> bool:
        """Return True if that task took an answer of the same day to another claim."""
        return any(_is_other_claim(request, each) for each in self._followed.get(of, ()))

    def find(self, request: Request, charge_id: int | None) -> Request | None:
        """Return the request whose task takes this answer."""
        if not request.history:
            return None
        if charge_id is not None:
            found = self._by_charge.get(charge_id, [])
        else:
            told = self._told.likely(request.about)
            alike = [
                self._requests[each.charge_id]
                for each in told
                if compare(request.about, each).agrees
            ]
            found = [each for each in alike if not could_be_others(request.about, each.about)]
        for each in found:
            is_other = _is_other_claim(request, each) or self.has_other_claim(request, each.key)
            if not is_other and _takes(request, each.source, each.type, each.key, each.codes):
                return each
        return None


def _is_other_claim(one: Request, other: Request) -> bool:
    """Return True if two answers of one day are about two claims, by the payer's numbers."""
    is_told = one.is_of_own_claim and other.is_of_own_claim
    is_of_one_day = (one.source, one.asked_on) == (other.source, other.asked_on)
    return is_told and is_of_one_day and is_numbered_otherwise(one.about, other.about)


def _open_task(
    request: Request, tasks: Sequence[FileTask], file_id: int | None = None
) -> int | None:
    """Return the open task that this answer belongs to, preferring the newest."""
    if not request.history:
        return None
    for task in tasks:
        is_other = request.is_of_own_claim and task.is_of_other_claim(
            request.about, request.asked_on, file_id
        )
        if not request.is_history:  # which only adds a line
            is_other = is_other or task.could_be_of_other_visit(request.about)
        if not is_other and _takes(request, task.source, task.type, task.request_key, task.codes):
            return task.id
    return None


def _takes(request: Request, source: str, type_: str, key: str, codes: str) -> bool:
    """Return True if a task of that source, type, key and codes takes a later answer to its
    claim."""
    if request.same:
        return key.startswith(request.same)
    is_listed = listed_denials.is_of_list(source, codes, request)
    return source in ANSWERS or type_ == request.type or is_listed


def _earlier(con: Connection, practice_id: int, planned: RequestPlan) -> dict[str, int]:
    """Return for each new request the newest completed task about the same claim."""
    asked = [each for each in planned.new if each.history or each.listed is not None]
    matches = planned.matches
    tasks = task_claim_facts.find(
        con,
        practice_id,
        [each.about for each in asked],
        [matches[each.key].charge_id for each in asked],
        is_open=False,
    )
    found = {}
    for request in asked:
        told = tasks.of(request.about, matches[request.key].charge_id)
        listed = listed_denials.first(request, told)
        task_id = listed.id if listed else _open_task(request, told)
        before = next((each for each in told if each.id == task_id), None)
        if before and listed_denials.is_same_answer(request, before):
            planned.new.remove(request)
            planned.known += 1
        elif before:
            found[request.key] = before.id
    return found


def _add_tasks(
    con: Connection, planned: RequestPlan, ids: Sequence[int], source: ImportContext
) -> None:
    new = planned.new
    if not new:
        return
    patients = known_patients.patients(con, source.practice.id, [r.patient_name for r in new])
    payers = Payers(con, source.practice.id)
    takers = previous_system_fields.assignees(
        con, source.practice.id, [r.assignee_name for r in new]
    )
    pairs = list(zip(ids, new, strict=True))
    tasks.add_rows(
        con,
        [
            {"id": id_}
            | _task_row(request, planned, patients, payers, source)
            | {
                "assignee_id": taker.id if (taker := takers.get(request.assignee_name)) else None,
                "taken_up_at": source.now if taker and source.actor_id is not None else None,
            }
            for id_, request in pairs
        ],
    )
    con.insert(
        "task_claim",
        [
            task_claim_facts.row_of(
                id_, source.practice.id, request.about, planned.matches[request.key].outcome
            )
            for id_, request in pairs
        ],
    )
    task_updates.remember_state(con, pairs, source)
    con.insert(
        "event",
        [
            source.event(EventKind.CREATED, request.segment_number, task_id=id_)
            for id_, request in pairs
        ],
    )
    con.insert("event", list(_how_matched(planned, pairs, source)))
    con.insert(
        "event",
        [
            source.event(EventKind.ASSIGNED, request.segment_number, task_id=id_)
            | {"field": "Assignee", "old_value": None, "new_value": taker.name}
            | {"assignee_id": taker.id}
            for id_, request in pairs
            if (taker := takers.get(request.assignee_name))
        ],
    )


def _how_matched(
    planned: RequestPlan, pairs: Sequence[tuple[int, Request]], source: ImportContext
) -> Iterable[dict[str, Value]]:
    """Yield a line of history for each task whose claim had a task before, or is in doubt."""
    for id_, request in pairs:
        event = source.event(EventKind.ASKED_BEFORE, request.segment_number, task_id=id_)
        if earlier := planned.earlier.get(request.key):
            yield event | {"detail": f"Task {earlier} about this claim was completed before."}
        match = planned.matches[request.key]
        if why := ANSWERED_TWICE if match.is_shared else DOUBTS.get(match.outcome):
            yield event | {
                "kind": EventKind.CHARGE_NOT_CERTAIN,
                "detail": f"{why} {event['detail']}.",
            }


VOIDED = (
    "The claim was voided here before this answer came in: see whether anything is left to do, or "
    "whether a claim that was sent instead is meant."
)
ANSWERED_TWICE = (
    "The file names this claim number twice on the same day, under two of the payer's numbers: it "
    "answers two claims, so choose the charge if it is the one meant."
)
DOUBTS = {
    Outcome.SEVERAL: "Several charges agree with what the file says: choose the one that is meant.",
    Outcome.CONTRADICTED: "The charges of this claim number contradict what the file says: choose "
    "one only where the file is wrong.",
    Outcome.UNPROVEN: "Nothing contradicts the charge of this number, but the file says too little "
    "to be certain: choose it if it is the one that is meant.",
}


def _task_row(
    request: Request,
    planned: RequestPlan,
    patients: known_patients.Patients,
    payers: Payers,
    source: ImportContext,
) -> dict[str, Value]:
    match = planned.matches[request.key]
    charge = planned.charges.held(match.charge_id)
    is_voided = charge is not None and match.compared[0].candidate.is_voided
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
        patient_name = written_name(request.about.patient_name) or request.patient_name
        provider_name = request.provider_name
    due_on, due_rule = task_updates.due(request, source)
    claim_number = request.claim_number or (charge.claim_number if charge else "")
    return {
        "practice_id": source.practice.id,
        "type": request.type,
        "status": Status.OPEN,
        "is_open": True,
        "turn": Turn.PRACTICE,
        "title": request.title,
        "instructions": f"{request.instructions} {VOIDED}" if is_voided else request.instructions,
        "charge_id": charge.charge_id if charge else None,
        "patient_id": patient_id,
        "payer_id": payer_id,
        "claim_number": claim_number,
        "patient_name": patient_name,
        "payer_name": payer_name,
        "provider_name": provider_name,
        "date_of_service": (charge and charge.date_from) or request.date_of_service,
        "amount": request.amount,
        "due_on": due_on,
        "due_rule": due_rule,
        "asked_on": task_updates.asked_on(request, source),
        "earlier_task_id": planned.earlier.get(request.key),
        "document_label": request.document_label,
        "source": request.source,
        "codes": request.codes,
        "request_key": request.key,
        "intake_file_id": source.file_id,
        "segment_number": request.segment_number,
        "claim_shape": claim_shape(claim_number),
        "requested_on": task_updates.requested_on(request, source),
        "created_at": previous_system_fields.received_at(request.received_on, source),
        "came_at": source.now,
        "created_by": source.actor_id,
    }
