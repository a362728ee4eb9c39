"""What a later message changes on an open task: what is asked, by when, and its history.

These are inner steps of an import: they run inside its transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from lib import tasks
from lib.history_event_kinds import EventKind
from lib.intake.import_context import ImportContext
from lib.intake.tasks import acknowledgment_times, denied_parts
from lib.intake.tasks.denied_parts import NOTHING
from lib.intake.tasks.later_answers import LaterAnswers
from lib.intake.x12.denial_requests_835 import took_back_sentence
from lib.store.database import Connection, Value

if TYPE_CHECKING:
    from lib.intake.records import Request, Sent, Withdrawal

ALSO = "; also "
BEFORE = "\n\nAsked before: "
DATED_AHEAD = timedelta(days=31)  # a payment bears the day on which its money will arrive
NAMED = "named by the payer"  # the rule of a due date that the payer names
MAX_TITLE, MAX_INSTRUCTIONS = 200, 6000


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an open task asks now."""

    type: str
    title: str
    instructions: str
    codes: str
    due_on: date | None
    due_rule: str
    document_label: str | None
    amount: Decimal | None
    asked_on: date | None
    source: str
    charged: Decimal | None  # US dollars of the claim, as the first message says


def due(request: Request, source: ImportContext) -> tuple[date, str]:
    """Return the day a request is due, and the rule that set it."""
    if request.due_on:
        return request.due_on, request.due_rule
    days = source.practice.due_days
    since = asked_on(request, source) or source.today
    what = request.asked_in if since == request.asked_on else "import"
    return since + timedelta(days=days), f"{days} days after the {what}, the practice's own rule"


def asked_on(request: Request, source: ImportContext) -> date | None:
    """Return the message's own date. One that lies further ahead than payments are dated is a slip
    and counts as of today: it would make everything that comes later look older."""
    day = request.asked_on
    return source.today if day and day > source.today + DATED_AHEAD else day


def requested_on(request: Request, source: ImportContext) -> date | None:
    """Return the asker's own date; a message from the future was asked for today at the latest."""
    asked = request.asked_on or request.received_on
    return min(asked, source.today) if asked else None


def answer(
    con: Connection, task_id: int, request: Request, source: ImportContext, *, is_certain: bool
) -> None:
    """Add a later answer to an open task: to its history, and to what it asks.

    Earlier messages then no longer suggest completing the task. An answer that reverses a denial
    suggests it, if it is certainly the denial of this claim.
    """
    before = _asked(con, task_id)
    is_ended = request.is_overtaken or _is_ended(con, task_id, before, request)
    is_ended = is_ended or denied_parts.is_settled(con, task_id, request)
    sentence = _taken_back(con, task_id, request, before) if is_certain else None
    if sentence and not is_ended:
        tasks.suggest_completion(con, task_id, sentence, now=source.now)
    elif not is_ended:
        tasks.withdraw_suggestion(con, task_id)
    change = NOTHING
    if is_certain or not request.takes_back:
        change = denied_parts.amount_change(con, task_id, request, before.amount)
    remember(con, task_id, request.key, request.segment_number, source)
    remember_state(con, [(task_id, request)], source)
    event = source.event(EventKind.ANSWERED_AGAIN, request.segment_number, task_id=task_id)
    con.insert("event", [event | {"detail": f"{request.history} {event['detail']}."}])
    if not request.is_history:
        now = _merged(before, request, change, source)
        _change(con, task_id, before, now, request, source)
    elif change and before.amount is not None:
        amount = before.amount + change
        change_amount(con, task_id, amount, request.segment_number, source)


def take_back(con: Connection, task_id: int, reversal: Request, source: ImportContext) -> None:
    """Add a reversal that came in before the open task of its claim."""
    answer(con, task_id, reversal, source, is_certain=True)


def take_back_again(
    con: Connection, task_id: int, reversal: Request, source: ImportContext
) -> None:
    """Let a reversal that an open task was told before count again: what was said before it came in
    since."""
    before = _asked(con, task_id)
    if sentence := _taken_back(con, task_id, reversal, before):
        tasks.suggest_completion(con, task_id, sentence, now=source.now)
    elif not _is_ended(con, task_id, before, reversal):
        tasks.withdraw_suggestion(con, task_id)


