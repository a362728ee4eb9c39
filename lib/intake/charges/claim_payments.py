"""What payers answered to claims, paid ones too: one row a claim of a remittance, and its codes.

An answer belongs to the charge that agrees with it, also where that comes in later; from all that a
charge has, lib/payers_claim_number.py reads under which number a replacement names it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from lib import payers_claim_number
from lib.intake.charges import learned_numbers
from lib.intake.import_context import ImportContext
from lib.intake.matching import claim_matcher, known_charges
from lib.intake.matching.claim_facts import ClaimFacts, stated
from lib.intake.matching.claim_matcher import Candidate
from lib.intake.matching.claim_numbers import lookup_key
from lib.intake.matching.known_charges import Charges
from lib.intake.matching.spelling_comparison import fold, member_key
from lib.intake.x12 import payer_decision_rules
from lib.intake.x12.payer_decision_rules import FORWARDED, Outcome
from lib.intake.x12.remittance_records import ClaimPayment
from lib.models import Task
from lib.payers_claim_number import Said
from lib.store.database import Connection, Value

ADJUSTMENT, REMARK = "adjustment", "remark"
HELD = frozenset({Outcome.PENDED, Outcome.INTEREST})
FACTS = """
    claim_number, payer_claim_number, original, patient_name, member_ids, date_from, date_to,
    charged, is_part, stated_payer, stated_payer_code, payer_role
"""


def keep(
    con: Connection, answers: Sequence[ClaimPayment], charges: Charges, source: ImportContext
) -> None:
    """Insert the answers that are new, inside a transaction.

    An answer is known again by what it says of which claim, so that the same remittance in another
    envelope counts once.
    """
    wanted = {_key(answer): answer for answer in answers}
    if not wanted:
        return
    older: dict[str, list[str]] = defaultdict(list)
    for key, answer in wanted.items():
        older[_older_key(answer)].append(key)
    held = con.rows(
        """
        SELECT answer_key FROM claim_answer
        WHERE practice_id = $practice_id AND answer_key IN (SELECT unnest($wanted::VARCHAR[]))
        """,
        practice_id=source.practice.id,
        wanted=[*wanted, *older],
    )
    for (key,) in held:
        for each in (key, *older.get(key, ())):
            wanted.pop(each, None)
    if not wanted:
        return
    ids = con.next_ids("claim_answer", len(wanted))
    found: set[int] = set()
    rows, codes = [], []
    for id_, (key, answer) in zip(ids, wanted.items(), strict=True):
        match = charges.match(answer.facts)
        charge = charges.held(match.charge_id)
        candidate = match.compared[0].candidate if charge else None
        found |= {charge.charge_id} if charge else set()
        rows.append(
            {
                "id": id_,
                "practice_id": source.practice.id,
                "intake_file_id": source.file_id,
                "segment_number": answer.segment_number,
                "answer_key": key,
                "charge_id": charge.charge_id if charge else None,
                "payer_name": charge.payer_name if charge else answer.payer.name,
                "claim_number": answer.claim_number,
                "payer_claim_number": answer.payer_claim_number,
                "status": answer.status,
                "charged": answer.charged,
                "paid": answer.paid,
                "interest": answer.interest_in_payment,
                "patient_responsibility": answer.patient_owes,
                "answered_on": answer.remitted_on,
                "recorded_at": source.now,
                "outcome": said_of(answer).value,
                "decision": payer_decision_rules.outcome(answer).name.lower(),
                "is_denied_in_part": payer_decision_rules.is_denied_in_part(answer),
                "claim_key": _claim_key(answer),
                "payer_id": (
                    claim_matcher.payer_of(answer.facts, candidate) if candidate else None
                ),
                **_facts_row(answer),
            }
        )
        codes += _codes(id_, answer, source.practice.id)
    con.insert("claim_answer", rows)
    con.insert("claim_answer_code", codes)
    payers_claim_number.refresh(con, found)


def said_of(answer: ClaimPayment) -> Said:
    """Return what an answer says of the claim that bears the payer's number in it."""
    outcome = payer_decision_rules.outcome(answer)
    if outcome is Outcome.REVERSED:
        return Said.REVERSED
    if outcome is Outcome.FORWARDED:
        return Said.DECIDED if answer.status in FORWARDED else Said.NOTHING
    if outcome is Outcome.PREDETERMINED:
        return Said.NOTHING
    is_known = outcome in HELD or payer_decision_rules.is_duplicate(answer)
    return Said.HELD if is_known else Said.DECIDED


def _claim_key(answer: ClaimPayment) -> str:
    """Return under what all answers to one claim are counted: its number and its day of service,
    since visits of one account can share a number."""
    return f"{answer.claim_number or answer.payer_claim_number}|{answer.dates[0] or ''}"


def _facts_row(answer: ClaimPayment) -> dict[str, Value]:
    facts = answer.facts
    numbers = known_charges.numbers(facts)
    return {
        "number_key": lookup_key(numbers[0]) if numbers else "",
        "original": answer.original,
        "patient_name": facts.patient_name,
        "member_ids": facts.member_ids,
        "date_from": facts.dates[0],
        "date_to": facts.dates[1],
        "is_part": facts.is_part,
        "stated_payer": facts.payer_name,
        "stated_payer_code": facts.payer_code,
        "payer_role": facts.payer_role,
    }


