"""What the answers of a remittance ask of the practice, and what they tell it. Pure.

What was decided is read from the table in payer_decision_rules.py. A denied claim always makes a
request.
Which other answers make a task is each practice's choice; the rest is added to the history of an
open task.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from lib.intake import denial_advice
from lib.intake.records import PayerUpdate, Request
from lib.intake.x12 import payer_decision_rules, provider_adjustments_plb
from lib.intake.x12.adjustments import Adjustment
from lib.intake.x12.payer_decision_rules import Outcome
from lib.intake.x12.remittance_records import ClaimPayment, Line, Recoupment
from lib.models import TaskOptions, TaskType

OF_LINE = "@"  # before a line's day and modifiers in a part's key
MAX_LINES = 6  # named in the instructions
TOLD = {  # continues "answered the claim without a payment"
    Outcome.PENDED: "it is still in review",
    Outcome.FORWARDED: "it was passed on to another payer",
    Outcome.PREDETERMINED: "it only says what a service would be paid",
    Outcome.CAPITATED: "the services are covered by the capitation agreement (CO-24)",
    Outcome.ENCOUNTER: "nothing was charged",
    Outcome.INTEREST: "only interest was paid",
    Outcome.OTHER_PAYER: "another payer has taken care of it",
    Outcome.UNREASONED: "it leaves all of it to the patient and gives no reason: see whether the "
    "patient owes it before anybody is billed",
}
_DAYS = re.compile(rf"(?<=\.\d\d){OF_LINE}[^,|]*")
NONE = TaskOptions()


def read(
    answers: Iterable[ClaimPayment], takebacks: Iterable[Recoupment], options: TaskOptions = NONE
) -> tuple[list[Request], list[PayerUpdate]]:
    """Return what the answers ask, by the practice's options, and what they tell.

    `takebacks` are those that no entry of their own settles (lib/intake/tasks/recoupments.py).
    """
    requests: list[Request] = []
    news: list[PayerUpdate] = []
    for answer in answers:
        outcome = payer_decision_rules.outcome(answer)
        request = _request(answer, outcome, options)
        if request:
            requests.append(request)
        elif outcome in {Outcome.PAID, Outcome.NOTHING_DUE}:
            news.append(_news(answer))
    if options.takebacks:
        requests += _numbered(filter(None, map(provider_adjustments_plb.request, takebacks)))
    return requests, news


def _numbered(requests: Iterable[Request]) -> Iterator[Request]:
    """Yield the requests of one remittance; one that appears twice is two."""
    seen: Counter[str] = Counter()
    for each in requests:
        seen[each.key] += 1
        number = seen[each.key]
        yield each if number == 1 else replace(each, key=f"{each.key}|{number}")


def key(answer: ClaimPayment, kind: str = "") -> str:
    """Return what is asked of which claim in which answer: the same key is the same request."""
    return _key(answer, kind, answer.patient.full_name)


def _key(answer: ClaimPayment, kind: str, patient: str) -> str:
    first, last = _nameless(answer, kind)
    whose = "|".join(
        (answer.payer.name, answer.claim_number, answer.payer_claim_number, patient,
         *answer.member_ids[:1])
    )  # fmt: skip
    return f"{first}{whose}{last}"


def _nameless(answer: ClaimPayment, kind: str = "") -> tuple[str, str]:
    """Return the parts of a key before and after whose claim is answered."""
    first = "|".join(
        ("835", *([kind] if kind else []), answer.trace, str(answer.remitted_on), "")
    )  # fmt: skip
    last = "|".join(
        ("", str(answer.dates[0]), str(answer.charged), denial_advice.codes(answer),
         *([part_key(answer)] if answer.facts.is_part else []))
    )  # fmt: skip
    return first, last


def part_key(answer: ClaimPayment) -> str:
    """Return which part of a split claim is answered; the same part answered again has the same
    key. Parts differ by their lines, also by day and modifiers, as a payer splits by days."""
    services = ",".join(
        f"{line.procedure} {abs(line.charged)}{OF_LINE}"
        f"{' '.join((str(line.day or answer.dates[0] or ''), *line.modifiers))}"
        for line in answer.lines
    )
    return "|".join((str(abs(answer.charged)), services or answer.payer_claim_number))


def dayless(part: str) -> str:
    """Return a part's key without days and modifiers, as older stores have it."""
    return _DAYS.sub("", part)


