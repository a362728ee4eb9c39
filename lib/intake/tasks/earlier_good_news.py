"""Good news that came in before what it follows: an acceptance, a payment or a reversal that was
said after a rejection, denial or payment. It is kept as data, so that the order of arrival counts
for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from lib import tasks
from lib.intake.import_context import ImportContext
from lib.intake.matching import known_charges, task_claim_facts
from lib.intake.matching.claim_facts import ANSWERS, ClaimFacts
from lib.intake.matching.claim_numbers import lookup_key
from lib.intake.matching.known_charges import Charges
from lib.intake.matching.task_claim_facts import facts_of, facts_row
from lib.intake.records import PayerUpdate, Request
from lib.intake.tasks import acknowledgment_times, favorable_payer_updates, task_updates
from lib.intake.tasks.favorable_payer_updates import PaymentSuggestion
from lib.models import TaskType
from lib.store.database import Connection, Value

FACTS = task_claim_facts.COLUMNS.replace("task_claim.", "")
ACCEPTED, PAID, REVERSED = "accepted", "paid", "reversed"
BEFORE = "That came in before."


class _Kept(NamedTuple):
    """Good news as it was kept."""

    key: str
    kind: str
    told_on: date
    at: str
    sentence: str
    amount: Decimal
    codes: tuple[str, ...]
    trace: str
    part: str
    facts: ClaimFacts


class Told(NamedTuple):
    """What an open task was told just now."""

    task_id: int
    facts: ClaimFacts
    charge_id: int | None
    day: date | None
    at: str  # of a 277CA
    segment_number: int


def told_by(task_id: int, said: Request | PayerUpdate, charge_id: int | None) -> Told:
    """Return what a task was told by a request or by good news."""
    if isinstance(said, Request):
        facts, day = said.about, said.asked_on
    else:
        facts, day = said.facts, said.told_on
    return Told(task_id, facts, charge_id, day, said.acknowledged_at, said.segment_number)


class _Now(NamedTuple):
    """An open task after what it was told."""

    day: date  # on which it asks, or was told last
    at: str  # of its last acknowledgment
    source: str
    segment_number: int


def keep(
    con: Connection,
    said: Iterable[Request | PayerUpdate],
    charges: Charges,
    source: ImportContext,
) -> None:
    """Insert what is good news, says its day and is not kept yet; inside a transaction."""
    rows = {each.key: row for each in said if (row := _row(each, charges, source))}
    if not rows:
        return
    for (key,) in con.rows(
        """
        SELECT answer_key FROM good_news
        WHERE practice_id = $practice_id AND answer_key IN (SELECT unnest($keys::VARCHAR[]))
        """,
        practice_id=source.practice.id,
        keys=list(rows),
    ):
        rows.pop(key, None)
    con.insert("good_news", list(rows.values()))


def _row(
    said: Request | PayerUpdate, charges: Charges, source: ImportContext
) -> dict[str, Value] | None:
    told: dict[str, Value]
    if isinstance(said, Request):
        if not (said.takes_back and said.asked_on):
            return None
        facts = said.about
        told = {
            "kind": REVERSED,
            "told_on": said.asked_on,
            "acknowledged_at": "",
            "sentence": said.history,
            "amount": said.taken_back,
            "codes": tuple(said.takes_back.split(", ")),
            "trace": said.trace,
            "part": said.part,
        }
    else:
        if not said.told_on:
            return None
        facts = said.facts
        told = {
            "kind": PAID if said.is_payment else ACCEPTED,
            "told_on": said.told_on,
            "acknowledged_at": said.acknowledged_at,
            "sentence": said.sentence,
            "amount": said.paid,
            "codes": tuple(sorted(said.left_codes)),
            "trace": "",
            "part": "",
        }
    numbers = known_charges.numbers(facts)
    return {
        "practice_id": source.practice.id,
        "answer_key": said.key,
        "charge_id": charges.match(facts).charge_id,
        "number_key": lookup_key(numbers[0]) if numbers else "",
        **told,
        **facts_row(facts),
        "intake_file_id": source.file_id,
        "recorded_at": source.now,
    }


def tell(con: Connection, told: Iterable[Told], source: ImportContext) -> int:
    """Tell open tasks the good news that came in before and was said after what they were told just
    now; inside a transaction. Return how many are proposed to be completed by it."""
    dated = [each for each in told if each.day]
    found = _kept(con, source.practice.id, dated) if dated else []
    if not found:
        return 0
    now = _now(con, dated)
    before = _proposed(con, now)
    suggested = _suggestions(con, source, found, _answered(con, dated))
    for each in found:
        for one in suggested.get(each.key, ()):
            task = now.get(one.task_id)
            if task and _is_later(each, task):
                _tell(con, each, one, task.segment_number, source)
    return len(_proposed(con, now) - before)


def _proposed(con: Connection, ids: Iterable[int]) -> set[int]:
    rows = con.rows(
        """
        SELECT id FROM task
        WHERE id IN (SELECT unnest($ids::BIGINT[])) AND proposal IS NOT NULL
        """,
        ids=list(ids),
    )
    return {row[0] for row in rows}


def _suggestions(
    con: Connection, source: ImportContext, found: Sequence[_Kept], answered: Mapping[int, Decimal]
) -> dict[str, list[PaymentSuggestion]]:
    """Return by key what the open tasks about each claim are told, as if it came in now."""
    updates = [_update(each) for each in found]
    suggested: dict[str, list[PaymentSuggestion]] = {}
    for one in favorable_payer_updates.about(con, source.practice.id, updates, None, answered):
        if not one.is_open and not one.is_older:
            suggested.setdefault(one.news.key, []).append(one)
    return suggested


def _update(news: _Kept) -> PayerUpdate:
    is_paid = news.kind == PAID
    return PayerUpdate(
        key=news.key,
        claim_number="",
        amount=news.facts.charged,
        sentence=news.sentence,
        segment_number=0,
        is_payment=news.kind != ACCEPTED,
        told_on=news.told_on,
        facts=news.facts,
        acknowledged_at=news.at,
        paid=news.amount if is_paid else Decimal("0.00"),
        left_codes=frozenset(news.codes if is_paid else ()),
    )


def _is_later(news: _Kept, task: _Now) -> bool:
    """Return True if the news was said after what the task was told: on a later day, or at another
    time where both say when."""
    if news.kind == REVERSED and task.source not in ANSWERS:
        return False
    if news.at and task.at and news.at != task.at:
        return news.at > task.at
    return news.told_on > task.day


def _tell(
    con: Connection,
    news: _Kept,
    suggestion: PaymentSuggestion,
    segment_number: int,
    source: ImportContext,
) -> None:
    task_id, is_certain = suggestion.task_id, suggestion.is_certain
    is_known = con.value(
        """
        SELECT count(*) FROM (
            SELECT request_key AS key FROM task WHERE id = $id
            UNION ALL
            SELECT answer_key FROM task_answer WHERE task_id = $id
        ) AS known WHERE key = $key
        """,
        id=task_id,
        key=news.key,
    )
    if news.kind == REVERSED and is_certain:
        request = _reversal(news, segment_number)
        again = task_updates.take_back_again if is_known else task_updates.take_back
        again(con, task_id, request, source)
    elif news.kind != REVERSED and not is_known:
        update = replace(suggestion.news, segment_number=segment_number)
        told = replace(suggestion, news=update)
        favorable_payer_updates.add(con, [told], source, also=BEFORE)
    elif news.kind != REVERSED and suggestion.is_whole and is_certain:
        said = f"{news.sentence} Complete the task?"
        tasks.suggest_completion(con, task_id, said, now=source.now)


def _reversal(news: _Kept, segment_number: int) -> Request:
    return Request(
        key=news.key,
        type=TaskType.CHARGE,
        title="",
        instructions="",
        source="835",
        segment_number=segment_number,
        payer_name=news.facts.payer_name,
        asked_on=news.told_on,
        history=f"{news.sentence} {BEFORE}",
        is_history=True,
        facts=news.facts,
        trace=news.trace,
        takes_back=", ".join(news.codes),
        taken_back=news.amount,
        part=news.part,
    )


def _kept(con: Connection, practice_id: int, told: Sequence[Told]) -> list[_Kept]:
    """Return the good news about these claims, by the day and time when it was said."""
    keys = {lookup_key(number) for each in told for number in known_charges.numbers(each.facts)}
    rows = con.rows(
        f"""
        SELECT answer_key, kind, told_on, acknowledged_at, sentence, amount, codes, trace, part,
               {FACTS}
        FROM good_news
        WHERE practice_id = $practice_id AND told_on >= $first
          AND (number_key IN (SELECT unnest($keys::VARCHAR[]))
               OR charge_id IN (SELECT unnest($ids::BIGINT[])))
        ORDER BY told_on, acknowledged_at, kind <> $reversed, answer_key
        """,
        practice_id=practice_id,
        first=min(each.day for each in told if each.day),
        keys=list(keys),
        ids=[each.charge_id for each in told if each.charge_id is not None],
        reversed=REVERSED,
    )
    return [
        _Kept(key, kind, day, at, sentence, amount, tuple(codes), trace, part, facts_of(facts))
        for key, kind, day, at, sentence, amount, codes, trace, part, *facts in rows
    ]


def _now(con: Connection, told: Sequence[Told]) -> dict[int, _Now]:
    """Return the tasks that are open, by id."""
    last: dict[int, Told] = {}
    for each in told:
        before = last.get(each.task_id)
        if not before or (each.day or date.min, each.at) >= (before.day or date.min, before.at):
            last[each.task_id] = each
    rejected = acknowledgment_times.latest(con, list(last), acknowledgment_times.REJECTED)
    return {
        id_: _Now(
            max(day or date.min, last[id_].day or date.min),
            max(rejected.get(id_, ""), last[id_].at),
            source,
            last[id_].segment_number,
        )
        for id_, day, source in con.rows(
            """
            SELECT id, asked_on, source FROM task
            WHERE id IN (SELECT unnest($ids::BIGINT[])) AND is_open
            """,
            ids=list(last),
        )
    }


def _answered(con: Connection, told: Sequence[Told]) -> dict[int, Decimal]:
    """Return the US dollars settled so far of claims that were split."""
    return dict(
        con.rows(
            """
            SELECT charge_id, sum(charged) FROM claim_part
            WHERE charge_id IN (SELECT unnest($ids::BIGINT[])) GROUP BY charge_id
            """,
            ids=[each.charge_id for each in told if each.charge_id is not None],
        )
    )
