"""What a payer decided, read from what it paid and why: a table of rules, the first match counts.

CLP02 alone decides almost nothing: 4 is only for a patient whom the payer does not recognize, and
every other denial comes as 1, 2 or 3 with nothing paid (X12 RFI 1423, 1885, 976). The same rows
stand in docs/decisions.md and are shown in Settings. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from lib.intake.x12.adjustments import Adjustment, Kind
from lib.intake.x12.remittance_records import ClaimPayment, Line

DENIED, PREDETERMINATION, REVERSAL = "4", "25", "22"  # CLP02
FORWARDED = frozenset({"19", "20", "21"})  # processed, and forwarded to another payer
NOT_THEIRS = frozenset({"23", "24"})  # forwarded without a decision
PENDED = frozenset({"5", "9", "10", "13", "14", "15", "16", "17"})  # in older versions
IN_REVIEW, CAPITATION = "133", "24"  # claim adjustment reason codes
ANSWERED_BEFORE = frozenset({"18", "85", "225", "B13"})  # a duplicate, interest, paid before
PUBLIC = frozenset({"MA", "MB", "MC"})  # CLP06: Medicare part A and B, Medicaid
NOTHING = Decimal("0.00")
MAX_LINES = 6  # named in a remark


class Outcome(StrEnum):
    """What became of a claim; the value is the word under which answers are counted."""

    PAID = "paid"
    DENIED = "denied"
    REVERSED = "reversed"
    PENDED = "pended"
    FORWARDED = "forwarded to another payer"
    PREDETERMINED = "predetermined"
    CAPITATED = "under capitation"
    ENCOUNTER = "without a charge"
    INTEREST = "interest only"
    OTHER_PAYER = "left to what another payer paid"
    UNREASONED = "left to the patient without a reason"
    NOTHING_DUE = "left to the contract and the patient"


@dataclass(frozen=True, slots=True)
class Facts:
    """What an answer adds up to."""

    answer: ClaimPayment
    asked: tuple[
        Adjustment, ...
    ]  # above zero, and neither contractual nor owed by the patient or another payer
    by_others: Decimal  # US dollars that another payer covered
    unexplained: Decimal  # US dollars of the charge that no adjustment explains

    @property
    def is_unpaid(self) -> bool:
        """Return True if nothing was paid on a charge above zero."""
        return self.answer.paid_on_claim == 0 and self.answer.charged > 0

    @property
    def is_open(self) -> bool:
        """Return True if some unpaid amount is neither the contract's, the patient's nor another
        payer's."""
        return bool(self.asked) or self.unexplained > 0

    def is_all(self, test: Callable[[Adjustment], bool]) -> bool:
        """Return True if every open dollar is adjusted for such a reason."""
        return bool(self.asked) and self.unexplained <= 0 and all(map(test, self.asked))


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    outcome: Outcome
    when: str
    then: str
    source: str
    holds: Callable[[Facts], bool]


def _is_capitated(reason: Adjustment) -> bool:
    return reason.group == "CO" and reason.code == CAPITATION


def _is_in_review(reason: Adjustment) -> bool:
    return reason.code == IN_REVIEW


