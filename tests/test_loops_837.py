"""Each segment of an 837P is told to which loop it belongs, also where senders are careless."""

from __future__ import annotations

import ast

import pytest

from lib.intake.x12.loops_837 import walk
from tests.test_architecture import SOURCES, imported_by

CLAIM = [
    ("header", "BHT*0019*00*1*20250113*0924*CH"),
    ("1000A", "NM1*41*2*NORTHSIDE"),
    ("1000A", "PER*IC*DESK*TE*6085550100"),
    ("1000B", "NM1*40*2*HOUSE"),
    ("2000A", "HL*1**20*1"),
    ("2000A", "PRV*BI*PXC*207Q00000X"),
    ("2010AA", "NM1*85*2*NORTHSIDE"),
    ("2010AA", "N3*1 NORTH ROAD"),
    ("2010AB", "NM1*87*2"),
    ("2010AC", "NM1*PE*2*COLLECTOR"),
    ("2000B", "HL*2*1*22*1"),
    ("2000B", "SBR*P"),
    ("2010BA", "NM1*IL*1*GREEN*EMMA"),
    ("2010BB", "NM1*PR*2*PLAINS HEALTH"),
    ("2000C", "HL*3*2*23*0"),
    ("2000C", "PAT*19"),
    ("2010CA", "NM1*QC*1*GREEN*LEO"),
    ("2010CA", "DMG*D8*20150704*M"),
    ("2300", "CLM*A1*200"),
    ("2300", "HI*ABK:J029"),
    ("2310", "NM1*82*1*REED*ADA"),
    ("2310", "PRV*PE*PXC*207Q00000X"),
    ("2320", "SBR*S*18"),
    ("2320", "NM1*IL*1*GREEN*EMMA"),
    ("2320", "NM1*PR*2*OTHER PLAN"),
    ("2400", "LX*1"),
    ("2400", "SV1*HC:99213*120"),
    ("2400", "NM1*82*1*POOL*IAN"),
    ("2300", "CLM*A2*100"),
]


def loops(texts: list[str]) -> list[str]:
    return [str(loop) for loop, _, _ in walk(enumerate(text.split("*") for text in texts))]


def test_every_segment_is_in_the_loop_that_began_last() -> None:
    assert loops([text for _, text in CLAIM]) == [loop for loop, _ in CLAIM]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["HL*1**22", "HL*2**20"], ["2000B", "2000A"]),  # the order is the sender's
        (["HL*1**19", "NM1*QD*1*X"], ["another level", "another party"]),
        (["CLM*1*1", "SV1*HC:1*1", "SV1*HC:2*1"], ["2300", "2400", "2400"]),  # no LX
        (["CLM*1*1", "LX*1", "SBR*S", "NM1*PR*2*X", "LX*2"],
         ["2300", "2400", "2320", "2320", "2400"]),
        (["CLM*1*1", "HL*2**23"], ["2300", "2000C"]),
    ],
)  # fmt: skip
def test_what_careless_senders_write_is_in_a_loop_too(
    texts: list[str], expected: list[str]
) -> None:
    assert loops(texts) == expected


def test_segments_keep_where_they_stand() -> None:
    assert [where for _, where, _ in walk([((7, "CLM*1~"), ["CLM", "1"])])] == [(7, "CLM*1~")]


@pytest.mark.parametrize(
    "module",
    ["lib.intake.x12.claims_837", "lib.intake.x12.field_sources", "lib.export.filed_claim_reader"],
)
def test_whoever_reads_a_claim_has_its_loops_from_here(module: str) -> None:
    assert "lib.intake.x12.loops_837" in imported_by(module)
    levels = {"20", "22", "23"}
    assert not levels & {
        node.value
        for node in ast.walk(ast.parse(SOURCES[module]))
        if isinstance(node, ast.Constant)
    }
