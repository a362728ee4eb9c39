"""Claim acknowledgments (277CA, 005010X214): what was rejected, requested and accepted. Pure.

What a status means is decided by the table in claim_status_rules.py: STC03 and the category in
STC01. The composites in STC10 and STC11 explain it, unless one of them rejects or asks beside an
acceptance: the worst decides. Parsed, not stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from lib.intake import denial_advice
from lib.intake.denial_advice import Advice
from lib.intake.matching.claim_facts import stated
from lib.intake.records import PayerUpdate, RejectedBatch, Request
from lib.intake.x12 import status_codes
from lib.intake.x12.claim_status_rules import StatusOutcome
from lib.intake.x12.hl_levels_277 import (
    OUR_NUMBER,
    PATIENT,
    PAYER_NUMBER,
    PROVIDER,
    TRACE_NUMBER,
    Line,
    StatusLevel,
    units,
)
from lib.intake.x12.rejected_totals import RejectedTotals
from lib.intake.x12.segment_reader import Transaction
from lib.intake.x12.status_codes import ClaimStatus, StatusSeen
from lib.models import TaskType

SOURCE_NAME = "277CA"
MAX_LINES = 6  # named in the instructions
AGAIN = "The claim was not processed: once it is right, have it sent again."
DISAGREE = (
    " The sender's codes disagree with each other (one says accepted, the other does not): "
    "ask the payer which of them is meant before the claim is sent again."
)


REJECTED, DENIED, REQUESTED = (
    StatusOutcome.REJECTED, StatusOutcome.DENIED, StatusOutcome.REQUESTED,
)  # fmt: skip
TASKS = status_codes.WEIGHTY
TITLES = {REJECTED: "Rejected", DENIED: "Denied", REQUESTED: "Asked by the payer"}
VERBS = {REJECTED: "rejected", DENIED: "denied", REQUESTED: "asks for something about"}
CLOSING = {
    REJECTED: AGAIN,
    DENIED: "The remittance says what was decided: see whether the claim is to be corrected or "
    "appealed.",
    REQUESTED: "The claim waits for the answer.",
}
ASKS_PATIENT = "P4"


@dataclass(slots=True)
class _Batch:
    """A receiver or provider level at which everything was rejected, while the levels below it are
    read."""

    unit: StatusLevel
    providers: list[StatusLevel] = field(default_factory=list)  # those rejected within it
    claims: int = 0  # named below it
    said: list[Request | PayerUpdate | StatusSeen] = field(default_factory=list)  # of the first


def parse(transaction: Transaction) -> Iterator[Request | PayerUpdate | StatusSeen]:
    """Yield what one 277CA asks and tells, in the order of the file."""
    batch: _Batch | None = None
    totals = RejectedTotals()
    for unit in units(transaction):
        if unit.level == PATIENT:
            if batch:
                batch.claims += 1
            elif not has_status(unit):
                yield without_status(unit)
            said = [*of_claim(unit)]
            totals.claim(unit, said)
            if batch and batch.claims == 1:
                batch.said = said
            else:
                yield from said
            continue
        is_inside = unit.level == PROVIDER and batch and batch.unit.level != PROVIDER
        if batch and not is_inside:
            yield from _rejection(batch)
            batch = None
        yield from totals.begin(unit, is_rejected=bool(batch or _rejected(unit.statuses)))
        if _rejected(unit.statuses):
            if batch:
                batch.providers.append(unit)
            else:
                batch = _Batch(unit)
        else:
            yield from _unclear(unit, [*unit.statuses])
    if batch:
        yield from _rejection(batch)
    yield from totals.finish()


def has_status(unit: StatusLevel) -> bool:
    """Return True if anything is said of a claim or of one of its lines."""
    return bool(unit.statuses or any(line.statuses for line in unit.lines))


def without_status(unit: StatusLevel) -> StatusSeen:
    """Return that the file names a claim and says nothing of it."""
    kinds = (PAYER_NUMBER, OUR_NUMBER, TRACE_NUMBER)
    numbers = (unit.trace, *(unit.numbers.get(kind, "") for kind in kinds), "without a number")
    number = next(filter(None, numbers))
    return StatusSeen(StatusOutcome.UNCLEAR, unit.number, number, "no status (STC)")


def _rejection(batch: _Batch) -> Iterator[Request | PayerUpdate | StatusSeen]:
    """Yield what a rejected batch asks, and what the first claim below it is told. Where that is
    all of the batch, both are one request."""
    whole: Request | None = _batch(batch)
    count = batch.unit.quantities.get("QC") or batch.unit.quantities.get("AA")
    is_only = batch.claims == 1 and (count is None or count == 1)
    for each in batch.said:
        if (
            is_only and whole and isinstance(each, Request) and not each.is_history
            and len({each.amount, whole.amount} - {None}) < 2
        ):  # fmt: skip
            yield _with_batch(each, whole)
            whole = None
        else:
            yield each
    if whole:
        yield whole


def _with_batch(request: Request, whole: Request) -> Request:
    """Return the request about the only claim of a rejected batch, with what the batch says."""
    also = f"The batch in which it was sent was rejected as well: {whole.instructions}"
    codes = [*request.codes.split(", "), *whole.codes.split(", ")]
    return replace(
        request,
        key=f"{request.key}|batch {whole.codes}",
        earlier_keys=(),
        nameless=(*request.nameless[:-1], f"|batch {whole.codes}"),
        also_keys=(request.key, whole.key),
        codes=", ".join(dict.fromkeys(codes)),
        amount=whole.amount if request.amount is None else request.amount,
        instructions=f"{request.instructions} {also}",
        history=f"{request.history} {also}",
        batch=whole.batch,
    )


def _rejected(statuses: Sequence[ClaimStatus]) -> list[ClaimStatus]:
    return [each for each in statuses if each.outcome in {REJECTED, DENIED}]


def _of(statuses: Sequence[ClaimStatus], outcome: StatusOutcome) -> list[ClaimStatus]:
    return [each for each in statuses if each.outcome is outcome]


def of_claim(unit: StatusLevel) -> Iterator[Request | PayerUpdate | StatusSeen]:
    """Yield what is said about one claim: a task for the weightiest, else what is neither yes nor
    no. A claim that has statuses on its lines only is accepted where all of them are."""
    on_lines = [each for line in unit.lines for each in line.statuses]
    for said in (unit.statuses, on_lines):
        for outcome in TASKS:
            if found := _of(said, outcome):
                lines = [line for line in unit.lines if _of(line.statuses, outcome)]
                yield _request(unit, outcome, found, lines, of_claim=said is unit.statuses)
                yield _seen(unit, outcome, found)
                return
    told = unit.statuses or on_lines
    accepted = _of(told, StatusOutcome.ACCEPTED)
    if told is on_lines and len(accepted) < len(on_lines):
        accepted = []
    if accepted:
        yield _accepted(unit, accepted[0])
    unclear = [*_unclear(unit, [*unit.statuses, *on_lines])]
    yield from unclear
    if not unclear and told:
        kind = StatusOutcome.ACCEPTED if accepted else StatusOutcome.RECEIVED
        yield _seen(unit, kind, told)


def _seen(unit: StatusLevel, outcome: StatusOutcome, statuses: Sequence[ClaimStatus]) -> StatusSeen:
    number = unit.trace if unit.level == PATIENT else ""
    return StatusSeen(outcome, unit.number, number, status_codes.codes(statuses))


def _unclear(unit: StatusLevel, statuses: Sequence[ClaimStatus]) -> Iterator[Request | StatusSeen]:
    """Yield statuses that neither accept nor reject: counted, and told to the claim's open task."""
    said = _of(statuses, StatusOutcome.UNCLEAR)
    if unit.level != PATIENT:
        said += _of(statuses, REQUESTED)
    if not said:
        return
    yield _seen(unit, StatusOutcome.UNCLEAR, said)
    if unit.level == PATIENT and unit.trace:
        codes = status_codes.codes(said)
        words = status_codes.added(said, unit.payer.name)
        told = (
            f"{unit.payer.name or 'The payer'} said of the claim{_when(unit)} "
            f"{codes or 'nothing by code'}, which is neither an acceptance nor a rejection.{words}"
        )
        request = _request(unit, REJECTED, said, [], of_claim=True)
        key = f"{SOURCE_NAME}|unclear|{unit.trace}|{unit.batch}|{unit.said_on}|{codes}"
        yield replace(
            request, key=f"{key}|{_whose(unit)}{_payers_number(unit)}",
            earlier_keys=_earlier_keys(unit, key)[:-1],
            nameless=_nameless(unit, "unclear", unit.said_on, codes),
            title="Claim status unclear", instructions=told, history=told, is_history=True,
        )  # fmt: skip


