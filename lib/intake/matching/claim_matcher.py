"""Which of our charges a message is about: numbers find candidates, facts decide. Pure.

A charge matches if one of its numbers agrees and nothing that both sides state contradicts it. Of
several such charges, one is chosen only if it agrees in every fact at least as exactly as each of
the others. Where that is not certain, nothing is matched and a person chooses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import IntEnum, StrEnum

from lib.intake.matching.claim_facts import LATER, PRIMARY, ClaimFacts
from lib.intake.matching.claim_numbers import (
    grouped_key,
    is_but_for_separators,
    is_cut,
    is_same,
)
from lib.intake.matching.spelling_comparison import (
    LAST_NAME,
    could_be_member,
    could_be_payer,
    could_be_person,
    fold,
    has_first_name,
    is_nickname_of_several,
    is_other_plan,
    is_same_name,
    lost_letters,
    member_key,
)

ROLES = frozenset("PST")  # SBR01; other values say nothing


class Agreement(IntEnum):
    """How two statements of one fact compare."""

    DISAGREES = -2
    ILLEGIBLE = -1  # letters were lost, or a nickname fits two: it may be the same, or another
    NOT_STATED = 0  # by one side or both
    AGREES = 1
    EXACT = 2  # letter by letter, day by day


class Outcome(StrEnum):
    """Whether a message matched a charge, and if not, why."""

    MATCHED = "matched"
    SEVERAL = "several"  # several agree, and none better than the others
    CONTRADICTED = "contradicted"
    UNPROVEN = "unproven"  # nothing contradicts, and too little is stated to be certain
    NOT_FOUND = "not found"


@dataclass(frozen=True, slots=True)
class Filed:
    """What a charge was filed as, at one time."""

    claim_number: str
    patient_name: str
    member_id: str
    dates: tuple[date | None, date | None]
    totals: tuple[Decimal, ...]  # as filed, and as its lines add up now
    payer_names: tuple[str, ...]  # the payer's name, and others that people said are the same payer
    payer_code: str
    payer_role: str = ""
    payer_id: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A charge that a message could be about."""

    charge_id: int
    filed: tuple[Filed, ...]  # as it is now, then as it was before
    birth_date: date | None = None
    payer_numbers: tuple[str, ...] = ()
    trace_numbers: tuple[str, ...] = ()
    # names and IDs of the patient's other payers, as the claim gives them
    other_payers: tuple[str, ...] = ()
    is_voided: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact as both sides state it."""

    name: str  # such as "Patient", as the screen says it
    agreement: Agreement
    stated: str  # by the message
    held: str  # by the charge


@dataclass(frozen=True, slots=True)
class Comparison:
    """A candidate, and how it agrees with what a message states."""

    candidate: Candidate
    facts: tuple[Fact, ...]
    lacks_separators: bool = False  # but for those between digits the numbers are the same

    def of(self, name: str) -> Agreement:
        """Return how one fact compares."""
        return next(each.agreement for each in self.facts if each.name == name)

    @property
    def agrees(self) -> bool:
        """Return True if the number is the claim's and nothing contradicts it.

        The number alone says too little: patient, member ID, date of birth, day or the payer's own
        number agrees with it. A rewritten number needs the patient too, or day and amount. A
        truncated one, or one that stands where another kind of number belongs, needs patient and
        day; one that lost or got separators between digits needs the exact amount as well. A name
        that lost letters leaves open who is meant, unless the payer's own number says it.
        """
        if self.disagreements:
            return False
        if self.illegible and self.of(PAYERS_NUMBER) is not Agreement.EXACT:
            return False
        number = self.of(NUMBER)
        if number is Agreement.EXACT:
            return any(self.of(each) > 0 for each in WHOSE)
        patient, day, amount = (self.of(each) > 0 for each in (PATIENT, DAY, AMOUNT))
        if number is Agreement.AGREES:
            return patient or (day and amount)
        if self.lacks_separators:
            return self.names_patient and day and self.of(AMOUNT) is Agreement.EXACT
        return patient and day

    @property
    def is_proven(self) -> bool:
        """Return True if patient, day and payer all agree, which a replacement claim requires."""
        return self.agrees and not self.lacking

    @property
    def lacking(self) -> tuple[str, ...]:
        """Return which of patient, day and payer do not agree."""
        return tuple(
            name
            for name in PROOF
            if not (self.names_patient if name == PATIENT else self.of(name) > 0)
        )

    @property
    def names_patient(self) -> bool:
        """Return True if the patient agrees and is meant for certain: a last name is a whole
        family's, and names somebody only with the first name or the date of birth."""
        [patient] = [each for each in self.facts if each.name == PATIENT]
        return patient.agreement is Agreement.EXACT or (
            patient.agreement is Agreement.AGREES
            and (has_first_name(patient.stated) or self.of(BORN) > 0)
        )

    @property
    def disagreements(self) -> tuple[Fact, ...]:
        """Return the facts in which message and charge contradict each other."""
        return tuple(each for each in self.facts if each.agreement is Agreement.DISAGREES)

    @property
    def illegible(self) -> tuple[Fact, ...]:
        """Return the facts that lost letters on their way here and could be the charge's."""
        return tuple(each for each in self.facts if each.agreement is Agreement.ILLEGIBLE)

    @property
    def doubts(self) -> tuple[Fact, ...]:
        """Return the facts that contradict each other, or that lost letters and prove nothing: the
        payer's number may be known from this very message."""
        return (*self.disagreements, *self.illegible)

    def exceeds(self, other: Comparison) -> bool:
        """Return True if this one agrees at least as exactly in every fact, and more exactly in
        one."""
        pairs: list[tuple[int, int]] = [
            (one.agreement, two.agreement) for one, two in zip(self.facts, other.facts, strict=True)
        ]
        pairs.append((not self.candidate.is_voided, not other.candidate.is_voided))
        return all(one >= two for one, two in pairs) and any(one > two for one, two in pairs)


