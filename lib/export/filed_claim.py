"""What a claim said when it was filed that the charge does not hold: addresses, the tax ID …"""

from __future__ import annotations

from dataclasses import dataclass

from lib.export.x12_writer import Segment

Segments = tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class FiledClaim:
    """Segments of the claim as it was filed, by loop; empty where they are not kept.

    Components and repetitions inside an element are divided as `segments` divides them.
    """

    submitter: Segments = ()  # 1000A from NM1*41 on
    receiver: Segments = ()  # 1000B from NM1*40 on
    billing_level: Segments = ()  # 2000A after its HL: PRV, CUR
    billing: Segments = ()  # 2010AA from NM1*85 on, 2010AB and 2010AC
    subscriber_level: Segments = ()  # 2000B after its HL: SBR, PAT
    subscriber: Segments = ()  # 2010BA from NM1*IL on
    payer: Segments = ()  # 2010BB from NM1*PR on
    patient_level: Segments = ()  # 2000C after its HL: PAT
    patient: Segments = ()  # 2010CA from NM1*QC on; empty where the subscriber is the patient
    claim: Segments = ()  # 2300 from CLM on
    providers: tuple[Segments, ...] = ()  # 2310, each from its NM1 on
    others: Segments = ()  # 2320 and 2330
    lines: tuple[Segments, ...] = ()  # 2400 and what is in it, each from its LX on


NOT_HELD = FiledClaim()


def element_at(segment: Segment, place: int) -> str:
    """Return element `place` of a segment (01 is 1); empty if the segment is shorter."""
    return segment[place] if place < len(segment) else ""


def with_element(segment: Segment, place: int, text: str) -> Segment:
    """Return the segment with another element at `place`."""
    padded = [*segment, *[""] * (place + 1 - len(segment))]
    padded[place] = text
    return tuple(padded)
