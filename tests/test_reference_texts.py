"""What we say of codes agrees with what the published lists say (CARC 139, RARC 411, claim status
508, 999 and TA1): looks at data/reference."""

from __future__ import annotations

import pytest

from lib.intake import denial_advice
from lib.intake.x12 import receipts_999, status_codes
from lib.intake.x12.status_codes import ClaimStatus, Code


def of_reason(code: str) -> str:
    found = denial_advice.of_codes([("CO", code)], [])
    return f"{found.title}. {found.answer}. {found.advice}"


def of_remark(code: str) -> str:
    found = denial_advice.of_codes([("CO", "16")], [code])
    return f"{found.title}. {found.answer}. {found.advice}"


def of_status(code: str, entity: str = "") -> str:
    status = ClaimStatus(1, (Code("A7", code, entity, ""),), None, "U", None, "")
    found = status_codes.find([status])
    return f"{found.title}. {found.answer}. {found.advice}"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("12", "does not fit the service or the provider"), ("32", "whom the plan covers"),
        ("33", "whom the plan covers"), ("39", "asked for and not given"),
        ("40", "necessary or urgent"), ("55", "experimental"), ("56", "not proven"),
        ("60", "stay"), ("95", "rules for this service were not met"),
        ("108", "rules for this service were not met"), ("111", "accepts assignment"),
        ("112", "not documented"), ("114", "not used as approved"),
        ("136", "rules were not followed"), ("147", "has no valid rate"),
        ("166", "another payer, plan or contractor"), ("173", "prescription is missing"),
        ("174", "came too late"), ("175", "incomplete"), ("176", "not current"),
        ("177", "does not meet the conditions"), ("190", "nursing facility stay"),
        ("193", "keeps its earlier decision"), ("199", "revenue code"),
        ("222", "a maximum is used up"), ("227", "asked the patient"),
        ("228", "was not given what it asked for"), ("239", "some of the days"),
        ("242", "network"), ("243", "approval of the plan's own physician"),
        ("256", "contract with the provider"), ("261", "history of the patient"),
        ("267", "billed apart"), ("270", "another payer, plan"), ("273", "were exceeded"),
        ("276", "it denied the service"), ("279", "network"), ("282", "procedure or revenue code"),
        ("285", "appeal was not made in the way"), ("286", "its appeal had passed"),
        ("B8", "another would have done"), ("B9", "hospice"), ("B12", "not documented"),
        ("B15", "another service that must have been given"), ("B20", "another provider did"),
    ],
)  # fmt: skip
def test_a_reason_is_said_in_its_own_meaning(code: str, says: str) -> None:
    assert says in of_reason(code)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("M119", "NDC"), ("MA37", "address"), ("MA39", "sex"), ("N30", "conditions of the plan"),
        ("N48", "does not agree with the claim"), ("N52", "on this day"), ("N74", "billed apart"),
        ("N142", "sent anew"), ("N152", "replacement"), ("N205", "could not be read"),
        ("N225", "none that suffice"), ("N258", "address"), ("N329", "birth date"),
        ("N674", "must have been given"), ("M86", "the same or a similar one"),
    ],
)  # fmt: skip
def test_a_remark_is_said_in_its_own_meaning(code: str, says: str) -> None:
    assert says in of_remark(code)


@pytest.mark.parametrize(
    ("code", "entity", "says"),
    [
        ("24", "41", "not approved to do so electronically"),
        ("496", "85", "not approved to do so electronically"), ("26", "PR", "a payer on the claim"),
        ("88", "QC", "coverage was not in force"), ("91", "82", "not enrolled"),
        ("90", "", "coverage was not in force"), ("157", "IL", "sex"),
        ("212", "", "every other date"),
        ("228", "", "type of bill"), ("247", "", "one of its service lines"),
        ("248", "", "details of an accident"), ("252", "", "authorization number on the claim is"),
        ("455", "", "revenue code"), ("475", "", "does not fit the age"),
        ("478", "", "our own number of the claim"), ("480", "", "kind of a payer"),
        ("481", "", "format of the claim"), ("499", "", "no valid rate"),
        ("535", "", "replacement"),
        ("590", "", "kind of a payer"), ("145", "82", "specialty"), ("143", "82", "license number"),
        ("500", "PR", "a payer on the claim"), ("503", "QC", "address"), ("218", "", "NDC"),
        ("585", "", "We hold no plain-language hint"),
    ],
)  # fmt: skip
def test_a_claim_status_is_said_in_its_own_meaning(code: str, entity: str, says: str) -> None:
    assert says in of_status(code, entity)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("I6", "required in this case"),
        ("I8", "fewer of it than required"),
        ("I7", "fewer of its loop"),
    ],
)
def test_a_fault_of_a_segment_is_said_in_its_own_meaning(code: str, says: str) -> None:
    assert says in receipts_999.fault_words(code)


def test_every_code_has_a_sentence_that_is_there() -> None:
    for (code_list, code), key in denial_advice._codes().items():
        assert not key or denial_advice.advice(key).answer, (code_list, code)
