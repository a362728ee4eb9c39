"""Small X12 texts of our own: invented people, NPIs that pass their check digit."""

from __future__ import annotations

from collections.abc import Sequence

CLINIC, DOCTOR = "1234567893", "1679576722"


def envelope(
    *bodies: Sequence[str],
    kind: str = "837",
    version: str = "005010X222A1",
    control: str = "000000001",
    marks: str = "*:~",
    join: str = "",
) -> str:
    """Return one interchange with one group and a transaction for each body; counts are right.

    `marks` are the element separator, the component separator and the terminator; bodies are
    written with "*" and ":".
    """
    isa = (
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{'SENDER':15}*ZZ*{'RECEIVER':15}"
        f"*250113*0924*^*00501*{control}*0*P*:"
    )
    segments = [isa, f"GS*XX*SENDER*RECEIVER*20250113*0924*1*X*{version}"]
    for number, body in enumerate(bodies, start=1):
        segments += [f"ST*{kind}*{number:04}*{version}", *body]
        segments.append(f"SE*{len(body) + 2}*{number:04}")
    segments += [f"GE*{len(bodies)}*1", f"IEA*1*{control}"]
    text = "".join(segment + "~" + join for segment in segments)
    return text.translate(str.maketrans("*:~", marks))


def claim(number: str = "A1", *, amount: str = "200", extra: Sequence[str] = ()) -> list[str]:
    """Return a claim of two lines for Emma Green; `extra` goes between its HI and its first
    line."""
    return [
        f"CLM*{number}*{amount}***11:B:1*Y*A*Y*Y",
        "HI*ABK:J02.9*ABF:R509",
        *extra,
        "LX*1",
        "SV1*HC:99213:25*120*UN*1***1:2",
        "DTP*472*D8*20250113",
        "LX*2",
        "SV1*HC:87880*80*UN*2***1",
        "DTP*472*RD8*20250114-20250115",
    ]


def subscriber(last: str = "GREEN", first: str = "EMMA") -> list[str]:
    """Return the loop of a subscriber and the payer."""
    return [
        "HL*2*1*22*0",
        "SBR*P*18*******CI",
        f"NM1*IL*1*{last}*{first}****MI*MEM1",
        "DMG*D8*19800229*F",
        "NM1*PR*2*PLAINS HEALTH*****PI*PH-7",
    ]


def claims(*bodies: Sequence[str], before: Sequence[str] = ()) -> list[str]:
    """Return the inside of an 837 with one subscriber; each body is a claim."""
    billing = [
        "BHT*0019*00*1*20250113*0924*CH",
        "HL*1**20*1",
        f"NM1*85*2*NORTHSIDE*****XX*{CLINIC}",
    ]
    return [*billing, *(before or subscriber()), *(segment for body in bodies for segment in body)]


def answer(
    number: str = "A1",
    *,
    status: str = "4",
    amount: str = "200",
    paid: str = "0",
    control: str = "PAYER1",
    codes: Sequence[str] = ("CAS*CO*197*200",),
    patient: str = "GREEN*EMMA",
) -> list[str]:
    """Return what a payer says about one claim; `codes` are segments of its only service."""
    return [
        f"CLP*{number}*{status}*{amount}*{paid}**12*{control}",
        f"NM1*QC*1*{patient}",
        f"NM1*82*1*REED*ADA****XX*{DOCTOR}",
        "DTM*232*20250113",
        "SVC*HC:99213*120*0**1",
        *codes,
    ]


def remittance(
    *answers: Sequence[str], paid_on: str = "20250210", payer: str = "PLAINS HEALTH"
) -> list[str]:
    """Return the inside of an 835."""
    return [
        f"BPR*I*0*C*NON************{paid_on}",
        "TRN*1*TRACE1*1234567890",
        f"N1*PR*{payer}",
        f"N1*PE*NORTHSIDE*XX*{CLINIC}",
        *(segment for body in answers for segment in body),
    ]


def file_837(*bodies: Sequence[str], control: str = "000000001") -> bytes:
    """Return a file of claims."""
    return envelope(claims(*bodies), control=control).encode()


def file_835(
    *answers: Sequence[str], control: str = "000000001", paid_on: str = "20250210"
) -> bytes:
    """Return a file of answers."""
    inside = remittance(*answers, paid_on=paid_on)
    return envelope(inside, kind="835", version="005010X221A1", control=control).encode()
