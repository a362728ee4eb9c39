"""Import a file part by part: find out what of it is new, and write that."""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import chain

from lib import practice_settings
from lib.history_event_kinds import EventKind
from lib.import_report_models import MAX_PREVIEWED, ImportReport, TaskPreview
from lib.intake import import_totals, records
from lib.intake.charges import (
    answered_twice,
    charge_match_preview,
    claim_payments,
    filing_times,
    late_replacements,
    later_matching_charges,
    learned_numbers,
    new_charges,
    replacement_claims,
    resent_claims,
    tasks_found_by_number,
)
from lib.intake.fhir import attachment_requests
from lib.intake.files.parsed_file import FileSummary, count
from lib.intake.import_context import ImportContext
from lib.intake.import_totals import Totals
from lib.intake.matching import claim_matcher, known_charges
from lib.intake.matching.claim_matcher import Match, Outcome
from lib.intake.matching.claim_numbers import lookup_key
from lib.intake.matching.known_charges import Charges
from lib.intake.matching.task_claim_facts import Waiting
from lib.intake.records import Withdrawal
from lib.intake.tasks import (
    batch_acceptances,
    batch_receipts,
    earlier_good_news,
    favorable_payer_updates,
    known_requests,
    new_tasks,
    previous_system_fields,
    recoupments,
    task_updates,
)
from lib.intake.x12 import denial_requests_835, provider_adjustments_plb, renumbered_answers
from lib.intake.x12.receipts_999 import Receipt
from lib.intake.x12.remittance_records import ClaimPayment, Recoupment
from lib.intake.x12.transaction_reader import (
    APPLIED,
    BATCH,
    DUPLICATE,
    Batch,
    Message,
)
from lib.store.database import Connection

CLAIM_SOURCES = frozenset({"835", "277CA", "277RFAI", "FHIR"})  # what they name is a claim's
RECEIPTS = frozenset({"999", "997", "TA1", "824"})  # what they reject is a batch
CHANGING = frozenset({filing_times.REPLACES, filing_times.VOIDS})


