"""What a claim status (STC) of a 277CA means: a table of rules, the first match counts.

The same rows stand in docs/decisions.md and are shown in Settings. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TASK = "a task, always"


class StatusOutcome(StrEnum):
    """What a claim status (STC) means; the value is the word under which statuses are counted."""

    REJECTED = "rejected"
    DENIED = "denied"
    REQUESTED = "with a request"
    ACCEPTED = "accepted"
    RECEIVED = "received"
    UNCLEAR = "neither accepted nor rejected"


@dataclass(frozen=True, slots=True)
class StatusRule:
    """One row of the table for the 277CA."""

    outcome: StatusOutcome
    when: str
    then: str
    source: str
    # of STC01; a single letter stands for every code that begins with it
    categories: frozenset[str]
    action: str | None = None  # STC03, if that decides too


STATUS_RULES = (
    StatusRule(
        StatusOutcome.REJECTED,
        "the action code (STC03) is U, whatever the category",
        TASK,
        "005010X214 STC03",
        frozenset({""}),
        action="U",
    ),
    StatusRule(
        StatusOutcome.REJECTED,
        "the category is A3, A6, A7 or A8",
        TASK,
        "Health Care Claim Status Category Codes",
        frozenset({"A3", "A6", "A7", "A8"}),
    ),
    StatusRule(
        StatusOutcome.DENIED,
        "the category is F2 (finalized, denied) or F5 (cannot be processed)",
        TASK,
        "RFI 1942: senders use F, P and R here although the guide allows A and E only",
        frozenset({"F2", "F5"}),
    ),
    StatusRule(
        StatusOutcome.REQUESTED,
        "the category is R… or P3, P4: something is asked for",
        TASK,
        "Health Care Claim Status Category Codes; RFI 1942",
        frozenset({"R", "P3", "P4"}),
    ),
    StatusRule(
        StatusOutcome.ACCEPTED,
        "the category is A2",
        "proposes to complete a task about a rejection",
        "Health Care Claim Status Category Codes",
        frozenset({"A2"}),
    ),
    StatusRule(
        StatusOutcome.ACCEPTED,
        "the category is A0, A1 or A5 and the action code (STC03) is WQ",
        "proposes to complete a task about a rejection",
        "005010X214 STC03",
        frozenset({"A0", "A1", "A5"}),
        action="WQ",
    ),
    StatusRule(
        StatusOutcome.RECEIVED,
        "the category is A0, A1 or A5 and the action code (STC03) is empty",
        "counted",
        "Health Care Claim Status Category Codes (receipt is not acceptance)",
        frozenset({"A0", "A1", "A5"}),
    ),
    StatusRule(
        StatusOutcome.UNCLEAR,
        "any other category (A4, D…, E…, F…, P…, or none)",
        "history of a task that is open; named in the report with claim and code",
        "RFI 1942, 1512",
        frozenset({""}),
    ),
)


def plain_status_rows() -> list[tuple[str, str, str]]:
    """Return the table for people: what a status says, how it is counted, what becomes of it."""
    return [
        (f"{rule.when[:1].upper()}{rule.when[1:]}", rule.outcome.value, rule.then)
        for rule in STATUS_RULES
    ]


def status_outcome(category: str, action: str) -> StatusOutcome:
    """Return what a category (STC01) with an action (STC03) means."""
    for rule in STATUS_RULES:
        kinds = rule.categories
        is_kind = "" in kinds or category in kinds or (category[:1] or "-") in kinds
        if is_kind and rule.action in {None, action}:
            return rule.outcome
    raise AssertionError("the last row holds always")
