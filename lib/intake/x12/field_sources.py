"""Which segment of an 837P holds which field of a charge. Pure.

Follows the rules by which lib/intake/x12/loops_837.py reads a claim; tests/test_field_sources.py
holds the two together on real files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lib.intake.x12.loops_837 import BILLING, DIAGNOSIS, ROLES, SUBSCRIBER

Place = tuple[int, str]  # number of the segment in its file, counted from 1, and its text

_SUBSCRIBER = ("member_id", "patient_name", "birth_date", "payer_name")
_NAMED = {  # NM101 above the claims: the fields it fills
    "85": ("billing_name", "billing_npi"),
    "IL": ("member_id", "patient_name"),
    "QC": ("patient_name",),
    "PR": ("payer_name",),
}


@dataclass(slots=True)
class _Walk:
    first: int  # number of the CLM segment
    found: dict[str, Place]
    is_claim: bool = False
    is_line: bool = False
    is_other: bool = False  # inside the loop of another payer
    is_above: bool = False  # between an HL and the first claim below it
    last: str = ""  # NM101 of the latest name
    lines: int = 0

    def around(self, place: Place, parts: list[str]) -> None:
        """Note what stands above the claim: billing provider, subscriber, payer and patient."""
        name, kind = parts[0], _at(parts, 1)
        if name == "HL":
            self.is_above, self.last = True, ""
            self.leave(_at(parts, 3))
        elif name == "CLM":  # another claim of the same patient: its own loops do not count
            self.is_above = False
        elif not self.is_above:
            return
        elif name == "NM1":
            self.last = kind
            for field in _NAMED.get(kind, ()):
                self.found[field] = place
        elif name == "DMG" and self.last in {"IL", "QC"}:
            self.found["birth_date"] = place

    def leave(self, level: str) -> None:
        """Forget what the loop that ends at this HL said."""
        gone = {BILLING: ("billing_name", "billing_npi", *_SUBSCRIBER), SUBSCRIBER: _SUBSCRIBER}
        for field in gone.get(level, ()):
            self.found.pop(field, None)

    def claim(self, place: Place, parts: list[str]) -> None:
        name, kind = parts[0], _at(parts, 1)
        if name == "LX":
            self.is_line, self.is_other = True, False
        elif name == "SV1":
            self.is_line, self.is_other = True, False
            self.lines += 1
            self.found[f"line {self.lines}"] = place
        elif self.is_other:
            return
        elif name == "SBR":
            self.is_other = True
        elif name == "NM1":
            self.party(place, kind)
        elif name == "REF" and kind in {"G1", "9F"}:
            self.number(place, kind)
        elif name == "DTP" and kind in {"435", "096"}:
            field = "hospitalized_from" if kind == "435" else "hospitalized_to"
            self.found.setdefault(field, place)
        elif name == "HI" and not self.is_line and _says_diagnoses(parts):
            self.found.setdefault("diagnoses", place)

    def party(self, place: Place, kind: str) -> None:
        if kind == "77":
            self.found.setdefault("location", place)
        elif role := ROLES.get(kind):
            self.found.setdefault(f"{role}_name", place)
            self.found.setdefault(f"{role}_npi", place)

    def number(self, place: Place, kind: str) -> None:
        """Note the authorization number, else the referral number."""
        held = self.found.get("authorization_number")
        if held is None or (kind == "G1" and held[1][4:6] == "9F"):
            self.found["authorization_number"] = place


def places(segments: Iterable[str], first: int) -> dict[str, Place]:
    """Return the segment behind each field of the claim whose CLM is segment `first`.

    `segments` are all those of the file from its first one on, at least to the end of the claim.
    The keys are the fields of a charge, with "line 1" for the first service line.
    """
    walk = _Walk(first, {})
    for number, text in enumerate(segments, 1):
        name = "".join(letter for letter in text[:3] if letter.isalnum())
        parts = text.split(text[len(name) : len(name) + 1] or "*")
        place = (number, text)
        if number == first:
            walk.is_claim = True
            walk.found["place_of_service"] = walk.found["claim_number"] = place
        elif not walk.is_claim:
            walk.around(place, parts)
        elif name in {"CLM", "HL", "SE", "ST"}:
            break
        else:
            walk.claim(place, parts)
    return walk.found if walk.is_claim else {}


def _says_diagnoses(parts: list[str]) -> bool:
    return any(part.startswith(kind) for part in parts[1:] for kind in DIAGNOSIS)


def _at(parts: list[str], index: int) -> str:
    return parts[index].strip() if index < len(parts) else ""
