"""A file while it is taken in, some of it at a time: what of it is new, and writing that."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from lib import settings
from lib.db import Connection
from lib.intake import charging, denials, elsewhere, matching, news, replacing, requests
from lib.intake.content import Tally, count
from lib.intake.messages import APPLIED, BATCH, DUPLICATE, Message, Part
from lib.intake.news import News
from lib.intake.remittances import Answer
from lib.intake.requests import Request
from lib.intake.source import Source
from lib.models import ImportReport


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


class Taking:
    """One file on its way in. Without a source nothing is written: a preview."""

    def __init__(
        self, con: Connection, practice_id: int, source: Source | None, tally: Tally
    ) -> None:
        self.con, self.practice_id, self.source, self.tally = con, practice_id, source, tally
        self.options = settings.options(con, practice_id)
        self.known = charging.Known(con, practice_id, source.file_id if source else None)
        self.totals = Totals()
        self._waiting = Part()
        self._new: list[int] = []  # segments of what is new
        self._keys: set[str] = set()  # of requests, in a preview
        self._numbers: set[str] = set()  # of claims of this file
        self._identified: set[tuple[str, str]] | None = None  # messages that came in before

    def take(self, piece: Part | Message) -> None:
        """Take some of the file; inside a transaction where it is written."""
        if isinstance(piece, Part):
            self._waiting.extend(piece)
            if len(self._waiting) >= BATCH:
                self.flush()

    def flush(self) -> None:
        part, self._waiting = self._waiting, Part()
        self._take_claims(part)
        asked, told = denials.read(part.answers, part.takebacks, self.options)
        self._take_requests([*asked, *part.requests])
        self._take_news([*told, *part.news])
        if self.source:
            _keep_payer_numbers(
                self.con, self.practice_id, [*part.requests, *part.news, *part.answers]
            )

    def _take_claims(self, part: Part) -> None:
        fresh = self.known.fresh(part.claims)
        self.totals.held += len(part.claims) - len(fresh)
        self._new += [each.claim.segment_number for each in fresh]
        changing = {replacing.REPLACES, replacing.VOIDS}
        first = [each for each in fresh if each.claim.frequency not in changing]
        first, late = replacing.overtaken(self.con, self.practice_id, first)
        self.totals.held += len(late)
        if self.source:
            replacing.keep(self.con, late, self.source)
        self._numbers.update(each.claim.claim_number for each in first)
        self._add_charges(first)
        rest = [each for each in fresh if each.claim.frequency in changing]
        own, found = replacing.originals(self.con, self.practice_id, rest)
        if self.source:
            replacing.apply(self.con, found, self.source)
            later = [each.by for each in found]
        else:
            here = [each for each in own if self._is_of_this_file(each)]
            own = [each for each in own if not self._is_of_this_file(each)]
            later = [*(each.by for each in found), *here]
        self._add_charges(own)
        voids = sum(each.claim.frequency == replacing.VOIDS for each in later)
        self.totals.voided += voids
        self.totals.replaced += len(later) - voids

    def _is_of_this_file(self, later: charging.Fresh) -> bool:
        """True for a replacement or void of a claim that the same file brings."""
        return not self._numbers.isdisjoint({later.claim.claim_number, later.claim.original})

    def _add_charges(self, new: Sequence[charging.Fresh]) -> None:
        self.totals.charges += len(new)
        if self.source and new:
            charging.add(self.con, new, self.source)
            self.totals.linked += replacing.link(self.con, new, self.source)

    def _take_requests(self, asked: Sequence[requests.Request]) -> None:
        if not asked:
            return
        seen = [each for each in asked if each.key in self._keys]
        plan = requests.plan(
            self.con, self.practice_id, [each for each in asked if each.key not in self._keys]
        )
        totals = self.totals
        totals.tasks += len(plan.new)
        totals.amount += plan.amount
        totals.known += plan.known + len(seen)
        totals.later += len(plan.later)
        held = matching.charges(self.con, self.practice_id, [r.claim_number for r in plan.new])
        totals.unknown += sum(
            bool(each.claim_number)
            and each.claim_number not in held
            and each.claim_number not in self._numbers
            for each in plan.new
        )
        named = [each.assignee_name for each in plan.new if each.assignee_name]
        if named:
            known = elsewhere.assignees(self.con, self.practice_id, named)
            totals.strangers += sum(name not in known for name in named)
        self._new += [each.segment_number for each in plan.new]
        self._new += [each.request.segment_number for each in plan.later]
        if self.source:
            requests.add(self.con, plan, self.source)
        else:
            self._keys.update(each.key for each in asked)

    def _take_news(self, told: Sequence[news.News]) -> None:
        proposals = news.plan(self.con, self.practice_id, told)
        self.totals.proposals += len(proposals)
        self._new += [each.news.segment_number for each in proposals]
        if self.source:
            news.add(self.con, proposals, self.source)

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
    con: Connection, practice_id: int, answers: Sequence[Request | News | Answer]
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
