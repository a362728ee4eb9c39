"""Professional claims (837P: 005010X222, and the older 004010X098): read, not stored. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from lib.intake.records import Claim
from lib.intake.rejected_loops import RejectedLoop
from lib.intake.x12.loops_837 import ClaimParser, LoopContext
from lib.intake.x12.reader import Segment, Transaction, Unreadable, element

OTHER_FORMS = {"SV2": "837I (institutional claims)", "SV3": "837D (dental claims)"}


def parse(transaction: Transaction) -> Iterator[Claim | RejectedLoop]:
    """Yield the claims of one 837 in the order of the file; one that cannot be read stops no other.

    Hierarchies are read by sequence (HL03), never by parent ids: those repeat and are wrong in real
    files. Raises Unreadable where the transaction as a whole cannot be read.
    """
    around = LoopContext(transaction.separators.component, transaction.remarks)
    draft: ClaimParser | Unreadable | None = (
        None  # the claim that is being read, or why it cannot be
    )
    first = 0  # number of its CLM segment
    for number, segment in transaction.segments:
        name = segment[0]
        if name in {"CLM", "HL"}:
            if draft:
                yield _finished(draft, first, number - 1)
            draft = None
            if name == "CLM":
                draft, first = _begun(number, segment, around), number
            else:
                around.enter(element(segment, 3))
        elif name in OTHER_FORMS:
            raise Unreadable(number, f"this is an {OTHER_FORMS[name]}, which is not read")
        elif draft is None:
            around.take(number, segment, name)
        elif isinstance(draft, ClaimParser):
            try:
                draft.take(number, segment, name)
            except Unreadable as problem:
                draft = problem
    if draft:
        yield _finished(draft, first, transaction.last - 1)


def _begun(number: int, segment: Segment, around: LoopContext) -> ClaimParser | Unreadable:
    try:
        return ClaimParser(number, segment, around)
    except Unreadable as problem:
        return problem


def _finished(draft: ClaimParser | Unreadable, first: int, last: int) -> Claim | RejectedLoop:
    if isinstance(draft, Unreadable):
        return RejectedLoop("claim", first, last, draft)
    try:
        return draft.finish()
    except Unreadable as problem:
        return RejectedLoop("claim", first, last, problem)
