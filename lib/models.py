"""The records and enumerations that the library and the pages exchange."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from lib.history_event_kinds import EventKind


class Role(StrEnum):
    """What a person is in one practice."""

    MANAGER = "manager"
    STAFF = "staff"
    BILLER = "biller"
    ANALYST = "analyst"
    ADMINISTRATOR = "administrator"

    @property
    def label(self) -> str:
        """Return the role as the screen names it."""
        return {
            Role.MANAGER: "Billing manager",
            Role.STAFF: "Practice staff",
            Role.BILLER: "Biller",
            Role.ANALYST: "Analyst",
            Role.ADMINISTRATOR: "Administrator",
        }[self]


class TaskType(StrEnum):
    """What a task asks the practice for; the order is the order of the left menu."""

    CODING = "coding"
    PATIENT = "patient"
    INSURANCE = "insurance"
    AUTHORIZATION = "authorization"
    PROVIDER = "provider"
    CHARGE = "charge"
    DOCUMENTS = "documents"

    @property
    def label(self) -> str:
        """Return the type as the screen names it."""
        return {
            TaskType.CODING: "Coding",
            TaskType.PATIENT: "Patient information",
            TaskType.INSURANCE: "Insurance & eligibility",
            TaskType.AUTHORIZATION: "Authorization & referral",
            TaskType.PROVIDER: "Provider",
            TaskType.CHARGE: "Charge & dates",
            TaskType.DOCUMENTS: "Documents",
        }[self]


class Status(StrEnum):
    """The state of a task; pending is everything that is not completed."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"

    @property
    def label(self) -> str:
        """Return the state as the screen names it."""
        return {
            Status.OPEN: "Open",
            Status.IN_PROGRESS: "In progress",
            Status.COMPLETED: "Completed",
        }[self]


class Resolution(StrEnum):
    """How a completed task ended."""

    CORRECTED = "corrected"
    DOCUMENT_SENT = "document_sent"
    ANSWERED = "answered"
    WRITTEN_OFF = "written_off"
    DUPLICATE = "duplicate"
    NOT_OURS = "not_ours"

    @property
    def label(self) -> str:
        """Return the words people read."""
        return {
            Resolution.CORRECTED: "Corrected and resubmitted",
            Resolution.DOCUMENT_SENT: "Document sent",
            Resolution.ANSWERED: "Answered",
            Resolution.WRITTEN_OFF: "Written off",
            Resolution.DUPLICATE: "Duplicate",
            Resolution.NOT_OURS: "Not ours",
        }[self]


class Turn(StrEnum):
    """Whose move it is on a pending task."""

    PRACTICE = "practice"
    BILLER = "biller"


class Channel(StrEnum):
    """Where a note belongs: the question thread of a task, or one side's notes on the charge."""

    QUESTION = "question"
    TO_BILLER = "to_biller"
    FROM_BILLER = "from_biller"


class DocumentStatus(StrEnum):
    """How far a document is in the practice's own handling."""

    NEW = "new"
    IN_PROCESS = "in_process"
    PROCESSED = "processed"
    ERROR = "error"

    @property
    def label(self) -> str:
        """Return the status as the screen names it."""
        return {
            DocumentStatus.NEW: "New",
            DocumentStatus.IN_PROCESS: "In process",
            DocumentStatus.PROCESSED: "Processed",
            DocumentStatus.ERROR: "Error",
        }[self]


@dataclass(frozen=True, slots=True)
class EarlierZone:
    """The time zone in which a practice counted its days until a moment."""

    practice_id: int
    timezone: str  # IANA name
    until: datetime  # what happened before it, and after the end of the zone before


@dataclass(frozen=True, slots=True)
class Practice:
    """A group of providers that files claims under one name; every record belongs to one."""

    id: int
    name: str
    timezone: str  # IANA name; days are counted in it
    due_days: int  # the practice's own deadline for requests that name no due date
    earlier_zones: tuple[EarlierZone, ...] = ()  # the first one first


