"""What the message of a task says about its claim. It is stored with the task, so that its charge
can be proven, chosen by a person, or found once the claim comes in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from lib.intake.matching import known_charges
from lib.intake.matching.claim_facts import (
    ANSWERS,
    TAKEBACK,
    ClaimFacts,
    is_numbered_otherwise,
    is_of_own_claim,
    shares_payers_number,
)
from lib.intake.matching.claim_matcher import Match, Outcome, compare
from lib.intake.matching.claim_numbers import CUT, lookup_key
from lib.intake.matching.known_charges import Candidates, candidate_of
from lib.intake.matching.spelling_comparison import could_be_person
from lib.store.database import Connection, Value

COLUMNS = """
    task_claim.claim_numbers, task_claim.payer_numbers, task_claim.trace_numbers,
    task_claim.patient_name, task_claim.birth_date, task_claim.member_ids, task_claim.date_from,
    task_claim.date_to, task_claim.charged, task_claim.is_part, task_claim.payer_name,
    task_claim.payer_code, task_claim.payer_role
"""


class FileTask(NamedTuple):
    """A task that a later message may belong to."""

    id: int
    charge_id: int | None
    type: str
    source: str
    request_key: str
    facts: ClaimFacts | None  # None if an older store did not keep them
    asked_on: date | None = None
    codes: str = ""
    file_id: int | None = None  # the file that made it

    def could_be_of_other_visit(self, facts: ClaimFacts) -> bool:
        """Return True if the task has no charge, and only its message or only these facts name the
        patient or the day: nothing but the number says that both mean one claim."""
        return self.charge_id is None and bool(self.facts and could_be_others(self.facts, facts))

    def is_of_other_claim(self, facts: ClaimFacts, day: date | None, file_id: int | None) -> bool:
        """Return True if an answer of this day in this file is about another claim than the task,
        since the payer numbers the two otherwise. Elsewhere it may number the same claim anew."""
        return (
            file_id is not None
            and (self.file_id, self.asked_on) == (file_id, day)
            and is_of_own_claim(self.source, self.request_key, self.codes)
            and bool(self.facts and is_numbered_otherwise(self.facts, facts))
        )


def facts_of(row: Sequence[Value]) -> ClaimFacts:
    """Return the facts in the columns of COLUMNS."""
    numbers, payers, traces, patient, born, members, first, last, charged, is_part, *payer = row
    return ClaimFacts(
        claim_numbers=tuple(numbers),
        payer_numbers=tuple(payers),
        trace_numbers=tuple(traces),
        patient_name=patient,
        birth_date=born,
        member_ids=tuple(members),
        dates=(first, last),
        charged=charged,
        is_part=is_part,
        payer_name=payer[0],
        payer_code=payer[1],
        payer_role=payer[2],
    )


def row_of(task_id: int, practice_id: int, facts: ClaimFacts, outcome: Outcome) -> dict[str, Value]:
    """Return a task's row for the table `task_claim`."""
    numbers = (*facts.claim_numbers, *facts.payer_numbers, *facts.trace_numbers)
    return {
        "task_id": task_id,
        "practice_id": practice_id,
        "number_key": lookup_key(numbers[0]) if numbers else "",
        **facts_row(facts),
        "outcome": outcome.value,
    }


def facts_row(facts: ClaimFacts) -> dict[str, Value]:
    """Return what a message says of its claim for the columns of COLUMNS."""
    return {
        "claim_numbers": facts.claim_numbers,
        "payer_numbers": facts.payer_numbers,
        "trace_numbers": facts.trace_numbers,
        "patient_name": facts.patient_name,
        "birth_date": facts.birth_date,
        "member_ids": facts.member_ids,
        "date_from": facts.dates[0],
        "date_to": facts.dates[1],
        "charged": facts.charged,
        "is_part": facts.is_part,
        "payer_name": facts.payer_name,
        "payer_code": facts.payer_code,
        "payer_role": facts.payer_role,
    }


