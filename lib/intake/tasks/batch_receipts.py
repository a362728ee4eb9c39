"""What receipts say of the batches we sent: which imported 837 each is, and what is asked about one
that was rejected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from lib.intake.files.parsed_file import count
from lib.intake.matching.claim_numbers import lookup_key
from lib.intake.records import Request
from lib.intake.tasks import sent_batches
from lib.intake.tasks.sent_batches import SentBatch
from lib.intake.x12 import receipts_999
from lib.intake.x12.receipts_999 import Fault, Receipt
from lib.models import TaskType
from lib.store.database import Connection

ENVELOPE = "TA1"  # the receipt of a file as such
GROUPS: tuple[str, ...] = ("999", "997")  # the receipts of its batches
WRITTEN = "of "  # in a key, before the time at which a batch was written
MAX_NAMED = 6  # files, claims or segments named in one sentence
DUPLICATE = (
    "Do not send it again: check that the first batch of this number was accepted, and send it "
    "under a new control number only if it was not."
)


def requests(con: Connection, practice_id: int, found: Iterable[Receipt]) -> list[Request]:
    """Return a request for each rejected batch, with what we know about it."""
    rejected = [
        (each, sent_batches.find(con, practice_id, each)) for each in found if not each.is_accepted
    ]
    return [
        _joined(con, practice_id, each, batch, _request(each, batch)) for each, batch in rejected
    ]


def with_known_claim(con: Connection, practice_id: int, receipt: Receipt) -> Receipt:
    """Return the receipt; of a claim under a number that may be its transaction's, with that number
    only where a charge has it."""
    claim = receipt.claim
    if not claim or not claim.is_of_transaction or not claim.claim_number:
        return receipt
    is_known = con.value(
        """
        SELECT count(*) FROM (
            SELECT 1 FROM charge WHERE practice_id = $practice_id AND number_key = $key
            UNION ALL
            SELECT 1 FROM earlier_claim WHERE practice_id = $practice_id AND number_key = $key
        ) AS known
        """,
        practice_id=practice_id,
        key=lookup_key(claim.claim_number),
    )
    return receipt if is_known else replace(receipt, claim=claim.without_number)


def _joined(
    con: Connection, practice_id: int, receipt: Receipt, batch: SentBatch, request: Request
) -> Request:
    """Return the request as news for the open task about an earlier rejection of this batch, if
    there is one: a batch is known for the same if only one imported file has its number. The file
    around it (TA1) is the same where it holds nothing else, by the amount."""
    said_on = request.asked_on
    if not batch.sent or request.claim_number or not said_on:
        return request
    own = rejection_of(receipt)
    rows = con.rows(
        """
        SELECT id, request_key, asked_on, amount FROM task
        JOIN (SELECT unnest($prefixes::VARCHAR[]) AS prefix) AS wanted
          ON starts_with(request_key, prefix || '|')
        WHERE practice_id = $practice_id AND is_open
        ORDER BY id DESC
        """,
        practice_id=practice_id,
        prefixes=[own, *_around(receipt, batch)],
    )
    part = request.key.rpartition("|")[2]
    for task_id, key, asked_on, amount in rows:
        is_same = key.rpartition("|")[2] == part and is_of_one_time(key, request.key)
        if not key.startswith(f"{own}|"):
            is_same = amount is not None and amount == request.amount
        if is_same:
            after = (asked_on, _last_accepted(con, task_id))
            is_overtaken = any(day > said_on for day in after if day)
            again = "also" if is_overtaken else "again"
            said = f"Rejected {again} on {said_on:%m/%d/%Y}. {request.instructions}"
            return replace(
                request, joins=task_id, history=said, is_history=is_overtaken,
                is_overtaken=is_overtaken,
            )  # fmt: skip
    return request


def _around(receipt: Receipt, batch: SentBatch) -> list[str]:
    """Return how the keys of requests begin that reject the file around a batch as such, or the
    batches in such a file."""
    if not receipt.is_of_claims:
        return []
    kinds = (ENVELOPE,) if receipt.group else GROUPS
    numbers = {each.interchange if receipt.group else each.group for each in batch.sent}
    return [rejection_key(receipt, kind, number) for kind in kinds for number in sorted(numbers)]


def _last_accepted(con: Connection, task_id: int) -> date | None:
    """Return the day on which the task heard last that its batch was accepted."""
    keys = con.rows("SELECT answer_key FROM task_answer WHERE task_id = $id", id=task_id)
    said = [key.split("|") for (key,) in keys]
    days = [day_of(parts[-1]) for parts in said if len(parts) > 2 and parts[1] == "accepted"]
    return max(filter(None, days), default=None)


def acceptances(con: Connection, practice_id: int, found: Iterable[Receipt]) -> list[str]:
    """Return a sentence on each accepted batch, with what we know about it."""
    return [
        " ".join(filter(None, _accepted(each, sent_batches.find(con, practice_id, each))))
        for each in found
        if each.is_accepted
    ]


def rejection_of(receipt: Receipt) -> str:
    """Return how the keys of requests about a batch's rejection begin."""
    return rejection_key(receipt, kind_of(receipt), receipt.number or "without a number")