@dataclass(frozen=True, slots=True)
class Match:
    """The matcher's result for one message."""

    outcome: Outcome
    charge_id: int | None = None
    compared: tuple[Comparison, ...] = field(default=(), compare=False)  # the most likely first
    is_shared: bool = False  # unproven, since the file answers two claims of one number

    @property
    def agreeing(self) -> int:
        """Return how many charges agree."""
        return sum(each.agrees for each in self.compared)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Return the facts by which the charge was chosen; empty if none was."""
        return self.compared[0].facts if self.outcome is Outcome.MATCHED else ()


NUMBER, PATIENT, MEMBER, BORN = "Claim number", "Patient", "Member ID", "Date of birth"
DAY, AMOUNT, PAYER = "Date of service", "Amount charged", "Payer"
ROLE, PAYERS_NUMBER = "Order of payers", "Payer's claim number"
PROOF = (PATIENT, DAY, PAYER)
WHOSE = (PATIENT, MEMBER, BORN, DAY, PAYERS_NUMBER)  # one of them agrees beside the number
ROLE_NAMES = {
    "P": "primary", "S": "secondary", "T": "tertiary", LATER: "secondary or tertiary",
}  # fmt: skip


def match(message: ClaimFacts, candidates: Iterable[Candidate]) -> Match:
    """Return the one charge that is meant, or why it cannot be told."""
    compared = sorted(
        (compare(message, each) for each in candidates),
        key=lambda each: (
            not each.agrees,
            bool(each.disagreements),
            -sum(fact.agreement for fact in each.facts),
            each.candidate.is_voided,
            -abs(each.candidate.charge_id),  # those still to come in have ids below zero
        ),
    )
    agreeing = [each for each in compared if each.agrees]
    if not compared:
        return Match(Outcome.NOT_FOUND)
    if not agreeing:
        is_silent = any(not each.disagreements for each in compared)
        outcome = Outcome.UNPROVEN if is_silent else Outcome.CONTRADICTED
        return Match(outcome, None, tuple(compared))
    for best in agreeing:
        if all(best is other or best.exceeds(other) for other in agreeing):
            rest = [each for each in compared if each is not best]
            return Match(Outcome.MATCHED, best.candidate.charge_id, (best, *rest))
    return Match(Outcome.SEVERAL, None, tuple(compared))


def payer_of(message: ClaimFacts, candidate: Candidate) -> int | None:
    """Return which payer that the charge has or had the message names best, the present one first;
    None if it names none of them."""
    best = max(
        candidate.filed,
        key=lambda each: (
            _payer(message, each, candidate), each.payer_id == candidate.filed[0].payer_id,
        ),
    )  # fmt: skip
    return best.payer_id if _payer(message, best, candidate) > 0 else None


def agreed(facts: Iterable[Fact]) -> tuple[str, ...]:
    """Return the names of the facts that agree, as words for a sentence."""
    return tuple(
        f"{fact.name[:1].lower()}{fact.name[1:]}"
        for fact in facts
        if fact.agreement > Agreement.NOT_STATED
    )


def compare(message: ClaimFacts, candidate: Candidate) -> Comparison:
    """Compare every fact with the version of the charge that agrees best with the message."""
    versions = [_version(message, candidate, filed) for filed in candidate.filed]
    best = max(
        versions,
        key=lambda facts: (
            min(each.agreement for each in facts), sum(each.agreement for each in facts)
        ),
    )  # fmt: skip
    agreement, is_alike = _number_agreement(message, candidate)
    return Comparison(candidate, (_number(message, candidate, agreement), *best), is_alike)


def _version(message: ClaimFacts, candidate: Candidate, filed: Filed) -> list[Fact]:
    member = _member(message.member_ids, filed.member_id)
    same_member = member > 0
    born = _equal(message.birth_date, candidate.birth_date)
    return [
        Fact(
            PATIENT,
            _patient(
                message.patient_name, filed.patient_name, same_member=same_member,
                same_birth=born is Agreement.EXACT,
            ),
            message.patient_name,
            filed.patient_name,
        ),
        Fact(MEMBER, member, ", ".join(message.member_ids), filed.member_id),
        Fact(
            BORN,
            born,
            _day(message.birth_date),
            _day(candidate.birth_date),
        ),
        Fact(DAY, _days(message.dates, filed.dates), _days_text(message.dates),
             _days_text(filed.dates)),
        Fact(
            AMOUNT,
            _amount(message, filed.totals),
            "" if message.charged is None else f"{message.charged:,.2f}",
            f"{filed.totals[0]:,.2f}" if filed.totals else "",
        ),
        Fact(PAYER, _payer(message, filed, candidate), message.payer_name, filed.payer_names[0]),
        Fact(
            ROLE,
            _role(message.payer_role, filed.payer_role),
            ROLE_NAMES.get(message.payer_role, ""),
            ROLE_NAMES.get(filed.payer_role, ""),
        ),
        Fact(
            PAYERS_NUMBER,
            _payers_number(message.payer_numbers, candidate.payer_numbers),
            ", ".join(message.payer_numbers),
            ", ".join(candidate.payer_numbers),
        ),
    ]  # fmt: skip


def _number(message: ClaimFacts, candidate: Candidate, agreement: Agreement) -> Fact:
    held = tuple(dict.fromkeys(each.claim_number for each in candidate.filed))
    stated = message.claim_numbers or message.payer_numbers or message.trace_numbers
    return Fact(NUMBER, agreement, ", ".join(stated), ", ".join(held))


def _number_agreement(message: ClaimFacts, candidate: Candidate) -> tuple[Agreement, bool]:
    """Return how the numbers compare, and whether nothing but separators tells them apart."""
    ours = [each.claim_number for each in candidate.filed if each.claim_number]
    if ours and message.claim_numbers and not _is_ours(message, candidate, ours):
        # whatever a clearinghouse or payer calls them
        is_alike = _is_any(is_but_for_separators, message.claim_numbers, ours)
        return (Agreement.NOT_STATED, True) if is_alike else (Agreement.DISAGREES, False)
    payers = (
        ((message.payer_numbers, candidate.payer_numbers),) if not message.claim_numbers else ()
    )
    pairs = (
        (message.claim_numbers, ours),
        (message.trace_numbers, candidate.trace_numbers),
        *payers,
    )
    if any(_plain(one) in map(_plain, held) for said, held in pairs for one in said):
        return Agreement.EXACT, False
    if any(_is_any(is_same, *pair) for pair in pairs):
        return Agreement.AGREES, False
    is_alike = not message.claim_numbers and any(
        _is_any(is_but_for_separators, *pair) for pair in pairs
    )
    return Agreement.NOT_STATED, is_alike


def _is_ours(message: ClaimFacts, candidate: Candidate, ours: Sequence[str]) -> bool:
    """Return True if the message's number for our claim is one of the charge's, also where it is
    truncated or of another kind."""
    others = (*candidate.payer_numbers, *candidate.trace_numbers)
    return _is_any(is_same, message.claim_numbers, (*ours, *others)) or _is_any(
        is_cut, message.claim_numbers, ours
    )


def _is_any(likeness: Callable[[str, str], bool], said: Iterable[str], held: Sequence[str]) -> bool:
    return any(likeness(one, other) for one in said for other in held)


def _plain(number: str) -> str:
    return number.strip().casefold()


def _patient(said: str, held: str, *, same_member: bool, same_birth: bool) -> Agreement:
    lost = lost_letters(said) | lost_letters(held)
    if not lost and not (fold(said) and fold(held)):
        return Agreement.NOT_STATED
    if not lost and is_same_name(said, held):
        return Agreement.EXACT
    if not could_be_person(said, held, same_member=same_member):
        return Agreement.DISAGREES
    if not same_birth and is_nickname_of_several(said, held):
        return Agreement.ILLEGIBLE
    # MARI? can be a sister's or a brother's; MU?OZ of one first name and member ID nobody else's
    is_proof = not lost or (same_member and lost == {LAST_NAME})
    return Agreement.AGREES if is_proof else Agreement.ILLEGIBLE


def _member(said: Sequence[str], held: str) -> Agreement:
    if not said or not held:
        return Agreement.NOT_STATED
    if member_key(held) in map(member_key, said):
        return Agreement.EXACT
    is_same = any(could_be_member(each, held) for each in said)
    return Agreement.AGREES if is_same else Agreement.DISAGREES


def _equal(said: object, held: object) -> Agreement:
    if said is None or held is None:
        return Agreement.NOT_STATED
    return Agreement.EXACT if said == held else Agreement.DISAGREES


def _days(
    said: tuple[date | None, date | None], held: tuple[date | None, date | None]
) -> Agreement:
    """Compare first and last day. Some senders state only the first, or only one line's."""
    if said[0] is None or held[0] is None:
        return Agreement.NOT_STATED
    start, end = said[0], max(said[0], said[1] or said[0])
    first, last = held[0], max(held[0], held[1] or held[0])
    if start == first and (end in (last, start)):
        return Agreement.EXACT
    is_within = first <= start and end <= last
    is_agreed = is_within or (start <= first and last <= end)
    return Agreement.AGREES if is_agreed else Agreement.DISAGREES