def of_task(con: Connection, task_id: int) -> ClaimFacts | None:
    """Return what the message of a task says about its claim; None for a task made by hand, or made
    before this was stored."""
    row = con.row(f"SELECT {COLUMNS} FROM task_claim WHERE task_id = $id", id=task_id)
    return facts_of(row) if row else None


class FileTasks:
    """Tasks that files made, by their charge or by what their messages say."""

    def __init__(self, found: Iterable[FileTask]) -> None:
        self._by_charge: dict[int, list[FileTask]] = defaultdict(list)
        self._by_id: dict[int, FileTask] = {}
        self._told = Candidates(())
        for task in found:
            self._by_id[task.id] = task
            if task.charge_id is not None:
                self._by_charge[task.charge_id].append(task)
            elif task.facts:
                self._told.add(candidate_of(task.facts, task.id))

    def of(self, message: ClaimFacts, charge_id: int | None) -> list[FileTask]:
        """Return the tasks about a message's claim, the newest first: those of its charge whose own
        messages could mean its patient, and those without a charge that say the same about their
        claim. A charge that names no middle name can be either twin's."""
        of_charge = self._by_charge.get(charge_id, ()) if charge_id is not None else ()
        found = [each for each in of_charge if not (each.facts and _are_two(each.facts, message))]
        found += [
            self._by_id[each.charge_id]
            for each in self._told.likely(message)
            if compare(message, each).agrees
        ]
        return sorted(_of_one_claim(found, message), key=lambda task: -task.id)


def _are_two(one: ClaimFacts, other: ClaimFacts) -> bool:
    """Return True if both name a patient, and these are two people."""
    names = one.patient_name, other.patient_name
    return all(names) and not could_be_person(*names, same_member=True)


def _of_one_claim(tasks: list[FileTask], message: ClaimFacts) -> list[FileTask]:
    """Return the tasks without those of other claims: where the payer numbers them otherwise than
    one whose number the message names, or otherwise than each other, so that none can be told."""
    told = [each for each in tasks if each.facts and each.source in ANSWERS]
    if len(told) < 2:
        return tasks
    named = {
        each.source for each in told if each.facts and shares_payers_number(each.facts, message)
    }
    others = set()
    for one in told:
        assert one.facts
        rivals = (
            [message]
            if one.source in named
            else [each.facts for each in told if each.facts and each.source == one.source]
        )
        if any(is_numbered_otherwise(one.facts, each) for each in rivals):
            others.add(one.id)
    return [each for each in tasks if each.id not in others]


def could_be_others(one: ClaimFacts, other: ClaimFacts) -> bool:
    """Return True if only one of two messages names the patient or the day of service, so that it
    can mean another visit of their number, and the payer's number does not say otherwise."""
    is_stated_alike = bool(one.patient_name) == bool(other.patient_name) and (
        (one.dates[0] is None) == (other.dates[0] is None)
    )
    return not is_stated_alike and not shares_payers_number(one, other)


def is_certain(match: Match, message: ClaimFacts, tasks: Sequence[FileTask]) -> bool:
    """Return True if the message means the claim of these tasks and no other of its number: only
    then it may suggest completing one. Of several charges or visits that agree, the day of service
    must say which is meant, and the payer's number where two are of one day."""
    visits = {each.facts.dates[0] for each in tasks if each.facts and each.facts.dates[0]}
    if message.dates[0] is None and (len(visits) > 1 or match.agreeing > 1):
        return False
    return match.outcome is not Outcome.SEVERAL or any(
        each.facts and shares_payers_number(each.facts, message) for each in tasks
    )


def answers(con: Connection, told: Mapping[int, ClaimFacts]) -> list[tuple[ClaimFacts, Value]]:
    """Return what the messages of these tasks say, and in which file, where the payer's number
    tells one claim from another."""
    rows = con.rows(
        """
        SELECT id, intake_file_id, source, coalesce(request_key, ''), codes FROM task
        WHERE id IN (SELECT unnest($ids::BIGINT[]))
        """,
        ids=list(told),
    )
    return [(told[row[0]], row[1]) for row in rows if is_of_own_claim(*row[2:])]


