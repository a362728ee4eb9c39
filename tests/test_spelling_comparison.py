"""Spellings of one name agree; other names, also those that are close, do not."""

from __future__ import annotations

import csv

import pytest

from lib.intake.denial_advice import REFERENCE
from lib.intake.matching.spelling_comparison import (
    as_written,
    could_be_payer,
    could_be_person,
    fold,
    with_suffix,
)

SAME_PAYER = [
    ("BCBS OF TX", "BLUE CROSS BLUE SHIELD OF TEXAS"),
    ("BCBSNC", "BLUE CROSS AND BLUE SHIELD OF NORTH CAROLINA"),
    ("BCBS OF OK", "BlueCross BlueShield of Oklahoma"),
    ("HORIZON BCBSNJ", "HORIZON BLUE CROSS BLUE SHIELD OF NEW JERSEY"),
    ("NY MEDICAID", "MEDICAID OF NEW YORK"),
    ("AETNA", "AETNA LIFE INSURANCE CO"),
    ("CIGNA", "CIGNA HEALTH AND LIFE INSURANCE COMPANY"),
    ("UNITED", "UHC"),
    ("MEDICARE PART B", "NORIDIAN HEALTHCARE SOLUTIONS, LLC"),
    ("NORIDIAN JE PART B", "MEDICARE"),
    ("MEDICARE", "NOVITAS SOLUTIONS JH"),
    ("MEDICARE B", "FIRST COAST SERVICE OPTIONS INC"),
    ("MEDICARE", "National Government Services"),
    ("PALMETTO GBA", "MEDICARE PART B SOUTH CAROLINA"),
    ("KAISER FOUNDATION HEALTH PLAN", "KAISER PERMANENTE"),
    ("L.A. CARE", "LA CARE HEALTH PLAN"),
    ("GEHA", "GOVERNMENT EMPLOYEES HEALTH ASSOCIATION INC"),
    ("HEALTHNET", "HEALTH NET"),
    ("AMERIGRUOP", "AMERIGROUP"),
]
OTHER_PAYER = [
    ("BCBS OF TX", "BCBS OF OK"),
    ("BCBSNC", "BCBSSC"),
    ("BLUE CROSS OF CA", "BLUE SHIELD OF CA"),
    ("MEDICAID TX", "MEDICAID FL"),
    ("NORIDIAN HEALTHCARE SOLUTIONS", "NOVITAS SOLUTIONS"),
    ("NORIDIAN HEALTHCARE SOLUTIONS", "AETNA MEDICARE"),
    ("MEDICARE PART A", "MEDICARE PART B"),
    ("PALMETTO GBA", "RAILROAD MEDICARE"),
    ("PALMETTO HEALTH", "MEDICARE"),
    ("MEDICARE", "MEDICARE SUPPLEMENT"),
    ("PRIORITY HEALTH", "PRIORITY PARTNERS"),
    ("CARE IMPROVEMENT PLUS", "CARE PLUS"),
    ("UNIVERSAL AMERICAN", "UNIVERSAL HEALTH CARE"),
    ("UNITED AMERICAN", "UNITED"),
    ("AETNA BETTER HEALTH", "AETNA"),
    ("COMMUNITY FIRST HEALTH PLANS", "COMMUNITY HEALTH CHOICE"),
    ("NATIONAL GENERAL", "AMERICAN NATIONAL"),
    ("STATE FARM", "STATE AUTO"),
    ("SOLUTIONS HEALTH PLAN", "BENEFIT SOLUTIONS"),
]


@pytest.mark.parametrize(
    ("name", "suffix", "compared"),
    [
        ("GREEN, JOHN V", "V", "GREEN, JOHN 5TH"),
        ("GREEN, JOHN I.", "I.", "GREEN, JOHN 1ST"),
        ("GREEN, JOHN VI", "VI", "GREEN, JOHN 6TH"),
        ("GREEN, JOHN JR", "JR", "GREEN, JOHN JR"),
        ("GREEN, JOHN V", "", "GREEN, JOHN V"),
    ],
)
def test_a_suffix_that_looks_like_an_initial_is_compared_as_a_suffix(
    name: str, suffix: str, compared: str
) -> None:
    assert with_suffix(name, suffix) == compared
    assert as_written(compared) == fold(name)


@pytest.mark.parametrize(("one", "other"), SAME_PAYER)
def test_ordinary_spellings_of_a_payer_agree(one: str, other: str) -> None:
    assert could_be_payer(one, other)
    assert could_be_payer(other, one)


@pytest.mark.parametrize(("one", "other"), OTHER_PAYER)
def test_payers_that_share_a_common_word_are_others(one: str, other: str) -> None:
    assert not could_be_payer(one, other)
    assert not could_be_payer(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("STEPHEN", "STEVIE"), ("PATRICIA", "PATTI"), ("SALVADOR", "CHAVA"), ("MUHAMMAD", "MOHD"),
     ("FREDERICK", "FREDDIE"), ("JACKSON", "JACK"), ("ALBERTO", "BETO"), ("GEOFFREY", "GEOFF")],
)  # fmt: skip
def test_a_nickname_is_the_name(one: str, other: str) -> None:
    assert could_be_person(f"DOE, {one}", f"DOE, {other}", same_member=False)


