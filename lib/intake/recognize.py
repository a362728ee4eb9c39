"""What a file says, whatever its format, before anybody asks what of it is new. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lib.errors import RefusedFile
from lib.intake import reader_process
from lib.intake.parsed_file import ParsedFile, TableOptions
from lib.intake.reader_process import Alive
from lib.intake.records import Claim, Request
from lib.intake.source_file import SourceFile
from lib.intake.x12 import transactions
from lib.intake.x12.reader import Broken
from lib.intake.x12.remittances_835 import DENIED, REVERSAL, ClaimPayment
from lib.intake.x12.transactions import (
    APPLIED,
    BATCH,
    CLAIMS,
    QUARANTINED,
    RECORDED,
    REMITTANCE,
    Batch,
    Message,
)
from lib.models import RefusedRow

__all__ = [
    "CLAIMS",
    "REMITTANCE",
    "SET_ASIDE",
    "FileContent",
    "FileSummary",
    "count",
    "parts",
    "read",
]

SET_ASIDE = "Set aside"  # how the warnings about such messages begin
MAX_NAMED = 20  # messages that were set aside and are named in the report


@dataclass(frozen=True, slots=True)
class FileContent:
    """The whole of a file that is small enough to hold."""

    file: str
    sha256: str
    format: str
    claims: tuple[Claim, ...] = ()
    answers: tuple[ClaimPayment, ...] = ()
    requests: tuple[Request, ...] = ()
    messages: tuple[Message, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def denied(self) -> list[ClaimPayment]:
        return [answer for answer in self.answers if answer.status == DENIED]


@dataclass(slots=True)
class FileSummary:
    """What a file holds, counted while its parts come by; it names no patient and no claim."""

    formats: dict[str, None] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)  # of the reader
    messages: list[Message] = field(default_factory=list)
    numbers: Counter[str] = field(default_factory=Counter)  # of claims
    said: int = 0
    reversals: int = 0
    refused_rows: tuple[RefusedRow, ...] = ()
    refused_text: str = ""  # those rows as a table to correct

    def take(self, piece: Batch | Message) -> None:
        if isinstance(piece, Message):
            self.messages.append(piece)
            if piece.outcome == APPLIED:
                self.formats.setdefault(piece.kind)
            return
        self.numbers.update(claim.claim_number for claim in piece.claims)
        self.said += len(piece)
        self.reversals += sum(answer.status == REVERSAL for answer in piece.answers)

    @property
    def format(self) -> str:
        return ", ".join(self.formats)

    @property
    def set_aside(self) -> list[Message]:
        return [each for each in self.messages if each.outcome == QUARANTINED]

    def odd(self) -> list[str]:
        """What is worth saying about the content."""
        said = list(self.warnings)
        for each in self.set_aside[:MAX_NAMED]:
            where = (
                f"{each.kind} number {each.first}"
                if each.first == each.last
                else f"the {each.kind} from segment {each.first} to {each.last}, because of "
                f"segment {each.segment_number}"
            )
            said.append(f"{SET_ASIDE}: {where}: {each.sentence}.")
        if len(self.set_aside) > MAX_NAMED:
            said.append(f"{SET_ASIDE} too: {count(len(self.set_aside) - MAX_NAMED, 'message')}.")
        left = Counter(each.sentence for each in self.messages if each.outcome == RECORDED)
        said += [f"Left out ({count(times, 'message')}): {what}." for what, times in left.items()]
        several = [times for times in self.numbers.values() if times > 1]
        if several:
            said.append(
                f"Used more than once in this file: {count(len(several), 'claim number')}, "
                f"on {sum(several):,} claims together."
            )
        if self.reversals:
            said.append(
                f"Taken back by the payer (CLP02 = 22): {count(self.reversals, 'earlier answer')}."
            )
        if not self.said and not left:
            said.append("The file holds no claim and no answer to one.")
        return said


def parts(
    raw: SourceFile,
    tally: FileSummary,
    *,
    without: frozenset[int] = frozenset(),
    other: ParsedFile | None = None,
) -> Iterator[Batch | Message]:
    """What the file says, some at a time, counted in `tally`.

    Raises RefusedFile, with the one sentence that says why, where nothing of the file may be
    kept, and messages.Spoiled where one must begin again without its bad messages. Nothing may be
    kept before the last part is through. `other` is what `not_x12` has read.
    """
    if other:
        yield from _other(raw, other, tally)
        return
    try:
        for piece in transactions.read(raw.text(), tally.warnings, without):
            tally.take(piece)
            yield piece
    except Broken as problem:
        raise _refused(raw.name, problem.number, problem.what) from problem
    if not tally.formats:
        if not tally.messages:
            raise _refused(raw.name, 1, "it holds no transaction")
        first = next(iter(tally.set_aside), tally.messages[0])
        raise _refused(raw.name, first.segment_number or first.first, first.sentence)


def not_x12(
    raw: SourceFile, choice: TableOptions | None = None, alive: Alive | None = None
) -> ParsedFile | None:
    """Return what a FHIR file or a table says, or None where the file is for the reader of X12.

    It can take long, so nobody should wait for who asks. Raises as `reader_process.read` does.
    """
    if raw.is_interchange:
        return None
    return reader_process.read(raw.name, raw.content(reader_process.MAX_BYTES + 1), choice, alive)


def read(name: str, content: bytes, choice: TableOptions | None = None) -> FileContent:
    """The whole of what a file says. Raises RefusedFile. Pure."""
    raw, without = SourceFile(name, content), frozenset[int]()
    other = not_x12(raw, choice)
    while True:
        tally, whole = FileSummary(), Batch()
        try:
            for piece in parts(raw, tally, without=without, other=other):
                if isinstance(piece, Batch):
                    whole.extend(piece)
            break
        except transactions.RestartWithout:
            without = transactions.bad_ones(raw.text())
    return FileContent(
        file=name,
        sha256=raw.sha256,
        format=tally.format,
        claims=tuple(whole.claims),
        answers=tuple(whole.answers),
        requests=tuple(whole.requests),
        messages=tuple(tally.messages),
        warnings=tuple(tally.odd()),
    )


def _other(raw: SourceFile, other: ParsedFile, tally: FileSummary) -> Iterator[Batch | Message]:
    """FHIR and tables of tasks."""
    tally.warnings += other.warnings
    tally.refused_rows, tally.refused_text = other.refused_rows, other.refused_text
    tally.formats.setdefault(other.format)
    tally.said = len(other.requests) or 1
    for at in range(0, len(other.requests), BATCH):
        raw.done = raw.size * at // len(other.requests)
        yield Batch(requests=list(other.requests[at : at + BATCH]))
    for message in other.messages:
        tally.messages.append(message)
        yield message


def _refused(name: str, number: int, what: str) -> RefusedFile:
    return RefusedFile(
        f"{name} was refused at segment {number}: {what}. Nothing of it was imported."
    )


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
