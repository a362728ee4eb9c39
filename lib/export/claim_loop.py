"""Write the loops of one claim, 2300 to 2400, as a replacement of what was filed. Pure.

What nobody changed stays as it was filed; what the charge says otherwise takes its place. Source:
ASC X12N/005010X222A1, loops 2300, 2310, 2320 and 2400.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from lib.export import filed_lines
from lib.export.filed_claim import FiledClaim, Segments, element_at, with_element
from lib.export.x12_writer import COMPONENT, Segment, composite, plain
from lib.intake.x12.claims_837 import DIAGNOSIS
from lib.models import Charge, ServiceLine

ORIGINAL, REPLACEMENT = (
    "1",
    "7",
)  # CLM05-3, from the National Uniform Billing Committee's frequency codes
ORDER = ("CLM", "DTP", "PWK", "CN1", "AMT", "REF", "K3", "NTE", "CR1", "CR2", "CRC", "HI", "HCP")
ICD_10_FROM = date(2015, 10, 1)  # services from this day on are coded in ICD-10-CM; CMS
BEFORE_DATES = ("SV5", "PWK", "CR1", "CR3", "CRC")  # of loop 2400
AUTHORIZING = ("G1", "9F")  # REF01: prior authorization, referral
PROVIDERS = ("DN", "P3", "82", "77", "DQ", "PW", "45")  # NM101 of loop 2310, in its order


def claim_loop(
    charge: Charge, payer_claim_number: str, filing: FiledClaim, *, is_new: bool = False
) -> Iterator[Segment]:
    """Yield CLM and everything below it; `is_new` for a payer that never had the claim."""
    found = [
        _claim(charge, filing, ORIGINAL if is_new else REPLACEMENT),
        *_dates(charge),
        *_numbers(charge, payer_claim_number, filing),
    ]
    found += _diagnoses(charge)
    said = {("REF", "F8")} if payer_claim_number or is_new else set()
    found += [
        s
        for s in filing.claim
        if _is_kept(s, charge, filing) and (s[0], element_at(s, 1)) not in said
    ]
    yield from sorted(found, key=lambda segment: ORDER.index(segment[0]))
    for loop in _providers(charge, filing):
        yield from loop
    yield from filing.others
    filed = filed_lines.continued(charge.lines, filing.lines)
    roles = corrected_roles(charge, filing)
    for place, line in enumerate(charge.lines, 1):
        yield ("LX", str(place))
        kept = filed[place - 1].filed
        yield from _line(line, filed_lines.followed(kept, charge, filing, roles))


def person(role: str, name: str, npi: str) -> Segment:
    """Return an NM1 segment for a name as the charge shows it: "LAST, FIRST", or an
    organization."""
    last, mark, first = name.partition(", ")
    kind, identified = ("1" if mark or role in {"DN", "DQ"} else "2"), ("XX", npi) if npi else ()
    return ("NM1", role, kind, last, first, "", "", "", *identified)


def is_same(segment: Segment, name: str, npi: str) -> bool:
    """Return True if an NM1 segment names that provider."""
    last, first = plain(element_at(segment, 3)), plain(element_at(segment, 4))
    said = f"{last}, {first}" if first else last
    return (said, element_at(segment, 9) if element_at(segment, 8) == "XX" else "") == (name, npi)


def money(amount: Decimal) -> str:
    """Return an amount as X12 writes it, without trailing zeros."""
    return f"{amount:.2f}".rstrip("0").rstrip(".")


def _claim(charge: Charge, filing: FiledClaim, frequency: str) -> Segment:
    filed = next((s for s in filing.claim if s[0] == "CLM"), None)
    place = element_at(filed, 5).split(COMPONENT) if filed else []
    facility = place[1] if len(place) > 1 else "B"
    segment = filed or ("CLM", "", "", "", "", "", "Y", "A", "Y", "Y")
    for element, text in (
        (1, charge.claim_number),
        (2, money(charge.total)),
        (5, composite(charge.place_of_service, facility, frequency)),
    ):
        segment = with_element(segment, element, text)
    return segment


def _dates(charge: Charge) -> Iterator[Segment]:
    for kind, day in (("435", charge.hospitalized_from), ("096", charge.hospitalized_to)):
        if day:
            yield ("DTP", kind, "D8", f"{day:%Y%m%d}")


def _numbers(charge: Charge, payer_claim_number: str, filing: FiledClaim) -> Iterator[Segment]:
    if charge.authorization_number and not _is_line_number(charge, filing):
        yield ("REF", _authorization(filing), charge.authorization_number)
    if payer_claim_number:
        yield ("REF", "F8", payer_claim_number)


def _authorization(filing: FiledClaim) -> str:
    """Return the prior authorization (G1), unless the claim had a referral number (9F) instead."""
    kinds = {element_at(segment, 1) for segment in filing.claim if segment[0] == "REF"}
    return "9F" if "9F" in kinds and "G1" not in kinds else "G1"


def _is_line_number(charge: Charge, filing: FiledClaim) -> bool:
    """Return True if the charge has its authorization or referral number from a service line."""
    number = charge.authorization_number
    is_claims = number in _authorizations(filing.claim)
    lines = [_authorizations(loop) for loop in filing.lines]
    is_of_all = all(number in each for each in lines)
    is_held = not is_claims and any(number in each for each in lines)
    return is_held and not (is_of_all and _has_new_line(charge, filing))


def has_other_authorization(charge: Charge, filing: FiledClaim) -> bool:
    """Return True if a service line keeps another authorization or referral number than the charge
    now has, which is not the claim's as it was filed."""
    number = charge.authorization_number
    known = [_authorizations(loop) for loop in (filing.claim, *filing.lines)]
    is_new = bool(any(known[1:])) and not any(number in each for each in known)
    has_bare = any(known[1:]) and _has_new_line(charge, filing) and not known[0]
    return is_new or has_bare


