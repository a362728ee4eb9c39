"""Answers that replace one of the same remittance under another number of the payer's. Pure.

A payer that answers a claim, takes the answer back (CLP02 = 22) and answers it anew under another
CLP07 need not name the first number (REF*F8, ASC X12N/005010X221A1). Where one file holds all
three, and they agree in patient, days and amount, the first number is the later answer's original.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace

from lib.intake.matching.claim_numbers import grouped_key
from lib.intake.x12 import payer_decision_rules
from lib.intake.x12.payer_decision_rules import REVERSAL, Outcome
from lib.intake.x12.remittance_records import ClaimPayment


def with_originals(
    answers: Sequence[ClaimPayment], before: Sequence[ClaimPayment] = ()
) -> list[ClaimPayment]:
    """Return the answers, each with the number of the one that it replaces; `before` are those that
    the file holds just before them."""
    if all(each.status != REVERSAL for each in (*before, *answers)):
        return list(answers)
    of_claim: dict[Hashable, list[ClaimPayment]] = defaultdict(list)
    for each in (*before, *answers):
        if each.claim_number and each.payer_claim_number:
            of_claim[_claim(each)].append(each)
    originals: dict[Hashable, str] = {}
    for claim, several in of_claim.items():
        given_up, standing = _numbers(several)
        if len(given_up) == 1 and len(standing) == 1:
            originals[claim] = given_up.pop()
    return [
        replace(each, original=original)
        if not each.original
        and not _is_reversal(each)
        and (original := originals.get(_claim(each)))
        and grouped_key(original) != grouped_key(each.payer_claim_number)
        else each
        for each in answers
    ]


def taken_back(answers: Sequence[ClaimPayment]) -> set[int]:
    """Return which answers (their segment numbers) are taken back later among these, by a reversal
    of the same day, number and payment."""
    found: set[int] = set()
    standing: dict[Hashable, list[int]] = defaultdict(list)
    for each in answers:
        number = grouped_key(each.payer_claim_number)
        if not _is_reversal(each):
            standing[_claim(each), number, each.paid].append(each.segment_number)
        elif same := standing.get((_claim(each), number, -each.paid)):
            found.add(same.pop())
    return found


def _is_reversal(answer: ClaimPayment) -> bool:
    is_so_named = answer.status == REVERSAL  # also written on the corrected answer
    return is_so_named and payer_decision_rules.outcome(answer) is Outcome.REVERSED


def _claim(answer: ClaimPayment) -> Hashable:
    return (
        grouped_key(answer.claim_number),
        answer.remitted_on,
        answer.patient.compared_name,
        answer.dates,
        abs(answer.charged),
    )


def _numbers(answers: Sequence[ClaimPayment]) -> tuple[set[str], set[str]]:
    """Return under which of the payer's numbers every answer was taken back after it, and under
    which one stands."""
    paid: dict[str, list[object]] = defaultdict(list)
    spelled: dict[str, str] = {}
    reversed_ones: set[str] = set()
    for each in answers:
        key = grouped_key(each.payer_claim_number)
        spelled.setdefault(key, each.payer_claim_number)
        if not _is_reversal(each):
            paid[key].append(each.paid)
        elif -each.paid in paid[key]:
            paid[key].remove(-each.paid)
            reversed_ones.add(key)
    standing = {key for key, amounts in paid.items() if amounts}
    return {spelled[key] for key in reversed_ones - standing}, standing