ACCEPTED_AS = {"A0": "passed on", "A1": "received"}  # by category; else "accepted"


def _accepted(unit: StatusLevel, status: ClaimStatus) -> PayerUpdate:
    said_on = f" on {status.said_on:%m/%d/%Y}" if status.said_on else ""
    what = ACCEPTED_AS.get(status.category, "accepted")
    key = "|".join((SOURCE_NAME, "accepted", unit.trace, unit.batch, str(status.said_on)))
    return PayerUpdate(
        key=f"{key}|{_whose(unit)}{_payers_number(unit)}",
        nameless=_nameless(unit, "accepted", status.said_on),
        earlier_keys=_earlier_keys(unit, key),
        facts=unit.facts(claim=unit.trace),
        claim_number=unit.trace,
        amount=status.amount,
        sentence=f"{unit.payer.name or 'The payer'} {what} this claim{said_on}.",
        segment_number=unit.number,
        is_payment=False,
        told_on=status.said_on,
        acknowledged_at=unit.sent.at,
        payer_claim_number=unit.numbers.get(PAYER_NUMBER, ""),
    )


def _request(
    unit: StatusLevel,
    outcome: StatusOutcome,
    said: Sequence[ClaimStatus],
    lines: Sequence[Line],
    *,
    of_claim: bool,
) -> Request:
    explained = [*said, *(each for line in lines for each in line.statuses)] if of_claim else said
    unknown = "document_unread" if outcome is REQUESTED else "rejected_unknown"
    advice = status_codes.find(explained, unknown)
    codes = status_codes.codes(explained)
    amount = _first(each.amount for each in said) if of_claim else _sum(lines)
    said_on = unit.said_on
    what = "the claim" if of_claim else _named(lines)
    first = _sentence(unit, VERBS[outcome], what, codes, advice)
    if of_claim and lines:
        first += f" It names {_named(lines)}."
    first += status_codes.added(explained, unit.payer.name)
    if any(each.category == ASKS_PATIENT for each in said):
        first += " It asked the patient, so remind the patient."
    closing = (advice.resend if outcome is REJECTED else "") or CLOSING[outcome]
    period = unit.periods.get("472") or next((line.dates for line in lines if line.dates), None)
    kind = ("claim" if of_claim else "lines") + ("" if outcome is REJECTED else f" {outcome.value}")
    key = "|".join(
        (SOURCE_NAME, kind, unit.trace or unit.patient.code, unit.batch, str(said_on),
         str(amount), codes)
    )  # fmt: skip
    return Request(
        key=f"{key}|{_whose(unit)}{_payers_number(unit)}",
        earlier_keys=_earlier_keys(unit, key),
        nameless=_nameless(unit, kind, said_on, str(amount), codes),
        facts=unit.facts(claim=unit.trace),
        type=advice.type,
        title=f"{TITLES[outcome]}: {advice.title[:1].lower()}{advice.title[1:]}",
        instructions=f"{first} {advice.advice} {closing}" + _doubt(explained),
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
        acknowledged_at=unit.sent.at,
        document_label=advice.label,
        history=first + _doubt(explained),
    )  # fmt: skip