def rejection_key(receipt: Receipt, kind: str, number: str) -> str:
    """Return how the keys of requests begin about the rejection, by a receipt of this kind, of what
    has this number, between the same sender and receiver."""
    return "|".join((kind, "rejected", receipt.sender, receipt.receiver, number))


def time_key(receipt: Receipt) -> tuple[str, ...]:
    """Return the part of a key that says when the batch was written; none if the receipt does not
    say it."""
    day, time = sent_batches.written(receipt)
    return (f"{WRITTEN}{day} {time}",) if day else ()


def is_of_one_time(key: str, other: str) -> bool:
    """Return False for the keys of two batches of one number that were written at two times."""
    found = [
        {part for part in each.split("|") if part.startswith(WRITTEN)} for each in (key, other)
    ]
    return not all(found) or found[0] == found[1]


def kind_of(receipt: Receipt) -> str:
    """Return how keys begin: batches of claims and of inquiries are numbered apart."""
    return receipt.kind if receipt.is_of_claims else f"{receipt.kind} of inquiries"


def _accepted(receipt: Receipt, batch: SentBatch) -> list[str]:
    noted = ", with errors noted" if receipt.has_errors else ""
    why = f": {'; '.join(receipt.reasons)}" if receipt.reasons else ""
    return [
        f"{receipt.sender or 'The receiver'} accepted {receipts_999.accepted_what(receipt)}{noted} "
        f"({receipt.kind}: {', '.join(receipt.codes)}){why}.",
        _faults([fault for each in receipt.sets for fault in each.faults]),
        _which(receipt, batch),
    ]


def _request(receipt: Receipt, batch: SentBatch) -> Request:
    number = receipt.number or "without a number"
    title = f"Batch {number} rejected"
    if batch.claims:
        title += f": {count(batch.claims, 'claim')}"
    item = receipt.claim
    if item:
        title = "Claim rejected by a receiver"
    claim = item.claim_number if item else ""
    said = " ".join(filter(None, _sentences(receipt, batch, number)))
    found = ",".join(str(each.id) for each in batch.sent)
    return Request(
        key=_key(receipt, receipt.sent_on),
        earlier_keys=_earlier_keys(receipt, found),
        type=TaskType.CHARGE,
        title=title,
        instructions=said,
        source=receipt.kind,
        segment_number=receipt.segment_number,
        codes=", ".join(receipt.codes),
        amount=item.amount if item else batch.amount,
        claim_number=claim,
        patient_name=item.patient.name if item else "",
        asked_on=day_of(receipt.sent_on),
        asked_in="receipt",
        history=said if claim else "",
    )  # fmt: skip


def _key(receipt: Receipt, when: str, *, is_timed: bool = True) -> str:
    """Return what was rejected, and when: a batch that is sent again under its number is another
    one. Older stores named the imported file in place of the day, and not when it was written."""
    claim = receipt.claim.claim_number if receipt.claim else ""
    return "|".join(
        (rejection_of(receipt), when, *(time_key(receipt) if is_timed else ()), claim,
         ",".join(receipt.codes), ",".join(each.control for each in receipt.sets))
    )  # fmt: skip


