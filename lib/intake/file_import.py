"""A file while it is taken in, some of it at a time: what of it is new, and writing that."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from lib import settings
from lib.intake import (
    known_charges,
    new_charges,
    payer_updates,
    previous_system,
    records,
    replacement_claims,
    task_requests,
)
from lib.intake.import_context import ImportContext
from lib.intake.recognize import FileSummary, count
from lib.intake.records import PayerUpdate, Request
from lib.intake.x12 import denials
from lib.intake.x12.remittances_835 import ClaimPayment
from lib.intake.x12.transactions import APPLIED, BATCH, DUPLICATE, Batch, Message
from lib.models import ImportReport
from lib.store.database import Connection


@dataclass(slots=True)
class Totals:
    charges: int = 0
    held: int = 0  # claims that were here before
    replaced: int = 0
    voided: int = 0
    linked: int = 0  # tasks that found their claim
    tasks: int = 0
    amount: Decimal = Decimal("0.00")
    known: int = 0  # requests that were here before
    later: int = 0
    proposals: int = 0
    unknown: int = 0  # tasks about a claim that is not held
    strangers: int = 0  # tasks assigned to somebody who does not work here


class FileImport:
    """One file on its way in. Without a source nothing is written: a preview."""

    def __init__(
        self, con: Connection, practice_id: int, source: ImportContext | None, tally: FileSummary
    ) -> None:
        self.con, self.practice_id, self.source, self.tally = con, practice_id, source, tally
        self.options = settings.options(con, practice_id)
        self.known = new_charges.Known(con, practice_id, source.file_id if source else None)
        self.totals = Totals()
        self._waiting = Batch()
        self._new: list[int] = []  # segments of what is new
        self._keys: set[str] = set()  # of requests, in a preview
        self._numbers: set[str] = set()  # of claims of this file
        self._identified: set[tuple[str, str]] | None = None  # messages that came in before

    def take(self, piece: Batch | Message) -> None:
        """Take some of the file; inside a transaction where it is written."""
        if isinstance(piece, Batch):
            self._waiting.extend(piece)
            if len(self._waiting) >= BATCH:
                self.flush()

    def flush(self) -> None:
        part, self._waiting = self._waiting, Batch()
        self._take_claims(part)
        asked, told = denials.read(part.answers, part.takebacks, self.options)
        self._take_requests([*asked, *part.requests])
        self._take_news([*told, *part.news])
        if self.source:
            _keep_payer_numbers(
                self.con, self.practice_id, [*part.requests, *part.news, *part.answers]
            )

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
        own, found = replacement_claims.originals(self.con, self.practice_id, rest)
        if self.source:
            replacement_claims.apply(self.con, found, self.source)
            later = [each.by for each in found]
        else:
            here = [each for each in own if self._is_of_this_file(each)]
            own = [each for each in own if not self._is_of_this_file(each)]
            later = [*(each.by for each in found), *here]
        self._add_charges(own)
        voids = sum(each.claim.frequency == replacement_claims.VOIDS for each in later)
        self.totals.voided += voids
        self.totals.replaced += len(later) - voids

    def _is_of_this_file(self, later: new_charges.NewClaim) -> bool:
        """True for a replacement or void of a claim that the same file brings."""
        return not self._numbers.isdisjoint({later.claim.claim_number, later.claim.original})

    def _add_charges(self, new: Sequence[new_charges.NewClaim]) -> None:
        self.totals.charges += len(new)
        if self.source and new:
            new_charges.add(self.con, new, self.source)
            self.totals.linked += replacement_claims.link(self.con, new, self.source)

    def _take_requests(self, asked: Sequence[records.Request]) -> None:
        if not asked:
            return
        seen = [each for each in asked if each.key in self._keys]
        plan = task_requests.plan(
            self.con, self.practice_id, [each for each in asked if each.key not in self._keys]
        )
        totals = self.totals
        totals.tasks += len(plan.new)
        totals.amount += plan.amount
        totals.known += plan.known + len(seen)
        totals.later += len(plan.later)
        held = known_charges.charges(self.con, self.practice_id, [r.claim_number for r in plan.new])
        totals.unknown += sum(
            bool(each.claim_number)
            and each.claim_number not in held
            and each.claim_number not in self._numbers
            for each in plan.new
        )
        named = [each.assignee_name for each in plan.new if each.assignee_name]
        if named:
            known = previous_system.assignees(self.con, self.practice_id, named)
            totals.strangers += sum(name not in known for name in named)
        self._new += [each.segment_number for each in plan.new]
        self._new += [each.request.segment_number for each in plan.later]
        if self.source:
            task_requests.add(self.con, plan, self.source)
        else:
            self._keys.update(each.key for each in asked)

    def _take_news(self, told: Sequence[records.PayerUpdate]) -> None:
        proposals = payer_updates.plan(self.con, self.practice_id, told)
        self.totals.proposals += len(proposals)
        self._new += [each.news.segment_number for each in proposals]
        if self.source:
            payer_updates.add(self.con, proposals, self.source)

    def report(self, file: str, sha256: str) -> ImportReport:
        """What became of the file, once all of it was taken."""
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
            refused_rows=self.tally.refused_rows,
            file_id=self.source.file_id if self.source else None,
            warnings=(*self.tally.odd(), *self._said(), *self._repeated()),
        )

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
                totals.strangers,
                f"Assigned to a name that is nobody's in the practice, or two people's: "
                f"{count(totals.strangers, 'task')}; they come in unassigned.",
            ),
        ]
        return [sentence for number, sentence in sentences if number]

    def messages(self) -> list[Message]:
        """The messages, those that were here before and brought nothing new as duplicates."""
        return [
            replace(each, outcome=DUPLICATE)
            if each.outcome == APPLIED and self._is_known(each) and not self._brought(each)
            else each
            for each in self.tally.messages
        ]

    def _repeated(self) -> list[str]:
        """A sender that uses its control numbers again for something else is worth a word."""
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


def _keep_payer_numbers(
    con: Connection, practice_id: int, answers: Sequence[Request | PayerUpdate | ClaimPayment]
) -> None:
    """Let each charge know what its payer calls it: a later claim may name only that."""
    said = {
        each.claim_number: each.payer_claim_number
        for each in answers
        if each.claim_number and each.payer_claim_number
    }
    if said:
        con.execute(
            """
            UPDATE charge SET payer_claim_number = said.payers
            FROM (SELECT unnest($numbers::VARCHAR[]) AS number,
                         unnest($payers::VARCHAR[]) AS payers) AS said
            WHERE charge.practice_id = $practice_id AND charge.claim_number = said.number
              AND charge.payer_claim_number IS DISTINCT FROM said.payers
            """,
            practice_id=practice_id,
            numbers=list(said),
            payers=list(said.values()),
        )