def _whose(unit: StatusLevel) -> str:
    """Return what tells claims of one number apart: payer, patient and day of service."""
    return f"{unit.payer.name}|{unit.patient.full_name}|{unit.patient.code}|{unit.dates[0]}"


def _nameless(
    unit: StatusLevel, kind: str, said_on: date | None, *said: str
) -> tuple[str, str, str, str]:
    """Return the parts of a key around the claim's number and whose claim it is."""
    told = "|".join(("", unit.batch, str(said_on), *said, ""))
    return f"{SOURCE_NAME}|{kind}|", told, f"|{unit.dates[0]}", ""


def _earlier_keys(unit: StatusLevel, key: str) -> tuple[str, ...]:
    """Return the keys of older stores: without the payer's number, without the patient's middle
    name, and, the last, without whose claim it is."""
    whose = (_whose(unit), _whose(replace(unit, patient=replace(unit.patient, more=""))))
    ends = (f"{each}{_payers_number(unit)}" for each in whose)
    return (*dict.fromkeys(f"{key}|{end}" for end in (*whose, *ends)), key)


def _payers_number(unit: StatusLevel) -> str:
    """Return the end of a key: the payer's number, which tells two claims of one day apart."""
    return "".join(f"|{number}" for number in stated(unit.numbers.get(PAYER_NUMBER, "")))


