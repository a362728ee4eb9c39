"""The lists under data/samples, as records. All names in them are invented."""

from __future__ import annotations

import csv
import typing
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TypeVar

from lib.models import Role, TaskType

FOLDER = Path(__file__).parents[2] / "data" / "samples"

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class SamplePractice:
    """A practice, its address, and how its claims are numbered."""

    key: str
    name: str
    timezone: str
    street: str
    city: str
    state: str
    zip: str
    tax_id: str
    phone: str
    claim_prefix: str


@dataclass(frozen=True, slots=True)
class Town:
    """A town in which patients of a practice live."""

    practice: str
    city: str
    state: str
    zip: str


@dataclass(frozen=True, slots=True)
class FirstName:
    """A first name, and whose it is."""

    name: str
    sex: str


@dataclass(frozen=True, slots=True)
class Name:
    """A last name or a street."""

    name: str


@dataclass(frozen=True, slots=True)
class SamplePayer:
    """A payer; `weight` is how often it occurs among patients."""

    code: str
    name: str
    filing_indicator: str
    weight: int


@dataclass(frozen=True, slots=True)
class SampleLimit:
    """How many days after the service a payer takes claims."""

    code: str
    days: int
    source: str


@dataclass(frozen=True, slots=True)
class SampleProvider:
    """A provider of a practice in one role."""

    practice: str
    role: str  # billing, rendering, referring, supervising
    last: str
    first: str
    middle: str
    npi: str
    taxonomy: str

    @property
    def name(self) -> str:
        """Return "LAST, FIRST"."""
        return ", ".join(part for part in (self.last, self.first) if part)


@dataclass(frozen=True, slots=True)
class Fee:
    """What a practice charges for one procedure."""

    practice: str
    kind: str  # visit or extra
    code: str
    charge: Decimal  # US dollars a unit
    weight: int
    modifier: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A diagnosis code that a practice uses."""

    practice: str
    code: str


@dataclass(frozen=True, slots=True)
class Request:
    """What a biller asks for when no payer's message does."""

    type: TaskType
    weight: int
    title: str
    instructions: str
    document_label: str
    codes: str  # as a payer would have given them


@dataclass(frozen=True, slots=True)
class Conversation:
    """A question on a task, its answer, and a note."""

    type: TaskType
    question: str
    answer: str
    note: str


@cache
def read(file: str, record: type[Record]) -> tuple[Record, ...]:
    """Return the lines of data/samples/`file`.csv as records; columns are named as their fields."""
    kinds = typing.get_type_hints(record)
    with (FOLDER / f"{file}.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(
            record(**{name: kinds[name](text) for name, text in row.items()})
            for row in csv.DictReader(lines)
        )


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """Somebody in one practice; a person of two practices has two lines."""

    practice: str
    name: str
    email: str
    role: Role


@dataclass(frozen=True, slots=True)
class Denial:
    """How a payer denies: group, claim adjustment reason, remittance advice remark."""

    group: str
    reason: str
    remark: str
    weight: int
