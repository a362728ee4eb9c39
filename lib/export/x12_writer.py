"""Write X12: segments, and the envelopes around them with their counts. Pure.

The rules are those of ASC X12.5 (ISA/IEA, GS/GE) and X12.6 (ST/SE); separators are the customary
ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

# Divide an element until it is written: lone surrogates, which no text can contain.
COMPONENT, REPETITION = "\ud800", "\ud801"
RESERVED = frozenset("*:^~")

Segment = Sequence[str]  # the name, then the elements


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends an interchange to whom, when, and its number (1 to 999999999)."""

    sender: str
    receiver: str
    control: int
    made_at: datetime  # on the sender's clock
    group: str = "HC"  # GS01
    kind: str = "837"  # ST01
    version: str = "005010X222A1"


def is_plain(text: str) -> bool:
    """Return True if the text can be written as it is."""
    return text.isprintable() and RESERVED.isdisjoint(text)


def plain(text: str) -> str:
    """Return the text with a space for each separator of X12 and each unprintable character."""
    if is_plain(text):
        return text.strip()
    kept = (letter if letter.isprintable() and letter not in RESERVED else " " for letter in text)
    return "".join(kept).strip()


def composite(*parts: str) -> str:
    """Return several components as one element, without empty ones at the end."""
    return COMPONENT.join(map(plain, parts)).rstrip(COMPONENT)


def written(segment: Segment) -> str:
    """Return the segment with its terminator, without empty elements at its end."""
    return "*".join(_element(text) for text in segment).rstrip("*") + "~\n"


def interchange(bodies: Iterable[Iterable[Segment]], envelope: Envelope) -> Iterator[str]:
    """Yield one interchange with one group and a transaction for each body, segment by segment."""
    when, control = envelope.made_at, f"{envelope.control:09}"
    sender, receiver = (plain(name)[:15] for name in (envelope.sender, envelope.receiver))
    # ISA has fixed widths, so nothing of it is left out or shortened.
    yield (
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:15}*ZZ*{receiver:15}*{when:%y%m%d}*{when:%H%M}"
        f"*^*00501*{control}*0*P*:~\n"
    )
    yield written(
        [
            "GS", envelope.group, sender, receiver, f"{when:%Y%m%d}", f"{when:%H%M}",
            str(envelope.control), "X", envelope.version,
        ]
    )  # fmt: skip
    sets = 0
    for sets, body in enumerate(bodies, 1):
        yield written(["ST", envelope.kind, f"{sets:04}", envelope.version])
        count = 2
        for segment in body:
            count += 1
            yield written(segment)
        yield written(["SE", str(count), f"{sets:04}"])
    yield written(["GE", str(sets), str(envelope.control)])
    yield written(["IEA", "1", control])


def _element(text: str) -> str:
    if text.isprintable():
        return plain(text)
    return "^".join(
        ":".join(plain(part) for part in each.split(COMPONENT)).rstrip(":")
        for each in text.split(REPETITION)
    )
