"""Claim status codes (STC segments of the 277): what each says, and what it asks of the practice.

Composites are category : status : entity : list. The words are ours, in data/reference; the texts
of the code lists are licensed and are not used. Pure.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from lib.intake import denial_advice
from lib.intake.denial_advice import REFERENCE, Advice
from lib.intake.x12 import claim_status_rules, elements
from lib.intake.x12.claim_status_rules import StatusOutcome
from lib.intake.x12.segment_reader import Segment, element

REJECT, ACCEPT = "U", "WQ"  # STC03
PATIENTS = frozenset({"IL", "QC", "HK", "GY", "QD", "S3"})  # entities: subscriber, patient …
PAYERS = frozenset({"PR", "PRP", "AO", "TT"})
NOT_ELIGIBLE = "entity_eligible"
# What a status means depends on whom it is about: a patient, a payer, or a provider.
BY_ENTITY: dict[str, tuple[str | None, str | None, str | None]] = {
    "entity": ("patient_identity", "payer_details", "provider_number"),
    NOT_ELIGIBLE: ("coverage_dates", "wrong_payer", "provider_eligible"),
}
UNNAMED = frozenset({"rejected_unnamed", "document_unnamed"})  # another code may say more
REFUSALS = (StatusOutcome.REJECTED, StatusOutcome.DENIED)
WEIGHTY = (*REFUSALS, StatusOutcome.REQUESTED)  # what makes a task, the weightiest first
UNREAD = {"rejected_unnamed": "rejected_unread", "document_unnamed": "document_unread"}
MAX_CODES = 8  # named in one sentence


@dataclass(frozen=True, slots=True)
class Code:
    """One composite of an STC segment."""

    category: str
    status: str
    entity: str
    code_list: str  # LOI: `status` is a LOINC code

    def __str__(self) -> str:
        return ":".join(part for part in (self.category, self.status, self.entity) if part)


@dataclass(frozen=True, slots=True)
class ClaimStatus:
    """What one STC segment says."""

    number: int  # of the segment
    codes: tuple[Code, ...]  # STC01, then STC10 and STC11
    said_on: date | None  # STC02
    action: str  # STC03
    amount: Decimal | None  # STC04, US dollars
    words: str  # STC12

    @property
    def category(self) -> str:
        """Return the category in STC01; empty if there is none."""
        return self.codes[0].category if self.codes else ""

    @property
    def outcome(self) -> StatusOutcome:
        """Return what this status means: STC10 and STC11 explain STC01, but for one of them that
        rejects, denies or asks beside a first one that does not. A refusal beside the action code
        that accepts is neither."""
        first = claim_status_rules.status_outcome(self.category, self.action)
        also = [claim_status_rules.status_outcome(each.category, "") for each in self.codes[1:]]
        worst = next((outcome for outcome in WEIGHTY if outcome in also), first)
        if first in WEIGHTY:
            return first
        is_accepted = self.action == ACCEPT and worst in REFUSALS
        return StatusOutcome.UNCLEAR if is_accepted else worst

    @property
    def disagrees(self) -> bool:
        """Return True if category and action code contradict each other."""
        by_category = claim_status_rules.status_outcome(self.category, "")
        if by_category in {StatusOutcome.ACCEPTED, StatusOutcome.RECEIVED} and any(
            claim_status_rules.status_outcome(each.category, "") in REFUSALS
            for each in self.codes[1:]
        ):
            return True
        if self.action == ACCEPT:
            return by_category in {StatusOutcome.REJECTED, StatusOutcome.DENIED}
        if self.action == REJECT:
            return by_category in {StatusOutcome.ACCEPTED, StatusOutcome.RECEIVED}
        return False


@dataclass(frozen=True, slots=True)
class StatusSeen:
    """What the status of one claim, or of a batch, means."""

    outcome: StatusOutcome
    segment_number: int
    claim_number: str  # empty for a batch
    codes: str
    totals: str = ""  # rejected claims that only the totals of a batch count, in words


def read(number: int, segment: Segment, component: str, remarks: list[str]) -> ClaimStatus:
    """Return an STC segment; a bad date or amount is left empty, with a remark."""
    found = [element(segment, at) for at in (1, 10, 11)]
    return ClaimStatus(
        number=number,
        codes=tuple(_code(text.split(component)) for text in found if text),
        said_on=elements.day(segment, 2, number, remarks),
        action=element(segment, 3).upper(),
        amount=elements.amount_if_any(segment, 4, number, remarks),
        words=element(segment, 12),
    )


def _code(parts: list[str]) -> Code:
    padded = [part.strip().upper() for part in parts] + ["", "", ""]
    return Code(padded[0], padded[1], padded[2], padded[3])


def added(statuses: Iterable[ClaimStatus], who: str) -> str:
    """Return the sender's own words (STC12) as a sentence to append; else empty."""
    words = "; ".join(dict.fromkeys(each.words for each in statuses if each.words))
    return f" {who or 'The payer'} adds: “{words}”." if words else ""


def codes(statuses: Iterable[ClaimStatus]) -> str:
    """Return all codes as the sender gave them, each once: "A3:21, A3:187"."""
    return ", ".join(dict.fromkeys(str(code) for each in statuses for code in each.codes))


def find(statuses: Iterable[ClaimStatus], unknown: str = "rejected_unknown") -> Advice:
    """Return the advice for the first code that has one; codes that name nothing specific come
    last. Where no code has any, return the advice `unknown`."""
    keys = [_key(code) for each in statuses for code in each.codes]
    known = [key for key in keys if key]
    named = [key for key in known if key not in UNNAMED]
    if known and not named and None in keys:  # the code without advice may be the specific one
        known = [UNREAD[known[0]]]
    return denial_advice.advice(next(iter(named + known), unknown))


def _key(code: Code) -> str | None:
    found = _advice().get(code.status.lstrip("0"))
    patients, payers, others = BY_ENTITY.get(found or "", (found, found, found))
    if code.entity in PATIENTS or (found == NOT_ELIGIBLE and not code.entity):
        return patients
    return payers if code.entity in PAYERS else others


@cache
def _advice() -> dict[str, str]:
    with (REFERENCE / "claim_status_advice.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["advice"] for row in csv.DictReader(file)}
