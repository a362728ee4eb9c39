"""Import a file part by part: find out what of it is new, and write that."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from lib import settings
from lib.intake import (
    claim_answers,
    claim_matcher,
    known_charges,
    known_numbers,
    new_charges,
    payer_updates,
    previous_system,
    records,
    recoupments,
    rejected_batches,
    replacement_claims,
    task_requests,
    task_updates,
)
from lib.intake.claim_matcher import Outcome
from lib.intake.import_context import ImportContext
from lib.intake.known_charges import Charges
from lib.intake.recognize import FileSummary, count
from lib.intake.records import Withdrawal
from lib.intake.task_claims import Waiting
from lib.intake.x12 import denials
from lib.intake.x12.remittances_835 import Recoupment
from lib.intake.x12.transactions import APPLIED, BATCH, DUPLICATE, Batch, Message
from lib.models import ImportReport
from lib.store.database import Connection

MAX_WAYS = 3  # sets of facts named in the report


@dataclass(slots=True)
class Totals:
    """What an import has done so far, counted for its report."""

    charges: int = 0
    held: int = 0  # claims we had already
    replaced: int = 0
    voided: int = 0
    linked: int = 0  # tasks that found their charge
    tasks: int = 0
    amount: Decimal = Decimal("0.00")
    known: int = 0  # requests we had already
    later: int = 0
    proposals: int = 0
    unknown: int = 0  # tasks about a claim we do not have
    several: int = 0  # tasks whose claim can be any of several charges
    contradicted: int = 0  # tasks whose claim number is that of charges contradicting the file
    doubtful: int = 0  # claims that replace one of several, or one that contradicts them
    moved: int = 0  # requests sent again that now ask something else
    withdrawn: int = 0
    parts: int = 0  # payments for one part of a split claim
    strangers: int = 0  # tasks assigned to somebody who does not work here
    adjustments: int = 0  # adjustments of whole payments (PLB)
    taken_back: int = 0  # those of them that no other entry settles
    taken_back_amount: Decimal = Decimal("0.00")
    batches: int = 0  # rejected by a receipt


class FileImport:
    """One file being imported. Without a source it is a preview and writes nothing."""

    def __init__(
        self, con: Connection, practice_id: int, source: ImportContext | None, tally: FileSummary
    ) -> None:
        self.con, self.practice_id, self.source, self.tally = con, practice_id, source, tally
        self.options = settings.options(con, practice_id)
        self.known = new_charges.Known(con, practice_id, source.file_id if source else None)
        self.totals = Totals()
        self._waiting = Batch()
        self._entries: list[Recoupment] = []  # of the remittance being read
        self._adjustments = recoupments.Known()
        self._new: list[int] = []  # numbers of segments that brought something new
        self._keys: set[str] = set()  # of requests, in a preview
        self._numbers: set[str] = set()  # of claims in this file
        self._waiting_tasks: Waiting | None = None
        self._agreed: Counter[tuple[str, ...]] = Counter()  # the facts by which charges were found
        self._identified: set[tuple[str, str]] | None = None  # messages that were imported before

    def take(self, piece: Batch | Message) -> None:
        """Import one part of the file; inside a transaction if it is to be written."""
        if isinstance(piece, Batch):
            self._waiting.extend(piece)
            if len(self._waiting) >= BATCH:
                self.flush()
        elif self._entries or self._waiting.takebacks:
            self.flush()
            self._take_adjustments()

    def flush(self) -> None:
        """Match and write the waiting part of a message: claims first, then what is asked and
        told."""
        part, self._waiting = self._waiting, Batch()
        self._take_claims(part)
        self._entries += part.takebacks
        asked, told = denials.read(part.answers, (), self.options)
        rejected = rejected_batches.requests(self.con, self.practice_id, part.receipts)
        self.totals.batches += len(rejected)
        asked, told = [*asked, *part.requests, *rejected], [*told, *part.news]
        said = [*(each.about for each in asked), *(each.facts for each in told)]
        said += [each.facts for each in part.answers]
        charges = known_charges.charges(self.con, self.practice_id, said)
        self._take_requests(asked, charges)
        answered = known_numbers.parts(
            self.con, self.practice_id, part.answers, charges, self.source
        )
        self._take_news(told, charges, answered)
        self._take_withdrawals(part.withdrawals)
        if self.source:
            known_numbers.keep(self.con, [*asked, *told, *part.answers], charges, self.source)
            claim_answers.keep(self.con, part.answers, charges, self.source)

    def _take_adjustments(self) -> None:
        """Import what one remittance takes back, once all its entries are known."""
        entries, self._entries = self._entries, []
        left = recoupments.unsettled(self.con, self.practice_id, entries, self._adjustments)
        self.totals.adjustments += len(entries)
        self.totals.taken_back += len(left)
        self.totals.taken_back_amount += sum((each.amount for each in left), Decimal(0))
        asked, _ = denials.read((), left, self.options)
        self._take_requests(asked)
        if self.source:
            recoupments.keep(self.con, entries, self.source)

    def _take_claims(self, part: Batch) -> None:
        fresh = self.known.fresh(part.claims)
        self.totals.held += len(part.claims) - len(fresh)
        self._new += [each.claim.segment_number for each in fresh]
        changing = {replacement_claims.REPLACES, replacement_claims.VOIDS}
        first = [each for each in fresh if each.claim.frequency not in changing]
        first, late = replacement_claims.late_originals(self.con, self.practice_id, first)
        self.totals.held += len(late)
        if self.source:
            replacement_claims.keep(self.con, late, self.source)
        self._numbers.update(each.claim.claim_number for each in first)
        self._add_charges(first)
        rest = [each for each in fresh if each.claim.frequency in changing]
        own, found, doubtful = replacement_claims.originals(self.con, self.practice_id, rest)
        if self.source:
            replacement_claims.apply(self.con, found, self.source)
            later = [each.by for each in found]
        else:
            here = [each for each in own if self._is_of_this_file(each)]
            own = [each for each in own if not self._is_of_this_file(each)]
            later = [*(each.by for each in found), *here]
        self.totals.doubtful += doubtful
        self._add_charges(own)
        voids = sum(each.claim.frequency == replacement_claims.VOIDS for each in later)
        self.totals.voided += voids
        self.totals.replaced += len(later) - voids

    def _is_of_this_file(self, later: new_charges.NewClaim) -> bool:
        """Return True for a replacement or void of a claim in the same file."""
        return not self._numbers.isdisjoint({later.claim.claim_number, later.claim.original})

    def _add_charges(self, new: Sequence[new_charges.NewClaim]) -> None:
        self.totals.charges += len(new)
        if self.source and new:
            new_charges.add(self.con, new, self.source)
            if self._waiting_tasks is None:
                self._waiting_tasks = Waiting(self.con, self.practice_id)
            self.totals.linked += replacement_claims.link(
                self.con, new, self._waiting_tasks, self.source
            )

    def _take_requests(
        self, asked: Sequence[records.Request], charges: Charges | None = None
    ) -> None:
        if not asked:
            return
        seen = [each for each in asked if each.key in self._keys]
        plan = task_requests.plan(
            self.con,
            self.practice_id,
            [each for each in asked if each.key not in self._keys],
            charges,
        )
        totals = self.totals
        totals.tasks += len(plan.new)
        totals.amount += plan.amount
        totals.known += plan.known + len(seen)
        totals.later += len(plan.later)
        totals.moved += len(plan.moved)
        for each in plan.new:
            self._count_doubt(each, plan.matches[each.key].outcome)
            if facts := plan.matches[each.key].facts:
                self._agreed[claim_matcher.agreed(facts)] += 1
        named = [each.assignee_name for each in plan.new if each.assignee_name]
        if named:
            known = previous_system.assignees(self.con, self.practice_id, named)
            totals.strangers += sum(name not in known for name in named)
        self._new += [each.segment_number for each in plan.new]
        self._new += [each.request.segment_number for each in (*plan.later, *plan.moved)]
        if self.source:
            task_requests.add(self.con, plan, self.source)
            if plan.new:
                self._waiting_tasks = None  # the claims just brought in may be theirs
        else:
            self._keys.update(each.key for each in asked)

    def _count_doubt(self, request: records.Request, outcome: Outcome) -> None:
        """Count a new task whose charge we do not have, or are not sure of."""
        numbers = request.about.claim_numbers
        if not numbers or (not self.source and not self._numbers.isdisjoint(numbers)):
            return  # a preview does not match against its own file
        totals = self.totals
        totals.unknown += outcome is Outcome.NOT_FOUND
        totals.several += outcome is Outcome.SEVERAL
        totals.contradicted += outcome is Outcome.CONTRADICTED

    def _take_news(
        self, told: Sequence[records.PayerUpdate], charges: Charges, answered: dict[int, Decimal]
    ) -> None:
        found = payer_updates.plan(self.con, self.practice_id, told, charges, answered)
        self.totals.proposals += sum(each.is_whole for each in found)
        self.totals.parts += sum(not each.is_whole for each in found)
        self._new += [each.news.segment_number for each in found]
        if self.source:
            payer_updates.add(self.con, found, self.source)

    def _take_withdrawals(self, told: Sequence[Withdrawal]) -> None:
        found = payer_updates.withdrawn(self.con, self.practice_id, told)
        self.totals.withdrawn += len(found)
        self._new += [each.segment_number for _, each in found]
        for task_id, each in found if self.source else ():
            assert self.source is not None
            task_updates.withdraw(
                self.con, task_id, each.sentence, each.key, each.segment_number, self.source
            )

    def report(self, file: str, sha256: str) -> ImportReport:
        """Return what became of the file, once all of it was imported."""
        self.flush()
        totals = self.totals
        return ImportReport(
            file=file,
            sha256=sha256,
            format=self.tally.format,
            charges_new=totals.charges,
            tasks_new=totals.tasks,
            tasks_amount=totals.amount,
            quarantined=len(self.tally.set_aside),
            unclear=self.tally.unclear,
            summary=(*self.tally.summary, *self._summed_up()),
            matched=tuple(self._found_charges()),
            refused_rows=self.tally.refused_rows,
            file_id=self.source.file_id if self.source else None,
            warnings=(*self.tally.odd(), *self._said(), *self._repeated()),
        )

    def _summed_up(self) -> list[str]:
        """Return sentences about whole payments and whole batches."""
        totals, said = self.totals, []
        if totals.adjustments:
            said.append(
                f"{totals.adjustments:,} "
                f"{'entry' if totals.adjustments == 1 else 'entries'} about whole payments (PLB): "
                f"{totals.taken_back:,} taken back ({totals.taken_back_amount:,.2f} US dollars)."
            )
        if totals.batches:
            said.append(f"{count(totals.batches, 'batch rejection')} in receipts.")
        return said

    def _found_charges(self) -> list[str]:
        """Return how many new tasks found their charge, and by which facts."""
        if not self._agreed:
            return []
        ways = [
            f"{', '.join(names)} ({times:,})" for names, times in self._agreed.most_common(MAX_WAYS)
        ]
        total = count(self._agreed.total(), "task")
        return [f"Found their charge: {total}. What agreed: {'; '.join(ways)}."]

    def _said(self) -> list[str]:
        totals = self.totals
        sentences = [
            (totals.held, f"Held already: {count(totals.held, 'claim')}."),
            (totals.replaced, f"Replaced: {count(totals.replaced, 'charge')} held before."),
            (totals.voided, f"Voided: {count(totals.voided, 'charge')} held before."),
            (totals.linked, f"Found their claim: {count(totals.linked, 'open task')}."),
            (totals.known, f"Asked about by a task already: {count(totals.known, 'request')}."),
            (
                totals.later,
                f"Added to an open task as its history: {count(totals.later, 'answer')}.",
            ),
            (
                totals.proposals,
                f"Proposed to be completed: {count(totals.proposals, 'open task')} whose claim "
                "the payer accepted or paid.",
            ),
            (
                totals.unknown,
                f"Not held here: {count(totals.unknown, 'claim')} asked about; the task says what "
                "the file says.",
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
                totals.doubtful,
                f"Replace or void a claim that cannot be told: {count(totals.doubtful, 'claim')}; "
                "each came in as a charge of its own.",
            ),
            (
                totals.moved,
                f"Ask otherwise than before: {count(totals.moved, 'request')}; the open tasks say "
                "so.",
            ),
            (
                totals.withdrawn,
                f"Withdrawn by the payer: {count(totals.withdrawn, 'request')}; the open tasks say "
                "so and propose to be completed.",
            ),
            (
                totals.parts,
                f"Paid in part of a split claim: {count(totals.parts, 'answer')}; the open tasks "
                "wait for the other parts.",
            ),
            (
                totals.strangers,
                f"Assigned to a name that is nobody's in the practice, or two people's: "
                f"{count(totals.strangers, 'task')}; they come in unassigned.",
            ),
        ]
        return [sentence for number, sentence in sentences if number]

    def messages(self) -> list[Message]:
        """Return the messages; those imported before that brought nothing new as duplicates."""
        return [
            replace(each, outcome=DUPLICATE)
            if each.outcome == APPLIED and self._is_known(each) and not self._brought(each)
            else each
            for each in self.tally.messages
        ]

    def _repeated(self) -> list[str]:
        """Return a warning if the sender reused its control numbers for something else."""
        again = [
            each
            for each in self.tally.messages
            if each.outcome == APPLIED and self._is_known(each) and self._brought(each)
        ]
        if not again:
            return []
        return [
            "The sender used the numbers of an earlier message again: "
            f"{count(len(again), 'message')}; what is new came in."
        ]

    def _is_known(self, message: Message) -> bool:
        return (message.kind, message.identifiers) in self._earlier()

    def _earlier(self) -> set[tuple[str, str]]:
        if self._identified is None:
            rows = self.con.rows(
                """
                SELECT DISTINCT kind, identifiers FROM intake_message
                WHERE practice_id = $practice_id AND outcome = 'applied'
                  AND intake_file_id IS DISTINCT FROM $file_id
                  AND identifiers IN (SELECT unnest($wanted::VARCHAR[]))
                """,
                practice_id=self.practice_id,
                file_id=self.source.file_id if self.source else None,
                wanted=list({each.identifiers for each in self.tally.messages}),
            )
            self._identified = {(kind, identifiers) for kind, identifiers in rows}
            self._new.sort()
        return self._identified

    def _brought(self, message: Message) -> bool:
        at = bisect_left(self._new, message.first)
        return at < len(self._new) and self._new[at] <= message.last
