"""What messages say, whatever their format: parties, claims, requests, payer updates. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from lib.intake.matching.claim_facts import NOTHING, ClaimFacts, is_of_own_claim, stated
from lib.intake.matching.spelling_comparison import with_suffix
from lib.models import ServiceLine, TaskType


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody a file names: a person (last, first) or an organization (last only)."""

    last: str = ""
    first: str = ""
    code: str = ""  # NM109 or N104
    code_kind: str = ""  # NM108 or N103: XX an NPI, MI a member ID, PI a payer ID
    more: str = ""  # middle name and suffix of a person, NM105 and NM107: "ALAN JR"
    suffix: str = ""  # NM107, which `more` ends with: "JR"

    @property
    def name(self) -> str:
        """Return "LAST, FIRST", or the organization's name."""
        return f"{self.last}, {self.first}" if self.first else self.last

    @property
    def full_name(self) -> str:
        """Return "LAST, FIRST MIDDLE SUFFIX", which tells twins, or a father from his son."""
        return f"{self.name} {self.more}" if self.first and self.more else self.name

    @property
    def compared_name(self) -> str:
        """Return the full name as names are compared: its suffix is no initial."""
        return with_suffix(self.full_name, self.suffix) if self.first else self.name

    @property
    def npi(self) -> str:
        """Return the NPI; empty if the code is another kind of number."""
        return self.code if self.code_kind == "XX" else ""


NOBODY = Party()


@dataclass(frozen=True, slots=True)
class Subject:
    """The patient of a claim."""

    last_name: str
    first_name: str
    birth_date: date | None
    sex: str | None
    more: str = ""  # middle name and suffix: "ALAN JR"
    suffix: str = ""  # which `more` ends with: "JR"

    @property
    def name(self) -> str:
        """Return "LAST, FIRST"."""
        return ", ".join(part for part in (self.last_name, self.first_name) if part)

    @property
    def full_name(self) -> str:
        """Return "LAST, FIRST MIDDLE SUFFIX"."""
        return f"{self.name} {self.more}" if self.first_name and self.more else self.name

    @property
    def compared_more(self) -> str:
        """Return middle name and suffix as names are compared: the suffix is no initial."""
        return with_suffix(self.more, self.suffix)

    @property
    def compared_name(self) -> str:
        """Return the full name as names are compared."""
        return with_suffix(self.full_name, self.suffix) if self.first_name else self.name


@dataclass(frozen=True, slots=True)
class Claim:
    """One CLM loop, and what it inherits from the loops around it."""

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
    payer_role: str = ""  # SBR01: P, S, T: which of the patient's payers it is filed to
    other_payers: tuple[Party, ...] = ()  # of loops 2330B
    trace_number: str = ""  # REF*D9: the clearinghouse's number
    sent_at: str = ""  # when its message was written, ISO 8601; empty if not stated

    @property
    def facts(self) -> ClaimFacts:
        """Return the facts by which the claim that this one replaces or voids is found. This one
        may correct the amount, and any day if the payer's number says which claim is meant."""
        return ClaimFacts(
            claim_numbers=stated(self.claim_number, self.original),
            payer_numbers=stated(self.original),
            trace_numbers=stated(self.trace_number),
            patient_name=self.patient.compared_name,
            birth_date=self.patient.birth_date,
            member_ids=stated(self.member_id),
            dates=self.dates,
            payer_name=self.payer.name,
            payer_code=self.payer.code,
            payer_role=self.payer_role,
        )

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of what the claim says; the envelope and its place in the file do not
        count."""
        return self._fingerprint(self._role, self.patient.more)

    @property
    def earlier_fingerprints(self) -> tuple[str | None, str | None]:
        """Return the same as older stores made it, where they made it otherwise: before it
        included which payer the claim goes to, and before it included the patient's middle name."""
        role, more = self._role, self.patient.more
        return (
            self._fingerprint("", "") if role or more else None,
            self._fingerprint(role, "") if more else None,
        )

    @property
    def _role(self) -> str:
        return self.payer_role if self.payer_role in {"S", "T"} else ""

    def _fingerprint(self, role: str, more: str) -> str:
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
            *([f"patient also named {more}"] if more else []),
        )
        return hashlib.sha256("\x1f".join(said).encode()).hexdigest()


