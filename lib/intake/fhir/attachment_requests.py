"""Payers' requests for attachments: FHIR R4 Tasks by the Da Vinci CDex profile. Pure.

Source: http://hl7.org/fhir/us/davinci-cdex/StructureDefinition/cdex-task-attachment-request, 2.1.0
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from lib.errors import RefusedFile
from lib.intake import loinc
from lib.intake.fhir import other_resources, parties, referenced_claims, resources
from lib.intake.fhir.parties import Patient
from lib.intake.fhir.referenced_claims import NO_DAYS, Days, ReferencedClaim
from lib.intake.fhir.resources import Found, Resource, at, codes, items, text
from lib.intake.matching.claim_facts import ClaimFacts, stated
from lib.intake.matching.spelling_comparison import fold
from lib.intake.records import OF, Request, Sent, Withdrawal
from lib.models import TaskType

FORMAT = "FHIR"
MAX_TEXT = 100_000  # letters kept of a rejected Task
MAX_NAMED = 40  # documents, or lines, named in the instructions
LOINC = "http://loinc.org"
CLAIM = "claim"
NOT_OF_A_CLAIM = "it does not say that it is about a claim, so no billing task was made"
PRIOR_AUTHORIZATION = {"preauthorization", "prior-authorization"}
OVER = {  # states in which nobody waits for an answer -> our words for them
    "draft": "it is a draft that was not sent yet",
    "completed": "it is completed already",
    "cancelled": "the payer has cancelled it",
    "rejected": "it was rejected",
    "failed": "it has failed",
    "entered-in-error": "it was sent by mistake",
}
WITHDRAWN = {  # states that are told to an open task -> our words for them
    "completed": "The request of {payer} was completed{when}.",
    "cancelled": "{payer} has withdrawn this request{when}.",
    "rejected": "The request of {payer} was rejected{when}.",
    "failed": "The request of {payer} has failed{when}.",
    "entered-in-error": "{payer} says that this request was sent by mistake{when}.",
}
BY_PAYER = {"cancelled", "entered-in-error"}  # the others either side may set


@dataclass(frozen=True, slots=True)
class Recorded:
    """A resource that makes no task, and why; `is_bad` if it should have made one."""

    number: int  # of the resource in the file, counted from 1
    identifiers: str
    sentence: str
    is_bad: bool = False
    text: str | None = None  # the resource itself, if it is bad
    withdrawal: Withdrawal | None = None  # for the open task that an earlier state of it made


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing a Task asks for."""

    code: str  # LOINC, or the address of a questionnaire
    words: str
    lines: tuple[int, ...]
    is_questionnaire: bool = False


def read(
    name: str, content: bytes, zone: ZoneInfo | None = None
) -> tuple[list[Request], list[Recorded]]:
    """Return what the file asks for, and its resources that make no task. `zone` is the practice's,
    which tells on what day a moment is.

    Raises RefusedFile where it is not FHIR in JSON, or holds no Task that can be read.
    """
    if resources.is_fhir_xml(content):
        raise RefusedFile(f"{name} was refused: it is FHIR in XML; ask for it in JSON.")
    found = resources.resources(name, content, zone)
    tasks = [
        each for each in found if each.problem or text(each.resource, "resourceType") == "Task"
    ]
    kinds = Counter(text(each.resource, "resourceType") for each in found)
    if all(each.problem for each in tasks):
        several = ", ".join(sorted(kind for kind in kinds if kind.isalpha())[:5]) or "nothing known"
        if tasks:
            raise RefusedFile(
                f"{name} was refused: it holds no Task that can be read. It holds {several}, and "
                f"in place {tasks[0].number}: {tasks[0].problem}."
            )
        raise RefusedFile(
            f"{name} was refused: it holds no Task, which is how a payer asks; it holds {several}."
        )
    requests: list[Request] = []
    recorded: list[Recorded] = []
    for each in tasks:
        answer = _task(each)
        if isinstance(answer, Request):
            requests.append(answer)
        else:
            recorded.append(answer)
    bad = [each for each in recorded if each.is_bad]
    if bad and len(bad) == len(tasks):
        raise RefusedFile(f"{name} was refused: {bad[0].sentence}. Nothing of it was imported.")
    recorded += [
        Recorded(
            each.number, text(each.resource, "id"), other_resources.sentence(each),
            is_bad := other_resources.is_asking(each),
            json.dumps(each.resource, indent=1)[:MAX_TEXT] if is_bad else None,
        )
        for each in other_resources.beside(found, tasks)
    ]  # fmt: skip
    return requests, recorded


