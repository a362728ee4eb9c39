"""Receipts for files we sent (999, 997, TA1, 824): which batch was rejected, and why. Pure.

A receipt that rejects means that nothing of the batch reached the payer; one that accepts asks for
nothing. Sources: 005010X231A1 (999: IK5, AK9), ASC X12.20 (997), X12.5 (TA1), 005010X186 (824:
OTI). The words for the codes are ours, in data/reference/receipt_codes.csv.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache

from lib.intake.denial_advice import REFERENCE
from lib.intake.records import NOBODY, Party
from lib.intake.x12 import elements
from lib.intake.x12.reader import Segment, Transaction, element

KINDS = frozenset({"999", "997", "TA1", "824"})
ACCEPTED = frozenset({"A", "E"})  # IK501, AK901, TA104; E: accepted with errors noted
REJECTS_PART = "P"  # AK901
CLAIMS = "HC"  # AK101, which is GS01 of the batch
SETS_OF_CLAIMS = frozenset({"", "837"})  # OTI10
REJECTED_824, WHOLE_824 = frozenset("RP"), frozenset("BG")  # OTI01: second and first letter
SENT_BEFORE, GROUP_SENT_BEFORE = "025", frozenset({"17", "19"})  # TA105; AK905 and on
MAX_CODES = 12


@dataclass(slots=True)
class Fault:
    """A segment of the batch that was found wrong."""

    segment: str  # CLM
    position: int | None  # counted from the ST segment, which is 1
    code: str


@dataclass(slots=True)
class RejectedSet:
    """One transaction (ST…SE) of the batch that was rejected."""

    control: str  # ST02
    codes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A batch that was rejected, as a whole or in part."""

    kind: str  # 999, 997, TA1 or 824
    segment_number: int  # of the segment that names the batch
    sender: str  # who rejects: ISA06
    receiver: str  # who sent the batch: ISA08
    sent_on: str  # ISA09
    interchange: str  # ISA13 of the batch; empty if the receipt names the group
    group: str  # GS06 of the batch
    is_whole: bool  # False: other transactions of the batch were accepted
    codes: tuple[str, ...]  # as the receipt writes them: IK5*R, AK9*R
    reasons: tuple[str, ...]  # in words
    sets: tuple[RejectedSet, ...]
    is_of_claims: bool = True  # False: a batch of eligibility or status inquiries
    words: str = ""  # the sender's own explanation
    claim: Item | None = None  # the only claim that was rejected
    is_duplicate: bool = False  # rejected because it had been sent before


@dataclass(frozen=True, slots=True)
class Item:
    """The claim that an 824 rejects."""

    claim_number: str
    patient: Party
    amount: Decimal | None  # US dollars


@dataclass(frozen=True, slots=True)
class Read:
    """What a receipt says: which batches it rejects, or that it rejects none."""

    rejected: tuple[Receipt, ...]
    accepted: tuple[str, ...]  # control numbers of batches


def read(transaction: Transaction) -> Read:
    """Return what one receipt says."""
    segments = list(transaction.segments)
    if transaction.kind == "TA1":
        return _interchange(transaction, segments)
    if transaction.kind == "824":
        return _application(transaction, segments)
    return _functional(transaction, segments)


def _interchange(transaction: Transaction, segments: list[tuple[int, Segment]]) -> Read:
    [(number, segment)] = segments
    control, code, note = element(segment, 1), element(segment, 4), element(segment, 5)
    if code != "R":
        return Read((), (control,) if code in ACCEPTED else ())
    reason = _words("interchange", note.zfill(3)) if note else ""
    codes = (f"TA1*{code}*{note}" if note else f"TA1*{code}",)
    rejected = _receipt(
        transaction, number, interchange=control, codes=codes,
        reasons=(reason,) if reason else (), is_duplicate=note.zfill(3) == SENT_BEFORE,
    )  # fmt: skip
    return Read((rejected,), ())


def _functional(transaction: Transaction, segments: list[tuple[int, Segment]]) -> Read:
    """Read a 999 or 997: AK1 begins a group, AK2 a set; IK3/AK3 are faults, IK5/AK5 and AK9
    decide."""
    rejected, accepted = list[Receipt](), list[str]()
    begun: tuple[int, Segment] | None = None
    sets = list[RejectedSet]()
    current = RejectedSet("")
    for number, segment in segments:
        name = segment[0]
        if name == "AK1":
            begun, sets = (number, segment), []
        elif name == "AK2":
            current = RejectedSet(element(segment, 2))
        elif name in {"IK3", "AK3"}:
            current.faults.append(_fault(segment))
        elif name in {"IK5", "AK5"}:
            current.codes = [each for each in map(str.strip, segment[1:]) if each]
            if current.codes and current.codes[0] not in ACCEPTED:
                sets.append(current)
        elif name == "AK9" and begun:
            if element(segment, 1) in ACCEPTED and not sets:
                accepted.append(element(begun[1], 2))
            else:
                rejected.append(_group(transaction, *begun, segment, sets))
    return Read(tuple(rejected), tuple(accepted))


