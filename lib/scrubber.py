"""Find what a payer's scrubber would reject, as sentences beside the fields. Pure: no store, no
clock."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

from lib.models import Charge, Problem, ServiceLine

MAX_DIAGNOSES = 12
MAX_LINES = 50
MAX_MODIFIERS = 4
MAX_POINTERS = 4

PLACES = Path(__file__).parent.parent / "data" / "reference" / "place_of_service.csv"

_NPI = re.compile(r"[0-9]{10}")
_DIAGNOSIS = re.compile(r"[A-Z][0-9][0-9A-Z](?:\.?[0-9A-Z]{1,4})?")
_PROCEDURE = re.compile(r"[0-9]{5}|[0-9]{4}[AFMTU]|[A-Z][0-9]{4}")
_MODIFIER = re.compile(r"[0-9A-Z]{2}")
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # twice the digit, with the digits of the result added
_PREFIX_SUM = 24  # the contribution of "80840" to the Luhn sum of an NPI

_PROVIDERS = (
    ("billing", "billing provider", True),
    ("rendering", "rendering provider", True),
    ("referring", "referring provider", False),
    ("supervising", "supervising provider", False),
)


def check_charge(charge: Charge, *, today: date) -> list[Problem]:
    """Return everything a scrubber would reject, in the order of the form; empty for a clean
    charge.

    `today` is the date in the practice: nothing may have happened after it. Whether a problem
    blocks is decided by `blocking` and `marked`, not here.
    """
    found: list[Problem] = []
    if not charge.member_id.strip():
        found.append(_problem("member_id", "Enter the member ID from the patient's card.", "none"))
    for role, words, is_needed in _PROVIDERS:
        number = getattr(charge, role + "_npi")
        if number:
            if not is_npi(number):
                found.append(_wrong_npi(role, words, number))
        elif is_needed:
            found.append(_problem(role + "_npi", f"Enter the NPI of the {words}.", "none"))
    if charge.place_of_service not in places_of_service():
        found.append(_wrong_place(charge.place_of_service))
    if charge.hospitalized_from or charge.hospitalized_to:
        found.extend(_stay_problems(charge, today))
    found.extend(_diagnosis_problems(charge.diagnoses))
    lines = charge.lines
    if not lines:
        found.append(_problem("lines", "Add at least one service line.", "none"))
    elif len(lines) > MAX_LINES:
        sentence = f"A claim holds at most {MAX_LINES} service lines; this one has {len(lines)}."
        found.append(_problem("lines", sentence, "many"))
    count = len(charge.diagnoses)
    for place, line in enumerate(lines):
        if not _is_clean(line, count, today):
            found.extend(_line_problems(f"lines.{place}.", line, count, today))
    return found


def check_patient(birth_date: date | None) -> list[Problem]:
    """Return what a scrubber would reject in the claim's patient. It blocks nobody here, since a
    patient's record cannot be changed in a charge."""
    if birth_date:
        return []
    sentence = "The claim came without the patient's birth date. Note it for the biller."
    return [replace(_problem("birth_date", sentence, "none"), is_blocking=False)]


def blocking(charge: Charge, problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems the charge did not come in with: they stop Save and Complete."""
    return [problem for problem in problems if problem.key not in charge.arrival_problems]


def marked(charge: Charge, problems: Sequence[Problem]) -> list[Problem]:
    """Return all problems; those the charge came in with as warnings (`is_blocking` False)."""
    return [
        replace(problem, is_blocking=problem.key not in charge.arrival_problems)
        for problem in problems
    ]


def total_differs(charge: Charge) -> bool:
    """Return True, until the charge is saved, if the claim's total was not the sum of its lines."""
    return not charge.is_edited and charge.total != charge.filed_total


@lru_cache(maxsize=10_000)
def is_npi(number: str) -> bool:
    """Return True for a well-formed National Provider Identifier: ten digits whose Luhn check digit
    is computed over "80840" + the number. Source: CMS, NPI check digit calculation."""
    if not _NPI.fullmatch(number):
        return False
    digits = [int(digit) for digit in number]
    return (_PREFIX_SUM + sum(digits[1::2]) + sum(_DOUBLED[d] for d in digits[0::2])) % 10 == 0


@lru_cache(maxsize=10_000)
def is_diagnosis(code: str) -> bool:
    """Return True for the format of an ICD-10-CM code, with or without its dot: a letter, a digit,
    a letter or digit, then up to four more. Whether the code exists is not checked. Source:
    ICD-10-CM Official Guidelines for Coding and Reporting, section I.A.2."""
    return _DIAGNOSIS.fullmatch(code) is not None


def dotted(code: str) -> str:
    """Return a diagnosis as people write it, with its dot after the third character. It is stored,
    and sent in claims, without. Source: ICD-10-CM Official Guidelines, section I.A.2."""
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 and "." not in code else code


@lru_cache(maxsize=10_000)
def is_procedure(code: str) -> bool:
    """Return True for the format of a CPT code (five digits, or four and F, T, U, M or A) or a
    HCPCS level II code (a letter and four digits). Whether the code exists is not checked."""
    return _PROCEDURE.fullmatch(code) is not None


@lru_cache(maxsize=10_000)
def is_modifier(code: str) -> bool:
    """Return True for the format of a modifier: two letters or digits."""
    return _MODIFIER.fullmatch(code) is not None


@cache
def places_of_service() -> dict[str, str]:
    """Return the two-digit codes with their short names, in order.

    Source: CMS, Place of Service Codes for Professional Claims (a federal code set, public domain),
    with code 66 of 2024; names shortened by us, 2026-11.
    """
    with PLACES.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}