def _task(found: Found) -> Request | Recorded:  # noqa: PLR0911 (a reason a line)
    if found.problem:
        return Recorded(found.number, "", found.problem, True, found.raw[:MAX_TEXT])
    task = found.resource
    tracking, system = _tracking(task)
    identifiers = f"{system}|{tracking}"

    def no_task(why: str, *, is_bad: bool = False) -> Recorded:
        text_ = json.dumps(task, indent=1)[:MAX_TEXT] if is_bad else None
        return Recorded(found.number, identifiers, why, is_bad, text_)

    reasons = {each.casefold() for each in codes(at(task, "reasonCode"))}
    state = text(task, "status").casefold().replace("canceled", "cancelled")
    if reasons & PRIOR_AUTHORIZATION:
        return no_task(
            "it is about a prior authorization, not about a claim, so no billing task was made"
        )
    if state in OVER:  # by then senders leave out what it was about
        recorded = no_task(f"{OVER[state]}, so no task was made")
        return replace(recorded, withdrawal=_withdrawal(found, tracking, system, state))
    about = referenced_claims.of_task(found)
    is_known = bool(about.numbers and _wanted(task))
    # A payer names the reason by other code systems too (CLMATTCH, HPAYMT): what is asked of
    # which claim counts more.
    if CLAIM not in reasons and not is_known and (reasons or not _is_for_documents(task)):
        if about.numbers or _wanted(task):
            return no_task(NOT_OF_A_CLAIM, is_bad=True)
        return no_task(NOT_OF_A_CLAIM)
    if not tracking:
        return no_task("it has no identifier by which the payer would know the answer", is_bad=True)
    if not about.numbers:
        return no_task("it does not say which claim it is about (reasonReference)", is_bad=True)
    if why := _contradiction(found, about):
        return no_task(why, is_bad=True)
    wanted = _wanted(task)
    if not wanted:
        return no_task("it does not say which documents are wanted (input)", is_bad=True)
    return _request(found, tracking, system, about, wanted)


def _is_for_documents(task: Resource) -> bool:
    """Return True if a Task says by its code that it asks for documents or answers."""
    return any(each.startswith("attachment-request") for each in codes(at(task, "code")))


def _withdrawal(found: Found, tracking: str, system: str, state: str) -> Withdrawal | None:
    """Return what to tell the open task: the payer polls one Task and changes its state."""
    if state not in WITHDRAWN or not tracking:
        return None
    name, code = parties.payer(found)
    about = referenced_claims.of_task(found)
    changed = found.last_day(text(found.resource, "lastModified"))
    who = name or ("The payer" if state in BY_PAYER else "the payer")
    when = f" on {changed:%m/%d/%Y}" if changed else ""
    return Withdrawal(
        thread=_thread(tracking, system),
        payer=code or name,
        claim=next(iter(about.numbers), ""),
        state=state,
        sentence=WITHDRAWN[state].format(payer=who, when=when),
        is_withdrawn=state in BY_PAYER,
        segment_number=found.number,
        payer_name=name,
        patient_name=_patient(found, about).name,
        date_of_service=_days(found, about)[0],
        sent=_sent(found.resource),
        also_key=_id_key(found.resource) if not system else "",
    )


def _sent(task: Resource) -> Sent:
    """Return which state of the Task this is: what it says, and when it was last changed."""
    said = json.dumps(task, sort_keys=True, default=str)
    changed = text(task, "lastModified") or text(task, "meta", "lastUpdated")
    return Sent(hashlib.sha256(said.encode()).hexdigest(), resources.moment(changed))


def _key(found: Found, tracking: str, system: str, claim: str) -> str:
    """Return the key without the patient and the day, as older stores have it."""
    name, code = parties.payer(found)
    return "|".join((_thread(tracking, system), code or name, claim))


def _of(patient: str, service: date | None) -> str:
    """Return the end of a key that tells patients and days of service apart, without naming
    them."""
    said = f"{' '.join(sorted(fold(patient)))}|{service}"
    return f"{OF}{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def _patient(found: Found, about: ReferencedClaim) -> Patient:
    """Return whom the Task is for, else the patient of its claim."""
    said = parties.patient(found, "for")
    return said if said.name else about.patient if about.patient.name else said


def _contradiction(found: Found, about: ReferencedClaim) -> str:
    """Return what a Task and its claim say otherwise, as the reason to leave it; empty if
    nothing."""
    if parties.patient(found, "for").contradicts(about.patient):
        return "it is for another patient (for) than its claim (reasonReference)"
    if not referenced_claims.overlap(_service(found)[1], about.days):
        return "it names another day of service (input) than its claim (reasonReference)"
    return ""


