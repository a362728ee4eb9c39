"""Good news about a claim: its open task says so and suggests completing it; only a person does.

A payment for one part of a split claim is told, and suggests nothing until all parts are answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from lib import tasks
from lib.history_event_kinds import EventKind
from lib.intake.import_context import ImportContext
from lib.intake.matching import known_charges, task_claim_facts
from lib.intake.matching.known_charges import Charges
from lib.intake.records import PayerUpdate, Withdrawal
from lib.intake.tasks import acknowledgment_times, known_requests, respelled_answers, task_updates
from lib.intake.tasks.acknowledgment_times import ACCEPTED, REJECTED
from lib.intake.tasks.later_answers import LaterAnswers
from lib.intake.x12.adjustments import reason_code
from lib.store.database import Connection


@dataclass(frozen=True, slots=True)
class PaymentSuggestion:
    """What one open task is told."""

    task_id: int
    news: PayerUpdate
    is_whole: bool = True  # False: other parts of the claim still wait for an answer
    is_older: bool = False  # True: what counts was said after it, so it is history
    is_certain: bool = True  # False: it could be about another claim, so it is history
    is_open: bool = False  # True: the payer still denies what the task asks about

    @property
    def is_history(self) -> bool:
        """Return True if the task is told, and nothing is proposed."""
        return self.is_older or self.is_open or not self.is_certain


def plan(
    con: Connection,
    practice_id: int,
    told: Iterable[PayerUpdate],
    charges: Charges | None = None,
    answered: Mapping[int, Decimal] | None = None,
    file_id: int | None = None,
) -> list[PaymentSuggestion]:
    """Return the updates about claims whose task is open, each once.

    `answered`: US dollars of the parts answered so far, by charge, of claims that were split;
    `file_id`: the file that tells.
    """
    wanted = {news.key: news for news in told}
    for key in known_requests.find(con, practice_id, list(wanted.values())):
        del wanted[key]
    if not wanted:
        return []
    charges = charges or known_charges.charges(
        con, practice_id, [news.facts for news in wanted.values()]
    )
    for key in respelled_answers.find(con, practice_id, list(wanted.values()), charges, file_id):
        del wanted[key]
    return about(con, practice_id, wanted.values(), charges, answered, file_id)


def about(
    con: Connection,
    practice_id: int,
    told: Iterable[PayerUpdate],
    charges: Charges | None,
    answered: Mapping[int, Decimal] | None,
    file_id: int | None = None,
) -> list[PaymentSuggestion]:
    """Return what the open tasks about their claims are told by these updates, in whatever order
    they come in."""
    wanted = {news.key: news for news in told}
    facts_of = {key: news.facts for key, news in wanted.items()}
    charges = charges or known_charges.charges(con, practice_id, facts_of.values())
    matches = {key: charges.match(facts) for key, facts in facts_of.items()}
    open_tasks = task_claim_facts.find(
        con, practice_id, facts_of.values(), [each.charge_id for each in matches.values()]
    )
    held = LaterAnswers(con, (matches[key].charge_id for key in wanted))
    found = []
    for key, news in wanted.items():
        charge_id = matches[key].charge_id
        is_whole = not news.facts.is_part or (
            charge_id is not None
            and charges.filed_total(charge_id) <= (answered or {}).get(charge_id, Decimal(0))
        )
        about_it = open_tasks.of(news.facts, charge_id)
        is_certain = task_claim_facts.is_certain(matches[key], news.facts, about_it)
        for task in about_it:
            if task.is_of_other_claim(news.facts, news.told_on, file_id):
                continue
            # a claim that was only accepted still wants the document that was requested
            if news.is_payment or task.source == "277CA":
                is_older = news.is_taken_back or bool(
                    news.told_on and task.asked_on and news.told_on < task.asked_on
                )
                is_older |= held.is_overtaken(charge_id, task.codes, news)
                if at := news.acknowledged_at:
                    rejected = acknowledgment_times.latest(con, [task.id], REJECTED)
                    is_older |= at < rejected.get(task.id, "")
                is_its = is_certain and not task.could_be_of_other_visit(news.facts)
                is_open = leaves_reason(news.left_codes, task.codes.split(", "))
                found.append(PaymentSuggestion(task.id, news, is_whole, is_older, is_its, is_open))
    return found


def leaves_reason(left: Iterable[str], asked: Iterable[str]) -> bool:
    """Return True if a payment leaves one of the reasons that a task asks about: the same reason
    code (CARC) in any group, since a payer may write CO-197 and then PI-197."""
    return not {reason_code(each) for each in left}.isdisjoint(map(reason_code, asked))


def withdrawn(
    con: Connection, practice_id: int, told: Iterable[Withdrawal]
) -> tuple[list[tuple[int, Withdrawal]], int]:
    """Return the open task of each request that its payer withdrew, if it was not told yet, and how
    many withdrawals could mean several requests."""
    last = {
        (each.request_key, each.patient_name, each.date_of_service): each
        for each in sorted(told, key=lambda each: each.sent.at)
    }
    found, several = known_requests.to_withdraw(con, practice_id, list(last.values()))
    news = [
        (task_id, each)
        for task_id, each in found
        if known_requests.is_withdrawal_news(con, each, task_id)
    ]
    return news, several


def add(
    con: Connection,
    proposals: Iterable[PaymentSuggestion],
    source: ImportContext,
    *,
    also: str = "",
) -> None:
    """Insert the suggestions and their history, with a sentence more; inside a transaction.
    Complete no task."""
    proposals = list(proposals)
    accepted = [(e.task_id, e.news.acknowledged_at) for e in proposals if not e.is_history]
    acknowledgment_times.keep(con, accepted, ACCEPTED, source)
    for proposal in proposals:
        news = proposal.news
        task_updates.remember(con, proposal.task_id, news.key, news.segment_number, source)
        kind, said = EventKind.COMPLETION_SUGGESTED, news.sentence
        if proposal.is_history:
            kind = EventKind.ANSWERED_AGAIN
            said = said if proposal.is_certain else f"{said} {OTHER_CLAIMS}"
        elif not proposal.is_whole:
            kind, said = EventKind.ANSWERED_IN_PART, f"{said} {OTHER_PARTS}"
        else:
            tasks.suggest_completion(
                con, proposal.task_id, f"{news.sentence} Complete the task?", now=source.now
            )
        said = f"{said} {also}" if also else said
        event = source.event(kind, news.segment_number, task_id=proposal.task_id)
        con.insert("event", [event | {"detail": f"{said} {event['detail']}."}])


OTHER_CLAIMS = (
    "It, or what the task was made from, does not name patient and day of service: it can be about "
    "another claim of this number."
)
OTHER_PARTS = "The payer split the claim (MA15): its other parts are not settled yet."
