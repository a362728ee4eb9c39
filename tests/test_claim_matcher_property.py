"""No answer ever lands on a wrong charge, and none is lost: against a slow matcher that looks at
every fact of every claim."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
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
NUMBERS = [
    "100", "00100", "1-00", "ACCT7", "acct-7", f"{LONG}0001", f"{LONG}0001-A", f"{LONG}0002", "9",
    "12-3", "1-23", "123", "0012-3", "VISIT-2025-0110-0001",
]  # fmt: skip
# last name, first name, middle name, suffix, member ID
PATIENTS = [
    ("DOE", "JANE", "", "", "M12345678-01"),
    ("DOE", "JOHN", "", "", "M12345678-02"),
    ("DOE", "JOHN", "ALAN", "", "M12345678-02"),
    ("DOE", "JOHN", "BRIAN", "", "M12345678-03"),
    ("DOE", "JOHN", "", "JR", "M12345678-02"),
    ("DOE", "JOHN", "", "SR", "M12345678-01"),
    ("ROE", "JANE", "", "", "M2"),
    ("DOE", "JOAN", "", "", "M12345678-01"),
    ("DOE", "MARIA", "", "", "M12345678-03"),
    ("DOE", "MARIO", "", "", "M12345678-03"),
]
SECOND = "ICN8"  # the payer's number of a second claim that is answered in the same file
PAYERS = ["FIRST PLAN", "SECOND MUTUAL", "MEDICARE", "MEDICARE SUPPLEMENT"]
AMOUNTS = [100, 150, 200]
counter = itertools.count(1)


@dataclass(frozen=True)
class Truth:
    """A claim that somebody filed, here or elsewhere."""

    number: str
    patient: tuple[str, str, str, str, str]
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
    has_middle: bool  # middle name and suffix are stated
    has_day: bool
    is_double: bool  # the file answers two claims alike, under two numbers of the payer's
    is_garbled: bool  # the last letter of the first name was lost on the way

    @property
    def more(self) -> tuple[str, str]:
        """Return middle name and suffix as far as they are stated."""
        return self.truth.patient[2:4] if self.has_middle else ("", "")


TRUTHS = st.builds(
    Truth,
    st.sampled_from(NUMBERS),
    st.sampled_from(PATIENTS),
    st.integers(0, 2).map(lambda weeks: FIRST_DAY + timedelta(weeks=weeks)),
    st.sampled_from(PAYERS),
    st.sampled_from(AMOUNTS),
)


def rewritten(draw: st.DrawFn, number: str) -> str:
    """Return a number as a payer or clearinghouse may write it."""
    how = draw(
        st.sampled_from(
            ["cut", "upper", "lower", "padded", "unpadded", "plain", "spaced", "separated"]
        )
    )
    digits = [place for place in range(1, len(number)) if number[place - 1 : place + 1].isdigit()]
    if how == "cut" and len(number) > 15:
        return number[: draw(st.integers(15, len(number)))]
    if how == "separated" and digits:
        place = draw(st.sampled_from(digits))
        return f"{number[:place]}{draw(st.sampled_from('-/ ._'))}{number[place:]}"
    return {
        "upper": number.upper(), "lower": number.lower(), "padded": f"000{number}",
        "unpadded": number.lstrip("0"), "plain": re.sub("[^0-9A-Za-z]", "", number),
        "spaced": number.replace("-", " "),
    }.get(how, number)  # fmt: skip


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    truth = draw(TRUTHS)
    number = truth.number
    for _ in range(draw(st.sampled_from([0, 1, 1, 2]))):
        number = rewritten(draw, number)
    return Reply(
        truth, number, draw(st.booleans()), draw(st.sampled_from(["16", "197"])),
        draw(st.sampled_from(["ICN1", "ICN1", "ICN2", "ICN3"])),
        draw(st.booleans()), draw(st.sampled_from([True, True, True, False])),
        draw(st.sampled_from([False, False, False, True])),
        draw(st.sampled_from([False, False, False, True])),
    )  # fmt: skip


def filed(claims: list[Truth]) -> bytes:
    body = ["BHT*0019*00*1*20250113*0924*CH", "HL*1**20*1", f"NM1*85*2*NORTHSIDE*****XX*{CLINIC}"]
    for claim in claims:
        last, first, middle, suffix, member = claim.patient
        body += [
            "HL*2*1*22*0", "SBR*P*18*******CI",
            f"NM1*IL*1*{last}*{first}*{middle}**{suffix}*MI*{member}",
            f"NM1*PR*2*{claim.payer}*****PI*{PAYERS.index(claim.payer)}7",
            f"CLM*{claim.number}*{claim.amount}***11:B:1*Y*A*Y*Y", "HI*ABK:J069", "LX*1",
            f"SV1*HC:99213*{claim.amount}*UN*1***1", f"DTP*472*D8*{claim.day:%Y%m%d}",
        ]  # fmt: skip
    return envelope(body).encode()


def remitted(answers: list[Reply]) -> list[bytes]:
    """One remittance an answer: each is an answer of its own."""
    found = []
    for place, reply in enumerate(answers):
        last, first, *_, member = reply.truth.patient
        first = f"{first[:-1]}?" if reply.is_garbled else first
        own = f"-{place}" if reply.is_garbled else ""  # the payer's number tells it of no other
        icn = f"{reply.icn}{own}"
        middle, suffix = reply.more
        identified = f"*{middle}**{suffix}" + (f"*MI*{member}" if reply.has_member else "")
        body = [
            "BPR*I*0*C*NON************20250301", f"TRN*1*CHECK{place}*1",
            f"N1*PR*{reply.truth.payer}", f"N1*PE*NORTHSIDE*XX*{CLINIC}",
        ]  # fmt: skip
        for number in (icn, f"{SECOND}{own}") if reply.is_double else (icn,):
            body += [
                f"CLP*{reply.number}*4*{reply.truth.amount}*0**12*{number}",
                f"CAS*CO*{reply.code}*{reply.truth.amount}",
                f"NM1*QC*1*{last}*{first}{identified}",
            ]
            body += [f"DTM*232*{reply.truth.day:%Y%m%d}"] if reply.has_day else []
        found.append(envelope(body, kind="835", version="005010X221A1").encode())
    return found


def key(number: str) -> str:
    """Fold a number as docs/decisions.md says: a separator between two digits tells two apart, but
    not one among leading zeros, which say nothing."""
    grouped = re.sub(r"(?<=[0-9])[^0-9a-z]+(?=[0-9])", "/", number.lower())
    return "".join(each for each in grouped if each.isalnum() or each == "/").lstrip("0/")


def is_but_for_separators(one: str, other: str) -> bool:
    """Whether one number can be the other, or its beginning, with more separators between digits,
    or fewer, and none at another place."""
    if len(one) < 15 and key(one).replace("/", "") != key(other).replace("/", ""):
        return False
    short, long = key(one), key(other)
    lost = added = 0
    while short:
        if long[:1] == short[0]:
            short, long = short[1:], long[1:]
        elif long[:1] == "/":
            long, lost = long[1:], lost + 1
        elif short[0] == "/":
            short, added = short[1:], added + 1
        else:
            return False
    return bool(lost) != bool(added)


def may_be(one: str, other: str) -> bool:
    """Whether two middle names or suffixes do not contradict each other."""
    return not one or not other or one == other


def could_be(claim: Truth, reply: Reply) -> bool:
    """Match slowly: every fact that is stated, and the number in any way that a payer can have
    written it. One that lost its separators needs patient, day and amount."""
    same = key(claim.number) == key(reply.number)
    cut = len(reply.number) >= 15 and key(claim.number).startswith(key(reply.number))
    plain = reply.has_day and is_but_for_separators(reply.number, claim.number)
    truth = reply.truth
    return (
        (same or cut or plain)
        and claim.patient[:2] == truth.patient[:2]
        and all(map(may_be, claim.patient[2:4], reply.more))
        and (not reply.has_member or claim.patient[4] == truth.patient[4])
        and (not reply.has_day or claim.day == truth.day)
        and (claim.payer, claim.amount) == (truth.payer, truth.amount)
    )


def could_be_one(one: Reply, other: Reply, *, has_charge: bool) -> bool:
    """Whether two answers may be told to one task: nothing that both state contradicts, and the
    numbers can be one. What is wrong of the task's charge is looked at elsewhere."""
    short, long = sorted((one.number, other.number), key=lambda number: len(key(number)))
    is_number = key(short) == key(long) or (len(short) >= 15 and key(long).startswith(key(short)))
    is_plain = (
        one.has_day
        and other.has_day
        and (
            is_but_for_separators(one.number, other.number)
            or is_but_for_separators(other.number, one.number)
        )
    )
    mine, its = one.truth, other.truth
    return (
        (is_number or is_plain or has_charge)
        and mine.patient[:2] == its.patient[:2]
        and all(map(may_be, one.more, other.more))
        and (not (one.has_day and other.has_day) or mine.day == its.day)
        and (mine.payer, mine.amount) == (its.payer, its.amount)
    )


