"""Claims as they were filed, read again from the files we keep. Pure but for `FiledClaims`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from lib.export.filed_claim import NOT_HELD, FiledClaim
from lib.export.x12_writer import COMPONENT, REPETITION, Segment
from lib.intake import source_file
from lib.intake.x12 import reader
from lib.intake.x12.reader import Separators, Transaction, Unreadable, element
from lib.store.database import Connection

SUBMITTER, RECEIVER = "41", "40"  # NM101
PARTIES = {"IL": "subscriber", "PR": "payer", "QC": "patient"}
BILLING = ("85", "87", "PE")


class FiledClaims:
    """The filed claims of a practice's charges, to be asked for in the order of files and
    segments."""

    def __init__(self, con: Connection) -> None:
        self._con = con
        self._file_id: int | None = None
        self._left: Iterator[tuple[int, FiledClaim]] = iter(())
        self._next: tuple[int, FiledClaim] | None = None

    def find(self, file_id: int | None, segment_number: int | None) -> FiledClaim:
        """Return the claim whose CLM is that segment of that file; NOT_HELD if it cannot be
        read."""
        if file_id is None or segment_number is None:
            return NOT_HELD
        if file_id != self._file_id:
            self._file_id = file_id
            self._left = self._open(file_id)
            self._next = next(self._left, None)
        while self._next and self._next[0] < segment_number:
            self._next = next(self._left, None)
        if self._next and self._next[0] == segment_number:
            return self._next[1]
        return NOT_HELD

    def _open(self, file_id: int) -> Iterator[tuple[int, FiledClaim]]:
        sha256 = self._con.value("SELECT sha256 FROM intake_file WHERE id = $id", id=file_id)
        path = source_file.path_of(self._con.store, str(sha256))
        if not path.exists():
            return
        with suppress(Unreadable, OSError):
            yield from filings(source_file.SourceFile(path.name, path).text())


def filings(text: str | Iterable[str]) -> Iterator[tuple[int, FiledClaim]]:
    """Yield every claim of the 837s in the text, with the number of its CLM segment."""
    for transaction in reader.transactions(text, []):
        if transaction.kind == "837":
            with suppress(Unreadable):  # rejected when it came in: nothing of it is a charge
                yield from _claims(transaction)


@dataclass(slots=True)
class _Around:
    """The loops around the claims, read segment by segment."""

    submitter: list[Segment] = field(default_factory=list)
    receiver: list[Segment] = field(default_factory=list)
    billing_level: list[Segment] = field(default_factory=list)
    billing: list[Segment] = field(default_factory=list)
    subscriber_level: list[Segment] = field(default_factory=list)
    subscriber: list[Segment] = field(default_factory=list)
    payer: list[Segment] = field(default_factory=list)
    patient_level: list[Segment] = field(default_factory=list)
    patient: list[Segment] = field(default_factory=list)

    def enter(self, level: str) -> list[Segment]:
        """Begin a level (HL03). Return the list its segments belong to."""
        self.patient_level, self.patient = [], []
        if level == "23":
            return self.patient_level
        self.subscriber_level, self.subscriber, self.payer = [], [], []
        if level == "20":
            self.billing_level, self.billing = [], []
            return self.billing_level
        return self.subscriber_level

    def name(self, role: str) -> list[Segment]:
        """Begin a party (NM101). Return the list its segments belong to."""
        if role in BILLING:
            return self.billing
        known = {SUBMITTER: "submitter", RECEIVER: "receiver", **PARTIES}.get(role)
        if known is None:
            return []
        if known == "subscriber":
            self.payer, self.patient_level, self.patient = [], [], []
        begun: list[Segment] = []
        setattr(self, known, begun)
        return begun


@dataclass(slots=True)
class _Claim:
    """One claim, read segment by segment."""

    claim: list[Segment]
    providers: list[list[Segment]] = field(default_factory=list)
    others: list[Segment] = field(default_factory=list)
    lines: list[list[Segment]] = field(default_factory=list)

    def take(self, segment: Segment, to: list[Segment]) -> list[Segment]:
        """Put the segment where it belongs. Return the list the next one belongs to."""
        name = segment[0]
        if name == "LX":
            to = []
            self.lines.append(to)
        elif name == "SBR" and not self.lines:
            to = self.others
        elif name == "NM1" and not self.lines and to is not self.others:
            to = []
            self.providers.append(to)
        to.append(segment)
        return to

    def finish(self, around: _Around) -> FiledClaim:
        return FiledClaim(
            submitter=tuple(around.submitter),
            receiver=tuple(around.receiver),
            billing_level=tuple(around.billing_level),
            billing=tuple(around.billing),
            subscriber_level=tuple(around.subscriber_level),
            subscriber=tuple(around.subscriber),
            payer=tuple(around.payer),
            patient_level=tuple(around.patient_level),
            patient=tuple(around.patient),
            claim=tuple(self.claim),
            providers=tuple(map(tuple, self.providers)),
            others=tuple(self.others),
            lines=tuple(map(tuple, self.lines)),
        )


def _claims(transaction: Transaction) -> Iterator[tuple[int, FiledClaim]]:
    around = _Around()
    draft: _Claim | None = None
    first = 0
    to: list[Segment] = []
    for number, found in transaction.segments:
        segment = _neutral(found, transaction.separators)
        name = segment[0]
        if name in {"CLM", "HL"}:
            if draft:
                yield first, draft.finish(around)
            draft = None
            if name == "CLM":
                to, first = [segment], number
                draft = _Claim(to)
            else:
                to = around.enter(element(found, 3))
        elif draft:
            to = draft.take(segment, to)
        else:
            if name == "NM1":
                to = around.name(element(found, 1))
            to.append(segment)
    if draft:
        yield first, draft.finish(around)


def _neutral(segment: list[str], separators: Separators) -> Segment:
    """Return the segment with components and repetitions divided as ours are before writing."""
    if separators.repetition:
        segment = [text.replace(separators.repetition, REPETITION) for text in segment]
    return tuple(text.strip(" ").replace(separators.component, COMPONENT) for text in segment)
