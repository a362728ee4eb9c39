"""No answer ever lands on a wrong charge, and none is lost: against a slow matcher that looks at
every fact of every claim."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib import people
from lib.intake import imports
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.fuzz import examples
from tests.x12_texts import CLINIC, envelope

pytestmark = pytest.mark.slow

FIRST_DAY = date(2025, 1, 10)
LONG = "VISIT-20250110-"
NUMBERS = ["100", "00100", "ACCT7", "acct-7", f"{LONG}0001", f"{LONG}0001-A", f"{LONG}0002", "9"]
PATIENTS = [
    ("DOE", "JANE", "M1"),
    ("DOE", "JOHN", "M1"),
    ("ROE", "JANE", "M2"),
    ("DOE", "JOAN", "M1"),
]
PAYERS = ["FIRST PLAN", "SECOND MUTUAL", "MEDICARE", "MEDICARE SUPPLEMENT"]
AMOUNTS = [100, 150, 200]
counter = itertools.count(1)


@dataclass(frozen=True)
class Truth:
    """A claim that somebody filed, here or elsewhere."""

    number: str
    patient: tuple[str, str, str]
    day: date
    payer: str
    amount: int


@dataclass(frozen=True)
class Reply:
    """An answer to a claim, as its payer writes the number."""

    truth: Truth
    number: str
    has_member: bool
    code: str
    icn: str  # the payer's number; some payers use one for several claims


TRUTHS = st.builds(
    Truth,
    st.sampled_from(NUMBERS),
    st.sampled_from(PATIENTS),
    st.integers(0, 2).map(lambda weeks: FIRST_DAY + timedelta(weeks=weeks)),
    st.sampled_from(PAYERS),
    st.sampled_from(AMOUNTS),
)


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    truth = draw(TRUTHS)
    number = truth.number
    written = draw(st.sampled_from(["as sent", "cut", "upper", "padded", "plain"]))
    if written == "cut" and len(number) > 17:
        number = number[: draw(st.integers(17, len(number)))]
    elif written == "upper":
        number = number.upper()
    elif written == "padded":
        number = f"000{number}"
    elif written == "plain":
        number = number.replace("-", "")
    return Reply(
        truth, number, draw(st.booleans()), draw(st.sampled_from(["16", "197"])),
        draw(st.sampled_from(["ICN1", "ICN1", "ICN2", "ICN3"])),
    )  # fmt: skip


def filed(claims: list[Truth]) -> bytes:
    body = ["BHT*0019*00*1*20250113*0924*CH", "HL*1**20*1", f"NM1*85*2*NORTHSIDE*****XX*{CLINIC}"]
    for claim in claims:
        last, first, member = claim.patient
        body += [
            "HL*2*1*22*0", "SBR*P*18*******CI", f"NM1*IL*1*{last}*{first}****MI*{member}",
            f"NM1*PR*2*{claim.payer}*****PI*{PAYERS.index(claim.payer)}7",
            f"CLM*{claim.number}*{claim.amount}***11:B:1*Y*A*Y*Y", "HI*ABK:J069", "LX*1",
            f"SV1*HC:99213*{claim.amount}*UN*1***1", f"DTP*472*D8*{claim.day:%Y%m%d}",
        ]  # fmt: skip
    return envelope(body).encode()


def remitted(answers: list[Reply]) -> list[bytes]:
    """One remittance an answer: each is an answer of its own."""
    found = []
    for place, reply in enumerate(answers):
        last, first, member = reply.truth.patient
        identified = f"****MI*{member}" if reply.has_member else ""
        body = [
            "BPR*I*0*C*NON************20250301", f"TRN*1*CHECK{place}*1",
            f"N1*PR*{reply.truth.payer}", f"N1*PE*NORTHSIDE*XX*{CLINIC}",
            f"CLP*{reply.number}*4*{reply.truth.amount}*0**12*{reply.icn}",
            f"CAS*CO*{reply.code}*{reply.truth.amount}", f"NM1*QC*1*{last}*{first}{identified}",
            f"DTM*232*{reply.truth.day:%Y%m%d}",
        ]  # fmt: skip
        found.append(envelope(body, kind="835", version="005010X221A1").encode())
    return found


def key(number: str) -> str:
    return "".join(filter(str.isalnum, number)).lower().lstrip("0")


def could_be(claim: Truth, reply: Reply) -> bool:
    """Match slowly: every fact, and the number in any way that a payer can have written
    it."""
    same = key(claim.number) == key(reply.number)
    cut = len(reply.number) >= 15 and key(claim.number).startswith(key(reply.number))
    return (same or cut) and (claim.patient, claim.day, claim.payer, claim.amount) == (
        reply.truth.patient, reply.truth.day, reply.truth.payer, reply.truth.amount,
    )  # fmt: skip


def could_be_one(one: Reply, other: Reply) -> bool:
    """Whether two answers may be told to one task: same patient, day, payer and amount, and numbers
    that can be one."""
    short, long = sorted((one.number, other.number), key=lambda number: len(key(number)))
    is_number = key(short) == key(long) or (len(short) >= 15 and key(long).startswith(key(short)))
    same = (one.truth.patient, one.truth.day, one.truth.payer, one.truth.amount)
    return is_number and same == (
        other.truth.patient, other.truth.day, other.truth.payer, other.truth.amount,
    )  # fmt: skip


def meant(claims: list[Truth], reply: Reply) -> list[Truth]:
    """Return the claims that could be meant; of several the one whose number is written as the
    answer's, else the one whose number was only rewritten, where that is one."""
    found = [claim for claim in claims if could_be(claim, reply)]
    for test in (
        lambda claim: claim.number.casefold() == reply.number.casefold(),
        lambda claim: key(claim.number) == key(reply.number),
    ):
        exact = [claim for claim in found if test(claim)]
        if exact:
            return exact
    return found


