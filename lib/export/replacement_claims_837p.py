"""Changed charges as professional claims that replace the filed ones (837P, 005010X222A1). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import chain, islice

from lib.export import filed_lines
from lib.export.claim_loop import (
    claim_loop,
    corrected_roles,
    has_other_authorization,
    is_same,
    location,
    person,
)
from lib.export.filed_claim import NOT_HELD, FiledClaim, Segments, element_at, with_element
from lib.export.x12_writer import Envelope, Segment, interchange, is_plain
from lib.models import Charge, Patient, Payer, ServiceLine

MAX_CLAIMS = 5000  # in one transaction; TR3, section 1.3


@dataclass(frozen=True, slots=True)
class Replacement:
    """A claim as it should have been filed."""

    charge: Charge
    patient: Patient
    payer: Payer
    payer_claim_number: str = ""  # REF*F8, from the payer's answer; empty if not known
    filing: FiledClaim = NOT_HELD
    filed_payer: Payer | None = None  # whom it was filed with, where somebody corrected that
    was_rejected: bool = False  # before it was processed, and no remittance answered it
    doubt: str = ""  # why the charge cannot be proven to be the claim that the payer answered

    @property
    def is_new(self) -> bool:
        """Return True if the payer never had this claim: it gets a new one, not a replacement."""
        if self.was_rejected and not _is_replacement(self.filing):
            return True
        return self.filed_payer is not None and not self.payer_claim_number

    @property
    def original_number(self) -> str:
        """Return the payer's number of the claim that is replaced; empty for a new claim."""
        return "" if self.is_new else self.payer_claim_number


def write(replacements: Iterable[Replacement], envelope: Envelope) -> Iterator[bytes]:
    """Yield the file, segment by segment. Claims of one billing provider should follow each
    other."""
    left = iter(replacements)
    bodies = (
        _body(chain([first], islice(left, MAX_CLAIMS - 1)), envelope, place)
        for place, first in enumerate(left, 1)
    )
    for text in interchange(bodies, envelope):
        yield text.encode()


def hindrance(replacement: Replacement) -> str | None:
    """Return why no claim can be written for this charge, or None. It names no patient."""
    charge = replacement.charge
    if replacement.doubt:
        return replacement.doubt
    if not 0 < len(charge.claim_number) <= 38:
        return "its claim number is empty or longer than 38 characters"
    if not charge.lines:
        return "it has no service line"
    if not all(line.procedure for line in charge.lines):
        return "a service line has no procedure"
    if not replacement.patient.last_name:
        return "the patient has no last name"
    return None


def _is_replacement(filing: FiledClaim) -> bool:
    """Return True if the claim was filed as a replacement of one that the payer has."""
    return any((each[0], element_at(each, 1)) == ("REF", "F8") for each in filing.claim)


def missing(replacement: Replacement) -> Iterator[str]:
    """Yield what the claim will lack, or say otherwise than the charge."""
    filing, charge = replacement.filing, replacement.charge
    is_known = _is_replacement(filing)
    if replacement.is_new and replacement.filed_payer is None:
        yield "it was rejected before it was processed: it leaves as a new claim (CLM05-3 is 1)"
    elif replacement.is_new:
        yield (
            "the payer was corrected: it gets a new claim (CLM05-3 is 1); check the kind of "
            "insurance, written as ZZ in SBR09, and add the group number"
        )
    elif not replacement.payer_claim_number and not is_known:
        yield "the payer's claim number (REF*F8) is not known: no remittance gave it"
    if not any(segment[0] == "N4" for segment in filing.billing) or not _is_billing(replacement):
        yield "the billing provider's address and tax ID are not held: add them before sending"
    place = location(charge, filing)
    if place and not any(segment[0] == "N4" for segment in place):
        yield "the service location's address is not held: add it before sending"
    yield from filed_lines.remarks(charge, filing, corrected_roles(charge, filing))
    if has_other_authorization(charge, filing):
        yield "a service line has an authorization of its own: see whether it is right"
    if not filing.submitter:
        yield "submitter, receiver and the patient's address are not held: add them before sending"
    if not filing.claim:
        yield "signature, assignment and release are written as Y, A, Y, Y: none were held"
    records: list[Charge | Patient | Payer | ServiceLine] = [
        charge, replacement.patient, replacement.payer, *charge.lines,
    ]  # fmt: skip
    values = (getattr(record, part.name) for record in records for part in fields(record))
    texts = [value for value in values if isinstance(value, str)]
    if not all(map(is_plain, (*texts, *charge.diagnoses, replacement.payer_claim_number))):
        yield "a value holds a character that divides X12 (* : ^ ~): a space is written for it"


