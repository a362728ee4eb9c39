"""Every page, drawn for every role, on an empty store and on one with tasks: nobody gets an error,
and nobody anything of another practice. Looks at `pages/` and `lib/frame/app_shell.py`."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from lib import notes, tasks, timely_filing, workflow
from lib.models import Person, Role, Status, TaskType
from lib.store.database import Store
from lib.timely_filing import FilingLimit
from lib.ui import navigation, report_figures
from tests.conftest import NOON, Cast
from tests.given import (
    add_charge,
    add_patient,
    add_payer,
    add_task,
    add_task_of_charge,
    administrator,
)
from tests.pages import PAGES, Visit, offered

pytestmark = pytest.mark.slow

ROLES = ("ana", "ben", "dora", "gina", "alan")  # one of each role
WINDOWS = ("tasks", "edit_charge", "find_document")  # that show one task
THEIRS = "Southside secret"


@pytest.fixture
def tasks_here(store: Store, cast: Cast) -> dict[str, int]:
    """Return a task of each kind at Northside, and one at Southside that nobody here may see."""
    con = store.connection()
    found = {
        "started": add_task_of_charge(con, cast.practice),
        "completed": add_task_of_charge(
            con, cast.practice, status=Status.COMPLETED, completed_at=NOON,
            completed_by=cast.ben.id,
        ),
        "documents": add_task_of_charge(con, cast.practice, type=TaskType.DOCUMENTS),
        "without a charge": add_task(con, cast.practice, claim_number="B-9"),
        "theirs": add_task(con, cast.other_practice, title=THEIRS),
    }  # fmt: skip
    workflow.start(con, found["started"], actor=cast.ana, now=NOON)
    notes.ask(con, found["started"], "Which day?", token="q", actor=cast.ana, now=NOON)
    add_patient(con, cast.other_practice, THEIRS)
    return found


def somebody(store: Store, cast: Cast, role: str) -> Person:
    if role == "gina":
        return administrator(store.connection(), cast.practice)
    found: Person = getattr(cast, role)
    return found


def errors(visit: Visit) -> list[Any]:
    return [each.value for each in visit.drawn.exception]


def holes(frame: pd.DataFrame) -> int:
    return int(frame.isna().to_numpy().sum())


@pytest.mark.cases(2)
@pytest.mark.parametrize("role", ROLES)
def test_each_page_of_an_empty_practice_is_drawn(store: Store, cast: Cast, role: str) -> None:
    person = somebody(store, cast, role)
    with Visit(store, person) as visit:
        for name in offered(person):
            visit.page(name)

            assert errors(visit) == [], name
            if name == "backlog":
                figures = {each.label: each.value for each in visit.drawn.metric}
                assert figures["Pending"] == "0"
                assert figures["Oldest, days"] == figures["P85 lead time, days"] == "–"


@pytest.mark.usefixtures("tasks_here")
@pytest.mark.parametrize("role", ROLES)
def test_each_page_of_a_practice_with_tasks_is_drawn_and_says_nothing_of_another(
    store: Store, cast: Cast, role: str
) -> None:
    person = somebody(store, cast, role)
    with Visit(store, person) as visit:
        for name in offered(person):
            visit.page(name)
            if name.startswith("backlog"):
                visit.open_everything()

            assert errors(visit) == [], name
            assert THEIRS not in visit.words()
            for each in visit.drawn.dataframe:  # a cell without a value would say None
                assert not holes(each.value) or each.proto.placeholder == "–", name


def test_what_is_below_a_chart_is_drawn_once_it_is_opened_and_says_what_it_counts(
    store: Store, cast: Cast, tasks_here: dict[str, int]
) -> None:
    with Visit(store, cast.alan) as visit:
        drawn = visit.page("backlog_aging")
        assert [each.label for each in drawn.expander] == [
            *["Table, SQL and files"] * 5, "SQL and files",
        ]  # fmt: skip
        assert not drawn.code
        assert len(drawn.dataframe) == 1

        drawn = visit.open_everything()

    assert len(drawn.code) == len(drawn.dataframe) == 6
    assert all("SELECT" in each.value for each in drawn.code)
    table = next(each.value for each in drawn.dataframe if "Due" in each.value)
    assert sum(table[table["Period"] == "This period"]["Tasks"]) == len(tasks_here) - 2


def test_a_range_that_only_the_period_before_has_stands_between_the_others() -> None:
    found = ["0–7 days", "Over 90 days", "61–90 days"]

    assert report_figures.in_order("Age", found) == ["0–7 days", "61–90 days", "Over 90 days"]
    assert report_figures.in_order("Due", ["Later", "Overdue"]) == ["Overdue", "Later"]
    assert report_figures.in_order("Payer", ["B", "A"]) == ["B", "A"]


@pytest.mark.cases(2)
@pytest.mark.parametrize("role", ROLES[:4])
def test_a_task_is_shown_in_its_panel_and_its_windows(
    store: Store, cast: Cast, tasks_here: dict[str, int], role: str
) -> None:
    with Visit(store, somebody(store, cast, role)) as visit:
        for name in WINDOWS:
            for kind in ("started", "completed", "documents", "without a charge"):
                visit.page(name, task=str(tasks_here[kind]))

                assert errors(visit) == [], (name, kind)
                assert "Diagnosis is missing" in visit.words()


def test_what_an_answer_suggests_is_asked_of_the_assignee_and_told_to_others(
    store: Store, cast: Cast, tasks_here: dict[str, int]
) -> None:
    con, said = store.connection(), "Plains Health paid 10.00 US dollars."
    tasks.suggest_completion(con, tasks_here["started"], f"{said} Complete the task?", now=NOON)

    asked = {}
    for person in (cast.ana, cast.ben):
        with Visit(store, person) as visit:
            visit.page("tasks", task=str(tasks_here["started"]))
            asked[person.name] = visit.words()

    assert f"{said} Complete the task?" in asked["Ana"]
    assert "Complete the task?" not in asked["Ben"]
    assert f"{said} Ana is asked whether to complete the task." in asked["Ben"]


def test_the_history_of_settings_writes_days_as_every_page_does(store: Store, cast: Cast) -> None:
    con = store.connection()
    timely_filing.set_filing_limit(
        con, cast.practice, add_payer(con, cast.practice),
        FilingLimit(95, "Provider manual", date(2025, 2, 1)),
        seen=FilingLimit(None, "", None), actor=cast.ana, now=NOON,
    )  # fmt: skip
    with Visit(store, cast.ana) as visit:
        visit.page("settings")

        assert "not recorded → 95 days (Provider manual, verified 02/01/2025)" in visit.words()


@pytest.mark.parametrize("role", ROLES)
def test_a_page_that_a_role_is_not_offered_is_none(store: Store, cast: Cast, role: str) -> None:
    person = somebody(store, cast, role)
    with Visit(store, person) as visit:
        for name in set(PAGES) - set(offered(person)):
            with pytest.raises(ValueError, match="navigation page"):
                visit.page(name)


def test_every_page_and_role_is_looked_at(store: Store, cast: Cast) -> None:
    everybody = [somebody(store, cast, role) for role in ROLES]

    assert {m.role for person in everybody for m in person.memberships} == set(Role)
    assert {entry.file for entry in navigation.PAGES} == set(PAGES)


def test_an_analyst_sees_no_patient_and_gets_no_window(
    store: Store, cast: Cast, tasks_here: dict[str, int]
) -> None:
    with Visit(store, cast.alan) as visit:
        for name in offered(cast.alan):
            visit.page(name, task=str(tasks_here["started"]))

            assert errors(visit) == [], name
            assert "Ray, Ida" not in visit.words()


def test_a_task_of_another_practice_is_none(
    store: Store, cast: Cast, tasks_here: dict[str, int]
) -> None:
    with Visit(store, cast.ana) as visit:
        for name in WINDOWS:
            for task in (str(tasks_here["theirs"]), "999999", "x", "-1"):
                visit.page(name, task=task)

                assert errors(visit) == [], (name, task)
                assert THEIRS not in visit.words()


def test_without_a_session_there_is_a_way_to_sign_in_and_only_that(
    store: Store, tasks_here: dict[str, int]
) -> None:
    with Visit(store, None) as visit:
        drawn = visit.page("tasks", task=str(tasks_here["started"]))

        assert errors(visit) == []
        assert "/sign-in" in visit.words()
        assert "Diagnosis is missing" not in visit.words()
        assert not drawn.button
        assert not drawn.selectbox


@pytest.mark.parametrize(
    ("role", "may"), [("ana", True), ("ben", False), ("dora", True), ("alan", False)]
)
def test_a_task_by_hand_is_offered_to_those_who_may_make_one(
    store: Store, cast: Cast, role: str, may: bool
) -> None:
    with Visit(store, getattr(cast, role)) as visit:
        drawn = visit.page("tasks")

        assert ("New task" in [button.label for button in drawn.button]) is may


def test_a_task_is_created_as_it_is_chosen_at_the_press(store: Store, cast: Cast) -> None:
    con = store.connection()
    charge_id = add_charge(con, cast.practice)

    with Visit(store, cast.ana) as visit:
        page = visit.page("new_task")
        page.selectbox(key="new_Charge").select_index(0).run()
        page.text_input(key="new_title").set_value("Check the modifier")
        page.text_area(key="new_instructions").set_value("See line 1.")
        page.selectbox(key="new_type").set_value(TaskType.PROVIDER)
        page.button(key="verb_new_task").click().run()

    assert con.rows("SELECT type, title, charge_id FROM task") == [
        ("provider", "Check the modifier", charge_id)
    ]


def test_only_who_sees_patients_is_offered_paper(store: Store, cast: Cast) -> None:
    task_id = add_task_of_charge(store.connection(), cast.practice)

    for person, is_offered in ((cast.ana, True), (cast.alan, False)):
        with Visit(store, person) as visit:
            visit.page("tasks", task=str(task_id))
            assert ("/print_task" in visit.words()) is is_offered
            assert ("/print_list" in visit.words()) is is_offered


def test_a_link_that_says_nonsense_shows_the_list_all_the_same(store: Store, cast: Cast) -> None:
    add_task(store.connection(), cast.practice)

    with Visit(store, cast.ana) as visit:
        visit.page("tasks", status="?", type="Nope", age="7", assignee="Zoe", payer="<b>", page="x")

        assert errors(visit) == []
        assert len(visit.listed()) == 1
