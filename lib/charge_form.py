"""Convert between a charge and the text typed into Edit Charge. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from lib import us_formats
from lib.models import Charge, Problem, ServiceLine
from lib.scrubber import dotted
from lib.us_formats import MAX_MONEY, show

MAX_DIAGNOSES = 12
MAX_LINES = 50
EMPTY_LINE = {
    "from": "", "to": "", "procedure": "", "m1": "", "m2": "", "m3": "", "m4": "",
    "pointers": "", "units": "1", "unit_charge": "",
}  # fmt: skip

_DATES = ("hospitalized_from", "hospitalized_to")
# Name and ID as 2010BB NM103 and NM109 take them (ASC X12N/005010X222A1): 60 and 80 letters.
_PAYER = re.compile(r"([^()*:^~]{1,60})\(([0-9A-Za-z-]{2,80})\)")
MAX_PAYER = 143
_UNITS = re.compile(r"\d{1,6}(\.\d{1,3})?")


def to_form(charge: Charge) -> dict[str, Any]:
    """Return the charge as the window's text: fields by name, `diagnoses` and `lines` as lists."""
    return {
        **{name: show(getattr(charge, name)) for name in FIELD_LABELS},
        "diagnoses": [dotted(code) for code in charge.diagnoses],
        "lines": [_line_to_form(line) for line in charge.lines],
    }


def from_form(
    form: dict[str, Any], base: Charge, *, payers: Collection[str] = ()
) -> tuple[Charge, list[Problem]]:
    """Return the charge that the text describes, and a problem for each text that cannot be read.

    `payers` are those the practice knows, by name and ID. Unreadable text leaves the value of
    `base`, so a charge with problems must not be stored.
    """
    problems: list[Problem] = []
    fields: dict[str, Any] = {
        name: str(form[name]).strip() for name in FIELD_LABELS if name not in _DATES
    }
    for name in _DATES:
        fields[name] = _date(str(form[name]), name, problems)
    for name in ("rendering_npi", "referring_npi", "supervising_npi", "billing_npi"):
        fields[name] = re.sub(r"[\s-]", "", fields[name])
    if fields["payer"] not in {base.payer, *payers}:
        _check_payer(fields["payer"], payers, problems)
    codes = [re.sub(r"[\s.]", "", str(text)).upper() for text in form["diagnoses"]]
    diagnoses = tuple(code for code in codes if code)
    _no_gap(codes, problems)
    typed = [
        (line, filed)
        for line, filed in zip(form["lines"], filed_lines(form["lines"], base), strict=True)
        if not is_blank(line)
    ]
    lines = tuple(
        _line_from_form(line, f"lines.{place}", filed, problems)
        for place, (line, filed) in enumerate(typed)
    )
    charge = dataclasses.replace(base, **fields, diagnoses=diagnoses, lines=lines)
    largest = max((line.total for line in lines), default=MAX_MONEY)
    if largest <= MAX_MONEY < charge.total and lines != base.lines:
        problems.append(_problem("lines", "The total of these lines is too large."))
    return charge, problems


def payer_text(name: str, code: str) -> str:
    """Return a payer as it is shown and typed: its name and, in parentheses, its payer ID."""
    return f"{name} ({code})" if code else name


def with_room_for_id(text: str, payers: Collection[str]) -> str:
    """Return the payer as it is typed, with an empty place for the ID if it is new and has none."""
    text = text.strip()[:MAX_PAYER]
    return text if not text or text in payers or "(" in text else f"{text} ()"


def payer_typed(text: str) -> tuple[str, str] | None:
    """Return name and payer ID of a payer that is typed with both, or None."""
    found = _PAYER.fullmatch(text[:MAX_PAYER])
    return (found[1].strip(), found[2].upper()) if found and found[1].strip() else None


def _check_payer(text: str, payers: Collection[str], problems: list[Problem]) -> None:
    """Add a problem for a payer that is not known and not typed with its ID, or with another's."""
    typed = payer_typed(text)
    if typed is None:
        sentence = (
            "Choose a payer from the list, or write a new one with its payer ID, such as "
            "Plains Health (60054)."
        )
        problems.append(_problem("payer", sentence))
        return
    of_code = [known for known in payers if known.upper().endswith(f"({typed[1]})")]
    if of_code:
        sentence = f"Payer ID {typed[1]} is {of_code[0]} here: choose it from the list."
        problems.append(_problem("payer", sentence))


def _no_gap(codes: Sequence[str], problems: list[Problem]) -> None:
    """Add a problem for an empty diagnosis between others: lines point to diagnoses by letter, so a
    gap would make them point to the wrong ones."""
    filled = [at for at, code in enumerate(codes) if code]
    gap = next((place for place, at in enumerate(filled) if place != at), None)
    if gap is not None:
        sentence = (
            f"Diagnosis {letter(gap + 1)} is empty and a later one is not. Fill it, or move the "
            "later ones up and check the letters on the service lines."
        )
        problems.append(_problem("diagnoses", sentence))


def is_blank(line: dict[str, Any]) -> bool:
    """Return True for a line nobody has filled in: it has dates and units from the start."""
    return not any(
        str(value).strip() for key, value in line.items() if key not in ("from", "to", "units")
    )


def filed_lines(typed: Sequence[dict[str, Any]], base: Charge) -> list[ServiceLine | None]:
    """Return for each typed line the line of `base` it was made from, or None for a new one.

    A removed line shifts the others, so lines are recognized by what they say: the most alike
    first, of two alike the one nearer to its old place.
    """
    texts = [_text(line) for line in typed]
    olds = [_line_to_form(line) for line in base.lines]
    pairs = sorted(
        (-sum(text[name] == old[name] for name in EMPTY_LINE), abs(place - at), place, at)
        for place, text in enumerate(texts)
        for at, old in enumerate(olds)
        if any(text[name] and text[name] == old[name] for name in EMPTY_LINE if name != "units")
    )
    found: list[ServiceLine | None] = [None] * len(texts)
    left = set(range(len(olds)))
    for _, _, place, at in pairs:
        if found[place] is None and at in left:
            found[place] = base.lines[at]
            left.remove(at)
    return found


