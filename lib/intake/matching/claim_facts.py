"""What a message says about the claim it answers: the facts by which the claim is found. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lib.intake.matching.claim_numbers import grouped_key

PRIMARY, SECONDARY, TERTIARY = "P", "S", "T"  # SBR01
LATER = "ST"  # secondary or tertiary: the answer names what a payer before it paid
ROLES_OF_STATUS = {  # CLP02: processed, or processed and forwarded, as this payer of the patient
    "1": PRIMARY, "2": SECONDARY, "3": TERTIARY, "19": PRIMARY, "20": SECONDARY, "21": TERTIARY,
}  # fmt: skip
SPLIT = "MA15"  # remark code: the claim was split, and its other services are answered separately
ANSWERS = ("835", "277CA")  # sources whose messages answer claims that were filed
REVERSAL = "835|reversal|"  # how the keys of reversals begin
TAKEBACK = "835|takeback|"  # likewise, of requests about deductions from whole payments
REJECTIONS = ("277CA|claim|", "277CA|lines|")  # likewise, of claims that were never processed
DUPLICATES = frozenset({"18", "85", "225", "B13"})  # CARC: the claim was answered before
DUPLICATE_STATUS = "54"  # of the 277


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFacts:
    """Patient, days, amount and payer of the claim that is meant; what is empty was not stated."""

    claim_numbers: tuple[str, ...] = ()  # ours, as the message writes them
    payer_numbers: tuple[str, ...] = ()  # the payer's own
    trace_numbers: tuple[str, ...] = ()  # the clearinghouse's
    patient_name: str = ""  # "LAST, FIRST"
    birth_date: date | None = None
    member_ids: tuple[str, ...] = ()
    dates: tuple[date | None, date | None] = (None, None)  # first and last day of service
    charged: Decimal | None = None  # US dollars of the whole claim
    is_part: bool = False  # the payer split the claim: `charged` is the amount of this part
    payer_name: str = ""
    payer_code: str = ""
    payer_role: str = ""  # P, S, T, ST: which of the patient's payers answers


NOTHING = ClaimFacts()


def is_numbered_otherwise(one: ClaimFacts, other: ClaimFacts) -> bool:
    """Return True if both state the payer's number for the whole claim, and share none."""
    is_part = one.is_part or other.is_part
    is_stated = bool(one.payer_numbers and other.payer_numbers)
    return is_stated and not is_part and not shares_payers_number(one, other)


def shares_payers_number(one: ClaimFacts, other: ClaimFacts) -> bool:
    """Return True if both state the same number of the payer for the claim."""
    numbers = {grouped_key(each) for each in one.payer_numbers}
    return any(grouped_key(each) in numbers for each in other.payer_numbers)


def stated(*numbers: str) -> tuple[str, ...]:
    """Return the numbers that are not empty, each once, in the given order."""
    return tuple(dict.fromkeys(number for number in numbers if number.strip("0 ")))


def is_of_own_claim(source: str, key: str, codes: str) -> bool:
    """Return True if the payer's number in a request of this source, key and codes tells its claim
    from others that are answered on the same day. It does not where an earlier answer is reversed,
    or a duplicate denied."""
    if source not in ANSWERS or key.startswith(REVERSAL):
        return False
    said = codes.split(", ")
    reasons = {code.partition("-")[2] for code in said if "-" in code}
    statuses = {part for code in said if ":" in code for part in code.split(":")[1:2]}
    is_duplicate = bool(reasons) and reasons <= DUPLICATES
    return not is_duplicate and DUPLICATE_STATUS not in statuses
