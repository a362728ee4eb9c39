"""The answers of a remittance: what they ask of the practice, and what they tell it. Pure.

A denied claim always makes a request. Which of the others make a task is the choice of each
practice; what makes none is history of a task that is open. The contractual difference (CARC 45)
and what the patient owes (PR 1, 2, 3) never make one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from lib.intake import denial_advice
from lib.intake.records import PayerUpdate, Request
from lib.intake.x12.remittances_835 import DENIED, PAID, REVERSAL, ClaimPayment, Recoupment
from lib.models import TaskOptions, TaskType

MAX_LINES = 6  # named in the instructions


NONE = TaskOptions()


def read(
    answers: Iterable[ClaimPayment], takebacks: Iterable[Recoupment], options: TaskOptions = NONE
) -> tuple[list[Request], list[PayerUpdate]]:
    """What the answers ask by the options of the practice, and what they tell."""
    requests: list[Request] = []
    news: list[PayerUpdate] = []
    for answer in answers:
        request = _request(answer, options)
        if request:
            requests.append(request)
        elif answer.status in PAID:
            news.append(_news(answer))
    if options.takebacks:
        requests += [_takeback(each) for each in takebacks]
    return requests, news


def key(answer: ClaimPayment) -> str:
    """What is asked of which claim: the same key is the same request, whatever the envelope."""
    whose = answer.claim_number or answer.patient.name
    claim = answer.payer_claim_number or f"{answer.dates[0]} {answer.charged}"
    return "|".join(("835", whose, claim, denial_advice.codes(answer)))


def _request(answer: ClaimPayment, options: TaskOptions) -> Request | None:
    if answer.status == DENIED:
        advice = denial_advice.find(answer)
        return _about(answer, advice, advice.title, denial_advice.instructions(answer, advice))
    if answer.status == REVERSAL:
        return replace(_reversal(answer), is_history=not options.reversals)
    if answer.status in PAID:
        denied = [line for line in answer.lines if line.is_denied]
        if options.line_denials and denied:
            return _lines(answer)
        asked = [reason for reason in answer.reasons if not reason.is_expected]
        if options.partial_denials and (denied or any(reason.amount > 0 for reason in asked)):
            return _partial(answer)
        if asked and answer.paid <= 0:
            return _unpaid(answer)
    return None


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
    )


def _lines(answer: ClaimPayment) -> Request:
    """Service lines of a paid claim for which nothing was paid."""
    denied = [line for line in answer.lines if line.is_denied]
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
        f"{_who(answer)} paid {answer.paid:,.2f} US dollars for the claim{_when(answer)}, but "
        f"nothing for {several} ({named}), with {denial_advice.codes(about)}: "
        f"it says that {advice.answer}."
    )
    amount = sum((line.charged for line in denied), Decimal("0.00"))
    request = _about(
        about, advice, f"Lines denied: {_lower(advice.title)}", f"{first} {advice.advice}", amount
    )
    return replace(request, key=request.key.replace("835|", "835|lines|", 1))


def _partial(answer: ClaimPayment) -> Request:
    """A claim that was paid less for a reason that somebody may answer."""
    advice = denial_advice.find(answer)
    asked = [reason for reason in answer.reasons if not reason.is_expected]
    amount = min(sum((each.amount for each in asked), Decimal("0.00")), answer.charged)
    first = (
        f"{_who(answer)} paid {answer.paid:,.2f} of {answer.charged:,.2f} US dollars for the "
        f"claim{_when(answer)} and took off {amount:,.2f} with "
        f"{', '.join(map(str, asked[: denial_advice.MAX_CODES]))}: it says that {advice.answer}."
    )
    request = _about(
        answer,
        advice,
        f"Denied in part: {_lower(advice.title)}",
        f"{first} {advice.advice}",
        amount,
    )
    return replace(request, key=request.key.replace("835|", "835|part|", 1))


def _unpaid(answer: ClaimPayment) -> Request:
    """A claim that was processed and not paid: an open task is told, nothing is proposed."""
    advice = denial_advice.find(answer)
    asked = [str(reason) for reason in answer.reasons if not reason.is_expected]
    said = (
        f"{_who(answer)} processed the claim{_when(answer)} and paid nothing, with "
        f"{', '.join(asked[: denial_advice.MAX_CODES])}: it says that {advice.answer}."
    )
    request = replace(_about(answer, advice, advice.title, said), is_history=True)
    return replace(request, key=request.key.replace("835|", "835|unpaid|", 1))


def _reversal(answer: ClaimPayment) -> Request:
    advice = denial_advice.Advice(TaskType.CHARGE, "Payment reversed", "", "")
    said = (
        f"{_who(answer)} took back its earlier answer to the claim{_when(answer)} "
        f"({abs(answer.paid):,.2f} US dollars). See whether a corrected answer came with it; if "
        "none did, ask the payer why, and note it for the biller."
    )
    request = _about(answer, advice, advice.title, said, abs(answer.charged))
    request = replace(request, claim_amount=abs(answer.charged))
    return replace(request, key=request.key.replace("835|", "835|reversal|", 1))


def _takeback(takeback: Recoupment) -> Request:
    payer, when = takeback.payer.name or "The payer", ""
    if takeback.remitted_on:
        when = f" of {takeback.remitted_on:%m/%d/%Y}"
    about = f" about {takeback.reference}" if takeback.reference else ""
    return Request(
        key="|".join(
            ("835", "takeback", payer, takeback.trace, takeback.reason, takeback.reference,
             str(takeback.amount))
        ),
        type=TaskType.CHARGE,
        title="Money taken back by the payer",
        instructions=f"{payer} kept {takeback.amount:,.2f} US dollars of its payment{when} "
        f"(trace number {takeback.trace or 'none'}) with {takeback.reason}{about}. Find the letter "
        "that announced it and the claim it is about. If it is not owed, note for the biller what "
        "an appeal can rest on.",
        source="835",
        segment_number=takeback.segment_number,
        codes=takeback.reason,
        amount=takeback.amount,
        payer_name=takeback.payer.name,
        payer_code=takeback.payer.code,
        provider_name=takeback.provider.name,
        asked_on=takeback.remitted_on,
        asked_in="remittance",
    )  # fmt: skip


def _news(answer: ClaimPayment) -> PayerUpdate:
    paid = f"paid {answer.paid:,.2f} US dollars for" if answer.paid > 0 else "processed"
    nothing = "" if answer.paid > 0 else " and paid nothing"
    return PayerUpdate(
        key="|".join(
            ("835", "paid", answer.claim_number, answer.payer_claim_number, answer.status,
             str(answer.paid), str(answer.remitted_on))
        ),
        claim_number=answer.claim_number,
        amount=answer.charged,
        sentence=f"{_who(answer)} {paid} this claim{_when(answer)}{nothing}.",
        segment_number=answer.segment_number,
        is_payment=True,
    )  # fmt: skip


def _who(answer: ClaimPayment) -> str:
    return answer.payer.name or "The payer"


def _when(answer: ClaimPayment) -> str:
    return f" on {answer.remitted_on:%m/%d/%Y}" if answer.remitted_on else ""


def _lower(title: str) -> str:
    return f"{title[:1].lower()}{title[1:]}"