def _earlier_keys(receipt: Receipt, found: str) -> tuple[str, ...]:
    """Return the keys in older stores, which told batches of inquiries from none of claims."""
    untimed = (_key(receipt, receipt.sent_on, is_timed=False),) if time_key(receipt) else ()
    if receipt.is_of_claims:
        return (*untimed, *((_key(receipt, found, is_timed=False),) if found else ()))
    of_claims = replace(receipt, is_of_claims=True)
    return (*untimed, _key(of_claims, receipt.sent_on, is_timed=False))


def _sentences(receipt: Receipt, batch: SentBatch, number: str) -> list[str]:
    who = receipt.sender or "The receiver"
    claim = receipt.claim
    what = f"batch {number}" if receipt.is_whole else f"a part of batch {number}"
    if claim:
        what = f"a claim of batch {number}"
    why = f": {'; '.join(receipt.reasons)}" if receipt.reasons else ""
    return [
        f"{who} rejected {what} ({receipt.kind}: {', '.join(receipt.codes)}){why}.",
        f"It adds: “{receipt.words}”." if receipt.words else "",
        _faults([fault for each in receipt.sets for fault in each.faults]),
        _which(receipt, batch),
        _find_it(batch),
        _advice(receipt),
    ]


def _faults(faults: Sequence[Fault]) -> str:
    """Return a sentence: "It finds fault with 1 segment: CLM at 289 (it is required and missing).",
    for example."""
    if not faults:
        return ""
    named = []
    for fault in faults[:MAX_NAMED]:
        words = receipts_999.fault_words(fault.code)
        place = f" at {fault.position}" if fault.position else ""
        named.append(f"{fault.segment}{place}{f' ({words})' if words else ''}")
    more = f" and {len(faults) - MAX_NAMED} more" if len(faults) > MAX_NAMED else ""
    return f"It finds fault with {count(len(faults), 'segment')}: {', '.join(named)}{more}."


def _which(receipt: Receipt, batch: SentBatch) -> str:
    """Return which imported file the batch is, as a sentence."""
    if not receipt.is_of_claims:
        return ""
    some = ", ".join((batch.others or batch.of_other_days or batch.without)[:MAX_NAMED])
    if batch.others:
        return f"Several imported files have this number ({some})."
    if batch.of_other_days or (batch.without and not batch.is_smaller):
        sets = ", ".join(each.control for each in receipt.sets[:MAX_NAMED])
        what = "was written on another day" if batch.of_other_days else f"has no transaction {sets}"
        return f"What was imported under this number ({some}) {what}."
    if batch.without:
        return (
            f"What was imported under this number ({some}) has fewer transactions than the "
            f"{receipt.counted} that the receipt counts (AK902)."
        )
    if not batch.sent:
        return "No imported 837 file has this number."
    worth = f" over {batch.amount:,.2f} US dollars" if batch.amount is not None else ""
    fault = f" The fault is in {', '.join(batch.at_fault)}." if batch.at_fault else ""
    claims = count(batch.claims, "claim")
    return f"It is the imported file {batch.sent[0].file_name}: {claims}{worth}.{fault}"


def _find_it(batch: SentBatch) -> str:
    """Return what somebody has to find out about a rejected batch."""
    if batch.others:
        return "Find out which of them is meant."
    return "" if batch.sent else "Find the batch by it where it was sent."


def _advice(receipt: Receipt) -> str:
    if receipt.is_duplicate:
        return DUPLICATE
    if receipt.claim:
        return "The claim did not reach the payer: once it is right, have it sent again."
    if not receipt.is_of_claims:
        return "Nothing of what was rejected was answered: have it corrected and sent again."
    some = "Its claims" if receipt.is_whole else "The claims of that part"
    again = "the whole batch" if receipt.is_whole else "that part"
    return (
        f"{some} did not reach the payer, so no answer will come: have what is wrong corrected "
        f"and {again} sent again before the filing limit."
    )


def day_of(text: str) -> date | None:
    """Return the day in ISA09 (YYMMDD)."""
    try:
        return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:6]))
    except ValueError:
        return None