def move(con: Connection, task_id: int, request: Request, source: ImportContext) -> None:
    """Change an open task to what the same request, sent again, asks now."""
    before = _asked(con, task_id)
    is_dated = request.due_on or before.due_on is None  # a day the payer named stands until another
    now = _Asked(
        request.type,
        request.title,
        request.instructions,
        request.codes,
        *(due(request, source) if is_dated else (before.due_on, before.due_rule)),
        request.document_label,
        before.amount if request.amount is None else request.amount,
        asked_on(request, source) or before.asked_on,
        before.source,
        before.charged,
    )
    remember_state(con, [(task_id, request)], source)
    remember(con, task_id, request.key, request.segment_number, source)
    _change(con, task_id, before, now, request, source)


def state_key(request: Request) -> str:
    """Return the key of one state of a request that is sent repeatedly."""
    key = request.again_of or request.key
    return f"{key}|{request.due_on}|{request.codes}|{request.document_label}"


def remember_state(
    con: Connection, asked: Sequence[tuple[int, Request]], source: ImportContext
) -> None:
    """Store what requests ask that are sent repeatedly, so that an older state changes nothing
    later; of acknowledgments, when they were written."""
    acknowledged = [(task_id, each.acknowledged_at) for task_id, each in asked
                    if not each.is_history]  # fmt: skip
    acknowledgment_times.keep(con, acknowledged, acknowledgment_times.REJECTED, source)
    _keep_states(
        con,
        [
            (task_id, state_key(request), request.sent)
            for task_id, request in asked
            if request.due_on or request.sent.message
        ],
        source,
    )


def _keep_states(
    con: Connection, told: Sequence[tuple[int, str, Sent]], source: ImportContext
) -> None:
    con.insert(
        "request_state",
        [
            {
                "practice_id": source.practice.id,
                "task_id": task_id,
                "state_key": state,
                "message_key": sent.message,
                "said_at": sent.at,
            }
            for task_id, state, sent in told
        ],
    )


def withdraw(con: Connection, task_id: int, told: Withdrawal, source: ImportContext) -> None:
    """Suggest completing an open task whose request the payer withdrew; complete nothing."""
    suggest(con, task_id, EventKind.WITHDRAWN, told.sentence, told.key, told.segment_number, source)
    _keep_states(con, [(task_id, told.key, told.sent)], source)


def ask_again(con: Connection, task_id: int, request: Request, source: ImportContext) -> None:
    """Tell an open task that its withdrawn request is asked for again: nothing suggests completing
    it any more."""
    tasks.withdraw_suggestion(con, task_id)
    who = request.payer_name or "The payer"
    said = f"{who} had withdrawn this request and asks for it again."
    tell(con, task_id, EventKind.ASKED_AGAIN, said, request.key, request.segment_number, source)
    move(con, task_id, request, source)


def suggest(
    con: Connection,
    task_id: int,
    kind: EventKind,
    sentence: str,
    key: str,
    segment_number: int,
    source: ImportContext,
) -> None:
    """Tell an open task what suggests completing it, with its history; complete nothing."""
    tasks.suggest_completion(con, task_id, f"{sentence} Complete the task?", now=source.now)
    tell(con, task_id, kind, sentence, key, segment_number, source)


def tell(
    con: Connection,
    task_id: int,
    kind: EventKind,
    sentence: str,
    key: str,
    segment_number: int,
    source: ImportContext,
) -> None:
    """Add to a task's history what a later message says of it, and recognize it from now on."""
    remember(con, task_id, key, segment_number, source)
    event = source.event(kind, segment_number, task_id=task_id)
    con.insert("event", [event | {"detail": f"{sentence} {event['detail']}."}])


def change_amount(
    con: Connection, task_id: int, amount: Decimal, segment_number: int, source: ImportContext
) -> None:
    """Let an open task ask for another amount (US dollars), with its history."""
    before = _asked(con, task_id)
    tasks.revise(con, task_id, amount=amount, now=source.now)
    con.insert("event", _changes(task_id, before, replace(before, amount=amount), segment_number,
                                 source))  # fmt: skip