def merge(mine: dict[str, Any], opened: Charge, current: Charge) -> dict[str, Any]:
    """Return my form over what somebody else saved: their value wherever I changed nothing."""
    before, theirs = to_form(opened), to_form(current)
    return {name: theirs[name] if mine[name] == before[name] else mine[name] for name in mine}


def line_total(units: Decimal, unit_charge: Decimal) -> Decimal:
    """Return units × unit charge in US dollars, rounded half up to the cent."""
    return (units * unit_charge).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _line_to_form(line: ServiceLine) -> dict[str, str]:
    modifiers = [*line.modifiers, "", "", "", ""]
    return {
        "from": show(line.date_from),
        "to": show(line.date_to),
        "procedure": line.procedure,
        **{f"m{n}": modifiers[n - 1] for n in range(1, 5)},
        "pointers": " ".join(letter(pointer) for pointer in line.pointers),
        "units": amount_of(line.units),
        "unit_charge": f"{line.unit_charge:.2f}",
    }


def _text(line: dict[str, Any]) -> dict[str, str]:
    return {name: str(line.get(name, "")).strip() for name in EMPTY_LINE}


def _line_from_form(
    line: dict[str, Any], where: str, filed: ServiceLine | None, problems: list[Problem]
) -> ServiceLine:
    """Return the line that the text describes. Values nobody touched stay as filed, even where they
    could not be typed so: a negative amount, a total that is not units × unit charge."""
    text = _text(line)
    old = _line_to_form(filed) if filed else {}
    if filed and text == old:
        return filed
    if filed and text["units"] == old["units"]:
        units = filed.units
    elif _UNITS.fullmatch(text["units"]):
        units = Decimal(text["units"])
    else:
        units = Decimal(0)
        problems.append(
            _problem(f"{where}.units", "Write the units as a number, such as 1 or 2.5.")
        )
    if filed and text["unit_charge"] == old["unit_charge"]:
        unit_charge = filed.unit_charge
    elif (dollars := us_formats.parse_money(text["unit_charge"])) is not None:
        unit_charge = dollars
    else:
        unit_charge = Decimal(0)
        problems.append(
            _problem(f"{where}.unit_charge", "Write the unit charge in dollars, such as 151.00.")
        )
    if filed and text["pointers"] == old["pointers"]:
        pointers = filed.pointers
    else:
        pointers = _pointers(text["pointers"], f"{where}.pointers", problems)
    if filed and (filed.units, filed.unit_charge) == (units, unit_charge):
        total = filed.total
    else:
        total = line_total(units, unit_charge)
    if total > MAX_MONEY:
        problems.append(_problem(f"{where}.unit_charge", "The total of this line is too large."))
    date_from = _date(text["from"], f"{where}.date_from", problems)
    return ServiceLine(
        date_from=date_from,
        date_to=_date(text["to"], f"{where}.date_to", problems) if text["to"] else date_from,
        procedure=text["procedure"].upper(),
        modifiers=tuple(text[f"m{n}"].upper() for n in range(1, 5) if text[f"m{n}"]),
        pointers=pointers,
        units=units,
        unit_charge=unit_charge,
        total=total,
    )


def _pointers(text: str, where: str, problems: list[Problem]) -> tuple[int, ...]:
    found: list[int] = []
    for part in re.findall(r"\d+|[A-Za-z]|[^\s,;:\dA-Za-z]", text):
        if part.isdigit() and len(part) < 3:
            found.append(int(part))
        elif part.isalpha() and part.isascii():
            found.append(ord(part.upper()) - 64)
        else:
            problems.append(_problem(where, "Point to diagnoses by their letters, such as A B."))
            break
    return tuple(found)


def _date(text: str, where: str, problems: list[Problem]) -> date | None:
    if not text.strip():
        return None
    day = us_formats.parse_date(text)
    if day is None:
        problems.append(_problem(where, "Write the date as MM/DD/YYYY."))
    return day


def _problem(where: str, sentence: str) -> Problem:
    return Problem(where, sentence, f"unreadable:{where}")


# The fields people edit, as the window names them.
FIELD_LABELS: dict[str, str] = {
    "payer": "Payer",
    "member_id": "Member ID",
    "authorization_number": "Authorization number",
    "rendering_npi": "Rendering NPI",
    "rendering_name": "Rendering provider",
    "referring_npi": "Referring NPI",
    "referring_name": "Referring provider",
    "supervising_npi": "Supervising NPI",
    "supervising_name": "Supervising provider",
    "billing_npi": "Billing NPI",
    "billing_name": "Billing provider",
    "location": "Location",
    "place_of_service": "Place of service",
    "hospitalized_from": "Admission date",
    "hospitalized_to": "Discharge date",
}
# What older lines of the history call these fields.
FORMER_LABELS = {
    "Case/member ID": "Member ID",
    "Hospitalized from": "Admission date",
    "Hospitalized to": "Discharge date",
}


def letter(pointer: int) -> str:
    """Return a diagnosis pointer as on paper: A is the first; a number if there is no such
    letter."""
    return chr(64 + pointer) if 1 <= pointer <= 26 else str(pointer)


def amount_of(value: Decimal) -> str:
    """Return units without trailing zeros: 1, 2.5."""
    return f"{value.normalize():f}"
