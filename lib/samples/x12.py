"""Write claims as 837P (005010X222A1) and payers' answers as 835 (005010X221A1). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby

from lib.samples.claim_scenario import Line, SampleClaim
from lib.samples.value_lists import SamplePayer, SamplePractice, SampleProvider

CLEARINGHOUSE = "SAMPLEHOUSE"
ALLOWED = Decimal("0.72")  # of what is charged, if a claim is paid


def claims_file(
    practice: SamplePractice,
    billing: SampleProvider,
    claims: Sequence[SampleClaim],
    *,
    day: date,
    control: int,
) -> bytes:
    """Return one interchange with one 837P; `control` numbers the interchange."""
    body = list(_claims(practice, billing, claims, day, control))
    sets = [_set("837", "005010X222A1", control, 1, body)]
    return _interchange("HC", "005010X222A1", billing.npi, CLEARINGHOUSE, sets, day, control)


def remittance_file(
    practice: SamplePractice,
    billing: SampleProvider,
    claims: Sequence[SampleClaim],
    *,
    day: date,
    control: int,
) -> bytes:
    """Return one interchange with one 835 a payer."""
    answers = sorted(claims, key=lambda claim: (claim.patient.payer.code, claim.number))
    sets = [
        _set("835", "", control, place, list(_answers(practice, billing, payer, list(own), day)))
        for place, (payer, own) in enumerate(
            groupby(answers, key=lambda claim: claim.patient.payer), 1
        )
    ]
    return _interchange("HP", "005010X221A1", CLEARINGHOUSE, billing.npi, sets, day, control)


def _claims(
    practice: SamplePractice,
    billing: SampleProvider,
    claims: Sequence[SampleClaim],
    day: date,
    control: int,
) -> Iterator[str]:
    yield f"BHT*0019*00*{control:09}*{day:%Y%m%d}*0600*CH"
    yield f"NM1*41*2*{practice.name}*****46*{billing.npi}"
    yield f"PER*IC*Billing office*TE*{practice.phone}"
    yield f"NM1*40*2*Sample clearinghouse*****46*{CLEARINGHOUSE}"
    yield "HL*1**20*1"
    yield f"NM1*85*2*{practice.name}*****XX*{billing.npi}"
    yield f"N3*{practice.street}"
    yield f"N4*{practice.city}*{practice.state}*{practice.zip}"
    yield f"REF*EI*{practice.tax_id}"
    for place, claim in enumerate(claims, 2):
        yield f"HL*{place}*1*22*0"
        yield from _subscriber(claim)
        yield from _claim(practice, claim)


def _subscriber(claim: SampleClaim) -> Iterator[str]:
    who = claim.patient
    yield f"SBR*P*18*******{who.payer.filing_indicator}"
    yield f"NM1*IL*1*{who.last}*{who.first}****MI*{who.member_id}"
    yield f"N3*{who.street}"
    yield f"N4*{who.town.city}*{who.town.state}*{who.town.zip}"
    yield f"DMG*D8*{who.birth_date:%Y%m%d}*{who.sex}"
    yield f"NM1*PR*2*{who.payer.name}*****PI*{who.payer.code}"


def _claim(practice: SamplePractice, claim: SampleClaim) -> Iterator[str]:
    place = f"{claim.place_of_service}:B:1"
    yield f"CLM*{claim.number}*{_money(claim.total)}***{place}*Y*A*Y*Y"
    if claim.authorization:
        yield f"REF*G1*{claim.authorization}"
    kinds = ["ABK", *["ABF"] * (len(claim.diagnoses) - 1)]
    codes = zip(kinds, claim.diagnoses, strict=True)
    yield "HI*" + "*".join(f"{kind}:{code}" for kind, code in codes)
    if claim.referring:
        yield _person("DN", claim.referring)
    yield _person("82", claim.rendering)
    yield f"PRV*PE*PXC*{claim.rendering.taxonomy}"
    yield f"NM1*77*2*{practice.name}, {practice.city}"
    yield f"N3*{practice.street}"
    yield f"N4*{practice.city}*{practice.state}*{practice.zip}"
    if claim.supervising:
        yield _person("DQ", claim.supervising)
    for place_of_line, line in enumerate(claim.lines, 1):
        pointers = ":".join(str(pointer) for pointer in line.pointers)
        yield f"LX*{place_of_line}"
        yield f"SV1*{_code(line)}*{_money(line.total)}*UN*{line.units}***{pointers}"
        yield f"DTP*472*D8*{claim.day:%Y%m%d}"


def _answers(
    practice: SamplePractice,
    billing: SampleProvider,
    payer: SamplePayer,
    claims: Sequence[SampleClaim],
    day: date,
) -> Iterator[str]:
    paid = sum((_paid(claim, line) for claim in claims for line in claim.lines), Decimal(0))
    account = "*01*000000000*DA*0000000"
    how = f"ACH*CCP{account}*1{practice.tax_id}*{account}" if paid else "NON" + "*" * 11
    yield f"BPR*{'I' if paid else 'H'}*{_money(paid)}*C*{how}*{day:%Y%m%d}"
    yield f"TRN*1*{payer.code}{day:%Y%m%d}*1{practice.tax_id}"
    yield f"DTM*405*{day:%Y%m%d}"
    yield f"N1*PR*{payer.name}*XV*{payer.code}"
    yield "N3*PO Box 100"
    yield "N4*Anytown*WI*53999"
    yield "PER*BL*Provider services*TE*8005550100"
    yield f"N1*PE*{practice.name}*XX*{billing.npi}"
    yield "LX*1"
    for claim in claims:
        yield from _answer(claim)


def _answer(claim: SampleClaim) -> Iterator[str]:
    paid = sum((_paid(claim, line) for line in claim.lines), Decimal(0))
    owed = _owed(claim, claim.lines[0])
    status = "4" if claim.denial else "1"
    yield (
        f"CLP*{claim.number}*{status}*{_money(claim.total)}*{_money(paid)}*"
        f"{_money(owed) if owed else ''}*12*{claim.payer_number}*{claim.place_of_service}*1"
    )
    who = claim.patient
    yield f"NM1*QC*1*{who.last}*{who.first}****MI*{who.member_id}"
    yield _person("82", claim.rendering)
    yield f"DTM*232*{claim.day:%Y%m%d}"
    yield f"DTM*233*{claim.day:%Y%m%d}"
    for line in claim.lines:
        yield f"SVC*{_code(line)}*{_money(line.total)}*{_money(_paid(claim, line))}**{line.units}"
        yield f"DTM*472*{claim.day:%Y%m%d}"
        denial = claim.denial
        if denial:
            yield f"CAS*{denial.group}*{denial.reason}*{_money(line.total)}"
            if denial.remark:
                yield f"LQ*HE*{denial.remark}"
            continue
        yield f"CAS*CO*45*{_money(line.total - _allowed(line))}"
        if _owed(claim, line):
            yield f"CAS*PR*3*{_money(_owed(claim, line))}"


def _allowed(line: Line) -> Decimal:
    return (line.total * ALLOWED).quantize(Decimal("0.01"))


def _owed(claim: SampleClaim, line: Line) -> Decimal:
    """Return what the patient owes: all on the first line, never more than is allowed there."""
    if claim.denial or line is not claim.lines[0]:
        return Decimal(0)
    return min(claim.patient_share, _allowed(line))


def _paid(claim: SampleClaim, line: Line) -> Decimal:
    return Decimal(0) if claim.denial else _allowed(line) - _owed(claim, line)


def _code(line: Line) -> str:
    return ":".join(("HC", line.fee.code, *line.modifiers))


def _person(role: str, who: SampleProvider) -> str:
    return f"NM1*{role}*1*{who.last}*{who.first}*{who.middle}***XX*{who.npi}"


def _money(amount: Decimal) -> str:
    """Return an amount as X12 writes it, without trailing zeros."""
    text = f"{amount:.2f}"
    return text.rstrip("0").rstrip(".")


def _set(kind: str, version: str, control: int, place: int, body: list[str]) -> list[str]:
    number = f"{control % 100_000:05}{place:04}"
    opening = f"ST*{kind}*{number}*{version}" if version else f"ST*{kind}*{number}"
    return [opening, *body, f"SE*{len(body) + 2}*{number}"]


def _interchange(
    group: str,
    version: str,
    sender: str,
    receiver: str,
    sets: Sequence[Sequence[str]],
    day: date,
    control: int,
) -> bytes:
    segments = [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:15}*ZZ*{receiver:15}*{day:%y%m%d}*0600*^*00501*"
        f"{control:09}*0*T*:",
        f"GS*{group}*{sender}*{receiver}*{day:%Y%m%d}*0600*{control}*X*{version}",
        *(segment for each in sets for segment in each),
        f"GE*{len(sets)}*{control}",
        f"IEA*1*{control:09}",
    ]
    return "".join(f"{segment}~\n" for segment in segments).encode("ascii")
