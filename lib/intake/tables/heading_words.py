"""What a column's heading means by its words, however they are shortened and joined. Pure.

"Pt Nm", "PATIENTNAME" and "Name of patient" are one heading. A heading that holds a word which no
reading allows ("Secondary Insurance", "Patient ID") has no meaning here: its column is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

_SHORT = {  # as reports shorten words -> the words
    "patient": "pt pat patnt ptnt patnm", "name": "nm nme", "service": "svc serv srv srvc svce",
    "date": "dt dte", "insurance": "ins insur insr", "company": "co comp cmpny corp",
    "account": "acct acc acnt accnt", "number": "no num nbr nmbr numb nr", "claim": "clm clms",
    "amount": "amt amnt dollar dollars usd value", "charge": "chg chrg chgs", "charged": "chgd",
    "payment": "pmt pymt pymnt pay", "provider": "prov prv prvdr pvdr", "rendering": "rend rndrng",
    "subscriber": "subs subscr subscrib sbr", "member": "mbr mem memb", "denied": "dnd",
    "beneficiary": "bene benef", "enrollee": "enrolee", "recipient": "recip", "last": "lst",
    "first": "fst frst", "code": "cd cde", "reason": "rsn reas", "adjustment": "adj adjust adjmt",
    "denial": "den dnl deny", "balance": "bal", "billed": "bld bill billing", "total": "tot ttl",
    "policy": "pol plcy", "reference": "ref", "control": "ctrl cntl cntrl ctl",
    "payer": "pyr payor",
    "remark": "rmk rem rmrk", "through": "thru", "birth": "bth brth", "birthdate": "bdate bday",
    "identifier": "ident identification", "initial": "init mi", "beginning": "beg",
    "appointment": "appt", "encounter": "enc encntr", "physician": "phys", "invoice": "inv",
    "attending": "att attnd", "performing": "perf", "servicing": "svcing", "primary": "prim pri",
    "outstanding": "outst outstdg", "procedure": "proc", "doctor": "dr doc", "submitted": "subm",
    "adjudication": "adjud", "remittance": "remit ra", "statement": "stmt", "received": "rcvd recd",
    "original": "orig", "group": "grp", "carrier": "carr", "insured": "insd", "client": "clnt",
    "day": "dy", "rejection": "rej rejn", "explanation": "expl", "practitioner": "pract",
}  # fmt: skip
_WRITTEN_OUT = {  # one word that says several
    "fname": "first name", "lname": "last name", "firstname": "first name",
    "lastname": "last name", "surname": "last name", "forename": "first name", "given": "first",
    "family": "last", "fullname": "full name", "dateofbirth": "dob", "birthday": "dob",
    "birthdate": "dob", "born": "dob", "fdos": "from dos", "ldos": "to dos",
    "dateofservice": "dos", "memberid": "member id", "mid": "member id", "hic": "hicn",
    "pcn": "patient control number", "pccn": "payer claim control number",
    "healthplan": "health plan", "tfl": "filing limit", "ar": "balance", "dx": "diagnosis",
    "eobs": "eob", "identifier": "id", "tcn": "icn", "dcn": "icn",
    "ccn": "icn",
}  # fmt: skip
_FILLING = frozenset({
    "the", "of", "for", "in", "a", "an", "and", "or", "s", "as", "at", "is", "per", "on",
    "m", "mm", "dd", "yy", "yyyy",  # Date (MM/DD/YYYY); Name (Last, First M.)
})  # fmt: skip
_MEANT = {short: word for word, shorts in _SHORT.items() for short in shorts.split()}
_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[#$]")
_DOTTED = re.compile(r"\b(?:[A-Za-z]\.){2,}|\b[Aa]/[Rr]\b")  # D.O.B., A/R
_OWNED = re.compile(r"['’]s?\b")  # patient's
MAX_CACHED = 4096  # pieces of headings
MAX_HEADING = 60  # letters; what is longer is a sentence


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


@dataclass(frozen=True, slots=True)
class Reading:
    """Words of a heading that mean one thing: one of each group, and of the others any."""

    groups: tuple[frozenset[str], ...]
    others: frozenset[str] = frozenset()
    is_sure: bool = True  # False: it means this only if the values say so too

    def fits(self, words: frozenset[str]) -> bool:
        """Return True if the words say this, and nothing else."""
        return all(words & group for group in self.groups) and words <= self.others.union(
            *self.groups
        )


def _read(*groups: str, more: str = "", is_sure: bool = True) -> Reading:
    return Reading(tuple(map(_set, groups)), _set(more), is_sure)


_PATIENT = "patient client recipient beneficiary enrollee resident"
_INSURED = "member subscriber insured policyholder"
_PEOPLE = f"{_PATIENT} {_INSURED}"
_FULL = "name full middle initial"
_START = "from start begin beginning first"
_VISIT = "service visit encounter appointment treatment procedure session"
_ANSWER = "remittance era eob check adjudication adjudicated processed decision determination"
_ASK = "appeal respond response reply submit resubmit resubmission dispute reconsideration return"
_PAYER = "payer insurance carrier insurer plan"
_MONEY = "amount total claim line item"

READINGS: dict[str, tuple[Reading, ...]] = {
    "patient": (
        _read(_PATIENT, more=f"name full {_INSURED}"),
        _read(_PATIENT, "last", "first", more=_FULL),
        _read("last", "first", more=_FULL),
        _read("full", "name"),
    ),
    "last_name": (_read(_PATIENT, "last", more="name"), _read("last", more="name")),
    "first_name": (_read(_PATIENT, "first", more=_FULL), _read("first", more=_FULL)),
    "birth_date": (
        _read("dob", more=f"{_PATIENT} date"),
        _read("birth", "date day", more=_PATIENT),
        _read("dob", more=f"{_INSURED} date"),
        _read("birth", "date day", more=_INSURED),
    ),
    "member_id": (
        _read(_INSURED, "id number", more=f"{_PATIENT} insurance primary policy card health"),
        _read(
            "policy insurance beneficiary recipient enrollee medicare medicaid card",
            "id number",
            more=f"primary health {_PEOPLE}",
        ),
        _read("mbi hicn cin", more=f"id number medicare medicaid {_PEOPLE}"),
        _read("policy", more="primary"),
    ),
    "payer": (
        _read(_PAYER, more="name company primary health current responsible full 1"),
        _read("company", more="name primary", is_sure=False),
    ),
    "provider": (
        _read(
            "provider physician doctor clinician practitioner",
            more="rendering attending treating performing servicing name full last first",
        ),
        _read("rendering attending treating performing servicing", more="name full"),
    ),
    "date_of_service": (
        _read("dos", more=f"{_START} {_VISIT} date line claim range period patient 1"),
        _read("dos", _START, "to through", more=f"{_VISIT} date line claim"),
        _read(_VISIT, "date day", more=f"{_START} range period patient claim line performed"),
        _read(_VISIT, _START, more="date line claim"),
        _read(_VISIT, "period range", more="date"),
        _read("statement claim", "from start begin beginning", more="date covers period"),
        _read("from", more="date", is_sure=False),
        _read("service visit", is_sure=False),
    ),
    "last_day_of_service": (
        _read("dos", "to through", more=f"{_VISIT} date line claim"),
        _read(_VISIT, "to through end", more="date day line claim"),
        _read("statement", "to through end", more="date covers period claim"),
        _read("to through", more="date", is_sure=False),
    ),
    "amount": (
        _read("denied denial unpaid outstanding", "amount charge balance", more=_MONEY),
        _read("balance", more=f"{_MONEY} open due remaining outstanding insurance payer current"),
        _read("due", "amount", more="insurance payer total claim remaining"),
    ),
    "billed": (
        _read("billed charge charged submitted", "amount", more="total claim original line"),
        _read("billed charge charged", "total claim original submitted", more=_MONEY),
        _read("claim", "total amount"),
        _read("charge fee", more=f"billed {_MONEY}"),
    ),
    "paid": (
        _read("paid payment", "amount", more="total claim payer insurance plan primary carrier"),
        _read("paid payment", "payer insurance plan carrier primary total", more="by claim"),
    ),
    "due_on": (
        _read("due", "date day by on", more=f"{_ASK} answer", is_sure=False),
        _read("deadline", more=f"{_ASK} filing timely corrected claim date", is_sure=False),
        _read(_ASK, "by due deadline limit", more="timely filing claim date to", is_sure=False),
        _read("filing", "limit", more="timely claim appeal date", is_sure=False),
        _read("last final", "date day", _ASK, more="to file claim", is_sure=False),
        _read("respond needed answer", "by", more="date", is_sure=False),
    ),
    "asked_on": (
        _read("denial denied rejection rejected", "date day", more="claim", is_sure=False),
        _read("denied rejected", more="claim", is_sure=False),
        _read(_ANSWER, "date day", more="claim payer", is_sure=False),
        _read("payment paid", "date day", more="check claim payer", is_sure=False),
        _read("letter notice", "date day", more="payer denial", is_sure=False),
    ),
    "claim_number": (
        _read("claim", "number id", more="our internal practice provider"),
        _read("patient", "account control", "number id", more="claim"),
        _read("patient", "account"),
        _read("account", more="number id patient client claim"),
        _read("claim account", "number id", more="patient"),
        _read("encounter invoice visit charge ticket superbill", "number id", more="patient"),
        _read("claim", "control reference", "number id"),
        _read("control", "number id"),
    ),
    "payer_claim_number": (
        _read("icn", more=f"number payer claim {_PAYER}"),
        _read(_PAYER, "claim control reference", "number id", more="internal"),
        _read("claim", "control reference", "number id", more="internal document transaction"),
        _read("internal document transaction", "control", "number id", more="claim"),
    ),
}
INSURED: dict[str, tuple[Reading, ...]] = {  # who has the policy, where nobody else is named
    "patient": (
        _read(_INSURED, more="name full"), _read(_INSURED, "last", "first", more=_FULL),
    ),
    "last_name": (_read(_INSURED, "last", more="name"),),
    "first_name": (_read(_INSURED, "first", more=_FULL),),
}  # fmt: skip
DENIED: dict[str, tuple[Reading, ...]] = {  # only in a list of denials, since tasks begin too
    "date_of_service": (_read("begin start beginning", "date", is_sure=False),),
}
_CODES = (
    _read("carc rarc", more="code claim adjustment reason remark denial 1 2 3 4 5 6"),
    _read("denial denied reason remark adjustment rejection", "code",
          more="claim carc rarc remittance advice 1 2 3 4 5 6"),
    _read("adjustment denial", "reason", more="claim 1 2 3 4 5 6"),
)  # fmt: skip
_ALL = tuple(
    reading
    for readings in (*READINGS.values(), *INSURED.values(), *DENIED.values(), _CODES)
    for reading in readings
)
_KNOWN = frozenset(word for reading in _ALL for word in reading.others.union(*reading.groups))
_PARTS = frozenset({*_KNOWN, *_MEANT, *_WRITTEN_OUT, *_FILLING} - {"a", "s", "1", "2", "3"})


def words(heading: str) -> frozenset[str]:
    """Return the words that a heading means, without those that say nothing."""
    if len(heading) > MAX_HEADING:
        return frozenset()
    text = _OWNED.sub("", _DOTTED.sub(_joined, heading))
    return frozenset(word for piece in _PIECE.findall(text) for word in _meaning(piece.lower()))


def is_of_codes(heading: str) -> bool:
    """Return True if a heading means denial codes."""
    said = words(heading)
    return any(reading.fits(said) for reading in _CODES)


def best(readings: Sequence[Reading], headings: Iterable[str]) -> list[tuple[str, Reading]]:
    """Return the headings that one of the readings fits, those of the first reading first."""
    said = [(heading, words(heading)) for heading in headings]
    return [(heading, reading) for reading in readings for heading, of in said if reading.fits(of)]


def _joined(found: re.Match[str]) -> str:
    return "".join(filter(str.isalpha, found[0]))


def is_known(heading: str) -> bool:
    """Return True if a heading means something that a table of tasks or denials says."""
    said = words(heading)
    return bool(said) and any(reading.fits(said) for reading in _ALL)


@lru_cache(maxsize=MAX_CACHED)
def _meaning(piece: str) -> tuple[str, ...]:
    if piece == "#":
        return ("number",)
    if piece == "$":
        return ("amount",)
    parts = _parts(piece) or (piece,)
    meant = [word for part in parts for word in _word(part)]
    return tuple(word for word in meant if word not in _FILLING)


def _word(piece: str) -> tuple[str, ...]:
    whole = _MEANT.get(piece, piece)
    if whole in _WRITTEN_OUT:
        return tuple(_WRITTEN_OUT[whole].split())
    if whole not in _KNOWN and whole.endswith("s") and whole[:-1] in {*_KNOWN, *_MEANT}:
        return _word(whole[:-1])
    return (whole,)


@lru_cache(maxsize=MAX_CACHED)
def _parts(piece: str) -> tuple[str, ...]:
    """Return the known words that a piece is joined from, the longest first; empty if it is not."""
    if piece in _PARTS or not piece.isalpha():
        return (piece,)
    for length in range(len(piece) - 1, 1, -1):
        if piece[:length] in _PARTS and (rest := _parts(piece[length:])):
            return (piece[:length], *rest)
    return (piece,) if piece.endswith("s") and piece[:-1] in _PARTS else ()