@pytest.mark.parametrize(
    ("one", "other"),
    [("ANN", "ANNA"), ("ANASTASIA", "ANA"), ("MARY", "MOLLY"), ("SARAH", "SALLY"),
     ("LUCILLE", "LUCY"), ("ELEANOR", "NORA"), ("CHARLOTTE", "CHARLIE"), ("HUBERT", "HUGH"),
     ("ALEXANDRA", "SANDRA"), ("JOHN", "JONATHAN"), ("LIZ", "BETTY"), ("MARIA", "MARIO")],
)  # fmt: skip
def test_a_name_of_its_own_is_another_person(one: str, other: str) -> None:
    assert not could_be_person(f"DOE, {one}", f"DOE, {other}", same_member=True)


def test_the_list_of_nicknames_is_in_order_and_says_nothing_twice() -> None:
    with (REFERENCE / "nicknames.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [row["name"] for row in rows]

    assert names == sorted(set(names))
    for row in rows:
        short = row["nicknames"].split()
        assert short
        assert len(set(short)) == len(short)
        assert row["name"] not in short


@pytest.mark.parametrize(
    ("one", "other"),
    [("MU?OZ, ANA", "MUNOZ, ANA"), ("MU\ufffdOZ, ANA", "MUÑOZ, ANA"), ("MU„OZ, ANA", "MUNOZ, ANA"),
     ("MU??OZ, ANA", "MUNOZ, ANA"), ("LOPEZ, JOS?", "LOPEZ, JOSE"), ("RAY, JES?S", "RAY, JESUS"),
     ("GRO?MANN, UWE", "GROSSMANN, UWE"), ("ANA MU?OZ", "MUNOZ, ANA"),
     ("PE?A-MU?OZ, ANA", "PENA MUNOZ, ANA")],
)  # fmt: skip
def test_a_letter_that_was_lost_on_the_way_stands_for_one_or_two(one: str, other: str) -> None:
    assert could_be_person(one, other, same_member=False)
    assert could_be_person(other, one, same_member=False)


@pytest.mark.parametrize(
    ("one", "other"),
    [("DOE, JO?N", "DOE, JOHN"), ("MU?OZ, ANA", "MUNOZ, EVA"), ("MU?OZ, ANA", "MULLOZA, ANA"),
     ("D?, ANA", "DOE, ANA"), ("LOPEZ, JOS?", "LOPEZ, JOSEFINA"), ("LOPEZ, MARI?", "LOPEZ, MARK")],
)  # fmt: skip
def test_a_lost_letter_makes_no_other_name(one: str, other: str) -> None:
    assert not could_be_person(one, other, same_member=True)


@pytest.mark.parametrize(
    ("cut", "name", "is_same"),
    [("MAXIMILLIA", "MAXIMILLIANUS", True), ("MAXIMILIAN", "MAXIMILIANA", False),
     ("MAXIMILIAN", "MAXIMILIANO", False), ("CHRISTIAN", "CHRISTIANA", False),
     ("FRANCISC", "FRANCISCO", False), ("VALENTIN", "VALENTINO", False),
     ("VICTORIA", "VICTORIANO", False), ("GABRIEL", "GABRIELLE", False)],
)  # fmt: skip
def test_a_first_name_that_begins_another_is_another_unless_a_payer_cut_a_long_one(
    cut: str, name: str, is_same: bool
) -> None:
    assert could_be_person(f"DOE, {cut}", f"DOE, {name}", same_member=True) == is_same


def test_a_name_that_lost_many_letters_is_not_tried_in_every_way() -> None:
    lost, name = "A?" * 40, "A" * 100 + "B"

    assert not could_be_person(f"{lost}C, ANA", f"{name}, ANA", same_member=True)


@pytest.mark.parametrize("lost", ["DOE, ???", "DOE, \ufffd\ufffd", "DOE, „„"])
def test_a_first_name_that_lost_all_its_letters_is_nobodys(lost: str) -> None:
    assert not could_be_person(lost, "DOE, EMMA", same_member=True)
    assert not could_be_person("DOE, EMMA", lost, same_member=True)


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("GABRIELL", "GABRIEL", False), ("JULIANN", "JULIAN", False), ("DANIELL", "DANIEL", False),
        ("VIVIANN", "VIVIAN", False), ("PHILIP", "PHILLIP", True), ("MICHEAL", "MICHAEL", True),
    ],
)  # fmt: skip
def test_a_last_letter_that_is_doubled_makes_another_first_name(
    one: str, other: str, *, is_one: bool
) -> None:
    assert could_be_person(f"GREEN, {one}", f"GREEN, {other}", same_member=True) is is_one
