"""The X12 files of the sample practices: what they filed and what the payers answered. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from lib.samples import x12
from lib.samples.claim_scenario import SampleClaim, claims
from lib.samples.value_lists import SamplePractice, SampleProvider, read


@dataclass(frozen=True, slots=True)
class SampleFile:
    """One X12 file of a sample practice."""

    practice: str  # its key in data/samples/practices.csv
    day: date  # on which it arrived
    name: str
    content: bytes


def files(today: date) -> list[SampleFile]:
    """Return all files of both practices up to `today`, oldest first: the same bytes for the same
    day."""
    made = [
        file for practice in read("practices", SamplePractice) for file in _files(practice, today)
    ]
    return sorted(made, key=lambda file: (file.day, file.name))


def _files(practice: SamplePractice, today: date) -> Iterator[SampleFile]:
    billing = next(
        provider
        for provider in read("providers", SampleProvider)
        if (provider.practice, provider.role) == (practice.key, "billing")
    )
    story = claims(practice, today)
    control = 0
    for kind, write, day_of in (
        ("837P", x12.claims_file, _filed_on),
        ("835", x12.remittance_file, _answered_on),
    ):
        for day, some in groupby(sorted(story, key=day_of), key=day_of):
            control += 1
            if day < today:
                name = f"{practice.key}-{day:%Y-%m-%d}.{kind.lower()}"
                content = write(practice, billing, list(some), day=day, control=control)
                yield SampleFile(practice.key, day, name, content)


def _filed_on(claim: SampleClaim) -> date:
    return claim.filed_on


def _answered_on(claim: SampleClaim) -> date:
    return claim.answered_on
