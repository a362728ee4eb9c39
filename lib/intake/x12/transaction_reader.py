"""The messages of an X12 file: what each is, what it says, and which cannot be read. Pure.

A message is one ST…SE. A bad one does not stop the others, and a claim or an answer in it that
cannot be read is rejected singly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain, islice

from lib.intake.records import Claim, PayerUpdate, Request, Withdrawal
from lib.intake.x12 import (
    acknowledgments_277ca,
    claims_837,
    document_requests_277,
    known_segments,
    payer_decision_rules,
    receipts_999,
    remittances_835,
    segment_reader,
)
from lib.intake.x12.receipts_999 import Receipt
from lib.intake.x12.remittance_records import ClaimPayment, Recoupment
from lib.intake.x12.segment_reader import Broken, Transaction, Unreadable, element
from lib.intake.x12.status_codes import StatusSeen
from lib.intake.x12.unreadable_claims import RejectedLoop
from lib.us_formats import MAX_MONEY

CLAIMS, REMITTANCE = "837P", "835"
ACKNOWLEDGMENT, DOCUMENT_REQUEST = "277CA", "277RFAI"
APPLIED, QUARANTINED, DUPLICATE, RECORDED = "applied", "quarantined", "duplicate", "recorded"
BATCH = 1000  # parts of a message handed over at once: memory stays bounded
OTHERS = {  # names of the transactions that we do not read
    "269": "a message about benefits coordination",
    "270": "a question about eligibility",
    "271": "an answer about eligibility",
    "274": "a message about providers",
    "275": "a message with attachments",
    "276": "a question about the state of claims",
    "277": "an answer about the state of claims",
    "278": "a request for authorization or its answer",
    "820": "a payment of premiums",
    "834": "an enrollment in a plan",
}
OTHER_CLAIMS = {
    "X223": "837I (institutional claims)",
    "X096": "837I (institutional claims)",
    "X224": "837D (dental claims)",
    "X097": "837D (dental claims)",
}
STATUS_KINDS = {  # by the implementation guide in ST03 or GS08
    "X214": ACKNOWLEDGMENT,
    "X313": DOCUMENT_REQUEST,
    "X213": DOCUMENT_REQUEST,
    "X150": DOCUMENT_REQUEST,
}
STATUS_PURPOSES = {"TH": ACKNOWLEDGMENT, "RQ": DOCUMENT_REQUEST}  # BHT06, if no guide is named


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a file, after it was walked."""

    kind: str
    identifiers: str  # sender|ISA13|GS06|ST02|TRN02
    first: int  # number of its ST segment
    last: int
    outcome: str
    sentence: str = ""
    segment_number: int | None = None  # the one the sentence is about
    text: str | None = None  # the text of a rejected message that has no segments
    written_at: str = ""  # when its envelope was: "ISA09 ISA10|GS04 GS05|GS08"
    is_part: bool = False  # a claim, an answer or a request within a message that came in


Said = Claim | ClaimPayment | Recoupment | Request | PayerUpdate | StatusSeen | Receipt


@dataclass(slots=True)
class Batch:
    """Part of what one message says."""

    claims: list[Claim] = field(default_factory=list)
    answers: list[ClaimPayment] = field(default_factory=list)
    takebacks: list[Recoupment] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    news: list[PayerUpdate] = field(default_factory=list)
    withdrawals: list[Withdrawal] = field(default_factory=list)
    statuses: list[StatusSeen] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)  # on elements that were left empty
    more_remarks: int = 0

    def add(self, said: Said) -> None:
        """Add one thing to those of its kind."""
        if isinstance(said, Claim):
            self.claims.append(said)
        elif isinstance(said, ClaimPayment):
            self.answers.append(said)
        elif isinstance(said, Request):
            self.requests.append(said)
        elif isinstance(said, PayerUpdate):
            self.news.append(said)
        elif isinstance(said, StatusSeen):
            self.statuses.append(said)
        elif isinstance(said, Receipt):
            self.receipts.append(said)
        else:
            self.takebacks.append(said)

    def extend(self, other: Batch) -> None:
        """Add everything in another batch."""
        self.claims += other.claims
        self.answers += other.answers
        self.takebacks += other.takebacks
        self.requests += other.requests
        self.news += other.news
        self.withdrawals += other.withdrawals
        self.statuses += other.statuses
        self.receipts += other.receipts
        self.remarks += other.remarks
        self.more_remarks += other.more_remarks

    def __len__(self) -> int:
        return (
            len(self.claims)
            + len(self.answers)
            + len(self.takebacks)
            + len(self.requests)
            + len(self.news)
            + len(self.withdrawals)
            + len(self.statuses)
            + len(self.receipts)
        )


class RestartWithout(Exception):
    """A message turned out bad after parts of it were handed over: begin again without it."""


class _Other(Unreadable):
    """The message is of a kind that we do not read."""


