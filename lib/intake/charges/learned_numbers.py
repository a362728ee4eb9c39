"""What answers teach about a charge: the payer's and the clearinghouse's numbers for it, and which
parts of a split claim were answered. Only answers that certainly belong to the charge count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from lib import payers_claim_number
from lib.intake.charges import new_charges
from lib.intake.import_context import ImportContext
from lib.intake.matching.claim_facts import ClaimFacts, stated
from lib.intake.matching.claim_matcher import Candidate, Comparison
from lib.intake.matching.claim_numbers import could_be_same, grouped_key, lookup_key
from lib.intake.matching.known_charges import Charges
from lib.intake.records import PayerUpdate, Request
from lib.intake.x12 import denial_requests_835, payer_decision_rules
from lib.intake.x12.payer_decision_rules import Outcome
from lib.intake.x12.remittance_records import ClaimPayment
from lib.store.database import Connection

# Outcomes of a part of a claim: nothing left to do about it, and somebody has to act.
SETTLED = {
    Outcome.PAID, Outcome.NOTHING_DUE, Outcome.OTHER_PAYER, Outcome.CAPITATED, Outcome.ENCOUNTER,
}  # fmt: skip
UNSETTLED = {Outcome.REVERSED, Outcome.DENIED}


def keep(
    con: Connection,
    said: Iterable[Request | PayerUpdate | ClaimPayment],
    charges: Charges,
    source: ImportContext,
) -> set[str]:
    """Store the payer's and the clearinghouse's numbers with each charge, inside a transaction: a
    later claim or answer may name only those. Return the lookup keys of the payer's new ones."""
    numbers: dict[tuple[int, str, str], bool] = {}
    for each in said:
        facts = each.about if isinstance(each, Request) else each.facts
        if not (each.payer_claim_number or facts.trace_numbers):
            continue
        match = charges.match(facts)
        if match.charge_id is None:
            continue
        is_proven = match.compared[0].is_proven
        for number in payers(stated(each.payer_claim_number), match.compared[0].candidate):
            key = match.charge_id, "payer", number
            numbers[key] = numbers.get(key, False) or is_proven
        for number in facts.trace_numbers:
            numbers[match.charge_id, "trace", number] = is_proven
    numbers |= dict.fromkeys(_of_several(numbers), False)
    return _add_numbers(con, numbers, source)


def _of_several(numbers: Iterable[tuple[int, str, str]]) -> list[tuple[int, str, str]]:
    """Return the payer's numbers that one remittance gives to several charges: they prove none."""
    charges: dict[str, set[int]] = defaultdict(set)
    for charge_id, kind, number in numbers:
        if kind == "payer":
            charges[grouped_key(number)].add(charge_id)
    return [each for each in numbers if len(charges.get(grouped_key(each[2]), ())) > 1]


def learn(
    con: Connection, told: Iterable[ClaimFacts], charges: Charges, source: ImportContext
) -> set[str]:
    """Store the payer's numbers in messages that came before their claim did, inside a transaction.
    Return the lookup keys of those that are new."""
    numbers: dict[tuple[int, str, str], bool] = {}
    for facts in told:
        match = charges.match(facts)
        if match.charge_id is None:
            continue
        for number in payers(facts.payer_numbers, match.compared[0].candidate):
            key = match.charge_id, "payer", number
            numbers[key] = numbers.get(key, False) or match.compared[0].is_proven
    return _add_numbers(con, numbers, source)


def payers(numbers: Iterable[str], candidate: Candidate) -> list[str]:
    """Return which of the numbers that a message calls the payer's can be: a charge's own is none,
    though some senders write it there."""
    own = {each.claim_number for each in candidate.filed}
    return [each for each in numbers if not any(could_be_same(each, one) for one in own)]


def _add_numbers(
    con: Connection, numbers: Mapping[tuple[int, str, str], bool], source: ImportContext
) -> set[str]:
    """Insert what is new or newly proven; return the lookup keys of the payer's new numbers."""
    if not numbers:
        return set()
    ids = list({charge_id for charge_id, _, _ in numbers})
    held: dict[str, bool] = dict(
        con.rows(
            """
            SELECT charge_id || ' ' || kind || ' ' || number, is_proven FROM charge_number
            WHERE charge_id IN (SELECT unnest($ids::BIGINT[])) ORDER BY is_proven
            """,
            ids=ids,
        )
    )
    con.insert(
        "charge_number",
        [
            new_charges.number_row(charge_id, kind, number, source, is_proven=is_proven)
            for (charge_id, kind, number), is_proven in numbers.items()
            if held.get(f"{charge_id} {kind} {number}") not in (True, is_proven)
        ],
    )
    return {
        lookup_key(number)
        for charge_id, kind, number in numbers
        if kind == "payer" and f"{charge_id} {kind} {number}" not in held
    }


def proven(con: Connection, charge_ids: Iterable[int]) -> dict[int, set[str]]:
    """Return the keys of the payer's numbers that a message which names patient, day and payer, or
    a person's choice, gave to each of these charges."""
    found: dict[int, set[str]] = defaultdict(set)
    for charge_id, number in con.rows(
        """
        SELECT DISTINCT charge_id, number FROM charge_number
        WHERE charge_id IN (SELECT unnest($ids::BIGINT[])) AND kind = 'payer' AND is_proven
        """,
        ids=list(charge_ids),
    ):
        found[charge_id].add(grouped_key(number))
    return found