def held_part(part: str, held: Collection[str]) -> str:
    """Return which of the parts held is meant by this one: itself, or the only one that is alike
    where one of both names no day."""
    if part in held:
        return part
    plain = dayless(part)
    alike = {
        each for each in held
        if dayless(each) == plain and (_is_dayless(each) or _is_dayless(part))
    }  # fmt: skip
    return alike.pop() if len(alike) == 1 else part


def _is_dayless(part: str) -> bool:
    return all(not each[:1].isdigit() for each in part.split(OF_LINE)[1:])


def earlier_keys(answer: ClaimPayment, kind: str = "") -> tuple[str, ...]:
    """Return the keys as older stores made them: before they said in which answer a request stands,
    and before they had the patient's middle name."""
    ours = key(answer, kind)
    without_days = dayless(ours) if answer.facts.is_part else ours
    before_days = (without_days,) if without_days != ours else ()
    return (*before_days, earlier_key(answer, kind), *_without_middle(answer, kind))


def _without_middle(answer: ClaimPayment, kind: str) -> tuple[str, ...]:
    return (_key(answer, kind, answer.patient.name),) if answer.patient.more else ()


def earlier_key(answer: ClaimPayment, kind: str = "") -> str:
    """Return the key as older stores made it, before it said in which answer a request stands."""
    whose = answer.claim_number or answer.patient.name
    claim = answer.payer_claim_number or f"{answer.dates[0]} {answer.charged}"
    return "|".join(("835", *([kind] if kind else []), whose, claim, denial_advice.codes(answer)))


def _of_kind(request: Request, answer: ClaimPayment, kind: str) -> Request:
    """Key a request by the kind of answer that makes it, since a claim may be asked about in each
    way."""
    return replace(
        request,
        key=key(answer, kind),
        earlier_keys=earlier_keys(answer, kind),
        nameless=_nameless(answer, kind),
    )


def _request(answer: ClaimPayment, outcome: Outcome, options: TaskOptions) -> Request | None:
    """Return what the answer asks, or what it adds to the history of an open task; None for good
    news."""
    if outcome is Outcome.DENIED:
        about = payer_decision_rules.left_to_answer(answer)
        advice = denial_advice.find(about)
        request = _about(about, advice, advice.title, _denied(about, answer, advice))
        return replace(
            request,
            key=key(answer),
            earlier_keys=earlier_keys(answer),
            nameless=_nameless(answer),
            amount=payer_decision_rules.open_amount(answer),
        )
    if outcome is Outcome.REVERSED:
        return replace(_reversal(answer), is_history=not options.reversals)
    if outcome is Outcome.PAID:
        denied = payer_decision_rules.denied_lines(answer)
        if options.line_denials and denied:
            return _lines(answer, denied)
        is_open = payer_decision_rules.is_denied_in_part(answer)
        return _partial(answer) if options.partial_denials and (denied or is_open) else None
    return None if outcome is Outcome.NOTHING_DUE else _told(answer, outcome)


def _denied(about: ClaimPayment, answer: ClaimPayment, advice: denial_advice.Advice) -> str:
    """Return the instructions about what is left to answer, with what else the answer says of the
    open amount."""
    said = denial_advice.instructions(about, advice)
    capitated = payer_decision_rules.capitated(answer)
    if capitated and about is not answer:
        said += (
            f" {capitated:,.2f} US dollars of the charge are covered by the capitation agreement "
            "(CO-24)."
        )
    in_review = payer_decision_rules.in_review(answer)
    if in_review and about is not answer:
        said += (
            f" {in_review:,.2f} US dollars of the charge are still in review: the payer decides on "
            "them later (CARC 133)."
        )
    if answer.charged == 0:
        said += " Nothing was charged, so no money is open."
    if answer.status in payer_decision_rules.FORWARDED:
        said += (
            " The claim was also passed on to another payer: wait for that answer before it is "
            "billed there."
        )
    return said


