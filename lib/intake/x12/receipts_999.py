"""Receipts for files we sent (999, 997, TA1, 824): what became of which batch, and why. Pure.

A receipt that rejects means that nothing of the batch reached the payer; one that accepts asks for
nothing, and says nothing of the single claims. Sources: 005010X231A1 (999: IK5, AK9), ASC X12.20
(997), X12.5 (TA1), 005010X186 (824: OTI). The words for the codes are ours, in
data/reference/receipt_codes.csv.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache

from lib.intake.denial_advice import REFERENCE
from lib.intake.records import NOBODY, Party
from lib.intake.x12 import elements
from lib.intake.x12.segment_reader import Segment, Transaction, Unreadable, element
from lib.intake.x12.unreadable_claims import RejectedLoop

KINDS = frozenset({"999", "997", "TA1", "824"})
WITH_ERRORS = "E"  # IK501, AK901, TA104: accepted, with errors noted
ACCEPTED = frozenset({"A", WITH_ERRORS})  # IK501, AK901, TA104
REJECTS_PART = "P"  # AK901
REJECTED = frozenset("RXMW")  # AK901, TA104
CLAIMS = "HC"  # AK101, which is GS01 of the batch
SETS_OF_CLAIMS = frozenset({"", "837"})  # OTI10, AK201
# OTI01: its second letter says what became of it, its first of what.
ACCEPTED_824, REJECTED_824, WHOLE_824 = frozenset("ACE"), frozenset("RP"), frozenset("BG")
SENT_BEFORE, GROUP_SENT_BEFORE = "025", frozenset({"19"})  # TA105; AK905 and on
TRANSACTION_NUMBER = "TN"  # OTI02
ITEM_NUMBERS, NOT_STATED = frozenset({"EJ", "IX"}), "NA"  # OTI02 of a claim's number, OTI03
MAX_CODES = 12


@dataclass(slots=True)
class Fault:
    """A segment of the batch that was found wrong."""

    segment: str  # CLM
    position: int | None  # counted from the ST segment, which is 1
    code: str


@dataclass(slots=True)
class SetResult:
    """What became of one transaction (ST…SE) of the batch."""

    control: str  # ST02
    kind: str = ""  # ST01
    codes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch: rejected, as a whole or in part, or accepted."""

    kind: str  # 999, 997, TA1 or 824
    segment_number: int  # of the segment that names the batch
    sender: str  # who accepts or rejects: ISA06
    receiver: str  # who sent the batch: ISA08
    sent_on: str  # ISA09
    interchange: str  # ISA13 of the batch; empty if the receipt names the group
    group: str  # GS06 of the batch
    is_whole: bool  # False: other transactions of the batch were accepted
    codes: tuple[str, ...]  # as the receipt writes them: IK5*R, AK9*R
    reasons: tuple[str, ...]  # in words
    sets: tuple[SetResult, ...]
    is_of_claims: bool = True  # False: a batch of eligibility or status inquiries
    words: str = ""  # the sender's own explanation
    claim: Item | None = None  # the only claim that was rejected
    is_duplicate: bool = False  # rejected because it had been sent before
    is_accepted: bool = False
    has_errors: bool = False  # accepted, with errors noted
    counted: int | None = None  # AK902: transactions of the batch
    version: str = ""  # AK103: the guide by which the batch was written
    # when the batch was written, day and time as the receipt repeats them: TA102 and TA103 those of
    # its interchange, OTI06 and OTI07 those of its group
    written: tuple[str, str] = ("", "")

    @property
    def number(self) -> str:
        """Return the batch's control number; empty if the receipt names none."""
        return self.group or self.interchange


@dataclass(frozen=True, slots=True)
class Item:
    """The claim that an 824 rejects."""

    claim_number: str
    patient: Party
    amount: Decimal | None  # US dollars
    # the number stands where the transaction's own belongs (OTI02 = TN), and may be that
    is_of_transaction: bool = False

    @property
    def without_number(self) -> Item | None:
        """Return the item with no more than its patient; None if it names none."""
        return replace(self, claim_number="") if self.patient.name else None


def parse(transaction: Transaction) -> Iterator[Receipt | RejectedLoop]:
    """Yield what one receipt says of each batch it names.

    A batch of which it does not say what became of it is a rejected loop.
    """
    segments = list(transaction.segments)
    if transaction.kind == "TA1":
        yield from _interchange(transaction, *segments[0])
    elif transaction.kind == "824":
        yield from _application(transaction, segments)
    else:
        yield from _functional(transaction, segments)