def _authorizations(loop: Segments) -> set[str]:
    return {
        element_at(each, 2)
        for each in loop
        if each[0] == "REF" and element_at(each, 1) in AUTHORIZING
    }


def _diagnoses(charge: Charge) -> Iterator[Segment]:
    if charge.diagnoses:
        is_old = charge.date_from is not None and charge.date_from < ICD_10_FROM
        first, other = ("BK", "BF") if is_old else ("ABK", "ABF")
        kinds = [first, *[other] * (len(charge.diagnoses) - 1)]
        codes = zip(kinds, charge.diagnoses, strict=True)
        yield ("HI", *(composite(kind, code) for kind, code in codes))


def _is_kept(segment: Segment, charge: Charge, filing: FiledClaim) -> bool:
    """Return True for a segment about which the charge says nothing."""
    name, kind = segment[0], element_at(segment, 1).split(COMPONENT)[0]
    if name == "DTP":
        return kind not in {"435", "096", "472"}
    if name == "REF":
        return kind != _authorization(filing) or _is_line_number(charge, filing)
    if name == "HI":
        return kind not in DIAGNOSIS
    return name in ORDER and name != "CLM"


def _providers(charge: Charge, filing: FiledClaim) -> list[Segments]:
    filed: dict[str, Segments] = {}
    for loop in filing.providers:
        filed.setdefault(element_at(loop[0], 1), loop)
    referring = "P3" if "P3" in filed and "DN" not in filed else "DN"
    for role, name, npi in (
        (referring, charge.referring_name, charge.referring_npi),
        ("82", charge.rendering_name, charge.rendering_npi),
        ("DQ", charge.supervising_name, charge.supervising_npi),
    ):
        held = filed.pop(role, ())
        if held and is_same(held[0], name, npi):
            filed[role] = held
        elif (name or npi) and (held or not _is_of_lines(charge, filing, role, name, npi)):
            filed[role] = (person(role, name, npi),)
    filed["77"] = location(charge, filing)
    known = [role for role in PROVIDERS if filed.get(role)]
    return [filed[role] for role in known]


