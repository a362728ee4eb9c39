"""Professional claims (837P: 005010X222, and the older 004010X098): read, not stored. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from lib.intake.records import Claim
from lib.intake.x12.loops_837 import ClaimParser, LoopContext
from lib.intake.x12.reader import Transaction, Unreadable, element

OTHER_FORMS = {"SV2": "837I (institutional claims)", "SV3": "837D (dental claims)"}


def parse(transaction: Transaction) -> Iterator[Claim]:
    """The claims of one 837 in the order of the file.

    Hierarchies are read by sequence (HL03), never by parent ids: those repeat and are wrong in
    real files. Raises Unreadable at the first claim that cannot be read.
    """
    around = LoopContext(transaction.separators.component)
    draft: ClaimParser | None = None
    for number, segment in transaction.segments:
        name = segment[0]
        if name in {"CLM", "HL"}:
            if draft:
                yield draft.finish()
            draft = None
            if name == "CLM":
                draft = ClaimParser(number, segment, around)
            else:
                around.enter(element(segment, 3))
        elif name in OTHER_FORMS:
            raise Unreadable(number, f"this is an {OTHER_FORMS[name]}, which is not read")
        else:
            (draft or around).take(number, segment, name)
    if draft:
        yield draft.finish()
