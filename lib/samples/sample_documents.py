"""Documents that a sample practice sends or files. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from zoneinfo import ZoneInfo

from lib import documents
from lib.samples import pdf
from lib.samples.value_lists import SamplePractice

BODIES = {
    "Insurance card": ("Plan: {payer}", "Copay: 25.00", "Both sides were copied at check-in."),
    "Referral": ("Referred to: {practice}", "Visits: 3", "Please send a report after the visit."),
    "Authorization": ("Plan: {payer}", "Number: A{number}", "Decision: approved"),
    "Explanation of benefits": ("Plan: {payer}", "Charged: 412.00", "Paid: 268.40"),
    "Lab results": ("All values are within their limits.", "Reviewed and signed."),
    "Operative report": (
        "Procedure done without complications.",
        "Blood loss: minimal",
        "The patient left in stable condition.",
    ),
}
VISIT = (
    "Reason for the visit: follow-up",
    "The patient feels better than last time and slept well.",
    "Plan: go on as before, return in six weeks.",
    "Signed electronically.",
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A document, and what is known of it."""

    content: bytes
    file_name: str
    name: str  # in the form that billers recommend
    label: str
    day: date


def write(
    practice: SamplePractice,
    label: str,
    patient_name: str,
    payer_name: str,
    at: datetime,
    chance: Random,
) -> Letter:
    """Return a document with that label about a patient, as the practice has it at that moment."""
    day = at.astimezone(ZoneInfo(practice.timezone)).date()
    number = f"{chance.randrange(10**7):07}"
    lines = [
        f"Patient: {patient_name}",
        f"Date: {day:%m/%d/%Y}",
        f"Reference: {number}",
        "",
        *(
            line.format(payer=payer_name, practice=practice.name, number=number)
            for line in BODIES.get(label, VISIT)
        ),
    ]
    return Letter(
        content=pdf.page(practice.name, label, lines),
        file_name=f"scan_{day:%Y%m%d}_{number}.pdf",
        name=documents.recommended_name(patient_name, day, label),
        label=label,
        day=day,
    )
