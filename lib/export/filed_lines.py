"""Which filed service line each line of a charge continues, and what lines say against it. Pure.

A corrected charge keeps no place of its lines: some were removed, others corrected. Each continues
the filed line it is most like. Where two are as likely, only what both said goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from lib.export.filed_claim import FiledClaim, Segments, element_at, with_element
from lib.export.x12_writer import COMPONENT, Segment
from lib.models import Charge, ServiceLine

OWN = frozenset({"LX", "SV1"})  # written from the charge
PARTY = frozenset({"NM1", "N2", "N3", "N4", "REF", "PER", "PRV"})  # of a loop 2420
ROLES = {"82": "rendering provider", "DQ": "supervising provider", "DN": "referring provider",
         "P3": "referring provider", "77": "service location"}  # fmt: skip
UNCLEAR = (
    "the file cannot tell which filed service line a corrected one continues: its control number, "
    "notes, drug (NDC) and what other payers decided on it are left out: add them before sending"
)


@dataclass(frozen=True, slots=True)
class Continued:
    """The filed line that a line continues, or what the possible ones have in common."""

    filed: Segments = ()
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class _Told:
    """What a line says of its service."""

    procedure: str
    modifiers: tuple[str, ...]
    day: date | None
    units: Decimal | None
    total: Decimal | None


# What two lines must share, the most alike first. The first three are one service; the last are
# one whose procedure or day was corrected.
LIKENESS: tuple[Callable[[_Told], Hashable], ...] = (
    lambda said: said,
    lambda said: (said.procedure, said.day, said.total),
    lambda said: (said.procedure, said.day),
    lambda said: (said.day, said.total),
    lambda said: said.procedure,
)
SURE = 3  # of LIKENESS: of too few filed lines the first lines take one each


def continued(lines: Sequence[ServiceLine], filed: Sequence[Segments]) -> list[Continued]:
    """Return for each line the filed line it continues; an empty one for a new line."""
    texts = [_of_charge(line) for line in lines]
    olds = [_of_filing(loop) for loop in filed]
    found: dict[int, int] = {}
    unclear: dict[int, list[int]] = {}
    for level, likeness in enumerate(LIKENESS):
        _pair(texts, olds, likeness, found, unclear, filed, is_sure=level < SURE)
    is_whole = len(lines) == len(filed)
    taken = set(found.values())
    for place, said in enumerate(texts if is_whole else ()):
        is_free = place not in found and place not in unclear and place not in taken
        if is_free and said.day == olds[place].day:
            found[place] = place
    if is_whole and all(a.procedure == b.procedure for a, b in zip(texts, olds, strict=True)):
        # each may also be the line in its place, with another day or amount
        unclear |= {
            place: [at, place]
            for place, at in found.items()
            if at != place and extras(filed[at]) != extras(filed[place])
        }
    return [
        Continued(_shared([filed[at] for at in unclear[place]]), is_certain=False)
        if place in unclear
        else Continued(filed[found[place]] if place in found else ())
        for place in range(len(lines))
    ]


def _pair(
    texts: Sequence[_Told],
    olds: Sequence[_Told],
    likeness: Callable[[_Told], Hashable],
    found: dict[int, int],
    unclear: dict[int, list[int]],
    filed: Sequence[Segments],
    *,
    is_sure: bool,
) -> None:
    """Pair lines that are alike; put those that could continue several into `unclear`."""
    taken = {*found.values(), *(at for places in unclear.values() for at in places)}
    mine: dict[Hashable, list[int]] = {}
    theirs: dict[Hashable, list[int]] = {}
    for place, said in enumerate(texts):
        if place not in found and place not in unclear:
            mine.setdefault(likeness(said), []).append(place)
    for at, said in enumerate(olds):
        if at not in taken:
            theirs.setdefault(likeness(said), []).append(at)
    for key, places in mine.items():
        ats = theirs.get(key, [])
        in_place = [place for place in places if place in ats and len(texts) == len(olds)]
        if len(ats) > len(places) and len({extras(filed[at]) for at in ats}) > 1:
            if len(in_place) == len(places):
                found.update((place, place) for place in places)
            else:
                unclear.update((place, ats) for place in places)
        elif len(ats) < len(places) and not is_sure:
            found.update((place, place) for place in in_place)
        else:
            found.update(zip(places, ats, strict=False))


def remarks(charge: Charge, filing: FiledClaim, corrected: Collection[str]) -> Iterator[str]:
    """Yield what the lines will lack of what was filed, or say otherwise than the claim, of which
    these roles (NM101) were corrected."""
    lines = continued(charge.lines, filing.lines)
    kept = [each.filed for each in lines]
    is_dropped = any(extras(loop) and loop not in kept for loop in filing.lines)
    if any(not each.is_certain for each in lines) or (
        is_dropped and any(not each.filed for each in lines)
    ):
        yield UNCLEAR
    if any(_has_own_place(loop, charge, filing) for loop in kept):
        yield "a service line has a place of service of its own (SV105): see whether it is right"
    for role in corrected:
        if any(_named(loop, role) and not _is_claims(loop, role, filing) for loop in kept):
            yield f"a service line names a {ROLES[role]} of its own: see whether it is right"


def followed(
    loop: Segments, charge: Charge, filing: FiledClaim, roles: Collection[str]
) -> Segments:
    """Return a filed line that says nothing against what was corrected of the whole claim: where it
    had the claim's place of service or provider, it follows."""
    dropped = {role for role in roles if _is_claims(loop, role, filing)}
    found: list[Segment] = []
    is_dropped = False
    for segment in loop:
        if segment[0] == "NM1":
            is_dropped = element_at(segment, 1) in dropped
        elif segment[0] not in PARTY:
            is_dropped = False
        if not is_dropped:
            found.append(segment)
    place = place_of_service(filing)
    if place and place != charge.place_of_service:
        found = [
            with_element(each, 5, charge.place_of_service)
            if each[0] == "SV1" and element_at(each, 5) == place
            else each
            for each in found
        ]
    return tuple(found)