def _interchange(
    transaction: Transaction, number: int, segment: Segment
) -> Iterator[Receipt | RejectedLoop]:
    control, code, note = element(segment, 1), element(segment, 4).upper(), element(segment, 5)
    if code not in ACCEPTED and code not in REJECTED:
        yield _undecided(number, number, "TA104 says neither accepted nor rejected")
        return
    words = _words("interchange", note.zfill(3)) if note else ""
    is_accepted = code in ACCEPTED
    yield _receipt(
        transaction, number, interchange=control,
        written=(element(segment, 2), element(segment, 3)),
        codes=(f"TA1*{code}*{note}" if note else f"TA1*{code}",),
        reasons=(words,) if words and code != "A" else (),
        is_duplicate=not is_accepted and note.zfill(3) == SENT_BEFORE,
        is_accepted=is_accepted, has_errors=code == WITH_ERRORS,
    )  # fmt: skip


def _functional(
    transaction: Transaction, segments: list[tuple[int, Segment]]
) -> Iterator[Receipt | RejectedLoop]:
    """Read a 999 or 997: AK1 begins a group, AK2 a set; IK3/AK3 are faults, IK5/AK5 and AK9
    decide."""
    begun: tuple[int, Segment] | None = None
    sets = list[SetResult]()
    for number, segment in [*segments, (transaction.last, ["AK1"])]:
        name = segment[0]
        if name == "AK1":
            if begun:
                batch = element(begun[1], 2) or "without a number"
                yield _undecided(
                    begun[0], number - 1, f"it does not say whether batch {batch} was accepted"
                )
            begun, sets = (number, segment), []
        elif name == "AK2":
            sets.append(SetResult(element(segment, 2), element(segment, 1)))
        elif name in {"IK3", "AK3"} and sets:
            sets[-1].faults.append(_fault(segment))
        elif name in {"IK5", "AK5"} and sets:
            sets[-1].codes = [each.upper() for each in map(str.strip, segment[1:]) if each]
        elif name == "AK9" and begun:
            if element(segment, 1).upper() in {*ACCEPTED, *REJECTED, REJECTS_PART}:
                yield _group(transaction, *begun, segment, sets)
            else:
                yield _undecided(begun[0], number, "AK901 says neither accepted nor rejected")
            begun = None


def _undecided(first: int, last: int, what: str) -> RejectedLoop:
    return RejectedLoop("receipt", first, last, Unreadable(first, what))


def _group(
    transaction: Transaction,
    number: int,
    group: Segment,
    segment: Segment,
    sets: list[SetResult],
) -> Receipt:
    kind = "IK5" if transaction.kind == "999" else "AK5"
    code = element(segment, 1).upper()
    rejected = [each for each in sets if each.codes and each.codes[0] not in ACCEPTED]
    is_accepted = code in ACCEPTED and not rejected
    named = [each for each in sets if each.faults] if is_accepted else rejected
    taken = element(segment, 4).lstrip("0")
    codes = (*dict.fromkeys(f"{kind}*{each.codes[0]}" for each in named if each.codes),
             f"AK9*{code}")  # fmt: skip
    reasons = [_words("set", found) for each in named for found in each.codes[1:]]
    notes = [element(segment, at) for at in range(5, 10)]
    reasons += [_words("group", note) for note in notes]
    return _receipt(
        transaction, number, group=element(group, 2),
        is_of_claims=element(group, 1).upper() in {"", CLAIMS}
        and all(each.kind in SETS_OF_CLAIMS for each in sets),
        is_whole=is_accepted or (code in REJECTED and not taken),
        codes=codes, reasons=tuple(dict.fromkeys(filter(None, reasons))), sets=tuple(named),
        is_duplicate=not is_accepted and not GROUP_SENT_BEFORE.isdisjoint(notes),
        is_accepted=is_accepted,
        has_errors=code == WITH_ERRORS or any(each.codes[:1] == [WITH_ERRORS] for each in sets),
        counted=_counted(element(segment, 2)), version=element(group, 3),
    )  # fmt: skip