@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(TRUTHS, min_size=1, max_size=8, unique=True),
    st.lists(replies(), min_size=1, max_size=6),
    st.booleans(),
)
def test_no_answer_lands_on_a_wrong_charge_and_none_is_lost(
    con: Connection, cast: Cast, claims: list[Truth], answers: list[Reply], claims_first: bool
) -> None:
    practice_id = people.add_practice(con, f"Practice {next(counter)}", now=NOON)
    contents = [filed(claims), *remitted(answers)]
    if not claims_first:
        contents = [*contents[1:], contents[0]]

    for content in contents:
        report = imports.apply(con, "a.x12", content, actor=None, practice_id=practice_id, now=NOON)
        assert report.refused is None or report.already_imported

    held = {
        (row[0], row[1], row[2], row[3], row[4], int(row[5])): row[6]
        for row in con.rows(
            """
            SELECT claim_number, last_name, first_name, date_from, payer.name, filed_total,
                   charge.id
            FROM charge JOIN patient ON patient.id = patient_id JOIN payer ON payer.id = payer_id
            WHERE charge.practice_id = $id
            """,
            id=practice_id,
        )
    }
    truths = {
        held[each.number, *each.patient[:2], each.day, each.payer, each.amount]: each
        for each in claims
    }
    told: dict[int, int] = {}
    for file_name, task_id in con.rows(
        """
        SELECT trace, task_id FROM (
            SELECT intake_file_id, id AS task_id FROM task WHERE practice_id = $id
            UNION SELECT intake_file_id, task_id FROM task_answer WHERE practice_id = $id
        ) AS said
        JOIN (SELECT intake_file_id AS file_id, split_part(identifiers, '|', 5) AS trace
              FROM intake_message WHERE practice_id = $id AND kind = '835') AS message
          ON file_id = intake_file_id
        """,
        id=practice_id,
    ):
        told[int(file_name.removeprefix("CHECK"))] = task_id
    charge_of: dict[int, int | None] = dict(
        con.rows("SELECT id, charge_id FROM task WHERE practice_id = $id", id=practice_id)
    )
    for place, reply in enumerate(answers):
        assert place in told, "an answer is in no task"
        charge_id = charge_of[told[place]]
        possible = meant(claims, reply)
        if charge_id is not None:
            assert truths[charge_id] in possible, (reply, truths[charge_id])
        if len(possible) == 1:
            assert charge_id is not None, (reply, possible)
    for (one, reply), (two, other) in itertools.combinations(enumerate(answers), 2):
        if told[one] == told[two]:
            assert could_be_one(reply, other), (reply, other)
