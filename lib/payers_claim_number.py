"""Which number of the payer's a replacement of a claim names (REF*F8): that of the claim which it
decided and which stands.

Source: ASC X12N/005010X222A1, loop 2300 (the Payer Claim Control Number is that of the previously
adjudicated claim); 005010X221A1, CLP07 and 1.10.2.8.

Everything that could change it (an import, a claim that comes later, a person's choice, a corrected
payer) calls `refresh`, which looks at all answers held: their order of arrival does not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from lib.earlier_claims import with_corrected_payer
from lib.store.database import Connection


class Said(StrEnum):
    """What an answer says of the claim that bears its number (CLP07)."""

    DECIDED = "decided"
    REVERSED = "reversed"  # the payer takes an answer under this number back
    HELD = "held"  # the payer has the claim: it is pended, or this is a duplicate of it
    NOTHING = ""  # only a price was asked for, or it is another payer's claim


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer of a remittance to a claim that is held."""

    charge_id: int
    number: str
    outcome: str
    day: date
    is_part: bool
    is_from_current_payer: bool


def of_charges(con: Connection, charge_ids: Iterable[int]) -> dict[int, str]:
    """Return the payer's number for each of these charges that has answers which decided it.

    Where somebody corrected the payer, only that payer's answers count, and without one the number
    is empty. A charge that no answer decided keeps the number that an older store wrote on it.
    """
    ids = list(set(charge_ids))
    if not ids:
        return {}
    corrected = with_corrected_payer(con, ids)
    answers: dict[int, list[_Answer]] = defaultdict(list)
    for each in _answers(con, ids):
        if each.is_from_current_payer or each.charge_id not in corrected:
            answers[each.charge_id].append(each)
    numbers = {charge_id: standing(answers[charge_id]) for charge_id in ids}
    return {each: number for each, number in numbers.items() if number or each in corrected}


def refresh(con: Connection, charge_ids: Iterable[int]) -> None:
    """Write the payer's number on each of these charges, inside the caller's transaction."""
    numbers = of_charges(con, charge_ids)
    if not numbers:
        return
    con.execute(
        """
        UPDATE charge SET payer_claim_number = said.number
        FROM (SELECT unnest($ids::BIGINT[]) AS id, unnest($numbers::VARCHAR[]) AS number) AS said
        WHERE charge.id = said.id AND payer_claim_number IS DISTINCT FROM said.number
        """,
        ids=list(numbers),
        numbers=list(numbers.values()),
    )


def standing(answers: Collection[_Answer]) -> str:
    """Return the number under which the payer decided the claim last, by the day of its answers,
    and did not take that back since; empty if it decided nothing.

    A correction stands on the day of its reversal. Of two numbers of one day the one that never was
    taken back counts, then that of the whole claim, then the greater one.
    """
    decided: dict[str, list[_Answer]] = defaultdict(list)
    reversed_on: dict[str, date] = {}
    for each in answers:
        if each.outcome == Said.DECIDED:
            decided[each.number].append(each)
        else:
            reversed_on[each.number] = max(each.day, reversed_on.get(each.number, date.min))

    def rank(number: str) -> tuple[bool, date, bool, bool, int, str]:
        last = max(each.day for each in decided[number])
        return (
            number not in reversed_on or reversed_on[number] <= last,
            last,
            number not in reversed_on,
            not all(each.is_part for each in decided[number]),
            len(number),
            number,
        )

    return max(decided, key=rank, default="")


def _answers(con: Connection, ids: Collection[int]) -> list[_Answer]:
    rows = con.rows(
        """
        SELECT charge.id, claim_answer.payer_claim_number, outcome,
               coalesce(answered_on, DATE '0001-01-01'), coalesce(is_part, false),
               claim_answer.payer_id = charge.payer_id
        FROM claim_answer JOIN charge ON charge.id = claim_answer.charge_id
        WHERE claim_answer.charge_id IN (SELECT unnest($ids::BIGINT[]))
          AND claim_answer.payer_claim_number <> '' AND outcome IN ($decided, $reversed)
        """,
        ids=list(ids),
        decided=Said.DECIDED.value,
        reversed=Said.REVERSED.value,
    )
    return [
        _Answer(charge_id, number, outcome, day, is_part, bool(is_current))
        for charge_id, number, outcome, day, is_part, is_current in rows
    ]
