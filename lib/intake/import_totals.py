"""What an import has done, counted while its parts come in, and the sentences of its report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from lib.intake.files.parsed_file import count

MAX_WAYS = 3  # sets of facts named in the report
MAX_ACCEPTED = 20  # batches named in the report
MAX_ORPHANS = 20  # likewise, replacements of claims that are not held


@dataclass(slots=True)
class Totals:
    """What an import has done so far, counted for its report."""

    charges: int = 0
    held: int = 0  # claims we had already
    replaced: int = 0
    left_edited: int = 0  # charges that a later claim replaces, and that were edited here
    voided: int = 0
    linked: int = 0  # tasks that found their charge
    doubted: int = 0  # tasks that lost it, since another charge agrees as well
    tasks: int = 0
    known: int = 0  # requests we had already
    later: int = 0
    proposals: int = 0
    unknown: int = 0  # tasks about a claim we do not have
    several: int = 0  # tasks whose claim can be any of several charges
    contradicted: int = 0  # tasks whose claim number is that of charges contradicting the file
    unproven: int = 0  # tasks whose file says too little to be certain of the charge
    shared: int = 0  # tasks of claims that the file answers twice, under two numbers of the payer's
    doubtful: int = 0  # claims that replace one of several, or one that contradicts them
    # numbers of claims that replace or void one not held, and of that one as they name it
    orphans: list[tuple[str, str]] = field(default_factory=list)
    moved: int = 0  # requests sent again that now ask something else
    again: int = 0  # withdrawn requests that are asked for again
    withdrawn: int = 0
    unclear_withdrawals: int = 0  # of one of several requests
    closed: int = 0  # requests that are completed, rejected or failed
    overtaken: int = 0  # requests that a later message had withdrawn before they came
    parts: int = 0  # payments for one part of a split claim
    strangers: int = 0  # tasks assigned to somebody who does not work here
    adjustments: int = 0  # adjustments of whole payments (PLB)
    taken_back: int = 0  # those that recoup money of claims, and that no other entry settles
    taken_back_amount: Decimal = Decimal("0.00")
    deducted: int = 0  # those for other reasons, such as fees, taxes, levies and settlements
    deducted_amount: Decimal = Decimal("0.00")
    beyond_amount: Decimal = Decimal("0.00")  # US dollars of counter-entries above take-backs
    counter_entries: int = 0  # to take-backs that have an open task
    batches: int = 0  # rejected by a receipt
    accepted: list[str] = field(default_factory=list)  # sentences on batches that were accepted
    # the facts by which new tasks found their charge
    agreed: Counter[tuple[str, ...]] = field(default_factory=Counter)


def summary(totals: Totals) -> list[str]:
    """Return sentences about whole payments and whole batches."""
    said = []
    if totals.adjustments:
        other = (
            f"; {totals.deducted:,} deducted for other reasons ({totals.deducted_amount:,.2f} US "
            "dollars)"
        )
        said.append(
            f"{count(totals.adjustments, 'entry', 'entries')} about whole payments (PLB): "
            f"{totals.taken_back:,} recouped ({totals.taken_back_amount:,.2f} US dollars)"
            f"{other if totals.deducted else ''}."
        )
    if totals.beyond_amount:
        said.append(
            f"Counter-entries (PLB) come to {totals.beyond_amount:,.2f} US dollars more than was "
            "recouped: ask the payer what the rest is for."
        )
    if totals.batches:
        said.append(f"{count(totals.batches, 'batch rejection')} in receipts.")
    more = len(totals.accepted) - MAX_ACCEPTED
    said += totals.accepted[:MAX_ACCEPTED]
    said += [f"Accepted too: {count(more, 'batch', 'batches')}."] if more > 0 else []
    return said


def matched(totals: Totals) -> list[str]:
    """Return how many new tasks found their charge, and by which facts."""
    if not totals.agreed:
        return []
    several = len(totals.agreed) > 1
    ways = [
        ", ".join(names) + (f" ({times:,})" if several else "")
        for names, times in totals.agreed.most_common(MAX_WAYS)
    ]
    total = count(totals.agreed.total(), "task")
    return [f"Found their charge: {total}. What agreed: {'; '.join(ways)}."]


def warnings(totals: Totals) -> list[str]:
    """Return what else became of the file's content, a sentence each."""
    sentences = [
        (totals.held, f"Held already: {count(totals.held, 'claim')}."),
        (totals.replaced, f"Replaced: {count(totals.replaced, 'charge')} held before."),
        (
            totals.left_edited,
            f"Replaced by its sender, but edited here and left as it is: "
            f"{count(totals.left_edited, 'charge')}.",
        ),
        (totals.voided, f"Voided: {count(totals.voided, 'charge')} held before."),
        (totals.linked, f"Found their claim: {count(totals.linked, 'open task')}."),
        (
            totals.doubted,
            f"Could be one of these charges as well as the one chosen before: "
            f"{count(totals.doubted, 'open task')}; choose the charge in the task.",
        ),
        (totals.known, f"Asked about by a task already: {count(totals.known, 'request')}."),
        (
            totals.later,
            f"Added to an open task as its history: {count(totals.later, 'answer')}.",
        ),
        (
            totals.proposals,
            f"Proposed to be completed: {count(totals.proposals, 'open task')} whose claim "
            "or batch was accepted or paid.",
        ),
        (
            totals.unknown,
            "No charge has the claim number as the file writes it: "
            f"{count(totals.unknown, 'claim')} asked about; the task says what the file says, and "
            "offers the charges that could be meant, if there are any.",
        ),
        (
            totals.several,
            f"Could be several charges: {count(totals.several, 'task')}; choose the charge in "
            "the task.",
        ),
        (
            totals.contradicted,
            f"Contradicted by the charges of their claim number (patient, day, amount or "
            f"payer): {count(totals.contradicted, 'task')} without a charge.",
        ),
        (
            totals.unproven,
            "Not certain of the charge, since the file says too little (patient and day of "
            f"service): {count(totals.unproven, 'task')}; choose the charge in the task.",
        ),
        (
            totals.shared,
            "Not certain of the charge, since the file answers two claims of its number: "
            f"{count(totals.shared, 'task')}; choose the charge in the task.",
        ),
        (
            totals.doubtful,
            f"Replace or void a claim that cannot be told: {count(totals.doubtful, 'claim')}; "
            "each is a charge of its own.",
        ),
        (len(totals.orphans), _without_original(totals.orphans)),
        (
            totals.moved,
            f"Ask otherwise than before: {count(totals.moved, 'request')}; the open tasks say so.",
        ),
        (
            totals.again,
            f"Asked for again after they were withdrawn: {count(totals.again, 'request')}; the "
            "open tasks say so.",
        ),
        (
            totals.withdrawn,
            f"Withdrawn by the payer: {count(totals.withdrawn, 'request')}; the open tasks say "
            "so and propose to be completed.",
        ),
        (
            totals.unclear_withdrawals,
            "Withdrawn or closed, but could be one of several open tasks: "
            f"{count(totals.unclear_withdrawals, 'request')}; none of them was changed.",
        ),
        (
            totals.closed,
            f"Completed, rejected or failed since: {count(totals.closed, 'request')}; the open "
            "tasks say so and propose to be completed.",
        ),
        (
            totals.overtaken,
            f"Withdrawn by the payer in a later message that came in before: "
            f"{count(totals.overtaken, 'request')}, without a task.",
        ),
        (
            totals.parts,
            f"Paid in part of a split claim: {count(totals.parts, 'answer')}; the open tasks "
            "wait for the other parts.",
        ),
        (
            totals.counter_entries,
            f"Settled by a counter-entry (PLB): the recoupment of "
            f"{count(totals.counter_entries, 'open task')}, or a part of it; the task says so.",
        ),
        (
            totals.strangers,
            f"Assigned to a name that is nobody's in the practice, or two people's: "
            f"{count(totals.strangers, 'task')}; they come in unassigned.",
        ),
    ]
    return [sentence for number, sentence in sentences if number]


def _without_original(numbers: Sequence[tuple[str, str]]) -> str:
    """Return which claims replace or void which one that is not held."""
    named = [
        f"{number} (for {original})" if original else number
        for number, original in numbers[:MAX_ORPHANS]
    ]
    rest = f" and {len(numbers) - len(named):,} more" if len(numbers) > len(named) else ""
    return (
        "Replace or void a claim that is not held, or whose number no charge has yet: "
        f"{', '.join(named)}{rest}; each is a charge of its own."
    )
