"""What a filed service line said of itself stays with it, whatever was corrected around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from lib.export import replacement_claims_837p
from lib.export.filed_lines import UNCLEAR
from lib.export.replacement_claims_837p import Replacement
from lib.models import Charge
from tests.test_replacement_claims_837p import written
from tests.test_replacement_claims_837p_filed import AROUND, as_filed, segments
from tests.x12_texts import CLINIC, DOCTOR

CLAIM = [
    "CLM*A1*300***11:B:1*Y*A*Y*Y",
    "HI*ABK:J02.9*ABF:R509",
    f"NM1*82*1*REED*ADA*Q***XX*{DOCTOR}",
    "PRV*PE*PXC*207Q00000X",
    f"NM1*77*2*EAST CAMPUS*****XX*{CLINIC}",
    "N3*1 EAST ROAD",
    "N4*MADISON*WI*53703",
]
OTHER = "1245319599"


def line(
    place: int,
    code: str = "97110",
    day: str = "20250113",
    amount: str = "100",
    *,
    own: Sequence[str] = (),
    at: str = "",
) -> list[str]:
    """Return a filed line whose control number names its place."""
    return [
        f"LX*{place}", f"SV1*HC:{code}*{amount}*UN*1*{at}**1", f"DTP*472*D8*{day}",
        f"REF*6R*LINE{place}", *own,
    ]  # fmt: skip


def filed(*lines: Sequence[str]) -> Replacement:
    return as_filed([*AROUND, *CLAIM, *(segment for each in lines for segment in each)])


def corrected(one: Replacement, charge: Charge) -> list[list[str]]:
    """Return the lines of the claim that is written for the charge, each from its SV1 on."""
    text = written(replace(one, charge=charge))
    found: list[list[str]] = []
    for segment in segments(text):
        if segment.startswith("LX*"):
            found.append([])
        elif segment.startswith("SE*"):
            break
        elif found:
            found[-1].append(segment)
    return found


def said(one: Replacement, charge: Charge) -> list[str]:
    return list(replacement_claims_837p.missing(replace(one, charge=charge)))


def with_lines(one: Replacement, *places: int) -> Charge:
    return replace(one.charge, lines=tuple(one.charge.lines[place] for place in places))


@pytest.mark.parametrize("left", [(1,), (0,), (1, 2), (0, 2), (2,)])
def test_a_deleted_line_takes_only_its_own_with_it(left: tuple[int, ...]) -> None:
    one = filed(
        line(1, own=["NTE*ADD*FIRST", "LIN**N4*11111111111"]),
        line(2, day="20250115", own=["NTE*ADD*SECOND"]),
        line(3, day="20250117"),
    )
    charge = with_lines(one, *left)

    made = corrected(one, charge)

    for place, found in zip(left, made, strict=True):
        assert f"REF*6R*LINE{place + 1}" in found
        assert ("LIN**N4*11111111111" in found) == (place == 0)
        assert ("NTE*ADD*SECOND" in found) == (place == 1)
    assert said(one, charge) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"procedure": "97112"},
        {"procedure": "97112", "total": Decimal(140), "unit_charge": Decimal(140)},
        {"date_from": date(2025, 1, 14), "date_to": date(2025, 1, 14)},
        {"modifiers": ("25",)},
        {"units": Decimal(2), "total": Decimal(200)},
    ],
)
def test_a_corrected_line_keeps_what_nobody_changed(changes: dict[str, object]) -> None:
    own = ["NTE*ADD*FIRST", "SVD*MED1*0*HC:97110**1", "CAS*PR*1*100", "DTP*573*D8*20250201"]
    one = filed(line(1, own=own), line(2, "99213", "20250115"))
    first, second = one.charge.lines
    charge = replace(one.charge, lines=(replace(first, **changes), second))  # type: ignore[arg-type]

    [made, other] = corrected(one, charge)

    assert [each for each in made if each.split("*")[0] in {"REF", "NTE", "SVD", "CAS"}] == [
        "REF*6R*LINE1", *own[:3],
    ]  # fmt: skip
    assert "DTP*573*D8*20250201" in made
    assert "REF*6R*LINE2" in other
    assert said(one, charge) == []


def test_of_two_equal_lines_nobody_can_tell_which_was_deleted() -> None:
    one = filed(line(1, own=["NTE*ADD*BOTH"]), line(2, own=["NTE*ADD*BOTH"]))
    charge = with_lines(one, 0)

    [made] = corrected(one, charge)

    assert not any(each.startswith("REF*6R") for each in made)
    assert "NTE*ADD*BOTH" in made  # whichever it was, it said so
    assert said(one, charge) == [UNCLEAR]


def test_days_moved_from_line_to_line_are_not_guessed() -> None:
    one = filed(line(1), line(2, day="20250115"))
    first, second = one.charge.lines
    third = replace(second, date_from=date(2025, 1, 17), date_to=date(2025, 1, 17))
    charge = replace(one.charge, lines=(second, third))

    made = corrected(one, charge)

    assert not any(each == "REF*6R*LINE2" for each in made[0])
    assert said(one, charge) == [UNCLEAR]
    assert [each[0] for each in corrected(one, replace(one.charge, lines=(first, third)))]


def test_a_line_that_was_exchanged_for_another_service_is_named() -> None:
    one = filed(line(1), line(2, "99213", "20250115"))
    first, second = one.charge.lines
    new = replace(first, procedure="85025", date_from=date(2025, 1, 20), total=Decimal(7))
    charge = replace(one.charge, lines=(second, new))

    [kept, added] = corrected(one, charge)

    assert "REF*6R*LINE2" in kept
    assert not any(each.startswith("REF") for each in added)
    assert said(one, charge) == [UNCLEAR]


def test_lines_follow_a_corrected_place_of_service() -> None:
    one = filed(line(1, at="11"), line(2, "99213", "20250115"), line(3, "99214", at="12"))
    charge = replace(one.charge, place_of_service="22")

    first, second, third = corrected(one, charge)

    assert [each[0] for each in (first, second, third)] == [
        "SV1*HC:97110*100*UN*1*22**1", "SV1*HC:99213*100*UN*1***1", "SV1*HC:99214*100*UN*1*12**1",
    ]  # fmt: skip
    assert said(one, charge) == [
        "a service line has a place of service of its own (SV105): see whether it is right"
    ]
    assert said(one, one.charge) == []


@pytest.mark.parametrize(
    ("segment", "changes"),
    [
        (CLAIM[2], {"rendering_name": "STONE, BEN", "rendering_npi": OTHER}),
        (f"NM1*82*1*REED*ADA****XX*{DOCTOR}", {"rendering_name": "", "rendering_npi": ""}),
        (CLAIM[4], {"location": "WEST CAMPUS"}),
    ],
)
def test_lines_follow_a_corrected_provider_or_location(
    segment: str, changes: dict[str, str]
) -> None:
    own = [segment, "PRV*PE*PXC*207Q00000X", "NM1*DK*1*POOL*IAN"]
    one = filed(line(1, own=own), line(2, "99213", "20250115"))

    first, _ = corrected(one, replace(one.charge, **changes))  # type: ignore[arg-type]
    unchanged, _ = corrected(one, one.charge)

    assert [each for each in first if each.split("*")[0] in {"NM1", "PRV"}] == [own[2]]
    assert [each for each in unchanged if each.split("*")[0] in {"NM1", "PRV"}] == own


def test_a_provider_of_a_lines_own_stays_and_is_named() -> None:
    own = f"NM1*82*1*STONE*BEN****XX*{OTHER}"
    one = filed(line(1, own=[own]), line(2, "99213", "20250115"))
    charge = replace(one.charge, rendering_name="POOL, IAN", rendering_npi="1111111112")

    first, _ = corrected(one, charge)

    assert own in first
    assert said(one, charge) == [
        "a service line names a rendering provider of its own: see whether it is right"
    ]