@dataclass(frozen=True, slots=True)
class Membership:
    """A practice a person belongs to, and their role there."""

    practice: Practice
    role: Role


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in, with the practices they belong to."""

    id: int
    name: str
    email: str
    memberships: tuple[Membership, ...] = ()

    @property
    def practice_ids(self) -> list[int]:
        """Return the ids of their practices."""
        return [m.practice.id for m in self.memberships]

    def role_in(self, practice_id: int) -> Role | None:
        """Return their role in a practice; None if they do not belong to it."""
        return next((m.role for m in self.memberships if m.practice.id == practice_id), None)

    def at(self, practice_id: int | None) -> Person:
        """Return the person as a member of that practice only; as they are for None and for a
        practice that is not theirs."""
        there = tuple(m for m in self.memberships if m.practice.id == practice_id)
        return replace(self, memberships=there) if there else self


@dataclass(frozen=True, slots=True)
class Account:
    """A person as those who manage people see them."""

    id: int
    name: str
    email: str
    is_sample: bool
    is_active: bool
    last_seen_at: datetime | None  # when a session of theirs was last used, to the minute
    is_set_up: bool  # has a password or a passkey


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person of a practice whose role works on tasks, as others see them."""

    id: int
    name: str
    email: str
    role: Role
    is_active: bool = True  # False of who signs in no more: they keep tasks, and are given none