def _amount(message: ClaimFacts, held: Sequence[Decimal]) -> Agreement:
    if not message.charged or not held:
        return Agreement.NOT_STATED
    if message.charged in held:
        return Agreement.EXACT
    if message.is_part and message.charged < max(held):
        return Agreement.AGREES
    return Agreement.DISAGREES


def _payer(message: ClaimFacts, filed: Filed, candidate: Candidate) -> Agreement:
    """Compare payers by name and code. Codes that differ say nothing, because clearinghouses and
    payers number the same payer differently."""
    if not message.payer_name and not message.payer_code:
        return Agreement.NOT_STATED
    own = _named(message, filed.payer_names[:1], [filed.payer_code])
    if own is Agreement.EXACT:
        return own
    if _named(message, candidate.other_payers, candidate.other_payers) is Agreement.EXACT:
        return Agreement.DISAGREES
    if own is Agreement.AGREES and not is_other_plan(message.payer_name, filed.payer_names[0]):
        return own
    if _named(message, filed.payer_names[1:], ()) > 0:
        return Agreement.AGREES
    is_stated = fold(message.payer_name) and fold(filed.payer_names[0])
    # Another plan of the same company contradicts nothing, and proves nothing.
    return (
        Agreement.DISAGREES if is_stated and own is not Agreement.AGREES else Agreement.NOT_STATED
    )