def _body(replacements: Iterator[Replacement], envelope: Envelope, place: int) -> Iterator[Segment]:
    when = envelope.made_at
    yield (
        "BHT", "0019", "00", f"{envelope.control}-{place}", f"{when:%Y%m%d}", f"{when:%H%M}", "CH",
    )  # fmt: skip
    level = parent = 0
    billing: object = None
    for replacement in replacements:
        filing = replacement.filing
        if not level:
            yield from filing.submitter or _named("41", envelope.sender)
            yield from filing.receiver or _named("40", envelope.receiver)
        provider = list(_billing(replacement))
        if billing != provider:
            level += 1
            billing, parent = provider, level
            yield ("HL", str(level), "", "20", "1")
            yield from provider
        level += 1
        has_dependent = bool(filing.patient)
        yield ("HL", str(level), str(parent), "22", "1" if has_dependent else "0")
        yield from _subscriber(replacement)
        if has_dependent:
            level += 1
            yield ("HL", str(level), str(level - 1), "23", "0")
            yield from filing.patient_level or (("PAT", "G8"),)
            yield from filing.patient
        yield from claim_loop(
            replacement.charge, replacement.original_number, filing, is_new=replacement.is_new
        )


def _named(role: str, name: str) -> Segments:
    return (("NM1", role, "2", name, "", "", "", "", "46", name),)


def _is_billing(replacement: Replacement) -> bool:
    """Return True if the filed billing provider is the charge's, by name or by NPI."""
    charge, filed = replacement.charge, replacement.filing.billing
    return bool(filed) and (
        is_same(filed[0], charge.billing_name, element_at(filed[0], 9))
        or (bool(charge.billing_npi) and element_at(filed[0], 9) == charge.billing_npi)
    )


def _billing(replacement: Replacement) -> Iterator[Segment]:
    charge, filing = replacement.charge, replacement.filing
    if not _is_billing(replacement):
        yield person("85", charge.billing_name, charge.billing_npi)
        return
    yield from filing.billing_level
    name = filing.billing[0]
    if not is_same(name, charge.billing_name, charge.billing_npi):
        name = person("85", charge.billing_name, charge.billing_npi)
    yield name
    yield from filing.billing[1:]


def _subscriber(replacement: Replacement) -> Iterator[Segment]:
    charge, filing, patient = replacement.charge, replacement.filing, replacement.patient
    if filing.subscriber:
        level = filing.subscriber_level or (("SBR", "P"),)
        yield from map(_of_other_plan, level) if replacement.filed_payer else level
        yield from _with_member(filing.subscriber, charge.member_id)
    else:
        yield ("SBR", "P", "18")
        name = (patient.last_name, patient.first_name)
        member = ("MI", charge.member_id) if charge.member_id else ()
        yield ("NM1", "IL", "1", *name, "", "", "", *member)
        if patient.birth_date:
            yield ("DMG", "D8", f"{patient.birth_date:%Y%m%d}", patient.sex or "U")
    payer = replacement.payer
    if filing.payer and not replacement.filed_payer:
        yield from filing.payer
    else:
        code = ("PI", payer.code) if payer.code else ()
        yield ("NM1", "PR", "2", payer.name, "", "", "", "", *code)


def _of_other_plan(segment: Segment) -> Segment:
    """Return SBR without what it says of the earlier payer's plan: group number and name, and the
    kind of insurance, for which ZZ stands where it is not known (X222A1, loop 2000B)."""
    if segment[0] != "SBR":
        return segment
    for place, text in ((3, ""), (4, ""), (9, "ZZ")):
        segment = with_element(segment, place, text)
    return segment


def _with_member(loop: Sequence[Segment], member_id: str) -> Iterator[Segment]:
    name, *rest = loop
    if element_at(name, 9) != member_id:
        name = with_element(with_element(name, 8, "MI" if member_id else ""), 9, member_id)
    yield name
    yield from rest