@dataclass(frozen=True, slots=True)
class Payer:
    """An insurer of a practice's patients."""

    id: int
    practice_id: int
    code: str  # the payer ID as files write it; not always a number
    name: str


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient of a practice."""

    id: int
    practice_id: int
    last_name: str
    first_name: str
    birth_date: date | None
    sex: str | None

    @property
    def name(self) -> str:
        """Return "LAST, FIRST"."""
        return ", ".join(part for part in (self.last_name, self.first_name) if part)


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """One line of a claim (loop 2400, CMS-1500 box 24)."""

    date_from: date | None
    date_to: date | None
    procedure: str  # HCPCS or CPT code
    modifiers: tuple[str, ...]  # up to four
    pointers: tuple[int, ...]  # 1-based positions in the charge's diagnoses, up to four
    units: Decimal
    unit_charge: Decimal  # US dollars
    total: Decimal  # US dollars; units × unit charge, or as filed until somebody edits the line


@dataclass(frozen=True, slots=True)
class Charge:
    """A claim as the practice holds and edits it, with everything the Edit Charge window shows."""

    id: int
    practice_id: int
    claim_number: str
    patient_id: int
    payer_id: int
    member_id: str
    authorization_number: str
    billing_npi: str
    billing_name: str
    rendering_npi: str
    rendering_name: str
    referring_npi: str
    referring_name: str
    supervising_npi: str
    supervising_name: str
    location: str
    place_of_service: str
    date_from: date | None
    date_to: date | None
    hospitalized_from: date | None
    hospitalized_to: date | None
    diagnoses: tuple[str, ...]  # in order, without the dot, up to twelve
    filed_total: Decimal  # CLM02 as the claim arrived
    is_edited: bool  # somebody has saved it since it arrived
    arrival_problems: tuple[str, ...]  # keys of what the scrubber found when it came in
    version: int
    lines: tuple[ServiceLine, ...] = ()
    payer: str = ""  # the payer's name with its ID, as the window shows it

    @property
    def total(self) -> Decimal:
        """Return the US dollars of all service lines."""
        return sum((line.total for line in self.lines), Decimal("0.00"))


# The fields that stand in the charge's own row.
CHARGE_COLUMNS = tuple(each.name for each in fields(Charge) if each.name not in {"lines", "payer"})


@dataclass(frozen=True, slots=True)
class Task:
    """What the practice is asked to do, as the list and the Task Details panel show it."""

    id: int
    practice_id: int
    type: TaskType
    status: Status
    turn: Turn
    title: str
    instructions: str
    charge_id: int | None
    patient_id: int | None
    payer_id: int | None
    assignee_id: int | None
    assignee_name: str | None
    claim_number: str
    patient_name: str
    payer_name: str
    provider_name: str
    date_of_service: date | None
    amount: Decimal | None  # US dollars that depend on the answer
    due_on: date | None
    due_rule: str
    document_label: str | None
    source: str
    codes: str
    created_at: datetime
    created_by: str | None
    started_at: datetime | None
    completed_at: datetime | None
    completed_by: str | None
    version: int
    requested_on: date | None = None  # the asker's own date; None where it was not recorded
    resolution: Resolution | None = None  # of a completed task; None where it was not recorded
    is_answered: bool = False  # by the biller, and the practice has not acted on it since


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a payer's later answer suggests for an open task."""

    sentence: str  # "Plains Health paid … Complete the task?"
    made_at: datetime


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One line of the task list."""

    id: int
    title: str
    type: TaskType
    patient_name: str
    payer_name: str
    date_of_service: date | None
    amount: Decimal | None
    created_at: datetime
    completed_at: datetime | None
    due_on: date | None
    status: Status
    turn: Turn
    assignee_name: str | None
    requested_on: date | None = None
    practice_id: int = 0
    practice_name: str = ""
    is_answered: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """Tasks that something counted: a text that selects their ids, what each asked for then (US
    dollars), and the values of both by name."""

    sql: str
    values: tuple[tuple[str, Hashable], ...]  # they are part of what is cached
    amount: str = "task.amount"


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """What the list shows; a field that is not set restricts nothing."""

    statuses: tuple[Status, ...] = ()
    types: tuple[TaskType, ...] = ()
    assignee_id: int | None = None
    unassigned: bool = False
    turn: Turn | None = None
    answered: bool = False  # the biller's answer waits for the practice
    payer: str | None = None
    provider: str | None = None
    practice_id: int | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    completed_from: datetime | None = None
    completed_before: datetime | None = None
    pending_at: datetime | None = None
    age_from: int | None = None  # days from the request to the completion, or to `as_of`
    age_to: int | None = None
    as_of: datetime | None = None
    code: str | None = None  # of the payer, such as CO-16
    selection: Selection | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskPage:
    """One page of the task list, with the totals of all pages."""

    rows: tuple[TaskRow, ...]
    count: int  # of all pages
    amount: Decimal  # US dollars, of all pages


@dataclass(frozen=True, slots=True)
class Note:
    """A question, comment or note written on a task."""

    id: int
    channel: Channel
    text: str
    author: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One line of history: who did what and when, and the values before and after."""

    kind: EventKind
    field: str | None
    old: str | None
    new: str | None
    detail: str | None
    actor: str | None
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class DocumentDetails:
    """What people enter about a document; its content is separate."""

    name: str
    label: str  # one of file_type_detection.DOCUMENT_LABELS
    status: DocumentStatus
    document_date: date
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A saved document: its details, and what is known of its file."""

    id: int
    practice_id: int
    sha256: str
    media_type: str
    size: int  # bytes
    file_name: str  # for its download; the extension fits the media type
    name: str
    label: str
    status: DocumentStatus
    document_date: date
    notes: str
    patient_id: int | None
    patient_name: str | None
    created_at: datetime
    created_by: str | None

    @property
    def details(self) -> DocumentDetails:
        """Return what people entered about it."""
        return DocumentDetails(self.name, self.label, self.status, self.document_date, self.notes)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a payer's scrubber would reject."""

    field: str  # where it is shown: "rendering_npi", "diagnoses.2", "lines.0.procedure"
    sentence: str
    key: str  # rule and offending value; the same key is the same problem in another version
    is_blocking: bool = True


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a charge that somebody else changed meanwhile."""

    field: str
    label: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """Which answers of a remittance, besides denials, a practice wants as tasks."""

    partial_denials: bool = False
    line_denials: bool = False
    reversals: bool = False
    takebacks: bool = False