def _named(message: ClaimFacts, names: Sequence[str], codes: Sequence[str]) -> Agreement:
    said = fold(message.payer_name)
    is_code = bool(message.payer_code) and message.payer_code in codes
    if is_code or (said and said in map(fold, names)):
        return Agreement.EXACT
    is_close = any(could_be_payer(message.payer_name, name) for name in names)
    return Agreement.AGREES if is_close else Agreement.NOT_STATED


def _role(said: str, held: str) -> Agreement:
    if held not in ROLES or said not in ROLES | {LATER}:
        return Agreement.NOT_STATED
    if said == LATER:
        return Agreement.DISAGREES if held == PRIMARY else Agreement.AGREES
    return Agreement.EXACT if said == held else Agreement.DISAGREES


def _payers_number(said: Sequence[str], held: Sequence[str]) -> Agreement:
    """Compare the payer's numbers. A payer may number each answer anew, so an unknown number
    contradicts nothing."""
    keys = set(map(grouped_key, said))
    return Agreement.EXACT if keys & set(map(grouped_key, held)) else Agreement.NOT_STATED


def _day(value: date | None) -> str:
    return f"{value:%m/%d/%Y}" if value else ""


def _days_text(days: tuple[date | None, date | None]) -> str:
    first, last = days
    return _day(first) if last in (None, first) else f"{_day(first)}–{_day(last)}"