def _problem(field: str, sentence: str, value: str, rule: str = "") -> Problem:
    """Return a problem. Unless given, `rule` is the field without its position."""
    return Problem(field, sentence, f"{rule or field}:{value}")


def _wrong_npi(role: str, words: str, number: str) -> Problem:
    if _NPI.fullmatch(number):
        sentence = f"{number} is not a valid NPI: its check digit is wrong. Correct the {words}."
    else:
        sentence = f"{number} is not a valid NPI: an NPI has ten digits. Correct the {words}."
    return _problem(role + "_npi", sentence, number)


def _wrong_place(code: str) -> Problem:
    if not code:
        return _problem("place_of_service", "Choose the place of service.", "none")
    sentence = f"{code} is not a place of service. Choose one from the list."
    return _problem("place_of_service", sentence, code)


def _stay_problems(charge: Charge, today: date) -> Iterator[Problem]:
    start, end = charge.hospitalized_from, charge.hospitalized_to
    if start is None:
        sentence = "Enter the day the hospital stay began, or remove the day it ended."
        yield _problem("hospitalized_from", sentence, "none")
    elif start > today:
        sentence = f"The hospital stay begins in the future ({_day(start)}). Correct the date."
        yield _problem("hospitalized_from", sentence, f"future {start}")
    if end is not None and end > today:
        sentence = f"The hospital stay ends in the future ({_day(end)}). Correct the date."
        yield _problem("hospitalized_to", sentence, f"future {end}")
    if start and end and end < start:
        sentence = f"The hospital stay ends before it begins ({_day(start)}). Correct the dates."
        yield _problem("hospitalized_to", sentence, f"order {start} {end}")


def _diagnosis_problems(diagnoses: Sequence[str]) -> Iterator[Problem]:
    if not diagnoses:
        yield _problem("diagnoses", "Enter at least one diagnosis.", "none")
    elif len(diagnoses) > MAX_DIAGNOSES:
        sentence = f"A claim holds at most {MAX_DIAGNOSES} diagnoses; this one has "
        yield _problem("diagnoses", f"{sentence}{len(diagnoses)}.", "many")
    seen: set[str] = set()
    for place, code in enumerate(diagnoses):
        field = f"diagnoses.{place}"
        if not is_diagnosis(code):
            sentence = (
                f"{dotted(code)} does not have the form of an ICD-10 diagnosis, such as E11.9 or "
                "S83.501A."
                if code
                else "Enter a diagnosis here, or remove the empty one."
            )
            yield _problem(field, sentence, code or "none", "diagnosis")
        if code in seen and code:
            sentence = f"{dotted(code)} is already among the diagnoses. Remove one of the two."
            yield _problem(field, sentence, code, "diagnosis twice")
        seen.add(code)


