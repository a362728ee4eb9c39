"""Which imported 837 the batch is that a receipt names by its control number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from lib.intake.x12.receipts_999 import Receipt
from lib.store.database import Connection

DAY, TIME = 6, 4  # letters of YYMMDD, HHMM
MAX_NAMED = 6  # segments of one transaction that are looked at


class Sent(NamedTuple):
    """One 837 in an imported file."""

    id: int
    file_id: int
    file_name: str
    sender: str
    interchange: str  # ISA13
    group: str  # GS06
    control: str  # ST02
    first_segment: int
    last_segment: int
    written_at: str  # "ISA09 ISA10|GS04 GS05|GS08"; empty in older stores

    def written(self, *, is_group: bool) -> tuple[str, str, str]:
        """Return day (YYMMDD) and time (HHMM) of the interchange or group, and its guide."""
        interchange, group, version = [*self.written_at.split("|"), "", "", ""][:3]
        day, _, time = (group if is_group else interchange).partition(" ")
        return day[-DAY:], time[:TIME], version


@dataclass(frozen=True, slots=True)
class SentBatch:
    """What a receipt is about, as far as it was imported."""

    sent: tuple[Sent, ...] = ()
    others: tuple[str, ...] = ()  # names of files, if several have the number
    without: tuple[str, ...] = ()  # names of files that have it, but not the transactions named
    of_other_days: tuple[str, ...] = ()  # names of files that have it, written on another day
    is_smaller: bool = False  # what those lack is in number only
    claims: int = 0
    amount: Decimal | None = None  # US dollars
    at_fault: tuple[str, ...] = ()  # claim numbers


def find(con: Connection, practice_id: int, receipt: Receipt) -> SentBatch:
    """Return what was imported under the number; of several files with it none is chosen."""
    if not receipt.is_of_claims:
        return SentBatch()
    rows = con.rows(
        """
        SELECT message.id, file.id, file.name, split_part(identifiers, '|', 1),
               split_part(identifiers, '|', 2), split_part(identifiers, '|', 3),
               split_part(identifiers, '|', 4), first_segment, last_segment,
               coalesce(written_at, ''),
               message.kind = '837P' AND message.outcome IN ('applied', 'duplicate')
        FROM intake_message AS message
        JOIN intake_file AS file ON file.id = intake_file_id
        WHERE message.practice_id = $practice_id AND starts_with(message.kind, '837')
          AND ltrim(split_part(identifiers, '|', $place), '0') = ltrim($control, '0')
        ORDER BY message.id
        """,
        practice_id=practice_id,
        place=3 if receipt.group else 2,
        control=receipt.group or receipt.interchange,
    )
    found = [(Sent(*row), is_read) for *row, is_read in rows]
    found = [each for each in found if each[0].sender == receipt.receiver] or found
    meant = _at_its_time([each for each, _ in found], receipt)
    if found and not meant:
        return SentBatch(of_other_days=tuple(dict.fromkeys(each.file_name for each, _ in found)))
    found = [each for each in found if each[0] in meant]
    controls = {each.control.lstrip("0") for each in receipt.sets} - {""}
    held: dict[int, set[str]] = {}
    for each, _ in found:
        held.setdefault(each.file_id, set()).add(each.control.lstrip("0"))
    has_all = {
        file_id for file_id, sets in held.items()
        if controls <= sets and (receipt.counted or 0) <= len(sets)
    }  # fmt: skip
    sent = [each for each, is_read in found if is_read and each.file_id in has_all]
    if not sent:
        without = [each.file_name for each, _ in found if each.file_id not in has_all]
        is_smaller = all(controls <= sets for sets in held.values())
        return SentBatch(without=tuple(dict.fromkeys(without)), is_smaller=is_smaller)
    if controls and not receipt.is_whole:
        sent = [each for each in sent if each.control.lstrip("0") in controls]
    names = tuple(dict.fromkeys(each.file_name for each in sent))
    if len({each.file_id for each in sent}) > 1:
        return SentBatch(others=names)
    if not sent:
        return SentBatch()
    claims, amount = _worth(con, sent)
    return SentBatch(
        tuple(sent), claims=claims, amount=amount, at_fault=_at_fault(con, sent, receipt)
    )


def _at_its_time(found: Sequence[Sent], receipt: Receipt) -> Sequence[Sent]:
    """Return those that were written when the receipt says, and by the guide that it names: of that
    minute, else of that day, else those of which no time is known."""
    is_group = bool(receipt.group)
    said_day, said_time = written(receipt)
    if said_day:
        times = {each: each.written(is_group=is_group)[:2] for each in found}
        of_day = [each for each in found if times[each][0] == said_day]
        of_minute = [each for each in of_day if said_time and times[each][1] == said_time]
        found = of_minute or of_day or [each for each in found if not times[each][0]]
    of_guide = [each for each in found if each.written(is_group=True)[2] == receipt.version]
    return of_guide or found


def written(receipt: Receipt) -> tuple[str, str]:
    """Return day (YYMMDD) and time (HHMM) at which the batch was written, by its receipt; empty
    where that does not say it."""
    day, time = receipt.written
    return (day[-DAY:], time[:TIME]) if day.isdecimal() and len(day) >= DAY else ("", "")


def _worth(con: Connection, sent: Sequence[Sent]) -> tuple[int, Decimal | None]:
    claims, amount = 0, Decimal(0)
    for each in sent:
        row = con.row(
            """
            SELECT count(*), coalesce(sum(filed_total), 0) FROM charge
            WHERE intake_file_id = $file_id AND segment_number BETWEEN $first AND $last
            """,
            file_id=each.file_id,
            first=each.first_segment,
            last=each.last_segment,
        )
        if row:
            claims, amount = claims + int(row[0]), amount + row[1]
    return claims, amount if claims else None


def _at_fault(con: Connection, sent: Sequence[Sent], receipt: Receipt) -> tuple[str, ...]:
    """Return the claims that contain the segments found wrong."""
    by_control = {each.control.lstrip("0"): each for each in sent}
    found: dict[str, None] = {}
    for one in receipt.sets:
        message = by_control.get(one.control.lstrip("0")) or (sent[0] if len(sent) == 1 else None)
        for fault in one.faults[: MAX_NAMED if message else 0]:
            assert message is not None
            at = min(message.first_segment + (fault.position or 0) - 1, message.last_segment)
            number = con.value(
                """
                SELECT claim_number FROM charge
                WHERE intake_file_id = $file_id AND segment_number BETWEEN $first AND $at
                ORDER BY segment_number DESC NULLS LAST LIMIT 1
                """,
                file_id=message.file_id,
                first=message.first_segment,
                at=at,
            )
            if number:
                found.setdefault(number)
    return tuple(found)[:MAX_NAMED]
