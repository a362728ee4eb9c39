"""What a 277CA names or counts and does not explain is said, and the file counts as not whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_command import run
from tests.test_import import bring
from tests.test_transaction_reader import acknowledgment, document_request, patient

PROVIDER = ("HL*3*2*19*1", "NM1*85*2*NORTHSIDE*****XX*1234567893", "TRN*2*0")
ACCEPTED, REJECTED = "STC*A2:20*20250121*WQ*200", "STC*A7:116*20250121*U*200"
UNSAID, NOT_NAMED = "Neither accepted nor rejected: ", "Rejected, but not named: "


def remarks(con: Connection, cast: Cast, raw: bytes) -> list[str]:
    report = bring(con, cast, raw)
    found = [each for each in report.warnings if each.startswith((UNSAID, NOT_NAMED))]
    assert report.is_whole is not bool(found)
    assert not any("holds no claim" in each for each in report.warnings)
    return [each.partition(" (segment")[0] for each in found]


@pytest.mark.parametrize(
    ("raw", "claim"),
    [
        (acknowledgment(*patient("A1", "REF*1K*P1")), "A1"),
        (acknowledgment(*patient("A1", "SVC*HC:99213*120")), "A1"),
        (acknowledgment(*patient("", "REF*1K*P1")), "P1"),
        (document_request().replace(b"STC*R4:11506-3::LOI*20250120**200~", b""), "A1"),
    ],
)
def test_a_claim_of_which_nothing_is_said_is_named(
    con: Connection, cast: Cast, raw: bytes, claim: str
) -> None:
    assert remarks(con, cast, raw) == [f"{UNSAID}claim {claim} with no status (STC)"]


BARE = ("HL*4*3*PT", "NM1*QC*1*GREEN*EMMA****MI*MEM1")
SUBSCRIBER = ("HL*4*3*22*1", "NM1*IL*1*GREEN*EMMA****MI*MEM1")


@pytest.mark.parametrize(
    ("levels", "claims"),
    [
        ((*BARE, "REF*1K*P1", "DTP*472*D8*20250113"), ["P1"]),
        ((*BARE, "DTP*472*D8*20250113"), ["without a number"]),
        (BARE, ["without a number"]),
        ((*BARE, "REF*D9*C1", *patient("A2", ACCEPTED)), ["C1"]),
        ((*patient("A2", ACCEPTED), *BARE, *PROVIDER, *BARE, "REF*EJ*A3"),
         ["without a number", "A3"]),
        ((*SUBSCRIBER, "HL*5*4*23*0", *BARE[1:], "TRN*2*A1", ACCEPTED), []),
        ((*SUBSCRIBER, "HL*5*4*23*0", *BARE[1:]), ["without a number"]),
    ],
)  # fmt: skip
def test_a_patients_level_without_number_and_status_is_a_claim_of_which_nothing_is_said(
    con: Connection, cast: Cast, levels: Sequence[str], claims: Sequence[str]
) -> None:
    found = remarks(con, cast, acknowledgment(*levels))

    assert found == [f"{UNSAID}claim {claim} with no status (STC)" for claim in claims]


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        (("QTY*QC*1", "AMT*YY*200", "TRN*2*1", "QTY*QC*1", "AMT*YY*200",
          *patient("A1", REJECTED), *patient("A2", REJECTED)), []),
        (("QTY*QC*1", "TRN*2*1", *patient("A1", REJECTED)), []),
        (("QTY*QC*1", "TRN*2*1", "QTY*QC*2", *patient("A1", REJECTED)), ["2 claims"]),
        (("QTY*QC*1", "TRN*2*1", "QTY*QC*1", "TRN*2*2", "QTY*QC*1",
          *patient("A1", REJECTED), *patient("A2", REJECTED)), ["1 claim"]),
    ],
)  # fmt: skip
def test_totals_under_several_numbers_of_one_level_count_together(
    con: Connection, cast: Cast, levels: Sequence[str], said: Sequence[str]
) -> None:
    expected = [f"{NOT_NAMED}{each}, by the totals for NORTHSIDE" for each in said]

    assert remarks(con, cast, acknowledgment(*PROVIDER, *levels)) == expected


def test_two_numbers_of_one_claim_are_not_two_claims(con: Connection, cast: Cast) -> None:
    raw = document_request().replace(b"TRN*1*PAYER77", b"TRN*2*A1~TRN*1*PAYER77")

    assert remarks(con, cast, raw) == []


def test_the_exit_code_says_that_a_claim_is_without_a_status(tmp_path: Path) -> None:
    path = tmp_path / "a.277"
    path.write_bytes(acknowledgment(*patient("A1")))

    done = run(tmp_path / "data", path)

    assert done.returncode == 1
    assert "claim A1 with no status (STC)" in done.stdout


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        (("QTY*QA*0", "QTY*QC*1", "AMT*YY*200"), "1 claim over 200.00 US dollars"),
        (("QTY*QC*1", "AMT*YY*300", *patient("A1", ACCEPTED)),
         "1 claim over 300.00 US dollars"),
        (("QTY*QC*2", "AMT*YY*400", *patient("A1", REJECTED)),
         "1 claim over 200.00 US dollars"),
        (("QTY*QC*3", *patient("A1", REJECTED)), "2 claims"),
        (("AMT*YY*300", *patient("A1", ACCEPTED)), "claims over 300.00 US dollars"),
    ],
)  # fmt: skip
def test_what_totals_count_as_rejected_and_no_claim_accounts_for_is_said(
    con: Connection, cast: Cast, levels: Sequence[str], said: str
) -> None:
    expected = [f"{NOT_NAMED}{said}, by the totals for NORTHSIDE"]

    assert remarks(con, cast, acknowledgment(*PROVIDER, *levels)) == expected


def test_totals_of_a_receiver_count_what_its_providers_lack_once(
    con: Connection, cast: Cast
) -> None:
    provider = (*PROVIDER, "QTY*QC*1", "AMT*YY*200")

    assert len(remarks(con, cast, acknowledgment("QTY*AA*1", "AMT*YY*200", *provider))) == 1


def test_totals_of_a_receiver_without_a_provider_are_said(con: Connection, cast: Cast) -> None:
    [said] = remarks(con, cast, acknowledgment("QTY*AA*1", "AMT*YY*200"))

    assert said == f"{NOT_NAMED}1 claim over 200.00 US dollars, by the totals for NORTHSIDE"


@pytest.mark.parametrize(
    "levels",
    [
        (*PROVIDER, "QTY*QC*1", "AMT*YY*200", *patient("A1", REJECTED)),
        (*PROVIDER, "QTY*QC*1", *patient("A1", ACCEPTED, "SVC*HC:1*120", "STC*A8:1**U")),
        (*PROVIDER, "QTY*QA*1", "QTY*QC*0", "AMT*YU*200", "AMT*YY*0", *patient("A1", ACCEPTED)),
        (*PROVIDER, "STC*A3:24*20250120*U*200", "QTY*QC*1", "AMT*YY*200"),
        ("QTY*AA*2", "AMT*YY*400", *PROVIDER, "STC*A3:24*20250120*U*400", "QTY*QC*2", "AMT*YY*400"),
        ("QTY*AA*1", "AMT*YY*200", *PROVIDER, *patient("A1", REJECTED)),
    ],
)  # fmt: skip
def test_totals_that_claims_or_a_rejected_batch_account_for_are_not_said(
    con: Connection, cast: Cast, levels: Sequence[str]
) -> None:
    assert remarks(con, cast, acknowledgment(*levels)) == []