def remember(
    con: Connection, task_id: int, key: str, segment_number: int, source: ImportContext
) -> None:
    """Store what was said about a task's claim, so that it is recognized when it comes again."""
    con.execute(
        """
        INSERT INTO task_answer (practice_id, task_id, answer_key, intake_file_id, segment_number,
                                 recorded_at)
        VALUES ($practice_id, $task_id, $key, $file_id, $segment_number, $now)
        """,
        practice_id=source.practice.id,
        task_id=task_id,
        key=key,
        file_id=source.file_id,
        segment_number=segment_number,
        now=source.now,
    )


def _asked(con: Connection, task_id: int) -> _Asked:
    [found] = con.records(
        _Asked,
        """
        SELECT type, title, instructions, codes, due_on, due_rule, document_label, amount, asked_on,
               source, charged
        FROM task LEFT JOIN task_claim ON task_id = task.id WHERE task.id = $id
        """,
        id=task_id,
    )
    return found


def _taken_back(con: Connection, task_id: int, request: Request, before: _Asked) -> str | None:
    """Return the suggestion that a reversal of the whole denial makes; None for other answers.

    A reversal older than the denial, or of a remittance that denies the claim anew, takes back only
    what came before.
    """
    denied, back = _codes(before.codes), _codes(request.takes_back)
    if not back or not set(denied) <= set(back):
        return None
    if before.asked_on and request.asked_on and request.asked_on < before.asked_on:
        return None
    if denied_parts.leaves_others(con, task_id, request):
        return None
    if _is_denied_by_same_remittance(con, task_id, request):
        return None
    return f"{took_back_sentence(request.payer_name, request.asked_on)} Complete the task?"


def _is_ended(con: Connection, task_id: int, before: _Asked, request: Request) -> bool:
    """Return True if what ended the denial was said after this answer, which came in later."""
    if at := request.acknowledged_at:
        accepted = acknowledgment_times.latest(con, [task_id], acknowledgment_times.ACCEPTED)
        if at < accepted.get(task_id, ""):
            return True
    if request.asked_on is None or before.asked_on is None:
        return False
    charge_id = con.value("SELECT charge_id FROM task WHERE id = $id", id=task_id)
    codes = [*_codes(before.codes), *([] if request.is_history else _codes(request.codes))]
    since = max(before.asked_on, request.asked_on)
    return LaterAnswers(con, [charge_id]).good_news(charge_id, codes, since) is not None


def tell_later(con: Connection, asked: Sequence[tuple[int, int, Request]],
               source: ImportContext) -> set[int]:  # fmt: skip
    """Suggest completing each new task (its id, its charge, its request) whose denial was ended by
    a later answer that came in before it. Return which."""
    dated = [each for each in asked if each[2].asked_on and each[2].about.dates[0]]
    held = LaterAnswers(con, (charge_id for _, charge_id, _ in dated))
    ended = set()
    for task_id, charge_id, request in dated:
        said = held.good_news(charge_id, _codes(request.codes), request.asked_on)
        if said:
            ended.add(task_id)
            tasks.suggest_completion(con, task_id, f"{said} Complete the task?", now=source.now)
            event = source.event(
                EventKind.COMPLETION_SUGGESTED, request.segment_number, task_id=task_id
            )
            con.insert("event", [event | {"detail": f"{said} That came in before. "
                                                    f"{event['detail']}."}])  # fmt: skip
    return ended


def _is_denied_by_same_remittance(con: Connection, task_id: int, reversal: Request) -> bool:
    """Return True if the task knows a denial of the remittance that holds this reversal: payers
    write the corrected answer after the reversal or before it."""
    return bool(
        con.value(
            """
            SELECT count(*) FROM (
                SELECT request_key AS key FROM task WHERE id = $id
                UNION ALL
                SELECT answer_key FROM task_answer WHERE task_id = $id
            ) AS known WHERE starts_with(key, $prefix)
            """,
            id=task_id,
            prefix=f"835|{reversal.trace}|{reversal.asked_on}|{reversal.payer_name}|",
        )
    )


