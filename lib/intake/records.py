"""What messages say, whatever their format: parties, claims, requests, payer updates. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lib.models import ServiceLine, TaskType


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody a file names: a person (last, first) or an organisation (last only)."""

    last: str = ""
    first: str = ""
    code: str = ""  # NM109 or N104
    code_kind: str = ""  # NM108 or N103: XX an NPI, MI a member id, PI a payer

    @property
    def name(self) -> str:
        return f"{self.last}, {self.first}" if self.first else self.last

    @property
    def npi(self) -> str:
        return self.code if self.code_kind == "XX" else ""


NOBODY = Party()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing that one message asks of the practice, about one claim or about none."""

    key: str  # what is asked of which claim: the same key is the same request, in any envelope
    type: TaskType
    title: str
    instructions: str
    source: str  # 835, 277CA, 277RFAI, FHIR, CSV, XLSX
    segment_number: int  # where it stands: segment, line of NDJSON or row of a table, from 1
    codes: str = ""
    amount: Decimal | None = None  # US dollars that wait for the answer
    claim_amount: Decimal | None = None  # US dollars of the whole claim, where that is more
    claim_number: str = ""
    payer_claim_number: str = ""  # what the payer calls the claim
    patient_name: str = ""  # "LAST, FIRST", used where the claim is not held
    birth_date: date | None = None
    payer_name: str = ""
    payer_code: str = ""
    provider_name: str = ""
    date_of_service: date | None = None
    asked_on: date | None = None  # the day of the message: the practice's own rule counts from it
    asked_in: str = "request"  # what `asked_on` is the day of, in a sentence
    due_on: date | None = None  # None: by the practice's own rule
    due_rule: str = ""
    document_label: str | None = None
    received_on: date | None = None  # the day it arrived elsewhere; None: it arrives now
    assignee_name: str = ""  # who works on it elsewhere: taken over where a colleague is so named
    history: str = ""  # said on a task of the claim that is open already; empty: never added there
    same: str = ""  # how the keys of requests begin that ask the same: only their tasks are told
    is_history: bool = False  # makes no task of its own, and is nothing where none is open

    @property
    def whole(self) -> Decimal | None:
        """US dollars by which the claim is found among several of its number."""
        return self.amount if self.claim_amount is None else self.claim_amount


@dataclass(frozen=True, slots=True)
class PayerUpdate:
    """A payer accepted or paid a claim, says one message."""

    key: str  # the same key is the same news, in any envelope
    claim_number: str
    amount: Decimal | None  # US dollars, of the claim
    sentence: str  # "The payer paid this claim on 02/10/2025."
    segment_number: int
    is_payment: bool
    payer_claim_number: str = ""  # what the payer calls the claim
