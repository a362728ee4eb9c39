"""Random valid messages are read back to what was written; damaged ones never come in half."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.errors import RefusedFile
from lib.intake import imports
from lib.intake.files import parsed_file
from lib.intake.x12 import transaction_reader
from lib.intake.x12.transaction_reader import APPLIED, QUARANTINED
from lib.store.database import Connection
from tests.conftest import NOON, SHARED, Cast
from tests.fuzz import examples
from tests.test_import import counts
from tests.test_transaction_reader import acknowledgment, document_request, patient
from tests.x12_texts import answer, claims, envelope, file_835

pytestmark = pytest.mark.slow

MONEY = st.decimals("0.01", "99999.99", places=2)
NUMBERS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", min_size=1, max_size=12)
NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ ", min_size=1, max_size=12).map(str.strip)
DAYS = st.integers(0, 9000).map(lambda days: date(2005, 1, 1) + timedelta(days=days))
MARKS = st.sampled_from(["*:~", "|>\n", "^:'", "*|~", "*^~", ":>~"])
A_LINE = st.tuples(st.sampled_from(["99213", "87880", "J1100"]), MONEY, st.integers(1, 9), DAYS)
A_CLAIM = st.tuples(NUMBERS, NAMES.filter(bool), st.lists(A_LINE, min_size=1, max_size=4))


def written(claim: tuple[str, str, list[tuple[str, Decimal, int, date]]]) -> list[str]:
    number, name, lines = claim
    segments = [
        "HL*2*1*22*0", "SBR*P*18*******CI", f"NM1*IL*1*{name}*EMMA****MI*M1",
        "NM1*PR*2*PLAINS HEALTH*****PI*PH-7",
        f"CLM*{number}*{sum(line[1] for line in lines)}***11:B:1*Y*A*Y*Y", "HI*ABK:J02.9",
    ]  # fmt: skip
    for place, (code, amount, units, day) in enumerate(lines, 1):
        segments += [
            f"LX*{place}", f"SV1*HC:{code}*{amount}*UN*{units}***1", f"DTP*472*D8*{day:%Y%m%d}",
        ]  # fmt: skip
    return segments


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(st.lists(A_CLAIM, min_size=1, max_size=3), min_size=1, max_size=3),
    MARKS,
    st.sampled_from(["", "\n", "\r\n", "\n\n"]),
)
def test_claims_are_read_back_in_any_envelope(
    sets: list[list[tuple[str, str, list[tuple[str, Decimal, int, date]]]]], marks: str, join: str
) -> None:
    bodies = [claims(*(written(each) for each in several), before=["PER*IC*X"]) for several in sets]
    text = envelope(*bodies, marks=marks, join=join)
    raw = text.replace("\n", "\r\n") if marks.endswith("\n") else text

    found = parsed_file.read("x", raw.encode())

    flat = [each for several in sets for each in several]
    assert [each.claim_number for each in found.claims] == [number for number, _, _ in flat]
    assert [each.patient.last_name for each in found.claims] == [name for _, name, _ in flat]
    assert [
        [(line.procedure, line.total, int(line.units), line.date_from) for line in each.lines]
        for each in found.claims
    ] == [[tuple(line) for line in lines] for _, _, lines in flat]
    assert found.warnings == () or len({number for number, _, _ in flat}) < len(flat)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.tuples(NUMBERS, MONEY, DAYS, st.booleans()), min_size=1, max_size=5))
def test_acknowledgments_are_read_back(said: list[tuple[str, Decimal, date, bool]]) -> None:
    levels = [
        segment
        for number, amount, day, is_rejected in said
        for segment in patient(
            number,
            f"STC*{'A7:116' if is_rejected else 'A2:20'}*{day:%Y%m%d}"
            f"*{'U' if is_rejected else 'WQ'}*{amount}",
        )
    ]

    found = parsed_file.read("x", acknowledgment(*levels))

    assert [(each.claim_number, each.amount, each.asked_on) for each in found.requests] == [
        (number, amount, day) for number, amount, day, is_rejected in said if is_rejected
    ]


REAL = [
    "277CA/hdi-277CA-all-fields.edi", "277CA/imsweb-277CA-accepted.txt",
    "835/hdi-835-denial.dat", "835/835_remit_004.txt", "837P/837P_batch_002.txt",
]  # fmt: skip
OURS = [
    acknowledgment(*patient("A1", "STC*A7:116*20250121*U*200")),
    document_request(),
    file_835(answer("A1"), answer("A2", status="1")),
]
CHANGES = st.lists(
    st.tuples(
        st.integers(0, 1 << 20),
        st.integers(0, 40),
        st.one_of(
            st.binary(max_size=8),
            st.sampled_from([b"~", b"*", b":", b"~SE*1*1~", b"~ST*837*9~", b"~IEA*1*1~", b"\r\n"]),
        ),
    ),
    min_size=1,
    max_size=3,
)


def damaged(raw: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for place, gone, put in changes:
        at = place % len(raw)
        raw = raw[:at] + put + raw[at + gone :]
    return raw


@pytest.mark.parametrize("name", REAL)
def test_damaged_real_files_are_read_or_refused_with_a_sentence(name: str) -> None:
    path: Path = SHARED / "x12" / name
    if not path.exists():
        pytest.skip(f"{path} is not here: real files stay outside the project")
    whole = path.read_bytes()

    @settings(max_examples=examples(15), deadline=None)
    @given(CHANGES)
    def check(changes: list[tuple[int, int, bytes]]) -> None:
        try:
            found = parsed_file.read("x", damaged(whole, changes))
        except RefusedFile as refused:
            assert str(refused).startswith("x was refused")
            assert str(refused).endswith(".")
        else:
            assert all(each.sentence for each in found.messages if each.outcome == QUARANTINED)

    check()


@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.sampled_from(OURS), CHANGES)
def test_a_damaged_message_comes_in_whole_or_not_at_all(
    con: Connection, cast: Cast, whole: bytes, changes: list[tuple[int, int, bytes]]
) -> None:
    raw, before = damaged(whole, changes), counts(con)

    seen = imports.preview(con, "x", raw, actor=None, practice_id=cast.practice, now=NOON)
    report = imports.apply(con, "x", raw, actor=None, practice_id=cast.practice, now=NOON)

    assert (seen.refused, seen.charges_new, seen.tasks_new) == (
        report.refused, report.charges_new, report.tasks_new,
    )  # fmt: skip
    after = counts(con)
    if report.refused or report.already_imported:
        assert after == before
    else:
        assert after["task"] - before["task"] == report.tasks_new
        assert after["charge"] - before["charge"] == report.charges_new


def test_every_message_of_a_file_is_named_once() -> None:
    raw = b"".join(OURS)

    found = parsed_file.read("x", raw)

    assert [each.outcome for each in found.messages] == [APPLIED] * 3
    assert [each.kind for each in found.messages] == [
        transaction_reader.ACKNOWLEDGMENT, transaction_reader.DOCUMENT_REQUEST,
        transaction_reader.REMITTANCE,
    ]  # fmt: skip
