"""What a file says, whatever its format, before anybody asks what of it is new. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lib.errors import RefusedFile
from lib.import_report_models import RefusedRow
from lib.intake.files import reader_process
from lib.intake.files.non_x12_formats import ParsedFile, TableOptions
from lib.intake.files.reader_process import Alive
from lib.intake.files.repeated_numbers import RepeatedNumbers
from lib.intake.files.source_file import SourceFile
from lib.intake.records import Claim, Request
from lib.intake.x12 import payer_decision_rules, transaction_reader
from lib.intake.x12.claim_status_rules import StatusOutcome
from lib.intake.x12.payer_decision_rules import Outcome
from lib.intake.x12.remittance_records import ClaimPayment
from lib.intake.x12.segment_reader import Broken
from lib.intake.x12.status_codes import StatusSeen
from lib.intake.x12.transaction_reader import (
    APPLIED,
    BATCH,
    CLAIMS,
    QUARANTINED,
    RECORDED,
    REMITTANCE,
    Batch,
    Message,
)

__all__ = [
    "CLAIMS",
    "REMITTANCE",
    "SET_ASIDE",
    "UNCLEAR",
    "FileContent",
    "FileSummary",
    "count",
    "has_claims",
    "parts",
    "read",
]

CLAIMS_BEGIN = re.compile(r"ST(\W)837\1")
MAX_SIGN = 7  # letters of it
SET_ASIDE = "Rejected"  # how warnings about rejected messages begin
UNCLEAR = "Neither accepted nor rejected"  # how warnings about such statuses begin
NOT_NAMED = f"{SET_ASIDE}, but not named"  # how warnings about claims in totals only begin
MAX_NAMED = 20  # rejected messages named in the report


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
        """Return the claim payments that are denials."""
        return [
            each for each in self.answers if payer_decision_rules.outcome(each) is Outcome.DENIED
        ]


@dataclass(slots=True)
class FileSummary:
    """What a file holds, counted while its parts come by. It names no patient and no claim."""

    formats: dict[str, None] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)  # from the reader
    messages: list[Message] = field(default_factory=list)
    numbers: RepeatedNumbers = field(default_factory=RepeatedNumbers)  # of claims
    said: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)  # of claims
    reversals: int = 0
    unclear: int = 0  # statuses
    unbalanced: int = 0  # answers that leave dollars open without any reason
    unclear_named: list[StatusSeen] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)  # on elements that were left empty
    more_remarks: int = 0
    refused_rows: tuple[RefusedRow, ...] = ()
    refused_text: str = ""  # the rejected rows as a table to correct
    left_out: int = 0  # hidden rows of a table

    def take(self, piece: Batch | Message) -> None:
        """Count one part of the file."""
        if isinstance(piece, Message):
            self.messages.append(piece)
            if piece.outcome == APPLIED:
                self.formats.setdefault(piece.kind)
            return
        self.numbers.add(claim.claim_number for claim in piece.claims)
        self.said += len(piece)
        outcomes = [payer_decision_rules.outcome(each) for each in piece.answers]
        self.answers.update(outcomes)
        self.statuses.update(each.outcome for each in piece.statuses if each.claim_number)
        self.unbalanced += sum(bool(payer_decision_rules.unbalanced(e)) for e in piece.answers)
        self.reversals += sum(
            each.status == payer_decision_rules.REVERSAL and outcome is Outcome.REVERSED
            for each, outcome in zip(piece.answers, outcomes, strict=True)
        )
        unclear = [e for e in piece.statuses if e.outcome is StatusOutcome.UNCLEAR]
        self.unclear += len(unclear)
        self.unclear_named += unclear[: MAX_NAMED - len(self.unclear_named)]
        named = piece.remarks[: MAX_NAMED - len(self.remarks)]
        self.remarks += named
        self.more_remarks += len(piece.remarks) - len(named) + piece.more_remarks

    @property
    def format(self) -> str:
        """Return the names of the file's formats, as the report shows them."""
        return ", ".join(self.formats)

    @property
    def set_aside(self) -> list[Message]:
        """Return the rejected messages."""
        return [each for each in self.messages if each.outcome == QUARANTINED]

    @property
    def summary(self) -> list[str]:
        """Count the answers and statuses by what they say, including those that make no task and no
        history."""
        return [
            *_counted("answer", "answers", Outcome, self.answers),
            *_counted("claim status", "claim statuses", StatusOutcome, self.statuses),
        ]

    def odd(self) -> list[str]:
        """Return what is worth saying about the content."""
        said = list(self.warnings)
        for status in self.unclear_named:
            whose = f"claim {status.claim_number}" if status.claim_number else "a batch"
            codes = status.codes or "a status without a code"
            what = f"{UNCLEAR}: {whose} with {codes}"
            if status.totals:
                what = f"{NOT_NAMED}: {status.totals}"
            said.append(f"{what} (segment {status.segment_number}). No task was made of it.")
        if more := self.unclear - len(self.unclear_named):
            said.append(f"{UNCLEAR} too: {count(more, 'claim')}.")
        said += self.remarks
        if self.more_remarks:
            said.append(f"Left empty too: {count(self.more_remarks, 'element')}.")
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
        numbers, uses = self.numbers.counted()
        if numbers:
            said.append(
                f"Used more than once in this file: {count(numbers, 'claim number')}, "
                f"on {uses:,} claims together."
            )
        if self.reversals:
            said.append(
                f"Reversed by the payer (CLP02 = 22): {count(self.reversals, 'earlier answer')}."
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
    """Yield what the file says, part by part, counted in `tally`.

    Raises RefusedFile, with the one sentence that says why, where nothing of the file may be kept,
    and RestartWithout where reading must begin again without the bad messages. Keep nothing before
    the last part is through. `other` is what `not_x12` returned.
    """
    if other:
        yield from _other(raw, other, tally)
        return
    try:
        for piece in transaction_reader.read(raw.text(), tally.warnings, without):
            tally.take(piece)
            yield piece
    except Broken as problem:
        raise _refused(raw.name, problem.number, problem.what) from problem
    if not tally.formats:
        if not tally.messages:
            raise _refused(raw.name, 1, "it holds no transaction")
        first = next(iter(tally.set_aside), tally.messages[0])
        raise _refused(raw.name, first.segment_number or first.first, first.sentence)


def has_claims(raw: SourceFile) -> bool:
    """Return True if the file may hold claims, by a look at its text."""
    end = ""
    try:
        for piece in raw.text() if raw.is_interchange else ():
            text = end + piece
            if CLAIMS_BEGIN.search(text):
                return True
            end = text[-MAX_SIGN:]
    except Broken:
        pass
    return False


def not_x12(
    raw: SourceFile, choice: TableOptions | None = None, alive: Alive | None = None
) -> ParsedFile | None:
    """Return what a FHIR file or a table says, or None if the file is for the X12 reader.

    It can take long, so the caller must keep nobody waiting. Raises as `reader_process.read` does.
    """
    if raw.is_interchange:
        return None
    return reader_process.read(raw.name, raw.content(reader_process.MAX_BYTES + 1), choice, alive)


def read(name: str, content: bytes, choice: TableOptions | None = None) -> FileContent:
    """Return the whole of what a file says. Raise RefusedFile if it cannot be read. Pure."""
    raw, without = SourceFile(name, content), frozenset[int]()
    other = not_x12(raw, choice)
    while True:
        tally, whole = FileSummary(), Batch()
        try:
            for piece in parts(raw, tally, without=without, other=other):
                if isinstance(piece, Batch):
                    whole.extend(piece)
            break
        except transaction_reader.RestartWithout:
            without = transaction_reader.bad_ones(raw.text())
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
    """Yield the parts of a FHIR file or of a table of tasks."""
    tally.warnings += other.warnings
    tally.refused_rows, tally.refused_text = other.refused_rows, other.refused_text
    tally.left_out = other.left_out
    tally.formats.setdefault(other.format)
    tally.said = len(other.requests) or 1
    for at in range(0, len(other.requests), BATCH):
        raw.done = raw.size * at // len(other.requests)
        yield Batch(requests=list(other.requests[at : at + BATCH]))
    if other.withdrawals:
        yield Batch(withdrawals=list(other.withdrawals))
    for message in other.messages:
        tally.messages.append(message)
        yield message


def _refused(name: str, number: int, what: str) -> RefusedFile:
    return RefusedFile(
        f"{name} was refused at segment {number}: {what}. Nothing of it was imported."
    )


def _counted(
    one: str, several: str, words: Iterable[StrEnum], found: Mapping[str, int]
) -> list[str]:
    """Return a sentence such as "96 answers: 83 paid, 13 denied.", in the order of `words`."""
    total = sum(found.values())
    parts = [f"{found[word]:,} {word}" for word in words if found.get(word)]
    return [f"{total:,} {one if total == 1 else several}: {', '.join(parts)}."] if total else []


def count(number: int, noun: str, nouns: str = "") -> str:
    """Return a number with its noun: "1 task", "1,204 tasks"."""
    return f"{number:,} {noun if number == 1 else nouns or f'{noun}s'}"