def read(
    pieces: Iterable[str], warnings: list[str], without: frozenset[int] = frozenset()
) -> Iterator[Batch | Message]:
    """Yield the parts of every message, then the message itself, in the order of the file.

    `without` are the first segments of messages known to be bad. Raises Broken where nothing of the
    file can be read, RestartWithout where a message turns out bad after more than BATCH of its
    parts.
    """
    charged = Decimal(0)
    for transaction in segment_reader.transactions(pieces, warnings):
        kind, trace, part, given = transaction.kind, "", Batch(), False
        rejected: list[RejectedLoop] = []
        outcome: str = APPLIED
        problem: Unreadable | None = None
        transaction.segments = known_segments.in_capitals(transaction.segments, transaction.remarks)
        try:
            head = list(islice(transaction.segments, 8))
            trace = _trace(segment for _, segment in head)
            transaction.segments = chain(head, transaction.segments)
            kind = _kind(transaction, [segment for _, segment in head])
            transaction.segments = known_segments.without_unknown(
                transaction.kind, transaction.segments, rejected, transaction.remarks
            )
            for said in _taken(_parse(kind, transaction), rejected):
                part.add(said)
                if isinstance(said, ClaimPayment):
                    charged += abs(said.charged)
                if charged > MAX_MONEY:
                    raise Unreadable(
                        transaction.number, "the amounts add up to more than can be kept"
                    )
                if len(part) >= BATCH and transaction.number not in without:
                    yield part
                    part, given = Batch(), True
        except Broken:
            raise
        except _Other as found:
            outcome, problem = RECORDED, found
        except Unreadable as found:
            if given:
                raise RestartWithout from found
            outcome, problem = QUARANTINED, found
        if outcome == APPLIED and transaction.number not in without:
            part.remarks, part.more_remarks = transaction.remarks, transaction.remarks.more
            yield part
        for _ in _rest(transaction):
            pass
        identifiers = "|".join((transaction.sender, *transaction.controls, trace))
        last = max(transaction.last, transaction.number)
        yield Message(
            kind, identifiers, transaction.number, last, outcome,
            problem.what if problem else _accepted(part.receipts),
            problem.number if problem else None, written_at=transaction.written_at,
        )  # fmt: skip
        if outcome == APPLIED:
            yield from (_set_aside(kind, identifiers, loop) for loop in rejected)


def _accepted(receipts: Sequence[Receipt]) -> str:
    """Return which batches a receipt accepts that rejects none."""
    is_only = receipts and all(each.is_accepted for each in receipts)
    return receipts_999.accepted_words(receipts) if is_only else ""


def _taken(found: Iterator[Said | RejectedLoop], rejected: list[RejectedLoop]) -> Iterator[Said]:
    """Yield what could be read; the rest goes to `rejected`. Raise the first problem if nothing
    could be read."""
    is_empty = True
    for each in found:
        if isinstance(each, RejectedLoop):
            rejected.append(each)
        else:
            is_empty = False
            yield each
    if rejected and is_empty:
        raise rejected[0].problem


def _set_aside(kind: str, identifiers: str, loop: RejectedLoop) -> Message:
    return Message(
        f"{kind} {loop.name}", identifiers, loop.first, loop.last, QUARANTINED,
        loop.problem.what, loop.problem.number, is_part=True,
    )  # fmt: skip


def bad_ones(pieces: Iterable[str]) -> frozenset[int]:
    """Return the first segments of the messages that cannot be read."""
    every = _Everything()
    found = read(pieces, [], every)
    return frozenset(
        each.first
        for each in found
        if isinstance(each, Message) and each.outcome == QUARANTINED and not each.is_part
    )


class _Everything(frozenset[int]):
    """A set that contains every number."""

    def __contains__(self, number: object) -> bool:
        return True


def _rest(transaction: Transaction) -> Iterator[object]:
    """Yield what a parser left unread of a message that it rejected."""
    try:
        yield from transaction.segments
    except Broken:
        raise
    except Unreadable:
        return


def _trace(head: Iterable[segment_reader.Segment]) -> str:
    """Return the sender's own number: of the trace (TRN02), else of the message (BHT03)."""
    reference = ""
    for segment in head:
        if segment[0] == "TRN":
            return element(segment, 2)
        if segment[0] == "BHT":
            reference = element(segment, 3)
    return reference


def _kind(transaction: Transaction, head: list[segment_reader.Segment]) -> str:
    kind, number = transaction.kind, transaction.number
    if kind == "835":
        return REMITTANCE
    if kind == "837":
        for part, what in OTHER_CLAIMS.items():
            if part in transaction.version:
                raise _Other(number, f"this is an {what}, which is not read")
        return CLAIMS
    if kind == "277":
        for part, found in STATUS_KINDS.items():
            if part in transaction.version:
                return found
        purpose = next((element(each, 6) for each in head if each[0] == "BHT"), "")
        if "X212" not in transaction.version and purpose in STATUS_PURPOSES:
            return STATUS_PURPOSES[purpose]
    if kind in receipts_999.KINDS:
        return kind
    if not kind.isalnum() or len(kind) > 6:
        raise Unreadable(number, "the ST segment does not say what the transaction is")
    raise _Other(number, _not_read(kind))


def _not_read(kind: str) -> str:
    what = f" ({OTHERS[kind]})" if kind in OTHERS else ""
    return f"this is {'an' if kind.startswith('8') else 'a'} {kind}{what}, which is not read"


def _balanced(transaction: Transaction) -> Iterator[Said | RejectedLoop]:
    """Yield what an 835 says, with a remark on each answer that does not add up."""
    for each in remittances_835.parse(transaction):
        if isinstance(each, ClaimPayment) and (remark := payer_decision_rules.unbalanced(each)):
            transaction.remarks.append(remark)
        yield each


def _parse(kind: str, transaction: Transaction) -> Iterator[Said | RejectedLoop]:
    if kind == CLAIMS:
        return claims_837.parse(transaction)
    if kind == REMITTANCE:
        return _balanced(transaction)
    if kind == ACKNOWLEDGMENT:
        return acknowledgments_277ca.parse(transaction)
    if kind in receipts_999.KINDS:
        return receipts_999.parse(transaction)
    return document_requests_277.parse(transaction)