class FileImport:
    """One file being imported; inside a transaction."""

    def __init__(
        self,
        con: Connection,
        source: ImportContext,
        tally: FileSummary,
        previewed: Mapping[int, str] | None = None,
    ) -> None:
        """`previewed`: in a preview, the names of its files by their ids, this one's too."""
        self.con, self.source, self.tally, self.previewed = con, source, tally, previewed
        self.practice_id = source.practice.id
        self.options = practice_settings.options(con, self.practice_id)
        self.known = new_charges.Known(con, self.practice_id, source.file_id)
        self.totals = Totals()
        self._tasks: list[TaskPreview] = []  # of a preview
        self._waiting = Batch()
        self._entries: list[Recoupment] = []  # of the remittance being read
        self._new = array("q")  # numbers of segments that brought something new, ascending
        self._waiting_tasks: Waiting | None = None
        self._has_answers = False  # an earlier part of the file answered claims
        self._answered_twice: dict[answered_twice.Answer, None] = {}
        self._read_before: Sequence[ClaimPayment] = ()  # answers of the part before this one
        self._identified: set[tuple[str, str]] | None = None  # messages that were imported before

    def take(self, piece: Batch | Message) -> None:
        """Import one part of the file."""
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
        for claims in replacement_claims.in_turn(part.claims):
            self._take_claims(claims)
        self._entries += part.takebacks
        read = part.answers
        part.answers = renumbered_answers.with_originals(read, self._read_before)
        self._read_before = read
        asked, told = denial_requests_835.read(part.answers, (), self.options)
        part.receipts = [
            batch_receipts.with_known_claim(self.con, self.practice_id, each)
            for each in part.receipts
        ]
        rejected = self._take_rejected_batches(part.receipts)
        gone = renumbered_answers.taken_back(read)
        told = [replace(each, is_taken_back=each.segment_number in gone) for each in told]
        asked, told = [*asked, *part.requests, *rejected], [*told, *part.news]
        said = [*(each.about for each in asked), *(each.facts for each in told)]
        said += [each.facts for each in part.answers]
        charges = known_charges.charges(self.con, self.practice_id, said)
        answers = [
            *((each.about, each.asked_on) for each in asked if each.is_of_own_claim),
            *((each.facts, each.told_on) for each in told),
        ]
        charges.tell_apart(answers)
        if self._has_answers:
            lost = answered_twice.doubt(
                self.con, answers, charges, self.source, self._answered_twice
            )
            self.totals.shared += lost
        self._has_answers |= bool(answers)
        self._take_requests(asked, charges)
        answered = learned_numbers.parts(self.con, self.practice_id, part.answers, charges)
        self._take_news(told, charges, answered)
        standing = [each for each in told if not each.is_taken_back]
        earlier_good_news.keep(self.con, [*asked, *standing], charges, self.source)
        self._tell_batches(batch_acceptances.of_claims(self.con, self.source, told, charges))
        self._take_withdrawals(part.withdrawals)
        self._take_acceptances(part.receipts)
        claim_payments.keep(self.con, part.answers, charges, self.source)
        new = learned_numbers.keep(self.con, [*asked, *told, *part.answers], charges, self.source)
        learned = claim_payments.link(self.con, self.source, new)
        self._replace_late(new | learned)
        named = {
            lookup_key(each.payer_claim_number): each.segment_number
            for each in chain[records.Request | records.PayerUpdate | ClaimPayment](
                asked, told, part.answers
            )
        }
        named = {key: segment for key, segment in named.items() if key in new}
        found = tasks_found_by_number.link(self.con, named, self.source)
        self.totals.linked += len(found)

    def _take_adjustments(self) -> None:
        """Import what one remittance recoups, once all its entries are known."""
        entries, self._entries = self._entries, []
        found = recoupments.settle(self.con, self.practice_id, entries)
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
        totals.beyond_amount += found.beyond
        self._note_new(each.entry.segment_number for each in found.told)
        asked, _ = denial_requests_835.read((), left, self.options)
        self._take_requests(asked)
        recoupments.keep(self.con, entries, self.source)
        recoupments.tell(self.con, found.told, self.source)

    def _take_claims(self, claims: Sequence[records.Claim]) -> None:
        fresh = self.known.fresh(claims)
        self.totals.held += len(claims) - len(fresh)
        self._note_new(each.claim.segment_number for each in fresh)
        first = [each for each in fresh if each.claim.frequency not in CHANGING]
        first, late = replacement_claims.late_originals(self.con, self.practice_id, first)
        self._keep_earlier(late)
        first, again, older = resent_claims.find(self.con, first, self.source)
        first = self._without_held(first)
        self._keep_earlier(older, said=replacement_claims.OLDER)
        replacement_claims.apply(self.con, again, self.source)
        self._count_replaced(again)
        self._add_charges(first)
        rest = [each for each in fresh if each.claim.frequency in CHANGING]
        own, found, doubtful = replacement_claims.originals(self.con, self.practice_id, rest)
        older, found = replacement_claims.superseded(self.con, found)
        self._keep_earlier(older, said=replacement_claims.OLDER)
        replacement_claims.apply(self.con, found, self.source)
        later = [each.by for each in found]
        self._link(later)
        own = self._without_held(own)
        self.totals.doubtful += len(doubtful)
        self.totals.orphans += [
            (each.claim.claim_number, each.claim.original) for each in own if each not in doubtful
        ]
        self._add_charges(own)
        replaced = [e for e in found if e.by.claim.frequency != filing_times.VOIDS]
        self.totals.voided += len(found) - len(replaced)
        self._count_replaced(replaced)

    def _keep_earlier(
        self,
        found: Sequence[replacement_claims.ReplacedCharge],
        said: str = replacement_claims.LATE,
    ) -> None:
        """Keep claims that came after what was written later; a task may wait for one of them."""
        self.totals.held += len(found)
        replacement_claims.keep(self.con, found, self.source, said=said)
        if found:
            self._link([each.by for each in found])

    def _replace_late(self, numbers: Collection[str]) -> None:
        """Let replacements and voids take the place of charges that have these numbers now."""
        for each in late_replacements.apply(self.con, numbers, self.source):
            self.totals.voided += each.by.is_void
            self.totals.replaced += not each.by.is_void

    def _without_held(self, new: list[new_charges.NewClaim]) -> list[new_charges.NewClaim]:
        """Return the claims that no charge holds, also not as it was before a correction."""
        self.totals.held += sum(each.is_held for each in new)
        return [each for each in new if not each.is_held]

    def _count_replaced(self, found: Sequence[replacement_claims.ReplacedCharge]) -> None:
        edited = sum(each.is_edited for each in found)
        self.totals.left_edited += edited
        self.totals.replaced += len(found) - edited

    def _add_charges(self, new: Sequence[new_charges.NewClaim]) -> None:
        self.totals.charges += len(new)
        if new:
            new_charges.add(self.con, new, self.source)
            self._link(new)

    def _link(self, new: Sequence[new_charges.NewClaim]) -> None:
        """Attach the charges of these claims to the open tasks that wait for them."""
        if self._waiting_tasks is None:
            self._waiting_tasks = Waiting(self.con, self.practice_id)
        linked, told = replacement_claims.link(self.con, new, self._waiting_tasks, self.source)
        self.totals.linked += len(linked)
        keys = later_matching_charges.keys(new)
        self._replace_late(told | claim_payments.link(self.con, self.source, keys))
        if doubted := later_matching_charges.doubt(self.con, new, self.source, linked):
            self.totals.doubted += doubted
            self._waiting_tasks = None  # they wait again

    def _take_requests(
        self, asked: Sequence[records.Request], charges: Charges | None = None
    ) -> None:
        if not asked:
            return
        plan = new_tasks.plan(self.con, self.practice_id, asked, charges, self.source.file_id)
        totals = self.totals
        totals.tasks += len(plan.new)
        totals.known += plan.known
        totals.later += len(plan.later)
        totals.moved += len(plan.moved)
        totals.again += len(plan.again)
        totals.overtaken += plan.overtaken
        for each in plan.new:
            match = plan.matches[each.key]
            self._count_doubt(each, match)
            if match.facts:
                totals.agreed[claim_matcher.agreed(match.facts)] += 1
        named = [each.assignee_name for each in plan.new if each.assignee_name]
        if named:
            known = previous_system_fields.assignees(self.con, self.practice_id, named)
            totals.strangers += sum(name not in known for name in named)
        self._note_new(each.segment_number for each in plan.new)
        self._note_new(
            each.request.segment_number for each in (*plan.later, *plan.moved, *plan.again)
        )
        if self.previewed is not None:
            of_claims = [each for each in plan.new if each.source not in RECEIPTS]
            shown = of_claims[: max(MAX_PREVIEWED - len(self._tasks), 0)]
            told = [(each, plan.matches[each.key]) for each in shown]
            self._tasks += charge_match_preview.tasks(self.con, told, plan.charges, self.previewed)
        totals.proposals += new_tasks.add(self.con, plan, self.source)
        if plan.new:
            self._waiting_tasks = None  # the claims just brought in may be theirs

    def _count_doubt(self, request: records.Request, match: Match) -> None:
        """Count a new task whose charge we do not have, or are not sure of."""
        about = request.about
        is_of_claim = request.source in CLAIM_SOURCES and about.patient_name
        if not (about.claim_numbers or is_of_claim):
            return
        totals, outcome = self.totals, match.outcome
        totals.shared += match.is_shared
        totals.unknown += outcome is Outcome.NOT_FOUND
        totals.several += outcome is Outcome.SEVERAL
        totals.contradicted += outcome is Outcome.CONTRADICTED
        totals.unproven += outcome is Outcome.UNPROVEN and not match.is_shared

    def _take_news(
        self, told: Sequence[records.PayerUpdate], charges: Charges, answered: dict[int, Decimal]
    ) -> None:
        found = favorable_payer_updates.plan(
            self.con, self.practice_id, told, charges, answered, self.source.file_id
        )
        older = sum(each.is_history for each in found)
        whole = sum(each.is_whole and not each.is_history for each in found)
        self.totals.later += older
        self.totals.proposals += whole
        self.totals.parts += len(found) - older - whole
        self._note_new(each.news.segment_number for each in found)
        favorable_payer_updates.add(self.con, found, self.source)
        earlier_good_news.tell(
            self.con,
            [
                earlier_good_news.told_by(
                    each.task_id, each.news, charges.match(each.news.facts).charge_id
                )
                for each in found
                if not each.is_history
            ],
            self.source,
        )

    def _take_withdrawals(self, told: Sequence[Withdrawal]) -> None:
        found, several = favorable_payer_updates.withdrawn(self.con, self.practice_id, told)
        self.totals.unclear_withdrawals += several
        withdrawn = sum(each.is_withdrawn for _, each in found)
        self.totals.withdrawn += withdrawn
        self.totals.closed += len(found) - withdrawn
        self._note_new(each.segment_number for _, each in found)
        known_requests.keep(self.con, told, self.source)
        for task_id, each in found:
            task_updates.withdraw(self.con, task_id, each, self.source)

    def _take_acceptances(self, receipts: Sequence[Receipt]) -> None:
        """Name the batches that were accepted, and tell the open tasks about their rejection."""
        self.totals.accepted += batch_receipts.acceptances(self.con, self.practice_id, receipts)
        self._tell_batches(batch_acceptances.settle(self.con, self.source, receipts))

    def _take_rejected_batches(self, receipts: Sequence[Receipt]) -> list[records.Request]:
        """Take what rejects batches one by one: a file and its only batch are one task. Return
        the requests about single claims."""
        of_claims: list[records.Request] = []
        for each in receipts:
            rejected = batch_receipts.requests(self.con, self.practice_id, [each])
            self.totals.batches += len(rejected)
            if each.claim:
                of_claims += rejected
            else:
                self._take_requests(rejected)
        return of_claims

    def _tell_batches(self, found: Sequence[batch_acceptances.Settled]) -> None:
        """Tell the open tasks about rejected batches what says otherwise."""
        proposals = sum(each.is_of_batch for each in found)
        self.totals.proposals += proposals
        self.totals.later += len(found) - proposals
        self._note_new(each.segment_number for each in found)
        for each in found:
            kind, tell = EventKind.ANSWERED_AGAIN, task_updates.tell
            if each.is_of_batch:
                kind, tell = EventKind.COMPLETION_SUGGESTED, task_updates.suggest
            tell(
                self.con, each.task_id, kind, each.sentence, each.key, each.segment_number,
                self.source,
            )  # fmt: skip

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
            tasks_amount=self._amount(),
            quarantined=len(self.tally.set_aside),
            unclear=self.tally.unclear + self.tally.unbalanced,
            summary=(*self.tally.summary, *import_totals.summary(totals)),
            matched=tuple(import_totals.matched(totals)),
            refused_rows=self.tally.refused_rows,
            left_out=self.tally.left_out,
            file_id=self.source.file_id,
            tasks=tuple(self._tasks),
            warnings=(*self.tally.odd(), *import_totals.warnings(totals), *self._repeated()),
        )

    def _amount(self) -> Decimal:
        """Return the US dollars of the tasks that the file made, as later parts of it left them."""
        amount: Decimal = self.con.value(
            "SELECT coalesce(sum(amount), 0) FROM task WHERE intake_file_id = $file_id",
            file_id=self.source.file_id,
        )
        return amount + Decimal("0.00")

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
            f"{count(len(again), 'message')}; what is new comes in."
        ]

    def _note_new(self, segments: Iterable[int]) -> None:
        for each in segments:
            insort(self._new, each)

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
                file_id=self.source.file_id,
                wanted=list({each.identifiers for each in self.tally.messages}),
            )
            self._identified = {(kind, identifiers) for kind, identifiers in rows}
        return self._identified

    def _brought(self, message: Message) -> bool:
        at = bisect_left(self._new, message.first)
        return at < len(self._new) and self._new[at] <= message.last
