from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import charge_form
from lib.charge_form import EMPTY_LINE, from_form, merge, to_form
from lib.models import Charge, ServiceLine
from lib.us_formats import parse_date, parse_money
from tests.given import CHARGE, INJECTIONS, VISIT


def typed(**changes: Any) -> dict[str, Any]:
    """Return the form of CHARGE with something typed over it."""
    return {**to_form(CHARGE), **changes}


def typed_line(place: int = 0, base: Charge = CHARGE, **changes: str) -> dict[str, Any]:
    form = to_form(base)
    form["lines"][place] |= changes
    return form


def problems_of(form: dict[str, Any], base: Charge = CHARGE) -> list[tuple[str, str]]:
    return [(problem.field, problem.sentence) for problem in from_form(form, base)[1]]


def totals(form: dict[str, Any], base: Charge = CHARGE) -> list[Decimal]:
    return [line.total for line in from_form(form, base)[0].lines]


def test_a_charge_nobody_touched_is_the_same_charge() -> None:
    assert from_form(to_form(CHARGE), CHARGE) == (CHARGE, [])


def test_the_form_shows_what_people_read() -> None:
    form = to_form(replace(CHARGE, hospitalized_from=date(2025, 2, 1)))

    assert form["hospitalized_from"] == "02/01/2025"
    assert form["diagnoses"] == ["E11.9", "I10"]
    assert form["lines"][0] == {
        "from": "02/03/2025", "to": "02/03/2025", "procedure": "99213", "m1": "25", "m2": "",
        "m3": "", "m4": "", "pointers": "A B", "units": "1", "unit_charge": "140.00",
    }  # fmt: skip
    assert set(form["lines"][0]) == set(EMPTY_LINE)


def test_what_is_typed_is_read_as_people_mean_it() -> None:
    form = typed(
        member_id=" W1 ", rendering_npi="11223 3445-5", hospitalized_from="2/1/25",
        diagnoses=["e11.9", "i10", " "],
    )  # fmt: skip
    form["lines"][0] |= {
        "from": "2025-02-04", "to": "", "procedure": "g0439", "m1": "", "m2": "rt",
        "pointers": "b,1", "units": "2.5", "unit_charge": "$1,151",
    }  # fmt: skip

    charge, problems = from_form(form, CHARGE)

    assert problems == []
    assert (charge.member_id, charge.rendering_npi) == ("W1", "1122334455")
    assert (charge.hospitalized_from, charge.diagnoses) == (date(2025, 2, 1), ("E119", "I10"))
    assert charge.lines[0] == ServiceLine(
        date(2025, 2, 4), date(2025, 2, 4), "G0439", ("RT",), (2, 1), Decimal("2.5"),
        Decimal("1151.00"), Decimal("2877.50"),
    )  # fmt: skip
    assert charge.lines[1] == INJECTIONS


@pytest.mark.parametrize(
    ("text", "dollars"),
    [
        ("12.5", "12.50"), ("1,234.50", "1234.50"), ("$12", "12.00"), (" .5 ", "0.50"),
        ("0", "0.00"), ("12,5", None), ("1,23", None), ("1,2345", None), ("12.345", None),
        ("-5", None), ("", None), ("$", None), (".", None), ("abc", None), ("1e3", None),
        ("9999999.99", "9999999.99"), ("10000000", None), ("1 000", None),
    ],
)  # fmt: skip
def test_money_is_read_as_written_or_refused(text: str, dollars: str | None) -> None:
    assert parse_money(text) == (None if dollars is None else Decimal(dollars))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("02/03/2025", date(2025, 2, 3)), ("2/3/25", date(2025, 2, 3)),
        ("2-3-2025", date(2025, 2, 3)), (" 2025-02-03 ", date(2025, 2, 3)),
        ("02/29/2024", date(2024, 2, 29)), ("02/29/2025", None), ("13/01/2025", None),
        ("02/03", None), ("2025-2-3", None), ("20250203", None), ("tomorrow", None), ("", None),
        ("02/03/0000", None), ("02/03/0025", None), ("0025-02-03", None), ("02/03/1849", None),
    ],
)  # fmt: skip
def test_a_date_is_read_as_written_or_refused(text: str, day: date | None) -> None:
    assert parse_date(text) == day


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"unit_charge": "12,5"}, "unit_charge", "Write the unit charge in dollars"),
        ({"unit_charge": ""}, "unit_charge", "Write the unit charge in dollars"),
        ({"units": "2,5"}, "units", "Write the units as a number"),
        ({"units": "-1"}, "units", "Write the units as a number"),
        ({"units": ""}, "units", "Write the units as a number"),
        ({"from": "02/30/2025"}, "date_from", "Write the date as MM/DD/YYYY"),
        ({"to": "soon"}, "date_to", "Write the date as MM/DD/YYYY"),
        ({"pointers": "A; ?"}, "pointers", "Point to diagnoses by their letters"),
        ({"pointers": "99999999999"}, "pointers", "Point to diagnoses by their letters"),
        ({"units": "999999", "unit_charge": "9999999"}, "unit_charge", "too large"),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field(
    changes: dict[str, str], field: str, sentence: str
) -> None:
    ((where, says),) = problems_of(typed_line(1, CHARGE, **changes))

    assert where == f"lines.1.{field}"
    assert sentence in says