TASK = "a task, always"
HISTORY = "history of a task that is open"
RULES = (
    Rule(
        Outcome.REVERSED,
        "the charge or the payment is below zero",
        f"{HISTORY}; a task where Settings say so",
        "005010X221A1 1.10.2.8 (a reversal negates every amount); RFI 1776",
        lambda said: said.answer.charged < 0 or said.answer.paid_on_claim < 0,
    ),
    Rule(
        Outcome.DENIED,
        "claim status (CLP02) is 4 and nothing was paid, whatever the adjustments say",
        TASK,
        "005010X221A1 CLP02 (the patient is not recognised); RFI 1423, 1885, 207",
        lambda said: said.answer.status == DENIED and said.answer.paid_on_claim == 0,
    ),
    Rule(
        Outcome.PREDETERMINED,
        "claim status (CLP02) is 25: a price was asked for, nothing was billed",
        HISTORY,
        "005010X221A1 1.10.2.7; RFI 1941",
        lambda said: said.answer.status == PREDETERMINATION,
    ),
    Rule(
        Outcome.FORWARDED,
        "claim status (CLP02) is 23 (or 24): not this payer's claim, passed on without a decision",
        HISTORY,
        "005010X221A1 CLP02",
        lambda said: said.answer.status in NOT_THEIRS,
    ),
    Rule(
        Outcome.REVERSED,
        "claim status (CLP02) is 22, unless a charge above zero was left unpaid for a reason that "
        "can be answered or for none",
        f"{HISTORY}; a task where Settings say so",
        "005010X221A1 1.10.2.8; senders that write 22 on the corrected answer",
        lambda said: said.answer.status == REVERSAL and not (said.is_unpaid and said.is_open),
    ),
    Rule(
        Outcome.PAID,
        "something was paid, interest apart",
        "proposes to complete an open task; a task for what was not paid where Settings say so; "
        "dollars that no adjustment explains are named, and the file is not whole",
        "005010X221A1 1.10.2.1 (charge = payment + adjustments)",
        lambda said: said.answer.paid_on_claim > 0,
    ),
    Rule(
        Outcome.INTEREST,
        "interest was paid, and adjustments explain the whole charge: all that is open was "
        "answered before (CARC 18, 85, 225, B13)",
        HISTORY,
        "005010X221A1 AMT*I and 1.10.2.9 (interest); RFI 1565, 1705 (interest in CAS, below zero)",
        lambda said: (
            (said.answer.interest > 0 or said.answer.interest_in_payment > 0)
            and said.unexplained <= 0
            and all(each.code in ANSWERED_BEFORE for each in said.asked)
        ),
    ),
    Rule(
        Outcome.ENCOUNTER,
        "nothing was charged",
        HISTORY,
        "005010X221A1 1.10.2.15 (encounters); RFI 424",
        lambda said: said.answer.charged == 0,
    ),
    Rule(
        Outcome.PENDED,
        "nothing was paid yet: the claim is pended (CLP02 5 or 9–17) and no reason asks for an "
        "answer, or all that is open waits for review (CARC 133)",
        HISTORY,
        "CARC 133; RFI 457 (5 is allowed in version 4010)",
        lambda said: (
            (said.answer.status in PENDED and all(map(_is_in_review, said.asked)))
            or said.is_all(_is_in_review)
        ),
    ),
    Rule(
        Outcome.CAPITATED,
        "all that is open is CO 24, and the plan is neither Medicare nor Medicaid",
        HISTORY,
        "RFI 424 (capitated services are adjusted with CARC 24); for Medicare and Medicaid 24 "
        "means that a managed-care plan is to be billed",
        lambda said: said.is_all(_is_capitated) and said.answer.filing not in PUBLIC,
    ),
    Rule(
        Outcome.FORWARDED,
        "claim status (CLP02) is 19, 20 or 21, and all that is open is the patient's (PR): the "
        "next payer is asked for it",
        HISTORY,
        "005010X221A1 CLP02 (processed, forwarded to additional payers)",
        lambda said: (
            said.answer.status in FORWARDED and said.is_all(lambda reason: reason.group == "PR")
        ),
    ),
    Rule(
        Outcome.OTHER_PAYER,
        "nothing was paid, and contract, patient's share and what another payer paid (CARC 23) "
        "explain all of it",
        HISTORY,
        "005010X221A1 1.10.2.13 (secondary payers report OA 23); RFI 1696",
        lambda said: not said.is_open and said.by_others > 0,
    ),
    Rule(
        Outcome.UNREASONED,
        "nothing was paid, all is left to the patient (CLP05), and no adjustment says why",
        HISTORY,
        "005010X221A1 1.10.2.1 (what is not paid is explained by adjustments)",
        lambda said: not said.is_open and not said.answer.reasons,
    ),
    Rule(
        Outcome.NOTHING_DUE,
        "nothing was paid, and the contract (CARC 45) and the patient's share (PR 1, 2, 3) explain "
        "all of it",
        "proposes to complete an open task",
        "CARC 45 and PR 1, 2, 3; 005010X221A1 1.10.2.1",
        lambda said: not said.is_open,
    ),
    Rule(
        Outcome.DENIED,
        "nothing was paid on a charge above zero, for any other reason or for none",
        TASK,
        "RFI 1423, 1885, 976 (1, 2 and 3 say “processed”, not “paid”)",
        lambda _said: True,
    ),
)


def plain_rows() -> list[tuple[str, str, str]]:
    """Return the table for people: what an answer says, how it is counted, what becomes of it."""
    return [(_capital(rule.when), rule.outcome.value, rule.then) for rule in RULES]


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def facts(answer: ClaimPayment) -> Facts:
    """Return what the answer adds up to.

    Where no CAS segment names the patient's share, it is taken from CLP05. What a paid claim leaves
    unexplained is not known where the amount of an adjustment cannot be read.
    """
    positive = [reason for reason in answer.reasons if reason.amount > 0]
    asked = tuple(reason for reason in positive if reason.kind is Kind.ASKED)
    by_others = sum((r.amount for r in positive if r.kind is Kind.OTHER_PAYER), NOTHING)
    named = sum((reason.amount for reason in answer.reasons), NOTHING)
    # named both for the claim and for its lines: the same money, or two parts that fit the charge
    if named < answer.adjusted <= answer.charged - answer.paid:
        named = answer.adjusted
    if not any(reason.group == "PR" for reason in answer.reasons):
        named += answer.patient_owes or NOTHING
    unexplained = answer.charged - answer.paid - named
    if answer.is_unread and answer.paid_on_claim > 0:
        unexplained = NOTHING
    return Facts(answer, asked, by_others, max(unexplained, NOTHING))


