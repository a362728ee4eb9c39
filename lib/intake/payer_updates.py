"""Good news about a claim: its open task says so and proposes to complete it; nobody else does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lib.intake import known_charges, task_requests
from lib.intake.import_context import ImportContext
from lib.intake.records import PayerUpdate
from lib.store.database import Connection


@dataclass(frozen=True, slots=True)
class PaymentSuggestion:
    """What one open task is told."""

    task_id: int
    news: PayerUpdate


def plan(con: Connection, practice_id: int, told: Iterable[PayerUpdate]) -> list[PaymentSuggestion]:
    """The news about claims whose task is open, each once."""
    wanted = {news.key: news for news in told if news.claim_number}
    numbers = [news.claim_number for news in wanted.values()]
    tasks = known_charges.open_tasks(con, practice_id, numbers)
    wanted = {key: news for key, news in wanted.items() if news.claim_number in tasks}
    if not wanted:
        return []
    charges = known_charges.charges(con, practice_id, [n.claim_number for n in wanted.values()])
    for key in task_requests.known(con, practice_id, list(wanted)):
        del wanted[key]
    found = []
    for news in wanted.values():
        charge = charges.find(news.claim_number, news.amount)
        for task in tasks[news.claim_number]:
            is_claim = (
                charge is None or task.charge_id is None or task.charge_id == charge.charge_id
            )
            # a document that was asked for is still wanted from a claim that was only accepted
            if is_claim and (news.is_payment or task.source == "277CA"):
                found.append(PaymentSuggestion(task.id, news))
    return found


def add(con: Connection, proposals: Iterable[PaymentSuggestion], source: ImportContext) -> None:
    """Write the proposals and their history; inside a transaction. No task is completed."""
    for proposal in proposals:
        news = proposal.news
        con.execute(
            """
            UPDATE task SET proposal = $proposal, proposal_at = $now, version = version + 1
            WHERE id = $task_id
            """,
            proposal=f"{news.sentence} Complete the task?",
            now=source.now,
            task_id=proposal.task_id,
        )
        task_requests.remember(con, proposal.task_id, news.key, news.segment_number, source)
        event = source.event("proposed to complete", news.segment_number, task_id=proposal.task_id)
        con.insert("event", [event | {"detail": f"{news.sentence} {event['detail']}."}])