def corrected_roles(charge: Charge, filing: FiledClaim) -> list[str]:
    """Return the providers and locations of the claim (NM101) that are others than were filed, of
    the claim or of its lines alone."""
    before = {element_at(loop[0], 1): loop for loop in reversed(filing.providers)}
    now = {element_at(loop[0], 1): loop for loop in _providers(charge, filing)}
    corrected = {role for role in filed_lines.ROLES if before.get(role) != now.get(role)}
    corrected |= _unsaid_of_claim(charge, filing) - before.keys() - now.keys()
    return [role for role in filed_lines.ROLES if role in corrected]


def _is_of_lines(charge: Charge, filing: FiledClaim, role: str, name: str, npi: str = "") -> bool:
    """Return True if the charge has the party from a service line: it was filed for that line
    alone, and the claim's would hold for every line that names none (005010X222A1, 2310, 2420).

    False where all lines named it and one was added since, for which it holds too.
    """
    lines = filed_lines.parties(filing, _alike(role))
    first = next(filter(None, lines), None)
    if first is None:
        return False
    if role == "77":
        is_held = name in {plain(element_at(first, 3)), _whole_name(first)}
    else:
        is_held = is_same(first, name, npi)
    is_of_all = len({each and each[3:10] for each in lines}) == 1
    return is_held and not (is_of_all and _has_new_line(charge, filing))


def _unsaid_of_claim(charge: Charge, filing: FiledClaim) -> set[str]:
    """Return the roles named by service lines only that a person took off the charge, or that an
    added line lacks."""
    said = {"82": charge.rendering_name or charge.rendering_npi, "77": charge.location,
            "DQ": charge.supervising_name or charge.supervising_npi}  # fmt: skip
    referring = charge.referring_name or charge.referring_npi
    has_new = _has_new_line(charge, filing)
    return {
        role
        for role in filed_lines.ROLES
        if any(filed_lines.parties(filing, {role})) and (has_new or not said.get(role, referring))
    }


def _has_new_line(charge: Charge, filing: FiledClaim) -> bool:
    lines = filed_lines.continued(charge.lines, filing.lines)
    return not all(each.filed for each in lines)


def _alike(role: str) -> set[str]:
    return {"DN", "P3"} if role in {"DN", "P3"} else {role}


def location(charge: Charge, filing: FiledClaim) -> Segments:
    """Return the loop of the service location as it was filed, else with the name alone; empty if
    the charge has none, or has that of a service line."""
    filed = next((loop for loop in filing.providers if element_at(loop[0], 1) == "77"), ())
    if filed and charge.location in {plain(element_at(filed[0], 3)), _whole_name(filed[0])}:
        return filed
    if not charge.location or (not filed and _is_of_lines(charge, filing, "77", charge.location)):
        return ()
    return (("NM1", "77", "2", charge.location),)


def _whole_name(segment: Segment) -> str:
    return f"{plain(element_at(segment, 3))}, {plain(element_at(segment, 4))}"


def _line(line: ServiceLine, filed: Segments) -> Iterator[Segment]:
    service = filed_lines.service(filed)
    code = element_at(service, 1).split(COMPONENT)
    kind, described = (code[0], code[6:7]) if len(code) > 1 else ("HC", [])
    if filed_lines.procedure(filed) != line.procedure:
        described = []
    modifiers = [*line.modifiers[:4], *[""] * (4 - len(line.modifiers))]
    for element, text in (
        (1, composite(kind, line.procedure, *modifiers, *described)),
        (2, money(line.total)),
        (3, element_at(service, 3) or "UN"),
        (4, f"{line.units.normalize():f}"),
        (7, composite(*(str(pointer) for pointer in line.pointers))),
    ):
        service = with_element(service, element, text)
    yield service
    kept = filed_lines.extras(filed)
    own = [place for place, s in enumerate(kept) if s[0] not in BEFORE_DATES]
    cut = own[0] if own else len(kept)
    yield from kept[:cut]
    if line.date_from:
        start, end = f"{line.date_from:%Y%m%d}", f"{line.date_to or line.date_from:%Y%m%d}"
        yield (
            ("DTP", "472", "D8", start) if start == end else ("DTP", "472", "RD8", f"{start}-{end}")
        )
    yield from kept[cut:]
