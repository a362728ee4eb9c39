"""Read X12 interchanges into envelopes and segments, whoever sent them. Pure.

The rules of the envelope are those of ASC X12.5 (ISA/IEA, GS/GE) and X12.6 (ST/SE). Senders' errors
that a reader can tolerate (counts, control numbers, GS, line breaks) become warnings.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

from lib.intake.x12.separators import (
    AGAIN,
    EDGES,
    Broken,
    Remarks,
    Separators,
    Unreadable,
    separators_of,
)

__all__ = [
    "Broken",
    "Segment",
    "Separators",
    "Transaction",
    "Unreadable",
    "decode",
    "element",
    "segments",
    "transactions",
]

Segment = list[str]  # the segment's name, then its elements: segment[2] is element 02

WINDOW = 1 << 20  # characters split at once: memory stays bounded
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"I\0S\0A\0", "utf-16-le"),
    (b"\0I\0S\0A", "utf-16-be"),
)
ANOTHER = re.compile(r"I\n?S\n?A\n?[^A-Za-z0-9\s]")  # the beginning of the next interchange
ENVELOPE = frozenset({"ISA", "GS", "ST", "SE", "GE", "IEA"})
OUTSIDE = ENVELOPE | {"TA1"}  # what may stand outside a transaction


@dataclass(slots=True)
class Transaction:
    """One ST…SE, or a TA1. Its `segments` can be walked once, before the next one is asked for."""

    kind: str  # ST01: 837, 835 …, or TA1
    version: str  # ST03, else GS08: 005010X222A1
    number: int  # of the ST segment in the file, counted from 1
    separators: Separators
    sender: str  # ISA06
    controls: tuple[str, str, str]  # ISA13, GS06, ST02
    segments: Iterator[tuple[int, Segment]]  # between ST and SE, each with its number in the file
    last: int = 0  # number of the SE segment, once the segments were walked
    receiver: str = ""  # ISA08
    sent_on: str = ""  # ISA09, as written
    # when interchange and group were written, and by which guide the group was
    written_at: str = ""  # "ISA09 ISA10|GS04 GS05|GS08"
    remarks: Remarks = field(default_factory=Remarks)  # what was left empty while reading


def decode(content: bytes) -> str:
    """Return the text of a file, decoded by its byte order mark, else as UTF-8, else as Latin-1."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                raise Broken(1, "the text is damaged: it is not the Unicode it says") from None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def transactions(source: str | Iterable[str], warnings: list[str]) -> Iterator[Transaction]:
    """Yield every transaction of every interchange, in order; add oddities to `warnings`.

    `source` is the text or its pieces, of any size: only a window of it is held. Raises Broken
    where the text is not X12 or was cut off. It does so while the transactions are walked, so keep
    nothing before the last one is through. A transaction that cannot be read raises Unreadable from
    its `segments`; the next one can still be asked for.
    """
    reader = _Reader(_pieces_of(source) if isinstance(source, str) else source, warnings)
    while reader.begin():
        yield from reader.interchange()


def segments(source: str | Iterable[str], first: int, last: int) -> Iterator[str]:
    """Yield the segments from `first` to `last`, each with its terminator, as they stand in the
    text."""
    reader = _Reader(_pieces_of(source) if isinstance(source, str) else source, [])
    while reader.begin():
        marks = reader.separators
        for number, segment in reader.walk():
            if number > last:
                return
            if number >= first:
                yield marks.element.join(segment) + marks.terminator.strip()


def _pieces_of(text: str) -> Iterator[str]:
    return (text[at : at + WINDOW] for at in range(0, len(text), WINDOW))


def element(segment: Segment, index: int) -> str:
    """Return element `index` (01 is 1) without surrounding spaces; empty if the segment is
    shorter."""
    return segment[index].strip(" ") if index < len(segment) else ""


def _after_trailer(trailer: re.Pattern[str], window: str, terminator: str) -> int | None:
    """Return where the IEA at the beginning of a segment of the window ends its name; None without
    one.

    What stands before it is searched backwards: a pattern that looks for blanks and then for IEA
    would start over at each of a million blanks.
    """
    for found in trailer.finditer(window):
        at = found.start()
        while at and window[at - 1].isspace() and window[at - 1] != terminator:
            at -= 1
        if not at or window[at - 1] == terminator:
            return found.end()
    return None