def _merged(before: _Asked, request: Request, change: Decimal, source: ImportContext) -> _Asked:
    """Return everything asked now: the newest message first, what was asked before after it."""
    is_newer = not (before.asked_on and request.asked_on) or request.asked_on >= before.asked_on
    codes = [_codes(request.codes), _codes(before.codes)]
    first, second = codes if is_newer else codes[::-1]
    merged = ", ".join(dict.fromkeys([*first, *second]))
    if not is_newer:
        is_part = request.facts.is_part
        amount = _amount(before, request, change) if is_part else before.amount
        is_named = before.due_rule != NAMED and request.due_on is not None
        due_on, rule = due(request, source) if is_named else (before.due_on, before.due_rule)
        return replace(
            before,
            title=_title(before.title, request.title),
            instructions=_instructions(before.instructions, request.instructions),
            codes=merged,
            due_on=due_on,
            due_rule=rule,
            document_label=before.document_label or request.document_label,
            amount=amount,
        )
    return _Asked(
        request.type,
        _title(request.title, before.title),
        _instructions(request.instructions, before.instructions),
        merged,
        *_due(before, request, source),
        request.document_label or before.document_label,
        _amount(before, request, change),
        asked_on(request, source) or before.asked_on,
        before.source,
        before.charged,
    )


def _due(before: _Asked, request: Request, source: ImportContext) -> tuple[date | None, str]:
    """Return the day that all asked now is due: one that the payer named stands until it names
    another."""
    if before.due_rule == NAMED and not request.due_on:
        return before.due_on, before.due_rule
    return due(request, source)


def _amount(before: _Asked, request: Request, change: Decimal) -> Decimal | None:
    """Return the US dollars that depend on the answer: a part of a split claim changes them, else
    what a later message says counts. An acknowledgment or a request for documents knows no more
    than the charge, so it changes what a remittance left open only where another amount was
    charged."""
    if request.amount is None or before.amount is None:
        return before.amount
    if request.facts.is_part:
        return before.amount + change
    if request.claim_amount not in {None, before.charged}:
        return request.amount
    is_later = not (before.asked_on and request.asked_on) or request.asked_on > before.asked_on
    is_decision = request.source in {before.source, "835"}
    return request.amount if is_later and is_decision else before.amount


def _codes(text: str) -> list[str]:
    return [code for code in text.split(", ") if code]


def _title(new: str, old: str) -> str:
    parts = new.split(ALSO)
    known = {part.casefold() for part in parts}
    for part in old.split(ALSO):
        if part.casefold() not in known:
            known.add(part.casefold())
            parts.append(f"{part[:1].lower()}{part[1:]}" if part[1:2].islower() else part)
    text = ALSO.join(parts)
    return text if len(text) <= MAX_TITLE else f"{text[: MAX_TITLE - 1]}…"


def _instructions(new: str, old: str) -> str:
    text = new if old in new else f"{new}{BEFORE}{old}"
    return text if len(text) <= MAX_INSTRUCTIONS else f"{text[: MAX_INSTRUCTIONS - 1]}…"


def _change(
    con: Connection,
    task_id: int,
    before: _Asked,
    now: _Asked,
    request: Request,
    source: ImportContext,
) -> None:
    """Write what is asked now, with a line of history for each change that a person would see."""
    tasks.revise_request(
        con,
        task_id,
        type=now.type,
        title=now.title,
        instructions=now.instructions,
        codes=now.codes,
        due_on=now.due_on,
        due_rule=now.due_rule,
        label=now.document_label,
        amount=now.amount,
        asked_on=now.asked_on,
        now=source.now,
    )
    con.insert("event", _changes(task_id, before, now, request.segment_number, source))


def _changes(
    task_id: int, before: _Asked, now: _Asked, segment_number: int, source: ImportContext
) -> Sequence[dict[str, Value]]:
    shown = (
        ("Task", before.title, now.title),
        ("Type", before.type, now.type),
        ("Denial codes (CARC/RARC)", before.codes, now.codes),
        ("Due", _day(before.due_on), _day(now.due_on)),
        ("Document requested", before.document_label or "", now.document_label or ""),
        ("Amount", _dollars(before.amount), _dollars(now.amount)),
    )
    changed = source.event(EventKind.REQUEST_CHANGED, segment_number, task_id=task_id)
    found = [_field(changed, *each) for each in shown if each[1] != each[2]]
    if not found and before.instructions != now.instructions:
        found = [_field(changed, "Instructions", before.instructions, now.instructions)]
    return found


def _field(changed: dict[str, Value], field: str, old: str, new: str) -> dict[str, Value]:
    return changed | {"field": field, "old_value": old or None, "new_value": new or None}


def _day(value: date | None) -> str:
    return f"{value:%m/%d/%Y}" if value else ""


def _dollars(value: Decimal | None) -> str:
    return "" if value is None else f"{value:,.2f}"