def _told(answer: ClaimPayment, outcome: Outcome) -> Request:
    """Return the line that an answer which pays nothing and asks nothing adds to the claim's open
    task."""
    advice = denial_advice.find(answer)
    said = f"{_who(answer)} answered the claim{_when(answer)} without a payment: {TOLD[outcome]}."
    request = replace(_about(answer, advice, advice.title, said), is_history=True)
    kind = f"835|{outcome.name.lower()}|"
    return replace(
        request,
        key=request.key.replace("835|", kind, 1),
        nameless=_nameless(answer, outcome.name.lower()),
        earlier_keys=tuple(each.replace("835|", kind, 1) for each in _without_middle(answer, "")),
    )


def _about(
    answer: ClaimPayment,
    advice: denial_advice.Advice,
    title: str,
    said: str,
    amount: Decimal | None = None,
) -> Request:
    return Request(
        key=key(answer),
        type=advice.type,
        title=title,
        instructions=said,
        source="835",
        segment_number=answer.segment_number,
        codes=denial_advice.codes(answer),
        amount=answer.charged if amount is None else amount,
        claim_amount=answer.charged,
        claim_number=answer.claim_number,
        payer_claim_number=answer.payer_claim_number,
        patient_name=answer.patient.name,
        payer_name=answer.payer.name,
        payer_code=answer.payer.code,
        provider_name=answer.provider.name,
        date_of_service=answer.dates[0],
        asked_on=answer.remitted_on,
        asked_in="remittance",
        document_label=advice.label,
        history=said,
        facts=answer.facts,
        earlier_keys=earlier_keys(answer),
        nameless=_nameless(answer),
        trace=answer.trace,
        part=part_key(answer) if answer.facts.is_part else "",
    )


def _lines(answer: ClaimPayment, denied: list[Line]) -> Request:
    """Return a request about the unpaid service lines of a paid claim."""
    reasons = {
        (each.group, each.code): each
        for line in denied
        for each in line.reasons
        if not each.is_expected
    }
    about = replace(answer, reasons=tuple(reasons.values()))
    advice = denial_advice.find(about)
    named = ", ".join(line.procedure for line in denied[:MAX_LINES] if line.procedure)
    several = f"{len(denied)} service line{'' if len(denied) == 1 else 's'}"
    first = (
        f"{_who(answer)} paid {answer.paid_on_claim:,.2f} US dollars for the claim"
        f"{_when(answer)}, but nothing for {several} ({named}),{_why(about, advice)}"
        f"{unexplained(payer_decision_rules.facts(answer).unexplained)}"
    )
    amount = payer_decision_rules.at_stake(answer)
    request = _about(
        about, advice, f"Lines denied: {_lower(advice.title)}", f"{first} {advice.advice}", amount
    )
    return _of_kind(request, about, "lines")


def _partial(answer: ClaimPayment) -> Request:
    """Return a request about a claim that was paid less, for a reason that somebody may answer."""
    advice = denial_advice.find(answer)
    asked = answer.asked
    silent = payer_decision_rules.facts(answer).unexplained
    taken = min(sum((each.amount for each in asked), Decimal("0.00")), answer.charged)
    amount = min(taken + silent, answer.charged)
    took = f" and took off {taken:,.2f}{_why(answer, advice)}" if asked else "."
    first = (
        f"{_who(answer)} paid {answer.paid_on_claim:,.2f} of {answer.charged:,.2f} US dollars for "
        f"the claim{_when(answer)}{took}{unexplained(silent)}"
    )
    request = _about(
        answer,
        advice,
        f"Denied in part: {_lower(advice.title)}",
        f"{first} {advice.advice}",
        amount,
    )
    return _of_kind(request, answer, "part")


def _why(about: ClaimPayment, advice: denial_advice.Advice) -> str:
    """Return the end of a sentence about unpaid dollars: with which codes, and what they say."""
    codes = [*map(str, about.asked), *about.remarks][: denial_advice.MAX_CODES]
    if not codes:
        return " and gave no reason code."
    return f" with {', '.join(codes)}: it says that {advice.answer}."


