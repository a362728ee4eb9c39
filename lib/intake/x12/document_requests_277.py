"""Requests for documents (277 RFAI, 006020X313 and 005010X213): one request a claim. Pure.

STC01 asks: category R…, then a LOINC code if the composite's list is LOI. Any other category says
how the claim stands and is read as an acknowledgment's. The payer's own control number stands in
TRN02, ours in REF*EJ (or in a TRN that returns ours), the due date in DTP*106; of several due dates
the first counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from lib.intake import loinc
from lib.intake.records import PayerUpdate, Request
from lib.intake.x12 import acknowledgments_277ca, status_codes
from lib.intake.x12.hl_levels_277 import DUE, PATIENT, PAYER_NUMBER, Line, StatusLevel, units
from lib.intake.x12.segment_reader import Transaction, Unreadable
from lib.intake.x12.status_codes import ClaimStatus, Code, StatusSeen
from lib.intake.x12.unreadable_claims import RejectedLoop
from lib.models import TaskType

SOURCE_NAME = "277RFAI"
LOINC = "LOI"
ASKS = "R"  # how a category in STC01 begins that asks for something
OLD_DUE = " The day it names as due (DTP*106) is long past, so ask the payer until when."
A_YEAR = timedelta(days=366)
BAD_DUE = " The day it names as due (DTP*106) cannot be read, so ask the payer until when."


def parse(
    transaction: Transaction,
) -> Iterator[Request | PayerUpdate | StatusSeen | RejectedLoop]:
    """Yield what one 277 requests, in the order of the file; a request without a claim stops no
    other."""
    for unit in units(transaction):
        if unit.level != PATIENT:
            continue
        if not acknowledgments_277ca.has_status(unit):
            claim = unit.numbers.get("EJ", "") or unit.trace
            yield acknowledgments_277ca.without_status(replace(unit, trace=claim))
            continue
        if not any(_asks(each) for each in _statuses(unit)):
            yield from _told(unit)
            continue
        try:
            yield _request(unit)
        except Unreadable as problem:
            yield RejectedLoop("request", unit.number, unit.last, problem)


def _statuses(unit: StatusLevel) -> list[ClaimStatus]:
    return [*unit.statuses, *(each for line in unit.lines for each in line.statuses)]


def _asks(status: ClaimStatus) -> bool:
    """Return True if a status asks for something: by its category, or, where it has none, by a code
    for a document."""
    if status.category:
        return status.category.startswith(ASKS)
    return any(_is_loinc(code) for code in status.codes) or not status.codes


def _told(unit: StatusLevel) -> Iterator[Request | PayerUpdate | StatusSeen]:
    """Yield what a claim is told that asks for nothing, for the open task of its request."""
    claim = unit.numbers.get("EJ", "") or unit.trace
    for said in acknowledgments_277ca.of_claim(replace(unit, trace=claim)):
        if isinstance(said, Request):
            about = f"{SOURCE_NAME}|{claim}|" if said.is_history else ""
            yield replace(said, source=SOURCE_NAME, same=about)
        else:
            yield said


def _request(unit: StatusLevel) -> Request:
    claim = unit.numbers.get("EJ", "") or (unit.trace if unit.is_own_trace else "")
    payers = unit.numbers.get(PAYER_NUMBER, "")
    request = payers if unit.is_own_trace else unit.trace
    if not claim and not unit.trace:
        raise Unreadable(unit.number, "the request does not say which claim it is about")
    statuses = [each for each in _statuses(unit) if _asks(each)]
    whole = [code for status in unit.statuses if _asks(status) for code in status.codes]
    parts = [(line, codes) for line in unit.lines if (codes := _codes(line))]
    wanted = [*whole, *(code for _, codes in parts for code in codes)]
    loincs = list(dict.fromkeys(code.status for code in wanted if _is_loinc(code)))
    labels = list(dict.fromkeys(loinc.label(code) for code in loincs)) or [loinc.OTHER]
    payer = unit.payer.name or "The payer"
    said_on = unit.said_on
    when = f" on {said_on:%m/%d/%Y}" if said_on else ""
    due = unit.periods.get(DUE)
    due_on = (due[1] or due[0]) if due else None
    is_old = due_on is not None and said_on is not None and due_on < said_on - A_YEAR
    due_on = None if is_old else due_on
    until = f" by {due_on:%m/%d/%Y}" if due_on else ""
    asked = [_wanted(whole, "the claim")] if whole else []
    asked += [_wanted(codes, _line(line)) for line, codes in parts]
    period = unit.periods.get("472") or next((each.dates for each, _ in parts if each.dates), None)
    same = "|".join((SOURCE_NAME, claim or unit.trace, _all(whole, parts), ""))
    what = (
        f"{when} for documents{until}: "
        f"{'; '.join(asked)}.{status_codes.added(statuses, unit.payer.name)}"
    )
    doubt = BAD_DUE if unit.has_bad_due else OLD_DUE if is_old else ""
    number = f"The payer's number for this request is {request or '(none)'}"
    return Request(
        key="|".join(
            (f"{same}{unit.trace}", unit.payer.name, unit.patient.name, unit.patient.code,
             str(unit.dates[0]), str(said_on))
        ),
        earlier_keys=(f"{same}{unit.trace}",),
        nameless=(
            f"{SOURCE_NAME}|", f"|{_all(whole, parts)}|{unit.trace}|",
            f"|{unit.dates[0]}|{said_on}",
        ),
        facts=unit.facts(claim=claim, payers=payers or ("" if claim else unit.trace)),
        type=TaskType.DOCUMENTS,
        title=_title(labels),
        instructions=f"{payer} asks{what} Attach what is asked for. {number}: the answer must "
        f"name it.{doubt}",
        source=SOURCE_NAME,
        segment_number=unit.number,
        codes=", ".join(dict.fromkeys([*loincs, *(str(c) for c in wanted if not _is_loinc(c))])),
        amount=next((each.amount for each in unit.statuses if each.amount is not None), None)
        or unit.amounts.get("T3"),
        claim_number=claim,
        payer_claim_number=payers or ("" if claim else unit.trace),
        patient_name=unit.patient.name,
        payer_name=unit.payer.name,
        payer_code=unit.payer.code,
        provider_name=unit.provider.name,
        date_of_service=period[0] if period else None,
        asked_on=said_on,
        due_on=due_on,
        due_rule="named by the payer" if due_on else "",
        document_label=labels[0],
        same=same,
        history=f"{payer} asks again{what} {number}.",
        sent=unit.sent,
    )  # fmt: skip


def _codes(line: Line) -> list[Code]:
    return [code for status in line.statuses if _asks(status) for code in status.codes]


def _is_loinc(code: Code) -> bool:
    return code.code_list == LOINC or (not code.code_list and loinc.is_code(code.status))


def _title(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - 1} more" if len(labels) > 1 else ""
    return f"Documents requested: {labels[0][:1].lower()}{labels[0][1:]}{more}"


def _wanted(codes: Sequence[Code], what: str) -> str:
    """Return words such as "office notes (11506-3) for the claim"."""
    said = [
        f"{loinc.label(code.status).lower()} ({code.status})" if _is_loinc(code) else str(code)
        for code in codes
    ]
    return f"{', '.join(dict.fromkeys(said))} for {what}"


def _line(line: Line) -> str:
    number = f" {line.control}" if line.control else ""
    procedure = f" {line.procedure}" if line.procedure else ""
    when = f" of {line.dates[0]:%m/%d/%Y}" if line.dates else ""
    return f"service line{number}{procedure}{when}"


def _all(whole: Sequence[Code], parts: Sequence[tuple[Line, list[Code]]]) -> str:
    said = [str(code) for code in whole]
    said += [f"{line.control or line.procedure}={code}" for line, codes in parts for code in codes]
    return ",".join(said)
