"""The lists under data/samples, as records: all names in them are invented."""

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
    practice: str
    city: str
    state: str
    zip: str


@dataclass(frozen=True, slots=True)
class FirstName:
    name: str
    sex: str


@dataclass(frozen=True, slots=True)
class Name:
    """A last name or a street."""

    name: str


@dataclass(frozen=True, slots=True)
class SamplePayer:
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
    practice: str
    role: str  # billing, rendering, referring, supervising
    last: str
    first: str
    middle: str
    npi: str
    taxonomy: str

    @property
    def name(self) -> str:
        return ", ".join(part for part in (self.last, self.first) if part)


@dataclass(frozen=True, slots=True)
class Fee:
    practice: str
    kind: str  # visit or extra
    code: str
    charge: Decimal  # US dollars a unit
    weight: int
    modifier: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
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
    type: TaskType
    question: str
    answer: str
    note: str


@cache
def read(file: str, record: type[Record]) -> tuple[Record, ...]:
    """The lines of data/samples/`file`.csv as records of the columns' names."""
    kinds = typing.get_type_hints(record)
    with (FOLDER / f"{file}.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(
            record(**{name: kinds[name](text) for name, text in row.items()})
            for row in csv.DictReader(lines)
        )


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """Somebody in one practice; a person of two practices stands in two lines."""

    practice: str
    name: str
    email: str
    role: Role


@dataclass(frozen=True, slots=True)
class Denial:
    """How a payer refuses: group, claim adjustment reason, remittance advice remark."""

    group: str
    reason: str
    remark: str
    weight: int
