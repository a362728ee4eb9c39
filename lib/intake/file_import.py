"""Import a file part by part: find out what of it is new, and write that."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from lib import practice_settings
from lib.history_event_kinds import EventKind
from lib.import_report_models import ImportReport, TaskPreview
from lib.intake import import_totals, records
from lib.intake.charges import (
    charge_match_preview,
    later_matching_charges,
    learned_numbers,
    new_charges,
    replacement_claims,
)
from lib.intake.charges.charges_pending_import import ComingCharges
from lib.intake.fhir import attachment_requests
from lib.intake.files.parsed_file import FileSummary, count
from lib.intake.import_context import ImportContext
from lib.intake.import_totals import Totals
from lib.intake.matching import claim_matcher, known_charges
from lib.intake.matching.claim_facts import ClaimFacts
from lib.intake.matching.claim_matcher import Outcome
from lib.intake.matching.known_charges import Charges
from lib.intake.matching.task_claim_facts import Waiting
from lib.intake.records import Withdrawal
from lib.intake.tasks import (
    batch_receipts,
    favorable_payer_updates,
    known_requests,
    new_tasks,
    previous_system_fields,
    recoupments,
    remittance_claims,
    task_updates,
)
from lib.intake.tasks.batch_receipts import ComingBatch, ComingCharge
from lib.intake.tasks.new_tasks import Made
from lib.intake.x12 import provider_adjustments_plb, remittance_outcomes
from lib.intake.x12.receipts_999 import Receipt
from lib.intake.x12.remittances_835 import Recoupment
from lib.intake.x12.transaction_reader import (
    APPLIED,
    BATCH,
    CLAIMS,
    DUPLICATE,
    Batch,
    Message,
)
from lib.store.database import Connection

CHANGING = frozenset({replacement_claims.REPLACES, replacement_claims.VOIDS})
MAX_PREVIEWED = 200  # tasks of a preview that say which charge they are about


@dataclass(slots=True)
class Previewed:
    """What a preview of several files would bring so far, file after file."""

    charges: ComingCharges | None = None  # None if no answer among the files could be about them
    keys: set[str] = field(default_factory=set)  # of requests
    made: Made = field(default_factory=Made)
    withdrawals: list[Withdrawal] = field(default_factory=list)
    fingerprints: Counter[str] = field(default_factory=Counter)  # of claims
    adjustments: recoupments.Known = field(default_factory=recoupments.Known)
    wants_batches: bool = False  # a receipt could be about one
    batches: list[ComingBatch] = field(default_factory=list)

    def file_of(self, charge_id: int | None) -> str:
        """Return which file brings a charge; empty for one that we have."""
        return self.charges.file_of(charge_id) if self.charges and charge_id is not None else ""


def about(part: Batch) -> list[ClaimFacts]:
    """Return which claims a part of a file is about, besides those that it first brings."""
    said = [*(each.about for each in part.requests), *(each.facts for each in part.news)]
    said += [each.facts for each in part.answers]
    return [*said, *(each.facts for each in part.claims if each.frequency in CHANGING)]


class FileImport:
    """One file being imported. Without a source it is a preview and writes nothing."""

    def __init__(
        self,
        con: Connection,
        practice_id: int,
        source: ImportContext | None,
        tally: FileSummary,
        previewed: Previewed | None = None,
        file_name: str = "",
    ) -> None:
        self.con, self.practice_id, self.source, self.tally = con, practice_id, source, tally
        self.previewed, self.file_name = previewed or Previewed(), file_name
        self.options = practice_settings.options(con, practice_id)
        self._file_id = source.file_id if source else None
        coming = self.previewed.fingerprints
        self.known = new_charges.Known(con, practice_id, self._file_id, coming)
        self.totals = Totals()
        self.previewed.made.begin_file()
        self._tasks: list[TaskPreview] = []  # of a preview
        self._waiting = Batch()
        self._entries: list[Recoupment] = []  # of the remittance being read
        self._fresh: list[str] = []  # fingerprints of new claims, in a preview
        self._charges: list[ComingCharge] = []  # of a preview in which a receipt could name them
        self._new: list[int] = []  # numbers of segments that brought something new
        self._waiting_tasks: Waiting | None = None
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
        asked, told = remittance_outcomes.read(part.answers, (), self.options)
        rejected = batch_receipts.requests(
            self.con, self.practice_id, part.receipts, self.previewed.batches
        )
        self.totals.batches += len(rejected)
        asked, told = [*asked, *part.requests, *rejected], [*told, *part.news]
        said = [*(each.about for each in asked), *(each.facts for each in told)]
        said += [each.facts for each in part.answers]
        charges = known_charges.charges(self.con, self.practice_id, said)
        if self.previewed.charges:
            charges = self.previewed.charges.join(charges, said)
        charges.tell_apart(
            [
                *((each.about, each.asked_on) for each in asked if each.is_of_own_claim),
                *((each.facts, each.told_on) for each in told),
            ]
        )
        self._take_requests(asked, charges)
        answered = learned_numbers.parts(
            self.con, self.practice_id, part.answers, charges, self.source
        )
        self._take_news(told, charges, answered)
        self._take_withdrawals(part.withdrawals)
        self._take_acceptances(part.receipts)
        if self.previewed.charges:
            self.previewed.charges.learn([*asked, *told, *part.answers], charges)
        if self.source:
            learned_numbers.keep(self.con, [*asked, *told, *part.answers], charges, self.source)
            remittance_claims.keep(self.con, part.answers, charges, self.source)

    def _take_adjustments(self) -> None:
        """Import what one remittance recoups, once all its entries are known."""
        entries, self._entries = self._entries, []
        found = recoupments.settle(self.con, self.practice_id, entries, self.previewed.adjustments)
        left, totals = found.taken_back, self.totals
        totals.adjustments += len(entries)
        for each in left:
            if provider_adjustments_plb.kind(each.reason).is_recoupment:
                totals.taken_back += 1
                totals.taken_back_amount += each.amount
            else:
                totals.deducted += 1
                totals.deducted_amount += each.amount
        totals.counter_entries += len(found.told)
        self._new += [each.entry.segment_number for each in found.told]
        asked, _ = remittance_outcomes.read((), left, self.options)
        self._take_requests(asked)
        if self.source:
            recoupments.keep(self.con, entries, self.source)
            recoupments.tell(self.con, found.told, self.source)

    def _take_claims(self, part: Batch) -> None:
        fresh = self.known.fresh(part.claims)
        self.totals.held += len(part.claims) - len(fresh)
        self._new += [each.claim.segment_number for each in fresh]
        first = [each for each in fresh if each.claim.frequency not in CHANGING]
        first, late = replacement_claims.late_originals(self.con, self.practice_id, first)
        self.totals.held += len(late)
        if self.source:
            replacement_claims.keep(self.con, late, self.source)
        else:
            self._fresh += [each.fingerprint for each in fresh]
            if self.previewed.charges:
                left = self.previewed.charges.without_late(first)
                self.totals.held += len(first) - len(left)
                first = left
        self._add_charges(first)
        rest = [each for each in fresh if each.claim.frequency in CHANGING]
        own, found, doubtful = replacement_claims.originals(self.con, self.practice_id, rest)
        if self.source:
            replacement_claims.apply(self.con, found, self.source)
            later = [each.by for each in found]
            self._link(later)
        else:
            later = [each.by for each in found]
            if coming := self.previewed.charges:
                coming.change(found)
                here, own = self._changes_of_coming(coming, own)
                later += here
        self.totals.doubtful += doubtful
        self._add_charges(own)
        voids = sum(each.claim.frequency == replacement_claims.VOIDS for each in later)
        self.totals.voided += voids
        self.totals.replaced += len(later) - voids

    def _changes_of_coming(
        self, coming: ComingCharges, claims: Sequence[new_charges.NewClaim]
    ) -> tuple[list[new_charges.NewClaim], list[new_charges.NewClaim]]:
        """Return the claims of a preview that replace or void others of it, which are applied, and
        those that become charges of their own."""
        here, own = [], []
        for each in claims:
            if coming.has_original(each.claim):
                coming.change_own([each])
                here.append(each)
            else:
                own.append(each)
        return here, own

    def _add_charges(self, new: Sequence[new_charges.NewClaim]) -> None:
        self.totals.charges += len(new)
        if self.previewed.wants_batches:
            self._charges += [
                ComingCharge(c.segment_number, c.claim_number, c.filed_total)
                for c in (each.claim for each in new)
            ]
        if self.previewed.charges:
            self.previewed.charges.add(new, self.file_name)
        if self.source and new:
            new_charges.add(self.con, new, self.source)
            self._link(new)

    def _link(self, new: Sequence[new_charges.NewClaim]) -> None:
        """Attach the charges of these claims to the open tasks that wait for them."""
        assert self.source is not None
        if self._waiting_tasks is None:
            self._waiting_tasks = Waiting(self.con, self.practice_id)
        self.totals.linked += replacement_claims.link(
            self.con, new, self._waiting_tasks, self.source
        )
        if doubted := later_matching_charges.doubt(self.con, new, self.source):
            self.totals.doubted += doubted
            self._waiting_tasks = None  # they wait again

    def _take_requests(
        self, asked: Sequence[records.Request], charges: Charges | None = None
    ) -> None:
        if not asked:
            return
        seen = [each for each in asked if each.key in self.previewed.keys]
        plan = new_tasks.plan(
            self.con,
            self.practice_id,
            [each for each in asked if each.key not in self.previewed.keys],
            charges,
            None if self.source else self.previewed.made,
            self.previewed.withdrawals,
            self._file_id,
        )
        totals = self.totals
        totals.tasks += len(plan.new)
        totals.amount += plan.amount
        totals.known += plan.known + len(seen)
        totals.later += len(plan.later)
        totals.moved += len(plan.moved)
        totals.again += len(plan.again)
        totals.overtaken += plan.overtaken
        for each in plan.new:
            match = plan.matches[each.key]
            self._count_doubt(each, match.outcome)
            if match.facts:
                totals.agreed[claim_matcher.agreed(match.facts)] += 1
            if not self.source and len(self._tasks) < MAX_PREVIEWED:
                file_name = self.previewed.file_of(match.charge_id)
                self._tasks.append(charge_match_preview.of(each, match, plan.charges, file_name))
        named = [each.assignee_name for each in plan.new if each.assignee_name]
        if named:
            known = previous_system_fields.assignees(self.con, self.practice_id, named)
            totals.strangers += sum(name not in known for name in named)
        self._new += [each.segment_number for each in plan.new]
        self._new += [
            each.request.segment_number for each in (*plan.later, *plan.moved, *plan.again)
        ]
        if self.source:
            new_tasks.add(self.con, plan, self.source)
            if plan.new:
                self._waiting_tasks = None  # the claims just brought in may be theirs
        else:
            self.previewed.keys.update(each.key for each in asked)

    def _count_doubt(self, request: records.Request, outcome: Outcome) -> None:
        """Count a new task whose charge we do not have, or are not sure of."""
        if not request.about.claim_numbers:
            return
        totals = self.totals
        totals.unknown += outcome is Outcome.NOT_FOUND
        totals.several += outcome is Outcome.SEVERAL
        totals.contradicted += outcome is Outcome.CONTRADICTED
        totals.unproven += outcome is Outcome.UNPROVEN

    def _take_news(
        self, told: Sequence[records.PayerUpdate], charges: Charges, answered: dict[int, Decimal]
    ) -> None:
        found = favorable_payer_updates.plan(
            self.con, self.practice_id, told, charges, answered, self._file_id
        )
        older = sum(each.is_older or not each.is_certain for each in found)
        whole = sum(each.is_whole and not each.is_older and each.is_certain for each in found)
        self.totals.later += older
        self.totals.proposals += whole
        self.totals.parts += len(found) - older - whole
        self._new += [each.news.segment_number for each in found]
        if self.source:
            favorable_payer_updates.add(self.con, found, self.source)

    def _take_withdrawals(self, told: Sequence[Withdrawal]) -> None:
        found = favorable_payer_updates.withdrawn(self.con, self.practice_id, told)
        self.totals.withdrawn += len(found)
        self._new += [each.segment_number for _, each in found]
        if not self.source:
            self.previewed.withdrawals += told
            return
        known_requests.keep(self.con, told, self.source)
        for task_id, each in found:
            task_updates.withdraw(self.con, task_id, each, self.source)

    def _take_acceptances(self, receipts: Sequence[Receipt]) -> None:
        """Name the batches that were accepted, and tell the open tasks about their rejection."""
        self.totals.accepted += batch_receipts.acceptances(
            self.con, self.practice_id, receipts, self.previewed.batches
        )
        found = batch_receipts.settled(self.con, self.practice_id, receipts)
        self.totals.proposals += len(found)
        self._new += [each.segment_number for each in found]
        for each in found if self.source else ():
            assert self.source is not None
            task_updates.suggest(
                self.con, each.task_id, EventKind.COMPLETION_SUGGESTED, each.sentence, each.key,
                each.segment_number, self.source,
            )  # fmt: skip

    def report(self, file: str, sha256: str) -> ImportReport:
        """Return what became of the file, once all of it was imported."""
        self.flush()
        if not self.source:
            self._keep_for_next_files()
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
            summary=(*self.tally.summary, *import_totals.summary(totals)),
            matched=tuple(import_totals.matched(totals)),
            refused_rows=self.tally.refused_rows,
            file_id=self._file_id,
            tasks=tuple(self._tasks),
            warnings=(*self.tally.odd(), *import_totals.warnings(totals), *self._repeated()),
        )

    def _keep_for_next_files(self) -> None:
        """Note what a previewed file brings, for those that are previewed after it."""
        self.previewed.fingerprints.update(self._fresh)
        for each in self.tally.messages if self.previewed.wants_batches else ():
            if each.kind == CLAIMS and each.outcome == APPLIED:
                charges = [
                    one for one in self._charges if each.first <= one.segment_number <= each.last
                ]
                self.previewed.batches.append(
                    ComingBatch(self.file_name, each.identifiers, each.first, each.last, charges)
                )

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
            if each.outcome == APPLIED
            and self._is_known(each)
            and self._brought(each)
            and each.kind != attachment_requests.FORMAT  # a Task changes its state by design
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
                file_id=self._file_id,
                wanted=list({each.identifiers for each in self.tally.messages}),
            )
            self._identified = {(kind, identifiers) for kind, identifiers in rows}
            self._new.sort()
        return self._identified

    def _brought(self, message: Message) -> bool:
        at = bisect_left(self._new, message.first)
        return at < len(self._new) and self._new[at] <= message.last