def rule_of(answer: ClaimPayment) -> Rule:
    """Return the first row of the table that matches."""
    said = facts(answer)
    return next(rule for rule in RULES if rule.holds(said))


def outcome(answer: ClaimPayment) -> Outcome:
    """Return what became of the claim."""
    return rule_of(answer).outcome


def is_denied_in_part(answer: ClaimPayment) -> bool:
    """Return True if something was paid, and some of the rest is denied or not explained."""
    is_open = facts(answer).is_open or bool(denied_lines(answer))
    return is_open and outcome(answer) is Outcome.PAID


def denied_lines(answer: ClaimPayment) -> list[Line]:
    """Return the service lines for which nothing was paid, for a reason that somebody may answer,
    or for none where the claim leaves dollars that no adjustment explains."""
    is_silent = facts(answer).unexplained > 0
    return [line for line in answer.lines if line.is_denied or (is_silent and line.is_silent)]


def at_stake(answer: ClaimPayment) -> Decimal:
    """Return the US dollars of the denied lines that depend on the answer."""
    denied = denied_lines(answer)
    asked = sum((line.at_stake for line in denied if not line.is_silent), NOTHING)
    silent = sum((line.charged for line in denied if line.is_silent), NOTHING)
    return asked + min(silent, facts(answer).unexplained)


def unbalanced(answer: ClaimPayment) -> str:
    """Return a remark on a paid claim that leaves dollars open without any reason, with the service
    lines that do; empty if it adds up. Adjustments must make up what is not paid (005010X221A1
    1.10.2.1)."""
    amount = facts(answer).unexplained
    if amount <= 0 or outcome(answer) is not Outcome.PAID:
        return ""
    silent = [
        line for line in answer.lines
        if line.charged - line.paid > sum(reason.amount for reason in line.reasons)
    ]  # fmt: skip
    named = dict.fromkeys(line.procedure for line in silent if line.procedure)
    lines = ", ".join([*named][:MAX_LINES])
    return (
        f"Segment {answer.segment_number}: {amount:,.2f} US dollars of a paid claim are neither "
        f"paid nor adjusted{f' (service line {lines})' if lines else ''}: ask the payer about them."
    )


def is_duplicate(answer: ClaimPayment) -> bool:
    """Return True if all that is open was answered before (CARC 18, 85, 225, B13)."""
    return facts(answer).is_all(lambda reason: reason.code in ANSWERED_BEFORE)


def open_amount(answer: ClaimPayment) -> Decimal:
    """Return the US dollars of a denied claim that depend on the answer: those for which it gives a
    reason to act on, or none at all, without the contract's and the patient's part and what is
    still in review. Where the adjustments name no such dollars it is all that nobody else covers.

    What other payers cover can come to the whole charge, of which a contract adds some back.
    """
    said, quiet = facts(answer), capitated(answer) + in_review(answer)
    left = answer.charged - said.by_others - quiet
    asked = sum((each.amount for each in said.asked), said.unexplained) - quiet
    if left > 0:
        return min(asked, left) if asked > 0 else left
    return min(asked, answer.charged) or answer.charged


def capitated(answer: ClaimPayment) -> Decimal:
    """Return the US dollars that a capitation agreement covers; Medicare and Medicaid have none."""
    if answer.filing in PUBLIC:
        return NOTHING
    return sum((each.amount for each in facts(answer).asked if _is_capitated(each)), NOTHING)


def in_review(answer: ClaimPayment) -> Decimal:
    """Return the US dollars of which the payer says that it still decides (CARC 133)."""
    return sum((each.amount for each in facts(answer).asked if _is_in_review(each)), NOTHING)


def left_to_answer(answer: ClaimPayment) -> ClaimPayment:
    """Return the answer without the reasons that ask nothing of the practice (capitation, review),
    if it is open for anything else."""
    is_public = answer.filing in PUBLIC
    quiet = {
        each for each in answer.asked
        if _is_in_review(each) or (_is_capitated(each) and not is_public)
    }  # fmt: skip
    said = facts(answer)
    is_more = said.unexplained > 0 or any(each not in quiet for each in said.asked)
    if not quiet or not is_more:
        return answer
    return replace(answer, reasons=tuple(each for each in answer.reasons if each not in quiet))