def exactness(claim: Truth, reply: Reply) -> tuple[int, int]:
    """How exactly number and name are the claim's."""
    number = 2 * (claim.number.casefold() == reply.number.casefold()) + (
        key(claim.number) == key(reply.number)
    )
    return number, claim.patient[2:4] == reply.more


def meant(claims: list[Truth], reply: Reply) -> list[Truth]:
    """Return the claims that could be meant, without those that another one exceeds in how its
    number or name is written and falls behind in neither."""
    found = [(claim, exactness(claim, reply)) for claim in claims if could_be(claim, reply)]
    return [
        claim
        for claim, exact in found
        if not any(
            other != exact and all(map(int.__ge__, map(int, other), map(int, exact)))
            for _, other in found
        )
    ]


@example(
    claims=[Truth(f"{LONG}0001-A", PATIENTS[3], FIRST_DAY, "MEDICARE", 100)],
    answers=[
        Reply(
            Truth(f"{LONG}0001", PATIENTS[5], FIRST_DAY, "MEDICARE", 100),
            f"{LONG}0001",
            has_member=False,
            code="16",
            icn="ICN1",
            has_middle=False,
            has_day=False,
            is_double=False,
            is_garbled=False,
        )
    ],
    claims_first=False,
)  # a number that is no cut one of its own claim's can be one of another's
@pytest.mark.cases(1)
@pytest.mark.parametrize("part", range(3))  # each draws its own
@settings(
    max_examples=examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    claims=st.lists(TRUTHS, min_size=1, max_size=8, unique=True),
    answers=st.lists(replies(), min_size=1, max_size=6),
    claims_first=st.booleans(),
)
def test_no_answer_lands_on_a_wrong_charge_and_none_is_lost(
    con: Connection,
    cast: Cast,
    part: int,
    claims: list[Truth],
    answers: list[Reply],
    claims_first: bool,
) -> None:
    practice_id = people.add_practice(con, f"Practice {next(counter)}", now=NOON)
    contents = [filed(claims), *remitted(answers)]
    if not claims_first:
        contents = [*contents[1:], contents[0]]

    for content in contents:
        report = imports.apply(con, "a.x12", content, actor=None, practice_id=practice_id, now=NOON)
        assert report.refused is None or report.already_imported

    held = {
        (row[0], row[1], row[2], row[3], row[8], row[4], row[5], int(row[6])): row[7]
        for row in con.rows(
            """
            SELECT claim_number, last_name, first_name, patient_more, date_from, payer.name,
                   filed_total, charge.id, member_id
            FROM charge JOIN patient ON patient.id = patient_id JOIN payer ON payer.id = payer_id
            WHERE charge.practice_id = $id
            """,
            id=practice_id,
        )
    }
    truths = {
        held[
            each.number,
            *each.patient[:2],
            " ".join(filter(None, each.patient[2:4])),
            each.patient[4],
            each.day,
            each.payer,
            each.amount,
        ]: each
        for each in claims
    }
    told: dict[int, set[int]] = {}
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
        told.setdefault(int(file_name.removeprefix("CHECK")), set()).add(task_id)
    charge_of: dict[int, int | None] = dict(
        con.rows("SELECT id, charge_id FROM task WHERE practice_id = $id", id=practice_id)
    )
    for place, reply in enumerate(answers):
        assert len(told.get(place, ())) == 1 + reply.is_double, "an answer is in no task of its own"
        possible = meant(claims, reply)
        for charge_id in map(charge_of.get, told[place]):
            if charge_id is not None:
                assert not reply.is_garbled, "nobody can say whose charge it is"
                assert could_be(truths[charge_id], reply), (reply, truths[charge_id])
                if len(possible) == 1:
                    assert truths[charge_id] in possible, (reply, possible)
            is_cut = any(len(key(reply.number)) < len(key(each.number)) for each in possible)
            is_enough = reply.has_day or not is_cut
            if len(possible) == 1 and is_enough and not (reply.is_double or reply.is_garbled):
                assert charge_id is not None, (reply, possible)
    creators = {
        task_id: answers[int(trace.removeprefix("CHECK"))]
        for task_id, trace in con.rows(
            """
            SELECT task.id, split_part(identifiers, '|', 5) FROM task
            JOIN intake_message AS message ON message.intake_file_id = task.intake_file_id
            WHERE task.practice_id = $id AND kind = '835'
            """,
            id=practice_id,
        )
    }
    for place, reply in enumerate(answers):
        for task_id in told[place]:
            has_charge = charge_of[task_id] is not None
            one = creators[task_id]
            assert could_be_one(one, reply, has_charge=has_charge), (one, reply)