def _service(found: Found) -> tuple[str, Days]:
    """Return the days of service as the Task writes them, and as dates; none where it names no day
    (a month is none) or writes them in another way than as date, time or period."""
    holder = _input(found.resource, "service-date")
    if period := at(holder, "valuePeriod"):
        start, end = text(period, "start"), text(period, "end")
        first, last = found.whole_day(start), found.whole_day(end)
        is_range = first and (first <= last if last else not end)
        return f"{start} - {end}", (first, last) if is_range else NO_DAYS
    said = _value(holder, "valueDate", "valueDateTime")
    if day := found.whole_day(said):
        return said, (day, day)
    kinds = [each for each in holder if each.startswith("value")]
    return said or " ".join(text(holder, each) or each for each in kinds), NO_DAYS


def _days(found: Found, about: ReferencedClaim) -> Days:
    """Return the days of service that the Task names, else those of its claim."""
    said = _service(found)[1]
    return said if said[0] else about.days


def _unread(what: str, said: str, day: date | None) -> str:
    """Return which day cannot be read, and what stands there; empty if nothing does."""
    return f"{what} (“{said}”)" if said and not day else ""


def _left_empty(*parts: str) -> str:
    """Return what cannot be read, as a part of a sentence."""
    several = [each for each in parts if each]
    return " and ".join(filter(None, (", ".join(several[:-1]), *several[-1:])))


def _id_key(task: Resource) -> str:
    """Return the key of the Task's id on the payer's server; empty where it has none."""
    id_ = text(task, "id")
    return f"{FORMAT}|id|{id_}" if id_ else ""


def _thread(tracking: str, system: str) -> str:
    return "|".join((FORMAT, system, tracking))


def _request(
    found: Found, tracking: str, system: str, about: ReferencedClaim, wanted: list[Wanted]
) -> Request:
    task = found.resource
    claim, patient = about.numbers[0], _patient(found, about)
    payer_name, payer_code = _payer(found, about)
    said_due, said_asked = text(task, "restriction", "period", "end"), text(task, "authoredOn")
    said_service, named = _service(found)
    days = _days(found, about)
    due, service, asked_on = found.last_day(said_due), days[0], found.last_day(said_asked)
    key = _key(found, tracking, system, claim)
    whose = _of(patient.name, service)
    older = _of(parties.patient(found, "for").name, named[0])
    unread = (
        _unread("the day it is due", said_due, due),
        _unread("its day of service", said_service, named[0]),
    )
    left_empty = _left_empty(
        *unread,
        _unread("the day it was written", said_asked, asked_on),
    )
    instructions = _instructions(found, tracking, about, wanted, due, days, payer_name)
    if to_ask := _left_empty(*unread):
        instructions += f" Ask the payer, since {to_ask} cannot be read."
    label = next((_label(each) for each in wanted), loinc.OTHER)
    lines = sorted({line for each in wanted for line in each.lines})
    return Request(
        key=f"{key}{whose}",
        earlier_keys=(key,) if whose == older else (f"{key}{older}", key),
        left_empty=left_empty,
        type=TaskType.DOCUMENTS,
        title=_title(wanted, label, lines),
        instructions=instructions,
        source=FORMAT,
        segment_number=found.number,
        codes=", ".join(
            list(dict.fromkeys(each.code for each in wanted if not each.is_questionnaire))[
                :MAX_NAMED
            ]
        ),
        claim_number=claim,
        patient_name=patient.name,
        birth_date=patient.birth_date,
        payer_name=payer_name,
        payer_code=payer_code,
        provider_name=parties.provider(found),
        date_of_service=service,
        asked_on=asked_on,
        due_on=due,
        due_rule="named by the payer" if due else "",
        document_label=label,
        facts=_facts(found, about),
        sent=_sent(task),
        thread=_thread(tracking, system),
        nameless=(f"{_thread(tracking, system)}|", ""),
        also_keys=(_id_key(task),),
        names=tuple(each.words if not each.code else each.code for each in wanted[:MAX_NAMED]),
        remarks=about.insurance.remarks_beside(_patients_id(found, about)),
    )


def _payer(found: Found, about: ReferencedClaim) -> tuple[str, str]:
    """Return name and identifier of the payer that asks, else those of the claim's."""
    name, code = parties.payer_name(found), parties.payer(found)[1]
    if name not in {"", code}:
        return name, code
    return about.insurance.payer_name or name, code or about.insurance.payer_code


def _patients_id(found: Found, about: ReferencedClaim) -> str:
    """Return the member ID by the patient's record: that of the Task, else that of its claim."""
    return parties.member(found) or about.patient.member_id


def _facts(found: Found, about: ReferencedClaim) -> ClaimFacts:
    """Return which claim is meant. A Task does not say whether a number is ours or the payer's."""
    patient = _patient(found, about)
    name, code = _payer(found, about)
    return ClaimFacts(
        claim_numbers=about.numbers,
        payer_numbers=about.numbers,
        patient_name=patient.full_name,
        birth_date=patient.birth_date,
        member_ids=about.insurance.member_ids or stated(_patients_id(found, about)),
        dates=about.days if about.days[0] else _service(found)[1],
        charged=about.total,
        payer_name=name if name != code else "",
        payer_code=code,
        payer_role=about.insurance.role,
    )