def _facts_of(row: Sequence[Value]) -> ClaimFacts:
    number, payers, original, patient, members, first, last, charged, is_part, *payer = row
    return ClaimFacts(
        claim_numbers=stated(number),
        payer_numbers=stated(payers, original),
        patient_name=patient,
        member_ids=tuple(members),
        dates=(first, last),
        charged=abs(charged),
        is_part=is_part,
        payer_name=payer[0],
        payer_code=payer[1],
        payer_role=payer[2],
    )


def link(con: Connection, source: ImportContext, keys: Collection[str]) -> set[str]:
    """Give the answers that came before their claim, and name it by one of these numbers (as
    `lookup_key` makes them), to the charge that agrees with them now; inside a transaction.

    What such an answer calls the claim can in turn be how another names it. Return the lookup keys
    of all the payer's numbers that charges learned by it.
    """
    learned: set[str] = set()
    while keys:
        keys = _link(con, source, keys)
        learned |= keys
    return learned


def _link(con: Connection, source: ImportContext, keys: Collection[str]) -> set[str]:
    """Return the payer's numbers that charges learned by it."""
    practice_id = source.practice.id
    waiting = con.value(
        """
        SELECT count(*) FROM claim_answer
        WHERE practice_id = $practice_id AND charge_id IS NULL
          AND number_key IN (SELECT unnest($keys::VARCHAR[]))
        """,
        practice_id=practice_id,
        keys=list(keys),
    )
    if not waiting:
        return set()
    rows = con.rows(
        f"""
        SELECT id, charge_id, intake_file_id, answered_on, outcome, {FACTS} FROM claim_answer
        WHERE practice_id = $practice_id AND number_key IN (SELECT unnest($keys::VARCHAR[]))
        """,
        practice_id=practice_id,
        keys=list(keys),
    )
    told = {row[0]: _facts_of(row[5:]) for row in rows}
    charges = known_charges.charges(con, practice_id, told.values())
    decided = [row for row in rows if row[4] == Said.DECIDED]
    charges.tell_apart((told[row[0]], (row[2], row[3])) for row in decided)
    found = []
    for id_, charge_id, *_ in rows:
        match = charges.match(told[id_])
        if charge_id is None and match.charge_id is not None:
            candidate = match.compared[0].candidate
            payer_id = claim_matcher.payer_of(told[id_], candidate)
            found.append((id_, match.charge_id, payer_id))
    con.execute(
        """
        UPDATE claim_answer SET charge_id = said.charge_id, payer_id = said.payer_id
        FROM (SELECT unnest($ids::BIGINT[]) AS id, unnest($charges::BIGINT[]) AS charge_id,
                     unnest($payers::BIGINT[]) AS payer_id) AS said
        WHERE claim_answer.id = said.id
        """,
        ids=[each[0] for each in found],
        charges=[each[1] for each in found],
        payers=[each[2] for each in found],
    )
    learned = learned_numbers.learn(con, [told[each[0]] for each in found], charges, source)
    payers_claim_number.refresh(con, [each[1] for each in found])
    return learned


def move(con: Connection, task: Task, facts: ClaimFacts, candidate: Candidate) -> None:
    """Give the answers about a task's claim to the charge that somebody chose for it; inside a
    transaction. Those are its own, and others under its numbers that had no charge or the same."""
    con.execute(
        """
        UPDATE claim_answer SET charge_id = $charge_id, payer_id = $payer_id
        WHERE practice_id = $practice_id
          AND (EXISTS (SELECT 1 FROM task
                       WHERE task.id = $task_id AND source = '835'
                         AND task.intake_file_id = claim_answer.intake_file_id
                         AND task.segment_number = claim_answer.segment_number)
               OR (coalesce(charge_id, $before) IS NOT DISTINCT FROM $before
                   AND claim_number IN (SELECT unnest($numbers::VARCHAR[]))
                   AND payer_claim_number IN (SELECT unnest($payers::VARCHAR[]))))
        """,
        charge_id=candidate.charge_id,
        payer_id=claim_matcher.payer_of(facts, candidate),
        practice_id=task.practice_id,
        task_id=task.id,
        before=task.charge_id,
        numbers=list(facts.claim_numbers or ("",)),
        payers=list(facts.payer_numbers),
    )
    payers_claim_number.refresh(con, {candidate.charge_id, task.charge_id or candidate.charge_id})


def _key(answer: ClaimPayment) -> str:
    """Return what is answered of whose claim by whom."""
    payer = answer.payer.code or " ".join(fold(answer.payer.name))
    whose = (" ".join(sorted(fold(answer.patient.full_name))), *map(member_key, answer.member_ids))
    return "|".join((_older_key(answer), payer, *whose))


def _older_key(answer: ClaimPayment) -> str:
    """Return the key as older stores have it, without patient and payer."""
    said = (
        answer.claim_number or answer.patient.name,
        answer.payer_claim_number,
        answer.dates[0],
        answer.status,
        answer.charged,
        answer.paid,
        answer.remitted_on,
    )
    return "|".join(str(each) for each in said)


def _codes(answer_id: int, answer: ClaimPayment, practice_id: int) -> list[dict[str, object]]:
    common: dict[str, object] = {"claim_answer_id": answer_id, "practice_id": practice_id}
    adjustments = [
        common
        | {"kind": ADJUSTMENT, "group_code": each.group, "code": each.code, "amount": each.amount}
        for each in answer.reasons
    ]
    remarks = [
        common | {"kind": REMARK, "group_code": "", "code": code, "amount": None}
        for code in answer.remarks
    ]
    return [*adjustments, *remarks]