def find(
    con: Connection,
    practice_id: int,
    messages: Iterable[ClaimFacts],
    charge_ids: Iterable[int | None],
    *,
    is_open: bool = True,
) -> FileTasks:
    """Return the open (or completed) tasks that these messages could belong to: those of these
    charges, and those without a charge that name these numbers. What a payer took back from another
    payment is settled by counter-entries only."""
    keys = {lookup_key(each) for facts in messages for each in known_charges.numbers(facts)}
    ids = {each for each in charge_ids if each is not None}
    if not keys and not ids:
        return FileTasks(())
    rows = con.rows(
        f"""
        SELECT task.id, charge_id, type, source, coalesce(request_key, ''), asked_on,
               codes, intake_file_id, task_claim.task_id, {COLUMNS}
        FROM task LEFT JOIN task_claim ON task_claim.task_id = task.id
        WHERE task.practice_id = $practice_id AND is_open = $is_open
          AND NOT starts_with(coalesce(request_key, ''), $recoupment)
          AND (charge_id IN (SELECT unnest($ids::BIGINT[]))
               OR (charge_id IS NULL
                   AND task_claim.number_key IN (SELECT unnest($keys::VARCHAR[]))))
        """,
        practice_id=practice_id,
        is_open=is_open,
        recoupment=TAKEBACK,
        ids=list(ids),
        keys=list(keys),
    )
    return FileTasks(
        FileTask(
            row[0],
            row[1],
            row[2],
            row[3],
            row[4],
            facts_of(row[9:]) if row[8] is not None else None,
            *row[5:8],
        )
        for row in rows
    )


class Waiting:
    """Open tasks without a charge, by the numbers of the claims they wait for."""

    def __init__(self, con: Connection, practice_id: int) -> None:
        self._con = con
        self._by_length: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._by_key: dict[str, list[int]] = defaultdict(list)
        self._waiting: set[int] = set()
        for task_id, number in con.rows(
            """
            SELECT task.id,
                   unnest(claim_numbers || payer_numbers || trace_numbers) AS number
            FROM task JOIN task_claim ON task_claim.task_id = task.id
            WHERE task.practice_id = $practice_id AND is_open AND charge_id IS NULL
            ORDER BY task.id
            """,
            practice_id=practice_id,
        ):
            key = lookup_key(number)
            self._waiting.add(task_id)
            self._by_key[key].append(task_id)
            if len(number.strip()) >= CUT:
                self._by_length[len(key)][key].append(task_id)

    def about(self, numbers: Iterable[str]) -> dict[int, ClaimFacts]:
        """Return the tasks that could be about claims of these numbers, with what their messages
        say."""
        found: set[int] = set()
        for key in map(lookup_key, numbers if self._waiting else ()):
            found.update(self._by_key.get(key, ()))
            for length, keys in self._by_length.items():
                found.update(keys.get(key[:length], ()))
        return kept_facts(self._con, sorted(found & self._waiting))

    def forget(self, task_ids: Iterable[int]) -> None:
        """Remove tasks that found their charge."""
        self._waiting.difference_update(task_ids)


def kept_facts(con: Connection, task_ids: Sequence[int]) -> dict[int, ClaimFacts]:
    """Return the stored facts from the messages of these tasks."""
    if not task_ids:
        return {}
    rows = con.rows(
        f"""
        SELECT task_claim.task_id, {COLUMNS} FROM task_claim
        WHERE task_claim.task_id IN (SELECT unnest($ids::BIGINT[]))
        ORDER BY task_claim.task_id
        """,
        ids=list(task_ids),
    )
    return {row[0]: facts_of(row[1:]) for row in rows}