def test_an_unreadable_hospital_date_is_said_beside_it() -> None:
    assert problems_of(typed(hospitalized_to="02/31/2025")) == [
        ("hospitalized_to", "Write the date as MM/DD/YYYY.")
    ]


def test_lines_that_add_up_to_more_than_a_task_can_show_are_said() -> None:
    line = {**to_form(CHARGE)["lines"][0], "units": "999", "unit_charge": "9999999.99"}

    assert problems_of(typed(lines=[line])) == []
    assert problems_of(typed(lines=[line, line])) == [
        ("lines", "The total of these lines is too large.")
    ]


def test_a_diagnosis_of_nothing_but_a_dot_is_an_empty_one() -> None:
    """Or the letters on the service lines would point to others than they say."""
    charge, [problem] = from_form(typed(diagnoses=[".", "E119"]), CHARGE)

    assert charge.diagnoses == ("E119",)
    assert problem.sentence.startswith("Diagnosis A is empty")


def test_an_empty_line_is_no_line_and_problems_count_the_real_ones() -> None:
    form = typed()
    form["lines"] = [dict(EMPTY_LINE), form["lines"][0], {**form["lines"][1], "units": "x"}]

    charge, problems = from_form(form, CHARGE)

    assert [line.procedure for line in charge.lines] == ["99213", "96372"]
    assert [problem.field for problem in problems] == ["lines.1.units"]


def test_a_filed_total_stays_until_units_or_unit_charge_change() -> None:
    assert totals(typed_line(1, procedure="96373")) == [Decimal("140.00"), Decimal("100.00")]
    assert totals(typed_line(1, units="3.0")) == [Decimal("140.00"), Decimal("100.00")]
    assert totals(typed_line(1, units="2")) == [Decimal("140.00"), Decimal("66.66")]
    assert totals(typed_line(1, unit_charge="33.34")) == [Decimal("140.00"), Decimal("100.02")]


def test_a_removed_line_takes_its_own_filed_total_with_it() -> None:
    form = typed()
    del form["lines"][0]
    assert totals(form) == [Decimal("100.00")]

    form["lines"][0]["procedure"] = "96373"
    assert totals(form) == [Decimal("100.00")]


def test_a_line_that_shifts_and_changes_does_not_take_the_total_of_another() -> None:
    other = replace(INJECTIONS, procedure="J1100", pointers=(2,), total=Decimal("99.99"))
    base = replace(CHARGE, lines=(other, INJECTIONS))
    form = to_form(base)
    del form["lines"][0]
    form["lines"][0]["m1"] = "59"

    assert totals(form, base) == [Decimal("100.00")]


def test_lines_that_look_alike_keep_each_its_filed_total() -> None:
    base = replace(CHARGE, lines=(INJECTIONS, replace(INJECTIONS, total=Decimal("99.98"))))

    assert from_form(to_form(base), base) == (base, [])


def test_a_line_between_leaves_the_others_as_filed() -> None:
    form = typed()
    new = {**EMPTY_LINE, "procedure": "J1100", "unit_charge": "5", "units": "3"}
    form["lines"].insert(1, new)

    assert totals(form) == [Decimal("140.00"), Decimal("15.00"), Decimal("100.00")]


