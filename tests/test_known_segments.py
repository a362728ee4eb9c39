"""No segment of a message is skipped without a word."""

from __future__ import annotations

import pytest

from lib.intake.x12 import known_segments
from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.test_transaction_reader import acknowledgment, document_request, patient
from tests.x12_texts import answer, claim, file_835, file_837

REJECTED = acknowledgment(*patient("A1", "STC*A7:562*20250121*U*200"))


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        (file_835(answer("A1")), ("CLP", "CAS")),
        (file_835(answer("A1")), ("BPR", "TRN", "N1", "CLP", "NM1", "DTM", "SVC", "CAS")),
        (REJECTED, ("HL", "STC")),
        (document_request(), ("TRN", "STC", "DTP")),
    ],
)
def test_names_in_small_letters_are_read_and_said(
    con: Connection, cast: Cast, raw: bytes, names: tuple[str, ...]
) -> None:
    small = raw
    for name in names:
        small = small.replace(f"~{name}*".encode(), f"~{name.lower()}*".encode())

    report = bring(con, cast, small)

    assert (report.tasks_new, report.is_whole) == (1, True)
    assert "named in small letters" in report.warnings[0]


def test_claims_in_small_letters_come_in(con: Connection, cast: Cast) -> None:
    raw = file_837(claim("A1")).replace(b"~CLM*", b"~clm*").replace(b"~SV1*", b"~sv1*")

    assert bring(con, cast, raw).charges_new == 1


@pytest.mark.parametrize(
    ("raw", "known", "unknown"),
    [
        (file_835(answer("A1"), answer("A2")), "CLP*A2*", "CPL*A2*"),
        (file_835(answer("A1"), answer("A2")), "CLP*A2*", "CLM*A2*"),
        (file_835(answer("A1")), "SVC*", "XYZ*"),
        (REJECTED, "DTP*472", "DTQ*472"),
        (file_837(claim("A1")), "HI*ABK", "H1*ABK"),
    ],
)
def test_a_segment_that_is_not_known_is_set_aside_and_named(
    con: Connection, cast: Cast, raw: bytes, known: str, unknown: str
) -> None:
    report = bring(con, cast, raw.replace(known.encode(), unknown.encode()))

    name = unknown.partition("*")[0]
    assert (report.quarantined, report.is_whole) == (1, False)
    assert any(f"“{name}” is no segment of this kind of message" in s for s in report.warnings)
    assert con.value("SELECT raw FROM intake_message WHERE raw IS NOT NULL").startswith(unknown)


def test_many_unknown_segments_are_counted(con: Connection, cast: Cast) -> None:
    raw = file_835(answer("A1", codes=("CAS*CO*197*200", *["ZZZ*1"] * 50)))

    report = bring(con, cast, raw)

    assert report.quarantined == known_segments.MAX_NAMED
    assert any("30 more segments from here on are not known" in said for said in report.warnings)
