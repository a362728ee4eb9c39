"""Claims as they were filed, read again from the files we keep. Pure but for `FiledClaims`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from lib.export.filed_claim import NOT_HELD, FiledClaim
from lib.export.x12_writer import COMPONENT, REPETITION, Segment
from lib.intake.files import source_archive
from lib.intake.x12 import segment_reader
from lib.intake.x12.loops_837 import ENDS, Loop, walk
from lib.intake.x12.segment_reader import Separators, Transaction, Unreadable
from lib.store.database import Connection

AROUND = {  # loops around the claims: how a FiledClaim calls them
    Loop.SUBMITTER: "submitter",
    Loop.RECEIVER: "receiver",
    Loop.BILLING_LEVEL: "billing_level",
    Loop.BILLING: "billing",
    Loop.SUBSCRIBER_LEVEL: "subscriber_level",
    Loop.SUBSCRIBER: "subscriber",
    Loop.PAYER: "payer",
    Loop.PATIENT_LEVEL: "patient_level",
    Loop.PATIENT: "patient",
}
# The pay-to address and plan are kept with the billing provider.
PAY_TO = {Loop.PAY_TO: Loop.BILLING, Loop.PAY_TO_PLAN: Loop.BILLING}


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
        with suppress(Unreadable, OSError, source_archive.SourceFileProblem):
            yield from filings(source_archive.kept(self._con.store, "", str(sha256)).text())


def filings(text: str | Iterable[str]) -> Iterator[tuple[int, FiledClaim]]:
    """Yield every claim of the 837s in the text, with the number of its CLM segment."""
    for transaction in segment_reader.transactions(text, []):
        if transaction.kind == "837":
            with suppress(Unreadable):  # rejected when it came in: nothing of it is a charge
                yield from _claims(transaction)


@dataclass(slots=True)
class _Claim:
    """The loops of one claim, read segment by segment."""

    claim: list[Segment] = field(default_factory=list)
    providers: list[list[Segment]] = field(default_factory=list)
    others: list[Segment] = field(default_factory=list)
    lines: list[list[Segment]] = field(default_factory=list)

    def take(self, loop: Loop, segment: Segment) -> None:
        """Put the segment where it belongs."""
        if loop is Loop.LINE:
            if self._begins_line(segment[0]):
                self.lines.append([])
            self.lines[-1].append(segment)
        elif loop is Loop.OTHER_PAYER:
            self.others.append(segment)
        elif loop is Loop.PROVIDER:
            if segment[0] == "NM1":
                self.providers.append([])
            self.providers[-1].append(segment)
        else:
            self.claim.append(segment)

    def _begins_line(self, name: str) -> bool:
        """Return True for LX, and for the service of a line that has none before it."""
        if name == "LX" or not self.lines:
            return True
        return name == "SV1" and any(segment[0] == "SV1" for segment in self.lines[-1])

    def finish(self, around: Mapping[Loop, list[Segment]]) -> FiledClaim:
        return FiledClaim(
            **{name: tuple(around.get(loop, ())) for loop, name in AROUND.items()},
            claim=tuple(self.claim),
            providers=tuple(map(tuple, self.providers)),
            others=tuple(self.others),
            lines=tuple(map(tuple, self.lines)),
        )


def _claims(transaction: Transaction) -> Iterator[tuple[int, FiledClaim]]:
    around: dict[Loop, list[Segment]] = {}
    claim: _Claim | None = None
    first = 0
    for loop, number, found in walk(transaction.segments):
        segment = _neutral(found, transaction.separators)
        name = segment[0]
        if claim and name in {"CLM", "HL"}:
            yield first, claim.finish(around)
            claim = None
        if name == "CLM":
            claim, first = _Claim(), number
        if claim:
            claim.take(loop, segment)
            continue
        if name in {"HL", "NM1"}:
            for ended in ENDS.get(loop, ()):
                around.pop(ended, None)
        kept_in = PAY_TO.get(loop, loop)
        if name != "HL" and kept_in in AROUND:
            around.setdefault(kept_in, []).append(segment)
    if claim:
        yield first, claim.finish(around)


def _neutral(segment: list[str], separators: Separators) -> Segment:
    """Return the segment with components and repetitions divided as ours are before writing."""
    if separators.repetition:
        segment = [text.replace(separators.repetition, REPETITION) for text in segment]
    return tuple(text.strip(" ").replace(separators.component, COMPONENT) for text in segment)