def _reversal(answer: ClaimPayment) -> Request:
    advice = denial_advice.Advice(TaskType.CHARGE, "Payment reversed", "", "")
    said = (
        f"{_who(answer)} reversed its earlier answer to the claim{_when(answer)} "
        f"({abs(answer.paid_on_claim):,.2f} US dollars). See whether a corrected answer came with "
        "it; if none did, ask the payer why, and note it for the biller."
    )
    request = _about(answer, advice, advice.title, said, abs(answer.charged))
    before = _reversed(answer)
    request = replace(
        request,
        claim_amount=abs(answer.charged),
        takes_back=denial_advice.codes(before),
        taken_back=payer_decision_rules.open_amount(before),
    )
    return _of_kind(request, answer, "reversal")


def _reversed(answer: ClaimPayment) -> ClaimPayment:
    """Return the answer that a reversal takes back: a reversal negates every amount."""
    if answer.charged >= 0:
        return answer
    return replace(
        answer,
        charged=-answer.charged,
        paid=-answer.paid,
        interest=-answer.interest,
        adjusted=-answer.adjusted,
        reasons=tuple(replace(each, amount=-each.amount) for each in answer.reasons),
    )


def _news(answer: ClaimPayment) -> PayerUpdate:
    said = payer_decision_rules.facts(answer)
    asked = said.asked
    return PayerUpdate(
        key=key(answer, f"paid|{answer.status}|{answer.paid}"),
        earlier_keys=(
            "|".join(
                ("835", "paid", answer.claim_number, answer.payer_claim_number, answer.status,
                 str(answer.paid), str(answer.remitted_on))
            ),
            *_without_middle(answer, f"paid|{answer.status}|{answer.paid}"),
        ),
        nameless=_nameless(answer, f"paid|{answer.status}|{answer.paid}"),
        payer_claim_number=answer.payer_claim_number,
        facts=answer.facts,
        claim_number=answer.claim_number,
        amount=answer.charged,
        sentence=paid_sentence(answer.payer.name, answer.paid_on_claim, answer.remitted_on)
        + left_open(asked, answer.charged - answer.paid_on_claim)
        + unexplained(said.unexplained),
        segment_number=answer.segment_number,
        is_payment=True,
        told_on=answer.remitted_on,
        paid=answer.paid_on_claim,
        left_codes=frozenset(map(str, asked)),
    )  # fmt: skip


def paid_sentence(payer: str, paid: Decimal, day: date | None) -> str:
    """Return what is said of a claim that was paid (US dollars), or for which nothing was due."""
    done = f"paid {paid:,.2f} US dollars for" if paid > 0 else "processed"
    nothing = "" if paid > 0 else " and paid nothing"
    return f"{payer or 'The payer'} {done} this claim{_on(day)}{nothing}."


def took_back_sentence(payer: str, day: date | None) -> str:
    """Return what is said of a denial that its payer reversed."""
    return f"{payer or 'The payer'} took this denial back{_on(day)}."


def left_open(asked: Collection[Adjustment], unpaid: Decimal) -> str:
    """Return a sentence, after a space, about what a payment leaves open of the unpaid US dollars;
    empty if that is nothing."""
    left = min(sum((each.amount for each in asked), Decimal("0.00")), unpaid)
    if left <= 0:
        return ""
    codes = ", ".join(map(str, list(asked)[: denial_advice.MAX_CODES]))
    return f" Still not paid: {left:,.2f} US dollars, with {codes}."


def unexplained(amount: Decimal) -> str:
    """Return a sentence, after a space, about US dollars that a payment neither pays nor adjusts;
    empty if there are none."""
    if amount <= 0:
        return ""
    return f" Neither paid nor adjusted: {amount:,.2f} US dollars; ask the payer about them."


def _who(answer: ClaimPayment) -> str:
    return answer.payer.name or "The payer"


def _when(answer: ClaimPayment) -> str:
    return _on(answer.remitted_on)


def _on(day: date | None) -> str:
    return f" on {day:%m/%d/%Y}" if day else ""


def _lower(title: str) -> str:
    return f"{title[:1].lower()}{title[1:]}"
