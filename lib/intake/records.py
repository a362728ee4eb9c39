"""What messages say, whatever their format: parties, claims, requests, payer updates. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lib.intake.claim_facts import NOTHING, ClaimFacts, stated
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

    @property
    def name(self) -> str:
        """ "LAST, FIRST"."""
        return ", ".join(part for part in (self.last_name, self.first_name) if part)


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
    payer_role: str = ""  # SBR01: P, S, T: which payer of the patient it is filed to
    other_payers: tuple[Party, ...] = ()  # of loops 2330B
    trace_number: str = ""  # REF*D9: the clearinghouse's number

    @property
    def facts(self) -> ClaimFacts:
        """Return by what the claim that this one replaces or voids is found: it may correct the
        amount, and any day where the payer's number says which claim is meant."""
        return ClaimFacts(
            claim_numbers=stated(self.claim_number, self.original),
            payer_numbers=stated(self.original),
            trace_numbers=stated(self.trace_number),
            patient_name=self.patient.name,
            birth_date=self.patient.birth_date,
            member_ids=stated(self.member_id),
            dates=self.dates,
            payer_name=self.payer.name,
            payer_code=self.payer.code,
            payer_role=self.payer_role,
        )

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what the claim says; the envelope and its place in the file do not count."""
        return self._fingerprint(self.payer_role if self.payer_role in {"S", "T"} else "")

    @property
    def earlier_fingerprint(self) -> str:
        """The same of stores made before claims were told apart by which payer they go to."""
        return self._fingerprint("")

    def _fingerprint(self, role: str) -> str:
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
            *([f"to the payer {role}"] if role else []),
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
    facts: ClaimFacts = NOTHING  # which claim is meant, where the parser knows more than the above
    earlier_keys: tuple[str, ...] = ()  # how stores made before knew the same request
    trace: str = ""  # of the answer it stands in: rows known by an earlier key are told by it
    takes_back: str = ""  # the codes of a denial that the payer takes back by this

    @property
    def about(self) -> ClaimFacts:
        """Which claim is meant: as the parser says, else by what the task will show."""
        if self.facts is not NOTHING:
            return self.facts
        return ClaimFacts(
            claim_numbers=stated(self.claim_number),
            payer_numbers=stated(self.payer_claim_number),
            patient_name=self.patient_name,
            birth_date=self.birth_date,
            dates=(self.date_of_service, self.date_of_service),
            charged=self.claim_amount,
            payer_name=self.payer_name,
            payer_code=self.payer_code,
        )


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
    facts: ClaimFacts = NOTHING  # which claim is meant
    earlier_keys: tuple[str, ...] = ()  # how stores made before knew the same news


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A payer no longer waits for the answer to a request, says one message."""

    request_key: str  # of the request
    key: str
    sentence: str  # "Plains Health has cancelled this request."
    segment_number: int