def _group(
    transaction: Transaction,
    number: int,
    group: Segment,
    segment: Segment,
    sets: list[RejectedSet],
) -> Receipt:
    kind = "IK5" if transaction.kind == "999" else "AK5"
    code = element(segment, 1)
    taken = element(segment, 4).lstrip("0")
    codes = (*dict.fromkeys(f"{kind}*{each.codes[0]}" for each in sets), f"AK9*{code}")
    reasons = [_words("set", found) for each in sets for found in each.codes[1:]]
    notes = [element(segment, at) for at in range(5, 10)]
    reasons += [_words("group", note) for note in notes]
    return _receipt(
        transaction, number, group=element(group, 2),
        is_of_claims=element(group, 1) in {"", CLAIMS},
        is_whole=code not in {*ACCEPTED, REJECTS_PART} and not taken,
        codes=codes, reasons=tuple(dict.fromkeys(filter(None, reasons))), sets=tuple(sets),
        is_duplicate=not GROUP_SENT_BEFORE.isdisjoint(notes),
    )  # fmt: skip


def _application(transaction: Transaction, segments: list[tuple[int, Segment]]) -> Read:
    """Read an 824: each OTI says what became of a batch or group (B…, G…), a transaction (T…) or
    one item of it (I…); the segments after it say why."""
    rejected, accepted = list[Receipt](), list[str]()
    begun: tuple[int, Segment] | None = None
    details = list[Segment]()
    for number, segment in [*segments, (0, ["OTI"])]:
        if segment[0] != "OTI":
            details.append(segment)
            continue
        if begun:
            if element(begun[1], 1)[1:] in REJECTED_824:
                rejected.append(_oti(transaction, *begun, details))
            else:
                accepted.append(element(begun[1], 8))
        begun, details = (number, segment), []
    return Read(tuple(rejected), tuple(accepted))


def _oti(
    transaction: Transaction, number: int, segment: Segment, details: list[Segment]
) -> Receipt:
    code, group, control = (element(segment, at) for at in (1, 8, 9))
    said = {f"TED*{element(each, 1)}": None for each in details if each[0] == "TED"}
    words = [element(each, 2) for each in details if each[0] in {"TED", "NTE"}]
    return _receipt(
        transaction, number, group=group, is_whole=code[:1] in WHOLE_824,
        codes=(f"OTI*{code}", *list(said)[:MAX_CODES]),
        sets=(RejectedSet(control),) if control and code[:1] == "T" else (),
        words="; ".join(dict.fromkeys(filter(None, words))),
        claim=_item(details) if code[:1] == "I" else None,
        is_of_claims=element(segment, 10) in SETS_OF_CLAIMS,
    )  # fmt: skip


def _item(details: list[Segment]) -> Item | None:
    """Return the claim that the details name: our number, the patient, the amount."""
    number, patient, amount = "", NOBODY, None
    for segment in details:
        kind = element(segment, 1)
        if segment[0] == "REF" and kind == "EJ":
            number = element(segment, 2)
        elif segment[0] == "NM1" and kind == "QC":
            patient = elements.party(segment)
        elif segment[0] == "AMT" and kind == "GW":
            amount = elements.amount_if_any(segment, 2, 0, [])
    return Item(number, patient, amount) if number or patient.name else None


def _receipt(
    transaction: Transaction,
    number: int,
    *,
    codes: tuple[str, ...],
    interchange: str = "",
    group: str = "",
    is_whole: bool = True,
    reasons: tuple[str, ...] = (),
    sets: tuple[RejectedSet, ...] = (),
    is_of_claims: bool = True,
    words: str = "",
    claim: Item | None = None,
    is_duplicate: bool = False,
) -> Receipt:
    return Receipt(
        transaction.kind, number, transaction.sender, transaction.receiver, transaction.sent_on,
        interchange, group, is_whole, codes, reasons, sets, is_of_claims, words, claim,
        is_duplicate,
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


def accepted_sentence(read: Read) -> str:
    """Return what continues "this is a 999 (a receipt for another file), which is not read"."""
    named = [each for each in read.accepted if each][:MAX_CODES]
    return f": it says that batch {', '.join(named)} was accepted" if named else ""
