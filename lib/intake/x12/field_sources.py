"""Which segment of an 837P holds which field of a charge. Pure.

Follows the rules by which `claims_837` reads a claim; tests/test_field_sources.py holds the two
together on real files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lib.intake.x12.claims_837 import DIAGNOSIS, ROLES
from lib.intake.x12.loops_837 import ENDS, IN_CLAIM, Loop, walk
from lib.intake.x12.segment_reader import Segment, element

Place = tuple[int, str]  # number of the segment in its file, counted from 1, and its text

# Charge fields filled from the name of a loop above the claim. The last such loop counts.
_NAMED = {
    Loop.BILLING: ("billing_name", "billing_npi"),
    Loop.SUBSCRIBER: ("member_id", "patient_name"),
    Loop.PATIENT: ("patient_name",),
    Loop.PAYER: ("payer_name",),
}


def places(segments: Iterable[str], first: int) -> dict[str, Place]:
    """Return the segment behind each field of the claim whose CLM is segment `first`.

    `segments` are all those of the file from its first one on, at least to the end of the claim.
    The keys are the fields of a charge, with "line 1" for the first service line.
    """
    around: dict[Loop, dict[str, Place]] = {}
    claim: dict[str, Place] = {}
    for loop, place, segment in walk(_split(segments)):
        name = segment[0]
        if place[0] == first:
            claim = {"place_of_service": place, "claim_number": place}
        elif not claim:
            if loop not in IN_CLAIM:
                _take_above(loop, place, segment, around)
        elif name in {"CLM", "HL", "SE", "ST"}:
            break
        elif loop is not Loop.OTHER_PAYER:
            _take(loop, place, segment, claim)
    if not claim:
        return {}
    found: dict[str, Place] = {}
    for loop in _NAMED:
        found |= around.get(loop, {})
    return found | claim


def _split(segments: Iterable[str]) -> Iterator[tuple[Place, Segment]]:
    """Yield each text with its number, divided at whatever separator stands after its name."""
    for number, text in enumerate(segments, 1):
        name = "".join(letter for letter in text[:3] if letter.isalnum())
        yield (number, text), text.split(text[len(name) : len(name) + 1] or "*")


def _take_above(
    loop: Loop, place: Place, segment: Segment, around: dict[Loop, dict[str, Place]]
) -> None:
    """Note what stands above the claim: billing provider, subscriber, payer and patient."""
    if segment[0] in {"HL", "NM1"}:
        for ended in ENDS.get(loop, ()):
            around.pop(ended, None)
    if segment[0] == "NM1" and loop in _NAMED:
        around[loop] = dict.fromkeys(_NAMED[loop], place)
    elif segment[0] == "DMG" and loop in {Loop.SUBSCRIBER, Loop.PATIENT}:
        around.setdefault(loop, {})["birth_date"] = place


def _take(loop: Loop, place: Place, segment: Segment, claim: dict[str, Place]) -> None:
    """Note what stands in the claim itself, or in one of its lines."""
    name, kind = segment[0], element(segment, 1)
    if name == "SV1":
        claim[f"line {sum(field.startswith('line ') for field in claim) + 1}"] = place
    elif name == "NM1" and kind == "77":
        claim.setdefault("location", place)
    elif name == "NM1" and (role := ROLES.get(kind)):
        claim.setdefault(f"{role}_name", place)
        claim.setdefault(f"{role}_npi", place)
    elif name == "REF" and kind in {"G1", "9F"}:
        _take_number(place, kind, claim)
    elif name == "DTP" and kind in {"435", "096"}:
        claim.setdefault("hospitalized_from" if kind == "435" else "hospitalized_to", place)
    elif name == "HI" and loop is not Loop.LINE and _says_diagnoses(segment):
        claim.setdefault("diagnoses", place)


def _take_number(place: Place, kind: str, claim: dict[str, Place]) -> None:
    """Note the authorization number, else the referral number."""
    held = claim.get("authorization_number")
    if held is None or (kind == "G1" and held[1][4:6] == "9F"):
        claim["authorization_number"] = place


def _says_diagnoses(segment: Segment) -> bool:
    return any(part.startswith(kind) for part in segment[1:] for kind in DIAGNOSIS)
