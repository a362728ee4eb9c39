"""What one claim of an 837P says, and how it is known again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lib.intake.x12.elements import Party
from lib.models import ServiceLine


@dataclass(frozen=True, slots=True)
class Subject:
    """The patient of a claim."""

    last_name: str
    first_name: str
    birth_date: date | None
    sex: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """One CLM loop and what it inherits from the loops around it."""

    segment_number: int  # of the CLM segment in the file
    claim_number: str  # CLM01
    frequency: str  # CLM05-3: 1 original, 7 replacement, 8 void
    patient: Subject
    payer: Party
    member_id: str
    authorization_number: str
    billing: Party
    rendering: Party
    referring: Party
    supervising: Party
    location: str
    place_of_service: str
    dates: tuple[date | None, date | None]
    hospitalized: tuple[date | None, date | None]
    diagnoses: tuple[str, ...]
    filed_total: Decimal  # US dollars, CLM02
    lines: tuple[ServiceLine, ...]
    original: str = ""  # REF*F8: the payer's number of the claim that this one replaces or voids

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what the claim says; the envelope and its place in the file do not count."""
        said = (
            self.claim_number,
            self.frequency,
            self.patient.last_name,
            self.patient.first_name,
            str(self.patient.birth_date),
            str(self.patient.sex),
            self.payer.code,
            self.payer.last,
            self.member_id,
            self.authorization_number,
            *(
                text
                for who in (self.billing, self.rendering, self.referring, self.supervising)
                for text in (who.code, who.last, who.first)
            ),
            self.location,
            self.place_of_service,
            *(str(day) for day in self.dates + self.hospitalized),
            str(self.filed_total),
            "|".join(self.diagnoses),
            *(_said(line) for line in self.lines),
            *([self.original] if self.original else []),
        )
        return hashlib.sha256("\x1f".join(said).encode()).hexdigest()


def _said(line: ServiceLine) -> str:
    return (
        f"{line.date_from}|{line.date_to}|{line.procedure}|{','.join(line.modifiers)}"
        f"|{line.pointers}|{line.units}|{line.total}"
    )
