"""What receipts that accept a batch say to the open tasks about its rejection, whichever came in
first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import NamedTuple

from lib.intake.files.parsed_file import count
from lib.intake.import_context import ImportContext
from lib.intake.matching.known_charges import Charges
from lib.intake.records import PayerUpdate
from lib.intake.tasks.batch_receipts import (
    ENVELOPE,
    day_of,
    is_of_one_time,
    kind_of,
    rejection_key,
    rejection_of,
    time_key,
)
from lib.intake.x12.receipts_999 import Receipt
from lib.store.database import Connection

BEFORE = " The receipt that says so came in before."


class Settled(NamedTuple):
    """An open task about a rejected batch, and the later receipt that accepts it."""

    task_id: int
    key: str
    sentence: str
    segment_number: int
    is_of_batch: bool = True  # False: of the file around it, which was rejected as such


def of_claims(
    con: Connection, source: ImportContext, told: Sequence[PayerUpdate], charges: Charges
) -> list[Settled]:
    """Return the open tasks about rejected batches some claims of which an acknowledgment accepts
    later, each with one sentence a day."""
    accepted = [each for each in told if not each.is_payment and each.told_on]
    batches = _open_batches(con, source.practice.id) if accepted else []
    if not batches:
        return []
    by_charge: dict[int, list[PayerUpdate]] = defaultdict(list)
    for each in accepted:
        if (charge_id := charges.match(each.facts).charge_id) is not None:
            by_charge[charge_id].append(each)
    found: dict[tuple[int, date], dict[int, PayerUpdate]] = defaultdict(dict)
    for charge_id, *sent in _sent(con, list(by_charge)):
        for task_id, key, asked_on in batches:
            for each in by_charge[charge_id] if _holds(key, *sent) else ():
                if each.told_on and (asked_on is None or asked_on <= each.told_on):
                    found[task_id, each.told_on][charge_id] = each
    settled = [
        _of_claims(task_id, day, list(claims.values()))
        for (task_id, day), claims in sorted(found.items())
    ]
    return [each for each in settled if not _is_told(con, each)]


def _of_claims(task_id: int, day: date, claims: Sequence[PayerUpdate]) -> Settled:
    keys = "|".join(sorted(each.key for each in claims))
    first = min(claims, key=lambda each: each.segment_number)
    who = first.facts.payer_name or "The payer"
    return Settled(
        task_id,
        f"277CA|accepted claims|{day}|{sha256(keys.encode()).hexdigest()}",
        f"{who} accepted {count(len(claims), 'claim')} of this batch on {day:%m/%d/%Y} (277CA).",
        first.segment_number,
        is_of_batch=False,
    )


def _open_batches(con: Connection, practice_id: int) -> list[tuple[int, str, date | None]]:
    rows = con.rows(
        """
        SELECT id, request_key, asked_on FROM task
        WHERE practice_id = $practice_id AND is_open AND source IN ('999', '997', 'TA1')
          AND charge_id IS NULL AND coalesce(claim_number, '') = ''
        ORDER BY id
        """,
        practice_id=practice_id,
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _sent(con: Connection, charge_ids: Sequence[int]) -> list[tuple[int, str, str, str, str]]:
    """Return for each charge the sender and the numbers of interchange, group and set in which it
    was sent."""
    rows = con.rows(
        """
        SELECT charge.id, split_part(identifiers, '|', 1), split_part(identifiers, '|', 2),
               split_part(identifiers, '|', 3), split_part(identifiers, '|', 4)
        FROM charge
        JOIN intake_message AS message
          ON message.intake_file_id = charge.intake_file_id
         AND charge.segment_number BETWEEN first_segment AND last_segment
        WHERE charge.id IN (SELECT unnest($ids::BIGINT[])) AND message.kind = '837P'
        """,
        ids=list(charge_ids),
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def _holds(key: str, sender: str, interchange: str, group: str, control: str) -> bool:
    """Return True if the rejection with this key is about what was sent under these numbers."""
    kind, _, _, receiver, number, *_, sets = key.split("|")
    own = interchange if kind == ENVELOPE else group
    controls = {each.lstrip("0") for each in sets.split(",") if each}
    is_set = kind == ENVELOPE or not controls or control.lstrip("0") in controls
    return receiver == sender and number.lstrip("0") == own.lstrip("0") and is_set


def _is_told(con: Connection, told: Settled) -> bool:
    return bool(
        con.value(
            "SELECT count(*) FROM task_answer WHERE task_id = $id AND answer_key = $key",
            id=told.task_id,
            key=told.key,
        )
    )


class _Acceptance(NamedTuple):
    """What a receipt says to the tasks whose keys begin so."""

    rejection_key: str
    key: str
    said_on: date | None
    sentence: str
    segment_number: int
    is_of_batch: bool


def settle(con: Connection, source: ImportContext, receipts: Sequence[Receipt]) -> list[Settled]:
    """Return the open tasks about batches that a later receipt of the same sender accepts, each
    once. Keep the acceptances, inside a transaction: an older rejection may still come in."""
    practice_id = source.practice.id
    new = [each for receipt in receipts for each in _told(con, practice_id, receipt)]
    held = [
        each
        for receipt in receipts
        if not receipt.is_accepted
        for each in _held(con, practice_id, receipt)
    ]
    _keep(con, new, source)
    return [each for told in (*new, *held) for each in _settled(con, practice_id, told)]


def _told(con: Connection, practice_id: int, receipt: Receipt) -> list[_Acceptance]:
    if not (receipt.is_accepted and receipt.is_whole and receipt.number):
        return []
    said_on = day_of(receipt.sent_on)
    when = f" on {said_on:%m/%d/%Y}" if said_on else ""
    key = "|".join((kind_of(receipt), "accepted", receipt.sender, receipt.receiver, receipt.number,
                    *time_key(receipt), receipt.sent_on))  # fmt: skip
    sentence = (
        f"{receipt.sender or 'The receiver'} accepted a batch of this number{when} "
        f"({receipt.kind}: {', '.join(receipt.codes)})."
    )
    files = _envelopes(con, practice_id, receipt)
    return [
        _Acceptance(prefix, key, said_on, sentence, receipt.segment_number, prefix not in files)
        for prefix in (rejection_of(receipt), *files)
    ]


def _held(con: Connection, practice_id: int, receipt: Receipt) -> list[_Acceptance]:
    """Return the acceptances of a rejected batch that came in before and are newer."""
    rows = con.rows(
        """
        SELECT DISTINCT rejection_key, answer_key, said_on, sentence, is_of_batch
        FROM accepted_batch
        WHERE practice_id = $practice_id AND rejection_key = $rejection AND said_on > $said_on
        ORDER BY said_on, answer_key
        """,
        practice_id=practice_id,
        rejection=rejection_of(receipt),
        said_on=day_of(receipt.sent_on),
    )
    return [
        _Acceptance(rejection, key, said_on, f"{sentence}{BEFORE}", receipt.segment_number, of)
        for rejection, key, said_on, sentence, of in rows
    ]


def _settled(con: Connection, practice_id: int, told: _Acceptance) -> list[Settled]:
    rows = con.rows(
        """
        SELECT id, request_key FROM task
        WHERE practice_id = $practice_id AND is_open AND starts_with(request_key, $prefix)
          AND coalesce(asked_on <= $said_on, true)
          AND id NOT IN (SELECT task_id FROM task_answer WHERE answer_key = $key)
        """,
        practice_id=practice_id,
        prefix=f"{told.rejection_key}|",
        said_on=told.said_on,
        key=told.key,
    )
    return [
        Settled(task_id, told.key, told.sentence, told.segment_number, told.is_of_batch)
        for task_id, key in rows
        if is_of_one_time(key, told.key)
    ]


def _keep(con: Connection, told: Sequence[_Acceptance], source: ImportContext) -> None:
    con.insert(
        "accepted_batch",
        [
            {
                "practice_id": source.practice.id,
                "rejection_key": each.rejection_key,
                "answer_key": each.key,
                "said_on": each.said_on,
                "sentence": each.sentence,
                "is_of_batch": each.is_of_batch,
                "intake_file_id": source.file_id,
                "recorded_at": source.now,
            }
            for each in told
            if each.said_on
        ],
    )


def _envelopes(con: Connection, practice_id: int, receipt: Receipt) -> list[str]:
    """Return how the keys of requests begin that are about the rejection (TA1) of an imported file
    which holds the accepted batch."""
    if not receipt.group or not receipt.is_of_claims:
        return []
    rows = con.rows(
        """
        SELECT DISTINCT split_part(identifiers, '|', 2) FROM intake_message
        WHERE practice_id = $practice_id AND kind = '837P' AND outcome IN ('applied', 'duplicate')
          AND split_part(identifiers, '|', 1) = $sender
          AND ltrim(split_part(identifiers, '|', 3), '0') = ltrim($group, '0')
        """,
        practice_id=practice_id,
        sender=receipt.receiver,
        group=receipt.group,
    )
    return [rejection_key(receipt, ENVELOPE, number) for (number,) in rows]