def _said(line: ServiceLine) -> str:
    return (
        f"{line.date_from}|{line.date_to}|{line.procedure}|{','.join(line.modifiers)}"
        f"|{line.pointers}|{line.units}|{line.total}"
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """The message in which a state of a request stands."""

    message: str = ""  # the same in any envelope
    at: str = ""  # when its sender wrote it, ISO 8601 in UTC; empty if not stated


UNSENT = Sent()
BATCH = "277CA|batch|"  # how the keys begin of what rejects a batch


class RejectedBatch(NamedTuple):
    """What tells a batch of claims that an acknowledgment rejects."""

    number: str  # under which it was sent
    sent_by: str  # its level, and the name of the provider or receiver there

    @staticmethod
    def of_key(key: str) -> RejectedBatch | None:
        """Return the batch that a request with this key rejects; None if none is told by it."""
        level, whose, trace, number, *rest = [*key.removeprefix(BATCH).split("|"), "", "", ""]
        if not key.startswith(BATCH) or len(rest) < 2:
            return None
        said = stated(number, trace)
        return RejectedBatch(said[0], f"{level}|{whose}") if said else None


OF = "|of|"  # in a key, before what tells patients and days of service apart


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
    amount: Decimal | None = None  # US dollars that depend on the answer
    claim_amount: Decimal | None = None  # US dollars of the whole claim, if that is more
    claim_number: str = ""
    payer_claim_number: str = ""  # the payer's number for the claim
    patient_name: str = ""  # "LAST, FIRST", shown if we do not have the claim
    birth_date: date | None = None
    payer_name: str = ""
    payer_code: str = ""
    provider_name: str = ""
    date_of_service: date | None = None
    # the day of the message, from which the practice's own rule counts
    asked_on: date | None = None
    asked_in: str = "request"  # what `asked_on` is the day of, as a word in a sentence
    due_on: date | None = None  # None: by the practice's own rule
    due_rule: str = ""
    document_label: str | None = None
    received_on: date | None = None  # the day it arrived in another system; None: it arrives now
    # who works on it in the other system: kept if a colleague has that name
    assignee_name: str = ""
    history: str = ""  # added to the history of the claim's open task; empty: never added there
    same: str = ""  # prefix of the keys of requests that ask the same: only their tasks are told
    is_history: bool = False  # makes no task of its own; dropped if none is open
    # which claim is meant, if the parser knows more than the fields above
    facts: ClaimFacts = NOTHING
    joins: int | None = None  # the open task that takes it, where that is known beforehand
    is_overtaken: bool = False  # a later message said otherwise: it withdraws no proposal
    earlier_keys: tuple[str, ...] = ()  # the keys of the same request in older stores
    nameless: tuple[str, ...] = ()  # the parts of the key, in order, that spell no name or number
    trace: str = ""  # of the answer it stands in: it tells rows with the same earlier key apart
    takes_back: str = ""  # the codes of a denial that the payer reverses with this
    taken_back: Decimal = Decimal("0.00")  # US dollars that such a denial left open
    acknowledged_at: str = ""  # when a 277CA that says it was written, ISO 8601
    part: str = ""  # which part of a split claim is meant: how its key ends
    sent: Sent = UNSENT  # the message that says it
    again_of: str = ""  # the key of a request whose task is completed: it is asked for again
    thread: str = ""  # how the keys begin of all that bears the payer's number for this request
    also_keys: tuple[str, ...] = ()  # others by which what comes later may name it
    left_empty: str = ""  # what it says that cannot be read, as a part of a sentence
    names: tuple[str, ...] = ()  # what is wanted, in words that the instructions hold
    remarks: tuple[str, ...] = ()  # what is odd about it and hinders nothing, as half sentences
    # the codes of a row of a denial list that says nothing but the denial; None for all else
    listed: tuple[str, ...] | None = None
    batch: RejectedBatch | None = None  # which is rejected as such, if its number tells it

    @property
    def is_of_own_claim(self) -> bool:
        """Return True if the payer's number tells its claim from others answered on that day."""
        return is_of_own_claim(self.source, self.key, self.codes)

    @property
    def about(self) -> ClaimFacts:
        """Return which claim is meant: the parser's facts, else what the task will show."""
        if self.facts != NOTHING:
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
    """One message's news that a payer accepted or paid a claim."""

    key: str  # the same key is the same update, in any envelope
    claim_number: str
    amount: Decimal | None  # US dollars, of the claim
    sentence: str  # "The payer paid this claim on 02/10/2025."
    segment_number: int
    is_payment: bool
    told_on: date | None = None  # the day of the message
    payer_claim_number: str = ""  # the payer's number for the claim
    facts: ClaimFacts = NOTHING  # which claim is meant
    earlier_keys: tuple[str, ...] = ()  # the keys of the same update in older stores
    nameless: tuple[str, ...] = ()  # the parts of the key, in order, that spell no name or number
    acknowledged_at: str = ""  # when a 277CA that says it was written, ISO 8601
    paid: Decimal = Decimal("0.00")  # US dollars
    left_codes: frozenset[str] = frozenset()  # for which the payment leaves something open
    is_taken_back: bool = False  # the same file reverses the payment after it


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One message's news that a payer no longer waits for the answer to a request."""

    thread: str  # the payer's number for the request, as its keys begin
    payer: str  # as the keys say it; empty if the message names none
    claim: str  # likewise
    state: str
    sentence: str  # "Plains Health has cancelled this request."
    segment_number: int
    payer_name: str = ""
    sent: Sent = UNSENT
    patient_name: str = ""
    date_of_service: date | None = None
    also_key: str = ""  # another number of the request
    is_withdrawn: bool = True  # False: it is completed, rejected or failed

    @property
    def request_key(self) -> str:
        """Return the key of the request, if the message names claim and payer."""
        return "|".join((self.thread, self.payer, self.claim))

    @property
    def key(self) -> str:
        """Return the key of this news."""
        return f"{self.request_key}|{self.state}"