def _tracking(task: Resource) -> tuple[str, str]:
    """Return the payer's number for this request and the system it belongs to; else the Task's
    id."""
    several = [each for each in items(task, "identifier") if text(each, "value")]
    known = [each for each in several if "tracking-id" in codes(at(each, "type"))]
    for each in known or several:
        return text(each, "value"), text(each, "system")
    return text(task, "id"), ""


def _wanted(task: Resource) -> list[Wanted]:
    found = []
    for each in items(task, "input"):
        kinds = codes(at(each, "type"))
        lines = tuple(
            line
            for extension in items(each, "extension")
            if text(extension, "url").casefold().endswith("linenumber")
            and isinstance(
                line := extension.get("valueInteger", extension.get("valuePositiveInt")), int
            )
            and not isinstance(line, bool)
            and 0 < line < 1000
        )
        if "attachments-needed" in kinds or "code" in kinds:
            concept = at(each, "valueCodeableConcept")
            coding = _coding(concept)
            code = text(coding, "code")
            words = text(concept, "text") or text(coding, "display")
            if code or words:
                found.append(Wanted(code, words, lines))
        elif kinds & {"questionnaire", "questionnaire-context"}:
            address = _value(each, "valueCanonical", "valueUri", "valueUrl")
            if address:
                found.append(Wanted(address, "", lines, is_questionnaire=True))
    return found


def _coding(concept: object) -> Resource:
    """Return the most telling coding of a concept: LOINC's, else the first."""
    several = items(concept, "coding")
    known = [each for each in several if text(each, "system") == LOINC]
    return next(iter(known or several), {})


def _label(wanted: Wanted) -> str:
    return loinc.label(wanted.code) if not wanted.is_questionnaire else loinc.OTHER


def _title(wanted: list[Wanted], label: str, lines: list[int]) -> str:
    if all(each.is_questionnaire for each in wanted):
        what = "Questionnaire of the payer to be filled in"
    elif len(wanted) > 1:
        what = f"{len(wanted)} documents requested for the claim"
    else:
        what = f"{label if label != loinc.OTHER else 'Document'} requested for the claim"
    return what if not lines else f"{what}, line {', '.join(map(str, lines[:8]))}"


def _instructions(
    found: Found,
    tracking: str,
    about: ReferencedClaim,
    wanted: list[Wanted],
    due: date | None,
    days: Days,
    payer: str,
) -> str:
    task = found.resource
    first, last = days
    of = f", service of {first:%m/%d/%Y}" if first else ""
    of += f" to {last:%m/%d/%Y}" if last and last != first else ""
    member = about.insurance.words(_patients_id(found, about))
    said = [
        f"{payer or 'The payer'} cannot decide claim {about.numbers[0]}{of} without more documents"
        + (f" ({member})." if member else ".")
    ]
    said += [_sentence(each) for each in wanted[:MAX_NAMED]]
    if len(wanted) > MAX_NAMED:
        said.append(f"The request names {len(wanted) - MAX_NAMED:,} more; the file holds them.")
    if at(task, "input") and _flag(task, "signature-flag"):
        said.append("The document must be signed.")
    if due:
        said.append(f"The payer waits for the answer until {due:%m/%d/%Y}.")
    said.append(f"Name the payer's tracking number {tracking} with what is sent.")
    return " ".join(said)


def _sentence(wanted: Wanted) -> str:
    lines = ", ".join(map(str, wanted.lines[:MAX_NAMED]))
    where = f" for line {lines}" if lines else ""
    if wanted.is_questionnaire:
        return f"Fill in the payer's questionnaire {wanted.code}{where}."
    label = _label(wanted)
    kind = f"LOINC {wanted.code}" if loinc.is_code(wanted.code) else wanted.code
    named = ", ".join(part for part in (wanted.words, kind) if part)
    if label == loinc.OTHER:
        return f"Attach what the payer names “{wanted.words or wanted.code}” ({kind}){where}."
    return f"Attach: {label.lower()} ({named}){where}."


def _input(task: Resource, kind: str) -> Resource:
    return next((each for each in items(task, "input") if kind in codes(at(each, "type"))), {})


def _value(holder: Resource, *values: str) -> str:
    return next((found for value in values if (found := text(holder, value))), "")


def _flag(task: Resource, kind: str) -> bool:
    return any(
        kind in codes(at(each, "type")) and each.get("valueBoolean") is True
        for each in items(task, "input")
    )