def _counted(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _application(
    transaction: Transaction, segments: list[tuple[int, Segment]]
) -> Iterator[Receipt | RejectedLoop]:
    """Read an 824: each OTI says what became of a batch or group (B…, G…), a transaction (T…) or
    one item of it (I…); the segments after it say why."""
    begun: tuple[int, Segment] | None = None
    details = list[Segment]()
    for number, segment in [*segments, (0, ["OTI"])]:
        if segment[0] != "OTI":
            details.append(segment)
            continue
        if begun:
            yield _oti(transaction, *begun, details)
        begun, details = (number, segment), []


def _oti(
    transaction: Transaction, number: int, segment: Segment, details: list[Segment]
) -> Receipt | RejectedLoop:
    code, group, control = (element(segment, at) for at in (1, 8, 9))
    result = code[1:].upper()
    if result not in ACCEPTED_824 and result not in REJECTED_824:
        return _undecided(number, number, "OTI01 says neither accepted nor rejected")
    said = {f"TED*{element(each, 1)}": None for each in details if each[0] == "TED"}
    words = [element(each, 2) for each in details if each[0] in {"TED", "NTE"}]
    return _receipt(
        transaction, number, group=group, is_whole=code[:1] in WHOLE_824,
        codes=(f"OTI*{code}", *list(said)[:MAX_CODES]),
        sets=(SetResult(control),) if control and code[:1] == "T" else (),
        words="; ".join(dict.fromkeys(filter(None, words))),
        claim=_item(details, segment) if code[:1] == "I" else None,
        is_of_claims=element(segment, 10) in SETS_OF_CLAIMS,
        is_accepted=result in ACCEPTED_824, has_errors=result == WITH_ERRORS,
        written=(element(segment, 6), element(segment, 7)),
    )  # fmt: skip


def _item(details: list[Segment], oti: Segment) -> Item | None:
    """Return the claim that the details name: our number, which can stand before them in OTI03, the
    patient, the amount."""
    patient, amount = NOBODY, None
    kind, number = element(oti, 2).upper(), element(oti, 3)
    is_of_transaction = kind == TRANSACTION_NUMBER
    if number.upper() == NOT_STATED or kind not in {*ITEM_NUMBERS, TRANSACTION_NUMBER}:
        number = ""
    for segment in details:
        kind = element(segment, 1)
        if segment[0] == "REF" and kind == "EJ":
            number, is_of_transaction = element(segment, 2), False
        elif segment[0] == "NM1" and kind == "QC":
            patient = elements.party(segment)
        elif segment[0] == "AMT" and kind == "GW":
            amount = elements.amount_if_any(segment, 2, 0, [])
    found = Item(number, patient, amount, is_of_transaction)
    return found if number or patient.name else None


def _receipt(
    transaction: Transaction,
    number: int,
    *,
    codes: tuple[str, ...],
    interchange: str = "",
    group: str = "",
    is_whole: bool = True,
    reasons: tuple[str, ...] = (),
    sets: tuple[SetResult, ...] = (),
    is_of_claims: bool = True,
    words: str = "",
    claim: Item | None = None,
    is_duplicate: bool = False,
    is_accepted: bool = False,
    has_errors: bool = False,
    counted: int | None = None,
    version: str = "",
    written: tuple[str, str] = ("", ""),
) -> Receipt:
    return Receipt(
        transaction.kind, number, transaction.sender, transaction.receiver, transaction.sent_on,
        interchange, group, is_whole, codes, reasons, sets, is_of_claims, words, claim,
        is_duplicate, is_accepted, has_errors, counted, version, written,
    )  # fmt: skip


def _fault(segment: Segment) -> Fault:
    position = element(segment, 2)
    at = int(position) if position.isascii() and position.isdigit() and len(position) < 10 else None
    return Fault(element(segment, 1), at, element(segment, 4))


def fault_words(code: str) -> str:
    """Return what is wrong with a segment, in our own words; empty for an unknown code."""
    return _words("segment", code)


def _words(code_list: str, code: str) -> str:
    return _table().get((code_list, code), "")


@cache
def _table() -> dict[tuple[str, str], str]:
    with (REFERENCE / "receipt_codes.csv").open(encoding="utf-8", newline="") as file:
        return {(row["list"], row["code"]): row["words"] for row in csv.DictReader(file)}


def accepted_words(receipts: Iterable[Receipt]) -> str:
    """Return what a receipt accepts, as a sentence without its full stop: "batch 55 was accepted",
    for example."""
    named = [accepted_what(each) for each in receipts if each.is_accepted]
    return f"{', '.join(named[:MAX_CODES])} {'was' if len(named) == 1 else 'were'} accepted"


def accepted_what(receipt: Receipt) -> str:
    """Return what one receipt accepts, such as "batch 55". A TA1 looks at no more than the
    envelope."""
    number = receipt.number or "without a number"
    if receipt.claim and not receipt.claim.is_of_transaction:
        return f"claim {receipt.claim.claim_number or 'without a number'} of batch {number}"
    if receipt.kind == "TA1":
        return f"the envelope of interchange {number}"
    return f"batch {number}" if receipt.is_whole else f"a part of batch {number}"
