"""Claim acknowledgments (277CA, 005010X214): rejected claims as requests, accepted ones as news.

Rejected is what STC03 = U or a category A3, A6, A7 or A8 in STC01 says; the composites in STC10
and STC11 only explain. Parsed, not stored. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from lib.intake.denial_advice import Advice
from lib.intake.records import PayerUpdate, Request
from lib.intake.x12 import status_codes
from lib.intake.x12.claim_status_277 import (
    PATIENT,
    PAYER_NUMBER,
    PROVIDER,
    RECEIVER,
    SOURCE,
    Line,
    StatusLevel,
    units,
)
from lib.intake.x12.reader import Transaction
from lib.intake.x12.status_codes import ClaimStatus
from lib.models import TaskType

SOURCE_NAME = "277CA"
MAX_LINES = 6  # named in the instructions
AGAIN = "The claim was not processed: once it is right, have it sent again."
DISAGREE = (
    " The sender's codes disagree with each other (one says accepted, the other rejected): "
    "ask the payer which of them is meant before the claim is sent again."
)


def parse(transaction: Transaction) -> Iterator[Request | PayerUpdate]:
    """What one 277CA asks and tells, in the order of the file. Raises Unreadable."""
    batch: StatusLevel | None = None  # that was rejected as a whole
    providers: list[StatusLevel] = []  # that were rejected inside it
    for unit in units(transaction):
        if unit.level in {SOURCE, RECEIVER}:
            if batch:
                yield _batch(batch, providers)
            batch, providers = (unit if _rejected(unit.statuses) else None), []
        elif unit.level == PROVIDER:
            if _rejected(unit.statuses):
                if batch:
                    providers.append(unit)
                else:
                    yield _batch(unit, [])
        elif unit.level == PATIENT:
            yield from _claim(unit)
    if batch:
        yield _batch(batch, providers)


def _rejected(statuses: Sequence[ClaimStatus]) -> list[ClaimStatus]:
    return [each for each in statuses if each.is_rejected]


def _claim(unit: StatusLevel) -> Iterator[Request | PayerUpdate]:
    rejected = _rejected(unit.statuses)
    lines = [line for line in unit.lines if _rejected(line.statuses)]
    if rejected:
        yield _request(unit, rejected, lines, of_claim=True)
    elif lines:
        said = [each for line in lines for each in _rejected(line.statuses)]
        yield _request(unit, said, lines, of_claim=False)
    elif accepted := next((each for each in unit.statuses if _is_accepted(each)), None):
        said_on = f" on {accepted.said_on:%m/%d/%Y}" if accepted.said_on else ""
        yield PayerUpdate(
            key="|".join((SOURCE_NAME, "accepted", unit.trace, unit.batch, str(accepted.said_on))),
            claim_number=unit.trace,
            amount=accepted.amount,
            sentence=f"{unit.payer.name or 'The payer'} accepted this claim{said_on}.",
            segment_number=unit.number,
            is_payment=False,
            payer_claim_number=unit.numbers.get(PAYER_NUMBER, ""),
        )


def _is_accepted(status: ClaimStatus) -> bool:
    return status.category == "A2" or (
        status.action == "WQ" and status.category in {"A0", "A1", "A5"}
    )


def _request(
    unit: StatusLevel, said: Sequence[ClaimStatus], lines: Sequence[Line], *, of_claim: bool
) -> Request:
    explained = [*said, *(each for line in lines for each in line.statuses)] if of_claim else said
    advice = status_codes.find(explained)
    codes = status_codes.codes(explained)
    amount = _first(each.amount for each in said) if of_claim else _sum(lines)
    said_on = unit.said_on
    what = "the claim" if of_claim else _named(lines)
    first = _sentence(unit, what, said_on, codes, advice)
    if of_claim and lines:
        first += f" It names {_named(lines)}."
    first += status_codes.added(explained, unit.payer.name)
    period = unit.periods.get("472") or next((line.dates for line in lines if line.dates), None)
    return Request(
        key="|".join(
            (SOURCE_NAME, "claim" if of_claim else "lines", unit.trace or unit.patient.code,
             unit.batch, str(said_on), str(amount), codes)
        ),
        type=advice.type,
        title=f"Rejected: {advice.title[:1].lower()}{advice.title[1:]}",
        instructions=f"{first} {advice.advice} {AGAIN}" + _doubt(explained),
        source=SOURCE_NAME,
        segment_number=unit.number,
        codes=codes,
        amount=amount,
        claim_amount=_first(each.amount for each in unit.statuses),
        claim_number=unit.trace,
        payer_claim_number=unit.numbers.get(PAYER_NUMBER, ""),
        patient_name=unit.patient.name,
        payer_name=unit.payer.name,
        payer_code=unit.payer.code,
        provider_name=unit.provider.name,
        date_of_service=period[0] if period else None,
        asked_on=said_on,
        asked_in="acknowledgment",
        document_label=advice.label,
        history=first + _doubt(explained),
    )  # fmt: skip


def _batch(unit: StatusLevel, providers: Sequence[StatusLevel]) -> Request:
    """One request for everything a provider or a receiver sent: it names no patient."""
    said = [*_rejected(unit.statuses), *(s for each in providers for s in _rejected(each.statuses))]
    advice = status_codes.find(said)
    codes = status_codes.codes(said)
    count = unit.quantities.get("QC") or unit.quantities.get("AA")
    amount = unit.amounts.get("YY") or _first(each.amount for each in said)
    whose = (unit.provider if unit.level == PROVIDER else unit.receiver).name
    claims = f"all {count:,.0f} claims" if count and count > 1 else "the whole batch"
    what = f"{claims} of {whose}" if whose else claims
    worth = f" They come to {amount:,.2f} US dollars." if amount else ""
    first = _sentence(unit, what, unit.said_on, codes, advice)
    worth += status_codes.added(said, unit.payer.name)
    return Request(
        key="|".join(
            (SOURCE_NAME, "batch", unit.level, whose, unit.trace, unit.batch, str(unit.said_on),
             codes)
        ),
        type=TaskType.PROVIDER if unit.level == PROVIDER else advice.type,
        title=f"Batch rejected: {count:,.0f} claims" if count and count > 1 else "Batch rejected",
        instructions=f"{first}{worth} No claim is named, so find the batch by its trace number "
        f"{unit.batch or unit.trace or '(none)'}. {advice.advice} "
        "Nothing of it was processed: once it is right, have the whole batch sent again."
        + _doubt(said),
        source=SOURCE_NAME,
        segment_number=unit.number,
        codes=codes,
        amount=amount,
        payer_name=unit.payer.name,
        payer_code=unit.payer.code,
        provider_name=unit.provider.name,
        asked_on=unit.said_on,
        asked_in="acknowledgment",
    )  # fmt: skip


def _sentence(
    unit: StatusLevel, what: str, said_on: date | None, codes: str, advice: Advice
) -> str:
    when = f" on {said_on:%m/%d/%Y}" if said_on else ""
    shown = ", ".join(codes.split(", ")[: status_codes.MAX_CODES])
    why = f" with {shown}: it says that {advice.answer}" if codes else " and gave no reason code"
    return f"{unit.payer.name or 'The payer'} rejected {what}{when}{why}."


def _doubt(statuses: Sequence[ClaimStatus]) -> str:
    return DISAGREE if any(each.disagrees for each in statuses) else ""


def _named(lines: Sequence[Line]) -> str:
    """ "2 service lines (99213, 0300)"."""
    shown = [line.procedure for line in lines if line.procedure][:MAX_LINES]
    some = f" ({', '.join(shown)})" if shown else ""
    return f"{len(lines)} service line{'' if len(lines) == 1 else 's'} of the claim{some}"


def _first(found: Iterator[Decimal | None]) -> Decimal | None:
    return next((each for each in found if each is not None), None)


def _sum(lines: Sequence[Line]) -> Decimal:
    return sum((line.amount for line in lines), Decimal("0.00"))
