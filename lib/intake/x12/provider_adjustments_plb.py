"""Adjustments of whole payments (PLB of an 835): what each reason means, and what a deduction asks.

Only some reasons take back money of claims; fees, taxes, levies and settlements are about no claim.
The words are ours, in data/reference. Pure.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from lib.intake.denial_advice import REFERENCE
from lib.intake.matching.claim_facts import NOTHING, ClaimFacts, stated
from lib.intake.records import Request
from lib.intake.x12.remittance_records import Recoupment
from lib.models import TaskType

UNKNOWN = "unknown"
LONG_ID = 8  # letters of a payer's number that stands before another


@dataclass(frozen=True, slots=True)
class Kind:
    """What reasons have in common."""

    title: str = ""  # of the task about a deduction; empty: it is only counted
    advice: str = ""
    is_recoupment: bool = False  # it takes back money that was paid for claims


def kind(reason: str) -> Kind:
    """Return the kind of a reason, by its code."""
    kinds, codes = _table()
    return kinds[codes[reason][0] if reason in codes else UNKNOWN]


def request(deduction: Recoupment) -> Request | None:
    """Return what a deduction asks of the practice; None if it asks nothing."""
    found = kind(deduction.reason)
    if not found.title:
        return None
    payer, when = deduction.payer.name or "The payer", ""
    if deduction.remitted_on:
        when = f" of {deduction.remitted_on:%m/%d/%Y}"
    about = f", reference {deduction.reference}" if deduction.reference else ""
    words = _table()[1].get(deduction.reason, ("", ""))[1]
    why = f" for {words} ({deduction.reason}{about})" if words else ""
    why = why or f" with {deduction.reason}{about}"
    return Request(
        key="|".join(
            ("835", "takeback", payer, deduction.trace, deduction.reason, deduction.reference,
             str(deduction.amount))
        ),
        type=TaskType.CHARGE,
        title=found.title,
        instructions=f"{payer} kept {deduction.amount:,.2f} US dollars of its payment{when} "
        f"(trace number {deduction.trace or 'none'}){why}. {found.advice}",
        source="835",
        segment_number=deduction.segment_number,
        codes=deduction.reason,
        amount=deduction.amount,
        payer_name=deduction.payer.name,
        payer_code=deduction.payer.code,
        provider_name=deduction.provider.name,
        asked_on=deduction.remitted_on,
        asked_in="remittance",
        facts=_facts(deduction) if found.is_recoupment else NOTHING,
    )  # fmt: skip


def _facts(deduction: Recoupment) -> ClaimFacts:
    """Return by which of the payer's numbers the claim is known whose money is taken back: the
    reference, or its first word where the patient's number stands after it."""
    first = deduction.reference.partition(" ")[0]
    return ClaimFacts(
        payer_numbers=stated(deduction.reference, first if len(first) >= LONG_ID else ""),
        payer_name=deduction.payer.name,
        payer_code=deduction.payer.code,
    )


@cache
def _table() -> tuple[dict[str, Kind], dict[str, tuple[str, str]]]:
    with (REFERENCE / "payment_adjustments.toml").open("rb") as file:
        table = tomllib.load(file)
    kinds = {name: Kind(**entry) for name, entry in table["kinds"].items()}
    return kinds, {code: (name, words) for code, (name, words) in table["codes"].items()}
