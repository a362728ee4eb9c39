"""Charges that share one number with hundreds of others are found without comparing all of them,
and what is found is what the whole comparison finds."""

from __future__ import annotations

import itertools
import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from lib.intake.matching import claim_matcher
from lib.intake.matching.candidate_index import asked_keys, name_keys
from lib.intake.matching.claim_facts import ClaimFacts
from lib.intake.matching.claim_matcher import Candidate, Filed
from lib.intake.matching.known_charges import Candidates
from lib.intake.matching.spelling_comparison import could_be_person

DAY = date(2025, 1, 13)
FIRST = (
    "JOHN", "JOHNNY", "JACK", "J", "JOHN ALAN", "JOHN A", "JOHNALAN", "JOHN JR", "JOHN III", "",
    "MARY ANN", "MARYANN", "MARY", "MICHAEL", "MICHEAL", "MIKE", "PHILLIP", "PHILIP", "WILLIAM",
    "BILL", "WILL", "MAXIMILIANA", "MAXIMILIAN", "MAXIMILIANUS", "MAXIMILIANE", "JOS?", "JOSE",
    "SMITH", "MR JOHN", "ANNE-MARIE", "ANNE MARIE", "ANNEMARIE", "ANNE", "ALEXANDRA", "ALEX",
)  # fmt: skip
NAMES = [f"{last}, {first}" for last in ("SMITH", "SMYTHE", "JOHN", "MU?OZ", "") for first in FIRST]
NAMES += ["JOHN SMITH", "SMITH", "SMITH JOHN", ""]


def candidate(id_: int, name: str, day: date | None = DAY, last: date | None = None) -> Candidate:
    filed = Filed("NONE", name, "", (day, last), (Decimal(200),), ("PLAINS HEALTH",), "", "P")
    return Candidate(id_, (filed,))


def asked(name: str, day: date | None = DAY, last: date | None = None) -> ClaimFacts:
    return ClaimFacts(claim_numbers=("NONE",), patient_name=name, dates=(day, last))


def test_names_that_can_be_one_persons_share_a_key() -> None:
    for one, other in itertools.product(NAMES, NAMES):
        is_found = not asked_keys(one) or not name_keys(other)
        is_found = is_found or bool(asked_keys(one) & name_keys(other))
        assert is_found or not could_be_person(one, other, same_member=True), (one, other)


@pytest.mark.parametrize("seed", range(6))
def test_among_many_charges_of_one_number_the_same_is_found_as_by_comparing_all(seed: int) -> None:
    chance = random.Random(seed)
    days = [None, *(DAY + timedelta(days=n) for n in range(5))]

    def stay() -> tuple[date | None, date | None]:
        first = chance.choice(days)
        more = chance.choice((None, 0, 3, 40))
        return first, None if first is None or more is None else first + timedelta(days=more)

    held = [candidate(id_, chance.choice(NAMES), *stay()) for id_ in range(1, 90)]
    charges = Candidates(held)
    for _ in range(40):
        message = asked(chance.choice(NAMES), *stay())
        whole, found = claim_matcher.match(message, held), charges.match(message)
        assert (found, found.agreeing) == (whole, whole.agreeing), message


def letters(n: int) -> str:
    return "".join(chr(65 + n // 26**place % 26) for place in range(3))


@pytest.mark.parametrize("kind", ["patients", "days", "both"])
def test_an_answer_is_compared_with_few_of_the_charges_that_share_its_number(kind: str) -> None:
    def facts(n: int) -> tuple[str, date]:
        name = "GREEN, EMMA" if kind == "days" else f"GREEN, EM{letters(n)}"
        return name, DAY if kind == "patients" else DAY + timedelta(days=n)

    charges = Candidates(candidate(n + 1, *facts(n)) for n in range(2000))
    for n in range(0, 2000, 100):
        compared = charges.likely(asked(*facts(n)))
        assert n + 1 in [each.charge_id for each in compared]
        assert len(compared) <= 5
        assert charges.match(asked(*facts(n))).charge_id == n + 1


def test_where_all_charges_of_a_number_contradict_one_is_told_that_does() -> None:
    charges = Candidates(candidate(n, f"GREEN, EM{letters(n)}") for n in range(1, 200))
    match = charges.match(asked("BROWN, OLIVER"))
    assert match.outcome is claim_matcher.Outcome.CONTRADICTED
    assert match.compared[0].disagreements


def test_a_charge_that_was_changed_is_found_by_what_it_is_now() -> None:
    charges = Candidates(candidate(n, f"GREEN, EM{letters(n)}") for n in range(1, 200))
    assert charges.match(asked("BROWN, OLIVER")).charge_id is None
    charges.add(candidate(7, "BROWN, OLIVER"))
    assert charges.match(asked("BROWN, OLIVER")).charge_id == 7