ODD = replace(
    VISIT, units=Decimal("-1.000"), unit_charge=Decimal("-140.00"), pointers=(0, 27, 99),
    date_to=None,
)  # fmt: skip


def test_what_came_in_and_could_not_be_typed_so_stays_while_nobody_touches_it() -> None:
    base = replace(CHARGE, lines=(ODD,))

    assert from_form(to_form(base), base) == (base, [])
    charge, problems = from_form(typed_line(0, base, procedure="99214"), base)
    assert problems == []
    assert charge.lines == (replace(ODD, procedure="99214", date_to=ODD.date_from),)
    assert to_form(base)["lines"][0]["pointers"] == "0 27 99"
    assert [field for field, _ in problems_of(typed_line(0, base, units="-2"), base)] == [
        "lines.0.units"
    ]


def test_a_day_alone_is_the_first_and_the_last() -> None:
    charge, _ = from_form(typed_line(1, to=""), CHARGE)

    assert charge.lines[1].date_to == date(2025, 2, 3)


def test_merging_takes_theirs_wherever_i_changed_nothing() -> None:
    theirs = replace(CHARGE, member_id="THEIRS", location="Theirs", diagnoses=("J029",))
    mine = typed(location="Mine", authorization_number="A1")

    merged, problems = from_form(merge(mine, CHARGE, theirs), theirs)

    assert problems == []
    assert merged == replace(theirs, location="Mine", authorization_number="A1")


def test_merging_keeps_my_lines_where_i_changed_one() -> None:
    theirs = replace(CHARGE, lines=(VISIT,))

    mine, untouched = typed_line(1, units="2"), typed()

    assert len(from_form(merge(mine, CHARGE, theirs), theirs)[0].lines) == 2
    assert from_form(merge(untouched, CHARGE, theirs), theirs)[0] == theirs


CENTS = st.decimals("-9999999999.99", "9999999999.99", places=2)
DAYS = st.dates(date(1850, 1, 1), date(2199, 12, 31))
CODES = st.text("0123456789ABCXYZ", min_size=1, max_size=5)
LINES = st.builds(
    ServiceLine,
    date_from=st.none() | DAYS,
    date_to=st.none() | DAYS,
    procedure=CODES,
    modifiers=st.lists(st.text("0123456789ABC", min_size=1, max_size=2), max_size=4).map(tuple),
    pointers=st.lists(st.integers(0, 99), max_size=6).map(tuple),
    units=st.decimals("-999999999", "999999999", places=3),
    unit_charge=CENTS,
    total=CENTS,
)
CHARGES = st.builds(
    lambda lines, diagnoses, stay, member: replace(
        CHARGE, lines=tuple(lines), diagnoses=tuple(diagnoses), hospitalized_from=stay,
        member_id=member.strip(),
    ),
    st.lists(LINES, max_size=6),
    st.lists(CODES, max_size=12),
    st.none() | DAYS,
    st.text(max_size=12),
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=120, deadline=None, derandomize=True, database=None)
@given(CHARGES)
def test_any_charge_that_can_come_in_is_the_same_after_the_form(charge: Charge) -> None:
    assert from_form(to_form(charge), charge) == (charge, [])


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(CHARGES, st.data())
def test_removing_lines_leaves_the_others_as_they_were(charge: Charge, data: st.DataObject) -> None:
    unlike = {str(charge_form.to_form(replace(charge, lines=(x,)))): x for x in charge.lines}
    charge = replace(charge, lines=tuple(unlike.values()))
    places = range(len(charge.lines))
    kept = data.draw(st.sets(st.sampled_from(places)) if places else st.just(set()))
    form = to_form(charge)
    form["lines"] = [line for place, line in enumerate(form["lines"]) if place in kept]

    assert from_form(form, charge)[0].lines == tuple(
        line for place, line in enumerate(charge.lines) if place in kept
    )


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(st.fixed_dictionaries(dict.fromkeys(EMPTY_LINE, st.text(max_size=20))))
def test_any_text_is_read_or_refused_and_never_a_bug(line: dict[str, str]) -> None:
    form = typed()
    form["lines"] = [line]

    charge, problems = from_form(form, CHARGE)

    assert len(charge.lines) <= 1
    assert all(problem.field.startswith("lines.0.") for problem in problems)