def _batch(batch: _Batch) -> Request:
    """Return one request for everything a provider or a receiver sent; it names no patient."""
    unit = batch.unit
    said = [
        *_rejected(unit.statuses),
        *(each for provider in batch.providers for each in _rejected(provider.statuses)),
    ]
    advice = status_codes.find(said)
    if advice.resend:
        advice = denial_advice.advice("batch_duplicate")
    codes = status_codes.codes(said)
    count = unit.quantities.get("QC") or unit.quantities.get("AA")
    kept = unit.quantities.get("QA") or unit.quantities.get("90")
    amount = unit.amounts.get("YY") or _first(each.amount for each in said)
    whose = (unit.provider if unit.level == PROVIDER else unit.receiver).name
    claims = f"{count:,.0f} claims" if count and count > 1 else "the batch"
    claims = f"all {claims}" if count and count > 1 and not kept else claims
    claims = "the whole batch" if claims == "the batch" and not kept else claims
    what = f"{claims} of {whose}" if whose else claims
    first = _sentence(unit, "rejected", what, codes, advice)
    worth = f" It comes to {amount:,.2f} US dollars." if amount else ""
    worth += status_codes.added(said, unit.payer.name)
    find = f"ind the batch by its trace number {unit.batch or unit.trace or '(none)'}."
    find = f"F{find}" if batch.claims else f"No claim is named, so f{find}"
    key = "|".join(
        (SOURCE_NAME, "batch", unit.level, whose, unit.trace, unit.batch, str(unit.said_on), codes)
    )
    told = RejectedBatch.of_key(key)
    sender = unit.payer.code or unit.payer.name
    return Request(
        key="|".join((key, sender, str(amount or ""), str(count or ""))),
        # older stores knew batches that are sent without a number by no more than the day and codes
        earlier_keys=(key,) if told else (),
        batch=told,
        type=TaskType.PROVIDER if unit.level == PROVIDER else advice.type,
        title=f"Batch rejected: {count:,.0f} claims" if count and count > 1 else "Batch rejected",
        instructions=f"{first}{worth} {find} {_resend(advice, kept)}" + _doubt(said),
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


def _resend(advice: Advice, kept: Decimal | None) -> str:
    """Return what to do about a batch; `kept` is the amount of its claims that were accepted."""
    if advice.resend:
        return f"{advice.advice} {advice.resend}"
    if kept:
        some = f"{kept:,.0f} of its claims {'was' if kept == 1 else 'were'} accepted"
        return f"{advice.advice} {some}: once it is right, have only the others sent again."
    return (
        f"{advice.advice} Nothing of it was processed: once it is right, have the whole batch "
        "sent again."
    )


def _sentence(unit: StatusLevel, verb: str, what: str, codes: str, advice: Advice) -> str:
    shown = ", ".join(codes.split(", ")[: status_codes.MAX_CODES])
    why = f" with {shown}: it says that {advice.answer}" if codes else " and gave no reason code"
    return f"{unit.payer.name or 'The payer'} {verb} {what}{_when(unit)}{why}."


def _when(unit: StatusLevel) -> str:
    return f" on {unit.said_on:%m/%d/%Y}" if unit.said_on else ""


def _doubt(statuses: Sequence[ClaimStatus]) -> str:
    return DISAGREE if any(each.disagrees for each in statuses) else ""


def _named(lines: Sequence[Line]) -> str:
    """Return words such as "2 service lines (99213, 0300)"."""
    shown = [line.procedure for line in lines if line.procedure][:MAX_LINES]
    some = f" ({', '.join(shown)})" if shown else ""
    return f"{len(lines)} service line{'' if len(lines) == 1 else 's'} of the claim{some}"


def _first(found: Iterator[Decimal | None]) -> Decimal | None:
    return next((each for each in found if each is not None), None)


def _sum(lines: Sequence[Line]) -> Decimal:
    return sum((line.amount for line in lines), Decimal("0.00"))
