"""The loops of an 837P: to which one each segment belongs. Pure.

The claims, the sources of their fields and the claims as they were filed are all read from here.
Names and numbers of the loops: ASC X12N/005010X222A1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TypeVar

from lib.intake.x12.segment_reader import Segment, element

Where = TypeVar("Where")  # what tells where a segment stands: its number, or more


class Loop(StrEnum):
    """A loop, by its number in the implementation guide."""

    HEADER = "header"
    SUBMITTER = "1000A"
    RECEIVER = "1000B"
    BILLING_LEVEL = "2000A"
    BILLING = "2010AA"
    PAY_TO = "2010AB"
    PAY_TO_PLAN = "2010AC"
    SUBSCRIBER_LEVEL = "2000B"
    SUBSCRIBER = "2010BA"
    PAYER = "2010BB"
    PATIENT_LEVEL = "2000C"
    PATIENT = "2010CA"
    OTHER_LEVEL = "another level"  # none of an 837P
    OTHER_PARTY = "another party"  # above the claims, and none that we read
    CLAIM = "2300"
    PROVIDER = "2310"
    OTHER_PAYER = "2320"  # with 2330
    LINE = "2400"  # with 2410 to 2440


LEVELS = {"20": Loop.BILLING_LEVEL, "22": Loop.SUBSCRIBER_LEVEL, "23": Loop.PATIENT_LEVEL}  # HL03
PARTIES = {  # NM101 above the claims
    "41": Loop.SUBMITTER,
    "40": Loop.RECEIVER,
    "85": Loop.BILLING,
    "87": Loop.PAY_TO,
    "PE": Loop.PAY_TO_PLAN,
    "IL": Loop.SUBSCRIBER,
    "PR": Loop.PAYER,
    "QC": Loop.PATIENT,
}
IN_CLAIM = frozenset({Loop.CLAIM, Loop.PROVIDER, Loop.OTHER_PAYER, Loop.LINE})
_PATIENT = (Loop.PATIENT_LEVEL, Loop.PATIENT)
_SUBSCRIBER = (Loop.SUBSCRIBER_LEVEL, Loop.SUBSCRIBER, Loop.PAYER, *_PATIENT)
# Which loops end where one begins: a new billing provider's claims have another subscriber.
ENDS = {
    Loop.SUBMITTER: (Loop.SUBMITTER,),
    Loop.RECEIVER: (Loop.RECEIVER,),
    Loop.BILLING_LEVEL: (
        Loop.BILLING_LEVEL, Loop.BILLING, Loop.PAY_TO, Loop.PAY_TO_PLAN, *_SUBSCRIBER,
    ),
    Loop.SUBSCRIBER_LEVEL: _SUBSCRIBER,
    Loop.SUBSCRIBER: (Loop.SUBSCRIBER, Loop.PAYER, *_PATIENT),
    Loop.PAYER: (Loop.PAYER,),
    Loop.PATIENT_LEVEL: _PATIENT,
    Loop.PATIENT: (Loop.PATIENT,),
}  # fmt: skip


def walk(segments: Iterable[tuple[Where, Segment]]) -> Iterator[tuple[Loop, Where, Segment]]:
    """Yield each segment with the loop it belongs to; the one that begins a loop is its first.

    Hierarchies are read by sequence (HL03), never by parent ids: those repeat and are wrong in real
    files. Some senders write a service (SV1) without the LX before it.
    """
    claim, provider, other_payer, line = Loop.CLAIM, Loop.PROVIDER, Loop.OTHER_PAYER, Loop.LINE
    loop = Loop.HEADER
    is_claim = False
    for where, segment in segments:
        name = segment[0]
        if name == "HL":
            loop, is_claim = LEVELS.get(element(segment, 3), Loop.OTHER_LEVEL), False
        elif name == "CLM":
            loop, is_claim = claim, True
        elif not is_claim:
            if name == "NM1":
                loop = PARTIES.get(element(segment, 1), Loop.OTHER_PARTY)
        elif name in {"LX", "SV1"}:
            loop = line
        elif name == "SBR":
            loop = other_payer
        elif name == "NM1" and loop is claim:
            loop = provider
        yield loop, where, segment