def doubtful(con: Connection, charge_ids: Iterable[int]) -> set[int]:
    """Return the charges whose payer's claim number may be another's: no message that proves it
    gave it, and another charge has the same claim number or payer's claim number."""
    rows = con.rows(
        """
        SELECT charge.id, charge.claim_number, other.claim_number,
               other.payer_claim_number = charge.payer_claim_number
        FROM charge
        JOIN charge AS other
          ON other.practice_id = charge.practice_id AND other.id <> charge.id
         AND (other.number_key = charge.number_key
              OR other.payer_claim_number = charge.payer_claim_number)
        WHERE charge.id IN (SELECT unnest($ids::BIGINT[])) AND charge.payer_claim_number <> ''
          AND NOT EXISTS (SELECT 1 FROM charge_number AS said
                          WHERE said.charge_id = charge.id AND said.kind = 'payer'
                            AND said.number = charge.payer_claim_number AND said.is_proven)
        """,
        ids=list(charge_ids),
    )
    return {
        charge_id
        for charge_id, number, other, is_numbered_alike in rows
        if is_numbered_alike or could_be_same(number, other)
    }


def lacking(comparison: Comparison, facts: ClaimFacts, known: Collection[str]) -> tuple[str, ...]:
    """Return which of patient, day and payer a message does not prove; none if it names the claim
    by a number of the payer that is proven, whose keys are `known`."""
    is_numbered = any(grouped_key(number) in known for number in facts.payer_numbers)
    return () if is_numbered else comparison.lacking


def forget(con: Connection, charge_id: int, facts: ClaimFacts) -> None:
    """Remove from a charge the numbers it got from a message that means another one, or may; it
    keeps the one of its own newest remittance."""
    numbers = list(stated(*facts.payer_numbers, *facts.trace_numbers))
    con.execute(
        """
        DELETE FROM charge_number
        WHERE charge_id = $charge_id AND kind <> 'claim'
          AND number IN (SELECT unnest($numbers::VARCHAR[]))
        """,
        charge_id=charge_id,
        numbers=numbers,
    )
    con.execute(
        """
        UPDATE claim_answer SET charge_id = NULL
        WHERE charge_id = $charge_id AND payer_claim_number IN (SELECT unnest($numbers::VARCHAR[]))
        """,
        charge_id=charge_id,
        numbers=numbers,
    )
    con.execute(
        """
        UPDATE charge SET payer_claim_number = NULL
        WHERE id = $id AND payer_claim_number IN (SELECT unnest($numbers::VARCHAR[]))
        """,
        id=charge_id,
        numbers=numbers,
    )
    payers_claim_number.refresh(con, [charge_id])


def parts(
    con: Connection,
    practice_id: int,
    answers: Iterable[ClaimPayment],
    charges: Charges,
) -> dict[int, Decimal]:
    """Return the US dollars settled so far of each split claim among these answers, and store the
    parts. A part that is denied or taken back is not settled any more; interest, a forwarding, a
    pending answer or the denial of a duplicate change nothing."""
    told: list[tuple[int, str, Decimal | None]] = []
    ids: set[int] = set()
    for each in answers:
        if not each.facts.is_part:
            continue
        if (charge_id := charges.match(each.facts).charge_id) is None:
            continue
        ids.add(charge_id)
        outcome = payer_decision_rules.outcome(each)
        if outcome in SETTLED:
            told.append((charge_id, denial_requests_835.part_key(each), each.facts.charged))
        elif outcome in UNSETTLED and not payer_decision_rules.is_duplicate(each):
            told.append((charge_id, denial_requests_835.part_key(each), None))
    if not ids:
        return {}
    held: dict[tuple[int, str], Decimal | None] = {
        (charge_id, key): charged
        for charge_id, key, charged in con.rows(
            """
            SELECT charge_id, answer_key, charged FROM claim_part
            WHERE practice_id = $practice_id
              AND charge_id IN (SELECT unnest($ids::BIGINT[]))
            """,
            practice_id=practice_id,
            ids=list(ids),
        )
    }
    said: dict[tuple[int, str], Decimal | None] = {}
    for charge_id, part, charged in told:
        known = {key for of, key in (*held, *said) if of == charge_id}
        said[charge_id, denial_requests_835.held_part(part, known)] = charged
    _keep_parts(con, practice_id, said, held)
    total = dict.fromkeys(ids, Decimal(0))
    for (charge_id, _), charged in (held | said).items():
        total[charge_id] += charged or Decimal(0)
    return total


def _keep_parts(
    con: Connection,
    practice_id: int,
    said: Mapping[tuple[int, str], Decimal | None],
    held: Mapping[tuple[int, str], Decimal | None],
) -> None:
    for (charge_id, key), charged in said.items():
        if charged is None and (charge_id, key) in held:
            con.execute(
                "DELETE FROM claim_part WHERE charge_id = $charge_id AND answer_key = $key",
                charge_id=charge_id,
                key=key,
            )
    con.insert(
        "claim_part",
        [
            {
                "practice_id": practice_id,
                "charge_id": charge_id,
                "answer_key": key,
                "charged": charged,
            }
            for (charge_id, key), charged in said.items()
            if charged is not None and (charge_id, key) not in held
        ],
    )