class _Reader:
    """The segments of a text that comes in pieces, one interchange after the other."""

    def __init__(self, pieces: Iterable[str], warnings: list[str]) -> None:
        self.pieces = _lines(pieces)
        self.buffer = ""
        self.is_over = False
        self.number = 0  # of the latest segment
        self.warnings = warnings
        self.back: tuple[int, Segment] | None = None  # read, but not part of the transaction
        self.separators = Separators("", "", "", "")
        self.is_closed = False  # the IEA segment was reached: the interchange is whole

    def fill(self, size: int) -> None:
        while len(self.buffer) < size and not self.is_over:
            piece = next(self.pieces, None)
            if piece is None:
                self.is_over = True
            else:
                self.buffer += piece

    def begin(self) -> bool:
        """Return True if another interchange begins, after reading its separators."""
        between = EDGES + self.separators.terminator
        while not self.buffer and not self.is_over:
            self.fill(2000)
            self.buffer = self.buffer.lstrip(between)
        self.buffer = self.buffer.lstrip(between)
        self.fill(2000)
        if not self.buffer:
            if self.number == 0:
                raise Broken(1, "the file is empty")
            return False
        self.separators = separators_of(self.buffer[:2000], self.number + 1)
        return True

    def interchange(self) -> Iterator[Transaction]:
        """Yield the transactions up to the IEA segment."""
        first = self.number
        segments = self.walk()
        isa: Segment = []
        group: Segment = []
        groups = sets = 0
        stray = 0  # number of the first segment outside any transaction
        while found := self.next(segments):
            number, segment = found
            name = segment[0]
            if name == "SE":
                yield from self.headless(stray, number, isa, group)
                stray = 0
            elif stray and name in OUTSIDE:
                self.warnings.append(_skipped(stray, number - 1))
                stray = 0
            if name == "ISA":
                if number != first + 1:
                    what = "an interchange begins before the one before ended"
                    raise Broken(number, f"{what}; {AGAIN}")
                isa = segment
            elif name == "GS":
                group, sets = segment, 0
                groups += 1
            elif name == "ST":
                sets += 1
                yield from self.transaction(segments, number, segment, isa, group)
            elif name == "GE":
                self.compare(number, segment, sets, element(group, 6))
                group = []
            elif name == "IEA":
                self.end(number, segment, isa, group, groups)
            elif name == "TA1":
                controls = (_control(isa), "", element(segment, 1))
                yield Transaction(
                    "TA1", "", number, self.separators, element(isa, 6), controls,
                    iter([(number, segment)]), number, element(isa, 8), element(isa, 9),
                )  # fmt: skip
            elif name != "SE":
                stray = stray or number

    def next(self, segments: Iterator[tuple[int, Segment]]) -> tuple[int, Segment] | None:
        found, self.back = self.back, None
        return found or next(segments, None)

    def transaction(
        self,
        segments: Iterator[tuple[int, Segment]],
        number: int,
        segment: Segment,
        isa: Segment,
        group: Segment,
    ) -> Iterator[Transaction]:
        made = Transaction(
            kind=element(segment, 1),
            version=element(segment, 3) or element(group, 8),
            number=number,
            separators=self.separators,
            sender=element(isa, 6),
            controls=(_control(isa), element(group, 6), element(segment, 2)),
            segments=iter(()),
            receiver=element(isa, 8),
            sent_on=element(isa, 9),
            written_at=(
                f"{element(isa, 9)} {element(isa, 10)}|{element(group, 4)} {element(group, 5)}"
                f"|{element(group, 8)}"
            ),
        )
        made.segments = body = self.body(segments, made)
        yield made
        with suppress(_Ends):
            for _ in body:  # what the caller left unread
                pass

    def headless(
        self, first: int, last: int, isa: Segment, group: Segment
    ) -> Iterator[Transaction]:
        """Yield a transaction whose ST segment is missing: reading it raises Unreadable.

        Yield nothing if only the SE segment is there (`first` is 0).
        """
        what = "an SE segment ends a transaction that never began"
        if not first:
            self.warnings.append(f"Segment {last}: {what}; it was skipped.")
            return

        def refuse(problem: Unreadable) -> NoReturn:
            raise problem

        segments = (refuse(problem) for problem in [Unreadable(last, what)])
        controls = (_control(isa), element(group, 6), "")
        yield Transaction(
            "transaction", "", first, self.separators, element(isa, 6), controls, segments, last
        )

    def body(
        self, segments: Iterator[tuple[int, Segment]], of: Transaction
    ) -> Iterator[tuple[int, Segment]]:
        for found in segments:
            number, segment = found
            name = segment[0]
            of.last = number
            if name in ENVELOPE:
                if name == "SE":
                    self.compare(number, segment, number - of.number + 1, of.controls[2])
                    return
                if name == "ISA":
                    what = "an interchange begins before the one before ended"
                    raise Broken(number, f"{what}; {AGAIN}")
                self.back = found
                of.last = number - 1
                raise _Ends(number, f"{name} comes before the SE segment; {AGAIN}")
            yield found

    def walk(self) -> Iterator[tuple[int, Segment]]:
        """Yield the segments of this interchange, each with its number in the file."""
        mark = self.separators.element
        number = self.number
        for window in self.windows():
            for piece in window.split(self.separators.terminator):
                text = piece.strip(EDGES)
                if text:
                    number += 1
                    self.number = number
                    yield number, text.split(mark)

    def windows(self) -> Iterator[str]:
        """Yield the text of this interchange in parts that end where a segment ends."""
        terminator, mark = self.separators.terminator, self.separators.element
        trailer = re.compile(rf"I\n?E\n?A\n?{re.escape(mark)}")
        size = WINDOW
        while True:
            self.fill(size)
            cut = len(self.buffer) if self.is_over else self.buffer.rfind(terminator) + 1
            if not cut and not self.is_over:
                size += WINDOW
                continue
            size = WINDOW
            window, self.buffer = self.buffer[:cut], self.buffer[cut:]
            flat = window if terminator == "\n" else window.replace("\n", "")
            after = _after_trailer(trailer, window, terminator) if f"IEA{mark}" in flat else None
            if after is not None:
                end = window.find(terminator, after)
                another = ANOTHER.search(window, after)
                if another and not 0 <= end < another.start():  # the terminator is missing
                    self.buffer = window[another.start() :] + self.buffer
                    window = window[: another.start()]
                elif end >= 0:
                    self.buffer = window[end + 1 :] + self.buffer
                    window = window[:end]
                self.is_closed = end >= 0 or another is not None
                yield window if terminator == "\n" else window.replace("\n", "")
                return
            yield flat
            if self.is_over and not self.buffer:
                raise Broken(self.number, f"it ends without an IEA segment; {AGAIN}")

    def end(self, number: int, segment: Segment, isa: Segment, group: Segment, groups: int) -> None:
        said, control = element(segment, 2), _control(isa)
        if not self.is_closed and said != control and control.startswith(said):
            raise Broken(number, f"it ends in the middle of the IEA segment; {AGAIN}")
        if group:
            self.warnings.append(f"Segment {number}: the GE segment is missing.")
        self.compare(number, segment, groups, control)

    def compare(self, number: int, segment: Segment, count: int, control: str) -> None:
        """Add a warning if a trailer disagrees with what it closes; nothing is rejected for
        that."""
        name, said = segment[0], element(segment, 1)
        if said.lstrip("0") != str(count).lstrip("0"):
            self.warnings.append(
                f"Segment {number}: {name} counts {said or 'nothing'}, but there are {count}."
            )
        if control and element(segment, 2) != control:
            self.warnings.append(
                f"Segment {number}: the control number of {name} is not that of its header."
            )


class _Ends(Unreadable):
    """A transaction ended without its SE segment, and something else begins."""


def _skipped(first: int, last: int) -> str:
    if first == last:
        return f"Segment {first} stands outside any transaction and was skipped."
    return f"Segments {first} to {last} stand outside any transaction and were skipped."


def _control(isa: Segment) -> str:
    return isa[-4].strip() if len(isa) > 16 else ""  # ISA13


def _lines(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the pieces with one kind of line break."""
    is_return = False
    for piece in pieces:
        text = "\r" + piece if is_return else piece
        is_return = text.endswith("\r")
        if is_return:
            text = text[:-1]
        yield text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    if is_return:
        yield "\n"
