"""The segment named behind a field is the one that holds its value, on real claims too."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.intake.files import parsed_file
from lib.intake.records import Claim
from lib.intake.x12 import field_sources, segment_reader
from tests.conftest import SHARED

REAL = sorted((SHARED / "x12" / "837P").glob("*")) if SHARED.exists() else []


def values(found: Claim) -> dict[str, str]:
    """Return what each field must find in its segment; empty fields are left out."""
    said = {
        "claim_number": found.claim_number,
        "patient_name": found.patient.last_name,
        "birth_date": f"{found.patient.birth_date:%Y%m%d}" if found.patient.birth_date else "",
        "payer_name": found.payer.last,
        "member_id": found.member_id,
        "authorization_number": found.authorization_number,
        "billing_npi": found.billing.npi,
        "rendering_npi": found.rendering.npi,
        "referring_npi": found.referring.npi,
        "supervising_npi": found.supervising.npi,
        "rendering_name": found.rendering.last,
        "location": found.location,
        "place_of_service": found.place_of_service,
        "diagnoses": found.diagnoses[0] if found.diagnoses else "",
        **{f"line {at}": line.procedure for at, line in enumerate(found.lines, 1)},
    }
    return {name: text for name, text in said.items() if text}


@pytest.mark.slow
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_every_field_of_a_real_claim_stands_in_the_segment_named(path: Path) -> None:
    raw = path.read_bytes()
    found = parsed_file.read(path.name, raw).claims
    assert found
    text = segment_reader.decode(raw)
    for each in found[:60]:
        last = each.segment_number + 400
        named = field_sources.places(segment_reader.segments(text, 1, last), each.segment_number)
        for field, value in values(each).items():
            place = named.get(field)
            assert place, (field, each.segment_number)
            assert value.upper() in place[1].upper().replace(".", "") or (
                value.upper() in place[1].upper()
            ), (field, place[0])
            assert [*segment_reader.segments(text, place[0], place[0])] == [place[1]]


def test_another_payers_loop_of_the_claim_before_says_nothing_about_this_one() -> None:
    said = [
        "HL*1**20*1", "NM1*85*2*CLINIC*****XX*1234567893",
        "HL*2*1*22*0", "NM1*IL*1*DOE*ANN****MI*OWN1", "DMG*D8*19700101*F", "NM1*PR*2*FIRST PAYER",
        "CLM*A*10***11:B:1", "SBR*S*18", "NM1*IL*1*ROE*BOB****MI*OTHER9", "NM1*PR*2*SECOND PAYER",
        "CLM*B*20***11:B:1",
    ]  # fmt: skip

    found = field_sources.places(said, 11)

    assert {field: place[0] for field, place in found.items()} == {
        "billing_name": 2, "billing_npi": 2, "member_id": 4, "patient_name": 4, "birth_date": 5,
        "payer_name": 6, "claim_number": 11, "place_of_service": 11,
    }  # fmt: skip