def _is_clean(line: ServiceLine, diagnoses: int, today: date) -> bool:
    """Return True if `_line_problems` would find nothing: true of nearly every line, so this is
    fast."""
    start, end, modifiers, pointers = line.date_from, line.date_to, line.modifiers, line.pointers
    return (
        is_procedure(line.procedure)
        and start is not None
        and end is not None
        and start <= end <= today
        and line.units > 0
        and line.unit_charge > 0
        and line.total > 0
        and 0 < len(pointers) <= MAX_POINTERS
        and min(pointers) > 0
        and max(pointers) <= diagnoses
        and len(set(pointers)) == len(pointers)
        and (
            not modifiers
            or (
                len(modifiers) <= MAX_MODIFIERS
                and len(set(modifiers)) == len(modifiers)
                and all(map(is_modifier, modifiers))
            )
        )
    )


def _line_problems(
    prefix: str, line: ServiceLine, diagnoses: int, today: date
) -> Iterator[Problem]:
    yield from _line_date_problems(prefix, line, today)
    if not is_procedure(line.procedure):
        sentence = (
            f"{line.procedure} does not have the form of a procedure code, such as 99213 or G0439."
            if line.procedure
            else "Enter the procedure code."
        )
        yield _problem(prefix + "procedure", sentence, line.procedure or "none", "procedure")
    yield from _modifier_problems(prefix + "modifiers", line)
    yield from _pointer_problems(prefix + "pointers", line, diagnoses)
    for name, words, value in (
        ("units", "The units", line.units),
        ("unit_charge", "The unit charge", line.unit_charge),
        ("total", "The total of the line", line.total),
    ):
        if not value > 0:
            sentence = f"{words} must be more than zero."
            yield _problem(prefix + name, sentence, f"{line.procedure} {value:f}", name)


def _line_date_problems(prefix: str, line: ServiceLine, today: date) -> Iterator[Problem]:
    start, end, code = line.date_from, line.date_to, line.procedure
    if start is None:
        sentence = "Enter the first day of the service."
        yield _problem(prefix + "date_from", sentence, code, "no date_from")
    elif start > today:
        sentence = f"The service begins in the future ({_day(start)}). Correct the date."
        yield _problem(prefix + "date_from", sentence, f"{code} {start}", "future date_from")
    if end is None:
        sentence = "Enter the last day of the service; for a single day, the same as the first."
        yield _problem(prefix + "date_to", sentence, code, "no date_to")
    elif end > today:
        sentence = f"The service ends in the future ({_day(end)}). Correct the date."
        yield _problem(prefix + "date_to", sentence, f"{code} {end}", "future date_to")
    if start and end and end < start:
        sentence = f"The service ends before it begins ({_day(start)}). Correct the dates."
        yield _problem(prefix + "date_to", sentence, f"{code} {start} {end}", "order of dates")


def _modifier_problems(field: str, line: ServiceLine) -> Iterator[Problem]:
    modifiers = line.modifiers
    if len(modifiers) > MAX_MODIFIERS:
        sentence = f"A line holds at most {MAX_MODIFIERS} modifiers; this one has "
        value = f"{line.procedure} {len(modifiers)}"
        yield _problem(field, f"{sentence}{len(modifiers)}.", value, "many modifiers")
    for modifier, times in Counter(modifiers).items():
        if not is_modifier(modifier):
            sentence = (
                f"{modifier or 'An empty one'} is not a modifier: a modifier has two characters."
            )
            yield _problem(field, sentence, modifier or "none", "modifier")
        if times > 1:
            sentence = f"Modifier {modifier} is on this line twice. Remove one of the two."
            yield _problem(field, sentence, f"{line.procedure} {modifier}", "modifier twice")


def _pointer_problems(field: str, line: ServiceLine, diagnoses: int) -> Iterator[Problem]:
    pointers, code = line.pointers, line.procedure
    if not pointers:
        sentence = "Point this line to at least one diagnosis."
        yield _problem(field, sentence, code, "no pointer")
    elif len(pointers) > MAX_POINTERS:
        sentence = f"A line points to at most {MAX_POINTERS} diagnoses; this one to "
        value = f"{code} {len(pointers)}"
        yield _problem(field, f"{sentence}{len(pointers)}.", value, "many pointers")
    for pointer, times in Counter(pointers).items():
        if not 1 <= pointer <= diagnoses:
            sentence = f"This line points to diagnosis {pointer}, but the claim has "
            yield _problem(field, f"{sentence}{diagnoses}.", f"{code} {pointer}", "pointer")
        if times > 1:
            sentence = f"This line points to diagnosis {pointer} twice. Remove one of the two."
            yield _problem(field, sentence, f"{code} {pointer}", "pointer twice")


def _day(day: date) -> str:
    return f"{day:%m/%d/%Y}"
