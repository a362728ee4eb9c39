"""What the filters above the list say is which tasks they let through, or a sentence why not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lib.backlog import report_url
from lib.backlog.pending_tasks import AGES
from lib.models import (
    Colleague,
    Membership,
    Person,
    Practice,
    Role,
    Status,
    TaskFilter,
    TaskType,
)
from lib.ui import filters
from lib.ui.filters import DAY_KEYS, FILTERS, KEYS, Desk, read
from lib.us_formats import parse_money
from tests.conftest import NOON

CHICAGO = Practice(1, "Northside Clinic", "America/Chicago", 14)
TOKYO = Practice(2, "Eastside Clinic", "Asia/Tokyo", 14)
ANA = Person(
    7, "Ana", "ana@x.org", (Membership(CHICAGO, Role.MANAGER), Membership(TOKYO, Role.STAFF))
)
COLLEAGUES = (
    Colleague(7, "Ana", "ana@x.org", Role.MANAGER),
    Colleague(8, "Ben", "ben@x.org", Role.STAFF),
    Colleague(9, "Ben", "ben2@x.org", Role.STAFF),
)
DESK = Desk(ANA, COLLEAGUES, lambda _: (["Plains Health"], ["STONE, ADA"]))


def said(**values: str) -> dict[str, str | None]:
    return {**dict.fromkeys((*KEYS, *DAY_KEYS)), **values}


def meant(**values: str) -> TaskFilter:
    wanted, problems = read(said(**values), DESK)
    assert problems == []
    return wanted


def test_where_nothing_is_said_the_pending_tasks_are_meant() -> None:
    assert meant() == TaskFilter(statuses=(Status.OPEN, Status.IN_PROGRESS))


@pytest.mark.parametrize(
    ("key", "text", "fields"),
    [
        ("status", "Completed", {"statuses": (Status.COMPLETED,)}),
        ("status", "Pending and completed", {"statuses": tuple(Status)}),
        ("type", "Charge & dates", {"types": (TaskType.CHARGE,)}),
        ("assignee", "Me", {"assignee_id": 7}),
        ("assignee", "Unassigned", {"unassigned": True}),
        ("assignee", "Ben (ben2@x.org)", {"assignee_id": 9}),
        ("payer", "Plains Health", {"payer": "Plains Health"}),
        ("provider", "STONE, ADA", {"provider": "STONE, ADA"}),
        ("from", "1,250.00", {"amount_from": Decimal("1250.00")}),
        ("to", "$12.5", {"amount_to": Decimal("12.50")}),
        ("practice", "Eastside Clinic", {"practice_id": 2}),
        ("q", " Rivera  N-10 ", {"words": ("rivera", "n-10")}),
    ],
)
def test_each_filter_is_a_field(key: str, text: str, fields: dict[str, Any]) -> None:
    assert meant(**{key: text}) == TaskFilter(**{"statuses": meant().statuses, **fields})


def test_somebody_who_left_has_no_tasks_rather_than_everybodys() -> None:
    assert meant(assignee="Zoe").assignee_id == 0
    assert meant(practice="Closed Clinic").practice_id == 0


@pytest.mark.parametrize(("key", "label"), [("from", "Amount from"), ("to", "Amount to")])
def test_an_amount_that_is_none_is_left_out_with_a_sentence(key: str, label: str) -> None:
    wanted, problems = read(said(**{key: "12,5"}), DESK)

    assert wanted == meant()
    assert problems == [f"Write “{label}” in dollars, such as 150 or 1,250.00."]


@pytest.mark.parametrize(("least", "most"), [("150", "149.99"), ("150", "150"), ("150", "")])
def test_amounts_between_which_nothing_is_are_named(least: str, most: str) -> None:
    says = said(**{"from": least, "to": most})
    _, problems = read(says, DESK)
    report = report_url.read(says, DESK.actor, (), NOON)

    assert list(report.problems) == problems
    is_empty = most == "149.99"
    assert problems == is_empty * [
        "“Amount from” is above “Amount to”, so nothing is listed. Correct or clear one of them."
    ]


@given(st.sampled_from(["from", "to", "q"]), st.text(max_size=40))
def test_whatever_is_typed_is_a_filter_or_a_sentence(key: str, text: str) -> None:
    wanted, problems = read(said(**{key: text}), DESK)

    is_read = key == "q" or not text or parse_money(text) is not None
    assert len(problems) == (0 if is_read else 1)
    assert wanted.statuses == meant().statuses


@example(dict.fromkeys(DAY_KEYS, "ten signs!"))
@example({"as_of": "ten signs!"})
@given(st.fixed_dictionaries({}, optional={key: st.text(max_size=12) for key in DAY_KEYS}))
def test_whatever_stands_in_the_address_as_a_day_is_a_day_or_nothing(days: dict[str, str]) -> None:
    wanted, problems = read(said(**days), DESK)

    assert problems == []
    assert isinstance(wanted, TaskFilter)


def test_a_link_that_names_days_asks_for_tasks_of_every_status() -> None:
    assert meant(completed_since="2025-03-03").statuses == tuple(Status)
    assert meant(completed_since="2025-03-03", status="Open").statuses == (Status.OPEN,)


def test_the_last_day_there_is_has_no_day_after_it() -> None:
    assert meant(pending_on="9999-12-31").pending_at is None


def test_names_and_lists_are_offered_by_those_who_have_them() -> None:
    known = filters.options(DESK)

    assert set(known) < set(KEYS)
    assert list(known["payer"]()) == ["Plains Health"]
    assert list(known["provider"]()) == ["STONE, ADA"]
    assert list(known["practice"]()) == ["Northside Clinic", "Eastside Clinic"]
    assert list(known["assignee"]()) == [
        "Me", "Unassigned", "Ben (ben@x.org)", "Ben (ben2@x.org)",
    ]  # fmt: skip


def test_what_a_filter_offers_it_also_understands() -> None:
    for key, offered in filters.options(DESK).items():
        for text in offered():
            assert meant(**{key: text}) != TaskFilter(), (key, text)


def test_the_store_is_asked_for_names_only_when_they_are_needed() -> None:
    asked: list[int] = []

    def choices(actor: Person) -> tuple[list[str], list[str]]:
        asked.append(actor.id)
        return [], []

    known = filters.options(Desk(ANA, (), choices))
    known["status"]()
    assert asked == []
    known["payer"]()
    assert asked == [7]


def test_filters_have_names_of_their_own_in_the_address() -> None:
    assert len(set(KEYS)) == len(KEYS) == len(FILTERS) + 1
    assert not set(KEYS) & set(DAY_KEYS)


def test_every_age_is_in_exactly_one_choice() -> None:
    choices = [meant(age=name) for name in AGES]

    for days in range(150):
        holding = [
            each
            for each in choices
            if each.age_from is not None
            and each.age_from <= days
            and (each.age_to is None or days <= each.age_to)
        ]
        assert len(holding) == 1
