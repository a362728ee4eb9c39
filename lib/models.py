"""The records and enumerations that cross the border between the library and the pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from lib.event_kinds import EventKind


class Role(StrEnum):
    """What somebody is in one practice."""

    MANAGER = "manager"
    STAFF = "staff"
    BILLER = "biller"
    ANALYST = "analyst"

    @property
    def label(self) -> str:
        return {
            Role.MANAGER: "Billing manager",
            Role.STAFF: "Practice staff",
            Role.BILLER: "Biller",
            Role.ANALYST: "Analyst",
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
    """Where a task is in its life; pending is everything that is not completed."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"

    @property
    def label(self) -> str:
        return {
            Status.OPEN: "Open",
            Status.IN_PROGRESS: "In progress",
            Status.COMPLETED: "Completed",
        }[self]


class Turn(StrEnum):
    """Who has to do the next thing on a pending task."""

    PRACTICE = "practice"
    BILLER = "biller"


class Channel(StrEnum):
    """Where a note belongs: the question thread of a task, or one side's notes on the charge."""

    QUESTION = "question"
    TO_BILLER = "to_biller"
    FROM_BILLER = "from_biller"


class DocumentStatus(StrEnum):
    NEW = "new"
    IN_PROCESS = "in_process"
    PROCESSED = "processed"
    ERROR = "error"

    @property
    def label(self) -> str:
        return {
            DocumentStatus.NEW: "New",
            DocumentStatus.IN_PROCESS: "In process",
            DocumentStatus.PROCESSED: "Processed",
            DocumentStatus.ERROR: "Error",
        }[self]


@dataclass(frozen=True, slots=True)
class Practice:
    id: int
    name: str
    timezone: str  # IANA name; days are counted in it
    due_days: int  # days the practice gives itself to answer a request that names no date


@dataclass(frozen=True, slots=True)
class Membership:
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
        return [m.practice.id for m in self.memberships]

    def role_in(self, practice_id: int) -> Role | None:
        return next((m.role for m in self.memberships if m.practice.id == practice_id), None)


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person as others see them in a list of who may take a task."""

    id: int
    name: str
    email: str
    role: Role


@dataclass(frozen=True, slots=True)
class Payer:
    id: int
    practice_id: int
    code: str  # the payer's identifier as files name it; not always a number
    name: str


@dataclass(frozen=True, slots=True)
class Patient:
    id: int
    practice_id: int
    last_name: str
    first_name: str
    birth_date: date | None
    sex: str | None

    @property
    def name(self) -> str:
        return ", ".join(part for part in (self.last_name, self.first_name) if part)


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """One line of a claim (loop 2400, CMS-1500 box 24)."""

    date_from: date | None
    date_to: date | None
    procedure: str  # HCPCS or CPT code
    modifiers: tuple[str, ...]  # up to four
    pointers: tuple[int, ...]  # 1-based places in the charge's diagnoses, up to four
    units: Decimal
    unit_charge: Decimal  # US dollars
    total: Decimal  # US dollars; units x unit charge, or as filed while nobody has edited the line


@dataclass(frozen=True, slots=True)
class Charge:
    """A claim as the practice files it, with everything the Edit Charge window shows."""

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
    arrival_problems: tuple[str, ...]  # keys of what the checks found when it came in
    version: int
    lines: tuple[ServiceLine, ...] = ()

    @property
    def total(self) -> Decimal:
        """US dollars: the sum of the service lines."""
        return sum((line.total for line in self.lines), Decimal("0.00"))


@dataclass(frozen=True, slots=True)
class Task:
    """A request to the practice, as the list and the Task Details panel show it."""

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
    amount: Decimal | None  # US dollars that wait for the answer
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


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a payer's later answer proposes for an open task."""

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


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """What the list shows; a field that is not set lets everything through."""

    statuses: tuple[Status, ...] = ()
    types: tuple[TaskType, ...] = ()
    assignee_id: int | None = None
    unassigned: bool = False
    payer: str | None = None
    provider: str | None = None
    practice_id: int | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    completed_from: datetime | None = None
    completed_before: datetime | None = None
    pending_at: datetime | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskPage:
    rows: tuple[TaskRow, ...]
    count: int  # of all pages
    amount: Decimal  # US dollars, of all pages


@dataclass(frozen=True, slots=True)
class Note:
    id: int
    channel: Channel
    text: str
    author: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One line of history: who did what when, and what it was before and after."""

    kind: EventKind
    field: str | None
    old: str | None
    new: str | None
    detail: str | None
    actor: str | None
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class DocumentDetails:
    """What people say of a document; its content stands for itself."""

    name: str
    label: str  # one of documents.LABELS
    status: DocumentStatus
    document_date: date
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    id: int
    practice_id: int
    sha256: str
    media_type: str
    size: int  # bytes
    file_name: str  # under which it leaves: it ends as its media type does
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
        return DocumentDetails(self.name, self.label, self.status, self.document_date, self.notes)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a scrubber would stop on."""

    field: str  # where it is shown: "rendering_npi", "diagnoses.2", "lines.0.procedure"
    sentence: str
    key: str  # rule and offending value; the same key means the same problem on another version
    is_blocking: bool = True


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a charge that somebody else changed meanwhile."""

    field: str
    label: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row of a table of tasks that does not come in, though others do."""

    line: int  # in the file
    reason: str
    text: str  # what stands in it


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of one file."""

    file: str
    sha256: str
    format: str | None
    charges_new: int = 0
    tasks_new: int = 0
    tasks_amount: Decimal = Decimal("0.00")
    already_imported: bool = False
    refused: str | None = None
    warnings: tuple[str, ...] = field(default=())
    quarantined: int = 0  # messages, or parts of one, that were set aside; the others came in
    unclear: int = 0  # statuses of claims that neither accept nor reject
    summary: tuple[str, ...] = ()  # "96 answers: 83 paid, 13 denied."
    matched: tuple[str, ...] = ()  # of how many tasks the charge was found, and what agreed
    refused_rows: tuple[RefusedRow, ...] = ()
    file_id: int | None = field(default=None, compare=False)  # once it is imported

    @property
    def is_whole(self) -> bool:
        """True where nothing of the file was refused, set aside or not understood."""
        return not (self.refused or self.quarantined or self.refused_rows or self.unclear)


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """Which answers of a remittance, beside denied claims, a practice wants as tasks."""

    partial_denials: bool = False
    line_denials: bool = False
    reversals: bool = False
    takebacks: bool = False