def _has_own_place(loop: Segments, charge: Charge, filing: FiledClaim) -> bool:
    """Return True if a line has another place of service than the claim had and now has."""
    old = place_of_service(filing)
    own = element_at(service(loop), 5)
    return (
        bool(own and old)
        and charge.place_of_service != old
        and (own not in {old, charge.place_of_service})
    )


def _named(loop: Segments, role: str) -> Segment | None:
    return next((each for each in loop if (each[0], element_at(each, 1)) == ("NM1", role)), None)


def parties(filing: FiledClaim, roles: Collection[str]) -> list[Segment | None]:
    """Return whom each filed line names first in one of these roles (NM101)."""
    return [
        next((each for each in loop if each[0] == "NM1" and element_at(each, 1) in roles), None)
        for loop in filing.lines
    ]


def _is_claims(loop: Segments, role: str, filing: FiledClaim) -> bool:
    """Return True if a line names the party that the claim named in this role when it was filed."""
    own = _named(loop, role)
    party = next((each[0] for each in filing.providers if element_at(each[0], 1) == role), None)
    if own is None or party is None:
        return False
    codes, names = [element_at(each, 9) for each in (own, party)], [own[3:5], party[3:5]]
    return codes[0] == codes[1] if all(codes) else names[0] == names[1]


def service(loop: Segments) -> Segment:
    """Return the SV1 segment of a line."""
    return next((segment for segment in loop if segment[0] == "SV1"), ("SV1",))


def procedure(loop: Segments) -> str:
    """Return the procedure of a filed line, in capitals."""
    code = element_at(service(loop), 1).split(COMPONENT)
    return (code[1] if len(code) > 1 else code[0]).strip().upper()


def extras(loop: Segments) -> Segments:
    """Return what a filed line says that the charge does not hold."""
    return tuple(
        each for each in loop
        if each[0] not in OWN and (each[0], element_at(each, 1)) != ("DTP", "472")
    )  # fmt: skip


def place_of_service(filing: FiledClaim) -> str:
    """Return the place of service as it was filed for the whole claim (CLM05-1)."""
    claim = next((segment for segment in filing.claim if segment[0] == "CLM"), ())
    return element_at(claim, 5).split(COMPONENT)[0] if claim else ""


def _of_charge(line: ServiceLine) -> _Told:
    modifiers = tuple(each for each in line.modifiers if each)
    return _Told(line.procedure, modifiers, line.date_from, line.units, line.total)


def _of_filing(loop: Segments) -> _Told:
    said = service(loop)
    modifiers = element_at(said, 1).split(COMPONENT)[2:6]
    return _Told(
        procedure(loop),
        tuple(each.strip().upper() for each in modifiers if each.strip()),
        _day(loop),
        _number(element_at(said, 4)),
        _number(element_at(said, 2)),
    )


def _day(loop: Segments) -> date | None:
    text = next(
        (element_at(each, 3) for each in loop if (each[0], element_at(each, 1)) == ("DTP", "472")),
        "",
    )
    with suppress(ValueError):
        return date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:8]}")
    return None


def _number(text: str) -> Decimal | None:
    with suppress(InvalidOperation):
        return Decimal(text)
    return None


def _shared(loops: Sequence[Segments]) -> Segments:
    """Return the service of the first of these lines, and what all of them say."""
    first, *others = loops
    return tuple(
        each for each in first
        if each[0] in OWN or all(each in other for other in others)
    )  # fmt: skip
