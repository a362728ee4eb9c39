"""What the claim that a Task is about says itself: its numbers, patient, days, total and insurance.
Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation

from lib.intake.fhir import insurance
from lib.intake.fhir.insurance import Insurance
from lib.intake.fhir.parties import NOT_NAMED, Patient, patient
from lib.intake.fhir.resources import Found, Resource, at, codes, items, text
from lib.intake.matching.claim_facts import stated

CLAIMS = ("Claim", "ExplanationOfBenefit", "ClaimResponse")  # the closest to the claim first
INPUTS = {"claim", "claim-id", "claim-identifier", "claim-number"}
SUBMITTED = "submitted"  # of the totals of an answer, what was billed
MOST = Decimal(10_000_000)

Days = tuple[date | None, date | None]  # first and last; no last one if the period has no end
NO_DAYS: Days = (None, None)


@dataclass(frozen=True, slots=True)
class ReferencedClaim:
    """What is said of the claim that a Task is about."""

    numbers: tuple[str, ...] = ()  # the practice's and the payer's, in any order
    patient: Patient = NOT_NAMED
    days: Days = NO_DAYS
    total: Decimal | None = None  # US dollars
    insurance: Insurance = insurance.NOTHING  # with the claim's insurer, if it names one


def of_task(task: Found) -> ReferencedClaim:
    """Return what reasonReference, focus and inputs say of the claim, and what they point to."""
    places = [at(task.resource, "reasonReference"), at(task.resource, "focus")]
    claims = [claim for each in places if (claim := _claim(task, each))]
    numbers: list[str] = []
    for each in places:
        if _claim(task, each) or not any(numbers):  # a focus may be something else
            numbers += _numbers_of(task, each)
    for each in items(task.resource, "input"):
        if codes(at(each, "type")) & INPUTS:
            reference = at(each, "valueReference")
            if claim := _claim(task, reference):
                claims.append(claim)
            numbers += [
                text(each, "valueIdentifier", "value"), *_numbers_of(task, reference),
                text(each, "valueString"),
            ]  # fmt: skip
    claims += [request for each in claims if (request := _request(each))]
    numbers += [number for each in claims for number in _identifiers(each)]
    days = next((days for each in claims if (days := _days(each))[0]), NO_DAYS)
    return ReferencedClaim(
        numbers=stated(*numbers),
        patient=next((who for each in claims if (who := patient(each, "patient")).name), NOT_NAMED),
        days=days,
        total=next((total for each in claims if (total := _total(each))), None),
        insurance=_insurance(task, claims, days),
    )


def _insurance(task: Found, claims: list[Found], days: Days) -> Insurance:
    """Return the insurance the claim was sent to; its payer is whom the claim names as such."""
    closest = sorted(claims, key=lambda one: CLAIMS.index(text(one.resource, "resourceType")))
    patients = [(task, "for"), *((each, "patient") for each in claims)]
    found = insurance.of_claims(closest, patients, days)
    insurers = [insurance.insurer(each) for each in claims]
    named = [who for who in insurers if who[0]]
    several = [*named, (found.payer_name, found.payer_code), *insurers]
    name, code = next((who for who in several if any(who)), ("", ""))
    return replace(found, payer_name=name, payer_code=code)


def overlap(one: Days, other: Days) -> bool:
    """Return False if both name days, and none is a day of both."""
    if one[0] is None or other[0] is None:
        return True
    return one[0] <= (other[1] or other[0]) and other[0] <= (one[1] or one[0])


def _claim(found: Found, reference: object) -> Found | None:
    claim = found.follow(reference) or found.identified(reference, *CLAIMS)
    return claim if claim and text(claim.resource, "resourceType") in CLAIMS else None


def _request(claim: Found) -> Found | None:
    """Return the claim that an answer answers."""
    return _claim(claim, at(claim.resource, "request")) or _claim(
        claim, at(claim.resource, "claim")
    )


def _numbers_of(task: Found, reference: object) -> list[str]:
    """Return the numbers of what a reference identifies and points to."""
    pointed = task.follow(reference)
    said = [text(reference, "identifier", "value")]
    return said + (_identifiers(pointed) if pointed else [])


def _identifiers(found: Found) -> list[str]:
    """Return the identifiers of a resource, old ones last, and of the claim it answers."""
    several = sorted(items(found.resource, "identifier"), key=lambda one: text(one, "use") == "old")
    numbers = [text(each, "value") for each in several]
    numbers += [text(found.resource, part, "identifier", "value") for part in ("request", "claim")]
    return numbers


def _days(claim: Found) -> Days:
    """Return the days of service: of the whole claim, else those of its lines together."""
    if (said := _period(claim, at(claim.resource, "billablePeriod")))[0]:
        return said
    lines = [_period(claim, at(line, "servicedPeriod")) for line in _lines(claim)]
    lines += [
        (day, day) for line in _lines(claim) if (day := claim.whole_day(text(line, "servicedDate")))
    ]
    firsts = [first for first, _ in lines if first]
    lasts = [last for _, last in lines if last]
    return (min(firsts), max(lasts)) if firsts and lasts else NO_DAYS


def _lines(claim: Found) -> list[Resource]:
    return items(claim.resource, "item")


def _period(claim: Found, period: object) -> Days:
    first = claim.whole_day(text(period, "start"))
    last = claim.whole_day(text(period, "end"))
    is_range = first and (last is None or first <= last)
    return (first, last or first) if is_range else NO_DAYS


def _total(claim: Found) -> Decimal | None:
    """Return the US dollars that the claim bills, or None."""
    several = items(claim.resource, "total")
    if text(claim.resource, "resourceType") != "Claim":
        several = [
            at(each, "amount") for each in several if SUBMITTED in codes(at(each, "category"))
        ]
    for money in several:
        if text(money, "currency") not in {"", "USD"}:
            continue
        try:
            found = Decimal(text(money, "value"))
        except InvalidOperation:
            continue
        if found.is_finite() and 0 < found < MOST:
            return found.quantize(Decimal("0.01"))
    return None
